//! The stage on which conversations are played: the real binaries behind the
//! real engines, and the words to speak to them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a stage that cannot be set up fails the test"
)]

pub mod patience;
pub mod proxy;
pub mod scene;
pub mod script;
pub mod tls;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use local::{Options, Stack, build_functions, dev_secrets, sign};
use serde_json::{Map, Value, json};

use patience::Patience;
pub use scene::Scene;

/// A running bundle with captured logs.
pub struct Stage {
    /// The bundle.
    pub stack: Stack,
    webhook_secrets: Value,
}

/// An answer: status code and body.
pub type Said = (u16, Value);

impl Stage {
    /// Starts with the development secrets.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// Starts with changed options.
    pub async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let bin_dir = functions().await;
        let mut options = Options { bin_dir, ..local::dev_options() };
        // Where nobody listens: a test that wants the platform brings its own.
        for api in ["FirstpromoterApiUrl", "FirstpromoterV1ApiUrl"] {
            options.parameters.insert(api.into(), "http://127.0.0.1:9/api".into());
        }
        change(&mut options);
        let webhook_secrets = options.secrets["webhooks"].clone();
        let stack = Stack::start(options).await.unwrap();
        Self { stack, webhook_secrets }
    }

    /// Sends a payload 2.0 event as it is.
    pub async fn send(&self, event: &Value) -> Said {
        let answer = self.stack.deliver(event).await.unwrap();
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    /// Signs a body as the provider of the path would, now, and posts it.
    pub async fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Said {
        self.send(&self.signed(path, body)).await
    }

    /// A request to `path` as the provider would sign it now. A path may hold
    /// `TOKEN` for the v1 token.
    #[must_use]
    pub fn signed(&self, path: &str, body: impl AsRef<[u8]>) -> Value {
        let mut event = unsigned(path, body, &[]);
        sign::sign(&mut event, &self.webhook_secrets, now()).unwrap();
        event
    }

    /// All items of the table, in plain JSON, sorted by key.
    pub async fn items(&self) -> Vec<Value> {
        let items = self.stack.items().await.unwrap();
        let mut items: Vec<Value> = items.iter().map(plain_item).collect();
        items.sort_by_key(|item| (text(item, "pk"), text(item, "sk")));
        items
    }

    /// The item of a key; null when there is none.
    pub async fn item(&self, pk: &str, sk: &str) -> Value {
        let key = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
        self.stack.item(key).await.unwrap().as_ref().map(plain_item).unwrap_or_default()
    }

    /// How many items have a sort key that starts so.
    pub async fn count(&self, sk: &str) -> usize {
        self.items().await.iter().filter(|item| text(item, "sk").starts_with(sk)).count()
    }

    /// The lines of the functions so far, once at least `count` of them report
    /// requests.
    pub async fn lines(&self, count: usize) -> Vec<Value> {
        let mut patience = Patience::new();
        loop {
            let logs = self.stack.logs();
            let lines = logs.iter().filter_map(|line| serde_json::from_str(line).ok());
            let requests: Vec<Value> =
                lines.filter(|line: &Value| line["message"] == "webhook").collect();
            if requests.len() >= count {
                return requests;
            }
            patience.wait([logs.len()], || format!("fewer than {count} lines: {logs:?}")).await;
        }
    }

    /// How many processes were started, of all functions.
    #[must_use]
    pub fn processes(&self) -> u64 {
        let functions =
            ["PayoutsFunction", "CommissionsFunction", "CustomersFunction", "FulfilmentsFunction"];
        functions.iter().map(|name| self.stack.instances_started(name).unwrap()).sum()
    }
}

/// The folder of the functions' binaries: built by the profile that
/// `FUNCTIONS_PROFILE` names, else by the one of the tests.
pub async fn functions() -> PathBuf {
    let profile = std::env::var("FUNCTIONS_PROFILE").ok().filter(|name| !name.is_empty());
    build_functions(profile.as_deref()).await.unwrap()
}

/// An unsigned POST with these headers.
#[must_use]
pub fn unsigned(path: &str, body: impl AsRef<[u8]>, headers: &[(&str, &str)]) -> Value {
    let headers: Map<String, Value> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    json!({
        "rawPath": path,
        "requestContext": { "http": { "method": "POST" } },
        "headers": headers,
        "body": STANDARD.encode(body),
        "isBase64Encoded": true,
    })
}

/// Unix seconds.
#[must_use]
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A file of events/.
#[must_use]
pub fn events_file(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../events").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A text attribute of a plain item, empty when missing.
#[must_use]
pub fn text(item: &Value, name: &str) -> String {
    item[name].as_str().unwrap_or_default().to_owned()
}

/// The body kept with an event or a quarantined request.
#[must_use]
pub fn kept_body(item: &Value) -> String {
    let compressed = STANDARD.decode(text(item, "body")).unwrap();
    let mut body = Vec::new();
    flate2::read::DeflateDecoder::new(compressed.as_slice()).read_to_end(&mut body).unwrap();
    String::from_utf8_lossy(&body).into_owned()
}

/// The development secrets with another `webhooks` part.
#[must_use]
pub fn secrets_with(webhooks: Value) -> Value {
    let mut secrets = dev_secrets();
    secrets["webhooks"] = webhooks;
    secrets
}

fn plain_item(item: &Value) -> Value {
    let members = item.as_object().unwrap();
    members.iter().map(|(name, value)| (name.clone(), plain(value))).collect::<Map<_, _>>().into()
}

/// A DynamoDB attribute value without its type tag; binary stays base64.
fn plain(value: &Value) -> Value {
    let members: BTreeMap<_, _> = value.as_object().unwrap().iter().collect();
    let (tag, inner) = members.into_iter().next().unwrap();
    match tag.as_str() {
        "M" => plain_item(inner),
        "L" => inner.as_array().unwrap().iter().map(plain).collect(),
        "NULL" => Value::Null,
        _ => inner.clone(),
    }
}

//! The stage on which conversations are played: the real binaries behind the
//! real engines, and the words to speak to them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a stage that cannot be set up fails the test"
)]

pub mod browser;
pub mod delivery;
pub mod golden;
pub mod item;
pub mod messages;
pub mod noise;
pub mod one_stack;
pub mod ops_page;
pub mod options;
pub mod patience;
pub mod proxy;
pub mod recorder;
pub mod response;
pub mod samples;
pub mod scene;
pub mod scratch;
pub mod script;
pub mod stage;
pub mod tls;
pub mod webhooks;
pub mod workspace;

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use local::build_functions;
use serde_json::{Map, Value, json};

pub use one_stack::OneStack;
pub use ops_page::OpsPage;
pub use options::Setup;
pub use response::Response;
pub use scene::Scene;
pub use stage::Stage;
pub use webhooks::Webhook;
pub use workspace::Workspace;

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

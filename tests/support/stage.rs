//! A running bundle, spoken to as the platforms do.

use local::{InvokeError, Options, Stack, sign};
use serde_json::{Value, json};

use crate::item::{Item, Record};
use crate::patience::Patience;
use crate::recorder::Recorder;
use crate::{Response, Setup, Webhook, functions, now, unsigned};

/// A running bundle with captured logs.
pub struct Stage {
    /// The bundle.
    pub stack: Stack,
    webhook_secrets: Value,
    _recorder: Option<Recorder>,
}

impl Stage {
    /// Starts with the development secrets.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// Starts with changed options.
    pub async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let bin_dir = functions().await;
        let mut options = Options { bin_dir, ..local::dev_options() };
        // Nobody listens there: a test that wants the platform brings its own.
        let nowhere = "http://127.0.0.1:9/api";
        options
            .set_parameters([("FirstpromoterApiUrl", nowhere), ("FirstpromoterV1ApiUrl", nowhere)]);
        let recorder = Recorder::start().await;
        if let Some(recorder) = &recorder {
            recorder.be_aws(&mut options);
        }
        change(&mut options);
        let webhook_secrets = options.secrets["webhooks"].clone();
        let stack = Stack::start(options).await.unwrap();
        if let Some(recorder) = &recorder {
            recorder.stand_before(&stack);
        }
        Self { stack, webhook_secrets, _recorder: recorder }
    }

    /// Sends a payload 2.0 event as it is.
    pub async fn send(&self, event: &Value) -> Response {
        Response::new(event, &self.stack.deliver(event).await.unwrap())
    }

    /// Signs a body as the platform of the path would, now, and posts it.
    pub async fn post_to(&self, path: &str, body: impl AsRef<[u8]>) -> Response {
        self.send(&self.signed(path, body)).await
    }

    /// Signs a webhook as its platform would, now, and posts it.
    pub async fn post(&self, webhook: &impl Webhook) -> Response {
        self.post_to(&webhook.path(), webhook.body()).await
    }

    /// A request to `path` as the platform would sign it now. A path may hold
    /// `TOKEN` for the v1 token.
    #[must_use]
    pub fn signed(&self, path: &str, body: impl AsRef<[u8]>) -> Value {
        signed_with(&self.webhook_secrets, path, body)
    }

    /// Invokes a function and reads its answer.
    pub async fn invoke(&self, function: &str, event: &Value) -> Value {
        serde_json::from_slice(&self.try_invoke(function, event).await.unwrap()).unwrap()
    }

    /// Invokes a function, which may fail.
    ///
    /// # Errors
    /// [`InvokeError`] when it does.
    pub async fn try_invoke(&self, function: &str, event: &Value) -> Result<Vec<u8>, InvokeError> {
        self.stack.invoke(function, event.to_string().into()).await.map(Into::into)
    }

    /// All items of the table, sorted by key.
    pub async fn items(&self) -> Vec<Item> {
        let items = self.stack.items().await.unwrap();
        let mut items: Vec<Item> = items.iter().map(Item::new).collect();
        items.sort_by_key(|item| (item.text("pk"), item.text("sk")));
        items
    }

    /// The items whose sort key begins so.
    pub async fn items_of(&self, sk: &str) -> Vec<Item> {
        let items = self.items().await.into_iter();
        items.filter(|item| item.text("sk").starts_with(sk)).collect()
    }

    /// The number of items whose sort key begins so.
    pub async fn count(&self, sk: &str) -> usize {
        self.items_of(sk).await.len()
    }

    /// The item of a key, which has to be there.
    pub async fn item(&self, pk: &str, sk: &str) -> Item {
        let item = self.find_item(pk, sk).await;
        item.unwrap_or_else(|| panic!("there is no item {pk} {sk}"))
    }

    /// The item of a key.
    pub async fn find_item(&self, pk: &str, sk: &str) -> Option<Item> {
        self.raw_item(pk, sk).await.as_ref().map(Item::new)
    }

    /// The item of a key in DynamoDB JSON.
    pub async fn raw_item(&self, pk: &str, sk: &str) -> Option<Value> {
        let key = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
        self.stack.item(key).await.unwrap()
    }

    /// Writes the item of a key anew, changed in DynamoDB JSON.
    pub async fn edit_item(&self, pk: &str, sk: &str, edit: impl FnOnce(&mut Value)) {
        let item = self.raw_item(pk, sk).await;
        let mut item = item.unwrap_or_else(|| panic!("there is no item {pk} {sk}"));
        edit(&mut item);
        self.stack.put_item(item).await.unwrap();
    }

    /// Removes every item of the table, as if the time of each had come.
    pub async fn empty(&self) {
        for mut item in self.stack.items().await.unwrap() {
            item["expires_at"] = json!({ "N": "1" });
            self.stack.put_item(item).await.unwrap();
        }
        self.stack.expire_items().await.unwrap();
        assert_eq!(self.stack.items().await.unwrap(), Vec::<Value>::new());
    }

    /// The record of an object, which has to be there.
    pub async fn record(&self, pk: &str) -> Record {
        Record::new(self.item(pk, "record").await)
    }

    /// The lines of the functions about requests so far, once there are at least
    /// `count` of them.
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

    /// The number of lines with this message that the functions wrote so far.
    #[must_use]
    pub fn printed(&self, message: &str) -> usize {
        let message = format!(r#""message":"{message}""#);
        self.stack.logs().iter().filter(|line| line.contains(&message)).count()
    }

    /// The number of processes that were started for the webhooks' functions.
    #[must_use]
    pub fn processes(&self) -> u64 {
        let functions = [
            "PayoutsFunction",
            "CommissionsFunction",
            "CustomersFunction",
            "AffiliatesFunction",
            "FulfilmentsFunction",
        ];
        functions.iter().map(|name| self.stack.instances_started(name).unwrap()).sum()
    }
}

/// A request to `path` as the platform would sign it now with the first of its
/// secrets.
#[must_use]
pub fn signed_with(webhook_secrets: &Value, path: &str, body: impl AsRef<[u8]>) -> Value {
    let mut event = unsigned(path, body, &[]);
    sign::sign(&mut event, webhook_secrets, now()).unwrap();
    event
}

//! A proxy before the embedded DynamoDB that does what the real one may do and
//! the embedded one never does: reads that are no snapshot, keys left
//! unprocessed, transactions cancelled, answers late or lost.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::response::Response;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use local::fakes::server::{Received, Server, json as reply};
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use crate::patience::QUIET;
use crate::{Scene, Setup, Stage};

/// The time that an SDK gives a call before it makes it anew; a held one must be
/// quicker.
const ATTEMPT: Duration = Duration::from_secs(2);

/// The deed of a rule: what the proxy does to a call.
enum Deed {
    /// Reads some of the keys, waits, reads the others.
    Tear { first: &'static str, read: oneshot::Sender<()>, go_on: oneshot::Receiver<()> },
    /// Waits, and only then passes it on.
    Hold { came: oneshot::Sender<()>, go_on: oneshot::Receiver<()> },
    /// Leaves keys out, as unprocessed.
    LeaveOut(&'static str),
    /// Cancels the transaction for this reason.
    Cancel(&'static str),
    /// Passes it on that much later.
    Delay(Duration),
    /// Passes it on and loses the answer.
    LoseAnswer,
    /// Hangs up without passing it on.
    HangUp,
}

/// A rule: which calls, how often, and what becomes of them.
struct Rule {
    operation: &'static str,
    /// Part of a key that the call names; empty for any call.
    names: String,
    times: usize,
    deed: Deed,
}

/// DynamoDB, as far as the functions know.
///
/// ```no_run
/// # use tests::proxy::DynamoProxy;
/// # async fn example() {
/// let (scene, proxy) = DynamoProxy::before_scene().await;
/// // The next two reads that ask for the record do not get it:
/// proxy.leave_out("record", 2);
/// // The next transaction that writes a promise conflicts with another:
/// proxy.cancel("fulfilment#", "TransactionConflict", 1);
/// // … a conversation …
/// assert_eq!(proxy.pending(), 0);
/// # }
/// ```
pub struct DynamoProxy {
    inside: Arc<Inside>,
    server: Server,
}

struct Inside {
    rules: Mutex<Vec<Rule>>,
    calls: Mutex<Vec<(String, Value)>>,
    upstream: Mutex<String>,
    client: Client<HttpConnector, Body>,
}

/// A read in two halves, or a call that is held: see [`DynamoProxy::tear`] and
/// [`DynamoProxy::hold`].
pub struct Torn {
    came: oneshot::Receiver<()>,
    go_on: oneshot::Sender<()>,
}

impl Torn {
    /// Waits for the first half (or the call), lets `meanwhile` happen, and goes on.
    /// `false` when that took so long that the caller has given the call up.
    pub async fn meanwhile(self, meanwhile: impl Future<Output = ()>) -> bool {
        let came = tokio::time::timeout(QUIET, self.came).await;
        came.unwrap_or_else(|_| panic!("no call of this kind in {QUIET:?}")).unwrap();
        let since = Instant::now();
        meanwhile.await;
        // Whoever waited for it may be gone.
        let heard = self.go_on.send(()).is_ok();
        heard && since.elapsed() < ATTEMPT * 3 / 4
    }
}

impl DynamoProxy {
    /// A scene whose functions know DynamoDB through a proxy.
    pub async fn before_scene() -> (Scene, Self) {
        let proxy = Self::start().await;
        let scene = Scene::with(|options| proxy.be_dynamodb(options)).await;
        proxy.stand_before(&scene.stage);
        (scene, proxy)
    }

    /// A scene whose functions know DynamoDB through a proxy, with a stream that tells
    /// of nothing: only the sweep does.
    pub async fn before_scene_without_stream(
        change: impl FnOnce(&mut local::Options),
    ) -> (Scene, Self) {
        let proxy = Self::start().await;
        let scene = Scene::without_stream(|options| {
            proxy.be_dynamodb(options);
            change(options);
        })
        .await;
        proxy.stand_before(&scene.stage);
        (scene, proxy)
    }

    fn be_dynamodb(&self, options: &mut local::Options) {
        options.set_env([("AWS_ENDPOINT_URL_DYNAMODB", self.url())]);
    }

    /// The proxy's address, for a client of the test's own.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    async fn start() -> Self {
        let inside = Arc::new(Inside {
            rules: Mutex::default(),
            calls: Mutex::default(),
            upstream: Mutex::default(),
            client: Client::builder(TokioExecutor::new()).build_http(),
        });
        let ours = Arc::clone(&inside);
        let answer = move |request| {
            let inside = Arc::clone(&ours);
            async move { inside.answer(request).await }
        };
        Self { inside, server: Server::start(0, answer).await.unwrap() }
    }

    fn stand_before(&self, stage: &Stage) {
        self.inside.upstream.lock().unwrap().clone_from(&stage.stack.dynamodb);
    }

    fn rule(&self, operation: &'static str, names: &str, times: usize, deed: Deed) {
        let rule = Rule { operation, names: names.into(), times, deed };
        self.inside.rules.lock().unwrap().push(rule);
    }

    /// Tears the next read of a record and its promise: keys that begin with
    /// `first` are read first, the others when [`Torn::meanwhile`] is through.
    /// `names` is part of a key that the read asks for.
    #[must_use]
    pub fn tear(&self, names: &str, first: &'static str) -> Torn {
        let ((read, was_read), (go_on, goes_on)) = (oneshot::channel(), oneshot::channel());
        self.rule("BatchGetItem", names, 1, Deed::Tear { first, read, go_on: goes_on });
        Torn { came: was_read, go_on }
    }

    /// Holds the next transaction that touches a key that holds `names`, until
    /// [`Torn::meanwhile`] is through.
    #[must_use]
    pub fn hold(&self, names: &str) -> Torn {
        let ((came, has_come), (go_on, goes_on)) = (oneshot::channel(), oneshot::channel());
        self.rule("TransactWriteItems", names, 1, Deed::Hold { came, go_on: goes_on });
        Torn { came: has_come, go_on }
    }

    /// Leaves keys that begin so unprocessed, in the next reads that ask for any.
    pub fn leave_out(&self, keys: &'static str, times: usize) {
        self.rule("BatchGetItem", keys, times, Deed::LeaveOut(keys));
    }

    /// Cancels the next transactions that touch a key that holds `names`, for
    /// `reason`: `TransactionConflict`, `ConditionalCheckFailed`, ….
    pub fn cancel(&self, names: &str, reason: &'static str, times: usize) {
        self.rule("TransactWriteItems", names, times, Deed::Cancel(reason));
    }

    /// Lets the next calls of an operation wait.
    pub fn delay(&self, operation: &'static str, delay: Duration, times: usize) {
        self.rule(operation, "", times, Deed::Delay(delay));
    }

    /// Loses the answers of the next calls of an operation, which take effect.
    pub fn lose_answers(&self, operation: &'static str, times: usize) {
        self.rule(operation, "", times, Deed::LoseAnswer);
    }

    /// Hangs up on the next calls of an operation.
    pub fn hang_up(&self, operation: &'static str, times: usize) {
        self.rule(operation, "", times, Deed::HangUp);
    }

    /// The number of rules that are still to come true.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.inside.rules.lock().unwrap().len()
    }

    /// The number of calls of an operation so far.
    #[must_use]
    pub fn calls(&self, operation: &str) -> usize {
        let calls = self.inside.calls.lock().unwrap();
        calls.iter().filter(|(name, _)| name == operation).count()
    }
}

impl Inside {
    async fn answer(&self, request: Received) -> Option<Response> {
        let target = request.header("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        self.calls.lock().unwrap().push((operation.clone(), body.clone()));
        let Some(deed) = self.deed(&operation, &body) else {
            return Some(self.pass_on(&request, &body).await);
        };
        match deed {
            Deed::Tear { first, read, go_on } => {
                let (one, other) = halves(&body, first);
                let mut one = value(self.pass_on(&request, &one).await).await;
                // A caller that went away takes the test's word with it.
                let _ = read.send(());
                drop(go_on.await);
                join(&mut one, &value(self.pass_on(&request, &other).await).await);
                Some(reply(200, &one))
            }
            Deed::Hold { came, go_on } => {
                let _ = came.send(());
                drop(go_on.await);
                Some(self.pass_on(&request, &body).await)
            }
            Deed::LeaveOut(keys) => {
                let (left, taken) = halves(&body, keys);
                let mut answer = if is_empty(&taken) {
                    json!({ "Responses": {} })
                } else {
                    value(self.pass_on(&request, &taken).await).await
                };
                answer["UnprocessedKeys"] = left["RequestItems"].clone();
                Some(reply(200, &answer))
            }
            Deed::Cancel(reason) => Some(reply(400, &cancelled(&body, reason))),
            Deed::Delay(delay) => {
                tokio::time::sleep(delay).await;
                Some(self.pass_on(&request, &body).await)
            }
            Deed::LoseAnswer => {
                self.pass_on(&request, &body).await;
                None
            }
            Deed::HangUp => None,
        }
    }

    /// Takes what is to be done to a call, once.
    fn deed(&self, operation: &str, body: &Value) -> Option<Deed> {
        let mut rules = self.rules.lock().unwrap();
        let named = |rule: &&mut Rule| {
            rule.operation == operation && (rule.names.is_empty() || names(body, &rule.names))
        };
        let rule = rules.iter_mut().find(named)?;
        rule.times -= 1;
        if rule.times > 0 {
            return rule.deed.again();
        }
        let at = rules.iter().position(|rule| rule.times == 0)?;
        Some(rules.remove(at).deed)
    }

    async fn pass_on(&self, request: &Received, body: &Value) -> Response {
        let upstream = self.upstream.lock().unwrap().clone();
        let mut onward = Request::post(upstream);
        for (name, value) in &request.headers {
            // The body may be another one; the engine checks no signature.
            if !["host", "content-length"].contains(&name.as_str()) {
                onward = onward.header(name, value);
            }
        }
        let onward = onward.body(Body::from(body.to_string())).unwrap();
        match self.client.request(onward).await {
            Ok(answer) => answer.map(Body::new),
            Err(_) => reply(503, &json!({ "__type": "ServiceUnavailable" })),
        }
    }
}

impl Deed {
    /// The deed once more; a torn read is torn once, and a held call held once.
    fn again(&self) -> Option<Self> {
        Some(match self {
            Deed::Tear { .. } | Deed::Hold { .. } => return None,
            Deed::LeaveOut(keys) => Deed::LeaveOut(keys),
            Deed::Cancel(reason) => Deed::Cancel(reason),
            Deed::Delay(delay) => Deed::Delay(*delay),
            Deed::LoseAnswer => Deed::LoseAnswer,
            Deed::HangUp => Deed::HangUp,
        })
    }
}

async fn value(answer: Response) -> Value {
    let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// Tells whether a call names a key that holds `part`.
fn names(call: &Value, part: &str) -> bool {
    match call {
        Value::Array(items) => items.iter().any(|item| names(item, part)),
        Value::Object(members) => members.iter().any(|(name, value)| match name.as_str() {
            "pk" | "sk" => value["S"].as_str().is_some_and(|key| key.contains(part)),
            _ => names(value, part),
        }),
        _ => false,
    }
}

/// A batch read as two: of the sort keys that begin so, and of the others.
fn halves(body: &Value, first: &str) -> (Value, Value) {
    let mut halves = (body.clone(), body.clone());
    let tables = body["RequestItems"].as_object().unwrap();
    for (table, request) in tables {
        let keys = request["Keys"].as_array().unwrap().iter().cloned();
        let is_first = |key: &Value| key["sk"]["S"].as_str().unwrap().starts_with(first);
        let (one, other): (Vec<Value>, Vec<Value>) = keys.partition(is_first);
        for (half, keys) in [(&mut halves.0, one), (&mut halves.1, other)] {
            half["RequestItems"][table]["Keys"] = keys.into();
        }
    }
    halves
}

fn is_empty(body: &Value) -> bool {
    let tables = body["RequestItems"].as_object();
    tables.is_none_or(|tables| tables.values().all(|keys| keys["Keys"] == json!([])))
}

/// Adds the items of one answer to another's.
fn join(answer: &mut Value, other: &Value) {
    for (table, items) in other["Responses"].as_object().unwrap_or(&Map::new()) {
        let all = answer["Responses"][table].as_array().cloned().unwrap_or_default();
        let all = all.into_iter().chain(items.as_array().cloned().unwrap_or_default());
        answer["Responses"][table] = all.collect();
    }
}

/// Every item of the transaction gets the same reason.
fn cancelled(body: &Value, reason: &str) -> Value {
    let items = body["TransactItems"].as_array().map_or(0, Vec::len);
    let reasons = vec![json!({ "Code": reason, "Message": reason }); items];
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!("Transaction cancelled [{reason}]"),
        "CancellationReasons": reasons,
    })
}

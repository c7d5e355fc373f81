//! A proxy before the AWS services that writes down who called what.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use local::fakes::server::{Received, Server, json as reply};
use local::{Options, Stack};
use serde_json::{Value, json};

use crate::Setup;

/// What each function did, as actions of IAM: `dynamodb:PutItem`.
pub type Actions = BTreeMap<String, BTreeSet<String>>;

thread_local! {
    static KEPT: RefCell<Option<Arc<Mutex<Actions>>>> = const { RefCell::new(None) };
}

/// What the functions do on every stage that starts during `play`, on this thread.
pub fn actions_during(play: impl FnOnce()) -> Actions {
    let actions = Arc::<Mutex<Actions>>::default();
    KEPT.set(Some(Arc::clone(&actions)));
    play();
    KEPT.set(None);
    let actions = actions.lock().unwrap();
    actions.clone()
}

/// The AWS services, as far as the functions of one stage know.
pub(crate) struct Recorder {
    inside: Arc<Inside>,
    server: Server,
}

struct Inside {
    /// Where each service is, by the name that IAM has for it.
    upstream: Mutex<BTreeMap<&'static str, String>>,
    actions: Arc<Mutex<Actions>>,
    client: Client<HttpConnector, Body>,
}

impl Recorder {
    /// Starts, before nothing yet. `None` where nobody asks what is done.
    pub(crate) async fn start() -> Option<Self> {
        let actions = KEPT.with_borrow(Clone::clone)?;
        let client = Client::builder(TokioExecutor::new()).build_http();
        let inside = Arc::new(Inside { upstream: Mutex::default(), actions, client });
        let ours = Arc::clone(&inside);
        let answer = move |request| {
            let inside = Arc::clone(&ours);
            async move { Some(inside.answer(&request).await) }
        };
        Some(Self { inside, server: Server::start(0, answer).await.unwrap() })
    }

    /// Is all of AWS to the functions of a stack that is to start.
    pub(crate) fn be_aws(&self, options: &mut Options) {
        let url = format!("http://{}", self.server.address());
        let services = ["DYNAMODB", "SQS", "SECRETS_MANAGER"];
        let names = services.map(|service| format!("AWS_ENDPOINT_URL_{service}"));
        options.set_env(names.iter().map(|name| (name.as_str(), url.clone())));
    }

    /// Stands before the services of a stack from now on.
    pub(crate) fn stand_before(&self, stack: &Stack) {
        let services = [
            ("dynamodb", stack.dynamodb.clone()),
            ("sqs", stack.sqs.clone()),
            ("secretsmanager", stack.secretsmanager.clone()),
        ];
        *self.inside.upstream.lock().unwrap() = BTreeMap::from(services);
    }
}

impl Inside {
    async fn answer(&self, request: &Received) -> Response {
        let target = request.header("x-amz-target").unwrap_or_default();
        let (service, operation) = target.split_once('.').unwrap();
        let service = match service.split('_').next().unwrap() {
            "DynamoDB" => "dynamodb",
            "AmazonSQS" => "sqs",
            other => other,
        };
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let actions = actions(operation, &body).into_iter();
        let actions: Vec<_> = actions.map(|action| format!("{service}:{action}")).collect();
        let caller = caller(request.header("authorization").unwrap());
        self.actions.lock().unwrap().entry(caller).or_default().extend(actions);
        self.pass_on(service, request).await
    }

    async fn pass_on(&self, service: &str, request: &Received) -> Response {
        let upstream = self.upstream.lock().unwrap()[service].clone();
        let mut onward = Request::post(upstream);
        for (name, value) in &request.headers {
            if name != "host" {
                onward = onward.header(name, value);
            }
        }
        let onward = onward.body(Body::from(request.body.clone())).unwrap();
        match self.client.request(onward).await {
            Ok(answer) => answer.map(Body::new),
            Err(_) => reply(503, &json!({ "__type": "ServiceUnavailable" })),
        }
    }
}

/// The actions that a call needs the right to: a transaction those of its items.
fn actions(operation: &str, body: &Value) -> BTreeSet<String> {
    if operation != "TransactWriteItems" {
        return BTreeSet::from([operation.to_owned()]);
    }
    let items = body["TransactItems"].as_array().unwrap().iter();
    let kinds = items.flat_map(|item| item.as_object().unwrap().keys());
    kinds
        .map(|kind| match kind.as_str() {
            "ConditionCheck" => "ConditionCheckItem".to_owned(),
            written => format!("{written}Item"),
        })
        .collect()
}

/// The function that signed a call: its access key is its name.
fn caller(authorization: &str) -> String {
    let credential = authorization.split_once("Credential=").unwrap().1;
    credential.split('/').next().unwrap().to_owned()
}

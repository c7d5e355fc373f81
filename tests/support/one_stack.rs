//! An AWS with one stack, `mine`, for the operator's command: its description, the log of
//! its functions and its webhook secrets. Its table is that of a stage.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use shared::wire::Timestamp;

/// The AWS services that are answered for.
const SERVICES: [&str; 3] = ["CLOUDFORMATION", "CLOUDWATCH_LOGS", "SECRETS_MANAGER"];

/// What the stack is.
#[derive(Debug, Default)]
struct Facts {
    parameters: Vec<(String, String)>,
    /// The lines of the group of payouts; `None` where nobody may read any.
    lines: Option<Vec<String>>,
    /// The filter patterns that were asked for.
    patterns: Mutex<Vec<String>>,
}

/// The running servers.
#[derive(Debug)]
pub struct OneStack {
    url: String,
    dynamodb: String,
    facts: Arc<Facts>,
}

impl OneStack {
    /// Starts it with the lines of the functions' logs, or with logs that nobody may read,
    /// over the DynamoDB of a stage.
    pub async fn start(
        dynamodb: &str,
        parameters: &[(&str, &str)],
        lines: Option<Vec<String>>,
    ) -> Self {
        let own = |text: &&str| (*text).to_owned();
        let parameters = parameters.iter().map(|(name, value)| (own(name), own(value)));
        let facts = Facts { parameters: parameters.collect(), lines, ..Facts::default() };
        let facts = Arc::new(facts);
        let router = Router::new().fallback(answer).with_state(Arc::clone(&facts));
        let url = served(router).await;
        Self { url, dynamodb: dynamodb.to_owned(), facts }
    }

    /// The environment by which a command comes here, and nowhere else.
    #[must_use]
    pub fn env(&self) -> Vec<(String, String)> {
        let own = SERVICES.map(|name| (format!("AWS_ENDPOINT_URL_{name}"), self.url.clone()));
        let rest = [
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb.as_str()),
            ("AWS_ACCESS_KEY_ID", "x"),
            ("AWS_SECRET_ACCESS_KEY", "x"),
        ];
        let rest = rest.map(|(name, value)| (name.to_owned(), value.to_owned()));
        own.into_iter().chain(rest).collect()
    }

    /// The filter patterns that were asked for since the last time.
    #[must_use]
    pub fn patterns(&self) -> Vec<String> {
        std::mem::take(&mut *self.facts.patterns.lock().unwrap())
    }
}

/// Serves on a free port of this machine for as long as the test runs, and tells the
/// address.
pub async fn served(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// What `DescribeStacks` answers for the stack `mine`.
pub fn described<'a>(
    outputs: &[(&str, &str)],
    parameters: impl Iterator<Item = (&'a str, &'a str)>,
) -> String {
    let pair = |of: &str, name: &str, value: &str| {
        format!("<member><{of}Key>{name}</{of}Key><{of}Value>{value}</{of}Value></member>")
    };
    let parameters: String =
        parameters.map(|(name, value)| pair("Parameter", name, value)).collect();
    let outputs: String = outputs.iter().map(|(name, value)| pair("Output", name, value)).collect();
    format!(
        "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>mine\
         </StackName><CreationTime>2026-01-31T00:00:00Z</CreationTime><StackStatus>\
         CREATE_COMPLETE</StackStatus><Outputs>{outputs}</Outputs><Parameters>{parameters}\
         </Parameters></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
    )
}

async fn answer(
    State(facts): State<Arc<Facts>>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, String) {
    let Some(target) = headers.get("x-amz-target") else {
        assert!(body.contains("Action=DescribeStacks"), "{body}");
        return (StatusCode::OK, facts.described());
    };
    match target.to_str().unwrap() {
        "Logs_20140328.FilterLogEvents" => facts.filtered(&serde_json::from_str(&body).unwrap()),
        "secretsmanager.GetSecretValue" => {
            let secrets = local::dev_secrets()["webhooks"].to_string();
            (StatusCode::OK, json!({ "SecretString": secrets }).to_string())
        }
        other => panic!("{other}"),
    }
}

impl Facts {
    fn described(&self) -> String {
        let outputs = [("TableName", "Ledger"), ("WebhookSecretsArn", "webhooks")];
        described(&outputs, self.parameters.iter().map(|(name, value)| (&**name, &**value)))
    }

    /// The lines of one group that a filter pattern takes.
    fn filtered(&self, call: &Value) -> (StatusCode, String) {
        let pattern = call["filterPattern"].as_str().unwrap();
        assert!(pattern.chars().count() <= 1_024, "{pattern}");
        self.patterns.lock().unwrap().push(pattern.to_owned());
        let Some(lines) = &self.lines else {
            let code = json!({ "__type": "AccessDeniedException" });
            return (StatusCode::BAD_REQUEST, code.to_string());
        };
        // One group has all of it: which function prints a line is of no matter here.
        let own = call["logGroupName"] == "/aws/lambda/mine-payouts";
        let taken = lines.iter().filter(|line| own && takes(pattern, line));
        let event = |line: &String| json!({ "timestamp": Timestamp::now().ms(), "message": line });
        let events: Vec<Value> = taken.map(event).collect();
        (StatusCode::OK, json!({ "events": events }).to_string())
    }
}

/// Whether a pattern takes a line, as far as CloudWatch documents it: comparisons of texts
/// with an asterisk at their begin or end, of which one about the identity has to be true.
fn takes(pattern: &str, line: &str) -> bool {
    let Ok(line) = serde_json::from_str::<Value>(line) else { return false };
    let mut wanted = pattern.split("$.identity = \"").skip(1).peekable();
    if line["message"] != "webhook" || wanted.peek().is_none() {
        return line["message"] == "webhook";
    }
    let identity = line["identity"].as_str().unwrap_or_default();
    wanted.any(|rest| {
        let text = rest.split('"').next().unwrap();
        let (begin, open) = text.strip_prefix('*').map_or((text, false), |rest| (rest, true));
        let (bare, more) = begin.strip_suffix('*').map_or((begin, false), |rest| (rest, true));
        assert!(!bare.contains(['*', '\\', '%']) && bare.is_ascii(), "{pattern}");
        match (open, more) {
            (true, true) => identity.contains(bare),
            (true, false) => identity.ends_with(bare),
            (false, true) => identity.starts_with(bare),
            (false, false) => identity == bare,
        }
    })
}

//! The operator's command and the requests that came in.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use shared::wire::Timestamp;
use tests::one_stack::served;
use tests::patience::eventually;
use tests::scratch::Scratch;
use tests::stage::signed_with;
use tests::webhooks::{COMMISSIONS, commission};
use tests::{Stage, Webhook, unsigned};

use crate::ops::{CliOutput, nobody, ops_command, run};

/// A stage that took four requests: right, unsigned, wrongly signed, and right again.
pub async fn visited() -> (Stage, Scratch) {
    let stage = Stage::start().await;
    let right = commission(5).approved();
    stage.post(&right).await.is(200);
    stage.send(&unsigned(COMMISSIONS, right.body(), &[])).await.is(401);
    let wrong = json!({ "firstpromoter": { "hmac": ["a-key-of-somebody-else"] } });
    stage.send(&signed_with(&wrong, COMMISSIONS, right.body())).await.is(401);
    stage.post(&right).await.is(200);
    stage.lines(4).await;
    let log = Scratch::new("functions.log");
    std::fs::write(log.path(), stage.stack.logs().join("\n")).unwrap();
    (stage, log)
}

async fn local(log: &Scratch, words: &[&str]) -> CliOutput {
    let mut command = ops_command().await;
    command.args(["--local", "requests", "--log", log.text()]).args(words);
    run(command).await
}

#[tokio::test]
async fn every_request_is_listed_and_a_refused_one_with_its_reason() {
    let (_stage, log) = visited().await;
    let text = local(&log, &[]).await.succeeds().to_owned();
    for part in [
        "4 requests in the last 30 min: 1 duplicate, 1 recorded, 2 unauthorized.\n",
        "commission#5; firstpromoter:5:1 ",
        "secret hmac[0]",
        "\nmissing: nothing was sent",
        "\nno_secret_matches: a signature of the right form",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let refused = local(&log, &["--outcome", "unauthorized", "--json"]).await;
    let refused: Value = serde_json::from_str(refused.succeeds()).unwrap();
    let reasons: Vec<_> =
        refused["requests"].as_array().unwrap().iter().map(|one| &one["reason"]).collect();
    assert_eq!(reasons, ["missing", "no_secret_matches"]);
    assert!(!format!("{text}{refused}").contains("p@example.com"));
    local(&log, &["--outcome", "lost"]).await.fails(2, "unknown variant");
    let nowhere = Scratch::new("no.log");
    local(&nowhere, &[]).await.fails(2, nowhere.text());
}

/// What CloudWatch Logs was asked, and the log group that it refuses.
type Asked = Arc<Mutex<Vec<Value>>>;

/// A CloudWatch Logs with one group full, one that may not be read, and no others.
async fn cloudwatch(lines: Vec<String>) -> (String, Asked) {
    let asked = Asked::default();
    let answer = async move |State(asked): State<Asked>, headers: HeaderMap, body: String| {
        assert_eq!(headers["x-amz-target"], "Logs_20140328.FilterLogEvents");
        let call: Value = serde_json::from_str(&body).unwrap();
        asked.lock().unwrap().push(call.clone());
        let refused = |code: &str| (StatusCode::BAD_REQUEST, json!({ "__type": code }).to_string());
        match call["logGroupName"].as_str().unwrap() {
            "/aws/lambda/mine-commissions" => {
                let now = Timestamp::now().ms();
                // One event a page, so that the pages are followed.
                let n = call["nextToken"].as_str().map_or(0, |token| token.parse().unwrap());
                let line = lines.get(n).map(|line| json!({ "timestamp": now, "message": line }));
                let next = (n + 1 < lines.len()).then(|| (n + 1).to_string());
                let page =
                    json!({ "events": line.into_iter().collect::<Vec<_>>(), "nextToken": next });
                (StatusCode::OK, page.to_string())
            }
            "/aws/lambda/mine-payouts" => refused("AccessDeniedException"),
            "/aws/vendedlogs/mine-api" => {
                let line = json!({ "routeKey": "-", "status": 404, "integrationStatus": "-" });
                let event =
                    json!({ "timestamp": Timestamp::now().ms(), "message": line.to_string() });
                (StatusCode::OK, json!({ "events": [event] }).to_string())
            }
            _ => refused("ResourceNotFoundException"),
        }
    };
    let router = Router::new().fallback(answer).with_state(asked.clone());
    (served(router).await, asked)
}

async fn deployed(url: &str, words: &[&str]) -> CliOutput {
    let mut command = nobody().await;
    command
        .env("AWS_ACCESS_KEY_ID", "x")
        .env("AWS_SECRET_ACCESS_KEY", "x")
        .env("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", url)
        .args(["--stack", "mine", "requests"])
        .args(words);
    run(command).await
}

#[tokio::test]
async fn a_log_group_that_cannot_be_read_costs_no_other() {
    let (stage, _log) = visited().await;
    let (url, asked) = cloudwatch(stage.stack.logs()).await;
    let text = deployed(&url, &["--since", "2h"]).await.succeeds().to_owned();
    for part in [
        "5 requests in the last 2 h: 1 duplicate, 1 gateway, 1 recorded, 2 unauthorized.\n",
        "no route of this API",
        "NOT READ /aws/lambda/mine-payouts: not allowed: logs:FilterLogEvents\n",
        "NOT READ /aws/lambda/mine-customers: there is no such log group\n",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let asked = std::mem::take(&mut *asked.lock().unwrap());
    let since = Timestamp::now().plus_seconds(-7_200).ms();
    for call in &asked {
        assert!((since - call["startTime"].as_i64().unwrap()).abs() < 600_000, "{call}");
    }
    let patterns = asked.iter().filter_map(|call| call["filterPattern"].as_str());
    assert!(patterns.clone().count() >= 5);
    assert!(patterns.clone().all(|pattern| pattern == "{ $.message = \"webhook\" }"));

    // Where nothing can be read there is no answer.
    let none = deployed(&url, &["--outcome", "gateway"]).await;
    assert!(none.succeeds().starts_with("1 request in"));
    let closed = deployed("http://127.0.0.1:1", &[]).await;
    closed.fails(2, "NOT READ /aws/lambda/mine-payouts: ");
}

/// Tries a command until it was as quick as it should be, and gives its output.
async fn quickly(command: impl AsyncFn() -> Command) -> CliOutput {
    eventually("never quick", async || {
        let started = Instant::now();
        let output = run(command().await).await;
        (started.elapsed() < Duration::from_millis(1_500)).then_some(output)
    })
    .await
}

#[tokio::test]
async fn without_credentials_or_engines_it_says_so_at_once() {
    for command in ["parked", "requests"] {
        let output = quickly(async || {
            let mut ops = nobody().await;
            ops.args(["--stack", "mine", command]);
            ops
        });
        output.await.fails(2, "error: no AWS credentials found: set AWS_PROFILE");
    }
    let refused = quickly(async || {
        let mut ops = nobody().await;
        ops.args(["--local", "--dynamodb", "http://127.0.0.1:1", "parked"]);
        ops
    });
    refused.await.fails(2, "no DynamoDB answers at http://127.0.0.1:1");
}

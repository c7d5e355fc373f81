//! The receiving function's calls of the table, against a table that answers by
//! script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const SECRET: &str = "a-static-header-of-forty-characters-0001";

/// DynamoDB and Secrets Manager, as far as the receiving function calls them.
#[derive(Default)]
struct Script {
    /// The items that a read finds.
    items: Vec<Value>,
    /// The reasons for which the next transactions are cancelled; after the last
    /// one they succeed.
    cancelled: VecDeque<Vec<&'static str>>,
    /// The calls so far: operation and request.
    calls: Vec<(String, Value)>,
}

impl Script {
    fn answer(&mut self, operation: &str, request: Value) -> (u16, Value) {
        self.calls.push((operation.to_owned(), request));
        match operation {
            "GetSecretValue" => {
                let secrets =
                    json!({"firstpromoter": {"header": [{"name": "x-hook", "value": SECRET}]}});
                (200, json!({"SecretString": secrets.to_string()}))
            }
            "BatchGetItem" => {
                (200, json!({"Responses": {"Ledger": self.items}, "UnprocessedKeys": {}}))
            }
            "TransactWriteItems" => match self.cancelled.pop_front() {
                None => (200, json!({})),
                Some(codes) => {
                    let reasons: Vec<_> = codes.iter().map(|code| json!({"Code": code})).collect();
                    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
                    (
                        400,
                        json!({"__type": kind, "message": "cancelled", "CancellationReasons": reasons}),
                    )
                }
            },
            other => panic!("{other}"),
        }
    }
}

/// Answers the requests of one connection.
async fn serve(stream: TcpStream, script: Arc<Mutex<Script>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut length, mut operation) = (0, String::new());
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            match line.trim().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().unwrap();
                }
                Some((name, value)) if name.eq_ignore_ascii_case("x-amz-target") => {
                    operation = value.split('.').next_back().unwrap().to_owned();
                }
                _ if line.trim().is_empty() => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        let request = serde_json::from_slice(&body).unwrap();
        let (status, answer) = script.lock().unwrap().answer(&operation, request);
        let answer = answer.to_string();
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        stream.write_all((head + &answer).as_bytes()).await.unwrap();
    }
}

/// A receiving function and the script of its table.
async fn intake(script: Script) -> (Receiver, Arc<Mutex<Script>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let script = Arc::new(Mutex::new(script));
    let of_server = Arc::clone(&script);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&of_server)));
        }
    });
    let env = |name: &str| {
        let value = match name {
            "TABLE_NAME" => "Ledger",
            "WEBHOOK_SECRETS_ID" => "webhooks",
            "FULFILMENT_SOURCE" => "v2",
            "FULFIL_FROM" => "2026-01-01T00:00:00Z",
            "REWARD_RECIPIENT" => "promoter",
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "test",
            "AWS_REGION" => "eu-west-1",
            "AWS_ENDPOINT_URL" => &endpoint,
            _ => return None,
        };
        Some(value.to_owned())
    };
    (Receiver::from_env(crate::provider::ALL, &env).unwrap(), script)
}

fn request(body: &str) -> Request {
    let event = json!({
        "rawPath": "/webhooks/firstpromoter/commissions",
        "requestContext": {"http": {"method": "POST"}},
        "headers": {"x-hook": SECRET},
        "body": STANDARD.encode(body),
        "isBase64Encoded": true,
    });
    serde_json::from_value(event).unwrap()
}

fn approved() -> String {
    json!({"event_id": "e1", "event_type": "commission.approved",
        "timestamp": "2026-10-01T10:00:00Z", "data": {"id": 6, "status": "approved", "amount": 5,
        "unit": "points", "promoter_id": 1}})
    .to_string()
}

/// The status of the answer, the operations that the table was called for, and the
/// script.
async fn played(script: Script, body: &str) -> (u16, Vec<String>, Arc<Mutex<Script>>) {
    let (intake, script) = intake(script).await;
    let status = Box::pin(intake.handle(request(body))).await.status_code;
    let calls =
        script.lock().unwrap().calls.iter().map(|(operation, _)| operation.clone()).collect();
    (status, calls, script)
}

#[tokio::test]
async fn a_cancelled_transaction_is_decided_anew_if_a_moment_can_mend_it() {
    for (reasons, tries, status) in [
        (vec!["TransactionConflict", "None"], 3, 200),
        (vec!["None", "ConditionalCheckFailed"], 3, 200),
        (vec!["None", "ThrottlingError"], 3, 200),
        (vec!["ProvisionedThroughputExceeded", "None"], 3, 200),
        (vec!["ConditionalCheckFailed", "TransactionConflict"], 3, 200),
        (vec!["ValidationError", "None"], 1, 503),
        (vec!["ItemCollectionSizeLimitExceeded", "None"], 1, 503),
    ] {
        let cancelled = VecDeque::from([reasons.clone(), reasons.clone()]);
        let (answered, calls, _) =
            played(Script { cancelled, ..Script::default() }, &approved()).await;
        assert_eq!(answered, status, "{reasons:?}");
        // The SDK makes no attempt of its own: every transaction follows a read.
        let once = ["BatchGetItem", "TransactWriteItems"];
        assert_eq!(calls, [&["GetSecretValue"][..], &once.repeat(tries)].concat(), "{reasons:?}");
    }
}

#[tokio::test]
async fn only_what_is_there_already_counts_as_quarantined() {
    for (reason, tries, status) in [
        ("ConditionalCheckFailed", 1, 400),
        ("TransactionConflict", 2, 400),
        ("ThrottlingError", 2, 400),
        ("ValidationError", 1, 503),
    ] {
        let cancelled = VecDeque::from([vec![reason]]);
        let (answered, calls, _) = played(Script { cancelled, ..Script::default() }, "{").await;
        assert_eq!(answered, status, "{reason}");
        assert_eq!(calls.len(), 1 + tries, "{reason}: {calls:?}");
    }
}

#[tokio::test]
async fn nothing_is_written_over_a_record_that_cannot_be_read() {
    let record = json!({"pk": {"S": "firstpromoter#commission#6"}, "sk": {"S": "record"}, "version": {"S": "x"}});
    let script = Script { items: vec![record], ..Script::default() };
    let (status, calls, _) = played(script, &approved()).await;
    assert_eq!(status, 503);
    assert_eq!(calls, ["GetSecretValue", "BatchGetItem"]);
}

/// The items of the transaction, each with its operation, sort key and condition.
fn items(script: &Mutex<Script>) -> Vec<(String, String, String)> {
    let script = script.lock().unwrap();
    let (_, request) = script.calls.last().unwrap();
    let item = |item: &Value| {
        let (kind, of) = item.as_object().unwrap().iter().next().unwrap();
        let key = if of["Item"].is_null() { &of["Key"] } else { &of["Item"] };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (kind.clone(), text(&key["sk"]["S"]), text(&of["ConditionExpression"]))
    };
    request["TransactItems"].as_array().unwrap().iter().map(item).collect()
}

#[tokio::test]
async fn every_item_of_a_transaction_has_its_condition() {
    let (_, _, script) = played(Script::default(), &approved()).await;
    let new = |sk: &str| ("Put".to_owned(), sk.to_owned(), "attribute_not_exists(pk)".to_owned());
    assert_eq!(items(&script), [new("event#e1"), new("record"), new("fulfilment#1")]);

    // Another event states the same again: the promise stays, on the condition that
    // it is as it was read.
    let written = script.lock().unwrap().calls.last().unwrap().1.clone();
    let of = |sk: &str| {
        let items = written["TransactItems"].as_array().unwrap();
        let mut items = items.iter().map(|item| item["Put"]["Item"].clone());
        items.find(|item| item["sk"]["S"] == sk).unwrap()
    };
    let items_of_before = vec![of("record"), of("fulfilment#1")];
    let script = Script { items: items_of_before, ..Script::default() };
    let (status, _, script) = played(script, &approved().replace("\"e1\"", "\"e2\"")).await;
    assert_eq!(status, 200);
    let check = |kind: &str, sk: &str, condition: &str| {
        (kind.to_owned(), sk.to_owned(), condition.to_owned())
    };
    assert_eq!(
        items(&script),
        [
            new("event#e2"),
            check("Put", "record", "version = :before"),
            check("ConditionCheck", "fulfilment#1", "version = :version"),
        ]
    );
}

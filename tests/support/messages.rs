//! The messages that the queues and the stream bring to a worker.

use serde_json::{Value, json};

/// The partition of a FirstPromoter commission.
#[must_use]
pub fn commission_pk(id: u64) -> String {
    format!("firstpromoter#commission#{id}")
}

/// The sort key of a promise.
#[must_use]
pub fn promise_sk(epoch: u32) -> String {
    format!("fulfilment#{epoch}")
}

/// Partition and sort key of the promise of a key.
#[must_use]
pub fn item_of_promise(key: &str) -> (String, String) {
    let (provider, rest) = key.split_once(':').unwrap();
    let (id, epoch) = rest.rsplit_once(':').unwrap();
    let kind = if provider == "firstpromoter" { "commission" } else { "fulfilment" };
    (format!("{provider}#{kind}#{id}"), promise_sk(epoch.parse().unwrap()))
}

/// The message of a step that is due, of a commission's promise.
#[must_use]
pub fn step_message(id: u64, epoch: u32, due: &str) -> String {
    json!({"pk": commission_pk(id), "sk": promise_sk(epoch), "due": due}).to_string()
}

/// The messages as the queue brings them: `m0`, `m1`, ….
#[must_use]
pub fn batch(messages: &[String]) -> Value {
    let record = |(n, body): (usize, &String)| json!({"messageId": format!("m{n}"), "body": body, "eventSource": "aws:sqs"});
    json!({"Records": messages.iter().enumerate().map(record).collect::<Vec<_>>()})
}

/// The item of a commission's first promise, in DynamoDB JSON, as the stream tells
/// of it.
#[must_use]
pub fn stream_batch(id: u64, image: &Value) -> Value {
    let key = json!({"pk": {"S": commission_pk(id)}, "sk": {"S": promise_sk(1)}});
    json!({"Records": [{"eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1", "dynamodb": {"Keys": key, "NewImage": image, "SequenceNumber": "1",
        "SizeBytes": 1, "StreamViewType": "NEW_AND_OLD_IMAGES", "ApproximateCreationDateTime": 1.0}}]})
}

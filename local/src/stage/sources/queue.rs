//! SQS event source mappings.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use rustack_sqs_model::types::Message;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use super::Context;
use super::response::{Verdict, read};
use crate::say::say;
use crate::stage::template::{ACCOUNT, QueueSource, REGION};

/// The time that one receive waits for a message.
const WAIT_SECONDS: i32 = 20;
/// The pause after the engine failed, so that it does not fail as fast as it can.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts as many pollers as invocations may run at once. A batch is what one
/// receive brings: at most ten messages.
pub(super) fn start(
    context: &Context,
    function: &str,
    source: &Arc<QueueSource>,
    pollers: &mut JoinSet<()>,
) {
    for _ in 0..source.concurrency.max(1) {
        pollers.spawn(poll(context.clone(), function.to_owned(), Arc::clone(source)));
    }
}

async fn poll(context: Context, function: String, source: Arc<QueueSource>) {
    loop {
        match context.sqs.receive(&source.queue, source.batch_size, WAIT_SECONDS).await {
            Ok(messages) if messages.is_empty() => {}
            Ok(messages) => handle(&context, &function, &source, messages).await,
            Err(error) => {
                say(&format!("local: {error}"));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn handle(context: &Context, function: &str, source: &QueueSource, messages: Vec<Message>) {
    let mut done = Vec::new();
    let mut batch = Vec::new();
    for message in messages {
        let record = record(&source.queue, &message);
        if source.filter.matches(&with_parsed_body(&record)) {
            batch.push((message, record));
        } else {
            done.push(message);
        }
    }
    if !batch.is_empty() {
        let records: Vec<&Value> = batch.iter().map(|(_, record)| record).collect();
        let payload = Bytes::from(json!({ "Records": records }).to_string());
        let ids: Vec<&str> =
            batch.iter().filter_map(|(message, _)| message.message_id.as_deref()).collect();
        let verdict = match context.host.invoke(function, payload).await {
            Ok(response) if source.reports_failures => read(&response, &ids),
            Ok(_) => Verdict::Done,
            Err(error) => {
                say(&format!("local: {function}: {error}"));
                Verdict::AllFailed
            }
        };
        // A failed message comes back when its visibility time-out ends.
        done.extend(
            batch
                .into_iter()
                .map(|(message, _)| message)
                .filter(|message| is_done(&verdict, message)),
        );
    }
    for message in done {
        let receipt = message.receipt_handle.unwrap_or_default();
        if let Err(error) = context.sqs.delete(&source.queue, &receipt).await {
            say(&format!("local: {error}"));
        }
    }
}

fn is_done(verdict: &Verdict, message: &Message) -> bool {
    match verdict {
        Verdict::Done => true,
        Verdict::AllFailed => false,
        Verdict::Failed(ids) => message.message_id.as_ref().is_none_or(|id| !ids.contains(id)),
    }
}

/// A message in the shape a Lambda function gets it.
fn record(queue: &str, message: &Message) -> Value {
    let attributes = message.message_attributes.iter().map(|(name, value)| {
        let value = serde_json::to_value(value).unwrap_or_default();
        let camel = value
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| (lower_first(key), value.clone()));
        (name.clone(), Value::Object(camel.collect()))
    });
    json!({
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": message.attributes,
        "messageAttributes": Value::Object(attributes.collect::<Map<_, _>>()),
        "md5OfBody": message.md5_of_body,
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"),
        "awsRegion": REGION,
    })
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

/// The record with its body parsed, as a filter looks into a body that is JSON.
fn with_parsed_body(record: &Value) -> Value {
    let mut record = record.clone();
    let parsed =
        record.get("body").and_then(Value::as_str).and_then(|body| serde_json::from_str(body).ok());
    if let (Some(parsed), Some(body)) = (parsed, record.get_mut("body")) {
        *body = parsed;
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_messages_that_did_not_fail_are_done() {
        let message = |id: &str| Message { message_id: Some(id.to_owned()), ..Message::default() };
        let verdict = Verdict::Failed(vec!["b".to_owned()]);
        assert!(is_done(&verdict, &message("a")));
        assert!(!is_done(&verdict, &message("b")));
        assert!(is_done(&Verdict::Done, &message("b")));
        assert!(!is_done(&Verdict::AllFailed, &message("a")));
    }

    #[test]
    fn a_message_becomes_a_lambda_record() {
        let message = Message {
            message_id: Some("1".to_owned()),
            body: Some(r#"{"due":"deliver#1"}"#.to_owned()),
            ..Message::default()
        };
        let record = record("work", &message);
        assert_eq!(record["eventSourceARN"], "arn:aws:sqs:us-east-1:000000000000:work");
        assert_eq!(record["body"], r#"{"due":"deliver#1"}"#);
        assert_eq!(with_parsed_body(&record)["body"]["due"], "deliver#1");
    }
}

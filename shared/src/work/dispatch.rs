//! From the table's stream to the queues: one message for each task that
//! became due.

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use lambda_runtime::Error;
use serde_dynamo::{AttributeValue, Item};

use crate::aws::Aws;
use crate::aws::queue::{Message, Queues};
use crate::function;
use crate::ledger::ItemKeys;
use crate::wire::Timestamp;

/// Runs the function until its instance ends.
///
/// # Errors
/// When a setting is missing; the function then does not start.
pub async fn run() -> Result<(), Error> {
    function::start(
        |env| Ok(Queues::from_env(Aws::from_env(env)?.sqs(), env)?),
        |queues, event: Event| async move { Ok(dispatch(queues, &event).await) },
    )
    .await
}

async fn dispatch(queues: &Queues, event: &Event) -> DynamoDbEventResponse {
    let mut response = DynamoDbEventResponse::default();
    let now = Timestamp::now();
    for record in &event.records {
        let Some((message, not_before)) = due(record) else {
            continue;
        };
        if let Err(error) = queues.send(&message, not_before, now).await {
            tracing::error!(%error, due = %message.due, "not dispatched");
            // A shard is in order: from here on everything comes again.
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier.clone_from(&record.change.sequence_number);
            response.batch_item_failures.push(failure);
            break;
        }
    }
    response
}

/// The task that a change of an item made due, and the time to start on it. An item
/// whose key is none of the ledger's is logged and passed over: no worker could read
/// its message, and what comes after it in its shard must go on.
fn due(record: &EventRecord) -> Option<(Message, Option<Timestamp>)> {
    let (old, new) = (&record.change.old_image, &record.change.new_image);
    let due = text_attribute(new, "due")?;
    if text_attribute(old, "due").as_ref() == Some(&due) {
        return None;
    }
    let pk = text_attribute(new, "pk")?.parse();
    let pk = pk.inspect_err(|error| tracing::error!(%error, %due, "not dispatched")).ok()?;
    let message = Message { keys: ItemKeys { pk, sk: text_attribute(new, "sk")? }, due };
    Some((message, text_attribute(new, "not_before").and_then(|at| Timestamp::parse(&at))))
}

fn text_attribute(image: &Item, name: &str) -> Option<String> {
    match image.get(name) {
        Some(AttributeValue::S(text)) => Some(text.clone()),
        _ => None,
    }
}

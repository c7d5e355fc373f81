//! DynamoDB stream event source mappings.

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::Bytes;
use serde_json::{Value, json};

use super::response::{Verdict, read};
use super::{Context, blocking};
use crate::error::LocalError;
use crate::say::say;
use crate::stage::engines::dynamodb::Position;
use crate::stage::template::StreamSource;

/// The time between two looks at the log.
const POLL: Duration = Duration::from_millis(40);
/// The shortest pause between two attempts at the same records.
const BACKOFF: Duration = Duration::from_millis(200);
const LONGEST_BACKOFF: Duration = Duration::from_secs(10);

/// A reader of one table's stream for one function, in order, one batch at a time.
pub(super) struct Poller {
    context: Context,
    function: String,
    source: StreamSource,
    /// The name of the checkpoint.
    reader: String,
    position: Position,
}

/// Records for one invocation, and the number of failures so far.
#[derive(Debug, PartialEq)]
struct Batch {
    records: Vec<Value>,
    failures: u32,
}

impl Poller {
    /// A poller that starts at its checkpoint, or else at the mapping's starting
    /// position.
    pub(super) fn new(
        context: Context,
        function: String,
        source: StreamSource,
        reader: String,
    ) -> Result<Self, LocalError> {
        let position = match context.dynamo.checkpoint(&reader)? {
            Some(position) => position,
            None if source.start == "LATEST" => context.dynamo.newest(&source.table)?,
            None => Position::Start,
        };
        Ok(Self { context, function, source, reader, position })
    }

    pub(super) async fn run(mut self) {
        loop {
            match self.poll_once().await {
                Ok(true) => {}
                Ok(false) => tokio::time::sleep(POLL).await,
                Err(error) => {
                    say(&format!("local: {}: {error}", self.function));
                    tokio::time::sleep(LONGEST_BACKOFF).await;
                }
            }
        }
    }

    /// Hands over the next records; `false` when there were none.
    async fn poll_once(&mut self) -> Result<bool, LocalError> {
        let (dynamo, table, from) =
            (self.context.dynamo.clone(), self.source.table.clone(), self.position.clone());
        let limit = self.source.batch_size;
        let (mut records, next) = blocking(move || dynamo.changes(&table, &from, limit)).await?;
        if next == self.position {
            return Ok(false);
        }
        records.retain(|record| self.source.filter.matches(record));
        self.hand_over(records).await;
        self.move_to(next).await?;
        Ok(true)
    }

    async fn move_to(&mut self, position: Position) -> Result<(), LocalError> {
        let (dynamo, reader, to) =
            (self.context.dynamo.clone(), self.reader.clone(), position.clone());
        self.position = position;
        blocking(move || dynamo.save_checkpoint(&reader, &to)).await
    }

    /// Invokes the function until every record is done or given up.
    async fn hand_over(&self, records: Vec<Value>) {
        let mut work = VecDeque::new();
        if !records.is_empty() {
            work.push_back(Batch { records, failures: 0 });
        }
        while let Some(batch) = work.pop_front() {
            let verdict = self.invoke(&batch).await;
            let Some(rest) = remaining(batch, &verdict) else {
                continue;
            };
            if self.source.retries.is_some_and(|most| rest.failures > most) {
                self.give_up(&rest).await;
                continue;
            }
            tokio::time::sleep(
                LONGEST_BACKOFF.min(BACKOFF * 2_u32.saturating_pow(rest.failures.min(8) - 1)),
            )
            .await;
            for part in split(rest, self.source.bisects).into_iter().rev() {
                work.push_front(part);
            }
        }
    }

    async fn invoke(&self, batch: &Batch) -> Verdict {
        let payload = Bytes::from(json!({ "Records": batch.records }).to_string());
        match self.context.host.invoke(&self.function, payload).await {
            Ok(response) if self.source.reports_failures => {
                let ids: Vec<&str> = batch.records.iter().map(sequence).collect();
                read(&response, &ids)
            }
            Ok(_) => Verdict::Done,
            Err(error) => {
                say(&format!("local: {}: {error}", self.function));
                Verdict::AllFailed
            }
        }
    }

    /// Sends the place of the records, not their content, to the on-failure queue,
    /// as AWS does.
    async fn give_up(&self, batch: &Batch) {
        let Some(queue) = &self.source.on_failure else {
            return;
        };
        let notice = json!({
            "requestContext": {
                "functionArn": self.function,
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": batch.failures,
            },
            "DDBStreamBatchInfo": {
                "shardId": dynoxide::streams::shard_id(&self.source.table),
                "startSequenceNumber": batch.records.first().map(sequence),
                "endSequenceNumber": batch.records.last().map(sequence),
                "batchSize": batch.records.len(),
                "streamArn": batch.records.first().and_then(|record| record.get("eventSourceARN")),
            },
        });
        if let Err(error) = self.context.sqs.send(queue, notice.to_string()).await {
            say(&format!("local: {}: {error}", self.function));
        }
    }
}

fn sequence(record: &Value) -> &str {
    record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str).unwrap_or_default()
}

/// The records from the first failed one on, which are still to be done.
fn remaining(mut batch: Batch, verdict: &Verdict) -> Option<Batch> {
    let first = match verdict {
        Verdict::Done => return None,
        Verdict::AllFailed => 0,
        Verdict::Failed(ids) => batch
            .records
            .iter()
            .position(|record| ids.iter().any(|id| id == sequence(record)))
            .unwrap_or_default(),
    };
    batch.records.drain(..first);
    // Progress starts the count anew: these records were not to blame.
    let failures = if first > 0 { 1 } else { batch.failures + 1 };
    Some(Batch { failures, ..batch })
}

/// Halves a failed batch if the mapping says so.
fn split(mut batch: Batch, bisects: bool) -> Vec<Batch> {
    if !bisects || batch.records.len() < 2 {
        return vec![batch];
    }
    let second = batch.records.split_off(batch.records.len() / 2);
    let failures = batch.failures;
    vec![batch, Batch { records: second, failures }]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(numbers: &[&str], failures: u32) -> Batch {
        let records =
            numbers.iter().map(|number| json!({ "dynamodb": { "SequenceNumber": number } }));
        Batch { records: records.collect(), failures }
    }

    #[test]
    fn work_goes_on_at_the_first_failed_record() {
        let failed =
            |ids: &[&str]| Verdict::Failed(ids.iter().map(|id| (*id).to_owned()).collect());
        assert_eq!(remaining(batch(&["1", "2", "3"], 0), &Verdict::Done), None);
        assert_eq!(
            remaining(batch(&["1", "2", "3"], 0), &failed(&["3", "2"])),
            Some(batch(&["2", "3"], 1))
        );
        assert_eq!(remaining(batch(&["1", "2"], 4), &failed(&["1"])), Some(batch(&["1", "2"], 5)));
        assert_eq!(
            remaining(batch(&["1", "2"], 1), &Verdict::AllFailed),
            Some(batch(&["1", "2"], 2))
        );
    }

    #[test]
    fn a_failed_batch_is_halved_in_order() {
        let halves = split(batch(&["1", "2", "3"], 2), true);
        assert_eq!(halves, vec![batch(&["1"], 2), batch(&["2", "3"], 2)]);
        assert_eq!(split(batch(&["1"], 2), true), vec![batch(&["1"], 2)]);
        assert_eq!(split(batch(&["1", "2"], 2), false), vec![batch(&["1", "2"], 2)]);
    }
}

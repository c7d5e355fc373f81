//! The SQS queues, one for each kind of worker.

use aws_sdk_sqs::Client;
use serde::{Deserialize, Serialize};

use crate::crash;
use crate::fulfilment::Task;
use crate::ledger::ItemKeys;
use crate::settings::{Env, SettingsError, required};
use crate::wire::Timestamp;

/// A message may come this much before its time, in milliseconds: SQS counts
/// whole seconds.
pub const EARLY_MS: i64 = 1000;
/// The longest that SQS delays a message, in seconds.
const MAX_DELAY_SECONDS: i64 = 900;

/// The message to a worker: which promise owes what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The promise's keys, as `pk` and `sk`.
    #[serde(flatten)]
    pub keys: ItemKeys,
    /// What is due, `{task}#{seq}`. A promise that owes something else by now
    /// makes the message superseded.
    pub due: String,
}

impl Message {
    /// The task; `None` for one that this version does not know.
    #[must_use]
    pub fn task(&self) -> Option<Task> {
        Task::of_due(&self.due)
    }
}

/// A message was not sent. What is due stays due in the table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not sent: {0}")]
pub struct QueueError(String);

/// The queues: one of the calls of the company's own system, one of the platforms'.
pub struct Queues {
    client: Client,
    deliver: String,
    confirm: String,
}

impl Queues {
    /// The queues that the variables `DELIVER_QUEUE_URL` and
    /// `CONFIRM_QUEUE_URL` name.
    ///
    /// # Errors
    /// When one is missing.
    pub fn from_env(client: Client, env: Env) -> Result<Self, SettingsError> {
        let deliver = required(env, "DELIVER_QUEUE_URL")?;
        let confirm = required(env, "CONFIRM_QUEUE_URL")?;
        Ok(Self { client, deliver, confirm })
    }

    /// Sends a message, delayed until `not_before` as far as SQS can; whoever
    /// gets it earlier leaves it to the sweep.
    ///
    /// # Errors
    /// [`QueueError`] when it was not accepted.
    pub async fn send(
        &self,
        message: &Message,
        not_before: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), QueueError> {
        let task = message.task().ok_or_else(|| QueueError("unknown task".into()))?;
        let url = if task.calls_endpoint() { &self.deliver } else { &self.confirm };
        let body = serde_json::to_string(message)
            .map_err(|_| QueueError("the message cannot be written".into()))?;
        let wait = not_before.map_or(0, |at| at.ms().saturating_sub(now.ms()).max(0));
        let seconds = wait.saturating_add(999).div_euclid(1000).min(MAX_DELAY_SECONDS);
        let call = self.client.send_message().queue_url(url).message_body(body);
        let call = call.delay_seconds(i32::try_from(seconds).unwrap_or(0));
        crash::point("before_send");
        let sent = call.send().await;
        crash::point("after_send");
        match sent {
            Ok(_) => Ok(()),
            Err(error) => Err(QueueError(crate::aws::code(&error))),
        }
    }
}

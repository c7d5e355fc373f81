//! The work after an event is recorded: tasks are dispatched from the table's
//! stream, carried out from the queues and made good by the sweep.

pub mod confirm;
pub mod deliver;
pub mod dispatch;
pub mod settings;
pub mod sweep;

use std::slice;
use std::time::Duration;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsMessage};
use lambda_runtime::Error;
use serde::Serialize;

use crate::aws::Aws;
use crate::aws::queue::{EARLY_MS, Message, Queues};
use crate::aws::secrets_manager::SecretsCache;
use crate::aws::store::{Store, StoreError};
use crate::fulfilment::{
    Input, Promise, Rewards, Rules, Taken, Taker, Transition, if_still_current, transition,
};
use crate::ledger::{ItemKeys, Partition, Record, promise_key};
use crate::platform::credentials::Credentials;
use crate::provider::RewardsList;
use crate::settings::Env;
use crate::wire::Timestamp;
use crate::{crash, observe};
use settings::WorkSettings;

/// Most tries to write a promise that others write to at the same time.
const TRIES: u32 = 8;

/// The settings and clients that all workers share.
pub struct Worker {
    /// The settings.
    pub settings: WorkSettings,
    rewards: RewardsList,
    store: Store,
    queues: Queues,
    credentials: SecretsCache<Credentials>,
}

/// A promise that is leased to this worker, with the record read with it.
struct Claim {
    /// The partition of the object that the promise is made of.
    pk: Partition,
    rewards: &'static Rewards,
    promise: Promise,
    record: Record,
}

/// The reason why a message has to come again.
#[derive(Debug, thiserror::Error)]
enum WorkError {
    /// The message is none of ours, or of another version: it goes to the
    /// dead-letter queue.
    #[error("the message cannot be read")]
    Unreadable,
    /// The table could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Worker {
    /// Reads settings and makes the clients.
    ///
    /// # Errors
    /// A setting is missing or wrong.
    pub fn from_env(rewards: RewardsList, env: Env) -> Result<Self, Error> {
        let settings = WorkSettings::read(env)?;
        let aws = Aws::from_env(env)?;
        let ttl = Duration::from_secs(settings.secrets_ttl_seconds);
        Ok(Self {
            store: Store::new(aws.dynamodb(), settings.table.clone()),
            queues: Queues::from_env(aws.sqs(), env)?,
            credentials: SecretsCache::new(
                aws.secrets_manager(),
                settings.credentials.clone(),
                ttl,
                Credentials::read,
            ),
            rewards,
            settings,
        })
    }

    /// Leases the promise that a message names, if its task is still owed and no
    /// other worker holds it. `None` when the message is done with: its task is
    /// superseded, or another worker's.
    async fn claim(&self, message: &SqsMessage) -> Result<Option<Claim>, WorkError> {
        let message = read_message(message).ok_or(WorkError::Unreadable)?;
        let pk = &message.keys.pk;
        let rewards = self.rewards_of(pk).ok_or(WorkError::Unreadable)?;
        for _ in 0..TRIES {
            let known = self.store.read(pk, None, &[]).await?;
            let (Some(promise), Some(record)) = (known.promise, known.record) else {
                return Ok(None);
            };
            let leased = match self.take(&message, rewards, &promise, &record) {
                Taken::Superseded => return Ok(None),
                Taken::WorkerLost => {
                    let input = self.worker_lost(Timestamp::now());
                    self.apply_with_retry(pk, rewards, promise, &input).await?;
                    return Ok(None);
                }
                Taken::Early(ms) => {
                    tokio::time::sleep(Duration::from_millis(ms.unsigned_abs())).await;
                    continue;
                }
                Taken::Reconciled(next) => {
                    tracing::warn!(promise = %promise.key, "brought in line with its record");
                    let seen = Some(record.version);
                    self.save_unless_overtaken(pk, &promise, &next, seen).await?;
                    continue;
                }
                Taken::Leased(leased) => *leased,
            };
            crash::point("before_lease");
            let next = slice::from_ref(&leased);
            if self.save_unless_overtaken(pk, &promise, next, None).await? {
                crash::point("after_lease");
                let claim = Claim { pk: pk.clone(), rewards, promise: leased, record };
                // A promise that is not safe to call for was parked instead of
                // leased.
                return Ok(Some(claim).filter(|claim| claim.promise.lease.is_some()));
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// The rewards' definition for a partition.
    fn rewards_of(&self, pk: &Partition) -> Option<&'static Rewards> {
        let mut known = self.rewards.iter().flatten();
        known.find(|rewards| rewards.provider.name() == pk.provider()).copied()
    }

    fn rules(&self, rewards: &'static Rewards) -> Rules {
        Rules { reversals: self.settings.policy.reversals, rewards }
    }

    fn take(
        &self,
        message: &Message,
        rewards: &'static Rewards,
        promise: &Promise,
        record: &Record,
    ) -> Taken {
        let now = Timestamp::now();
        let taker = Taker {
            policy: &self.settings.policy,
            rewards,
            epoch: if promise_key(promise.epoch) == message.keys.sk { promise.epoch } else { 0 },
            due: &message.due,
            endpoint: &self.settings.endpoint_of(promise.terms.unit.as_deref()),
            until: now.plus_seconds(self.settings.lease_seconds),
            early_ms: EARLY_MS,
            now,
        };
        taker.take(promise, record)
    }

    /// Writes the next version of a promise and prints its line. With `record`,
    /// also on the condition that the record is in that version. `false` when
    /// another writer came in between.
    async fn save_unless_overtaken(
        &self,
        pk: &Partition,
        before: &Promise,
        next: &[Promise],
        record: Option<u64>,
    ) -> Result<bool, StoreError> {
        match self.store.save_with(pk, next, record).await {
            Ok(()) => {
                // A lease has no line of its own: its outcome has.
                for next in next.iter().filter(|next| next.lease.is_none()) {
                    StepLine::of(before, next).print();
                }
                Ok(true)
            }
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The input for a promise whose worker disappeared in the middle of its call.
    fn worker_lost(&self, now: Timestamp) -> Input {
        let repeatable = self.settings.endpoint_idempotent;
        Input::WorkerLost { not_before: now, repeatable }
    }

    /// Applies an input to a promise, to its newest version if another writer came
    /// in between, and prints its line.
    async fn apply_with_retry(
        &self,
        pk: &Partition,
        rewards: &'static Rewards,
        promise: Promise,
        input: &Input,
    ) -> Result<Promise, StoreError> {
        let keys = ItemKeys::of_promise(pk.clone(), promise.epoch);
        let taken = promise.clone();
        let mut current = promise;
        for _ in 0..TRIES {
            let now = Timestamp::now();
            let Some(input) = if_still_current(input, &taken, &current, None, now) else {
                return Ok(current);
            };
            match self.compare_and_set(pk, rewards, &current, &input, None).await {
                Err(StoreError::Conflict) if input.assumes_nobody_at_work() => return Ok(current),
                Err(StoreError::Conflict) => {
                    let newest = self.store.promise(&keys).await?;
                    current = newest.ok_or(StoreError::Conflict)?;
                }
                other => return other,
            }
        }
        Err(StoreError::Conflict)
    }

    /// Records that the platform denies the reward, unless an event has announced
    /// it since the platform was asked.
    async fn deny(&self, claim: Claim, input: &Input) -> Result<Promise, StoreError> {
        for _ in 0..TRIES {
            let known = self.store.read(&claim.pk, None, &[]).await?;
            let (Some(promise), Some(record)) = (known.promise, known.record) else {
                return Ok(claim.promise);
            };
            let now = Timestamp::now();
            let Some(input) =
                if_still_current(input, &claim.promise, &promise, record.announcement(), now)
            else {
                return Ok(promise);
            };
            let version = Some(record.version);
            match self.compare_and_set(&claim.pk, claim.rewards, &promise, &input, version).await {
                Err(StoreError::Conflict) => {}
                other => return other,
            }
        }
        Err(StoreError::Conflict)
    }

    /// Applies an input to exactly this version of a promise, and of its record if
    /// `record` names one, and prints the line.
    async fn compare_and_set(
        &self,
        pk: &Partition,
        rewards: &'static Rewards,
        current: &Promise,
        input: &Input,
        record: Option<u64>,
    ) -> Result<Promise, StoreError> {
        let now = Timestamp::now();
        let saved = match transition(current, input, self.rules(rewards), now) {
            Transition::Changed(next) => vec![*next],
            Transition::NewEpoch { ended, next } => vec![*ended, *next],
            Transition::Unchanged | Transition::Invalid(_) => return Ok(current.clone()),
        };
        crash::point("before_outcome");
        self.store.save_with(pk, &saved, record).await?;
        crash::point("after_outcome");
        for next in &saved {
            StepLine::of(current, next).print();
        }
        Ok(saved.into_iter().next().unwrap_or_else(|| current.clone()))
    }

    /// Queues a task that is still due once more, for later. If that fails, the
    /// sweep finds the task.
    async fn send_again(&self, pk: &Partition, promise: &Promise) {
        let Some(due) = promise.due.clone() else {
            return;
        };
        let keys = ItemKeys::of_promise(pk.clone(), promise.epoch);
        let message = Message { keys, due };
        let sent = self.queues.send(&message, promise.retry.not_before, Timestamp::now()).await;
        if let Err(error) = sent {
            tracing::error!(%error, "not sent again");
        }
    }

    /// The time of the next try where the operator has to mend something first.
    fn slowly(&self) -> Timestamp {
        Timestamp::from_ms(Timestamp::now().ms().saturating_add(self.settings.retry_slow_ms))
    }

    /// The time of the next try after so many tries: the pause doubles, up to a
    /// longest one, and is never shorter than `retry_after`, in seconds.
    fn not_before(&self, attempts: u32, retry_after: Option<i64>) -> Timestamp {
        let doubled = self.settings.retry_first_ms << attempts.saturating_sub(1).min(16);
        let wait = doubled.min(self.settings.retry_max_ms);
        let wait = retry_after.map_or(wait, |seconds| wait.max(seconds.saturating_mul(1000)));
        Timestamp::from_ms(Timestamp::now().ms().saturating_add(wait))
    }
}

/// Reads a message. An unreadable one goes to the dead-letter queue.
fn read_message(message: &SqsMessage) -> Option<Message> {
    serde_json::from_str(message.body.as_deref()?).ok()
}

/// The batch response, in which the failed messages come again.
fn response(failed: Vec<String>) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed
        .into_iter()
        .map(|id| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            failure
        })
        .collect();
    response
}

/// The log line of one transition of a promise.
#[derive(Serialize)]
struct StepLine<'a> {
    promise: &'a str,
    from: &'static str,
    to: &'static str,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> StepLine<'a> {
    fn of(before: &Promise, next: &'a Promise) -> Self {
        Self {
            promise: &next.key,
            from: before.state.name(),
            to: next.state.name(),
            attempts: next.retry.attempts,
            last: next.retry.last_outcome.as_deref(),
            reason: next.parked.as_ref().map(|parked| parked.reason.name()),
        }
    }

    fn print(&self) {
        let dimensions: [&[&str]; 2] = [&["to"], &["from", "to"]];
        observe::print("step", self, &[(&dimensions, &[("Steps", "Count", 1.0)])]);
    }
}

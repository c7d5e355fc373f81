//! The steps after an event is recorded: dispatched from the table's stream,
//! worked on from the queues, made good by the sweep.

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
use serde_json::json;

use crate::aws::Aws;
use crate::aws::queue::{EARLY_MS, Message, Queues};
use crate::aws::secrets_manager::SecretsCache;
use crate::aws::store::{Store, StoreError};
use crate::fulfilment::{
    Input, Promise, Rewards, Rules, State, Taken, Taker, Transition, WORKER_LOST, if_still_current,
    transition,
};
use crate::ledger::{ItemKeys, Partition, Record, promise_key};
use crate::platform::credentials::Credentials;
use crate::provider::definition::{Providers, find};
use crate::settings::Env;
use crate::wire::Timestamp;
use crate::{crash, observe};
use settings::WorkSettings;

/// Tries to record an outcome while others write to the promise.
const TRIES: u32 = 8;

/// What the workers have in common.
pub struct Worker {
    /// The settings.
    pub settings: WorkSettings,
    providers: Providers,
    store: Store,
    queues: Queues,
    credentials: SecretsCache<Credentials>,
}

/// A promise that this worker may work on, leased to it.
struct Claim {
    /// The partition of the object that the promise is made of.
    pk: Partition,
    rewards: &'static Rewards,
    promise: Promise,
    record: Record,
}

/// Why a message is not done with.
#[derive(Debug, thiserror::Error)]
enum WorkError {
    /// It is none of ours, or of another version: it goes to the dead-letter
    /// queue.
    #[error("the message cannot be read")]
    Unreadable,
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Worker {
    /// Reads settings and makes the clients.
    ///
    /// # Errors
    /// When a setting is missing or wrong.
    pub fn from_env(providers: Providers, env: Env) -> Result<Self, Error> {
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
            providers,
            settings,
        })
    }

    /// Takes what a message names, if it is still owed and nobody is at it.
    /// `None`: superseded, or somebody else's; the message is done with.
    async fn claim(&self, message: &SqsMessage) -> Result<Option<Claim>, WorkError> {
        let message = read_message(message).ok_or(WorkError::Unreadable)?;
        let pk = &message.keys.pk;
        let rewards = self.rewards_of(pk).ok_or(WorkError::Unreadable)?;
        for _ in 0..TRIES {
            let known = self.store.read(pk, None).await?;
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
                // One that even the call is not safe for is parked instead.
                return Ok(Some(claim).filter(|claim| claim.promise.lease.is_some()));
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// How the rewards of a partition are promised.
    fn rewards_of(&self, pk: &Partition) -> Option<&'static Rewards> {
        find(self.providers, pk.provider())?.rewards
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

    /// Writes the next version of a promise and says what became of it, on the
    /// condition too that the record is in that version, if one is given. `false`
    /// when somebody else wrote in between.
    async fn save_unless_overtaken(
        &self,
        pk: &Partition,
        before: &Promise,
        next: &[Promise],
        record: Option<u64>,
    ) -> Result<bool, StoreError> {
        match self.store.save_with(pk, next, record).await {
            Ok(()) => {
                // A lease is no news: its outcome is.
                for next in next.iter().filter(|next| next.lease.is_none()) {
                    StepLine::of(before, next).print();
                }
                Ok(true)
            }
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What a worker that disappeared leaves behind.
    fn worker_lost(&self, now: Timestamp) -> Input {
        Input::Unknown {
            not_before: now,
            last: WORKER_LOST.into(),
            repeatable: self.settings.endpoint_idempotent,
        }
    }

    /// Applies an input to a promise, to its newest version if somebody wrote
    /// in between, and prints what became of it.
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

    /// Records that the platform does not approve of it, unless an event says
    /// so since the platform was asked.
    async fn deny(&self, claim: Claim, input: &Input) -> Result<Promise, StoreError> {
        for _ in 0..TRIES {
            let known = self.store.read(&claim.pk, None).await?;
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

    /// Applies an input to exactly this version of a promise, and of its record
    /// if one is given.
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

    /// Sends what is still due once more, for later. If that fails, the sweep
    /// finds it.
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

    /// When to try again what a person has to mend first.
    fn slowly(&self) -> Timestamp {
        Timestamp::from_ms(Timestamp::now().ms().saturating_add(self.settings.retry_slow_ms))
    }

    /// When to try again after this many tries: doubling, up to a longest pause.
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

/// The batch response: the failed messages come again.
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

/// The line of one step of a promise.
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
        let dimensions = json!([["to"], ["from", "to"]]);
        observe::print("step", self, &[(dimensions, &[("Steps", "Count", 1.0)])]);
    }
}

/// States in which a promise is open, for the sweep and its counts.
const OPEN: [State; 12] = [
    State::Parked,
    // As long as only the platform's API has said so.
    State::Denied,
    State::LookupDue,
    State::ApprovalDue,
    State::AwaitingApproval,
    State::Requested,
    State::Delivering,
    State::Delivered,
    State::Confirming,
    State::ReversalDue,
    State::Reversing,
    // As long as the platform is to be told.
    State::Reversed,
];

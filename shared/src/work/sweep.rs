//! The sweep, every five minutes: it queues untouched due tasks again, parks promises
//! that have been open for too long, and counts the backlog.

use std::slice;

use futures_util::StreamExt;
use lambda_runtime::Error;
use serde::Serialize;
use serde_json::{Value, json};

use crate::aws::queue::Message;
use crate::aws::store::{OpenPromise, StoreError};
use crate::fulfilment::{Input, Promise, Rewards, State, Transition, reconcile, transition};
use crate::ledger::{ItemKeys, Partition};
use crate::provider::RewardsList;
use crate::wire::Timestamp;
use crate::work::Worker;
use crate::{crash, function, observe};

/// Promises reconciled at once.
const AT_ONCE: usize = 16;
/// Most doublings of the bound for queueing a task again: two minutes become an
/// hour.
const MAX_DOUBLINGS: u32 = 5;

/// Runs the function until its instance ends.
///
/// # Errors
/// A setting is missing or wrong; the function then does not start.
pub async fn run(rewards: RewardsList) -> Result<(), Error> {
    function::start(
        |env| Worker::from_env(rewards, env),
        |worker, _: Value| async {
            let report = worker.sweep().await;
            if report.failed > 0 {
                // Each failure has its own line; this error makes Lambda count the
                // run as failed.
                return Err(Error::from("the sweep is not complete"));
            }
            let outcome = json!({ "outcome": "complete" });
            let metrics = [("Sweeps", "Count", 1.0)];
            observe::print("sweep", &outcome, &[(&[&["outcome"]], &metrics)]);
            Ok(report)
        },
    )
    .await
}

/// The report of one sweep.
#[derive(Debug, Default, Serialize)]
pub struct SweepReport {
    /// Number of tasks queued again.
    pub sent: usize,
    /// Number of promises parked.
    pub parked: usize,
    /// Number of leases ended because their worker was gone.
    pub released: usize,
    /// Number of states not read to their end, and of promises not reconciled.
    pub failed: usize,
}

/// The result for one promise.
enum Handled {
    Left,
    Sent,
    Parked,
    Released,
}

#[derive(Serialize)]
struct Backlog {
    state: &'static str,
    /// Nothing is open: said in the line alone. A metric is paid for by the month, and
    /// the alarms take none for nothing.
    #[serde(rename = "Open", skip_serializing_if = "Option::is_none")]
    empty: Option<u32>,
}

/// The states in which a promise may be open: all but the one in which nothing is
/// owed. What this sweep parks is for the next one to count, so parked comes first.
fn open_states() -> impl Iterator<Item = State> {
    let owes = |state: &State| !matches!(state, State::Confirmed | State::Parked);
    std::iter::once(State::Parked).chain(State::ALL.into_iter().filter(owes))
}

impl Worker {
    /// Sweeps once through all open promises. A failure is logged, and its promise
    /// left for the next sweep.
    pub async fn sweep(&self) -> SweepReport {
        let mut report = SweepReport::default();
        for state in open_states() {
            if let Err(error) = self.sweep_state(state, &mut report).await {
                tracing::error!(%error, state = state.name(), "sweep: not read");
                report.failed += 1;
            }
        }
        report
    }

    /// Sweeps the promises in one state. A state that is not read to its end is not
    /// counted: an alarm would take it for an empty state.
    async fn sweep_state(&self, state: State, report: &mut SweepReport) -> Result<(), StoreError> {
        let (mut count, mut oldest, mut page) = (0_u32, None, None);
        loop {
            let (open, next) = self.store.open(state, page).await?;
            count += u32::try_from(open.len()).unwrap_or(u32::MAX);
            oldest = oldest.or(open.iter().find_map(|open| open.open_since));
            if state != State::Parked {
                self.reconcile_all(&open, state, report).await;
            }
            page = next;
            if page.is_none() {
                break;
            }
        }
        report_backlog(state, count, oldest);
        Ok(())
    }

    async fn reconcile_all(&self, open: &[OpenPromise], state: State, report: &mut SweepReport) {
        let handled = futures_util::stream::iter(open)
            .map(|open| self.reconcile_one(&open.keys))
            .buffer_unordered(AT_ONCE);
        let handled: Vec<_> = handled.collect().await;
        for handled in handled {
            match handled {
                Ok(Handled::Left) => {}
                Ok(Handled::Sent) => report.sent += 1,
                Ok(Handled::Parked) => report.parked += 1,
                Ok(Handled::Released) => report.released += 1,
                // A promise that fails must not stop the others.
                Err(error) => {
                    tracing::error!(%error, state = state.name(), "sweep: left for next time");
                    report.failed += 1;
                }
            }
        }
    }

    async fn reconcile_one(&self, keys: &ItemKeys) -> Result<Handled, Error> {
        let pk = &keys.pk;
        let Some(promise) = self.store.promise(keys).await? else {
            return Ok(Handled::Left);
        };
        let now = Timestamp::now();
        let action = self.settings.limits().action(&promise, now);
        if action != Action::Leave {
            // Nothing is queued of what no worker could take.
            self.known_rewards(pk)?;
        }
        match action {
            Action::Leave => Ok(Handled::Left),
            Action::OverAge => {
                self.apply_unless_busy(pk, promise, &Input::OverAge).await?;
                Ok(Handled::Parked)
            }
            Action::Release => {
                self.apply_unless_busy(pk, promise, &self.worker_lost(now)).await?;
                Ok(Handled::Released)
            }
            Action::Witness => Box::pin(self.witness(pk, promise)).await,
            Action::Send(due) => {
                let message = Message { keys: keys.clone(), due };
                self.queues.send(&message, None, now).await?;
                self.note_sent(pk, &promise, now).await?;
                crash::point("after_note");
                Ok(Handled::Sent)
            }
        }
    }

    /// Reconciles a promise that was denied, or taken back, on the API's word
    /// alone: unless the record says the same by now, it is parked for the
    /// operator.
    async fn witness(&self, pk: &Partition, promise: Promise) -> Result<Handled, Error> {
        let known = self.store.read(pk, None, &[]).await?;
        let (Some(newest), Some(record)) = (known.promise, known.record) else {
            return Ok(Handled::Left);
        };
        if newest.version != promise.version {
            return Ok(Handled::Left);
        }
        let (policy, now, seen) = (&self.settings.policy, Timestamp::now(), Some(record.version));
        match reconcile(policy, self.known_rewards(pk)?, &newest, &record, now) {
            Transition::Changed(next) => {
                self.save_unless_overtaken(pk, &newest, slice::from_ref(&*next), seen).await?;
                Ok(Handled::Left)
            }
            Transition::NewEpoch { ended, next } => {
                self.save_unless_overtaken(pk, &newest, &[*ended, *next], seen).await?;
                Ok(Handled::Left)
            }
            Transition::Unchanged | Transition::Invalid(_) => {
                self.apply_unless_busy(pk, newest, &Input::Unwitnessed).await?;
                Ok(Handled::Parked)
            }
        }
    }

    /// Notes that the task was queued again. A worker or an event that writes at the
    /// same time is working on the promise already.
    async fn note_sent(
        &self,
        pk: &Partition,
        promise: &Promise,
        now: Timestamp,
    ) -> Result<(), Error> {
        let rules = self.rules(self.known_rewards(pk)?);
        let Transition::Changed(noted) = transition(promise, &Input::Redispatched, rules, now)
        else {
            return Ok(());
        };
        match self.store.save_one(pk, &noted).await {
            Ok(()) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Applies an input, unless a worker or an event writes to the promise at the
    /// same time: then that writer is working on the promise already.
    async fn apply_unless_busy(
        &self,
        pk: &Partition,
        promise: Promise,
        input: &Input,
    ) -> Result<(), Error> {
        let rewards = self.known_rewards(pk)?;
        match self.apply_with_retry(pk, rewards, promise, input).await {
            Ok(_) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn known_rewards(&self, pk: &Partition) -> Result<&'static Rewards, Error> {
        self.rewards_of(pk).ok_or_else(|| Error::from("a promise of a provider that nobody knows"))
    }
}

/// The sweep's limits: how long an open promise is left alone.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Seconds after which an open promise is over age.
    pub max_age_seconds: i64,
    /// Seconds that a due task may lie untouched.
    pub untouched_seconds: i64,
}

/// The sweep's action for one promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Do nothing.
    Leave,
    /// Queue the due task once more.
    Send(String),
    /// Park the promise for its age.
    OverAge,
    /// End the lease of a worker that is gone.
    Release,
    /// Reconcile the promise with its record: an event may have said by now what so
    /// far only the API said.
    Witness,
}

impl Limits {
    /// Decides the action for one promise.
    #[must_use]
    pub fn action(&self, promise: &Promise, now: Timestamp) -> Action {
        let leased = promise.lease.as_ref().is_some_and(|lease| lease.until > now);
        if leased || promise.state == State::Parked {
            return Action::Leave;
        }
        if promise.state.is_settled() && promise.due.is_none() {
            let since = now.ms().saturating_sub(promise.changed_at.ms());
            let late = promise.platform.unwitnessed && since >= self.untouched_seconds * 1000;
            return if late { Action::Witness } else { Action::Leave };
        }
        if now.seconds() - promise.open_at.seconds() > self.max_age_seconds {
            return Action::OverAge;
        }
        if promise.lease.is_some() && promise.due.is_none() {
            return Action::Release;
        }
        self.untouched(promise, now).map_or(Action::Leave, Action::Send)
    }

    /// The task that has been due for longer than it should. The bound doubles each
    /// time the task is queued again: where the workers are behind, the queue must
    /// not fill up with copies of the same task.
    fn untouched(&self, promise: &Promise, now: Timestamp) -> Option<String> {
        let lease = promise.lease.as_ref().map(|lease| lease.until);
        let since = [
            Some(promise.changed_at),
            promise.retry.not_before,
            lease,
            promise.retry.redispatched_at,
        ]
        .into_iter()
        .max()??;
        let bound =
            (self.untouched_seconds * 1000) << promise.retry.redispatch_count.min(MAX_DOUBLINGS);
        let late = now.ms() - since.ms() >= bound;
        promise.due.clone().filter(|_| late)
    }
}

fn report_backlog(state: State, count: u32, oldest: Option<Timestamp>) {
    let age = oldest.map_or(0, |at| (Timestamp::now().seconds() - at.seconds()).max(0));
    #[expect(clippy::cast_precision_loss, reason = "an age in seconds is far below 2^52")]
    let metrics = [("Open", "Count", f64::from(count)), ("OldestSeconds", "Seconds", age as f64)];
    let backlog = Backlog { state: state.name(), empty: (count == 0).then_some(0) };
    let sets: [observe::Metrics; 1] = [(&[&["state"]], &metrics)];
    observe::print("backlog", &backlog, if count == 0 { &[] } else { &sets });
}

//! Every five minutes: what is due and lies untouched is sent again, what is
//! open for too long waits for a person, and the backlog is counted.

use std::slice;

use futures_util::StreamExt;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::{Value, json};

use crate::aws::queue::Message;
use crate::aws::store::{Open, StoreError};
use crate::crash;
use crate::fulfilment::{Input, Promise, State, Stepped, reconcile, step};
use crate::observe;
use crate::wire::Timestamp;
use crate::work::{OPEN, Worker, provider_of};

/// Promises tended at once.
const AT_ONCE: usize = 16;
/// How often the bound for sending again doubles: two minutes become an hour.
const MAX_DOUBLINGS: u32 = 5;

/// Runs the function until its instance ends.
///
/// # Errors
/// When a setting is missing or wrong; the function then does not start.
pub async fn run() -> Result<(), Error> {
    let variable = |name: &str| std::env::var(name).ok();
    observe::start(variable("RUST_LOG").as_deref());
    let worker = Worker::from_env(&variable)?;
    let worker = &worker;
    lambda_runtime::run(service_fn(move |_: LambdaEvent<Value>| async move {
        let swept = worker.sweep().await;
        if swept.failed > 0 {
            // A line for each is printed; this one counts as Lambda's error.
            return Err(Error::from("the sweep is not complete"));
        }
        let outcome = json!({ "outcome": "complete" });
        let metrics = [("Sweeps", "Count", 1.0)];
        observe::print("sweep", &outcome, &[(json!([["outcome"]]), &metrics)]);
        Ok(swept)
    }))
    .await
}

/// What one sweep found and did.
#[derive(Debug, Default, Serialize)]
pub struct Swept {
    /// Messages sent again.
    pub sent: usize,
    /// Promises parked for their age.
    pub parked: usize,
    /// Leases whose holder is gone.
    pub released: usize,
    /// States not read to their end, and promises not tended.
    pub failed: usize,
}

/// What was done for one promise.
enum Tended {
    Left,
    Sent,
    Parked,
    Released,
}

#[derive(Serialize)]
struct Backlog {
    state: &'static str,
}

impl Worker {
    /// Sweeps once through everything that is open. What fails is logged and left
    /// for the next time.
    pub async fn sweep(&self) -> Swept {
        let mut swept = Swept::default();
        for state in OPEN {
            if let Err(error) = self.sweep_state(state, &mut swept).await {
                tracing::error!(%error, state = state.name(), "sweep: not read");
                swept.failed += 1;
            }
        }
        swept
    }

    /// What could not be read to its end is not counted either: an alarm would
    /// take it for an empty state.
    async fn sweep_state(&self, state: State, swept: &mut Swept) -> Result<(), StoreError> {
        let (mut count, mut oldest, mut page) = (0_u32, None, None);
        loop {
            let (open, next) = self.store.open(state, page).await?;
            count += u32::try_from(open.len()).unwrap_or(u32::MAX);
            oldest = oldest.or(open.first().map(|open| open.open_since));
            if state != State::Parked {
                self.tend_all(&open, state, swept).await;
            }
            page = next;
            if page.is_none() {
                break;
            }
        }
        report(state, count, oldest);
        Ok(())
    }

    async fn tend_all(&self, open: &[Open], state: State, swept: &mut Swept) {
        let tended = futures_util::stream::iter(open)
            .map(|open| self.tend(&open.pk, &open.sk))
            .buffer_unordered(AT_ONCE);
        let tended: Vec<_> = tended.collect().await;
        for tended in tended {
            match tended {
                Ok(Tended::Left) => {}
                Ok(Tended::Sent) => swept.sent += 1,
                Ok(Tended::Parked) => swept.parked += 1,
                Ok(Tended::Released) => swept.released += 1,
                // One that cannot be helped must not stop the others.
                Err(error) => {
                    tracing::error!(%error, state = state.name(), "sweep: left for next time");
                    swept.failed += 1;
                }
            }
        }
    }

    async fn tend(&self, pk: &str, sk: &str) -> Result<Tended, Error> {
        let Some(promise) = self.store.promise(pk, sk).await? else {
            return Ok(Tended::Left);
        };
        let now = Timestamp::now();
        match self.settings.limits().action(&promise, now) {
            Action::Leave => Ok(Tended::Left),
            Action::OverAge => {
                self.settle(pk, promise, &Input::OverAge).await?;
                Ok(Tended::Parked)
            }
            Action::Release => {
                self.settle(pk, promise, &self.worker_lost(now)).await?;
                Ok(Tended::Released)
            }
            Action::Witness => Box::pin(self.witness(pk, promise)).await,
            Action::Send(due) => {
                let message = Message { pk: pk.to_owned(), sk: sk.to_owned(), due };
                self.queues.send(&message, None, now).await?;
                self.note_sent(pk, &promise, now).await?;
                crash::point("after_note");
                Ok(Tended::Sent)
            }
        }
    }

    /// Denied or taken back on the API's word alone: unless the record says so by
    /// now, a person has to look.
    async fn witness(&self, pk: &str, promise: Promise) -> Result<Tended, Error> {
        let known = self.store.read(pk, None).await?;
        let (Some(newest), Some(record)) = (known.promise, known.record) else {
            return Ok(Tended::Left);
        };
        if newest.version != promise.version {
            return Ok(Tended::Left);
        }
        let (policy, now, seen) = (&self.settings.policy, Timestamp::now(), Some(record.version));
        match reconcile(policy, provider_of(pk), &newest, &record, now) {
            Stepped::Changed(next) => {
                self.save_unless_overtaken(pk, &newest, slice::from_ref(&*next), seen).await?;
                Ok(Tended::Left)
            }
            Stepped::NewEpoch { ended, next } => {
                self.save_unless_overtaken(pk, &newest, &[*ended, *next], seen).await?;
                Ok(Tended::Left)
            }
            Stepped::Unchanged | Stepped::Invalid(_) => {
                self.settle(pk, newest, &Input::Unwitnessed).await?;
                Ok(Tended::Parked)
            }
        }
    }

    /// Whoever writes at the same time is at it already.
    async fn note_sent(&self, pk: &str, promise: &Promise, now: Timestamp) -> Result<(), Error> {
        let reversals = self.settings.policy.reversals;
        let Stepped::Changed(noted) = step(promise, &Input::Resent, reversals, now) else {
            return Ok(());
        };
        match self.store.save(pk, slice::from_ref(&*noted)).await {
            Ok(()) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Somebody who writes at the same time settles it themselves.
    async fn settle(&self, pk: &str, promise: Promise, input: &Input) -> Result<(), StoreError> {
        match self.apply(pk, promise, input).await {
            Ok(_) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// For how long what is open is left alone.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Seconds until it is over age.
    pub max_age_seconds: i64,
    /// Seconds that something due may lie untouched.
    pub untouched_seconds: i64,
}

/// What the sweep does about one promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    Leave,
    /// Queue what is due once more.
    Send(String),
    /// Park it for its age.
    OverAge,
    /// End the lease of a worker that is gone.
    Release,
    /// See whether an event has said by now what only the API said.
    Witness,
}

impl Limits {
    /// Decides for one promise.
    #[must_use]
    pub fn action(&self, promise: &Promise, now: Timestamp) -> Action {
        let leased = promise.lease.as_ref().is_some_and(|lease| lease.until > now);
        if leased || promise.state == State::Parked {
            return Action::Leave;
        }
        if promise.state.is_settled() && promise.due.is_none() {
            let since = now.ms().saturating_sub(promise.changed_at.ms());
            let late = promise.unwitnessed && since >= self.untouched_seconds * 1000;
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

    /// What is due and has been for longer than it should. Each time that it
    /// was queued again, the next is further off: where the workers are behind,
    /// the queue must not fill up with the same.
    fn untouched(&self, promise: &Promise, now: Timestamp) -> Option<String> {
        let lease = promise.lease.as_ref().map(|lease| lease.until);
        let since = [Some(promise.changed_at), promise.not_before, lease, promise.resent_at]
            .into_iter()
            .max()??;
        let bound = (self.untouched_seconds * 1000) << promise.resent.min(MAX_DOUBLINGS);
        let late = now.ms() - since.ms() >= bound;
        promise.due.clone().filter(|_| late)
    }
}

fn report(state: State, count: u32, oldest: Option<Timestamp>) {
    let age = oldest.map_or(0, |at| (Timestamp::now().seconds() - at.seconds()).max(0));
    #[expect(clippy::cast_precision_loss, reason = "an age in seconds is far below 2^52")]
    let metrics = [("Open", "Count", f64::from(count)), ("OldestSeconds", "Seconds", age as f64)];
    let backlog = Backlog { state: state.name() };
    observe::print("backlog", &backlog, &[(json!([["state"]]), &metrics)]);
}

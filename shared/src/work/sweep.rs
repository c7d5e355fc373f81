//! Every five minutes: what is due and lies untouched is sent again, what is
//! open for too long waits for a person, and the backlog is counted.

use futures_util::StreamExt;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::{Value, json};

use crate::crash;
use crate::fulfilment::{Input, Promise, State, Stepped, step};
use crate::observe;
use crate::queue::Message;
use crate::store::{Open, StoreError};
use crate::timestamp::Timestamp;
use crate::work::{OPEN, Worker};

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
        let leased = promise.lease.as_ref().is_some_and(|lease| lease.until > now);
        let settled = promise.state.is_settled() && promise.due.is_none();
        if leased || settled || promise.state == State::Parked {
            return Ok(Tended::Left);
        }
        if now.seconds() - promise.open_at.seconds() > self.settings.max_age_seconds {
            self.settle(pk, promise, &Input::OverAge).await?;
            return Ok(Tended::Parked);
        }
        if promise.lease.is_some() && promise.due.is_none() {
            self.settle(pk, promise, &self.crashed(now)).await?;
            return Ok(Tended::Released);
        }
        if let Some(due) = self.untouched(&promise, now) {
            let message = Message { pk: pk.to_owned(), sk: sk.to_owned(), due };
            self.queues.send(&message, None, now).await?;
            self.note_sent(pk, &promise, now).await?;
            crash::point("after_note");
            return Ok(Tended::Sent);
        }
        Ok(Tended::Left)
    }

    /// Whoever writes at the same time is at it already.
    async fn note_sent(&self, pk: &str, promise: &Promise, now: Timestamp) -> Result<(), Error> {
        let reversals = self.settings.policy.reversals;
        let Stepped::Changed(noted) = step(promise, &Input::Resent, reversals, now) else {
            return Ok(());
        };
        match self.store.save(pk, std::slice::from_ref(&*noted)).await {
            Ok(()) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// What is due and has been for longer than it should. Each time that it
    /// was queued again, the next is further off: where the workers are behind,
    /// the queue must not fill up with the same.
    fn untouched(&self, promise: &Promise, now: Timestamp) -> Option<String> {
        let lease = promise.lease.as_ref().map(|lease| lease.until);
        let since = [Some(promise.changed_at), promise.not_before, lease, promise.resent_at]
            .into_iter()
            .max()??;
        let bound = (self.settings.untouched_seconds * 1000) << promise.resent.min(MAX_DOUBLINGS);
        let late = now.ms() - since.ms() >= bound;
        promise.due.clone().filter(|_| late)
    }

    /// Somebody who writes at the same time settles it themselves.
    async fn settle(&self, pk: &str, promise: Promise, input: &Input) -> Result<(), StoreError> {
        match self.apply(pk, promise, input).await {
            Ok(_) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn report(state: State, count: u32, oldest: Option<Timestamp>) {
    let age = oldest.map_or(0, |at| (Timestamp::now().seconds() - at.seconds()).max(0));
    #[expect(clippy::cast_precision_loss, reason = "an age in seconds is far below 2^52")]
    let metrics = [("Open", "Count", f64::from(count)), ("OldestSeconds", "Seconds", age as f64)];
    let backlog = Backlog { state: state.name() };
    observe::print("backlog", &backlog, &[(json!([["state"]]), &metrics)]);
}

//! Every five minutes: what is due and lies untouched is sent again, what is
//! open for too long waits for a person, and the backlog is counted.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::{Value, json};

use crate::fulfilment::{Input, Promise, State};
use crate::observe;
use crate::queue::Message;
use crate::store::StoreError;
use crate::timestamp::Timestamp;
use crate::work::{OPEN, Worker};

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
        Ok::<_, Error>(worker.sweep().await)
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
            let (mut count, mut oldest, mut page) = (0_u32, None, None);
            loop {
                let (open, next) = match self.store.open(state, page).await {
                    Ok(found) => found,
                    Err(error) => {
                        tracing::error!(%error, state = state.name(), "sweep: not read");
                        break;
                    }
                };
                for open in open {
                    count += 1;
                    oldest = oldest.or(Some(open.open_since));
                    if state != State::Parked {
                        // One that cannot be helped must not stop the others.
                        if let Err(error) = self.tend(&open.pk, &open.sk, &mut swept).await {
                            tracing::error!(%error, state = state.name(), "sweep: left for next time");
                        }
                    }
                }
                page = next;
                if page.is_none() {
                    break;
                }
            }
            report(state, count, oldest);
        }
        swept
    }

    async fn tend(&self, pk: &str, sk: &str, swept: &mut Swept) -> Result<(), Error> {
        let Some(promise) = self.store.promise(pk, sk).await? else {
            return Ok(());
        };
        let now = Timestamp::now();
        let leased = promise
            .lease
            .as_ref()
            .is_some_and(|lease| lease.until > now);
        let settled = promise.state.is_settled() && promise.due.is_none();
        if leased || settled || promise.state == State::Parked {
            return Ok(());
        }
        if now.seconds() - promise.open_at.seconds() > self.settings.max_age_seconds {
            swept.parked += 1;
            return Ok(self.settle(pk, promise, &Input::OverAge).await?);
        }
        if promise.lease.is_some() && promise.due.is_none() {
            swept.released += 1;
            return Ok(self.settle(pk, promise, &self.crashed(now)).await?);
        }
        if let Some(due) = self.untouched(&promise, now) {
            let message = Message {
                pk: pk.to_owned(),
                sk: sk.to_owned(),
                due,
            };
            self.queues.send(&message, None, now).await?;
            swept.sent += 1;
        }
        Ok(())
    }

    /// What is due and has been for longer than it should.
    fn untouched(&self, promise: &Promise, now: Timestamp) -> Option<String> {
        let lease = promise.lease.as_ref().map(|lease| lease.until);
        let since = [Some(promise.changed_at), promise.not_before, lease]
            .into_iter()
            .max()??;
        let late = now.ms() - since.ms() >= self.settings.untouched_seconds * 1000;
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
    #[expect(
        clippy::cast_precision_loss,
        reason = "an age in seconds is far below 2^52"
    )]
    let metrics = [
        ("Open", "Count", f64::from(count)),
        ("OldestSeconds", "Seconds", age as f64),
    ];
    observe::print(
        "backlog",
        &Backlog {
            state: state.name(),
        },
        &json!([["state"]]),
        &metrics,
    );
}

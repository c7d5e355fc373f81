//! Calls of the platforms: look-ups, approvals, "fulfilled".

mod ask;
mod single;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::Error;
use serde_json::json;

use crate::fulfilment::{Input, State};
use crate::ledger::Provider;
use crate::platform::credentials::Credentials;
use crate::platform::http::{Http, HttpOptions};
use crate::platform::{AT_ONCE, Api, Pacer, takes_several};
use crate::provider::RewardsList;
use crate::settings::Env;
use crate::work::confirm::single::{Single, mark_fulfilled_batch};
use crate::work::{Claim, Worker, response};
use crate::{function, observe};

/// The time after which a batch begins no more calls for single rewards: a claimed
/// promise must not be cut off by the function's time-out.
const ENOUGH: Duration = Duration::from_mins(1);

/// The parts of the confirming function that live as long as its instance.
struct Confirmer {
    worker: Worker,
    http: Http,
    pacer: Pacer,
}

/// Runs the function until its instance ends.
///
/// # Errors
/// A setting is missing or wrong; the function then does not start.
pub async fn run(rewards: RewardsList) -> Result<(), Error> {
    function::start(
        |env| Confirmer::from_env(rewards, env),
        |confirmer, event: SqsEvent| async { Ok(Box::pin(confirmer.batch(event)).await) },
    )
    .await
}

/// A claimed promise with the message that named it.
struct Job {
    message_id: Option<String>,
    claim: Claim,
}

impl Confirmer {
    fn from_env(rewards: RewardsList, env: Env) -> Result<Self, Error> {
        let worker = Worker::from_env(rewards, env)?;
        let timeout = Duration::from_secs(worker.settings.timeout_seconds);
        let options = HttpOptions { timeout, plain: worker.settings.local, reuse: true };
        Ok(Self {
            http: Http::new(&options)?,
            pacer: Pacer::new(Duration::from_millis(worker.settings.platforms.spacing_ms)),
            worker,
        })
    }

    async fn batch(&self, event: SqsEvent) -> SqsBatchResponse {
        let started = Instant::now();
        let mut failed = Vec::new();
        let (mut together, mut alone) = (Vec::new(), Vec::new());
        for message in event.records {
            match self.worker.claim(&message).await {
                Ok(Some(claim)) => {
                    let job = Job { message_id: message.message_id, claim };
                    if job.can_go_together() {
                        together.push(job);
                    } else {
                        alone.push(job);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(%error, "confirm: the message comes again");
                    failed.extend(message.message_id);
                }
            }
        }
        let Ok(credentials) = self.worker.credentials.get().await else {
            for job in alone.into_iter().chain(together) {
                let input = self.later(&job.claim, "the credentials cannot be fetched");
                self.record(job, &input, &mut failed).await;
            }
            return response(failed);
        };
        // First the rewards that go together, done within four calls; then the
        // single ones, which begin only while time is left.
        for jobs in by_provider(together) {
            let mut jobs = jobs.into_iter().peekable();
            while jobs.peek().is_some() {
                let chunk: Vec<Job> = jobs.by_ref().take(AT_ONCE).collect();
                let outcomes = self.run_together(&chunk, &credentials).await;
                for (job, outcome) in chunk.into_iter().zip(outcomes) {
                    let input = self.unless_rotated(&job.claim, outcome, &credentials).await;
                    self.record(job, &input, &mut failed).await;
                }
            }
        }
        for job in alone {
            let outcome = if started.elapsed() > ENOUGH {
                self.later(&job.claim, "no time was left for it").into()
            } else {
                self.run_single(&job.claim, &credentials).await
            };
            let input = self.unless_rotated(&job.claim, outcome, &credentials).await;
            self.record(job, &input, &mut failed).await;
        }
        response(failed)
    }

    /// The input for a promise whose task has to wait for a reason that is not its
    /// own.
    fn later(&self, claim: &Claim, last: &str) -> Input {
        let not_before = self.worker.not_before(claim.promise.retry.attempts, None);
        Input::retry_later(not_before, last, claim.promise.platform.batch_id.clone())
    }

    /// The input that an outcome has for the promise. A refused key may be one that
    /// was replaced a moment ago. If it was not, no promise is at fault: all of
    /// them wait, slowly, until the operator has mended the key.
    async fn unless_rotated(
        &self,
        claim: &Claim,
        outcome: Outcome,
        used: &Arc<Credentials>,
    ) -> Input {
        let cause = match outcome {
            Outcome::Answered(input) => return *input,
            Outcome::KeyRefused(cause) => cause,
        };
        // Nobody else can cause these fetches: only our own calls come here, and
        // they are paced.
        let credentials = &self.worker.credentials;
        if credentials.newer_than(used, Duration::ZERO).await.is_some() {
            return self.later(claim, "the key was replaced");
        }
        let refused = json!({ "outcome": "platform_refused", "last": cause });
        let metrics = [("PlatformRefused", "Count", 1.0)];
        observe::print("platform_refused", &refused, &[(&[&["outcome"]], &metrics)]);
        let batch = claim.promise.platform.batch_id.clone();
        Input::retry_later(self.worker.slowly(), cause, batch)
    }

    async fn record(&self, job: Job, input: &Input, failed: &mut Vec<String>) {
        let (pk, due) = (job.claim.pk.clone(), job.claim.promise.due.clone());
        let recorded = match input {
            Input::DeniedThere { .. } => Box::pin(self.worker.deny(job.claim, input)).await,
            input => {
                let Claim { rewards, promise, .. } = job.claim;
                Box::pin(self.worker.apply_with_retry(&pk, rewards, promise, input)).await
            }
        };
        match recorded {
            // The stream sends only a task that became due, and this one was due
            // before.
            Ok(next) if next.due == due => self.worker.send_again(&pk, &next).await,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "confirm: the message comes again");
                failed.extend(job.message_id);
            }
        }
    }

    /// Carries out the task of one promise at its platform.
    async fn run_single(&self, claim: &Claim, credentials: &Credentials) -> Outcome {
        let single = match self.single(claim, credentials) {
            Ok(single) => single,
            Err(outcome) => return outcome,
        };
        match claim.promise.state {
            State::LookupDue | State::AwaitingApproval => single.look_up().await,
            State::ApprovalDue => single.approve().await,
            State::Reversed => single.unmark().await,
            _ => single.confirm().await,
        }
    }

    /// Tells the platform of several fresh deliveries in one call. The outcomes are
    /// in the order of `jobs`.
    async fn run_together(&self, jobs: &[Job], credentials: &Credentials) -> Vec<Outcome> {
        let singles: Result<Vec<Single>, _> =
            jobs.iter().map(|job| self.single(&job.claim, credentials)).collect();
        match singles {
            Ok(singles) => mark_fulfilled_batch(&singles).await,
            Err(_) => jobs.iter().map(|_| Outcome::no_client()).collect(),
        }
    }

    fn single<'a>(
        &'a self,
        claim: &'a Claim,
        credentials: &'a Credentials,
    ) -> Result<Single<'a>, Outcome> {
        let platforms = &self.worker.settings.platforms;
        let provider = claim.rewards.provider;
        let api = Api::of(provider, platforms, &self.http, &self.pacer, credentials);
        let api = api.ok_or_else(Outcome::no_client)?;
        Ok(Single { worker: &self.worker, claim, api })
    }
}

/// The outcome of calling the platform.
enum Outcome {
    /// The input that the platform's answer, or the lack of one, means for the
    /// promise.
    Answered(Box<Input>),
    /// The platform refuses our key, or there is none; with the cause.
    KeyRefused(String),
}

impl Outcome {
    fn no_client() -> Self {
        Self::KeyRefused("there is no client for its platform".into())
    }
}

impl From<Input> for Outcome {
    fn from(input: Input) -> Self {
        Self::Answered(Box::new(input))
    }
}

impl Job {
    /// True for a fresh delivery that the platform has not been told of yet, where
    /// its API takes several at once.
    fn can_go_together(&self) -> bool {
        let promise = &self.claim.promise;
        let fresh = !promise.effect_uncertain && promise.platform.batch_id.is_none();
        let several = takes_several(self.claim.rewards.provider);
        promise.state == State::Confirming && fresh && several
    }
}

/// The jobs in their order, grouped by provider.
fn by_provider(jobs: Vec<Job>) -> impl Iterator<Item = Vec<Job>> {
    let mut by_provider: BTreeMap<Provider, Vec<Job>> = BTreeMap::new();
    for job in jobs {
        by_provider.entry(job.claim.rewards.provider).or_default().push(job);
    }
    by_provider.into_values()
}

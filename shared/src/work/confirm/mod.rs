//! What the platform is asked and told: look-ups, approvals, "fulfilled".

mod ask;

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::json;

use crate::fulfilment::{Input, Question, Standing, State, Terms, View};
use crate::observe;
use crate::platform::credentials::Credentials;
use crate::platform::firstpromoter::{Api, CHUNK};
use crate::platform::http::Http;
use crate::platform::{Change, NoAnswer, Pacer, firstpromoter_v1};
use crate::work::{Claim, Worker, response};

/// The time after which a batch begins no more calls for a single reward: what
/// is claimed must not be cut off by the function's time-out.
const ENOUGH: Duration = Duration::from_mins(1);

/// What the confirming function keeps between batches.
struct Confirmer {
    worker: Worker,
    http: Http,
    pacer: Pacer,
}

/// Runs the function until its instance ends.
///
/// # Errors
/// When a setting is missing or wrong; the function then does not start.
pub async fn run() -> Result<(), Error> {
    let variable = |name: &str| std::env::var(name).ok();
    observe::start(variable("RUST_LOG").as_deref());
    let worker = Worker::from_env(&variable)?;
    let confirmer = Confirmer {
        http: Http::new(
            Duration::from_secs(worker.settings.timeout_seconds),
            worker.settings.local,
            true,
        )?,
        pacer: Pacer::new(Duration::from_millis(worker.settings.spacing_ms)),
        worker,
    };
    let confirmer = &confirmer;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(Box::pin(confirmer.batch(event.payload)).await)
    }))
    .await
}

/// A claimed promise with the message it came by.
struct Job {
    message_id: Option<String>,
    claim: Claim,
}

impl Confirmer {
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
        // First what has its end within four calls, then what is given up in time.
        let mut together = together.into_iter().peekable();
        while together.peek().is_some() {
            let chunk: Vec<Job> = together.by_ref().take(CHUNK).collect();
            let outcomes = self.mark(&chunk, &credentials).await;
            for (job, outcome) in chunk.into_iter().zip(outcomes) {
                let input = self.unless_rotated(&job.claim, outcome, &credentials).await;
                self.record(job, &input, &mut failed).await;
            }
        }
        for job in alone {
            let outcome = if started.elapsed() > ENOUGH {
                self.later(&job.claim, "no time was left for it").into()
            } else {
                self.one(&job.claim, &credentials).await
            };
            let input = self.unless_rotated(&job.claim, outcome, &credentials).await;
            self.record(job, &input, &mut failed).await;
        }
        response(failed)
    }

    /// Not now, for a reason that is not the promise's.
    fn later(&self, claim: &Claim, last: &str) -> Input {
        let not_before = self.worker.not_before(claim.promise.attempts, None);
        Input::Again { not_before, last: last.to_owned(), batch: claim.promise.batch.clone() }
    }

    /// A refused key may be one that was replaced a moment ago. If not, it is
    /// nobody's fault here: all wait, slowly, until somebody has mended it.
    async fn unless_rotated(
        &self,
        claim: &Claim,
        outcome: Outcome,
        used: &Arc<Credentials>,
    ) -> Input {
        let word = match outcome {
            Outcome::Heard(input) => return *input,
            Outcome::KeyRefused(word) => word,
        };
        // Only our own calls come here, and they are paced.
        let credentials = &self.worker.credentials;
        if credentials.newer_than(used, Duration::ZERO).await.is_some() {
            return self.later(claim, "the key was replaced");
        }
        let refused = json!({ "outcome": "platform_refused", "last": word });
        let metrics = [("PlatformRefused", "Count", 1.0)];
        observe::print("platform_refused", &refused, &[(json!([["outcome"]]), &metrics)]);
        let batch = claim.promise.batch.clone();
        Input::Again { not_before: self.worker.slowly(), last: word, batch }
    }

    async fn record(&self, job: Job, input: &Input, failed: &mut Vec<String>) {
        let (pk, due) = (job.claim.pk.clone(), job.claim.promise.due.clone());
        let recorded = match input {
            Input::DeniedThere { .. } => self.worker.deny(job.claim, input).await,
            input => self.worker.apply(&pk, job.claim.promise, input).await,
        };
        match recorded {
            // The stream has nothing new to tell.
            Ok(next) if next.due == due => self.worker.send_again(&pk, &next).await,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "confirm: the message comes again");
                failed.extend(job.message_id);
            }
        }
    }

    fn v2<'a>(&'a self, credentials: &'a Credentials) -> Api<'a> {
        Api {
            http: &self.http,
            base: &self.worker.settings.firstpromoter_url,
            pacer: &self.pacer,
            credentials: credentials.firstpromoter.as_ref(),
        }
    }

    fn v1<'a>(&'a self, credentials: &'a Credentials) -> firstpromoter_v1::Api<'a> {
        firstpromoter_v1::Api {
            http: &self.http,
            base: &self.worker.settings.firstpromoter_v1_url,
            pacer: &self.pacer,
            credentials: credentials.firstpromoter_v1.as_ref(),
            patience: Duration::from_secs(self.worker.settings.look_up_seconds),
        }
    }

    /// A step that concerns one reward alone.
    async fn one(&self, claim: &Claim, credentials: &Credentials) -> Outcome {
        match claim.promise.state {
            State::LookupDue | State::AwaitingApproval => self.look_up(claim, credentials).await,
            State::ApprovalDue => self.approve(claim, credentials).await,
            State::Reversed => self.unmark(claim, credentials).await,
            _ => self.confirm(claim, credentials).await,
        }
    }

    /// How the platform shows it; `terms` are what v1 is compared with.
    async fn view(
        &self,
        claim: &Claim,
        terms: &Terms,
        credentials: &Credentials,
    ) -> Result<View, NoAnswer> {
        let id = claim.subject_id();
        if claim.is_v1() {
            return self.v1(credentials).view(id, terms).await;
        }
        let policy = &self.worker.settings.policy;
        let views = self.v2(credentials).views(&[id], policy).await?;
        Ok(views.into_iter().next().unwrap_or_else(|| View::of(Standing::NotFound)))
    }

    /// Tells the platform that what was taken back is not fulfilled.
    async fn unmark(&self, claim: &Claim, credentials: &Credentials) -> Outcome {
        let batch = claim.promise.batch.clone();
        let change = if let Some(batch) = &batch {
            self.v2(credentials).batch(batch).await
        } else {
            let ids = [claim.subject_id()];
            self.v2(credentials).mark_unfulfilled(&ids).await
        };
        match change {
            Change::Done => Input::Done.into(),
            Change::Accepted(batch) => self.accepted(claim, batch).into(),
            Change::NotYet(no_answer) => self.again_with(claim, no_answer, batch),
            // Saying so twice is harmless.
            Change::Unknown(last) => self.unknown(claim, last).into(),
            Change::LookEach => match self.view(claim, &claim.promise.terms, credentials).await {
                Ok(View { standing: Standing::Fulfilled, .. }) => {
                    Input::Refused("unmarking_refused".into()).into()
                }
                Ok(_) => Input::Done.into(),
                Err(no_answer) => self.again(claim, no_answer),
            },
        }
    }

    /// Tells the platform, after asking what it knows already.
    async fn confirm(&self, claim: &Claim, credentials: &Credentials) -> Outcome {
        if let Some(batch) = &claim.promise.batch {
            match self.v2(credentials).batch(batch).await {
                Change::Accepted(batch) => return self.accepted(claim, batch).into(),
                Change::NotYet(no_answer) => {
                    return self.again_with(claim, no_answer, Some(batch.clone()));
                }
                Change::Unknown(last) => return self.unknown(claim, last).into(),
                Change::Done | Change::LookEach => {}
            }
        }
        let question = self.question(claim);
        match self.view(claim, &claim.promise.terms, credentials).await {
            Ok(View { standing: Standing::Fulfilled, .. }) => return Input::Done.into(),
            Ok(View { standing: Standing::Approved, .. }) => {}
            Ok(view) => return question.not_approved(&view).into(),
            Err(no_answer) => return self.again(claim, no_answer),
        }
        let id = claim.subject_id();
        let change = if claim.is_v1() {
            self.v1(credentials).complete(id).await
        } else {
            self.v2(credentials).mark_fulfilled(&[id]).await
        };
        self.changed(claim, change, credentials).await
    }

    /// Tells the platform of several fresh deliveries in one call.
    async fn mark(&self, jobs: &[Job], credentials: &Credentials) -> Vec<Outcome> {
        let ids: Vec<&str> = jobs.iter().map(|job| job.claim.subject_id()).collect();
        let change = self.v2(credentials).mark_fulfilled(&ids).await;
        if change == Change::LookEach {
            return self.look_at(jobs, &ids, credentials).await;
        }
        let mut outcomes = Vec::new();
        for job in jobs {
            outcomes.push(self.changed(&job.claim, change.clone(), credentials).await);
        }
        outcomes
    }

    /// After a call that did not succeed as a whole: each as it stands.
    async fn look_at(&self, jobs: &[Job], ids: &[&str], credentials: &Credentials) -> Vec<Outcome> {
        let questions: Vec<Question> = jobs.iter().map(|job| self.question(&job.claim)).collect();
        let policy = &self.worker.settings.policy;
        match self.v2(credentials).views(ids, policy).await {
            Ok(views) => {
                let asked = jobs.iter().zip(questions).zip(views);
                asked
                    .map(|((job, question), view)| self.stands(&job.claim, &question, &view).into())
                    .collect()
            }
            // The call may have worked for some: unknown until asked.
            Err(no_answer) => {
                let word = no_answer.word;
                jobs.iter().map(|job| self.unknown(&job.claim, word.clone()).into()).collect()
            }
        }
    }

    async fn changed(&self, claim: &Claim, change: Change, credentials: &Credentials) -> Outcome {
        match change {
            Change::Done => Input::Done.into(),
            Change::Accepted(batch) => self.accepted(claim, batch).into(),
            Change::NotYet(no_answer) => self.again(claim, no_answer),
            Change::Unknown(last) => self.unknown(claim, last).into(),
            Change::LookEach => {
                let question = self.question(claim);
                match self.view(claim, &claim.promise.terms, credentials).await {
                    Ok(view) => self.stands(claim, &question, &view).into(),
                    Err(no_answer) => self.unknown(claim, no_answer.word).into(),
                }
            }
        }
    }

    fn stands(&self, claim: &Claim, question: &Question, view: &View) -> Input {
        match view.standing {
            Standing::Fulfilled => Input::Done,
            // Approved, and its payout record is not there yet, or the list does
            // not show yet what the call did.
            Standing::Approved => self.unknown(claim, "not fulfillable yet".into()),
            _ => question.not_approved(view),
        }
    }

    fn accepted(&self, claim: &Claim, batch: String) -> Input {
        let not_before = self.worker.not_before(claim.promise.attempts, None);
        Input::Again { not_before, last: "accepted".into(), batch: Some(batch) }
    }

    fn again(&self, claim: &Claim, no_answer: NoAnswer) -> Outcome {
        self.again_with(claim, no_answer, None)
    }

    fn again_with(&self, claim: &Claim, no_answer: NoAnswer, batch: Option<String>) -> Outcome {
        if no_answer.refused {
            return Outcome::KeyRefused(no_answer.word);
        }
        let attempts = claim.promise.attempts;
        let not_before = self.worker.not_before(attempts, no_answer.retry_after);
        Input::Again { not_before, last: no_answer.word, batch }.into()
    }

    fn unknown(&self, claim: &Claim, last: String) -> Input {
        let not_before = self.worker.not_before(claim.promise.attempts, None);
        Input::Unknown { not_before, last, repeatable: true }
    }
}

/// What the platform was heard to say.
enum Outcome {
    /// What it means for the promise.
    Heard(Box<Input>),
    /// It refuses our key, or there is none: the word says how.
    KeyRefused(String),
}

impl From<Input> for Outcome {
    fn from(input: Input) -> Self {
        Self::Heard(Box::new(input))
    }
}

impl Job {
    /// A fresh delivery of v2, which nobody has told the platform of yet.
    fn can_go_together(&self) -> bool {
        let promise = &self.claim.promise;
        let fresh = !promise.check && promise.batch.is_none();
        promise.state == State::Confirming && fresh && !self.claim.is_v1()
    }
}

//! Calls of the platform for one reward.

use crate::fulfilment::{Input, ParkReason, PlatformStatus, Question, Terms, View};
use crate::platform::{Api, NoAnswer, WriteResult};
use crate::work::confirm::Outcome;
use crate::work::{Claim, Worker};

/// One reward, and the client of its platform.
pub(super) struct Single<'a> {
    pub(super) worker: &'a Worker,
    pub(super) claim: &'a Claim,
    pub(super) api: Api<'a>,
}

impl Single<'_> {
    /// Reads how the platform shows the reward; `terms` are compared with it where
    /// the API shows less.
    pub(super) async fn view(&self, terms: &Terms) -> Result<View, NoAnswer> {
        self.api.view(self.claim.pk.id(), &self.worker.settings.policy, terms).await
    }

    /// Tells the platform that a reward that was taken back is not fulfilled any
    /// more.
    pub(super) async fn unmark(&self) -> Outcome {
        let batch = self.claim.promise.platform.batch_id.clone();
        let result = match &batch {
            Some(batch) => self.api.batch(batch).await,
            None => self.api.mark_unfulfilled(self.claim.pk.id()).await,
        };
        match result {
            WriteResult::Done => Input::Done.into(),
            WriteResult::Accepted(batch) => self.accepted(batch).into(),
            WriteResult::NotYet(no_answer) => self.ask_again(no_answer, batch),
            // A second call of this kind is harmless.
            WriteResult::Unknown(last) => self.unknown(last).into(),
            WriteResult::CheckEach => match self.view(&self.claim.promise.terms).await {
                Ok(View { standing: PlatformStatus::Fulfilled, .. }) => {
                    Input::Refused(ParkReason::UnmarkingRefused).into()
                }
                Ok(_) => Input::Done.into(),
                Err(no_answer) => self.ask_again(no_answer, None),
            },
        }
    }

    /// Tells the platform that the reward was given, after asking how it shows it.
    pub(super) async fn confirm(&self) -> Outcome {
        if let Some(batch) = &self.claim.promise.platform.batch_id {
            match self.api.batch(batch).await {
                WriteResult::Accepted(batch) => return self.accepted(batch).into(),
                WriteResult::NotYet(no_answer) => {
                    return self.ask_again(no_answer, Some(batch.clone()));
                }
                WriteResult::Unknown(last) => return self.unknown(last).into(),
                WriteResult::Done | WriteResult::CheckEach => {}
            }
        }
        let question = self.question();
        match self.view(&self.claim.promise.terms).await {
            Ok(View { standing: PlatformStatus::Fulfilled, .. }) => return Input::Done.into(),
            Ok(View { standing: PlatformStatus::Approved, .. }) => {}
            Ok(view) => return question.not_approved(&view).into(),
            Err(no_answer) => return self.ask_again(no_answer, None),
        }
        let result = self.api.mark_fulfilled(&[self.claim.pk.id()]).await;
        self.marked(result).await
    }

    /// The outcome of telling the platform that the reward was given.
    async fn marked(&self, result: WriteResult) -> Outcome {
        match result {
            WriteResult::Done => Input::Done.into(),
            WriteResult::Accepted(batch) => self.accepted(batch).into(),
            WriteResult::NotYet(no_answer) => self.ask_again(no_answer, None),
            WriteResult::Unknown(last) => self.unknown(last).into(),
            WriteResult::CheckEach => {
                let question = self.question();
                match self.view(&self.claim.promise.terms).await {
                    Ok(view) => self.shown(&question, &view).into(),
                    Err(no_answer) => self.unknown(no_answer.cause).into(),
                }
            }
        }
    }

    /// The input for how the platform shows the reward after it was told.
    fn shown(&self, question: &Question, view: &View) -> Input {
        match view.standing {
            PlatformStatus::Fulfilled => Input::Done,
            // The reward is approved, and its payout record is not there yet, or
            // the list does not show yet what the call did.
            PlatformStatus::Approved => self.unknown("not fulfillable yet".into()),
            _ => question.not_approved(view),
        }
    }

    fn accepted(&self, batch: String) -> Input {
        let not_before = self.worker.not_before(self.claim.promise.retry.attempts, None);
        Input::retry_later(not_before, "accepted", Some(batch))
    }

    /// The outcome of a question without an answer: ask again later, unless the key
    /// is refused.
    pub(super) fn ask_again(&self, no_answer: NoAnswer, batch: Option<String>) -> Outcome {
        if no_answer.refused {
            return Outcome::KeyRefused(no_answer.cause);
        }
        let attempts = self.claim.promise.retry.attempts;
        let not_before = self.worker.not_before(attempts, no_answer.retry_after);
        Input::retry_later(not_before, no_answer.cause, batch).into()
    }

    pub(super) fn unknown(&self, last: String) -> Input {
        let not_before = self.worker.not_before(self.claim.promise.retry.attempts, None);
        Input::Unknown { not_before, last, repeatable: true }
    }
}

/// Tells the platform of several rewards of one provider in one call. The outcomes
/// are in the order of `rewards`.
pub(super) async fn mark_fulfilled_batch(rewards: &[Single<'_>]) -> Vec<Outcome> {
    let Some(first) = rewards.first() else {
        return Vec::new();
    };
    let ids: Vec<&str> = rewards.iter().map(|single| single.claim.pk.id()).collect();
    let result = first.api.mark_fulfilled(&ids).await;
    if result == WriteResult::CheckEach {
        return check_each(rewards, &ids).await;
    }
    let mut outcomes = Vec::new();
    for single in rewards {
        outcomes.push(single.marked(result.clone()).await);
    }
    outcomes
}

/// Reads how the platform shows each reward after a call that did not succeed as a
/// whole.
async fn check_each(rewards: &[Single<'_>], ids: &[&str]) -> Vec<Outcome> {
    let questions: Vec<Question> = rewards.iter().map(Single::question).collect();
    let Some(first) = rewards.first() else {
        return Vec::new();
    };
    match first.api.views(ids, &first.worker.settings.policy).await {
        Ok(views) => {
            let asked = rewards.iter().zip(questions).zip(views);
            asked.map(|((single, question), view)| single.shown(&question, &view).into()).collect()
        }
        // The call may have worked for some rewards: unknown until the platform is
        // asked.
        Err(NoAnswer { cause, .. }) => {
            rewards.iter().map(|single| single.unknown(cause.clone()).into()).collect()
        }
    }
}

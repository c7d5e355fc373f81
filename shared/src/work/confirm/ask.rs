//! Questions to the platform before anything is given.

use crate::fulfilment::{Input, ParkReason, Question};
use crate::platform::WriteResult;
use crate::wire::Timestamp;
use crate::work::confirm::Outcome;
use crate::work::confirm::single::Single;

impl Single<'_> {
    /// A question to the platform about the promise, asked now.
    pub(super) fn question(&self) -> Question<'_> {
        let settings = &self.worker.settings;
        Question {
            policy: &settings.policy,
            rewards: self.claim.rewards,
            promise: &self.claim.promise,
            record: &self.claim.record,
            asked_at: Timestamp::now(),
            ask_again_at: self.worker.not_before(self.claim.promise.retry.attempts, None),
            platform_lag_ms: settings.platform_lag_ms,
        }
    }

    /// Asks the platform how it shows the reward.
    pub(super) async fn look_up(&self) -> Outcome {
        let question = self.question();
        if let Some(input) = question.needs_no_answer() {
            return input.into();
        }
        match self.view(&question.known()).await {
            Ok(view) => question.looked_up(&view).into(),
            Err(no_answer) => self.ask_again(no_answer, None),
        }
    }

    /// Asks the platform to approve the reward while it is pending, and never
    /// otherwise: somebody may have denied it at the platform since.
    pub(super) async fn approve(&self) -> Outcome {
        if let Err(outcome) = self.may_approve().await {
            return outcome;
        }
        match self.api.approve(self.claim.pk.id()).await {
            WriteResult::Done | WriteResult::Accepted(_) => {
                Input::ApprovalRequested(self.worker.not_before(1, None)).into()
            }
            WriteResult::NotYet(no_answer) => self.ask_again(no_answer, None),
            WriteResult::Unknown(last) => self.unknown(last).into(),
            WriteResult::CheckEach => match self.may_approve().await {
                Ok(()) => Input::Refused(ParkReason::ApprovalRefused).into(),
                Err(outcome) => outcome,
            },
        }
    }

    /// Succeeds when the platform shows the reward as pending and does not suspect
    /// it; fails with the outcome that its answer has instead.
    async fn may_approve(&self) -> Result<(), Outcome> {
        let question = self.question();
        match self.view(&question.known()).await {
            Ok(view) => question.may_approve(&view).map_err(Outcome::Answered),
            Err(no_answer) => Err(self.ask_again(no_answer, None)),
        }
    }
}

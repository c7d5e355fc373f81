//! What the platform is asked before anything is given.

use crate::fulfilment::{Input, Question};
use crate::platform::Change;
use crate::platform::credentials::Credentials;
use crate::wire::Timestamp;
use crate::work::Claim;
use crate::work::confirm::{Confirmer, Outcome};

impl Confirmer {
    /// A question about a promise, asked now.
    pub(super) fn question<'a>(&'a self, claim: &'a Claim) -> Question<'a> {
        let settings = &self.worker.settings;
        Question {
            policy: &settings.policy,
            provider: claim.provider(),
            promise: &claim.promise,
            record: &claim.record,
            asked_at: Timestamp::now(),
            ask_again_at: self.worker.not_before(claim.promise.attempts, None),
            platform_lag_ms: settings.platform_lag_ms,
        }
    }

    pub(super) async fn look_up(&self, claim: &Claim, credentials: &Credentials) -> Outcome {
        let question = self.question(claim);
        if let Some(input) = question.needs_no_answer() {
            return input.into();
        }
        match self.view(claim, &question.known(), credentials).await {
            Ok(view) => question.looked_up(&view).into(),
            Err(no_answer) => self.again(claim, no_answer),
        }
    }

    /// Asks to approve what is pending, and nothing else: a person may have
    /// denied it since.
    pub(super) async fn approve(&self, claim: &Claim, credentials: &Credentials) -> Outcome {
        if let Err(outcome) = self.may_approve(claim, credentials).await {
            return outcome;
        }
        match self.v2(credentials).approve(&[claim.subject_id()]).await {
            Change::Done | Change::Accepted(_) => {
                Input::Asked(self.worker.not_before(1, None)).into()
            }
            Change::NotYet(no_answer) => self.again(claim, no_answer),
            Change::Unknown(last) => self.unknown(claim, last).into(),
            Change::LookEach => match self.may_approve(claim, credentials).await {
                Ok(()) => Input::Refused("approval_refused".into()).into(),
                Err(outcome) => outcome,
            },
        }
    }

    /// Whether the platform shows it as pending, and trusts it.
    async fn may_approve(&self, claim: &Claim, credentials: &Credentials) -> Result<(), Outcome> {
        let question = self.question(claim);
        match self.view(claim, &question.known(), credentials).await {
            Ok(view) => question.may_approve(&view).map_err(Outcome::Heard),
            Err(no_answer) => Err(self.again(claim, no_answer)),
        }
    }
}

//! What the platform is asked before anything is given.

use crate::credentials::Credentials;
use crate::fulfilment::{Entry, GIVEN_THERE, Input, State, Terms, entry, restate};
use crate::platform::{Change, Standing};
use crate::timestamp::Timestamp;
use crate::work::Claim;
use crate::work::confirm::Confirmer;

/// What is said of a reward that the platform shows as pending.
const NOT_APPROVED: &str = "not approved yet";
/// Tries before the platform's "pending" is taken for a withdrawal: half a
/// minute.
const PATIENCE: u32 = 4;

impl Confirmer {
    pub(super) async fn look_up(&self, claim: &Claim, credentials: &Credentials) -> Input {
        let (promise, policy) = (&claim.promise, &self.worker.settings.policy);
        let mut known = promise.terms.clone();
        // What the settings say now may differ from what they said then.
        let stated = restate(policy, claim.provider(), promise, &claim.record);
        if let Some(Input::Approved(terms, entry)) = stated {
            if promise.by_response && !matches!(entry, Entry::Ask | Entry::LookUp) {
                // Nobody can be asked, and nobody has to be.
                return Input::Approved(terms, entry);
            }
            known = promise.known(&terms);
        }
        let asked_at = Timestamp::now();
        match self.standing(claim, &known, credentials).await {
            Ok(Standing::Approved { terms, campaign_id }) => {
                self.found(claim, asked_at, known.with(&terms), campaign_id)
            }
            // Given by somebody else: a person has to look.
            Ok(Standing::Fulfilled) => Input::Refused(GIVEN_THERE.into()),
            Ok(Standing::Pending) if promise.state == State::AwaitingApproval => {
                self.not_yet(claim, NOT_APPROVED)
            }
            Ok(standing) => self.not_approved(claim, &standing),
            Err(no_answer) => self.again(claim, no_answer),
        }
    }

    /// What it means that the platform does not show it as approved.
    pub(super) fn not_approved(&self, claim: &Claim, standing: &Standing) -> Input {
        match standing {
            // What the platform shows may lag behind what it says.
            Standing::Pending if claim.promise.attempts < PATIENCE => {
                self.not_yet(claim, NOT_APPROVED)
            }
            Standing::Pending | Standing::Denied => Input::DeniedThere,
            Standing::Unclear => Input::Refused("status_unknown_at_provider".into()),
            _ => Input::Refused("not_found_at_provider".into()),
        }
    }

    fn found(
        &self,
        claim: &Claim,
        asked_at: Timestamp,
        terms: Terms,
        campaign_id: Option<String>,
    ) -> Input {
        let promise = &claim.promise;
        let campaign = campaign_id.as_deref().or(promise.campaign_id.as_deref());
        let policy = &self.worker.settings.policy;
        let entry = entry(policy, claim.provider(), promise, &terms, campaign);
        Input::Found {
            asked_at,
            terms,
            campaign_id,
            entry,
        }
    }

    pub(super) async fn approve(&self, claim: &Claim, credentials: &Credentials) -> Input {
        let (asked_at, terms) = (Timestamp::now(), &claim.promise.terms);
        match self.v2(credentials).approve(&[claim.subject_id()]).await {
            Change::Done | Change::Accepted(_) => Input::Asked(self.worker.not_before(1, None)),
            Change::NotYet(no_answer) => self.again(claim, no_answer),
            // Approving twice is harmless.
            Change::Unknown(last) => self.unknown(claim, last),
            Change::LookEach => match self.standing(claim, terms, credentials).await {
                Ok(Standing::Approved { terms, campaign_id }) => self.found(
                    claim,
                    asked_at,
                    claim.promise.terms.with(&terms),
                    campaign_id,
                ),
                Ok(Standing::Fulfilled) => Input::Refused(GIVEN_THERE.into()),
                Ok(Standing::Pending) => Input::Refused("approval_refused".into()),
                Ok(standing) => self.not_approved(claim, &standing),
                Err(no_answer) => self.again(claim, no_answer),
            },
        }
    }
}

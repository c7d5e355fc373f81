//! What the platform is asked before anything is given.

use crate::credentials::Credentials;
use crate::fulfilment::{Entry, GIVEN_THERE, Input, State, Terms, entry, restate};
use crate::platform::{Change, Standing};
use crate::timestamp::Timestamp;
use crate::work::Claim;
use crate::work::confirm::Confirmer;

/// What is said of a reward that the platform shows as pending.
const NOT_APPROVED: &str = "not approved yet";
/// How often the first pause of a repetition a platform's API is thought to be
/// behind its own events: half a minute.
const PATIENCE: i64 = 7;

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
                let stated = claim.record.as_of().and_then(|clock| clock.time);
                if terms.differs(&known) && stated.is_some_and(|at| self.may_be_behind(at)) {
                    return self.not_yet(claim, "shown with other terms than announced");
                }
                self.found(claim, asked_at, known.with(&terms), campaign_id)
            }
            // Given by somebody else: a person has to look.
            Ok(Standing::Fulfilled) => Input::Refused(GIVEN_THERE.into()),
            Ok(Standing::Pending) if promise.state == State::AwaitingApproval => {
                self.not_yet(claim, NOT_APPROVED)
            }
            Ok(standing) => self.not_approved(claim, asked_at, &standing),
            Err(no_answer) => self.again(claim, no_answer),
        }
    }

    /// Whether the platform's API may not know yet what happened then.
    fn may_be_behind(&self, then: Timestamp) -> bool {
        let since = Timestamp::now().ms().saturating_sub(then.ms());
        since < self.worker.settings.retry_first_ms.saturating_mul(PATIENCE)
    }

    /// What it means that the platform does not show it as approved.
    pub(super) fn not_approved(
        &self,
        claim: &Claim,
        asked_at: Timestamp,
        standing: &Standing,
    ) -> Input {
        let since = claim.promise.unapproved_since.unwrap_or(asked_at);
        // A new approval need not have changed anything else.
        let since = claim.record.announced.map_or(since, |at| at.max(since));
        match standing {
            Standing::Unclear => Input::Refused("status_unknown_at_provider".into()),
            _ if self.may_be_behind(since) => Input::NotApproved {
                asked_at,
                not_before: self.worker.not_before(claim.promise.attempts, None),
            },
            Standing::Pending | Standing::Denied => Input::DeniedThere { asked_at },
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
        let record = &claim.record;
        let entry = entry(policy, claim.provider(), promise, record, &terms, campaign);
        Input::Found { asked_at, terms, campaign_id, entry }
    }

    /// Asks to approve what is pending, and nothing else: a person may have
    /// denied it since.
    pub(super) async fn approve(&self, claim: &Claim, credentials: &Credentials) -> Input {
        match self.pending(claim, credentials).await {
            Ok(()) => {}
            Err(input) => return *input,
        }
        match self.v2(credentials).approve(&[claim.subject_id()]).await {
            Change::Done | Change::Accepted(_) => Input::Asked(self.worker.not_before(1, None)),
            Change::NotYet(no_answer) => self.again(claim, no_answer),
            Change::Unknown(last) => self.unknown(claim, last),
            Change::LookEach => match self.pending(claim, credentials).await {
                Ok(()) => Input::Refused("approval_refused".into()),
                Err(input) => *input,
            },
        }
    }

    /// Whether the platform shows it as pending, or else what that means.
    async fn pending(&self, claim: &Claim, credentials: &Credentials) -> Result<(), Box<Input>> {
        let (asked_at, terms) = (Timestamp::now(), &claim.promise.terms);
        Err(Box::new(match self.standing(claim, terms, credentials).await {
            Ok(Standing::Pending) => return Ok(()),
            Ok(Standing::Approved { terms, campaign_id }) => {
                let terms = claim.promise.terms.with(&terms);
                self.found(claim, asked_at, terms, campaign_id)
            }
            Ok(Standing::Fulfilled) => Input::Refused(GIVEN_THERE.into()),
            Ok(standing) => self.not_approved(claim, asked_at, &standing),
            Err(no_answer) => self.again(claim, no_answer),
        }))
    }
}

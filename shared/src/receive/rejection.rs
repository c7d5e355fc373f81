//! The rejection of a request that is not recorded.

use crate::aws::store::StoreError;
use crate::ledger::Malformed;
use crate::provider::signature::{Reason, Refusal};
use crate::receive::log::Outcome;

/// What a request that is not recorded comes to, the problem with its body, and what
/// was wrong with its signature.
pub(super) struct Rejection {
    pub(super) outcome: Outcome,
    pub(super) malformed: Option<Malformed>,
    pub(super) reason: Option<Reason>,
}

impl Rejection {
    /// The rejection of a body that is authenticated, malformed and quarantined.
    pub(super) fn quarantined(malformed: Malformed) -> Self {
        Self { malformed: Some(malformed), ..Outcome::Quarantined.into() }
    }
}

impl From<Outcome> for Rejection {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, malformed: None, reason: None }
    }
}

impl From<StoreError> for Rejection {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::TooLarge) {
            return Outcome::TooLarge.into();
        }
        tracing::error!(%error, "not recorded");
        Outcome::Unavailable.into()
    }
}

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Self {
        let outcome = match refusal {
            Refusal::NotConfigured => Outcome::NotConfigured,
            Refusal::Unauthorized(_) => Outcome::Unauthorized,
            Refusal::StaleValid => Outcome::StaleValid,
        };
        Self { reason: refusal.reason(), ..outcome.into() }
    }
}

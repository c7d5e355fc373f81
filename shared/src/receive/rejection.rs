//! The rejection of a request that is not recorded.

use crate::aws::store::StoreError;
use crate::ledger::Malformed;
use crate::provider::signature::Refusal;
use crate::receive::log::Outcome;

/// The reason why a request is not recorded, and the problem with its body.
pub(super) struct Rejection {
    pub(super) outcome: Outcome,
    pub(super) malformed: Option<Malformed>,
}

impl Rejection {
    /// The rejection of a body that is authenticated, malformed and quarantined.
    pub(super) fn quarantined(malformed: Malformed) -> Self {
        Self { outcome: Outcome::Quarantined, malformed: Some(malformed) }
    }
}

impl From<Outcome> for Rejection {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, malformed: None }
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
        Self::from(match refusal {
            Refusal::NotConfigured => Outcome::NotConfigured,
            Refusal::Unauthorized => Outcome::Unauthorized,
            Refusal::StaleValid => Outcome::StaleValid,
        })
    }
}

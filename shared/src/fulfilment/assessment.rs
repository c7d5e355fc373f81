//! A reward as its record states it, before any promise is changed.

use crate::fulfilment::reason::ParkReason;
use crate::fulfilment::terms::Terms;
use crate::wire::Timestamp;

/// Most seconds that an event's time, which may be in whole seconds, and our clock
/// are thought to differ.
pub(super) const CLOCKS_APART: i64 = 2;

/// A reward as its record states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The terms, with the parts that a look-up has added.
    pub terms: Terms,
    /// The campaign.
    pub campaign_id: Option<String>,
    /// The time of the latest announcement, where there is one.
    pub announced_at: Option<Timestamp>,
    /// The start of a promise of this reward.
    pub entry: Start,
    /// An event took away what the platform had been asked for: it has to be asked
    /// anew.
    pub ask_anew: bool,
}

impl Assessment {
    /// An assessment of these terms alone.
    #[must_use]
    pub fn of(terms: Terms, entry: Start) -> Self {
        Self { terms, campaign_id: None, announced_at: None, entry, ask_anew: false }
    }
}

/// The beginning of a promise's life, as its record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// With the delivery.
    Deliver,
    /// With a question to the platform, about what the payload lacks.
    LookUp,
    /// With a question to the platform, whether it is so (v1 is unsigned).
    Ask,
    /// With a question to the operator, for this reason.
    Park(ParkReason),
    /// Nowhere: money, or another source's.
    Nothing,
}

//! The inputs of the machine, and the part of an assessment that they share.

use crate::fulfilment::assessment::{Assessment, Start};
use crate::fulfilment::decision::OperatorDecision;
use crate::fulfilment::promise::Endpoint;
use crate::fulfilment::reason::ParkReason;
use crate::fulfilment::terms::Terms;
use crate::wire::Timestamp;

/// An input: something that happened to a promise, in the order of its senders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The record is approved and would be promised so. Sent with every event of
    /// a promised reward, so mostly it changes nothing.
    Approved(Box<Assessment>),
    /// The record is pending, no event has announced it, and the platform may be
    /// asked to approve it on these terms.
    Askable(Box<Assessment>),
    /// The record is not approved any more, or was deleted.
    Withdrawn,
    /// A worker is about to call out for what is due. It has the promise to itself
    /// until then.
    Leased(Timestamp),
    /// A worker is about to call the reward endpoint. Where an earlier call may
    /// have had its effect, only the same call is safe.
    LeasedFor {
        /// The end of the lease.
        until: Timestamp,
        /// The endpoint that the worker is about to call.
        endpoint: Endpoint,
    },
    /// The worker's call had its effect: given, told, or taken back.
    Done,
    /// The worker's call was refused for good and had no effect.
    Refused(ParkReason),
    /// The worker's call had no effect yet; the next try is not before then.
    RetryLater {
        /// The earliest time of the next try.
        not_before: Timestamp,
        /// The outcome of the call, in a few words.
        last: String,
        /// The id under which the platform works on it.
        batch: Option<String>,
    },
    /// Nobody knows whether the worker's call had its effect.
    Unknown {
        /// The earliest time of the next try, if one is allowed.
        not_before: Timestamp,
        /// The outcome of the call, in a few words.
        last: String,
        /// Set where repeating the call under the same key is harmless.
        repeatable: bool,
    },
    /// The worker of an expired lease disappeared: nobody knows whether its call had
    /// its effect.
    WorkerLost {
        /// The earliest time of the next try, if one is allowed.
        not_before: Timestamp,
        /// Set where repeating the call under the same key is harmless.
        repeatable: bool,
    },
    /// The platform was asked to approve. A later look-up finds out whether it
    /// did, unless an event says so before.
    ApprovalRequested(Timestamp),
    /// The platform knows what the payload lacked, the campaign among it.
    Found {
        /// The time at which the platform was asked.
        asked_at: Timestamp,
        /// The time since which it is approved, by the platform's own clock.
        since: Option<Timestamp>,
        /// The terms.
        terms: Box<Terms>,
        /// The campaign.
        campaign_id: Option<String>,
        /// The start of a promise on all that is known now.
        entry: Start,
    },
    /// The platform shows it otherwise than its events announced it, and not by a
    /// newer clock: the platform is to be asked again, not before then.
    Contradicted {
        /// The time at which the platform was asked.
        asked_at: Timestamp,
        /// The earliest time of the next question.
        not_before: Timestamp,
        /// The view that the platform gave, in a few words.
        last: String,
    },
    /// The platform shows that it was denied after its events approved it.
    DeniedThere {
        /// The time of the denial, by the platform's own clock.
        since: Timestamp,
        /// Set where an event had announced it as approved.
        announced: bool,
    },
    /// The platform learnt of the delivery from a 200 to its redelivery (v1 without
    /// API key).
    ConfirmedByResponse,
    /// The operator lets a parked promise go on.
    Resumed(OperatorDecision),
    /// The sweep found it open for longer than is allowed.
    OverAge,
    /// The sweep queued again what is due.
    Redispatched,
    /// The sweep found that the platform's API alone said that it is denied, while
    /// its record is approved and neither an event nor the operator has said
    /// otherwise for long.
    Unwitnessed,
}

/// The outcome of a call whose worker disappeared, as it is shown.
pub(super) const WORKER_LOST: &str = "the worker ended in the middle";

impl Input {
    /// No effect yet: another try, not before then. `last` is the outcome of the call,
    /// `batch` the id under which the platform works on it.
    #[must_use]
    pub fn retry_later(
        not_before: Timestamp,
        last: impl Into<String>,
        batch: Option<String>,
    ) -> Self {
        Self::RetryLater { not_before, last: last.into(), batch }
    }

    /// True of inputs that assume that no worker is working on the promise: a worker
    /// that writes at the same time is alive, and the input is not applied to what
    /// that worker wrote.
    #[must_use]
    pub fn assumes_nobody_at_work(&self) -> bool {
        matches!(self, Input::OverAge | Input::Unwitnessed | Input::WorkerLost { .. })
    }
}

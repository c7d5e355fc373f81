//! The kinds of faults of the API.

use std::time::Duration;

use super::{Call, Operation};
use crate::play::fakes::faults::{Fault, FaultKind};

/// A way for the API to fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlatformFault {
    /// Does the call and answers 500.
    CreatedBut500,
    /// 429, with the seconds to wait, if there are any.
    RateLimited {
        /// The value of `Retry-After`.
        retry_after: Option<u64>,
    },
    /// 200, with the last of the commissions left out and
    /// `processing_errors` saying so.
    BatchPartialFailure,
    /// 202, however few the commissions. The API answers so many polls with
    /// `in_progress`, then does the call and answers `completed`; never, for `None`.
    Stays202 {
        /// The polls before the one that finds the batch done.
        finishes_after: Option<u32>,
    },
    /// 202, then `stopped` with nothing done.
    BatchStops,
    /// 422, as somebody marked the commissions fulfilled just before this call.
    AlreadyFulfilled422,
    /// 422, as the approval has created no payout record yet.
    NoPayoutYet422,
    /// Does the call and closes the connection without a reply.
    DropsReply,
    /// Does the call and gives the usual answer after this time.
    Slow(Duration),
    /// 401 without a body, though the key is right.
    Unauthorized401,
    /// 403.
    Forbidden403,
    /// 503.
    Unavailable503,
}

impl FaultKind for PlatformFault {
    type Call = Call;

    fn name(&self) -> &'static str {
        match self {
            Self::CreatedBut500 => "created_but_500",
            Self::RateLimited { .. } => "rate_limited",
            Self::BatchPartialFailure => "batch_partial_failure",
            Self::Stays202 { .. } => "stays_202",
            Self::BatchStops => "batch_stops",
            Self::AlreadyFulfilled422 => "already_fulfilled_422",
            Self::NoPayoutYet422 => "no_payout_yet_422",
            Self::DropsReply => "drops_reply",
            Self::Slow(_) => "slow",
            Self::Unauthorized401 => "unauthorized_401",
            Self::Forbidden403 => "forbidden_403",
            Self::Unavailable503 => "unavailable_503",
        }
    }

    fn fits(&self, call: &Call) -> bool {
        match self {
            Self::BatchPartialFailure | Self::Stays202 { .. } | Self::BatchStops => {
                call.operation.is_some_and(Operation::is_batch)
            }
            Self::AlreadyFulfilled422 | Self::NoPayoutYet422 => {
                call.operation == Some(Operation::MarkFulfilled)
            }
            _ => true,
        }
    }
}

impl Fault<PlatformFault> {
    /// Strikes only calls of this operation.
    #[must_use]
    pub fn on(self, operation: Operation) -> Self {
        self.when(move |call| call.operation == Some(operation))
    }

    /// Strikes only calls that name this commission, or payout of v1.
    #[must_use]
    pub fn for_id(self, id: u64) -> Self {
        self.when(move |call| call.ids.contains(&id))
    }
}

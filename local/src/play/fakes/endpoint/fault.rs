//! The kinds of faults of the endpoint.

use std::time::Duration;

use super::Call;
use crate::play::fakes::faults::{Fault, FaultKind};

/// A way for the endpoint to fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointFault {
    /// Grants nothing and gives a reason.
    Refuse {
        /// The status code.
        status: u16,
        /// The reason, in the body's `error`.
        reason: String,
    },
    /// 429, with the seconds to wait, if there are any.
    RateLimited {
        /// The value of `Retry-After`.
        retry_after: Option<u64>,
    },
    /// 503, nothing granted.
    Unavailable503,
    /// 401, though the signature is right; nothing granted.
    Unauthorized401,
    /// 302 to another path of the endpoint; nothing granted.
    Redirect,
    /// Grants and answers 500.
    GrantedBut500,
    /// Grants and closes the connection without a reply.
    DropsReply,
    /// Grants and answers after this time.
    Slow(Duration),
    /// Grants and answers 200 with so many bytes.
    HugeAnswer {
        /// The length of the body.
        bytes: usize,
    },
    /// Grants, and answers 409 as if it had granted before.
    Conflict409,
}

impl FaultKind for EndpointFault {
    type Call = Call;

    fn name(&self) -> &'static str {
        match self {
            Self::Refuse { .. } => "refuse",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable503 => "unavailable_503",
            Self::Unauthorized401 => "unauthorized_401",
            Self::Redirect => "redirect",
            Self::GrantedBut500 => "granted_but_500",
            Self::DropsReply => "drops_reply",
            Self::Slow(_) => "slow",
            Self::HugeAnswer { .. } => "huge_answer",
            Self::Conflict409 => "conflict_409",
        }
    }

    fn fits(&self, _: &Call) -> bool {
        true
    }
}

impl Fault<EndpointFault> {
    /// Strikes only calls with this `webhook-id`.
    #[must_use]
    pub fn for_key(self, key: &str) -> Self {
        let key = key.to_owned();
        self.when(move |call| call.id.as_ref() == Some(&key))
    }
}

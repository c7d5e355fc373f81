//! What operators decide about parked promises.

use serde::{Deserialize, Serialize};

use crate::wire::Timestamp;

/// An operator's decision about a parked promise, kept for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorDecision {
    /// The operator.
    pub by: String,
    /// The decision.
    #[serde(flatten)]
    pub resolution: Resolution,
    /// How they know.
    pub because: String,
    /// The time of the decision.
    pub at: Timestamp,
}

/// How a parked promise goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub enum Resolution {
    /// From where it was parked. Not where nobody knows whether the call had its
    /// effect.
    GoOn,
    /// The call had its effect.
    Granted,
    /// The call had no effect.
    NotGranted,
    /// Settled as it stands: what was given is kept, what was not is not given.
    Close,
    /// The call had its effect, and it is settled so.
    CloseGranted,
    /// The call had no effect, and it is settled so.
    CloseNotGranted,
}

/// A resolution as the table holds it.
#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    granted: Option<bool>,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    close: bool,
}

impl From<Stored> for Resolution {
    fn from(stored: Stored) -> Self {
        Self::of(stored.granted, stored.close)
    }
}

impl From<Resolution> for Stored {
    fn from(resolution: Resolution) -> Self {
        Self { granted: resolution.granted(), close: resolution.closes() }
    }
}

impl Resolution {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::GoOn,
        Self::Granted,
        Self::NotGranted,
        Self::Close,
        Self::CloseGranted,
        Self::CloseNotGranted,
    ];

    /// The resolution that says of the call's effect `granted`, and settles the
    /// promise where `close` is set.
    #[must_use]
    pub fn of(granted: Option<bool>, close: bool) -> Self {
        match (close, granted) {
            (false, None) => Self::GoOn,
            (false, Some(true)) => Self::Granted,
            (false, Some(false)) => Self::NotGranted,
            (true, None) => Self::Close,
            (true, Some(true)) => Self::CloseGranted,
            (true, Some(false)) => Self::CloseNotGranted,
        }
    }

    /// Whether the call had its effect; `None` where it says nothing of that.
    #[must_use]
    pub fn granted(self) -> Option<bool> {
        match self {
            Self::GoOn | Self::Close => None,
            Self::Granted | Self::CloseGranted => Some(true),
            Self::NotGranted | Self::CloseNotGranted => Some(false),
        }
    }

    /// Whether it settles the promise.
    #[must_use]
    pub fn closes(self) -> bool {
        matches!(self, Self::Close | Self::CloseGranted | Self::CloseNotGranted)
    }
}

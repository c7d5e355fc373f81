//! The operator's decisions about parked promises.

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
    /// The operator's evidence.
    pub because: String,
    /// The time of the decision.
    pub at: Timestamp,
}

/// The way in which a parked promise goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub enum Resolution {
    /// The promise goes on from where it was parked. Not allowed where nobody knows
    /// whether the call had its effect.
    GoOn,
    /// The call had its effect.
    Granted,
    /// The call had no effect.
    NotGranted,
    /// The promise is settled as it stands: what was given is kept, what was not is
    /// not given.
    Close,
    /// The call had its effect, and the promise is settled so.
    CloseGranted,
    /// The call had no effect, and the promise is settled so.
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
    /// Every resolution.
    pub const ALL: [Self; 6] = [
        Self::GoOn,
        Self::Granted,
        Self::NotGranted,
        Self::Close,
        Self::CloseGranted,
        Self::CloseNotGranted,
    ];

    /// The resolution for these two answers: `granted` says whether the call had
    /// its effect, `close` settles the promise.
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

    /// The name of the resolution in the log of a promise.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GoOn => "go on",
            Self::Granted => "granted",
            Self::NotGranted => "not granted",
            Self::Close => "close",
            Self::CloseGranted => "close as granted",
            Self::CloseNotGranted => "close as not granted",
        }
    }

    /// True when the call had its effect, false when it had none; `None` where the
    /// resolution leaves that open.
    #[must_use]
    pub fn granted(self) -> Option<bool> {
        match self {
            Self::GoOn | Self::Close => None,
            Self::Granted | Self::CloseGranted => Some(true),
            Self::NotGranted | Self::CloseNotGranted => Some(false),
        }
    }

    /// True when the resolution settles the promise.
    #[must_use]
    pub fn closes(self) -> bool {
        matches!(self, Self::Close | Self::CloseGranted | Self::CloseNotGranted)
    }
}

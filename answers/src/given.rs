//! Whether a reward is given, and whether its platform knows.

use serde::Serialize;
use shared::fulfilment::{ParkReason, Promise, State};

/// The answer to the question whether the recipient has the reward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// The recipient has it.
    Given,
    /// The recipient does not have it, or not any more.
    NotGiven,
    /// A call may have given it, or taken it back, and nobody knows.
    NobodyKnows,
}

/// The answer to the question whether the platform shows the reward as fulfilled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// The platform knows, or shows it so for another reason.
    Yes,
    /// The platform was not told, or not of this.
    No,
    /// The platform may know.
    NobodyKnows,
}

impl Given {
    /// The answer for a promise. It depends on the state, or the one that it was parked
    /// from, and on whether the outcome of a call is known; never on the time of the
    /// delivery alone.
    #[must_use]
    pub fn of(promise: &Promise) -> Self {
        let parked = promise.parked.as_ref();
        let unsure = parked.map_or(promise.effect_uncertain, |parked| parked.unknown);
        let sure = |given| if unsure { Given::NobodyKnows } else { given };
        match parked.map_or(promise.state, |parked| parked.from) {
            State::LookupDue | State::ApprovalDue | State::AwaitingApproval | State::Requested => {
                sure(Given::NotGiven)
            }
            State::Delivered | State::Confirming | State::Confirmed => Given::Given,
            State::Denied | State::Reversed => Given::NotGiven,
            State::ReversalDue => sure(Given::Given),
            // A call is under way, or the promise does not say what it was parked from.
            State::Delivering | State::Reversing | State::Parked => Given::NobodyKnows,
        }
    }

    /// The answer in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Given::Given => "given",
            Given::NotGiven => "not given",
            Given::NobodyKnows => "nobody knows",
        }
    }
}

impl Known {
    /// The answer for a promise.
    #[must_use]
    pub fn of(promise: &Promise) -> Self {
        let parked = promise.parked.as_ref();
        if parked.is_some_and(|parked| parked.reason == ParkReason::FulfilledAtProvider) {
            return Known::Yes;
        }
        let platform = &promise.platform;
        match parked.map_or(promise.state, |parked| parked.from) {
            // Settled by an operator, without a word of the platform's.
            State::Confirmed if promise.confirmed_at.is_none() => Known::NobodyKnows,
            State::Confirmed => Known::Yes,
            State::Confirming => Known::NobodyKnows,
            State::Delivered if promise.effect_uncertain => Known::NobodyKnows,
            State::Delivered => Known::No,
            State::LookupDue
            | State::ApprovalDue
            | State::AwaitingApproval
            | State::Requested
            | State::Delivering
            | State::Denied
            | State::ReversalDue
            | State::Reversing
            | State::Reversed
            | State::Parked => match (platform.shown_fulfilled, platform.was_confirmed) {
                (true, true) => Known::Yes,
                (true, false) => Known::NobodyKnows,
                (false, _) => Known::No,
            },
        }
    }

    /// The answer in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Known::Yes => "yes",
            Known::No => "no",
            Known::NobodyKnows => "nobody knows",
        }
    }
}

#[cfg(test)]
mod tests;

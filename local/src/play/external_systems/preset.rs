//! The faults that the fakes can be told to have.

use std::time::Duration;

use clap::ValueEnum;

use crate::play::fakes::endpoint::EndpointFault;
use crate::play::fakes::firstpromoter::PlatformFault;

/// The delay of `slow`: longer than a worker waits in such a run.
const SLOW: Duration = Duration::from_secs(3);
/// The faults that `--fault` can ask for; each strikes once for every call that
/// matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum FaultPreset {
    /// FirstPromoter marks it fulfilled and answers 500
    #[value(name = "created_but_500")]
    CreatedBut500,
    /// 429 with Retry-After, by FirstPromoter and the reward endpoint
    RateLimited,
    /// 200 with the failure inside
    BatchPartialFailure,
    /// 202, and done after two polls
    #[value(name = "stays_202")]
    Stays202,
    /// Somebody else marked it fulfilled before
    #[value(name = "already_fulfilled_422")]
    AlreadyFulfilled422,
    /// The approval has no payout record yet
    #[value(name = "no_payout_yet_422")]
    NoPayoutYet422,
    /// Done, and the connection closes without a reply, at both
    DropsReply,
    /// Done, and answered after the caller gave up, at both
    Slow,
}

impl FaultPreset {
    /// The fault of the platform and, where it fails too, of the reward endpoint.
    pub(super) fn faults(self) -> (PlatformFault, Option<EndpointFault>) {
        use FaultPreset as P;
        let platform = match self {
            P::CreatedBut500 => PlatformFault::CreatedBut500,
            P::RateLimited => PlatformFault::RateLimited { retry_after: Some(1) },
            P::BatchPartialFailure => PlatformFault::BatchPartialFailure,
            P::Stays202 => PlatformFault::Stays202 { finishes_after: Some(2) },
            P::AlreadyFulfilled422 => PlatformFault::AlreadyFulfilled422,
            P::NoPayoutYet422 => PlatformFault::NoPayoutYet422,
            P::DropsReply => PlatformFault::DropsReply,
            P::Slow => PlatformFault::Slow(SLOW),
        };
        let endpoint = match self {
            P::RateLimited => Some(EndpointFault::RateLimited { retry_after: Some(1) }),
            P::DropsReply => Some(EndpointFault::DropsReply),
            P::Slow => Some(EndpointFault::Slow(SLOW)),
            _ => None,
        };
        (platform, endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_presets_have_the_names_of_the_fakes() {
        use crate::play::fakes::FaultKind;
        let presets = FaultPreset::value_variants();
        assert_eq!(presets.len(), 8);
        for preset in presets {
            let value = preset.to_possible_value().unwrap();
            let (platform, endpoint) = preset.faults();
            assert_eq!(platform.name(), value.get_name());
            assert!(endpoint.is_none_or(|fault| fault.name() == value.get_name()), "{preset:?}");
        }
    }
}

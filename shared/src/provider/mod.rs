//! The providers: their payloads, their signatures, and the meaning of both for the
//! ledger.
//!
//! A provider is one folder with one [`Definition`], and one line of [`ALL`].

pub mod affonso;
pub mod definition;
pub mod firstpromoter;
pub mod firstpromoter_v1;
pub mod mapping;
pub mod object;
pub mod secrets;
pub mod signature;
pub mod status;
pub mod uppromote;

pub use definition::{Definition, Providers};

use crate::fulfilment::Rewards;

/// The providers that are received.
pub const ALL: Providers = &[
    &uppromote::DEFINITION,
    &affonso::DEFINITION,
    &firstpromoter::DEFINITION,
    &firstpromoter_v1::DEFINITION,
];

/// The rewards of [`ALL`], for the workers: what only receives is no part of their
/// binaries then.
pub const REWARDS: RewardsList = &rewards::<{ ALL.len() }>();

/// The rewards of several providers, of those that announce any.
pub type RewardsList = &'static [Option<&'static Rewards>];

#[expect(clippy::indexing_slicing, reason = "while compiling")]
const fn rewards<const N: usize>() -> [Option<&'static Rewards>; N] {
    let mut rewards = [None; N];
    let mut n = 0;
    while n < N {
        rewards[n] = ALL[n].rewards;
        n += 1;
    }
    rewards
}

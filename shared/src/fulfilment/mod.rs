//! Promises: rewards that were announced and must be given exactly once.
//!
//! [`announce`] decides whether there is one, [`machine`] is its life as one
//! pure function.

mod announce;
mod lease;
pub mod machine;
mod policy;
mod promise;
mod reward;
mod snapshot;
mod state;
mod terms;
mod view;

pub use announce::{Announced, Assessment, announce, entry_of, reconcile, restate, terms};
pub use lease::{Taken, Taker};
pub use machine::{
    CONTRADICTED, Entry, GIVEN_THERE, Input, Stepped, WORKER_LOST, Word, heard, step,
};
pub(crate) use policy::settings::policy;
pub use policy::{MaxAmounts, Policy, Reversals, Rule, V1Confirm};
pub(crate) use promise::one_or_more;
pub use promise::{Again, Endpoint, Lease, Parked, Promise, Spoken, Start};
pub use reward::reward;
pub use snapshot::{Known, Seen, Write};
pub use state::State;
pub use terms::{Recipient, Terms};
pub use view::{Question, Standing, View, suspected};

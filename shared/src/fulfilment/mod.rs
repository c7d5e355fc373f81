//! Promises: rewards that were announced and must be given exactly once.
//!
//! [`announce`] decides whether there is one, [`machine`] is its life as one
//! pure function.

mod announce;
pub mod machine;
mod policy;
mod promise;
mod terms;

pub use announce::{Announced, Moment, announce, entry, reconcile, restate, terms};
pub use machine::{Entry, GIVEN_THERE, Input, Stepped, Word, heard, step};
pub use policy::{Policy, Reversals, Rule, Source, Sources, V1Confirm};
pub use promise::{Again, Lease, Parked, Promise, Spoken, Start, State};
pub use terms::{Recipient, Terms};

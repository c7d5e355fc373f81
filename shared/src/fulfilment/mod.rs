//! Promises: rewards that were announced and must be given exactly once.
//!
//! [`announce`] decides whether there is one, [`machine`] is its life as one
//! pure function.

mod announce;
pub mod machine;
mod promise;

pub use announce::{
    Announced, Moment, Policy, Reversals, Rule, Source, V1Confirm, announce, entry, reconcile,
    restate, terms,
};
pub use machine::{Entry, GIVEN_THERE, Input, Stepped, Word, step};
pub use promise::{Lease, Parked, Promise, Recipient, Spoken, State, Terms};

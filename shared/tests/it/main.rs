//! The pure core, driven through its public functions.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that does not find what it expects fails"
)]

mod amounts;
mod answers;
mod approvals;
mod asking;
mod behind;
mod certain;
mod clocks;
mod decoration;
mod entries;
mod guards;
mod machine;
mod mapping;
mod nulls;
mod persons;
mod promises;
mod properties;
mod reading;
mod reasons;
mod verification;
mod walk;

//! The providers: what each sends, how it signs, what it means for the ledger.
//!
//! A provider is one folder with one [`Definition`], and one line of [`ALL`].

pub mod affonso;
pub mod definition;
pub mod firstpromoter;
pub mod firstpromoter_v1;
pub mod mapping;
pub mod secrets;
pub mod signature;
pub mod status;
pub mod uppromote;

pub use definition::{Definition, Providers};

/// The providers that are received.
pub const ALL: Providers = &[
    &uppromote::DEFINITION,
    &affonso::DEFINITION,
    &firstpromoter::DEFINITION,
    &firstpromoter_v1::DEFINITION,
];

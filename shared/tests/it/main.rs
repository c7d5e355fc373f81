//! The pure core, driven through its public functions.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that does not find what it expects fails"
)]

mod alarms;
mod amounts;
mod announcing;
mod answers;
mod approvals;
mod asking;
mod behind;
mod catalogue;
mod certain;
mod clocks;
mod contradicted;
mod costs;
mod decoration;
mod deploying;
mod documents;
mod endpoint;
mod entries;
mod flaws;
mod found;
mod gaps;
mod guards;
mod indexes;
mod keys;
mod leased;
mod links;
mod lives;
mod logged;
mod machine;
mod mapping;
mod mutations;
mod nulls;
mod outcomes;
mod owed;
mod pages;
mod persons;
mod printed;
mod promises;
mod properties;
mod providers;
mod reading;
mod reasons;
mod recipients;
mod redaction;
mod refusals;
mod resumed;
mod rights;
mod ringing;
mod rooms;
mod settings;
mod statuses;
mod sweeping;
mod unknown;
mod variables;
mod verification;
mod views;
mod walk;

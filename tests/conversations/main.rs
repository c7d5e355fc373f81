//! Conversations: a provider sends, the answer comes back, the table holds.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that does not find what it expects fails"
)]

mod answers;
mod bad_input;
mod behind;
mod catalogue;
mod certain;
mod concurrency;
mod crashes;
mod epochs;
mod faults;
mod fifth;
mod fulfilment;
mod golden;
mod https;
mod leaks;
mod metrics;
mod ops;
mod ops_acting;
mod ops_browser;
mod ops_doctor;
mod ops_find;
mod ops_inbox;
mod ops_json;
mod ops_leaves;
mod ops_looking;
mod ops_page;
mod ops_parked;
mod ops_requests;
mod ops_runs;
mod ops_story;
mod ops_together;
mod ops_unread;
mod ops_volume;
mod ops_wiring;
mod outages;
mod overtaken;
#[cfg(target_os = "linux")]
mod panics;
mod rights;
mod samples;
mod scripted;
mod secrets;
mod table;
mod torn;
mod triggers;
mod turns;

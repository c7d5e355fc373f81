//! The ledger: events in its own terms, and the record that they add up to.

mod event;
mod keys;
mod record;
mod register;
mod status;
mod undated;
mod vocabulary;

pub(crate) use event::CLOCK_AHEAD_SECONDS;
pub use event::{
    Action, Change, Clock, Content, Event, Facts, Identity, Malformed, Subject, Undated,
};
pub use keys::{
    INBOX, ItemKeys, NotAPartition, Partition, RECORD, event_key, item_keys, promise_key,
    shared_identity,
};
pub use record::Record;
pub use register::{MAX_STATEMENTS, Register, Statement};
pub use status::{ByFact, DELETED, FactIs, Status, StatusWords, UNKNOWN, With, status_set};
pub use undated::Arrivals;
pub use vocabulary::{Family, InboxReason, Kind, Provider, Source, Sources, unit_name};

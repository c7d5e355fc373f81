//! The result of one read of a partition, and the content of one transaction.

use crate::fulfilment::promise::Promise;
use crate::ledger::{Event, Record, Subject};

/// An event that is recorded already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenEvent {
    /// The event's type.
    pub event_type: String,
    /// SHA-256 of the event's exact bytes, in hex.
    pub sha256: String,
}

/// The items that one read finds for an event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// The record of the event's subject.
    pub record: Option<Record>,
    /// The status of that record in the ledger's words.
    pub status: Option<String>,
    /// The events that are recorded under the event's id: none, the one that came
    /// first, and with it, if that is of another type, the one of the event's own
    /// type.
    pub events: Vec<SeenEvent>,
    /// The latest promise of the subject.
    pub promise: Option<Promise>,
    /// The records of the other objects that the event is about, in its order.
    pub others: Vec<Option<Record>>,
}

impl Snapshot {
    /// The same event, if it is recorded already: one of its id and its type.
    #[must_use]
    pub fn seen(&self, event: &Event) -> Option<&SeenEvent> {
        self.events.iter().find(|seen| seen.event_type == event.event_type)
    }

    /// True when record and promise can have been there at the same moment: a
    /// record names the epoch of its latest promise, from the first on.
    #[must_use]
    pub fn belongs_together(&self) -> bool {
        let named = self.record.as_ref().map_or(0, |record| record.epoch);
        let read = self.promise.as_ref().map_or(0, |promise| promise.epoch);
        named == read
    }
}

/// The items to be written in one transaction, all or nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeSet {
    /// The event's identity, complete.
    pub identity: String,
    /// The names of the facts that the event changed.
    pub changed: Vec<String>,
    /// The record after the event, in its next version; `None` for the inbox.
    pub record: Option<Record>,
    /// The promises after the event, in their next version.
    pub promises: Vec<Promise>,
    /// The reason why an announcement makes no new promise.
    pub no_promise: Option<&'static str>,
    /// True when the event's time is so far ahead of its arrival that it counts as
    /// an earlier one.
    pub clock_ahead: bool,
    /// The names of the facts whose value before the change, as the event states it,
    /// is not the one that was held.
    pub gaps: Vec<String>,
    /// The changes of the other objects that the event is about.
    pub others: Vec<OtherChange>,
}

/// The change of an object that an event is about too.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherChange {
    /// The object.
    pub subject: Subject,
    /// The names of the facts that changed.
    pub changed: Vec<String>,
    /// The record after the event, in its next version.
    pub record: Record,
}

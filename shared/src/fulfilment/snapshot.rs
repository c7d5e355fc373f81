//! What one read of a partition shows, and what one transaction writes to it.

use crate::fulfilment::Promise;
use crate::ledger::{Event, Record};

/// An event that is recorded already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenEvent {
    /// Its type.
    pub event_type: String,
    /// SHA-256 of its exact bytes, in hex.
    pub sha256: String,
}

/// What was read before.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// The record of the event's subject.
    pub record: Option<Record>,
    /// The events that are recorded under the event's id: none, the one that
    /// came first, and with it, if that is of another type, the one of the
    /// event's own type.
    pub events: Vec<SeenEvent>,
    /// The promise of the subject.
    pub promise: Option<Promise>,
}

impl Snapshot {
    /// This very event, if it is recorded already: one of its id and its type.
    #[must_use]
    pub fn seen(&self, event: &Event) -> Option<&SeenEvent> {
        self.events.iter().find(|seen| seen.event_type == event.event_type)
    }

    /// Whether record and promise can have been there at the same moment: a
    /// record names the epoch of its latest promise, from the first on.
    #[must_use]
    pub fn belongs_together(&self) -> bool {
        let named = self.record.as_ref().map_or(0, |record| record.epoch);
        let read = self.promise.as_ref().map_or(0, |promise| promise.epoch);
        named == read
    }
}

/// What is to be written, all or nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeSet {
    /// The event's identity, complete.
    pub identity: String,
    /// The names of the facts that it changed.
    pub changed: Vec<String>,
    /// The record afterwards, in its next version; none for the inbox.
    pub record: Option<Record>,
    /// Promises as they are afterwards, in their next version.
    pub promises: Vec<Promise>,
    /// Why an announcement makes no new promise.
    pub no_promise: Option<&'static str>,
    /// Whether the event's time is so far ahead of its arrival that it counts
    /// as an earlier one.
    pub clock_ahead: bool,
}

//! The decision: what recording an event changes.

use crate::event::{Change, Content, Event, Identity};
use crate::fulfilment::{Announced, Policy, Promise, Stepped, announce, reconcile};
use crate::ledger::Record;
use crate::timestamp::Timestamp;

/// What one read found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    /// The record of the event's subject.
    pub record: Option<Record>,
    /// Whether this very event is recorded already.
    pub event: bool,
    /// The promise of the subject.
    pub promise: Option<Promise>,
}

impl Known {
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
pub struct Write {
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
}

/// What an event comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Recorded before: nothing is written.
    Duplicate,
    /// To be written.
    Write(Box<Write>),
}

/// Decides what recording `event` changes. Pure: the same arguments give the
/// same decision.
#[must_use]
pub fn decide(known: &Known, event: &Event, policy: &Policy, received: Timestamp) -> Decision {
    let change = match &event.content {
        Content::Change(change) => change,
        Content::Unknown | Content::Test => return archive(known, event),
    };
    let mut record = known.record.clone().unwrap_or_default();
    let (identity, changed) = match (&event.identity, change.clock) {
        (Identity::Given(id), clock) => {
            if known.event {
                return Decision::Duplicate;
            }
            let changed = match clock {
                Some(clock) => record.merge(change, clock),
                None => record.apply(change, id.as_str()),
            };
            (id.as_str().to_owned(), changed)
        }
        (Identity::Transition(transition), _) => {
            if record.transitions.contains_key(transition) {
                return Decision::Duplicate;
            }
            let changed = record.apply(change, transition);
            (format!("{transition}#{}", record.version), changed)
        }
    };
    record.version = record.version.saturating_add(1);
    if change.announces && !record.sources.contains(&policy.sources) {
        record.sources.push(policy.sources.clone());
    }
    let (promises, no_promise) = promises(known, event, change, &record, policy, received);
    if let Some(promise) = promises.last() {
        record.epoch = promise.epoch;
    }
    Decision::Write(Box::new(Write {
        identity,
        changed,
        record: Some(record),
        promises,
        no_promise,
    }))
}

fn archive(known: &Known, event: &Event) -> Decision {
    if known.event {
        return Decision::Duplicate;
    }
    let identity = match &event.identity {
        Identity::Given(id) => id.as_str().to_owned(),
        Identity::Transition(transition) => transition.clone(),
    };
    Decision::Write(Box::new(Write {
        identity,
        changed: Vec::new(),
        record: None,
        promises: Vec::new(),
        no_promise: None,
    }))
}

fn promises(
    known: &Known,
    event: &Event,
    change: &Change,
    record: &Record,
    policy: &Policy,
    received: Timestamp,
) -> (Vec<Promise>, Option<&'static str>) {
    if let Some(promise) = &known.promise {
        let promises = match reconcile(policy, event.provider, promise, record, received) {
            Stepped::Changed(promise) => vec![*promise],
            Stepped::NewEpoch { ended, next } => vec![*ended, *next],
            Stepped::Unchanged | Stepped::Invalid(_) => Vec::new(),
        };
        return (promises, None);
    }
    match announce(policy, event.provider, &change.subject, record, received) {
        Announced::Promise(promise) => (vec![*promise], None),
        Announced::Nothing(reason) => (Vec::new(), Some(reason).filter(|_| change.announces)),
    }
}

//! The decision: what recording an event changes.

use crate::event::{Change, Content, Event, Identity};
use crate::fulfilment::{Announced, Moment, Policy, Promise, announce};
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

/// What is to be written, all or nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// The event's identity, complete.
    pub identity: String,
    /// The names of the facts that it changed.
    pub changed: Vec<String>,
    /// The record afterwards, in its next version; none for the inbox.
    pub record: Option<Record>,
    /// A promise that did not exist before.
    pub promise: Option<Promise>,
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
    let (promise, no_promise) = promise(known, event, change, &record, policy, received);
    Decision::Write(Box::new(Write {
        identity,
        changed,
        record: Some(record),
        promise,
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
        promise: None,
        no_promise: None,
    }))
}

fn promise(
    known: &Known,
    event: &Event,
    change: &Change,
    record: &Record,
    policy: &Policy,
    received: Timestamp,
) -> (Option<Promise>, Option<&'static str>) {
    let Some(announcement) = &change.announces else {
        return (None, None);
    };
    if known.promise.is_some() {
        return (None, Some("already_promised"));
    }
    let announced = change.clock.map_or(received, |clock| clock.time);
    let moment = Moment {
        announced,
        received,
    };
    let (provider, subject) = (event.provider, &change.subject);
    match announce(
        policy,
        provider,
        subject,
        announcement,
        record.status(),
        moment,
    ) {
        Announced::Promise(promise) => (Some(*promise), None),
        Announced::Nothing(reason) => (None, Some(reason)),
    }
}

//! The decision: what recording an event changes.

use std::borrow::Cow;

use crate::fulfilment::{
    Announced, ChangeSet, OtherChange, Policy, Promise, Rewards, Snapshot, Transition, announce,
    reconcile,
};
use crate::ledger::{
    CLOCK_AHEAD_SECONDS, Change, Content, Event, Identity, Record, shared_identity,
};
use crate::wire::{Id, Timestamp};

/// The decision about an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// The event is recorded already: nothing is written.
    Duplicate,
    /// The changes to be written.
    Write(Box<ChangeSet>),
}

/// Decides what recording `event` changes. Pure: the same arguments give the
/// same decision.
#[must_use]
pub fn decide(
    known: &Snapshot,
    event: &Event,
    policy: &Policy,
    rewards: Option<&'static Rewards>,
    received: Timestamp,
) -> Decision {
    let change = match &event.content {
        Content::Change(change) => change,
        Content::Unknown | Content::Test => return archive(known, event),
    };
    let bounded = bounded(change, received);
    let (change, clock_ahead) = (bounded.as_ref(), matches!(bounded, Cow::Owned(_)));
    let mut record = known.record.clone().unwrap_or_default();
    let gaps = record.gaps(change);
    let (identity, changed) = match &event.identity {
        Identity::Given(id) => {
            let Some(identity) = unrecorded(known, event, id) else {
                return Decision::Duplicate;
            };
            let changed = record.take_in(change, &identity, received);
            (identity, changed)
        }
        Identity::Transition(transition) => {
            if record.is_repeat(transition) {
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
    let rewards = rewards.filter(|rewards| rewards.kind == change.subject.kind);
    let (promises, no_promise) = match rewards {
        Some(rewards) => promises(known, rewards, change, &record, policy, received),
        None => (Vec::new(), None),
    };
    if let Some(promise) = promises.last() {
        record.epoch = promise.epoch;
    }
    Decision::Write(Box::new(ChangeSet {
        identity,
        changed,
        record: Some(record),
        promises,
        no_promise,
        clock_ahead,
        gaps,
        others: others(known, event, received),
    }))
}

/// The changes of the other objects that the event is about. Each is merged into a
/// record of its own; that they are merged once is kept by the event's identity, which
/// is written with all of them in one transaction (invariant `OnceApplied`).
fn others(known: &Snapshot, event: &Event, received: Timestamp) -> Vec<OtherChange> {
    let records = known.others.iter().cloned().chain(std::iter::repeat(None));
    let changes = event.others.iter().zip(records).map(|(change, record)| {
        let bounded = bounded(change, received);
        let mut record = record.unwrap_or_default();
        let changed = record.take_in(&bounded, &event.event_type, received);
        record.version = record.version.saturating_add(1);
        OtherChange { subject: change.subject.clone(), changed, record }
    });
    changes.collect()
}

/// The change with its clock at most [`CLOCK_AHEAD_SECONDS`] after the arrival.
fn bounded(change: &Change, received: Timestamp) -> Cow<'_, Change> {
    let latest = received.plus_seconds(CLOCK_AHEAD_SECONDS);
    let clock = change.clock.map(|clock| clock.no_later_than(latest));
    if clock == change.clock {
        return Cow::Borrowed(change);
    }
    Cow::Owned(Change { clock, ..change.clone() })
}

/// The identity under which to record an event; `None` when it is recorded already.
fn unrecorded(known: &Snapshot, event: &Event, id: &Id) -> Option<String> {
    if known.seen(event).is_some() {
        return None;
    }
    Some(if known.events.is_empty() {
        id.as_str().to_owned()
    } else {
        shared_identity(id.as_str(), &event.event_type)
    })
}

fn archive(known: &Snapshot, event: &Event) -> Decision {
    let identity = match &event.identity {
        Identity::Given(id) => unrecorded(known, event, id),
        Identity::Transition(transition) => known.events.is_empty().then(|| transition.clone()),
    };
    let Some(identity) = identity else {
        return Decision::Duplicate;
    };
    Decision::Write(Box::new(ChangeSet {
        identity,
        changed: Vec::new(),
        record: None,
        promises: Vec::new(),
        no_promise: None,
        clock_ahead: false,
        gaps: Vec::new(),
        others: Vec::new(),
    }))
}

/// True when a reward is approved, no event that could be read has announced it,
/// and this event lists its changes in a way that cannot be read.
fn unread_approval(change: &Change, record: &Record) -> bool {
    let approved = record.status() == Some("approved");
    change.changes_unread && approved && record.announcement().is_none()
}

fn promises(
    known: &Snapshot,
    rewards: &'static Rewards,
    change: &Change,
    record: &Record,
    policy: &Policy,
    received: Timestamp,
) -> (Vec<Promise>, Option<&'static str>) {
    if let Some(promise) = &known.promise {
        let promises = match reconcile(policy, rewards, promise, record, received) {
            Transition::Changed(promise) => vec![*promise],
            Transition::NewEpoch { ended, next } => vec![*ended, *next],
            Transition::Unchanged | Transition::Invalid(_) => Vec::new(),
        };
        return (promises, None);
    }
    match announce(policy, rewards, &change.subject, record, received) {
        Announced::Promise(promise) => (vec![*promise], None),
        // The event may have announced the reward, and nobody can tell.
        Announced::Nothing(_) if unread_approval(change, record) => {
            (Vec::new(), Some("changes_unreadable"))
        }
        Announced::Nothing(reason) => (Vec::new(), Some(reason).filter(|_| change.announces)),
    }
}

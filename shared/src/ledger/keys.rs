//! The keys of the table.

use crate::ledger::{Content, Event, Identity, Provider, Subject};

/// The sort key of a record.
pub const RECORD: &str = "record";

/// The partition of a business object.
#[must_use]
pub fn partition(provider: Provider, subject: &Subject) -> String {
    format!("{provider}#{}#{}", subject.kind.name(), subject.id.as_str())
}

/// The provider's name, the kind's name and the id in a partition key; undoes
/// [`partition`].
#[must_use]
pub fn partition_parts(pk: &str) -> Option<(&str, &str, &str)> {
    let mut parts = pk.splitn(3, '#');
    Some((parts.next()?, parts.next()?, parts.next()?))
}

/// The partition of a request that has no known subject.
#[must_use]
pub fn inbox(provider: Provider, identity: &str) -> String {
    format!("{provider}#inbox#{identity}")
}

/// The sort key of an event.
#[must_use]
pub fn event_key(identity: &str) -> String {
    format!("event#{identity}")
}

/// The identity of an event whose id an event of another type has taken already in
/// the same partition. Affonso's published samples share one id.
#[must_use]
pub fn shared_identity(id: &str, event_type: &str) -> String {
    format!("{id}#{event_type}")
}

/// The sort key of a promise.
#[must_use]
pub fn promise_key(epoch: u32) -> String {
    format!("fulfilment#{epoch}")
}

/// The keys under which an event is looked for before it is recorded: its
/// partition, and its sort key where its identity is known beforehand.
#[must_use]
pub fn item_keys(event: &Event) -> (String, Option<String>) {
    match (&event.content, &event.identity) {
        (Content::Change(change), Identity::Given(id)) => {
            (partition(event.provider, &change.subject), Some(event_key(id.as_str())))
        }
        (Content::Change(change), Identity::Transition(_)) => {
            (partition(event.provider, &change.subject), None)
        }
        (_, Identity::Given(id)) => {
            (inbox(event.provider, id.as_str()), Some(event_key(id.as_str())))
        }
        (_, Identity::Transition(transition)) => {
            (inbox(event.provider, transition), Some(event_key(transition)))
        }
    }
}

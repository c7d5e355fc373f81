//! The keys of the table.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ledger::{Content, Event, Identity, Kind, Provider, Subject};

/// The sort key of a record.
pub const RECORD: &str = "record";
/// The name that stands for a kind where nobody knows the object, and for a state in
/// the index of open work.
pub const INBOX: &str = "inbox";

/// The key of a partition: the name of a provider, the name of a kind and the id
/// of one object, `{provider}#{kind}#{id}`. Only the id may hold a `#`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Partition {
    provider: String,
    kind: String,
    id: String,
}

/// A text that is no key of a partition. It is not quoted: an id may be personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not provider#kind#id")]
pub struct NotAPartition;

impl Partition {
    /// The partition of a business object.
    #[must_use]
    pub fn of(provider: Provider, subject: &Subject) -> Self {
        Self::of_object(provider, subject.kind, subject.id.as_str())
    }

    /// The partition of the business object of that kind and id.
    #[must_use]
    pub fn of_object(provider: Provider, kind: Kind, id: &str) -> Self {
        Self::named(provider.name(), kind.name(), id)
    }

    /// The partition of what has no known subject.
    #[must_use]
    pub fn inbox(provider: Provider, identity: &str) -> Self {
        Self::named(provider.name(), INBOX, identity)
    }

    /// The partition of these three parts.
    ///
    /// # Errors
    /// [`NotAPartition`] when the provider or the kind holds a `#`, so that they
    /// could not be told apart again.
    pub fn new(provider: &str, kind: &str, id: &str) -> Result<Self, NotAPartition> {
        if provider.contains('#') || kind.contains('#') {
            return Err(NotAPartition);
        }
        Ok(Self::named(provider, kind, id))
    }

    fn named(provider: &str, kind: &str, id: &str) -> Self {
        Self { provider: provider.to_owned(), kind: kind.to_owned(), id: id.to_owned() }
    }

    /// The name of the provider.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The name of the kind, or `inbox`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The provider's id of the object.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}#{}", self.provider, self.kind, self.id)
    }
}

impl FromStr for Partition {
    type Err = NotAPartition;

    fn from_str(text: &str) -> Result<Self, NotAPartition> {
        let (provider, rest) = text.split_once('#').ok_or(NotAPartition)?;
        let (kind, id) = rest.split_once('#').ok_or(NotAPartition)?;
        Ok(Self::named(provider, kind, id))
    }
}

impl TryFrom<String> for Partition {
    type Error = NotAPartition;

    fn try_from(text: String) -> Result<Self, NotAPartition> {
        text.parse()
    }
}

impl From<Partition> for String {
    fn from(partition: Partition) -> Self {
        partition.to_string()
    }
}

/// The keys of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemKeys {
    /// The partition.
    pub pk: Partition,
    /// The sort key in it.
    pub sk: String,
}

impl ItemKeys {
    /// The keys of a promise.
    #[must_use]
    pub fn of_promise(pk: Partition, epoch: u32) -> Self {
        Self { pk, sk: promise_key(epoch) }
    }
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
pub fn item_keys(event: &Event) -> (Partition, Option<String>) {
    let provider = event.provider;
    match (&event.content, &event.identity) {
        (Content::Change(change), Identity::Given(id)) => {
            (Partition::of(provider, &change.subject), Some(event_key(id.as_str())))
        }
        (Content::Change(change), Identity::Transition(_)) => {
            (Partition::of(provider, &change.subject), None)
        }
        (_, Identity::Given(id)) => {
            (Partition::inbox(provider, id.as_str()), Some(event_key(id.as_str())))
        }
        (_, Identity::Transition(transition)) => {
            (Partition::inbox(provider, transition), Some(event_key(transition)))
        }
    }
}

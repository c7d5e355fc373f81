//! An authenticated event, in the ledger's terms.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::ledger::{Family, InboxReason, Kind, Provider};
use crate::wire::{Id, Timestamp};

/// The facts that an event states about its subject, by field name. Values hold no
/// numbers: amounts are exact decimal texts.
pub type Facts = Map<String, Value>;

/// The object that an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The kind of the object.
    pub kind: Kind,
    /// The provider's id of the object.
    pub id: Id,
}

/// The identity of an event, by which a repeated delivery is known (invariant
/// `OnceRecorded`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// The provider's own id of the event, from the authenticated bytes.
    Given(Id),
    /// The transition of an object, where the provider (UpPromote) gives its events
    /// no id. It is complete with the version of the record at which it applies.
    Transition(String),
}

/// The change that an event makes to its object. Orders events of the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// The object came to be.
    Created,
    /// The object changed.
    Updated,
    /// The object is gone.
    Deleted,
}

impl Action {
    /// The action that an event type names: `payout.created` and `reward_created`
    /// create, `payout.deleted` deletes, any other updates.
    #[must_use]
    pub fn of_type(event_type: &str) -> Self {
        match event_type.rsplit(['.', '_']).next() {
            Some("created") => Self::Created,
            Some("deleted") => Self::Deleted,
            _ => Self::Updated,
        }
    }

    /// The name of the action in table items.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
        }
    }

    /// The action of that name; undoes [`Action::name`].
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Created, Self::Updated, Self::Deleted].into_iter().find(|a| a.name() == name)
    }
}

/// The place of an event among those of its object: by time, then by action, then
/// by the rank of its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clock {
    /// The provider's time. An event without one is older than any with one, even
    /// than one of 1970.
    pub time: Option<Timestamp>,
    /// The change to the object.
    pub action: Action,
    /// The rank of the status: how far along the object's life it stands.
    pub rank: u8,
}

impl Clock {
    /// The place before all others, of facts that nobody dated.
    pub const UNKNOWN: Self = Self { time: None, action: Action::Created, rank: 0 };

    /// The same place with a time of at most `latest`.
    #[must_use]
    pub fn no_later_than(self, latest: Timestamp) -> Self {
        Self { time: self.time.map(|time| time.min(latest)), ..self }
    }
}

/// Most seconds that an event's time may be ahead of its arrival. An event dated
/// later counts as of that moment, so that no event can hold a fact longer than
/// that.
pub(crate) const CLOCK_AHEAD_SECONDS: i64 = 300;

/// The content of an event, by what is done with it.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// The event changes a record.
    Change(Box<Change>),
    /// The event's type is not known here: the event is archived and acknowledged.
    Unknown,
    /// The event comes from the provider's test button.
    Test,
}

impl Content {
    /// The reason for which the event is in the inbox; `None` when it changes a
    /// record.
    #[must_use]
    pub fn inbox(&self) -> Option<InboxReason> {
        match self {
            Content::Change(_) => None,
            Content::Unknown => Some(InboxReason::UnknownType),
            Content::Test => Some(InboxReason::Test),
        }
    }
}

/// The change that an event states for one object.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The object that changes.
    pub subject: Subject,
    /// The event's place in time; `None` where the provider has no clock.
    pub clock: Option<Clock>,
    /// The facts that the event states.
    pub facts: Facts,
    /// The event says that the object is gone.
    pub deletes: bool,
    /// The event announces an approved reward.
    pub announces: bool,
    /// The event lists its changes in a way that cannot be read: it may have
    /// announced an approval that [`Change::announces`] does not know of.
    pub changes_unread: bool,
    /// The values before the change, as far as the event names them and they can be
    /// read, by the names of their facts: `status` in small letters, `amount` as
    /// decimal text, `unit` in the ledger's words, each `null` where there was none.
    pub was: BTreeMap<String, Value>,
    /// The part of an event without a clock in the life of its object.
    pub undated: Undated,
}

/// The part that an event of a provider without a clock has in the life of its
/// object, as far as the event itself tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Undated {
    /// The event says that the object came to be: whatever else is known of the
    /// object is later.
    pub creates: bool,
    /// The status is the one before any transition, and never the result of one.
    pub is_initial: bool,
    /// The event's type and its body say different things.
    pub contradicts_itself: bool,
}

impl Change {
    /// A change of this object that states nothing yet.
    #[must_use]
    pub fn of(subject: Subject) -> Self {
        Self {
            subject,
            clock: None,
            facts: Facts::new(),
            deletes: false,
            announces: false,
            changes_unread: false,
            was: BTreeMap::new(),
            undated: Undated::default(),
        }
    }
}

/// An authenticated event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The provider that sent the event.
    pub provider: Provider,
    /// The event's type, as sent (UpPromote: as routed).
    pub event_type: String,
    /// The family of the event's type; `None` for unknown types.
    pub family: Option<Family>,
    /// The identity by which a repeated delivery is known.
    pub identity: Identity,
    /// The content of the event.
    pub content: Content,
    /// The changes of other objects that the event is about too.
    pub others: Vec<Change>,
    /// True for a type that no page of the vendor lists, and that is understood by
    /// the family that its name speaks of.
    pub is_unlisted: bool,
    /// The names of the facts that are too large for a record, whole or in part, and
    /// are kept with the event alone.
    pub over: Vec<&'static str>,
    /// The paths of the fields that could not be read, without any value.
    pub unread: Vec<String>,
    /// The provider whose format the body has, where that is not this provider's
    /// own: the event is kept, and not understood at this address.
    pub other_format: Option<Provider>,
}

/// An authenticated body that is not the JSON it must be. The text names
/// fields, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Malformed {
    /// Path of the field, `body` for the whole.
    pub field: String,
    /// The problem of the field, without any value.
    pub reason: String,
}

impl Malformed {
    /// A malformed `field`.
    pub fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }
}

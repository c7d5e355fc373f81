//! An authenticated event, in the ledger's terms.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::ledger::{Family, Kind, Provider};
use crate::wire::{Id, Timestamp};

/// What an event says about its subject, by field name. Values hold no
/// numbers: amounts are exact decimal texts.
pub type Facts = Map<String, Value>;

/// Which object an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Its kind.
    pub kind: Kind,
    /// The provider's id of it.
    pub id: Id,
}

/// What makes an event the same one when it is delivered again (invariant
/// `OnceRecorded`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// The provider's own id, from the authenticated bytes.
    Given(Id),
    /// UpPromote has none: this transition of this object, to be completed by
    /// the version of the record at which it applies.
    Transition(String),
}

/// What became of the object. Orders events of the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// It came to be.
    Created,
    /// It changed.
    Updated,
    /// It is gone.
    Deleted,
}

impl Action {
    /// What an event type says: `payout.created` and `reward_created` create,
    /// `payout.deleted` deletes, any other updates.
    #[must_use]
    pub fn of_type(event_type: &str) -> Self {
        match event_type.rsplit(['.', '_']).next() {
            Some("created") => Self::Created,
            Some("deleted") => Self::Deleted,
            _ => Self::Updated,
        }
    }

    /// The name in table items.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
        }
    }

    /// Undoes [`Action::name`].
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Created, Self::Updated, Self::Deleted].into_iter().find(|a| a.name() == name)
    }
}

/// An event's place among those of its object: by time, then by what became of
/// the object, then by status rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clock {
    /// The provider's time. An event without one is older than any with one,
    /// also than one of 1970.
    pub time: Option<Timestamp>,
    /// What became of the object.
    pub action: Action,
    /// How far along its life the status stands.
    pub rank: u8,
}

impl Clock {
    /// The place before all others: of what nobody dated.
    pub const UNKNOWN: Self = Self { time: None, action: Action::Created, rank: 0 };

    /// This place, at `latest` if it is later than that.
    #[must_use]
    pub fn no_later_than(self, latest: Timestamp) -> Self {
        Self { time: self.time.map(|time| time.min(latest)), ..self }
    }
}

/// Seconds that an event's time may be ahead of its arrival. What is dated
/// later counts as of then: no event can hold a fact longer than that.
pub(crate) const CLOCK_AHEAD_SECONDS: i64 = 300;

/// What to do with an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// It changes a record.
    Change(Box<Change>),
    /// Its type is not known here: archived, acknowledged.
    Unknown,
    /// The provider's test button.
    Test,
}

/// What an event says about one object.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The object.
    pub subject: Subject,
    /// The event's place in time; `None` where the provider has no clock.
    pub clock: Option<Clock>,
    /// What it states.
    pub facts: Facts,
    /// Whether it says that the object is gone.
    pub deletes: bool,
    /// Whether it announces an approved reward.
    pub announces: bool,
    /// Whether it says what changed in a way that cannot be read: it may have
    /// announced an approval that [`Change::announces`] does not know of.
    pub changes_unread: bool,
    /// The values before the change, as far as it names them and they can be
    /// read: `status` in small letters, `amount` as decimal text, `unit` in the
    /// ledger's words, each `null` where there was none.
    pub was: BTreeMap<String, Value>,
}

/// An authenticated event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Who sent it.
    pub provider: Provider,
    /// Its type, as sent (UpPromote: as routed).
    pub event_type: String,
    /// The family its type belongs to; `None` for unknown types.
    pub family: Option<Family>,
    /// What makes it the same event again.
    pub identity: Identity,
    /// What it says.
    pub content: Content,
    /// The paths of what of its body could not be read, without any value.
    pub unread: Vec<String>,
    /// Whose format the body has, where it is not the provider's own: it is
    /// kept, and not understood at this address.
    pub other_format: Option<Provider>,
}

/// An authenticated body that is not the JSON it must be. The text names
/// fields, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Malformed {
    /// Path of the field, `body` for the whole.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Malformed {
    /// A malformed `field`.
    pub fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }
}

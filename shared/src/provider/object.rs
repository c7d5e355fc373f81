//! The catalogue of a provider as tables: a row an event type, and the objects that the
//! events are about.

use serde_json::Value;

use crate::ledger::{Action, Change, Clock, Facts, Family, Identity, Kind, Malformed, StatusWords};
use crate::provider::mapping::{amount_fact, state};
use crate::wire::json::Json;
use crate::wire::parts::{Member, Parts};
use crate::wire::{Field, Timestamp, Unread};

/// A row of a catalogue.
pub struct EventType {
    /// The vendor's name of the event type.
    pub name: &'static str,
    /// Other names that the vendor's pages give the event type, or gave it.
    pub aliases: &'static [&'static str],
    /// The object that the event is about.
    pub object: &'static Object,
    /// The status that the type itself names, for a body that names none.
    pub status: Option<&'static str>,
    /// True when the event says that the object is gone.
    pub deletes: bool,
}

impl EventType {
    /// A row of an event that changes such an object.
    #[must_use]
    pub const fn of(name: &'static str, object: &'static Object) -> Self {
        Self { name, aliases: &[], object, status: None, deletes: false }
    }

    /// A row of an event whose type names a status.
    #[must_use]
    pub const fn saying(name: &'static str, object: &'static Object, status: &'static str) -> Self {
        Self { name, aliases: &[], object, status: Some(status), deletes: false }
    }

    /// A row of an event that deletes such an object.
    #[must_use]
    pub const fn deleting(name: &'static str, object: &'static Object) -> Self {
        Self { name, aliases: &[], object, status: None, deletes: true }
    }

    /// The same row with other names for the event.
    #[must_use]
    pub const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// Every name of the event type.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// The family of the event type.
    #[must_use]
    pub fn family(&self) -> Family {
        self.object.family
    }

    /// The kinds of object that such an event writes.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> {
        std::iter::once(self.object.kind).chain(self.object.also.iter().map(|also| also.kind))
    }
}

/// The meaning of an event.
pub struct Understood {
    /// The identity of the event.
    pub identity: Identity,
    /// The changes that it makes, that of its subject first; none when its subject is
    /// not to be told.
    pub changes: Vec<Change>,
}

/// An object of a provider: the members that are read, and what they mean in the
/// ledger's terms.
pub struct Object {
    /// The kind of the object.
    pub kind: Kind,
    /// The family of its events.
    pub family: Family,
    /// The members of its body.
    pub members: &'static [Member],
    /// The facts that several members state together, most of them the id of another
    /// object: all places where one may stand must agree.
    pub joined: &'static [Joined],
    /// The amount, where the object has one.
    pub amount: Option<Amount>,
    /// The members that may hold the status, the first that does first.
    pub status: &'static [&'static str],
    /// The meaning of the status.
    pub words: &'static StatusWords,
    /// True when its facts decide a reward: one that cannot be read is then unknown,
    /// and not the one before.
    pub decides: bool,
    /// The reading of an event that is about such an object.
    pub read: ReadEvent,
    /// The other objects that its events are about too.
    pub also: &'static [&'static Object],
}

/// A fact that stands in several places of a body.
pub struct Joined {
    /// The name of the fact.
    pub fact: &'static str,
    /// The places, as paths of member names.
    pub at: &'static [&'static [&'static str]],
}

/// An amount with its unit, one fact.
pub struct Amount {
    /// The member that holds the number.
    pub value: &'static str,
    /// The unit.
    pub unit: Unit,
}

/// The unit of an amount.
pub enum Unit {
    /// The unit is always this one.
    Fixed(&'static str),
    /// A member names it, in words of the provider's that the function translates.
    Member(&'static str, fn(&str) -> String),
}

/// Money in major units of a currency.
pub const MAJOR_UNITS: Unit = Unit::Fixed("cash_major");

/// Reads an event as changes of objects. Fields that cannot be read are noted in
/// [`Unread`].
pub type ReadEvent = fn(&Reading, &mut Unread) -> Result<Understood, Malformed>;

/// An event that is to be read.
pub struct Reading<'a> {
    /// The row of the event's type; of a type that no page lists, the one by which it
    /// is applied.
    pub row: &'static EventType,
    /// The body.
    pub body: &'a Json,
    /// SHA-256 of the exact bytes, in hex.
    pub sha256: &'a str,
}

/// The words of an object that has no status.
static NO_WORDS: StatusWords = StatusWords::of(&[]);

impl Object {
    /// An object of this kind and family, which states nothing yet: what its table does
    /// not name is as it is here.
    #[must_use]
    pub const fn of(kind: Kind, family: Family, read: ReadEvent) -> Self {
        Self {
            kind,
            family,
            members: &[],
            joined: &[],
            amount: None,
            status: &[],
            words: &NO_WORDS,
            decides: false,
            read,
            also: &[],
        }
    }

    /// The object in the member `name` of a body, which must be there.
    ///
    /// # Errors
    /// [`Malformed`] when the member is missing or no object.
    pub fn in_member(
        &self,
        body: &Json,
        name: &'static str,
        unread: &mut Unread,
    ) -> Result<Parts, Malformed> {
        match body.get(name) {
            Some(Json::Object(_)) => {
                let read = |json: &Json, unread: &mut Unread| self.parts(json, unread);
                Ok(unread.member_by(body, name, read).value().cloned().unwrap_or_default())
            }
            Some(_) => Err(Malformed::new(name, "is not an object")),
            None => Err(Malformed::new(name, "is missing")),
        }
    }

    /// The object that this JSON is; `None` when it is no object.
    #[must_use]
    pub fn parts(&self, json: &Json, unread: &mut Unread) -> Option<Parts> {
        Parts::read(json, self.members, unread)
    }

    /// The facts that a body states of the object, but for the status. The names of
    /// those too large for a record are noted in `unread`.
    #[must_use]
    pub fn facts(&self, parts: &Parts, unread: &mut Unread) -> Facts {
        let mut facts = parts.facts(unread);
        for Joined { fact, at } in self.joined {
            state(&mut facts, fact, self.weighed(parts.agreed(at)));
        }
        if let Some(amount) = &self.amount {
            let unit = match &amount.unit {
                // Without a number, a unit that nobody sent says nothing.
                Unit::Fixed(_) if parts.at(&[amount.value]) == Field::Null => Field::Null,
                Unit::Fixed(unit) => Field::Value((*unit).to_owned()),
                Unit::Member(name, translate) => parts.at(&[name]).map(|unit| translate(unit)),
            };
            let value = self.weighed(parts.at(&[amount.value]).map(|value| (*value).to_owned()));
            amount_fact(&mut facts, &value, &self.weighed(unit));
        }
        facts
    }

    /// The status that a body states, in the provider's words.
    #[must_use]
    pub fn status(&self, parts: &Parts) -> Field<String> {
        parts.first(self.status)
    }

    /// The place among others of an event of this row that states this status.
    /// Without a time it never overrides an event that has one.
    #[must_use]
    pub fn clock(&self, time: Option<Timestamp>, row: &EventType, status: &Field<String>) -> Clock {
        let rank = self.words.rank(self.kind, status.value().map(String::as_str));
        Clock { time, action: Action::of_type(row.name), rank }
    }

    /// A field by its weight: where the object decides a reward, one that cannot be
    /// read is unknown.
    #[must_use]
    pub fn weighed<T>(&self, field: Field<T>) -> Field<T> {
        if self.decides { field.deciding() } else { field }
    }

    /// The facts that decide a reward, each as unknown: of a body that cannot be read.
    #[must_use]
    pub fn unknown(&self) -> Facts {
        let joined = self.joined.iter().map(|joined| joined.fact);
        let amount = self.amount.as_ref().map(|_| "amount");
        joined.chain(amount).map(|name| (name.to_owned(), Value::Null)).collect()
    }
}

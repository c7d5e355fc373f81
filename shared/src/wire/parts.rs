//! Payloads read by their tables: one reader for every object of every provider.
//!
//! A table names the members of an object, the form of each, and the fact that it
//! becomes. What it does not name is not read.

use serde_json::{Map, Value};

use crate::wire::json::Json;
use crate::wire::{Decimal, Field, Id, Read, Timestamp, Unread, free};

/// Longest text that becomes a fact, in bytes. A longer one is kept in the event
/// only.
pub const MAX_TEXT_BYTES: usize = 512;
/// Longest text inside a fact that is an object, in bytes.
pub const MAX_INNER_TEXT_BYTES: usize = 256;
/// Largest fact that is an object or a list, in bytes of JSON.
pub const MAX_FACT_BYTES: usize = 8 * 1024;

/// The limits of a text, and of anything else, in bytes.
type Limits = (usize, usize);

const OF_A_FACT: Limits = (MAX_TEXT_BYTES, MAX_FACT_BYTES);
// Half, so that one large part does not cost the others.
const INSIDE_A_FACT: Limits = (MAX_INNER_TEXT_BYTES, MAX_FACT_BYTES / 2);

/// Longest status or unit, in bytes.
const MAX_WORD_BYTES: usize = 256;

/// The form of a member's value.
#[derive(Clone, Copy)]
pub enum Form {
    /// An id: a string or a whole number.
    Id,
    /// An id that is a number, and not 0.
    NumberId,
    /// An exact decimal number.
    Decimal,
    /// A time, kept as sent where that is RFC 3339.
    Time,
    /// A time, always rewritten as RFC 3339 with milliseconds.
    Instant,
    /// A time, or a date, which counts as the first moment of its day in UTC.
    Date,
    /// Text that is neither personal nor secret.
    Text,
    /// A status or a unit, in small letters.
    Word,
    /// The result of a check; one that cannot be read is `unread`, because it is not
    /// known to be passed.
    Verdict,
    /// Personal data.
    Personal,
    /// Tax or payment data, of which only the presence is kept.
    Present,
    /// An object with a table of its own.
    Object(&'static [Member]),
    /// Values of any shape, such as custom fields: kept without credentials and
    /// payment data, numbers as texts.
    Free,
}

impl Form {
    /// True when a value of this form is a single text, kept as it was sent.
    #[must_use]
    pub fn is_text(self) -> bool {
        !matches!(self, Self::Object(_) | Self::Free | Self::Present)
    }
}

/// One member of an object.
#[derive(Clone, Copy)]
pub struct Member {
    /// The member's name as sent.
    pub wire: &'static str,
    /// The name of the fact that it becomes.
    pub fact: &'static str,
    /// The form of its value.
    pub form: Form,
    /// False for a member that becomes no fact by itself: the subject's id, or a part
    /// of a fact that is made of several members.
    pub stated: bool,
}

impl Member {
    /// A member that becomes a fact of the same name.
    #[must_use]
    pub const fn new(wire: &'static str, form: Form) -> Self {
        Self { wire, fact: wire, form, stated: true }
    }

    /// The same member as a fact of this name.
    #[must_use]
    pub const fn named(self, fact: &'static str) -> Self {
        Self { fact, ..self }
    }

    /// The text of a value of this member's form; `None` when it cannot be read, or is
    /// no single text.
    #[must_use]
    pub fn text_of(&self, json: &Json, unread: &mut Unread) -> Option<String> {
        match read_part(self.form, json, unread)? {
            Part::Text(text) => Some(text),
            Part::Object(_) | Part::Free(_) => None,
        }
    }

    /// The same member, which becomes no fact by itself.
    #[must_use]
    pub const fn unstated(self) -> Self {
        Self { stated: false, ..self }
    }
}

/// A member that is an id.
#[must_use]
pub const fn id(wire: &'static str) -> Member {
    Member::new(wire, Form::Id)
}

/// A member that is the id of another object, and no fact by itself.
#[must_use]
pub const fn number_id(wire: &'static str) -> Member {
    Member::new(wire, Form::NumberId)
}

/// A member that is an exact decimal.
#[must_use]
pub const fn decimal(wire: &'static str) -> Member {
    Member::new(wire, Form::Decimal)
}

/// A member that is a time.
#[must_use]
pub const fn time(wire: &'static str) -> Member {
    Member::new(wire, Form::Time)
}

/// A member that is text.
#[must_use]
pub const fn text(wire: &'static str) -> Member {
    Member::new(wire, Form::Text)
}

/// A member that is a status or a unit; it becomes no fact by itself.
#[must_use]
pub const fn word(wire: &'static str) -> Member {
    Member::new(wire, Form::Word).unstated()
}

/// A member that is personal.
#[must_use]
pub const fn personal(wire: &'static str) -> Member {
    Member::new(wire, Form::Personal)
}

/// A member of which only the presence is kept.
#[must_use]
pub const fn present(wire: &'static str) -> Member {
    Member::new(wire, Form::Present)
}

/// A member that is an object with these members.
#[must_use]
pub const fn object(wire: &'static str, members: &'static [Member]) -> Member {
    Member::new(wire, Form::Object(members))
}

/// A member of any shape.
#[must_use]
pub const fn any(wire: &'static str) -> Member {
    Member::new(wire, Form::Free)
}

/// The value of a member. It has no `Debug`: it may be personal.
#[derive(Clone)]
enum Part {
    Text(String),
    Object(Parts),
    Free(Value),
}

/// An object as its table reads it.
#[derive(Clone, Default)]
pub struct Parts(Vec<(&'static str, Field<Part>, &'static Member)>);

impl Parts {
    /// Reads an object by its table; `None` when it is no object. Members that cannot
    /// be read are noted in `unread`.
    #[must_use]
    pub fn read(json: &Json, members: &'static [Member], unread: &mut Unread) -> Option<Self> {
        if !matches!(json, Json::Object(_)) {
            return None;
        }
        let part = |member: &'static Member| {
            let read = |value: &Json, unread: &mut Unread| read_part(member.form, value, unread);
            (member.wire, unread.member_by(json, member.wire, read), member)
        };
        Some(Self(members.iter().map(part).collect()))
    }

    /// The text at a path of member names. It is `null` where an object on the way
    /// was sent without it: the party named before is not named any more.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Field<&str> {
        let Some((first, rest)) = path.split_first() else {
            return Field::Absent;
        };
        let Some((_, part, _)) = self.0.iter().find(|(name, ..)| name == first) else {
            return Field::Absent;
        };
        part.then(|part| match part {
            Part::Object(parts) => parts.at(rest),
            Part::Text(text) if rest.is_empty() => Field::Value(text.as_str()),
            _ => Field::Unread,
        })
    }

    /// The one text that these paths state; [`Field::Unread`] where they contradict
    /// each other.
    #[must_use]
    pub fn agreed(&self, paths: &[&[&str]]) -> Field<String> {
        Field::agreed(paths.iter().map(|path| self.at(path))).map(|text| (*text).to_owned())
    }

    /// The text of the first of these members that has one.
    #[must_use]
    pub fn first(&self, names: &[&str]) -> Field<String> {
        let texts = names.iter().map(|name| self.at(&[name]));
        texts.fold(Field::Absent, Field::or).map(|text| (*text).to_owned())
    }

    /// The time in a member that is a time.
    #[must_use]
    pub fn time(&self, name: &str) -> Field<Timestamp> {
        match self.at(&[name]) {
            Field::Value(text) => Timestamp::parse(text).map_or(Field::Unread, Field::Value),
            Field::Null => Field::Null,
            Field::Unread => Field::Unread,
            Field::Absent => Field::Absent,
        }
    }

    /// The facts that the object states. What is too large for the record is kept in
    /// the event only, and noted in `unread`.
    #[must_use]
    pub fn facts(&self, unread: &mut Unread) -> Map<String, Value> {
        let mut facts = Map::new();
        for (_, part, member) in self.0.iter().filter(|(.., member)| member.stated) {
            let mut over = false;
            let value = stated(part, member.form, &mut over);
            let Some(value) = value else { continue };
            let value = within_limits(value, OF_A_FACT, &mut over);
            // Of two members for one fact, one without a value takes nothing away.
            if !value.is_null() || !facts.contains_key(member.fact) {
                facts.insert(member.fact.to_owned(), value);
            }
            if over {
                unread.note_over(member.fact);
            }
        }
        facts
    }

    /// The text of the first of these members that has one, as the fact `fact`.
    #[must_use]
    pub fn first_fact(
        &self,
        names: &[&str],
        fact: &'static str,
        unread: &mut Unread,
    ) -> Field<Value> {
        let mut over = false;
        let text = self.first(names);
        let value = text.map(|text| within_limits(text.as_str().into(), OF_A_FACT, &mut over));
        if over {
            unread.note_over(fact);
        }
        value
    }

    fn inner(&self, over: &mut bool) -> Value {
        let stated = self.0.iter().filter(|(.., member)| member.stated);
        let members = stated.filter_map(|(_, part, member)| {
            let value = self::stated(part, member.form, over)?;
            Some((member.fact.to_owned(), within_limits(value, INSIDE_A_FACT, over)))
        });
        Value::Object(members.collect())
    }
}

/// The fact in place of a value that is too large for the record.
#[must_use]
pub fn in_the_event() -> Value {
    Value::Object([("kept_in".to_owned(), Value::from("event"))].into_iter().collect())
}

/// About the bytes of a value as JSON: that of its names and texts, and a few for each.
fn size(value: &Value) -> usize {
    const EACH: usize = 4;
    let inner = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| name.len() + EACH + size(value)).sum()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    inner + EACH
}

/// The value, or what stands for one that is larger than a text or a fact may be;
/// `over` is true then.
fn within_limits(value: Value, (text, other): Limits, over: &mut bool) -> Value {
    let (size, limit) = match value.as_str() {
        Some(value) => (value.len(), text),
        None => (size(&value), other),
    };
    if size <= limit {
        return value;
    }
    *over = true;
    in_the_event()
}

/// The fact of a member; `None` when it states nothing.
fn stated(part: &Field<Part>, form: Form, over: &mut bool) -> Option<Value> {
    Some(match (part, form) {
        (Field::Value(Part::Text(text)), _) => Value::from(text.as_str()),
        (Field::Value(Part::Object(parts)), _) => parts.inner(over),
        (Field::Value(Part::Free(value)), _) => value.clone(),
        (Field::Null, _) => Value::Null,
        (Field::Unread, Form::Verdict) => UNREAD_CHECK.into(),
        (Field::Absent | Field::Unread, _) => return None,
    })
}

/// The verdict of a check that cannot be read.
const UNREAD_CHECK: &str = "unread";

fn read_part(form: Form, json: &Json, unread: &mut Unread) -> Option<Part> {
    let text = match form {
        Form::Object(members) => return Parts::read(json, members, unread).map(Part::Object),
        Form::Free => return free::value(json).map(Part::Free),
        Form::Id => Id::read(json, unread)?.as_str().to_owned(),
        Form::NumberId => number_id_of(&Id::read(json, unread)?)?,
        Form::Decimal => Decimal::read(json, unread)?.as_str().to_owned(),
        Form::Time => time_of(json)?,
        Form::Instant => Timestamp::read(&time_of(json)?)?.to_rfc3339(),
        Form::Date => time_of(json).or_else(|| day_of(json))?,
        Form::Text | Form::Personal => loose_text(json)?,
        Form::Word => word_of(json)?,
        Form::Verdict => loose_text(json)?.trim().to_ascii_lowercase(),
        Form::Present => (if is_present(json) { "present" } else { "absent" }).to_owned(),
    };
    Some(Part::Text(text))
}

/// An id of a provider whose ids are numbers. `N/A` and 0 name nobody.
fn number_id_of(id: &Id) -> Option<String> {
    let id = id.as_str();
    let number = id.bytes().all(|b| b.is_ascii_digit()) && id.bytes().any(|b| b != b'0');
    number.then(|| id.to_owned())
}

/// A time as sent where that is RFC 3339, else rewritten in that form. Readers of a
/// record need not know how providers write times.
fn time_of(json: &Json) -> Option<String> {
    let (Json::Text(text) | Json::Number(text)) = json else {
        return None;
    };
    let time = Timestamp::read(text)?;
    let strict = Timestamp::parse(text).is_some();
    Some(if strict { text.trim().to_owned() } else { time.to_rfc3339() })
}

/// The first moment of a date, `2026-02-13`.
fn day_of(json: &Json) -> Option<String> {
    let day = Timestamp::read(&format!("{}T00:00:00Z", json.as_str()?.trim()))?;
    Some(day.to_rfc3339())
}

/// A status or a unit, in small letters: Affonso's webhooks write it in capitals, its
/// API in small letters.
fn word_of(json: &Json) -> Option<String> {
    let text = json.as_str()?.trim();
    (1..=MAX_WORD_BYTES).contains(&text.len()).then(|| text.to_ascii_lowercase())
}

/// Text, blank or not. Numbers and booleans are taken as their text.
fn loose_text(json: &Json) -> Option<String> {
    match json {
        Json::Text(text) | Json::Number(text) => Some(text.clone()),
        Json::Bool(value) => Some(value.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) | Json::Several(_) => None,
    }
}

fn is_present(json: &Json) -> bool {
    match json {
        Json::Null => false,
        Json::Bool(value) => *value,
        Json::Text(text) | Json::Number(text) => !text.trim().is_empty(),
        Json::Array(items) => !items.is_empty(),
        Json::Object(members) => !members.is_empty(),
        Json::Several(_) => true,
    }
}

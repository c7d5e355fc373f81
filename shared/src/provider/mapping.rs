//! Helpers that the providers' mappings share.

use serde_json::Value;

use crate::ledger::{Facts, Identity, Malformed};
use crate::wire::json::Json;
use crate::wire::{Field, Id, Timestamp, Unread};

/// Longest event type kept, in bytes: event types are log fields.
const MAX_TYPE_BYTES: usize = 128;

/// The event type, a short text at `path`.
pub fn type_at(body: &Json, path: &[&str]) -> Result<String, Malformed> {
    let found = path.iter().try_fold(body, |json, name| json.get(name));
    let problem = match found.map(|json| json.as_str()) {
        Some(Some(text)) if is_type(text) => return Ok(text.to_owned()),
        Some(Some(_)) => "is not an event type",
        Some(None) => "is not text",
        None => "is missing",
    };
    Err(Malformed::new(path.join("."), problem))
}

fn is_type(text: &str) -> bool {
    (1..=MAX_TYPE_BYTES).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// The identity of an event that is only archived: its id if it has one, else the
/// SHA-256 of its bytes.
pub fn archive_identity(id: Option<&Json>, sha256: &str) -> Identity {
    let id = match id {
        Some(Json::Text(id) | Json::Number(id)) => Id::new(id),
        _ => None,
    };
    id.or_else(|| Id::new(&format!("sha256-{sha256}")))
        .map_or_else(|| Identity::Transition(sha256.to_owned()), Identity::Given)
}

/// The id in a field that must have one.
///
/// # Errors
/// [`Malformed`] naming the path.
pub fn required(field: &Field<Id>, path: &str) -> Result<Id, Malformed> {
    let problem = match field {
        Field::Value(id) => return Ok(id.clone()),
        Field::Unread => "is not an id of 1 to 512 bytes",
        Field::Null => "is null",
        Field::Absent => "is missing",
    };
    Err(Malformed::new(path, problem))
}

/// States an amount with its unit as one fact, so that no merge can ever join the
/// amount of one event to the unit of another. A part that the event does not state
/// is left out.
pub fn amount_fact(facts: &mut Facts, amount: &Field<String>, unit: &Field<String>) {
    if amount.is_unstated() && !matches!(unit, Field::Null) {
        facts.remove("amount");
        return;
    }
    // An amount whose unit was taken away is as unknown as the unit.
    let parts =
        [("value", amount.value().map(String::as_str)), ("unit", unit.value().map(String::as_str))];
    let parts = parts.into_iter().filter_map(|(name, part)| Some((name.to_owned(), part?.into())));
    let parts: Facts = parts.collect();
    let stated = if parts.is_empty() { Value::Null } else { Value::Object(parts) };
    facts.insert("amount".into(), stated);
}

/// The field as an id. A text that is none counts as unread.
#[must_use]
pub fn as_id(field: &Field<&str>) -> Field<Id> {
    match field {
        Field::Value(text) => Id::new(text).map_or(Field::Unread, Field::Value),
        Field::Null => Field::Null,
        Field::Unread => Field::Unread,
        Field::Absent => Field::Absent,
    }
}

/// States `name` as its field has it: a value, `null`, or nothing.
pub fn state<T: Into<Value>>(facts: &mut Facts, name: &str, field: Field<T>) {
    match field {
        Field::Value(value) => facts.insert(name.into(), value.into()),
        Field::Null => facts.insert(name.into(), Value::Null),
        Field::Absent | Field::Unread => facts.remove(name),
    };
}

/// The first time that can be read among fields at these paths. Without any, the
/// fields sent as `null` are noted as unread, too.
pub fn first_time<const N: usize>(
    times: [(&Field<Timestamp>, &str); N],
    unread: &mut Unread,
) -> Option<Timestamp> {
    let time = times.iter().find_map(|(time, _)| time.value()).copied();
    if time.is_none() {
        let null = times.iter().filter(|(time, _)| **time == Field::Null);
        null.for_each(|(_, path)| unread.note(path));
    }
    time
}

/// True when the body names something other than `null` at `path`.
#[must_use]
pub fn named(body: &Json, path: &[&str]) -> bool {
    let found = path.iter().try_fold(body, |json, name| json.get(name));
    found.is_some_and(|json| *json != Json::Null)
}

//! What the providers' mappings have in common.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::event::{Action, Clock, Facts, Identity, Malformed};
use crate::json::Json;
use crate::timestamp::Timestamp;
use crate::wire::{Decimal, Field, Id, Text};

/// Longest event type kept, in bytes: types are log fields.
const MAX_TYPE_BYTES: usize = 128;

/// Reads `json` as a payload. `path` is where it stands in the body.
pub(super) fn read<T: DeserializeOwned>(json: &Json, path: &str) -> Result<T, Malformed> {
    let at = |inner: String| match (path, inner.as_str()) {
        (path, "." | "") => path.to_owned(),
        ("body", inner) => inner.to_owned(),
        (path, inner) => format!("{path}.{inner}"),
    };
    if !matches!(json, Json::Object(_)) {
        return Err(Malformed::new(path, "is not an object"));
    }
    serde_path_to_error::deserialize(json).map_err(|e| {
        Malformed::new(at(names(&e.path().to_string())), reason(&e.into_inner().to_string()))
    })
}

/// A path without what is not a field's name: the keys of a map are data.
fn names(path: &str) -> String {
    let name = |part: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'[' | b']' | b'?');
        if part.len() <= 40 && part.bytes().all(plain) { part.to_owned() } else { "*".to_owned() }
    };
    path.split('.').take(8).map(name).collect::<Vec<_>>().join(".")
}

/// serde's own messages quote the value they did not expect; ours do not.
fn reason(message: &str) -> String {
    if message.starts_with("is not ") {
        message.to_owned()
    } else {
        "is of the wrong type".to_owned()
    }
}

/// The member at `path`, which must be there.
pub(super) fn member<'a>(body: &'a Json, name: &str) -> Result<&'a Json, Malformed> {
    body.get(name).ok_or_else(|| Malformed::new(name, "is missing"))
}

/// The event type, a short text at `path`.
pub(super) fn type_at(body: &Json, path: &[&str]) -> Result<String, Malformed> {
    let found = path.iter().try_fold(body, |json, name| json.get(name));
    let problem = match found.map(|json| json.text()) {
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

/// The identity of an event that is only archived: its id if it has one, else
/// the SHA-256 of its bytes.
pub(super) fn archive_identity(id: Option<&Json>, sha256: &str) -> Identity {
    let id = match id {
        Some(Json::Text(id) | Json::Number(id)) => Id::new(id),
        _ => None,
    };
    id.or_else(|| Id::new(&format!("sha256-{sha256}")))
        .map_or_else(|| Identity::Transition(sha256.to_owned()), Identity::Given)
}

/// The value of a field that must be there.
pub(super) fn required<T>(field: &Field<T>, path: &str) -> Result<T, Malformed>
where
    T: Clone,
{
    match field {
        Field::Value(value) => Ok(value.clone()),
        Field::Null => Err(Malformed::new(path, "is null")),
        Field::Absent => Err(Malformed::new(path, "is missing")),
    }
}

/// A payload as facts, one a field.
pub(super) fn facts<T: Serialize>(payload: &T) -> Result<Facts, Malformed> {
    match serde_json::to_value(payload) {
        Ok(Value::Object(facts)) => Ok(facts),
        _ => Err(Malformed::new("body", "cannot be stored")),
    }
}

/// States an amount with its unit as one fact, so that no merge can ever join
/// the amount of one event to the unit of another. What was not said is left
/// out of it.
pub(super) fn amount_fact(facts: &mut Facts, amount: &Field<Decimal>, unit: Option<&str>) {
    let value = match amount {
        Field::Absent => return,
        Field::Null => None,
        Field::Value(amount) => Some(amount.as_str()),
    };
    let parts = [("value", value), ("unit", unit)];
    let parts = parts.into_iter().filter_map(|(name, part)| Some((name.to_owned(), part?.into())));
    facts.insert("amount".into(), Value::Object(parts.collect()));
}

/// Moves a fact to its name in the ledger.
pub(super) fn rename(facts: &mut Facts, from: &str, to: &str) {
    if let Some(value) = facts.remove(from) {
        facts.insert(to.into(), value);
    }
}

/// A status in lower case: Affonso writes its webhooks' in capitals and its
/// API's in small letters.
pub(super) fn lower(status: &Field<Text>) -> Option<String> {
    status.value().map(|text| text.0.to_ascii_lowercase())
}

/// The place of an event of this type among others. Without a time it never
/// overrides what has one.
pub(super) fn clock(time: Option<Timestamp>, event_type: &str, status: Option<&str>) -> Clock {
    Clock { time, action: Action::of_type(event_type), rank: rank(status) }
}

/// How far along its life a status stands, for events of the same time.
fn rank(status: Option<&str>) -> u8 {
    match status {
        None => 0,
        Some("pending" | "signup" | "no_payout_method") => 1,
        Some("processing" | "initiated") => 2,
        Some("approved" | "active") => 3,
        Some("completed" | "success" | "paid") => 4,
        Some("failed") => 5,
        Some("cancelled" | "canceled" | "denied" | "rejected") => 6,
        Some(_) => 1,
    }
}

/// States `name` when there is a value for it.
pub(super) fn embed(facts: &mut Facts, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        facts.insert(name.into(), value.into());
    }
}

/// The first of several ids that was sent.
pub(super) fn first_id<'a>(ids: impl IntoIterator<Item = Option<&'a Id>>) -> Option<Id> {
    ids.into_iter().flatten().next().cloned()
}

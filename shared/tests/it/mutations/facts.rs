//! What holds of every fact, whatever was sent.

use super::read::{became, linked, object_of, roots, text, word, words};
use serde_json::Value;
use shared::ledger::{Change, unit_name};
use shared::provider::Definition;
use shared::provider::object::{EventType, Object, Unit};
use shared::wire::json::Json;
use shared::wire::parts::{Form, MAX_FACT_BYTES, MAX_INNER_TEXT_BYTES, MAX_TEXT_BYTES, Member};
use shared::wire::{Decimal, Id, MAX_AMOUNT_DIGITS};

type Found = Result<(), String>;

fn holds(holds: bool, check: &str, name: &str) -> Found {
    if holds { Ok(()) } else { Err(format!("{check}: {name}")) }
}

/// The deepest nesting of a fact: an item of the table has 32 levels in all, and a fact
/// stands at most at its fifth.
const DEEPEST: usize = 27;

/// Checks that the facts of a change can be kept.
pub fn can_be_kept(row: &'static EventType, change: &Change) -> Found {
    let object = object_of(row, change.subject.kind);
    let id = change.subject.id.as_str();
    holds(Id::new(id).is_some(), "an id can be a key", "subject")?;
    for (name, value) in &change.facts {
        let member = object.members.iter().find(|member| member.stated && member.fact == name);
        holds(member.is_some() || is_joined(object, name), "only declared facts", name)?;
        holds(is_plain(value), "no number, no empty name", name)?;
        holds(depth(value) <= DEEPEST, "nesting", name)?;
        let fits = match value {
            Value::String(text) => text.len() <= MAX_TEXT_BYTES,
            Value::Object(parts) if name == "amount" => parts.values().all(|part| {
                let digits = usize::try_from(MAX_AMOUNT_DIGITS).unwrap();
                part.as_str().is_some_and(|text| text.len() <= digits + 3)
            }),
            value => value.to_string().len() <= MAX_FACT_BYTES,
        };
        holds(fits, "the limits of a fact", name)?;
        if let Some(Member { form: Form::Object(members), .. }) = member {
            holds(inner_fits(members, value), "the limits inside a fact", name)?;
        }
    }
    let joined = |name: &str| object.joined.iter().any(|joined| joined.fact == name);
    for (name, value) in change.facts.iter().filter(|(name, _)| joined(name)) {
        let id = value.as_str().is_none_or(|id| Id::new(id).is_some());
        holds(id && (value.is_string() || value.is_null()), "a link is an id", name)?;
    }
    Ok(())
}

fn is_joined(object: &Object, name: &str) -> bool {
    let of_transactions = ["earning_type", "hold_days", "invoice_id", "currency", "sale_status"];
    // The campaign stands beside the enrolment.
    ["status", "amount", "payout_id", "campaign"].contains(&name)
        || of_transactions.contains(&name)
        || object.joined.iter().any(|joined| joined.fact == name)
}

fn is_plain(value: &Value) -> bool {
    match value {
        Value::Null | Value::String(_) => true,
        Value::Bool(_) | Value::Number(_) => false,
        Value::Array(items) => items.iter().all(is_plain),
        Value::Object(members) => {
            members.iter().all(|(name, value)| !name.is_empty() && is_plain(value))
        }
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn inner_fits(members: &[Member], value: &Value) -> bool {
    members.iter().all(|member| match (value.get(member.fact), member.form) {
        (Some(Value::String(text)), _) => text.len() <= MAX_INNER_TEXT_BYTES,
        (Some(inner), Form::Object(members)) => inner_fits(members, inner),
        _ => true,
    })
}

/// Checks that nothing in a change is half of this and half of that.
pub fn are_understood(
    of: &'static Definition,
    row: &'static EventType,
    event_type: &str,
    change: &Change,
    body: &Json,
) -> Found {
    let kind = change.subject.kind;
    let object = object_of(row, kind);
    let roots = roots(of, row, kind, body);
    if let Some(amount) = change.facts.get("amount") {
        let declared = object.amount.as_ref().ok_or("an amount of nothing")?;
        let at = |name: &str| roots.first().and_then(|root| text(root, &[name]));
        if let Some(value) = amount.get("value") {
            let sent = at(declared.value).and_then(|text| Decimal::new(&text));
            let sent = sent.as_ref().map(Decimal::as_str);
            holds(value.as_str() == sent, "an amount is the one sent", "amount")?;
        }
        if let Some(unit) = amount.get("unit") {
            let sent = match declared.unit {
                Unit::Fixed(unit) => Some(unit.to_owned()),
                Unit::Member(name, _) => {
                    roots.first().and_then(|root| word(root, &[name])).map(|unit| unit_name(&unit))
                }
            };
            holds(unit.as_str() == sent.as_deref(), "a unit is the one sent", "unit")?;
        }
    }
    if let Some(Value::String(status)) = change.facts.get("status") {
        let words = words(row, object, &roots, body);
        holds(words.contains(status), "a status is one that was stated", "status")?;
    }
    for (name, value) in change.facts.iter().filter(|(name, _)| name.ends_with("_id")) {
        let member = object.members.iter().any(|member| member.stated && member.fact == name);
        if let (Some(id), false, true) = (value.as_str(), member, name != "invoice_id") {
            let linked = linked(of, row, kind, body, name);
            holds(linked.iter().any(|link| link == id), "a link is an id that was sent", name)?;
            // One that cannot be an id there contradicts nothing.
            let other = linked.iter().find(|other| *other != id && is_number(other));
            let one = roots.len() == 1 && is_number(id);
            holds(!one || other.is_none(), "places that contradict each other", name)?;
        }
    }
    holds(!change.announces || may_announce(of, event_type, body), "what announces", event_type)
}

fn is_number(id: &str) -> bool {
    id.len() <= 512 && id.bytes().all(|b| b.is_ascii_digit()) && id.bytes().any(|b| b != b'0')
}

/// True when the body announces an approved reward.
fn may_announce(of: &Definition, event_type: &str, body: &Json) -> bool {
    let became = became(body, "status").as_deref() == Some("approved");
    // A type that no page lists is an update, also one without an end.
    match (of.provider.name(), event_type.split_once('.').unwrap_or((event_type, ""))) {
        ("firstpromoter-v1", _) => event_type == "fulfilment_pending",
        ("firstpromoter", ("commission", "approved")) => true,
        ("firstpromoter", ("commission", "created")) => {
            became || word(body, &["data", "status"]).as_deref() == Some("approved")
        }
        ("firstpromoter", ("commission", _)) => became,
        _ => false,
    }
}

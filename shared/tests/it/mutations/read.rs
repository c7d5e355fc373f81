//! What a body says, read a second time and without the tables' reader: paths and
//! nothing else.

use shared::ledger::Kind;
use shared::provider::Definition;
use shared::provider::object::{EventType, Object};
use shared::wire::json::Json;

/// The single text or number at a path.
pub fn text(json: &Json, path: &[&str]) -> Option<String> {
    let found = path.iter().try_fold(json, |json, name| json.get(name));
    match found? {
        Json::Text(text) | Json::Number(text) => Some(text.clone()),
        _ => None,
    }
}

/// The word at a path.
pub fn word(json: &Json, path: &[&str]) -> Option<String> {
    let found = path.iter().try_fold(json, |json, name| json.get(name))?;
    found.as_str().map(|text| text.trim().to_ascii_lowercase())
}

/// The new value that a body says a member changed to.
pub fn became(body: &Json, name: &str) -> Option<String> {
    match body.get("changes")?.get(name)? {
        Json::Array(pair) if pair.len() == 2 => {
            pair[1].as_str().map(|text| text.trim().to_ascii_lowercase())
        }
        _ => None,
    }
}

/// The object of a row that is of this kind.
pub fn object_of(row: &'static EventType, kind: Kind) -> &'static Object {
    let mut all = std::iter::once(row.object).chain(row.object.also.iter().copied());
    all.find(|object| object.kind == kind).unwrap()
}

/// The values in which an object of this kind may stand, in the body of such an event.
pub fn roots<'a>(of: &Definition, row: &EventType, kind: Kind, body: &'a Json) -> Vec<&'a Json> {
    let data = body.get("data");
    match (of.provider.name(), row.name, kind) {
        ("uppromote", ..) => vec![body],
        ("firstpromoter-v1", "promoter_signed_up", Kind::Enrolment) => {
            match data.and_then(|data| data.get("promotions")) {
                Some(Json::Array(items)) => items.iter().collect(),
                _ => Vec::new(),
            }
        }
        ("firstpromoter-v1", "promoter_accepted", Kind::Enrolment) => {
            data.and_then(|data| data.get("promotion")).into_iter().collect()
        }
        ("firstpromoter-v1", "promoter_signed_up" | "promoter_accepted", _) => {
            data.and_then(|data| data.get("promoter")).into_iter().collect()
        }
        _ => data.into_iter().collect(),
    }
}

/// The ids by which a body may name the object.
pub fn ids(of: &Definition, row: &EventType, kind: Kind, body: &Json) -> Vec<String> {
    let first = row.object.members.first().map_or("id", |member| member.wire);
    let places: &[&[&str]] = match (of.provider.name(), row.name) {
        ("uppromote", "affiliate.status-changed") => &[&["affiliate_id"]],
        ("uppromote", "referral.status-changed") => &[&["referral_id"], &["id"]],
        ("firstpromoter", "promoter.balance.updated") => &[&["promoter_id"], &["promoter", "id"]],
        ("firstpromoter", "payout.commissions.updated") => &[&["payout_id"], &["payout", "id"]],
        ("firstpromoter", name) if name.starts_with("payout.commissions.") => {
            &[&["commission_id"], &["commission", "id"], &["reward_id"]]
        }
        ("affonso" | "uppromote", _) => &[&[first]],
        _ => &[&["id"]],
    };
    let roots = roots(of, row, kind, body);
    let named = roots.iter().flat_map(|root| places.iter().filter_map(|path| text(root, path)));
    let envelope = (of.provider.name() == "firstpromoter").then(|| text(body, &["entity_id"]));
    named.chain(envelope.flatten()).collect()
}

/// The ids that a body states for a link.
pub fn linked(
    of: &Definition,
    row: &'static EventType,
    kind: Kind,
    body: &Json,
    fact: &str,
) -> Vec<String> {
    let roots = roots(of, row, kind, body);
    let joined = object_of(row, kind).joined.iter().filter(|joined| joined.fact == fact);
    let mut found: Vec<_> = joined
        .flat_map(|joined| joined.at)
        .flat_map(|path| roots.iter().filter_map(|root| text(root, path)))
        .collect();
    let beside: &[&[&str]] = match (of.provider.name(), row.name, fact) {
        ("firstpromoter-v1", _, "affiliate_id") => &[&["data", "promoter", "id"]],
        ("firstpromoter-v1", "promoter_accepted", "campaign_id") => &[&["data", "campaign", "id"]],
        ("firstpromoter", name, "payout_id") if name.starts_with("payout.commissions.") => {
            match word(body, &["entity_type"]).as_deref() {
                Some("payout") => {
                    &[&["data", "payout_id"], &["data", "payout", "id"], &["entity_id"]]
                }
                _ => &[&["data", "payout_id"], &["data", "payout", "id"]],
            }
        }
        _ => &[],
    };
    found.extend(beside.iter().filter_map(|path| text(body, path)));
    found
}

/// The row by which an event of this type is read; a type that no page lists is read as an
/// update.
pub fn row_of(of: &Definition, event_type: &str) -> Option<&'static EventType> {
    let row = of.catalogue.iter().find(|row| row.names().any(|name| name == event_type));
    let begins = |begins: &str| {
        let rest = event_type.strip_prefix(begins);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let unlisted = of.unlisted.iter().find(|unlisted| begins(unlisted.begins));
    row.or_else(|| unlisted.and_then(|unlisted| unlisted.update))
}

/// The words that an event may state as the status of its object.
pub fn words(row: &EventType, object: &Object, roots: &[&Json], body: &Json) -> Vec<String> {
    let names = object.status.iter().chain(&["current_status", "state", "status"]);
    let mut words: Vec<_> = names
        .clone()
        .flat_map(|name| roots.iter().filter_map(|root| word(root, &[name])))
        .collect();
    words.extend(names.filter_map(|name| became(body, name)));
    words.extend(word(body, &["data", "state"]));
    words.extend(row.status.map(str::to_owned));
    words
}

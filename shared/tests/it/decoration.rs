//! `DecorationNeverRefuses`, over every field of every sample.

use crate::promises::policy;
use crate::providers::{decide, read, route};
use shared::fulfilment::{Policy, Promise, Snapshot, State, Terms};
use shared::ledger::{Content, Source, Sources};
use shared::provider::{ALL, Definition};
use shared::receive::decide::Decision;
use shared::wire::{Timestamp, json};
use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The samples that hold a JSON object: name, path, body.
pub fn samples() -> Vec<(String, String, Value)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    let mut samples = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let file = entry.unwrap().path();
        let Ok(request) =
            serde_json::from_slice::<Value>(&std::fs::read(&file).unwrap_or_default())
        else {
            continue;
        };
        let (Some(path), Some(body)) = (request["rawPath"].as_str(), request["body"].as_str())
        else {
            continue;
        };
        let bytes = match request["isBase64Encoded"].as_bool() {
            Some(true) => STANDARD.decode(body).unwrap(),
            _ => body.as_bytes().to_vec(),
        };
        if let Ok(body @ Value::Object(_)) = serde_json::from_slice(&bytes) {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            samples.push((name, path.to_owned(), body));
        }
    }
    assert!(samples.len() > 20, "{}", samples.len());
    samples
}

/// The places of all values in `value`, as JSON pointers.
fn places(value: &Value, at: &str, into: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(k, v)| (k.replace('/', "~1"), v)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect(),
        _ => Vec::new(),
    };
    for (name, value) in inner {
        let place = format!("{at}/{name}");
        places(value, &place, into);
        into.push(place);
    }
}

/// The body with something else at `place`; `None`: with nothing.
fn replaced(body: &Value, place: &str, by: Option<&Value>) -> Value {
    let mut body = body.clone();
    let (parent, name) = place.rsplit_once('/').unwrap();
    match (body.pointer_mut(parent).unwrap(), by) {
        (Value::Object(members), None) => drop(members.remove(&name.replace("~1", "/"))),
        (Value::Array(items), None) => drop(items.remove(name.parse().unwrap())),
        (_, by) => body.pointer_mut(place).unwrap().clone_from(by.unwrap()),
    }
    body
}

/// True of a place that decides what the event is, or which object it is about.
fn decides(path: &str, body: &Value, place: &str) -> bool {
    let named_twice = !body["entity_id"].is_null();
    let end = path.rsplit('/').next().unwrap_or_default();
    let event_type = |at: &str| body.pointer(at).and_then(Value::as_str).unwrap_or_default();
    match route(path).definition.provider.name() {
        // What a body names tells one event from another.
        "uppromote" => match end {
            "payment-paid" => matches!(place, "/payment_id" | "/processed_at"),
            end if end.ends_with("status-changed") => {
                matches!(place, "/previous_status" | "/current_status") || place.ends_with("id")
            }
            end if end.starts_with("affiliate") => {
                matches!(place, "/id" | "/email" | "/email_verified")
            }
            _ => matches!(place, "/id" | "/commission_rule" | "/commission" | "/tracking_type"),
        },
        "affonso" => {
            let id = match event_type("/type").split('.').next().unwrap_or_default() {
                "payout" => "/data/payoutId",
                "affiliate" => "/data/affiliateId",
                "referral" => "/data/referralId",
                "transaction" => "/data/transactionId",
                _ => "/data/id",
            };
            matches!(place, "/id" | "/type" | "/data") || place == id
        }
        "firstpromoter" => {
            matches!(place, "/event_id" | "/event_type" | "/data/id" | "/entity_id")
                || place == "/data" && !named_twice
                || decides_a_link(event_type("/event_type"), place)
        }
        "firstpromoter-v1" => {
            let id = match event_type("/event/type") {
                "promoter_signed_up" | "promoter_signs_up" | "promoter_signup" => "/data/promoter",
                "promoter_accepted" => "/data/promotion",
                _ => "/data",
            };
            let of_id = place.strip_prefix(id).is_some_and(|rest| matches!(rest, "" | "/id"));
            matches!(place, "/event" | "/event/id" | "/event/type" | "/data") || of_id
        }
        other => panic!("{other}"),
    }
}

/// The same of events whose object is named by a link.
fn decides_a_link(event_type: &str, place: &str) -> bool {
    let links = event_type.starts_with("payout.commissions") || event_type.contains("balance");
    links && (place == "/data" || place == "/entity_type" || place.ends_with("id"))
}

fn values() -> Vec<Option<Value>> {
    let values = [json!(""), json!("N/A"), json!({}), json!([]), Value::Null, json!(true)];
    let mut values: Vec<_> = values.into_iter().map(Some).collect();
    values.extend([Some(json!(7)), Some(json!(0.5)), Some(json!("some text")), None]);
    values
}

/// The policy under which the samples' campaigns promise.
fn of_samples(provider: &'static Definition) -> Policy {
    let default = match provider.provider.name() {
        "firstpromoter-v1" => Source::V1,
        _ => Source::V2,
    };
    Policy { sources: Sources { default, by_campaign: BTreeMap::new() }, ..policy() }
}

/// The content and the promise that a body leads to; an error is a refusal.
fn taken(path: &str, body: &Value) -> Result<(Content, Option<Promise>), String> {
    after(&mut Snapshot::default(), path, body)
}

/// The same, after what is known; what is known then.
fn after(
    known: &mut Snapshot,
    path: &str,
    body: &Value,
) -> Result<(Content, Option<Promise>), String> {
    let route = route(path);
    let provider = route.definition;
    let json = json::parse(body.to_string().as_bytes()).unwrap();
    let now = Timestamp::parse("2026-12-01T00:00:00Z").unwrap();
    let event_type = provider.event_type(ALL, route.event, &json).map_err(|e| e.to_string())?;
    let event = read(provider, &event_type, &json, "sha", now).map_err(|e| e.to_string())?;
    let Decision::Write(write) = decide(known, &event, &of_samples(provider), now) else {
        panic!("a duplicate of nothing")
    };
    known.record = write.record;
    known.promise = write.promises.into_iter().next();
    Ok((event.content, known.promise.clone()))
}

/// The body of an earlier event of the same commission, with another amount and others.
fn earlier(body: &Value) -> Option<Value> {
    let mut body = body.clone();
    let announces = body["event_type"].as_str()?.starts_with("commission.");
    let complete = body.pointer("/data/promoter_campaign/promoter/id").is_some();
    if !announces || !complete {
        return None;
    }
    for (place, value) in [
        ("/event_id", json!("earlier")),
        ("/event_type", json!("commission.created")),
        ("/timestamp", json!("2026-01-02T00:00:00Z")),
        ("/changes", json!({})),
        ("/data/status", json!("pending")),
        ("/data/amount", json!(9999)),
        ("/data/promoter_campaign/promoter/id", json!(9998)),
        ("/data/promoter_campaign/promoter_id", json!(9998)),
        ("/data/referral/id", json!(9997)),
    ] {
        if let Some(there) = body.pointer_mut(place) {
            *there = value;
        }
    }
    Some(body)
}

fn given(terms: &Terms) -> (Option<String>, Option<String>, Option<String>) {
    let id = terms.recipient.as_ref().and_then(|recipient| recipient.id.clone());
    (terms.amount.clone(), terms.unit.clone(), id)
}

#[test]
fn no_decoration_costs_an_event_and_no_oddity_makes_a_wrong_promise() {
    let (mut read, mut changes_read, mut promises_compared) = (0, 0, 0);
    for (name, path, body) in samples() {
        let Ok((original, promised)) = taken(&path, &body) else { panic!("{name}") };
        let mut all = Vec::new();
        places(&body, "", &mut all);
        all.retain(|place| !decides(&path, &body, place));
        for place in all {
            for by in values() {
                let odd = replaced(&body, &place, by.as_ref());
                let shown = format!("{name} {place} {by:?}");
                let (content, promise) =
                    taken(&path, &odd).unwrap_or_else(|e| panic!("{shown}: {e}"));
                read += 1;
                if matches!(original, Content::Change(_)) {
                    assert!(matches!(content, Content::Change(_)), "{shown}");
                    changes_read += 1;
                }
                promises_compared += usize::from(compared_as_sent(
                    by.as_ref(),
                    promise.as_ref(),
                    promised.as_ref(),
                    &shown,
                ));
            }
        }
    }
    let counts = (read, changes_read, promises_compared);
    assert!(read > 5_000 && changes_read > 5_000 && promises_compared > 300, "{counts:?}");
}

/// Terms that an announcement does not state readably are not those of an earlier
/// event.
#[test]
fn no_oddity_makes_a_promise_on_the_terms_of_before() {
    let mut compared = 0;
    for (name, path, body) in samples() {
        let Some(earlier) = earlier(&body) else { continue };
        let (_, promised) = taken(&path, &body).unwrap_or_else(|e| panic!("{name}: {e}"));
        let mut all = Vec::new();
        places(&body, "", &mut all);
        for place in all {
            // What is not sent has not changed.
            for by in values().into_iter().flatten() {
                if decides(&path, &body, &place) {
                    continue;
                }
                let shown = format!("{name} {place} {by:?}");
                let mut known = Snapshot::default();
                after(&mut known, &path, &earlier).unwrap_or_else(|e| panic!("{shown}: {e}"));
                let odd = replaced(&body, &place, Some(&by));
                let (_, promise) =
                    after(&mut known, &path, &odd).unwrap_or_else(|e| panic!("{shown}: {e}"));
                compared += usize::from(compared_as_sent(
                    Some(&by),
                    promise.as_ref(),
                    promised.as_ref(),
                    &shown,
                ));
            }
        }
    }
    assert!(compared > 200, "{compared}");
}

/// Asserts that what is due to be delivered is due on the terms of the sample. Only
/// another number is another amount, or somebody else. False where nothing was to
/// be compared.
fn compared_as_sent(
    by: Option<&Value>,
    odd: Option<&Promise>,
    sample: Option<&Promise>,
    shown: &str,
) -> bool {
    let Some(odd) = odd.filter(|odd| odd.state == State::Requested) else { return false };
    let sample = sample.unwrap_or_else(|| panic!("promised by an oddity: {shown}"));
    if by.is_some_and(Value::is_number) {
        return false;
    }
    assert_eq!(given(&odd.terms), given(&sample.terms), "{shown}");
    true
}

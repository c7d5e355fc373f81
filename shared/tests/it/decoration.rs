//! `DecorationNeverRefuses`, over every field of every sample.

use crate::promises::policy;
use crate::providers::{FIRSTPROMOTER, decide, read, route};
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
pub fn decides(provider: &'static Definition, body: &Value, place: &str) -> bool {
    let of = |pointer: &str, name: &str| {
        body.pointer(pointer).and_then(Value::as_str).is_some_and(|text| text.starts_with(name))
    };
    match provider.provider.name() {
        // What it names tells a payment, a referral and an affiliate from each other.
        "uppromote" => match place {
            "/payment_id" | "/processed_at" | "/id" | "/email" | "/email_verified" => true,
            "/referral_id" | "/previous_status" | "/current_status" => true,
            "/affiliate_id" => body["payment_id"].is_null(),
            _ => false,
        },
        "affonso" => match place {
            "/id" | "/type" | "/data" => true,
            "/data/payoutId" => of("/type", "payout."),
            "/data/transactionId" => of("/type", "transaction."),
            "/data/referralId" => of("/type", "referral."),
            "/data/affiliateId" => of("/type", "affiliate."),
            "/data/id" => of("/type", "coupon."),
            _ => false,
        },
        "firstpromoter" => match place {
            "/event_id" | "/event_type" | "/data/id" | "/entity_id" => true,
            "/data" => body["entity_id"].is_null() || names_its_object(body),
            "/entity_type" | "/data/payout_id" | "/data/commission_id" | "/data/promoter_id" => {
                names_its_object(body)
            }
            _ => false,
        },
        "firstpromoter-v1" => match place {
            "/event" | "/event/id" | "/event/type" | "/data" | "/data/id" => true,
            "/data/promoter" | "/data/promoter/id" => of("/event/type", "promoter_sign"),
            "/data/promotion" | "/data/promotion/id" => of("/event/type", "promoter_accepted"),
            _ => false,
        },
        other => panic!("{other}"),
    }
}

/// True of the events of FirstPromoter whose own id may be another than that of the
/// object that they are about.
fn names_its_object(body: &Value) -> bool {
    let event_type = body["event_type"].as_str().unwrap_or_default();
    event_type.starts_with("payout.commissions.") || event_type == "promoter.balance.updated"
}

fn values() -> Vec<Option<Value>> {
    let values = [json!(""), json!("N/A"), json!({}), json!([]), Value::Null, json!(true)];
    let mut values: Vec<_> = values.into_iter().map(Some).collect();
    values.extend([Some(json!(7)), Some(json!(0.5)), Some(json!("some text")), None]);
    values
}

/// The policy under which the samples' campaigns promise.
pub fn of_samples(provider: &'static Definition) -> Policy {
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
        let provider = route(&path).definition;
        let Ok((original, promised)) = taken(&path, &body) else { panic!("{name}") };
        let mut all = Vec::new();
        places(&body, "", &mut all);
        all.retain(|place| !decides(provider, &body, place));
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
                if decides(FIRSTPROMOTER, &body, &place) {
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

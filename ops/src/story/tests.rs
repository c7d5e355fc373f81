//! Tests of the time line, and of what it leaves out.

use serde_json::json;
use shared::fulfilment::{Recipient, Terms};
use shared::ledger::{Action, Clock, Register};

use super::*;

fn pk() -> Partition {
    "p#commission#1".parse().unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_ms(1_790_000_000_000).plus_seconds(second)
}

fn event(second: i64, event_type: &str) -> StoredEvent {
    StoredEvent {
        sk: "event#e1".into(),
        event_type: Some(event_type.into()),
        identity: Some("e1".into()),
        changed: vec!["amount".into(), "status".into()],
        version: Some(1),
        no_promise: Some("cash".into()),
        problem: None,
        inbox: None,
        route: None,
        length: None,
        gap: Vec::new(),
        over: Vec::new(),
        kept_with: None,
        secret: "hmac[0]".into(),
        received_at: at(second),
    }
}

fn record() -> Record {
    let clock = Clock { time: Some(at(0)), action: Action::Updated, rank: 1 };
    let facts = [
        ("amount", json!({"value": "500", "unit": "points"})),
        ("customer", json!({"email": "jane@example.com"})),
        ("status", json!("approved")),
    ];
    let register = |(name, value): (&str, Value)| (name.to_owned(), Register::new(value, clock));
    Record { version: 3, facts: facts.map(register).into(), ..Record::default() }
}

fn promise() -> Promise {
    let terms = Terms {
        amount: Some("500".into()),
        unit: Some("points".into()),
        recipient: Some(Recipient {
            role: "referral".into(),
            id: Some("77".into()),
            reference: Some("u-77".into()),
            email: Some("jane@example.com".into()),
        }),
        ..Terms::default()
    };
    let mut promise = Promise::new("k".into(), 1, State::Requested, terms, at(1));
    promise.changed_at = at(4);
    promise.decisions.push(OperatorDecision {
        by: "joe".into(),
        resolution: Resolution::NotGranted,
        because: "not in\nthe books".into(),
        at: at(3),
    });
    promise
}

#[test]
fn a_story_is_in_the_order_of_time() {
    let events = vec![event(0, "commission.created"), event(2, "x.updated")];
    let story =
        Story::of(&pk(), events, Some((&record(), Some("approved"))), vec![promise()], false);
    assert_eq!(
        story.text(),
        "p#commission#1\n\n\
             TIME                      WHAT      WHICH               DETAIL\n\
             2026-09-21T14:13:20.000Z  event     commission.created  e1; changed amount, status; no promise: cash; secret hmac[0]\n\
             2026-09-21T14:13:21.000Z  promised  k\n\
             2026-09-21T14:13:22.000Z  event     x.updated           e1; changed amount, status; no promise: cash; secret hmac[0]\n\
             2026-09-21T14:13:23.000Z  word      k                   joe resumed it, had no effect: not in\u{fffd}the books\n\
             2026-09-21T14:13:24.000Z  state     k                   requested\n\
             \n\
             record: approved, version 3\n\
             \x20 amount 500 points\n\
             \x20 status approved\n\
             \x20 1 more with --personal\n\
             \n\
             promise k: requested\n\
             \x20 500 points to referral 77\n\
             \x20 deliver#1 is due\n\
             \x20 tries 0, last outcome -\n"
    );
}

#[test]
fn what_is_personal_is_told_only_on_request() {
    let story = |personal| {
        Story::of(&pk(), Vec::new(), Some((&record(), Some("approved"))), vec![promise()], personal)
    };
    let all = |story: &Story| format!("{}{}", story.text(), json!(story));
    for personal in ["jane@example.com", "u-77"] {
        assert!(!all(&story(false)).contains(personal));
        assert!(all(&story(true)).contains(personal));
    }
}

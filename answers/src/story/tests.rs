//! What a promise tells of its own life, with a log and without.

use shared::fulfilment::{Log, Resolution, Terms};

use super::telling::decided;
use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_ms(1_790_000_000_000).plus_seconds(second)
}

fn told(promise: Promise) -> Vec<String> {
    let pk = Partition::new("somebody", "commission", "88").unwrap();
    let story = Story::of(&pk, Vec::new(), &BTreeMap::new(), None, vec![promise], None, false);
    story.timeline.iter().map(|happening| happening.what.words()).collect()
}

fn promise(state: State) -> Promise {
    let mut promise = Promise::new("somebody:88:1".into(), 1, state, Terms::default(), at(0));
    promise.delivered_at = Some(at(4));
    promise.changed_at = at(9);
    promise
}

#[test]
fn a_promise_from_before_there_was_a_log_tells_of_its_time_stamps() {
    assert_eq!(
        told(promise(State::Delivered)),
        [
            "promised an unknown amount (unit not known), nobody knows to whom",
            "delivered",
            "now delivered",
        ]
    );
}

#[test]
fn a_log_is_told_once_and_says_what_it_left_out() {
    let entry = |second, from, to, by, outcome: &str| LogEntry {
        at: at(second),
        from,
        to,
        by,
        outcome: outcome.into(),
        reason: None,
        ms: Some(20),
    };
    let mut promise = promise(State::Delivered);
    promise.log = Log {
        entries: vec![
            entry(2, State::Delivering, State::Requested, Actor::Deliver, "HTTP 503"),
            entry(4, State::Delivering, State::Delivered, Actor::Deliver, "done"),
            entry(6, State::Confirming, State::Delivered, Actor::Confirm, "HTTP 500"),
            entry(7, State::Parked, State::Delivered, Actor::Operator("joe".into()), "go on"),
            entry(8, State::Delivering, State::Parked, Actor::Deliver, "422 no_account"),
            entry(9, State::LookupDue, State::LookupDue, Actor::Confirm, "no answer"),
            entry(9, State::Parked, State::Parked, Actor::Event, "withdrawn"),
        ],
        left_out: 3,
    };
    promise.decisions.push(OperatorDecision {
        by: "joe".into(),
        resolution: Resolution::GoOn,
        because: String::new(),
        at: at(7),
    });
    assert_eq!(
        told(promise)[1..],
        [
            "3 earlier transitions are not told",
            "delivery: HTTP 503, 20 ms; now requested",
            "delivery: done, 20 ms; now delivered",
            "confirmation: HTTP 500, 20 ms; now delivered",
            "joe resumed it",
            "delivery: 422 no_account, 20 ms; parked, because your endpoint refused it: 422 \
             no_account",
            "look-up: no answer, 20 ms",
            "event: withdrawn, 20 ms; it waits still",
        ]
    );
}

#[test]
fn each_decision_is_told_in_plain_language() {
    for (resolution, words) in [
        (Resolution::GoOn, "joe resumed it: seen"),
        (Resolution::Granted, "joe resumed it, as the call had done it: seen"),
        (Resolution::NotGranted, "joe resumed it, as the call had not done it: seen"),
        (Resolution::Close, "joe closed it as it stood: seen"),
        (Resolution::CloseGranted, "joe closed it, as the call had done it: seen"),
        (Resolution::CloseNotGranted, "joe closed it, as the call had not done it: seen"),
    ] {
        let by = "joe".into();
        let decision = OperatorDecision { by, resolution, because: "seen".into(), at: at(0) };
        assert_eq!(decided(&decision), words);
    }
}

/// Only what is promised now is kept.
#[test]
fn what_was_promised_is_not_told_by_what_is_promised_now() {
    let pk = Partition::new("firstpromoter", "commission", "88").unwrap();
    let event = |second, changed: &[&str]| -> StoredEvent {
        let event = serde_json::json!({
            "sk": format!("event#{second}"), "secret": "hmac[0]", "changed": changed,
            "received_at": at(second).to_rfc3339(), "version": second,
        });
        serde_json::from_value(event).unwrap()
    };
    let promised = |events: Vec<StoredEvent>| {
        let promises = vec![promise(State::Requested)];
        let story = Story::of(&pk, events, &BTreeMap::new(), None, promises, None, false);
        let mut words = story.timeline.iter().map(|happening| happening.what.words());
        words.find(|words| words.starts_with("promised")).unwrap()
    };
    let now = "promised an unknown amount (unit not known), nobody knows to whom";
    assert_eq!(promised(vec![event(0, &["amount"]), event(5, &["status"])]), now);
    let then = "promised, on the terms of then";
    for fact in ["amount", "affiliate_id", "customer_id"] {
        assert_eq!(promised(vec![event(5, &[fact])]), then, "{fact}");
    }
}

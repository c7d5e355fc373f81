//! What an event's time may do, and what is told apart by it.

use crate::mapping::event;
use crate::promises::{commission, policy};
use crate::providers::{AFFONSO, FIRSTPROMOTER, decide};
use serde_json::{Value, json};
use shared::fulfilment::{ChangeSet, Policy, SeenEvent, Snapshot};
use shared::ledger::{Content, Event, Record};
use shared::receive::decide::Decision;
use shared::wire::Timestamp;

const ARRIVAL: &str = "2026-11-01T00:00:00Z";
const AHEAD: &str = "2026-11-01T00:05:00.000Z";

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn v2(body: &Value) -> Event {
    event(FIRSTPROMOTER, "/webhooks/firstpromoter/commissions", &body.to_string()).unwrap()
}

fn decided(known: &Snapshot, event: &Event, policy: &Policy, arrival: &str) -> ChangeSet {
    match decide(known, event, policy, time(arrival)) {
        Decision::Write(write) => *write,
        Decision::Duplicate => panic!("a duplicate"),
    }
}

fn first(event: &Event) -> ChangeSet {
    decided(&Snapshot::default(), event, &policy(), ARRIVAL)
}

/// The record that events of these bodies make, in this order.
fn record(bodies: &[Value]) -> Record {
    bodies.iter().fold(Record::default(), |record, body| {
        let known = Snapshot { record: Some(record), ..Snapshot::default() };
        decided(&known, &v2(body), &policy(), ARRIVAL).record.unwrap()
    })
}

/// An event of the second `at` with this status and amount, and what was before.
fn stating(kind: &str, status: &str, amount: u32, changes: &Value) -> Value {
    let mut body = commission(5104, "points", status, "2026-10-01T10:00:00Z");
    body["event_type"] = json!(format!("commission.{kind}"));
    body["data"]["amount"] = json!(amount);
    body["changes"] = changes.clone();
    body
}

/// [`record`] of bodies in every order, of which all must say the same, where the
/// mapping reads what was before from `changes`.
fn settled(bodies: &[Value]) -> Record {
    let events: Vec<Event> = bodies.iter().map(with_was).collect();
    let of = |order: &[&Event]| {
        order.iter().fold(Record::default(), |record, event| {
            let known = Snapshot { record: Some(record), ..Snapshot::default() };
            decided(&known, event, &policy(), ARRIVAL).record.unwrap()
        })
    };
    let forth = of(&events.iter().collect::<Vec<_>>());
    assert_eq!(forth, of(&events.iter().rev().collect::<Vec<_>>()), "{bodies:?}");
    forth
}

fn with_was(body: &Value) -> Event {
    let mut event = v2(body);
    if let (Content::Change(change), Some(changes)) =
        (&mut event.content, body["changes"].as_object())
    {
        let text = |old: &Value| match old {
            Value::Number(number) => json!(number.to_string()),
            other => other.clone(),
        };
        let was = changes.iter().map(|(name, change)| (name.clone(), text(&change[0])));
        change.was = was.collect();
    }
    event
}

#[test]
fn no_event_holds_a_record_beyond_its_arrival() {
    for (dated, counts, ahead) in [
        ("9999-12-31T23:59:59Z", AHEAD, true),
        ("2026-11-01T00:05:00.001Z", AHEAD, true),
        ("2026-11-01T00:05:00Z", AHEAD, false),
        ("2026-10-31T23:00:00Z", "2026-10-31T23:00:00.000Z", false),
    ] {
        let mut body = commission(5104, "points", "approved", dated);
        let write = first(&v2(&body));
        let record = write.record.clone().unwrap();
        assert_eq!(write.clock_ahead, ahead, "{dated}");
        for name in ["status", "amount", "affiliate_id"] {
            assert!(record.facts.contains_key(name), "{dated}: {name}");
        }
        for (name, register) in &record.facts {
            assert_eq!(register.clock.time, Some(time(counts)), "{dated}: {name}");
        }
        assert_eq!(record.announced, Some(time(counts)), "{dated}");
        assert_eq!(write.promises[0].announced_at, time(counts), "{dated}");

        body["event_type"] = json!("commission.deleted");
        assert_eq!(first(&v2(&body)).record.unwrap().deleted_at, Some(time(counts)), "{dated}");
    }
    // Once its time has come, a later event counts.
    let known = first(&v2(&commission(5104, "points", "approved", "9999-12-31T23:59:59Z")));
    let known = Snapshot { record: known.record, ..Snapshot::default() };
    let mut denied = commission(5104, "points", "denied", "2026-11-01T00:06:00Z");
    denied["event_type"] = json!("commission.denied");
    let after = decided(&known, &v2(&denied), &policy(), "2026-11-01T00:06:01Z");
    assert_eq!(after.record.unwrap().status(), Some("denied"));
}

#[test]
fn no_time_is_older_than_1970_and_an_announcement_without_one_is_of_its_arrival() {
    let of = |dated: Value, status: &str| {
        let mut body = commission(5104, "points", status, "");
        body["timestamp"] = dated;
        body
    };
    let history = first(&v2(&of(json!("1970-01-01T00:00:00Z"), "approved")));
    assert_eq!((history.promises.len(), history.no_promise), (0, Some("not_announced")));
    let mut absent = of(Value::Null, "approved");
    absent.as_object_mut().unwrap().remove("timestamp");
    // A zero date is none.
    let zero = of(json!("0001-01-01T00:00:00Z"), "approved");
    for undated in [of(Value::Null, "approved"), absent, zero] {
        let undated = first(&v2(&undated));
        assert_eq!(undated.promises[0].announced_at, time(ARRIVAL));
        assert_eq!(undated.record.unwrap().announced, None);
    }
    let (none, some) = (of(Value::Null, "denied"), of(json!("1970-01-01T00:00:00Z"), "approved"));
    for order in [[&none, &some], [&some, &none]] {
        assert_eq!(record(&order.map(Clone::clone)).status(), Some("approved"));
    }
}

#[test]
fn what_happened_to_the_object_counts_before_its_status() {
    let none = json!({});
    for (bodies, status, amount) in [
        // Created at once and changed in the same second.
        (
            [stating("created", "denied", 1000, &none), stating("updated", "pending", 700, &none)],
            "pending",
            "700",
        ),
        // Of two changes the one that leads further.
        (
            [
                stating("updated", "pending", 1000, &none),
                stating("updated", "approved", 700, &none),
            ],
            "approved",
            "700",
        ),
        (
            [
                stating("deleted", "pending", 700, &none),
                stating("updated", "approved", 1000, &none),
            ],
            "deleted",
            "700",
        ),
    ] {
        let record = settled(&bodies);
        assert_eq!(record.status(), Some(status), "{bodies:?}");
        assert_eq!(record.fact("amount").unwrap()["value"], amount, "{bodies:?}");
        assert!(!record.is_contested(), "{bodies:?}");
    }
}

#[test]
fn of_two_amounts_of_one_second_the_one_that_followed_counts() {
    let none = json!({});
    let up = stating("updated", "approved", 1000, &json!({"amount": [700, 1000]}));
    let down = stating("updated", "approved", 700, &json!({"amount": [1000, 700]}));
    let (high, low) =
        (stating("updated", "approved", 1000, &none), stating("updated", "approved", 700, &none));
    for (bodies, amount) in [
        (vec![low.clone(), up.clone()], Some("1000")),
        (vec![high.clone(), down.clone()], Some("700")),
        (vec![low.clone(), high.clone()], None),
        (vec![up.clone(), down.clone()], None),
        (vec![up.clone(), up.clone()], Some("1000")),
    ] {
        let record = settled(&bodies);
        assert_eq!(record.is_contested(), amount.is_none(), "{bodies:?}");
        let found = &record.fact("amount").unwrap()["value"];
        assert!(amount.is_none_or(|amount| found == amount), "{bodies:?}: {found}");
    }
    // A later event, and a deletion, end it.
    let mut later = low.clone();
    later["timestamp"] = json!("2026-10-01T10:00:01Z");
    let record = settled(&[low.clone(), later, high.clone()]);
    assert!(!record.is_contested());
    assert_eq!(record.fact("amount").unwrap()["value"], "700");
    let record = settled(&[low, high, stating("deleted", "approved", 900, &none)]);
    assert!(!record.is_contested());
}

#[test]
fn every_fact_that_decides_is_contested_and_no_other() {
    for (path, contested) in [
        ("/data/amount", true),
        ("/data/unit", true),
        ("/data/promoter_campaign/campaign_id", true),
        ("/data/promoter_campaign/promoter/id", true),
        ("/data/referral/id", true),
        // The same rank: two words that nobody knows.
        ("/data/status", true),
        ("/data/fraud_check", false),
        ("/data/referral/uid", false),
        ("/data/promoter_campaign/promoter/email", false),
    ] {
        let mut bodies =
            [(); 2].map(|()| commission(5104, "points", "odd", "2026-10-01T10:00:00Z"));
        for (body, n) in bodies.iter_mut().zip(1..) {
            body["event_type"] = json!("commission.updated");
            body["data"]["fraud_check"] = json!("no_suspicion");
            let text = path.ends_with("status") || path.ends_with("unit");
            *body.pointer_mut(path).unwrap() =
                if text { json!(format!("odd{n}")) } else { json!(n) };
        }
        assert_eq!(settled(&bodies).is_contested(), contested, "{path}");
    }
}

fn payout(event_type: &str, status: &str) -> Event {
    let body = json!({"id": "evt_1", "type": event_type, "createdAt": "2026-10-01T10:00:00Z",
        "data": {"payoutId": "p", "status": status}});
    event(AFFONSO, "/webhooks/affonso/payouts", &body.to_string()).unwrap()
}

fn seen(event_type: &str) -> SeenEvent {
    SeenEvent { event_type: event_type.into(), sha256: "00".into() }
}

#[test]
fn one_id_under_two_types_is_two_events() {
    let paid = payout("payout.paid", "COMPLETED");
    let unknown = payout("payout.sent", "COMPLETED");
    for (event, events, identity) in [
        (&paid, vec![], Some("evt_1")),
        (&paid, vec![seen("payout.paid")], None),
        (&paid, vec![seen("payout.created")], Some("evt_1#payout.paid")),
        (&paid, vec![seen("payout.paid"), seen("payout.created")], None),
        (&unknown, vec![], Some("evt_1")),
        (&unknown, vec![seen("payout.sent")], None),
        (&unknown, vec![seen("payout.paused")], Some("evt_1#payout.sent")),
    ] {
        let known = Snapshot { events, ..Snapshot::default() };
        let found = match decide(&known, event, &policy(), time(ARRIVAL)) {
            Decision::Write(write) => Some(write.identity),
            Decision::Duplicate => None,
        };
        assert_eq!(found.as_deref(), identity, "{:?}", known.events);
    }
}

#[test]
fn of_a_contested_amount_nothing_goes_out() {
    use shared::fulfilment::State;
    let low = stating("updated", "approved", 700, &json!({"status": ["pending", "approved"]}));
    let mut high = low.clone();
    high["data"]["amount"] = json!(1000);
    high["event_id"] = json!("e2");
    for order in [[&low, &high], [&high, &low]] {
        let first = first(&v2(order[0]));
        let promise = first.promises.into_iter().next();
        assert_eq!(promise.as_ref().unwrap().state, State::Requested);
        let known = Snapshot { record: first.record, promise, ..Snapshot::default() };
        let second = decided(&known, &v2(order[1]), &policy(), ARRIVAL);
        let promise = &second.promises[0];
        assert_eq!((promise.state, &promise.terms.amount), (State::LookupDue, &None));
    }
}

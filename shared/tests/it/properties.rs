//! `OnceRecorded` and `OnceApplied` over generated histories.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use shared::event::Event;
use shared::fulfilment::{State, Terms};
use shared::ledger::{Decision, Known, Record, decide, event_key};
use shared::provider::Provider;
use shared::timestamp::Timestamp;

use crate::mapping::event;
use crate::promises::policy;

/// A partition as the table holds it: what `decide` reads and writes.
#[derive(Default)]
struct Partition {
    known: Known,
    events: BTreeSet<String>,
}

impl Partition {
    fn deliver(&mut self, event: &Event) -> bool {
        let (_, sk) = shared::ledger::place(event);
        self.known.event = sk.is_some_and(|sk| self.events.contains(&sk));
        let received = Timestamp::parse("2026-11-01T00:00:00Z").unwrap();
        match decide(&self.known, event, &policy(), received) {
            Decision::Duplicate => false,
            Decision::Write(write) => {
                assert!(self.events.insert(event_key(&write.identity)), "an identity twice");
                self.known.record = write.record.or(self.known.record.take());
                for promise in write.promises {
                    let before = self.known.promise.replace(promise.clone());
                    let same = before.is_none_or(|before| before.key == promise.key);
                    assert!(same || promise.epoch > 1, "a promise twice");
                }
                true
            }
        }
    }

    fn state(&self) -> Record {
        Record {
            version: 0,
            transitions: BTreeMap::new(),
            epoch: 0,
            ..self.known.record.clone().unwrap()
        }
    }
}

impl Partition {
    /// What is to be given, if anything.
    fn owed(&self) -> Option<(State, Terms)> {
        let promise = self.known.promise.clone()?;
        (promise.state != State::Denied).then_some((promise.state, promise.terms))
    }
}

fn play(events: &[Event]) -> Partition {
    let mut partition = Partition::default();
    for event in events {
        partition.deliver(event);
    }
    partition
}

fn affonso(i: usize, (kind, minute, amount, status): (u8, u8, Option<u16>, u8)) -> Event {
    let kind = ["created", "updated", "paid", "failed", "deleted"][usize::from(kind) % 5];
    let status = ["PENDING", "PROCESSING", "COMPLETED", "FAILED"][usize::from(status) % 4];
    let mut data = json!({"payoutId": "p", "affiliateId": "a", "status": status,
        "updatedAt": format!("2026-10-01T10:{minute:02}:00Z")});
    if let Some(amount) = amount {
        data["amount"] = json!(amount);
        data["paidAt"] = if amount % 2 == 0 { Value::Null } else { json!(format!("t{amount}")) };
    }
    let body = json!({"id": format!("evt_{i}"), "type": format!("payout.{kind}"), "data": data});
    event(Provider::Affonso, "/webhooks/affonso/payouts", &body.to_string()).unwrap()
}

fn commission(i: usize, (kind, minute, amount, status): (u8, u8, Option<u16>, u8)) -> Event {
    let status = ["pending", "approved", "denied"][usize::from(status) % 3];
    let kind = ["created", "updated", "approved", "denied", "deleted"][usize::from(kind) % 5];
    let mut data = json!({"id": 88});
    // What an event leaves out, another may say: any part but the id.
    let part = usize::from(amount.unwrap_or(9)) + usize::from(minute) * 3 + i;
    if !part.is_multiple_of(3) {
        data["amount"] = json!(500 + part % 2);
        data["promoter_id"] = json!(31);
    }
    match part % 4 {
        0 => data["unit"] = json!("points"),
        1 => data["unit"] = json!("cash"),
        2 => data["unit"] = json!("cookies"),
        _ => {}
    }
    if part.is_multiple_of(2) {
        let campaign = [5104, 7731, 9][part / 2 % 3];
        data["promoter_campaign"] = json!({"campaign_id": campaign});
    }
    if kind != "approved" {
        data["status"] = json!(status);
    }
    let body = json!({"event_id": format!("e{i}"), "event_type": format!("commission.{kind}"),
        "changes": {"status": ["pending", status]}, "data": data,
        "timestamp": format!("2026-10-01T10:{minute:02}:00Z")});
    event(Provider::FirstPromoter, "/webhooks/firstpromoter/commissions", &body.to_string())
        .unwrap()
}

fn payment(total: u16, status: u8) -> Event {
    let status = ["SUCCESS", "FAILED"][usize::from(status) % 2];
    let body = json!({"payment_id": 7, "status": status, "total_processed": total,
        "processed_at": "2026-10-01T10:00:00Z"});
    let path = "/webhooks/uppromote/payment-paid";
    let route = shared::route::Route::of_path(path).unwrap();
    let json = shared::json::parse(body.to_string().as_bytes()).unwrap();
    let event_type = Provider::UpPromote.event_type(&route, &json).unwrap();
    let sha256 = shared::body::sha256_hex(body.to_string().as_bytes());
    Provider::UpPromote.event(event_type, &json, &sha256, Timestamp::ZERO).unwrap()
}

type Seed = (u8, u8, Option<u16>, u8);

fn seeds() -> impl Strategy<Value = Vec<Seed>> {
    // Few minutes and few amounts, so that times and values collide.
    prop::collection::vec((0_u8..5, 0_u8..4, prop::option::of(0_u16..4), 0_u8..4), 1..8)
}

/// The events in another order, some of them again.
fn reordered(events: &[Event], order: &[prop::sample::Index]) -> Vec<Event> {
    let mut again: Vec<Event> = order.iter().map(|i| i.get(events).clone()).collect();
    again.extend(events.iter().rev().cloned());
    again
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_clocked_record_depends_on_the_set_of_events(
        seeds in seeds(),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..16),
        affonsos in any::<bool>(),
    ) {
        let make = if affonsos { affonso } else { commission };
        let events: Vec<Event> = seeds.into_iter().enumerate().map(|(i, s)| make(i, s)).collect();
        let (one, other) = (play(&events), play(&reordered(&events, &order)));
        prop_assert_eq!(one.state(), other.state());
        prop_assert_eq!(&one.events, &other.events);
        prop_assert_eq!(one.events.len(), events.len());
        prop_assert_eq!(one.owed(), other.owed());
    }

    #[test]
    fn an_unclocked_record_depends_on_it_up_to_contested(
        seeds in prop::collection::vec((0_u16..3, 0_u8..2), 1..5),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let events: Vec<Event> = seeds.into_iter().map(|(t, s)| payment(t, s)).collect();
        let (one, other) = (play(&events), play(&reordered(&events, &order)));
        let (one, other) = (one.state(), other.state());
        prop_assert_eq!(one.contested, other.contested);
        prop_assert!(one.contested || one == other);
    }
}

#[test]
fn a_repeated_delivery_is_a_duplicate_and_a_change_back_is_not() {
    let (paid, failed) = (payment(100, 0), payment(100, 1));
    let mut partition = Partition::default();
    assert!(partition.deliver(&paid));
    assert!(!partition.deliver(&paid));
    assert!(!partition.state().contested);
    assert!(partition.deliver(&failed));
    assert!(partition.state().contested);
    assert!(!partition.deliver(&failed));
    assert!(partition.deliver(&paid));
    assert_eq!(partition.events.len(), 3);
}

#[test]
fn a_deletion_is_terminal() {
    let (paid, deleted) = (affonso(1, (2, 3, Some(1), 2)), affonso(2, (4, 0, None, 0)));
    for order in [[&paid, &deleted], [&deleted, &paid]] {
        let partition = play(&order.map(Clone::clone));
        assert_eq!(partition.state().status(), Some("deleted"));
        assert_eq!(partition.state().text("paid_at"), Some("t1"));
    }
}

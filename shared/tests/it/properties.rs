//! `OnceRecorded` and `OnceApplied` over generated histories.

use crate::mapping::event;
use crate::promises::policy;
use crate::providers::{
    AFFONSO, FIRSTPROMOTER, FIRSTPROMOTER_V1, UPPROMOTE, decide, read, reward, route,
};
use shared::fulfilment::{Log, Policy, Promise, Rule, SeenEvent, Snapshot, State, V1Confirm};
use shared::ledger::{Content, Event, Record, event_key, shared_identity};
use shared::receive::decide::Decision;
use shared::wire::Timestamp;
use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

/// A partition as the table holds it: what `decide` reads and writes.
struct Partition {
    policy: Policy,
    known: Snapshot,
    events: BTreeMap<String, SeenEvent>,
}

fn partition(policy: Policy) -> Partition {
    Partition { policy, known: Snapshot::default(), events: BTreeMap::new() }
}

impl Partition {
    fn deliver(&mut self, event: &Event) -> bool {
        let (_, sk) = shared::ledger::item_keys(event);
        let shared = sk.as_ref().map(|sk| shared_identity(sk, &event.event_type));
        let sort_keys = [shared, sk].into_iter().flatten();
        self.known.events = sort_keys.filter_map(|sk| self.events.get(&sk).cloned()).collect();
        match decide(&self.known, event, &self.policy, received()) {
            Decision::Duplicate => false,
            Decision::Write(write) => {
                let seen =
                    SeenEvent { event_type: event.event_type.clone(), sha256: String::new() };
                let before = self.events.insert(event_key(&write.identity), seen);
                assert!(before.is_none(), "an identity twice");
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
    /// The promise of what is to be given, if anything: all of it but for what counts
    /// its changes.
    fn owed(&self) -> Option<Promise> {
        let promise = self.known.promise.clone()?;
        let uncounted = Promise { version: 0, seq: 0, due: None, log: Log::default(), ..promise };
        (uncounted.state != State::Denied).then_some(uncounted)
    }

    /// The body that would be posted now.
    fn body(&self) -> Option<Value> {
        let owed =
            self.known.promise.as_ref().filter(|promise| promise.state == State::Requested)?;
        reward(owed, FIRSTPROMOTER, "88")
    }
}

fn play(events: &[Event]) -> Partition {
    play_under(&policy(), events)
}

fn play_under(policy: &Policy, events: &[Event]) -> Partition {
    let mut partition = partition(policy.clone());
    for event in events {
        partition.deliver(event);
    }
    partition
}

fn received() -> Timestamp {
    Timestamp::parse("2026-11-01T00:00:00Z").unwrap()
}

/// The statements of a generated event. Few of everything, so that times, values and
/// what was before collide.
#[derive(Debug, Clone)]
struct Seed {
    kind: usize,
    time: Option<&'static str>,
    amount: Option<u16>,
    status: usize,
    /// The status and the amount before, as far as it says so.
    was: (Option<usize>, Option<u16>),
    /// The number of the field that is sent as null.
    null: usize,
}

/// Two minutes of one day, one before all time, two ahead of the arrival; none.
const TIMES: [&str; 5] = [
    "2026-10-01T10:00:00Z",
    "2026-10-01T10:01:00Z",
    "1970-01-01T00:00:00Z",
    "2026-11-01T00:10:00Z",
    "9999-12-31T23:59:59Z",
];

fn seed() -> impl Strategy<Value = Seed> {
    let often = prop::sample::select(&TIMES[..2]);
    let time = prop_oneof![
        4 => often.prop_map(Some),
        1 => prop::sample::select(&TIMES[..]).prop_map(Some),
        1 => Just(None),
    ];
    let was = (prop::option::of(0_usize..4), prop::option::of(0_u16..4));
    (0_usize..5, time, prop::option::of(0_u16..4), 0_usize..4, was, 0_usize..12).prop_map(
        |(kind, time, amount, status, was, null)| Seed { kind, time, amount, status, was, null },
    )
}

/// States what was before, as the mapping does for events with `changes`.
fn with_was(mut event: Event, was: [(&str, Option<String>); 2]) -> Event {
    if let Content::Change(change) = &mut event.content {
        let was = was.into_iter().filter_map(|(name, was)| Some((name.to_owned(), was?.into())));
        change.was = was.collect();
    }
    event
}

fn affonso(i: usize, seed: &Seed) -> Event {
    const STATUSES: [&str; 4] = ["PENDING", "PROCESSING", "COMPLETED", "FAILED"];
    let kind = ["created", "updated", "paid", "failed", "deleted"][seed.kind];
    let mut data = json!({"payoutId": "p", "affiliateId": "a", "status": STATUSES[seed.status], "updatedAt": seed.time});
    if let Some(amount) = seed.amount {
        data["amount"] = json!(amount);
        data["paidAt"] = if amount % 2 == 0 { Value::Null } else { json!(format!("t{amount}")) };
    }
    if let Some(name) = ["amount", "affiliateId", "status"].get(seed.null) {
        data[name] = Value::Null;
    }
    let body = json!({"id": format!("evt_{i}"), "type": format!("payout.{kind}"), "data": data});
    let event = event(AFFONSO, "/webhooks/affonso/payouts", &body.to_string()).unwrap();
    let status = seed.was.0.map(|status| STATUSES[status].to_ascii_lowercase());
    with_was(event, [("status", status), ("amount", seed.was.1.map(|was| was.to_string()))])
}

fn commission(i: usize, seed: &Seed) -> Event {
    const STATUSES: [&str; 4] = ["pending", "approved", "denied", "approved"];
    let status = STATUSES[seed.status];
    let kind = ["created", "updated", "approved", "denied", "deleted"][seed.kind];
    let mut data = json!({"id": 88});
    // What an event leaves out, another may say: any part but the id.
    let part = usize::from(seed.amount.unwrap_or(9)) + seed.null * 3 + i;
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
    if let Some(name) = ["amount", "unit", "promoter_id"].get(seed.null) {
        data[name] = Value::Null;
    }
    let body = json!({"event_id": format!("e{i}"), "event_type": format!("commission.{kind}"),
        "changes": {"status": ["pending", status]}, "data": data, "timestamp": seed.time});
    let path = "/webhooks/firstpromoter/commissions";
    let event = event(FIRSTPROMOTER, path, &body.to_string()).unwrap();
    let status = seed.was.0.map(|status| STATUSES[status].to_owned());
    with_was(event, [("status", status), ("amount", seed.was.1.map(|n| (500 + n % 2).to_string()))])
}

fn payment(total: u16, status: u8) -> Event {
    let status = ["SUCCESS", "FAILED"][usize::from(status) % 2];
    let body = json!({"payment_id": 7, "status": status, "total_processed": total,
        "processed_at": "2026-10-01T10:00:00Z"});
    let path = "/webhooks/uppromote/payment-paid";
    let route = route(path);
    let json = shared::wire::json::parse(body.to_string().as_bytes()).unwrap();
    let event_type = route.event.unwrap();
    let sha256 = shared::wire::digest::sha256_hex(body.to_string().as_bytes());
    read(UPPROMOTE, event_type, &json, &sha256, Timestamp::ZERO).unwrap()
}

/// Odd things that may stand anywhere.
fn odd() -> [Value; 8] {
    let long = json!("x".repeat(300));
    [Value::Null, json!(""), json!({}), json!([]), json!("N/A"), json!(0), json!(true), long]
}

/// Whole places of a body, replaced by something else: what was there before, or
/// an oddity.
#[derive(Debug, Clone)]
struct Odd {
    place: prop::sample::Index,
    value: prop::sample::Index,
}

fn odds() -> impl Strategy<Value = Vec<Odd>> {
    let odd = (any::<prop::sample::Index>(), any::<prop::sample::Index>());
    prop::collection::vec(odd.prop_map(|(place, value)| Odd { place, value }), 0..3)
}

const PLACES: [&str; 16] = [
    "/changes",
    "/changes/status",
    "/data",
    "/data/status",
    "/data/amount",
    "/data/unit",
    "/data/promoter_id",
    "/data/promoter_campaign",
    "/data/promoter_campaign/campaign_id",
    "/data/promoter_campaign/promoter",
    "/data/referral",
    "/data/referral/id",
    "/data/referral/email",
    "/data/referral_id",
    "/data/fraud_check",
    "/data/created_at",
];

fn spoil(body: &mut Value, odds: &[Odd], kept: &[&str]) {
    let odd = odd();
    for Odd { place, value } in odds {
        let place = place.get(&PLACES);
        if let Some(found) = body.pointer_mut(place).filter(|_| !kept.contains(place)) {
            found.clone_from(value.get(&odd));
        }
    }
}

/// A commission that names a whole lot, some of it odd.
fn rich(i: usize, seed: &Seed, odds: &[Odd]) -> Event {
    const STATUSES: [&str; 4] = ["pending", "approved", "denied", "on_hold"];
    let kind = ["created", "updated", "approved", "pending", "deleted"][seed.kind];
    let status = STATUSES[seed.status];
    let n = usize::from(seed.amount.unwrap_or(0));
    let was = seed.was.0.map(|n| STATUSES[n]);
    let (unit, campaign) = (["points", "credits"][seed.null % 2], [5104, 7731][n / 2]);
    let fraud = ["no_suspicion", "ad_source"][seed.null / 11];
    let created = ["2026-02-01T00:00:00Z", "2025-02-01 00:00:00"][seed.null / 10 % 2];
    let mut body = json!({"event_id": format!("e{i}"), "event_type": format!("commission.{kind}"),
        "entity_id": 88, "timestamp": seed.time,
        "changes": {"status": [was, status],
            "amount": [seed.was.1.map(|n| 500 + n % 2), 500 + n % 2]},
        "data": {"id": 88, "status": status, "amount": 500 + n % 2, "unit": unit,
            "promoter_id": 31, "promoter_campaign": {"campaign_id": campaign, "promoter": {"id": 31}},
            "referral": {"id": 70 + n % 3, "email": format!("r{}@example.com", seed.null % 3)},
            "fraud_check": fraud,
            "created_at": created}});
    if seed.null.is_multiple_of(3) {
        body["data"]["referral"] = json!({"email": "nobody@example.com"});
        body["data"]["referral_id"] = json!(70 + n % 3);
    }
    spoil(&mut body, odds, &[]);
    event(FIRSTPROMOTER, "/webhooks/firstpromoter/commissions", &body.to_string()).unwrap()
}

/// The same of v1.
fn pending(i: usize, seed: &Seed, odds: &[Odd]) -> Event {
    let status = ["pending", "processing", "denied", "completed"][seed.status];
    let n = usize::from(seed.amount.unwrap_or(0));
    let (unit, campaign) = (["points", "credits"][seed.null % 2], [7731, 5104][n / 2]);
    let mut body = json!({
        "event": {"id": i, "type": "fulfilment_pending", "created_at": seed.time},
        "data": {"id": 88, "status": status,
            "amount": 500 + n % 2, "unit": unit,
            "promoter": {"id": 31 + seed.kind % 2, "cust_id": format!("c{}", seed.null % 3)},
            "campaign": {"id": campaign}}});
    spoil(&mut body, odds, &["/data"]);
    event(FIRSTPROMOTER_V1, "/webhooks/firstpromoter-v1/t/fulfilments", &body.to_string()).unwrap()
}

/// Settings under which the same events come to different promises.
fn any_policy() -> impl Strategy<Value = Policy> {
    let recipient = prop::sample::select(vec![Rule::Promoter, Rule::Referral, Rule::ByRules]);
    let confirm = prop::sample::select(vec![V1Confirm::Response, V1Confirm::Api]);
    (recipient, confirm, any::<bool>()).prop_map(|(recipient, v1_confirm, auto_approve)| {
        let rules = [("*:points", Rule::Referral), ("7731:*", Rule::Promoter)];
        let recipient_rules = rules.map(|(name, rule)| (name.to_owned(), rule)).into();
        Policy { recipient, recipient_rules, v1_confirm, auto_approve, ..policy() }
    })
}

/// The events in another order, some of them again.
fn reordered(events: &[Event], order: &[prop::sample::Index]) -> Vec<Event> {
    let mut again: Vec<Event> = order.iter().map(|i| i.get(events).clone()).collect();
    again.extend(events.iter().rev().cloned());
    again
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_clocked_record_depends_on_the_set_of_events(
        seeds in prop::collection::vec(seed(), 1..8),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..16),
        affonsos in any::<bool>(),
    ) {
        let make = if affonsos { affonso } else { commission };
        let events: Vec<Event> = seeds.into_iter().enumerate().map(|(i, s)| make(i, &s)).collect();
        let (one, other) = (play(&events), play(&reordered(&events, &order)));
        prop_assert_eq!(one.state(), other.state());
        prop_assert_eq!(&one.events, &other.events);
        prop_assert_eq!(one.events.len(), events.len());
        prop_assert_eq!(one.owed(), other.owed());
        prop_assert_eq!(one.body(), other.body());
    }

    #[test]
    fn what_may_be_approved_by_asking_comes_to_no_more_without_an_announcement(
        seeds in prop::collection::vec(seed(), 1..8),
    ) {
        let auto = Policy { auto_approve: true, ..policy() };
        let mut partition = partition(auto);
        for (i, seed) in seeds.iter().enumerate() {
            partition.deliver(&commission(i, seed));
            let Snapshot { record, promise, .. } = &partition.known;
            let announced = record.as_ref().and_then(Record::announcement).is_some();
            let state = promise.as_ref().map(|promise| promise.state);
            let asked = matches!(state, None | Some(State::ApprovalDue | State::Denied));
            prop_assert!(asked || announced, "{:?} without an announcement", state);
        }
    }

    #[test]
    fn what_is_owed_depends_on_the_set_of_events_whatever_is_odd_in_them(
        seeds in prop::collection::vec((seed(), odds()), 1..7),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..14),
        policy in any_policy(),
        v1 in any::<bool>(),
    ) {
        let make = if v1 { pending } else { rich };
        let events: Vec<Event> =
            seeds.iter().enumerate().map(|(i, (seed, odds))| make(i, seed, odds)).collect();
        let one = play_under(&policy, &events);
        let other = play_under(&policy, &reordered(&events, &order));
        prop_assert_eq!(one.state(), other.state());
        prop_assert_eq!(&one.events, &other.events);
        // What is only asked to be approved hangs on when it was asked.
        if !policy.auto_approve || one.state().announcement() >= Some(policy.from) {
            prop_assert_eq!(one.owed(), other.owed());
        }
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
    let mut partition = partition(policy());
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
    let seed = |kind, time, amount, status| Seed {
        kind,
        time: Some(time),
        amount,
        status,
        was: (None, None),
        null: 9,
    };
    let paid = affonso(1, &seed(2, TIMES[1], Some(1), 2));
    let deleted = affonso(2, &seed(4, TIMES[0], None, 0));
    for order in [[&paid, &deleted], [&deleted, &paid]] {
        let partition = play(&order.map(Clone::clone));
        assert_eq!(partition.state().status(), Some("deleted"));
        assert_eq!(partition.state().text("paid_at"), Some("t1"));
    }
}

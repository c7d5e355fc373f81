//! `OnceApplied` over the lives of objects: whatever the order of their events, and
//! however often each comes, one record.

mod undated;

use std::collections::BTreeMap;

use crate::decoration::samples;
use crate::promises::policy;
use crate::providers::{AFFONSO, FIRSTPROMOTER, FIRSTPROMOTER_V1, decide, read};
use proptest::prelude::*;
use serde_json::{Value, json};
use shared::fulfilment::{SeenEvent, Snapshot};
use shared::ledger::{
    Arrivals, Event, Kind, Malformed, Partition, Record, event_key, item_keys, shared_identity,
};
use shared::provider::Definition;
use shared::provider::object::EventType;
use shared::receive::decide::Decision;
use shared::wire::Timestamp;
use shared::wire::digest::sha256_hex;
use shared::wire::json as exact;

/// The table, as far as events and records go.
#[derive(Default)]
pub struct Table {
    records: BTreeMap<String, Record>,
    events: BTreeMap<String, SeenEvent>,
}

impl Table {
    /// Records an event; false when it is a duplicate.
    pub fn deliver(&mut self, event: &Event) -> bool {
        let (pk, sk) = item_keys(event);
        let partition = |change: &shared::ledger::Change| {
            Partition::of(event.provider, &change.subject).to_string()
        };
        let others: Vec<_> = event.others.iter().map(partition).collect();
        let place = |sk: &str| format!("{pk} {sk}");
        let shared = sk.as_ref().map(|sk| shared_identity(sk, &event.event_type));
        let seen = [shared, sk].into_iter().flatten();
        let known = Snapshot {
            record: self.records.get(&pk.to_string()).cloned(),
            status: None,
            events: seen.filter_map(|sk| self.events.get(&place(&sk)).cloned()).collect(),
            promise: None,
            others: others.iter().map(|other| self.records.get(other).cloned()).collect(),
        };
        let Decision::Write(write) = decide(&known, event, &policy(), received()) else {
            return false;
        };
        let seen = SeenEvent { event_type: event.event_type.clone(), sha256: String::new() };
        let before = self.events.insert(place(&event_key(&write.identity)), seen);
        assert!(before.is_none(), "an identity twice");
        self.records.extend(write.record.map(|record| (pk.to_string(), record)));
        for (pk, other) in others.into_iter().zip(write.others) {
            self.records.insert(pk, other.record);
        }
        true
    }

    pub fn records(&self) -> &BTreeMap<String, Record> {
        &self.records
    }

    /// What the records say, without what only counts or remembers.
    pub fn said(self) -> BTreeMap<String, Record> {
        let records = self.records.into_iter().map(|(pk, record)| {
            let said = Record {
                version: 0,
                epoch: 0,
                transitions: BTreeMap::new(),
                arrivals: Arrivals::default(),
                ..record
            };
            (pk, said)
        });
        records.collect()
    }
}

fn received() -> Timestamp {
    Timestamp::parse("2026-11-20T00:00:00Z").unwrap()
}

fn played(events: &[&Event]) -> BTreeMap<String, Record> {
    let mut table = Table::default();
    for event in events {
        table.deliver(event);
    }
    table.said()
}

/// What varies in one event of a life. Few of everything, so that they collide.
#[derive(Debug, Clone)]
struct Seed {
    row: prop::sample::Index,
    time: usize,
    status: prop::sample::Index,
    was: Option<prop::sample::Index>,
    number: u8,
    null: Option<prop::sample::Index>,
}

fn seed() -> impl Strategy<Value = Seed> {
    let index = any::<prop::sample::Index>;
    (
        index(),
        prop_oneof![3 => 0_usize..2, 1 => 0_usize..TIMES.len()],
        index(),
        prop::option::of(index()),
        0_u8..3,
        prop::option::weighted(0.3, index()),
    )
        .prop_map(|(row, time, status, was, number, null)| Seed {
            row,
            time,
            status,
            was,
            number,
            null,
        })
}

const TIMES: [Option<&str>; 5] = [
    Some("2026-10-01T10:00:00.000Z"),
    Some("2026-10-01T10:00:01.000Z"),
    Some("2026-10-02T10:00:00.000Z"),
    Some("9999-12-31T23:59:59.000Z"),
    None,
];

/// The rows of a provider whose subject is of this kind, each with the body of its
/// sample and the path where that came in.
fn life(of: &'static Definition, kind: Kind) -> Vec<(&'static EventType, String, Value)> {
    let samples = samples();
    let rows = of.catalogue.iter().filter(|row| row.object.kind == kind);
    let found = rows.map(|row| {
        let name = crate::catalogue::sample_of(of, row.name);
        let (_, path, body) = samples.iter().find(|(sample, ..)| *sample == name).unwrap();
        (row, path.clone(), body.clone())
    });
    found.collect()
}

/// The kinds that are the subject of some event of a provider.
fn kinds(of: &Definition) -> Vec<Kind> {
    Kind::ALL
        .into_iter()
        .filter(|kind| of.catalogue.iter().any(|row| row.object.kind == *kind))
        .collect()
}

/// Sets every member of this name that is there, wherever it is.
fn set(json: &mut Value, name: &str, value: &Value) {
    match json {
        Value::Object(members) => {
            for (member, inner) in members.iter_mut() {
                if member == name {
                    *inner = value.clone();
                } else {
                    set(inner, name, value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| set(item, name, value)),
        _ => {}
    }
}

/// The body as the `i`-th event of the one object that this is the life of.
fn told(i: usize, row: &EventType, body: &Value, seed: &Seed) -> Value {
    let mut body = body.clone();
    let words: Vec<&str> = row.object.words.words.iter().map(|(word, _)| *word).collect();
    let word = |index: &prop::sample::Index| {
        if words.is_empty() { "unheard-of" } else { index.get(&words) }
    };
    let time = TIMES[seed.time].map_or(Value::Null, Value::from);
    let number = json!(seed.number);
    // Who and what: few, so that the links of a life contradict each other.
    for (name, value) in [
        ("affiliateId", json!(format!("a{}", seed.number))),
        ("referralId", json!(format!("r{}", seed.number))),
        ("promoter_id", json!(31 + seed.number)),
        ("campaign_id", json!(51 + seed.number)),
        ("payout_id", json!(71 + seed.number)),
        ("amount", number.clone()),
        ("commissionAmount", number.clone()),
        ("saleAmount", number),
        ("is_paid", json!(seed.number == 0)),
        ("is_disabled", json!(seed.number == 0)),
        ("country", json!(format!("C{}", seed.number))),
        ("name", json!(format!("N{}", seed.number))),
        ("custom_fields", json!({"n": seed.number})),
    ] {
        set(&mut body, name, &value);
    }
    for name in ["accountStatus", "partnershipStatus", "commissionStatus", "status", "state"] {
        if let Some(status) = body.pointer_mut(&format!("/data/{name}")) {
            *status = json!(word(&seed.status));
        }
    }
    if let Some(promoter) = body.pointer_mut("/data/promoter/status") {
        *promoter = json!(word(&seed.status));
    }
    if let (Some(was), Some(_)) = (&seed.was, body.get("changes")) {
        let name = row.object.status.first().copied().unwrap_or("status");
        body["changes"] = json!({ name: [word(was), word(&seed.status)] });
    }
    if let (Some(null), Some(Value::Object(data))) = (seed.null, body.pointer_mut("/data")) {
        let names: Vec<String> = data.keys().cloned().collect();
        data.insert(null.get(&names).clone(), Value::Null);
    }
    for (place, value) in [
        ("/id", json!(format!("evt_{i}"))),
        ("/event_id", json!(format!("e{i}"))),
        ("/event/id", json!(900 + i)),
        ("/createdAt", time.clone()),
        ("/timestamp", time.clone()),
        ("/event/created_at", time.clone()),
        ("/data/updatedAt", time),
        ("/entity_id", json!(7)),
        ("/data/id", json!(7)),
        ("/data/payoutId", json!("7")),
        ("/data/transactionId", json!("7")),
        ("/data/commission_id", json!(7)),
        ("/data/promoter/id", json!(7)),
        ("/data/promotion/id", json!(7)),
    ] {
        if let Some(there) = body.pointer_mut(place) {
            *there = value;
        }
    }
    let own = match row.object.kind {
        Kind::Affiliate => ["/data/affiliateId", "/data/promoter_id"],
        Kind::Customer => ["/data/referralId", ""],
        Kind::Payout => ["/data/payout_id", ""],
        _ => ["", ""],
    };
    for place in own.into_iter().filter(|place| !place.is_empty()) {
        if let Some(there) = body.pointer_mut(place) {
            *there = json!(7);
        }
    }
    body
}

fn try_event(of: &'static Definition, name: &str, body: &Value) -> Result<Event, Malformed> {
    let text = body.to_string();
    let json = exact::parse(text.as_bytes()).unwrap();
    read(of, name, &json, &sha256_hex(text.as_bytes()), received())
}

fn event(of: &'static Definition, name: &str, body: &Value) -> Event {
    try_event(of, name, body).unwrap()
}

/// An order with repeats: each event at least once.
fn order(of: usize) -> impl Strategy<Value = Vec<usize>> {
    let repeats = prop::collection::vec(0..of, 0..3);
    repeats.prop_flat_map(move |repeats| {
        let all: Vec<_> = (0..of).chain(repeats).collect();
        Just(all).prop_shuffle()
    })
}

/// Seeds of a life, and two orders of it.
fn lives() -> impl Strategy<Value = (Vec<Seed>, Vec<usize>, Vec<usize>)> {
    prop::collection::vec(seed(), 2..7).prop_flat_map(|seeds| {
        let n = seeds.len();
        (Just(seeds), order(n), order(n))
    })
}

fn one_record_in_every_order(of: &'static Definition, seeds: &[Seed], orders: [&[usize]; 2]) {
    for kind in kinds(of) {
        let life = life(of, kind);
        let events: Vec<Event> = seeds
            .iter()
            .enumerate()
            .map(|(i, seed)| {
                let (row, _, body) = seed.row.get(&life);
                // A null may have taken what tells the object: then there is no order
                // to be tried.
                try_event(of, row.name, &told(i, row, body, seed))
                    .unwrap_or_else(|_| event(of, row.name, &told(i, row, body, &plain(seed))))
            })
            .collect();
        let straight: Vec<_> = events.iter().collect();
        let expected = played(&straight);
        for order in orders {
            let shuffled: Vec<_> = order.iter().map(|i| &events[*i]).collect();
            assert_eq!(played(&shuffled), expected, "{of} {kind:?} {order:?}");
        }
    }
}

/// The same without the null.
fn plain(seed: &Seed) -> Seed {
    Seed { null: None, ..seed.clone() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn affonsos_objects_have_one_record((seeds, one, other) in lives()) {
        one_record_in_every_order(AFFONSO, &seeds, [&one, &other]);
    }

    #[test]
    fn firstpromoters_objects_have_one_record((seeds, one, other) in lives()) {
        one_record_in_every_order(FIRSTPROMOTER, &seeds, [&one, &other]);
    }

    #[test]
    fn firstpromoter_v1s_objects_have_one_record((seeds, one, other) in lives()) {
        one_record_in_every_order(FIRSTPROMOTER_V1, &seeds, [&one, &other]);
    }
}

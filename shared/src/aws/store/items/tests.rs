//! Records as items and back.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::fulfilment::{
    Endpoint, Input, ParkReason, Recipient, Reversals, Rules, State, Terms, Transition, transition,
};
use crate::ledger::Change;
use crate::ledger::{Kind, Source};
use crate::provider::definition::Routes;
use crate::provider::firstpromoter::{DEFINITION, REWARDS};
use crate::wire::Id;
use crate::wire::parts::{Form, MAX_FACT_BYTES, MAX_INNER_TEXT_BYTES, MAX_TEXT_BYTES};

const RECEIVED: &str = "2026-11-01T00:00:00Z";

fn subject() -> Subject {
    Subject { kind: Kind::Commission, id: Id::new("88").unwrap() }
}

fn pk() -> Partition {
    Partition::of(DEFINITION.provider, &subject())
}

fn item(record: &Record) -> Item {
    let received = Timestamp::parse(RECEIVED).unwrap();
    record_item(&DEFINITION, &subject(), record, received).unwrap()
}

/// Few of them, so that facts share clocks, and have none of their own.
fn any_clock() -> impl Strategy<Value = Clock> {
    let time =
        prop::option::of(prop::sample::select(vec![0, 1, 1_790_848_800_000, 1_790_848_800_123]));
    let action = prop::sample::select(vec![Action::Created, Action::Updated, Action::Deleted]);
    (time, action, 0_u8..7).prop_map(|(time, action, rank)| Clock {
        time: time.map(Timestamp::from_ms),
        action,
        rank,
    })
}

fn any_value() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        Value::Null,
        json!(""),
        json!("approved"),
        json!("denied"),
        json!({"value": "500", "unit": "points"}),
        json!({"value": "500"}),
        json!({}),
    ])
}

fn any_register() -> impl Strategy<Value = Register> {
    let statement = (any_value(), prop::option::of(any_value()))
        .prop_map(|(value, was)| Statement { value, was });
    let statements = prop::collection::vec(statement, 1..12);
    let tie = (any_clock(), statements)
        .prop_map(|(clock, statements)| Register::of_statements(clock, statements).unwrap());
    prop_oneof![
        any_clock().prop_flat_map(|clock| any_value().prop_map(move |v| Register::new(v, clock))),
        tie
    ]
}

fn any_time() -> impl Strategy<Value = Option<Timestamp>> {
    prop::option::of(prop::sample::select(vec![0, 1_790_848_800_000]).prop_map(Timestamp::from_ms))
}

fn any_sources() -> impl Strategy<Value = Vec<Sources>> {
    let source = || prop::sample::select(vec![Source::V2, Source::V1, Source::Off]);
    let by_campaign = prop::collection::btree_map("[0-9]{1,4}", source(), 0..3);
    let sources = (source(), by_campaign);
    let sources = sources.prop_map(|(default, by_campaign)| Sources { default, by_campaign });
    prop::collection::vec(sources, 0..3)
}

fn any_record() -> impl Strategy<Value = Record> {
    let name = prop::sample::select(vec![
        "status",
        "amount",
        "affiliate_id",
        "customer_id",
        "odd",
        "occurred_at",
    ]);
    let facts = prop::collection::btree_map(name.prop_map(str::to_owned), any_register(), 0..6);
    let transitions = prop::collection::btree_map("[a-z#]{1,9}", any::<u64>(), 0..3);
    let times = (any_time(), any_time(), any_time());
    let names = || prop::collection::btree_set("[a-z_]{1,9}", 0..3);
    let changes = prop::collection::btree_set(prop::array::uniform2("[a-z]{1,9}"), 0..3);
    let created = (prop::option::of("[a-z]{1,9}"), any::<(bool, bool)>());
    let named = (names(), names(), changes, created);
    let (sources, numbers) = (any_sources(), any::<(u64, u32, bool, u64)>());
    (facts, times, numbers, transitions, sources, named).prop_map(
        |(facts, times, numbers, transitions, sources, (named, statuses, changes, created))| {
            let (version, epoch, contested, status_since) = numbers;
            let (deleted_at, announced, announced_undated) = times;
            let record = Record {
                version,
                facts,
                deleted_at,
                contested: false,
                named,
                transitions,
                arrivals: Arrivals {
                    status_since,
                    named: statuses,
                    changes,
                    created: created.0,
                    created_changed: created.1.0,
                    torn: created.1.1,
                    stated: BTreeMap::new(),
                },
                announced,
                announced_undated,
                sources,
                epoch,
            };
            // The mark of a source without clock, whose facts have one value each
            // and which tells of no deletion.
            let unclocked = record.deleted_at.is_none() && !record.is_contested();
            Record { contested: contested && unclocked, ..record }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_record_comes_back_as_it_was_written(written in any_record()) {
        let item = item(&written);
        let contested = item.get("contested").is_some_and(|mark| *mark == AttributeValue::Bool(true));
        prop_assert_eq!(contested, written.is_contested());
        let read = record(item).unwrap();
        prop_assert_eq!(read, written);
    }
}

#[test]
fn facts_keep_their_own_clocks() {
    let clock = |time: i64, rank| Clock {
        time: Some(Timestamp::from_ms(time)),
        action: Action::Updated,
        rank,
    };
    let facts =
        [("amount", clock(1_000, 3)), ("status", clock(2_000, 1)), ("unit", Clock::UNKNOWN)];
    let facts = facts.map(|(name, clock)| (name.to_owned(), Register::new(json!("x"), clock)));
    let written = Record { facts: facts.into(), ..Record::default() };
    assert_eq!(record(item(&written)).unwrap(), written);
}

/// The largest value of a member of this form, inside a fact or as one.
fn largest(form: Form, inside: bool) -> Value {
    let (text, other) = if inside {
        (MAX_INNER_TEXT_BYTES, MAX_FACT_BYTES / 2)
    } else {
        (MAX_TEXT_BYTES, MAX_FACT_BYTES)
    };
    let full = json!(["x".repeat(other - 4)]);
    match form {
        Form::Free => full,
        Form::Object(members) => {
            let inner = members.iter().filter(|member| member.stated);
            let inner = inner.map(|member| (member.fact.to_owned(), largest(member.form, true)));
            let object = Value::Object(inner.collect());
            if object.to_string().len() > other { full } else { object }
        }
        _ => json!("x".repeat(text)),
    }
}

/// Whatever a provider sends, and however often its events contradict each other, a
/// record is far from what an item holds.
#[test]
fn the_largest_record_of_every_object_fits() {
    let received = Timestamp::parse(RECEIVED).unwrap();
    let clock = Clock { time: Some(received), action: Action::Updated, rank: 1 };
    let mut sizes = Vec::new();
    for own in crate::provider::ALL {
        let objects = own
            .catalogue
            .iter()
            .flat_map(|row| std::iter::once(row.object).chain(row.object.also.iter().copied()));
        for object in objects {
            let id = Id::new(&"i".repeat(512)).unwrap();
            let mut change = Change::of(Subject { kind: object.kind, id });
            let stated = object.members.iter().filter(|member| member.stated);
            let stated = stated.map(|member| (member.fact, largest(member.form, false)));
            change.facts = stated.map(|(name, value)| (name.to_owned(), value)).collect();
            let mut record = Record::default();
            let has_clock = !matches!(own.routes, Routes::Events);
            for n in 0..if has_clock { 12 } else { 70 } {
                let id = format!("{n:0>512}");
                let word = format!("{n:0>256}");
                let amount = json!({"value": format!("1{n:0>1000}"), "unit": word});
                for joined in object.joined {
                    change.facts.insert(joined.fact.to_owned(), json!(id));
                }
                for (name, value) in [("status", json!(word)), ("payout_id", json!(id))] {
                    change.facts.insert(name.to_owned(), value.clone());
                    change.was.insert(name.to_owned(), value);
                }
                if object.amount.is_some() {
                    change.was.insert("amount".to_owned(), amount["value"].clone());
                    change.was.insert("unit".to_owned(), amount["unit"].clone());
                    change.facts.insert("amount".to_owned(), amount);
                }
                if has_clock {
                    record.merge(&change, clock, received);
                } else {
                    record.apply(&change, &format!("{n:0>620}"));
                    record.version += 1;
                }
            }
            let item = record_item(own, &change.subject, &record, received).unwrap();
            sizes.push((members_size(&item), own.provider, object.kind));
        }
    }
    let largest = sizes.iter().max_by_key(|(size, ..)| *size).unwrap();
    assert!((50_000..100_000).contains(&largest.0), "{largest:?}");
}

/// As this project wrote them when 1970 stood for a time that nobody knew.
#[test]
fn records_written_before_are_read() {
    let of = |as_of: &str, announced: Option<&str>| {
        let mut item = json!({
            "pk": "firstpromoter#commission#88", "sk": "record", "provider": "firstpromoter",
            "kind": "commission", "id": "88", "version": 3, "status": "approved",
            "as_of": as_of, "facts": {"amount": {"value": "5", "unit": "points"}, "status": "approved"},
            "clocks": {"amount": "2026-09-30T10:00:00.000Z/1"}, "contested": true,
            "recorded_at": "2026-10-02T00:00:00.000Z",
        });
        if let Some(at) = announced {
            item["announced"] = json!(at);
        }
        record(serde_dynamo::to_item(item).unwrap())
    };
    let at = |text: &str| Timestamp::parse(text);
    for (as_of, time, rank) in [
        ("2026-10-01T10:00:00.000Z/3", at("2026-10-01T10:00:00Z"), 3),
        ("1970-01-01T00:00:00.000Z/6", None, 6),
    ] {
        let record = of(as_of, None).unwrap();
        let clock = Clock { time, action: Action::Updated, rank };
        assert_eq!(record.facts["status"], Register::new(json!("approved"), clock));
        assert_eq!(record.facts["amount"].clock.time, at("2026-09-30T10:00:00Z"));
        assert!(record.contested && record.is_contested());
    }
    let unknown = of("1970-01-01T00:00:00.000Z/3", Some("1970-01-01T00:00:00.000Z")).unwrap();
    assert_eq!((unknown.announced, unknown.announced_undated), (None, at("2026-10-02T00:00:00Z")));
    let dated = of("2026-10-01T10:00:00.000Z/3", Some("2026-10-01T10:00:00.000Z")).unwrap();
    assert_eq!((dated.announced, dated.announced_undated), (at("2026-10-01T10:00:00Z"), None));
    for unreadable in
        ["2026-10-01T10:00:00.000Z", "soon/3", "//", "1970-01-01T00:00:00.000Z/gone/1"]
    {
        assert!(of(unreadable, None).is_err(), "{unreadable}");
    }
}

/// As this project wrote them when a promise had one waiver and a record one
/// setting.
#[test]
fn promises_and_sources_written_before_are_read() {
    let at = "2026-10-01T10:00:00.000Z";
    let terms = json!({"amount": "5", "unit": "points", "affiliate_id": "31",
        "recipient": {"role": "promoter", "id": "31"}});
    let promise = json!({
        "pk": "firstpromoter#commission#88", "sk": "fulfilment#1", "open": "parked",
        "open_since": at, "amount": "5", "unit": "points", "key": "firstpromoter:88:1",
        "epoch": 1, "version": 7, "state": "parked", "seq": 5, "terms": terms,
        "unapproved_since": at, "looked_up": true, "found_at": at, "waived": "unknown_unit",
        "check": true, "again": {"terms": terms, "start": {"park": "no_such_account"}},
        "parked": {"from": "requested", "reason": "unknown_outcome", "unknown": true, "at": at},
        "words": [{"by": "kim", "because": "asked", "at": at}], "attempts": 2, "last": "HTTP 500",
        "announced_at": at, "created_at": at, "open_at": at, "changed_at": at,
    });
    let record = json!({
        "pk": "firstpromoter#commission#88", "sk": "record", "provider": "firstpromoter",
        "kind": "commission", "id": "88", "version": 3, "status": "approved",
        "amount": {"value": "5", "unit": "points"}, "affiliate": "firstpromoter#31",
        "affiliate_at": at, "as_of": "2026-10-01T10:00:00.000Z/3",
        "facts": {"amount": {"value": "5", "unit": "points"}, "status": "approved"},
        "announced": at, "sources": {"default": "v2", "by_campaign": {"9": "off"}}, "epoch": 1,
        "recorded_at": "2026-10-01T10:00:01.000Z",
    });
    let event = json!({"pk": "firstpromoter#commission#88", "sk": "event#e", "type": "commission.approved",
        "identity": "e", "sha256": "00", "secret": "hmac[0]", "received_at": at, "changed": ["status"]});
    let items = [promise, record, event].map(|item| serde_dynamo::to_item(item).unwrap());
    let known = known(items.into(), &pk(), Some("event#e"), &[]).unwrap();
    assert!(known.belongs_together());
    assert_eq!(known.events.len(), 1);
    let (record, promise) = (known.record.unwrap(), known.promise.unwrap());
    assert_eq!(record.sources.len(), 1);
    assert_eq!(record.sources[0].by_campaign["9"], Source::Off);
    assert!(!record.is_contested());
    assert_eq!(
        (promise.waived.as_slice(), promise.retry.attempts),
        (&[ParkReason::UnknownUnit][..], 2)
    );
    assert!(
        promise.effect_uncertain
            && promise.platform.contradicted_since.is_some()
            && promise.endpoint.is_none()
    );
    assert!(promise.parked.is_some_and(|parked| parked.unknown));
    assert!(promise.withdrawal.next_epoch.is_some_and(|again| again.campaign_id.is_none()));
}

/// As this project wrote promises before it noted which endpoint was called.
#[test]
fn promises_written_before_are_read_and_a_call_of_theirs_is_not_repeated_blindly() {
    let item = json!({
        "pk": "firstpromoter#commission#88", "sk": "fulfilment#1", "open": "requested",
        "open_since": "2026-10-01T00:00:00.000Z", "key": "firstpromoter:88:1", "epoch": 1,
        "version": 5, "state": "requested", "seq": 3, "due": "deliver#3", "amount": "500",
        "unit": "points", "terms": {"amount": "500", "unit": "points",
            "recipient": {"role": "promoter", "id": "31"}},
        "campaign_id": "5104", "looked_up": true, "check": true, "attempts": 1, "last": "no answer",
        "unapproved_since": "2026-10-01T00:00:02.000Z", "waived": "unknown_unit",
        "again": {"terms": {"amount": "500"}, "start": {"park": "unknown_unit"}},
        "announced_at": "2026-10-01T00:00:00.000Z", "created_at": "2026-10-01T00:00:01.000Z",
        "open_at": "2026-10-01T00:00:01.000Z", "changed_at": "2026-10-01T00:00:03.000Z",
    });
    let item: Item = serde_dynamo::to_item(item).unwrap();
    let promise: Promise = serde_dynamo::from_item(item).unwrap();
    assert!(
        promise.waives(&ParkReason::UnknownUnit) && promise.platform.contradicted_since.is_some()
    );
    let written = promise_item(&"firstpromoter#commission#88".parse().unwrap(), &promise).unwrap();
    assert_eq!(serde_dynamo::from_item::<_, Promise>(written).unwrap(), promise);

    let endpoint = Endpoint { id: "a".into(), idempotent: true };
    let lease = Input::LeasedFor { until: Timestamp::ZERO, endpoint };
    let rules = Rules { reversals: Reversals::Park, rewards: &REWARDS };
    let Transition::Changed(next) = transition(&promise, &lease, rules, Timestamp::ZERO) else {
        panic!()
    };
    assert!(next.parked.is_some_and(|parked| parked.unknown));
}

/// A value of DynamoDB's JSON.
fn attribute(json: &Value) -> AttributeValue {
    let (tag, value) = json.as_object().unwrap().iter().next().unwrap();
    let text = || value.as_str().unwrap().to_owned();
    match tag.as_str() {
        "S" => AttributeValue::S(text()),
        "N" => AttributeValue::N(text()),
        "BOOL" => AttributeValue::Bool(value.as_bool().unwrap()),
        "NULL" => AttributeValue::Null(true),
        "L" => AttributeValue::L(value.as_array().unwrap().iter().map(attribute).collect()),
        "M" => AttributeValue::M(attributes(value)),
        other => panic!("{other}"),
    }
}

fn attributes(json: &Value) -> Item {
    let members = json.as_object().unwrap().iter();
    members.map(|(name, value)| (name.clone(), attribute(value))).collect()
}

/// Written by an earlier version: one item at least for every attribute that a
/// promise can have, every state, and every reason that the walk parks for.
#[test]
fn promises_written_before_are_read_and_written_as_they_were() {
    let fixtures = include_str!("../../../../tests/fixtures/promises.json");
    let fixtures: Vec<Value> = serde_json::from_str(fixtures).unwrap();
    assert_eq!(fixtures.len(), 30);
    for fixture in &fixtures {
        let item = attributes(fixture);
        let pk = fixture["pk"]["S"].as_str().unwrap().parse().unwrap();
        let promise: Promise = read_item(item.clone(), "a promise").unwrap();
        let mut written = promise_item(&pk, &promise).unwrap();
        // Its place in an index that there was not.
        for name in ["rewarded", "rewarded_at"] {
            written.remove(name);
        }
        assert_eq!(written, item, "{}", promise.key);
    }
}

/// The log is part of the item, and a recipient has a place in the index of whom rewards
/// are for, also when nothing is open any more.
#[test]
fn a_settled_promise_has_its_log_and_its_recipient_in_its_item() {
    let terms = |id: &str| Terms {
        amount: Some("500".into()),
        unit: Some("points".into()),
        recipient: Some(Recipient {
            role: "referral".into(),
            id: Some(id.to_owned()),
            reference: None,
            email: None,
        }),
        ..Terms::default()
    };
    let at = Timestamp::parse(RECEIVED).unwrap();
    let rules = Rules { reversals: Reversals::Park, rewards: &REWARDS };
    let promise = Promise::new("firstpromoter:88:1".into(), 1, State::Requested, terms("7 7"), at);
    let Transition::Changed(denied) = transition(&promise, &Input::Withdrawn, rules, at) else {
        panic!("it is denied");
    };
    let item = promise_item(&pk(), &denied).unwrap();
    assert_eq!(item["rewarded"], text("firstpromoter#referral#7 7"));
    assert_eq!((&item["rewarded_at"], item.get("open")), (&item["created_at"], None));
    let read: Promise = read_item(item, "a promise").unwrap();
    assert_eq!((read.log.entries.len(), &read), (1, &*denied));

    // What is no id of any provider's is no key of an index.
    for id in ["", " ", &"x".repeat(513)] {
        let unnamed = Promise { terms: terms(id), ..promise.clone() };
        assert_eq!(promise_item(&pk(), &unnamed).unwrap().get("rewarded"), None, "{id:?}");
    }
}

//! Everything huge at once, and at one clock.

use super::facts::can_be_kept;
use super::{Sample, changes, listed, received};
use crate::lives::Table;
use serde_json::{Map, Value, json};
use shared::ledger::{Record, Register};
use shared::wire::parts::{Form, Member};

/// Largest record, in bytes: a quarter of what an item holds.
const LARGEST: usize = 100_000;

/// The length of what is filled in: of a text, and of what may have any shape.
#[derive(Clone, Copy)]
struct Lengths {
    text: usize,
    any: usize,
}

const HUGE: Lengths = Lengths { text: 2_000, any: 300_000 };
/// As much as just becomes a fact.
const FITTING: Lengths = Lengths { text: 512, any: 8_000 };

/// Sets all that a table reads. Ids and times are as they are; those that are missing are
/// filled in where `ids` says so.
fn fill(body: &mut Map<String, Value>, members: &[Member], long: Lengths, ids: bool) {
    for member in members {
        let here = body.get(member.wire);
        let value = match member.form {
            Form::Object(members) => {
                let mut inner = here.and_then(Value::as_object).cloned().unwrap_or_default();
                let half = Lengths { text: long.text / 2, any: long.any / 2 };
                fill(&mut inner, members, half, ids);
                Value::Object(inner)
            }
            Form::Free => json!(["\u{1f469}".repeat(long.any / 4 - 10)]),
            Form::Text | Form::Personal | Form::Verdict => json!("\u{e9}".repeat(long.text / 2)),
            Form::Id | Form::NumberId if ids && here.is_none() => json!("7".repeat(512)),
            Form::Decimal => json!("9".repeat(1_000)),
            Form::Word if here.is_none() => json!("w".repeat(256)),
            Form::Time | Form::Instant if here.is_none() => json!("2026-10-01T00:00:00Z"),
            _ => continue,
        };
        body.insert(member.wire.to_owned(), value);
    }
}

/// The sample with everything that long, as its event of that number.
fn filled(sample: &Sample, number: usize, long: Lengths) -> Value {
    let mut body = sample.later.clone();
    if let Some(Value::Array(promotions)) = body.pointer_mut("/data/promotions") {
        let more = promotions.first().cloned();
        promotions.extend((0..499).zip(more.iter().cycle()).map(|(n, one)| {
            let mut one = one.clone();
            one["id"] = json!(9_000_000 + n);
            one
        }));
    }
    let object = sample.row.object;
    let places: &[&str] = match (sample.of.provider.name(), sample.row.name) {
        ("uppromote", _) => &[""],
        ("firstpromoter-v1", "promoter_signed_up") => &["/data/promoter", "/data/promotions/0"],
        ("firstpromoter-v1", "promoter_accepted") => &["/data/promotion", "/data/promoter"],
        _ => &["/data"],
    };
    let objects = std::iter::once(object).chain(object.also.iter().copied());
    for (place, object) in places.iter().zip(objects) {
        if let Some(Value::Object(members)) = body.pointer_mut(place) {
            // Where several places may name the object, another id would be another's.
            fill(members, object.members, long, !object.joined.is_empty());
        }
    }
    for id in ["/event_id", "/event/id", "/id"] {
        let has_ids = sample.of.provider.name() != "uppromote";
        if let Some(there) = body.pointer_mut(id).filter(|_| has_ids) {
            *there = json!(format!("{id}{number}"));
        }
    }
    let root = if body.get("data").is_some() { "/data" } else { "" };
    if let Some(Value::Object(data)) = body.pointer_mut(root) {
        data.insert("status".to_owned(), json!(format!("{number:0>256}")));
        for amount in ["amount", "commission", "total_processed", "commissionAmount"] {
            if let Some(there) = data.get_mut(amount) {
                *there = json!(format!("1{number}{}", "9".repeat(990)));
            }
        }
    }
    body
}

/// The size of a record about as its item has it: its facts, what stands beside them
/// for the indexes, and all that was stated at one clock.
fn size(record: &Record) -> usize {
    let fact = |(name, register): (&String, &Register)| {
        let stated = register.statements().iter();
        let stated = stated.map(|one| {
            one.value.to_string().len() + one.was.as_ref().map_or(0, |was| was.to_string().len())
        });
        // A name, a clock and the marks of a list.
        name.len() + register.value.to_string().len() + 100 + stated.sum::<usize>()
    };
    let facts: usize = record.facts.iter().map(fact).sum();
    let beside = ["amount", "status", "affiliate_id"];
    let beside: usize =
        beside.iter().filter_map(|name| Some(record.fact(name)?.to_string().len())).sum();
    let transitions: usize = record.transitions.keys().map(|name| name.len() + 10).sum();
    let arrivals = format!("{:?}", record.arrivals).len();
    facts + beside + transitions + arrivals + 6_000
}

#[test]
fn whatever_is_huge_is_kept_in_the_event_and_said_to_be_there() {
    let mut largest = 0;
    for sample in listed() {
        let first = filled(&sample, 0, HUGE);
        let event = received(&sample.path, &first.to_string()).event;
        let event = event.unwrap_or_else(|e| panic!("{}: {e}", sample.name));
        let changes = changes(&event);
        assert!(!changes.is_empty(), "{}", sample.name);
        for change in &changes {
            can_be_kept(sample.row, change).unwrap_or_else(|why| panic!("{}: {why}", sample.name));
        }
        // One transaction takes 100 items: two an object, and a promise.
        assert!(changes.len() <= 49, "{}: {}", sample.name, changes.len());
        let is_large = |member: &Member| {
            let form = matches!(member.form, Form::Free | Form::Text | Form::Personal);
            form && member.stated
        };
        let named = sample.row.object.members.iter().filter(|member| is_large(member));
        for member in named {
            assert!(event.over.contains(&member.fact), "{} {}", sample.name, member.fact);
        }
        let mut of_huge = Table::default();
        let mut of_fitting = Table::default();
        of_huge.deliver(&event);
        for number in 0..12 {
            let body = filled(&sample, number, FITTING).to_string();
            let event = received(&sample.path, &body).event.unwrap();
            of_huge.deliver(&event);
            of_fitting.deliver(&event);
        }
        for (pk, record) in of_huge.records().iter().chain(of_fitting.records()) {
            largest = largest.max(size(record));
            assert!(size(record) < LARGEST, "{} {pk}: {}", sample.name, size(record));
        }
    }
    assert!(largest > 30_000, "{largest}");
}

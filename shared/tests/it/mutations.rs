//! The principle of reading, over every event of the four catalogues: what decides is
//! strict, what decorates is not.
//!
//! Every sample is mutated anywhere and in any way (mutations/acts.rs), and read and
//! recorded as the handler does. Whatever comes, an event is recorded or refused, and
//! never lost; and what is recorded is what the body says (mutations/facts.rs reads
//! it a second time, without the tables). `MUTATIONS=100000` tries that many, other ones
//! each time; else it is always the same 10,000.

mod acts;
mod facts;
mod huge;
mod read;
mod shapes;
mod tree;

use crate::decoration::{decides, of_samples, samples};
use crate::lives::Table;
use crate::providers::{decide, read as event_of, route};
use acts::{Made, Mutation, mutations};
use facts::{are_understood, can_be_kept};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{RngSeed, TestRunner};
use read::{ids, row_of};
use serde_json::{Value, json};
use shared::fulfilment::{Promise, Snapshot, State};
use shared::ledger::{Change, Content, Event, Malformed, Record};
use shared::provider::object::EventType;
use shared::provider::{ALL, Definition};
use shared::receive::decide::Decision;
use shared::wire::digest::sha256_hex;
use shared::wire::json::Json;
use shared::wire::{Timestamp, json as exact};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;
use tree::Tree;

/// A sample whose event is in the catalogue, with what it leads to.
pub struct Sample {
    pub name: String,
    pub path: String,
    pub of: &'static Definition,
    pub row: &'static EventType,
    pub body: Value,
    /// The body under another event id, where it has one: a later event.
    pub later: Value,
    pub event: Event,
    pub promise: Option<Promise>,
}

/// The samples of every event of the catalogues.
pub fn listed() -> Vec<Sample> {
    let mut listed = Vec::new();
    for (name, path, body) in samples() {
        let of = route(&path).definition;
        let Ok(event) = received(&path, &body.to_string()).event else { continue };
        let row = of.catalogue.iter().find(|row| row.names().any(|name| name == event.event_type));
        let (Some(row), Content::Change(_)) = (row, &event.content) else { continue };
        let mut later = body.clone();
        for id in ["/id", "/event_id", "/event/id"] {
            let has_ids = of.provider.name() != "uppromote";
            if let Some(id) = later.pointer_mut(id).filter(|_| has_ids) {
                *id = json!("another");
            }
        }
        let promise = promised(of, &event);
        listed.push(Sample { name, path, of, row, body, later, event, promise });
    }
    assert!(listed.len() > 90, "{}", listed.len());
    listed
}

/// A body as the handler reads it.
pub struct Received {
    pub json: Json,
    pub event: Result<Event, Malformed>,
}

pub fn now() -> Timestamp {
    Timestamp::parse("2026-12-01T00:00:00Z").unwrap()
}

pub fn received(path: &str, text: &str) -> Received {
    let route = route(path);
    let of = route.definition;
    let json = exact::read(text.as_bytes()).map(|read| read.json).unwrap();
    let event_type = of.event_type(ALL, route.event, &json);
    let sha256 = sha256_hex(text.as_bytes());
    let event = event_type.and_then(|name| event_of(of, &name, &json, &sha256, now()));
    Received { json, event }
}

fn promised(of: &'static Definition, event: &Event) -> Option<Promise> {
    match decide(&Snapshot::default(), event, &of_samples(of), now()) {
        Decision::Write(write) => write.promises.into_iter().next(),
        Decision::Duplicate => panic!("a duplicate of nothing"),
    }
}

pub fn changes(event: &Event) -> Vec<&Change> {
    match &event.content {
        Content::Change(change) => std::iter::once(&**change).chain(&event.others).collect(),
        _ => Vec::new(),
    }
}

/// What became of a mutated sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Refused,
    Inbox,
    Applied,
}

type Checked = Result<Outcome, String>;

/// The places at which a body names its event and its object: only there is it
/// refused.
const REFUSED: [(&str, &str); 22] = [
    ("uppromote", "body"),
    ("uppromote", "id"),
    ("uppromote", "payment_id"),
    ("uppromote", "processed_at"),
    ("uppromote", "previous_status"),
    ("uppromote", "current_status"),
    ("uppromote", "referral_id"),
    ("uppromote", "affiliate_id"),
    ("affonso", "id"),
    ("affonso", "type"),
    ("affonso", "data"),
    ("firstpromoter", "event_id"),
    ("firstpromoter", "event_type"),
    ("firstpromoter", "data.id"),
    ("firstpromoter-v1", "event.id"),
    ("firstpromoter-v1", "event.type"),
    ("firstpromoter-v1", "data"),
    ("firstpromoter-v1", "data.id"),
    ("firstpromoter-v1", "data.promoter"),
    ("firstpromoter-v1", "data.promoter.id"),
    ("firstpromoter-v1", "data.promotion"),
    ("firstpromoter-v1", "data.promotion.id"),
];
const REASONS: [&str; 10] = [
    "is missing",
    "is null",
    "is not text",
    "is not an id of 1 to 512 bytes",
    "is not an object",
    "is not an event type",
    "is not an affiliate",
    "is not a referral",
    "is not a change of an affiliate",
    "is not a change of a referral",
];

fn check(sample: &Sample, made: &[Made], text: &str) -> Checked {
    let Received { json, event } = received(&sample.path, text);
    let decided = made.iter().any(|made| is_deciding(sample, &made.place));
    let event = match event {
        Ok(event) => event,
        Err(Malformed { field, reason }) => {
            let provider = sample.of.provider.name();
            let own = format!("data.{}", sample.row.object.members[0].wire);
            let named = REFUSED.contains(&(provider, field.as_str())) || field == own;
            let says = REASONS.contains(&reason.as_str());
            let shown = format!("{field}: {reason}");
            return match (named && says, decided) {
                (true, true) => Ok(Outcome::Refused),
                (false, _) => Err(format!("a refusal names what decides: {shown}")),
                _ => Err(format!("nothing that decides was touched: {shown}")),
            };
        }
    };
    let changes = changes(&event);
    if !decided {
        let original = self::changes(&sample.event);
        let same = changes.first().map(|change| &change.subject)
            == original.first().map(|change| &change.subject);
        if !same || event.event_type != sample.event.event_type {
            return Err("the event is applied to its object".to_owned());
        }
    }
    let of = sample.of;
    let row = row_of(of, &event.event_type);
    let mut subjects = BTreeSet::new();
    for change in &changes {
        let (kind, id) = (change.subject.kind, change.subject.id.as_str());
        if !subjects.insert((kind.name(), id)) {
            return Err("one object has one change".to_owned());
        }
        let row = row.ok_or("a type that is not known changes nothing")?;
        can_be_kept(row, change)?;
        are_understood(of, row, &event.event_type, change, &json)?;
        if !ids(of, row, kind, &json).iter().any(|named| named == id) {
            return Err("an object is one that the body names".to_owned());
        }
    }
    let over: BTreeSet<_> = event.over.iter().collect();
    let said = changes.iter().all(|change| over_is_said(&event, change));
    if over.len() != event.over.len() || !said {
        return Err("what is too large is named, once".to_owned());
    }
    let path =
        |path: &String| path.len() < 100 && path.bytes().all(|b| b != b' ' && b.is_ascii_graphic());
    if !event.unread.iter().all(path) {
        return Err("a field is named by its declared path".to_owned());
    }
    promises(sample, made, &event)?;
    orders(sample, &event)?;
    Ok(if changes.is_empty() { Outcome::Inbox } else { Outcome::Applied })
}

/// True of a place that decides what the event is, or may do so once it is there.
fn is_deciding(sample: &Sample, place: &str) -> bool {
    let added = ["", "/data", "/event"].iter().any(|parent| {
        let name = place.strip_prefix(parent).and_then(|rest| rest.strip_prefix('/'));
        name.is_some_and(|name| {
            ["id", "commission", "email_verified", "entity_id", "type", "test"].contains(&name)
                || name.ends_with("_id") && sample.body.pointer(place).is_none()
        })
    });
    // Another object may be in its place.
    added || place == "/data" || decides(sample.of, &sample.body, place)
}

/// True when a fact that stands for something in the event is said to be there.
fn over_is_said(event: &Event, change: &Change) -> bool {
    let kept = |value: &Value| value.to_string().contains(r#"{"kept_in":"event"}"#);
    let over = change.facts.iter().filter(|(_, value)| kept(value));
    over.into_iter().all(|(name, _)| event.over.iter().any(|over| over == name))
}

/// True of a place that states whether a reward is approved, how much, or to whom.
fn states_a_reward(sample: &Sample, place: &str) -> bool {
    let stated = ["/changes", "/data/promoter", "/data/referral", "/data/campaign", "/event"];
    let exact = ["/timestamp", "/data/status", "/data/amount", "/data/unit", "/event_type"];
    is_deciding(sample, place)
        || exact.contains(&place)
        || stated.iter().any(|begin| place.starts_with(begin))
}

fn promises(sample: &Sample, made: &[Made], event: &Event) -> Result<(), String> {
    let promise = promised(sample.of, event);
    let change = changes(event).into_iter().next();
    let announces = change.is_some_and(|change| change.announces);
    if promise.is_some() && !announces {
        return Err("a promise is announced".to_owned());
    }
    if let (Some(promise), Some(change)) = (&promise, change)
        && promise.state == State::Requested
    {
        let amount = change.facts.get("amount");
        let part = |name: &str| amount.and_then(|amount| amount.get(name)?.as_str());
        let terms = &promise.terms;
        let to = terms.recipient.as_ref().and_then(|to| to.id.as_deref());
        let stated = change.facts.get("affiliate_id").and_then(Value::as_str);
        let as_stated = terms.amount.as_deref() == part("value")
            && terms.unit.as_deref() == part("unit")
            && to == stated
            && terms.is_complete();
        if !as_stated {
            return Err("a reward is what the event states".to_owned());
        }
    }
    let stated = made.iter().any(|made| states_a_reward(sample, &made.place));
    let given = |promise: &Promise| {
        let Promise { state, terms, campaign_id, .. } = promise;
        let to = terms.recipient.as_ref().and_then(|to| to.id.clone());
        (*state, terms.amount.clone(), terms.unit.clone(), to, campaign_id.clone())
    };
    if !stated && promise.as_ref().map(given) != sample.promise.as_ref().map(given) {
        return Err("a promise is made or lost by what states none".to_owned());
    }
    Ok(())
}

/// Records the mutated event before and after the sample's own, and again.
fn orders(sample: &Sample, event: &Event) -> Result<(), String> {
    let play = |events: [&Event; 2]| {
        let mut table = Table::default();
        let again = events.iter().any(|event| {
            table.deliver(event);
            table.deliver(event)
        });
        // What has no clock may come to pass again, after something else did.
        let undated = events.iter().any(|event| has_no_clock(event));
        if again || !undated && events.iter().any(|event| table.deliver(event)) {
            return Err("twice is once".to_owned());
        }
        Ok(table.said())
    };
    let (one, other) = (play([&sample.event, event])?, play([event, &sample.event])?);
    let contested = |records: &BTreeMap<String, Record>, pk: &String| {
        records.get(pk).is_some_and(Record::is_contested)
    };
    let places: BTreeSet<_> = one.keys().chain(other.keys()).collect();
    for pk in places {
        let told = has_no_clock(event) && (contested(&one, pk) || contested(&other, pk));
        if one.get(pk) != other.get(pk) && !told {
            return Err("an order of arrival shows".to_owned());
        }
    }
    Ok(())
}

/// True of an event of a provider that has no clock.
fn has_no_clock(event: &Event) -> bool {
    changes(event).iter().any(|change| change.clock.is_none())
}

/// The number of mutated bodies, and the seed of the first.
fn config() -> (ProptestConfig, u64) {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let asked = number("MUTATIONS");
    let seed = match (number("SEED"), asked) {
        (Some(seed), _) => seed,
        (None, Some(_)) => RandomState::new().hash_one(Duration::ZERO),
        (None, None) => 8,
    };
    let config = ProptestConfig {
        cases: asked.and_then(|n| n.try_into().ok()).unwrap_or(10_000),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    (config, seed)
}

/// The mutated body, and what was done to it.
fn mutated(sample: &Sample, mutations: &[Mutation]) -> (String, Vec<Made>) {
    let mut body = Tree::of(&sample.later);
    let made = mutations.iter().filter_map(|mutation| mutation.make(&mut body)).flatten().collect();
    (body.text(), made)
}

#[test]
fn whatever_is_sent_an_event_is_recorded_as_it_is_said_or_refused() {
    let samples = listed();
    let (config, seed) = config();
    let outcomes = RefCell::new(BTreeMap::<(&str, Outcome), usize>::new());
    let run = TestRunner::new(config).run(&(any::<Index>(), mutations()), |(index, mutations)| {
        let sample = index.get(&samples);
        let (text, made) = mutated(sample, &mutations);
        let outcome = check(sample, &made, &text).map_err(|why| {
            let name = &sample.name;
            let made = made.iter().map(|Made { place, how }| format!("{place} {how}\n"));
            let made: String = made.collect();
            TestCaseError::fail(format!("{why}\n{name}\n{made}SEED={seed}\n{text}\n"))
        })?;
        *outcomes.borrow_mut().entry((sample.name.as_str(), outcome)).or_default() += 1;
        Ok(())
    });
    run.unwrap_or_else(|failure| panic!("{failure}"));
    let outcomes = outcomes.into_inner();
    let of = |of: Outcome| outcomes.iter().filter(move |((_, outcome), _)| *outcome == of);
    assert_eq!(of(Outcome::Applied).count(), samples.len(), "each sample is tried");
    for (outcome, least) in
        [(Outcome::Refused, 300), (Outcome::Inbox, 30), (Outcome::Applied, 5_000)]
    {
        let all: usize = of(outcome).map(|(_, n)| n).sum();
        assert!(all > least, "{outcome:?} {all}");
    }
}

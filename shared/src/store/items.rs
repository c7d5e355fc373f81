//! Records, events and promises as the table's items.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::{Clock, Event, Subject};
use crate::fulfilment::{Promise, Sources, one_or_more};
use crate::ledger::{Known, RECORD, Record, Register, Write, event_key, partition, promise_key};
use crate::provider::Provider;
use crate::store::{Archive, Item, StoreError, text, unavailable};
use crate::timestamp::Timestamp;

/// Largest record written, in bytes of its facts as JSON; an item holds 400 KB.
const MAX_RECORD_BYTES: usize = 350 * 1024;

/// A record as its item.
#[derive(Serialize, Deserialize)]
struct RecordItem {
    pk: String,
    sk: String,
    provider: String,
    kind: String,
    id: String,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    amount: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    affiliate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    affiliate_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    deleted_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    contested: bool,
    /// The clock of every fact that `clocks` does not name.
    as_of: String,
    facts: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    clocks: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    transitions: BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    announced: Option<Timestamp>,
    #[serde(skip_serializing_if = "Vec::is_empty", default, deserialize_with = "one_or_more")]
    sources: Vec<Sources>,
    #[serde(skip_serializing_if = "is_zero", default)]
    epoch: u32,
    recorded_at: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

pub(super) fn record_item(
    provider: Provider,
    subject: &Subject,
    record: &Record,
    received: Timestamp,
) -> Result<Item, StoreError> {
    let as_of = record.as_of();
    let facts = record.facts.iter().map(|(name, r)| (name.clone(), r.value.clone()));
    let others = record.facts.iter().filter(|(_, r)| Some(r.clock) != as_of);
    let affiliate = record.text("affiliate_id").map(|id| format!("{provider}#{id}"));
    let at = as_of.map(|clock| clock.time.text());
    let occurred = record.text("occurred_at").filter(|at| (1..=64).contains(&at.len()));
    let item = RecordItem {
        pk: partition(provider, subject),
        sk: RECORD.into(),
        provider: provider.name().into(),
        kind: subject.kind.name().into(),
        id: subject.id.as_str().into(),
        version: record.version,
        status: record.status().map(str::to_owned),
        amount: record.fact("amount").cloned(),
        affiliate_at: affiliate.as_ref().and(occurred.map(str::to_owned).or(at)),
        affiliate,
        deleted_at: record.deleted_at,
        contested: record.contested,
        as_of: as_of.map(clock_text).unwrap_or_default(),
        facts: facts.collect(),
        clocks: others.map(|(name, r)| (name.clone(), clock_text(r.clock))).collect(),
        transitions: record.transitions.clone(),
        announced: record.announced,
        sources: record.sources.clone(),
        epoch: record.epoch,
        recorded_at: received.text(),
    };
    let bytes = serde_json::to_vec(&item).map_err(|e| unavailable(&e))?.len();
    if bytes > MAX_RECORD_BYTES {
        return Err(StoreError::TooLarge);
    }
    serde_dynamo::to_item(item).map_err(|e| unavailable(&e))
}

fn record(item: Item) -> Result<Record, StoreError> {
    let item: RecordItem = serde_dynamo::from_item(item).map_err(|e| unavailable(&e))?;
    let as_of = read_clock(&item.as_of)?;
    let mut facts = BTreeMap::new();
    for (name, value) in item.facts {
        let clock = item.clocks.get(&name).map_or(Ok(as_of), |text| read_clock(text))?;
        facts.insert(name, Register { value, clock });
    }
    Ok(Record {
        version: item.version,
        facts,
        deleted_at: item.deleted_at,
        contested: item.contested,
        transitions: item.transitions,
        announced: item.announced,
        sources: item.sources,
        epoch: item.epoch,
    })
}

/// `{time}/{rank}`
fn clock_text(clock: Clock) -> String {
    format!("{}/{}", clock.time.text(), clock.rank)
}

fn read_clock(text: &str) -> Result<Clock, StoreError> {
    let clock = text.split_once('/').and_then(|(time, rank)| {
        let (time, rank) = (Timestamp::parse(time)?, rank.parse().ok()?);
        Some(Clock { time, rank })
    });
    match clock {
        Some(clock) => Ok(clock),
        // A record without facts has no clock.
        None if text.is_empty() => Ok(Clock { time: Timestamp::ZERO, rank: 0 }),
        None => Err(StoreError::Unavailable("unreadable clock in a record".into())),
    }
}

pub(super) fn archive_item(pk: &str, sk: &str, archive: &Archive) -> Item {
    let headers = archive.headers.iter().map(|(name, value)| (name.clone(), text(value)));
    HashMap::from([
        ("pk".into(), text(pk)),
        ("sk".into(), text(sk)),
        ("body".into(), AttributeValue::B(Blob::new(archive.body.clone()))),
        ("sha256".into(), text(&archive.sha256)),
        ("headers".into(), AttributeValue::M(headers.collect())),
        ("secret".into(), text(&archive.secret)),
        ("received_at".into(), text(&archive.received.text())),
        ("expires_at".into(), AttributeValue::N(archive.expires.seconds().to_string())),
    ])
}

pub(super) fn event_item(
    pk: &str,
    event: &Event,
    write: &Write,
    archive: &Archive,
) -> Result<Item, StoreError> {
    let mut item = archive_item(pk, &event_key(&write.identity), archive);
    item.insert("provider".into(), text(event.provider.name()));
    item.insert("type".into(), text(&event.event_type));
    item.insert("identity".into(), text(&write.identity));
    let changed = serde_dynamo::to_attribute_value(&write.changed).map_err(|e| unavailable(&e))?;
    item.insert("changed".into(), changed);
    if let Some(record) = &write.record {
        item.insert("version".into(), AttributeValue::N(record.version.to_string()));
    }
    if let Some(reason) = write.no_promise {
        item.insert("no_promise".into(), text(reason));
    }
    Ok(item)
}

pub(super) fn promise_item(pk: &str, promise: &Promise) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(promise).map_err(|e| unavailable(&e))?;
    item.insert("pk".into(), text(pk));
    item.insert("sk".into(), text(&promise_key(promise.epoch)));
    for (name, value) in [("amount", &promise.terms.amount), ("unit", &promise.terms.unit)] {
        if let Some(value) = value {
            item.insert(name.into(), text(value));
        }
    }
    if promise.is_open() {
        item.insert("open".into(), text(promise.state.name()));
        item.insert("open_since".into(), text(&promise.open_at.text()));
    }
    Ok(item)
}

pub(super) fn known(items: Vec<Item>, event: Option<&str>) -> Result<Known, StoreError> {
    let mut known = Known::default();
    for item in items {
        let sk = item.get("sk").and_then(|sk| sk.as_s().ok()).cloned().unwrap_or_default();
        if sk == RECORD {
            known.record = Some(record(item)?);
        } else if Some(sk.as_str()) == event {
            known.event = true;
        } else {
            known.promise = Some(serde_dynamo::from_item(item).map_err(|e| unavailable(&e))?);
        }
    }
    Ok(known)
}

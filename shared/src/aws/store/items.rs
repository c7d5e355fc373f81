//! Records, events and promises as the table's items.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::aws::store::index::rewarded;
use crate::aws::store::read_item::{corrupt, read_item};
use crate::aws::store::{Item, StoreError, StoredRecord, StoredRequest, text};
use crate::fulfilment::{ChangeSet, OtherChange, Promise, SeenEvent, Snapshot, one_or_more};
use crate::ledger::{
    Action, Arrivals, Clock, Event, INBOX, InboxReason, Kind, Partition, RECORD, Record, Register,
    Sources, Statement, Subject, event_key, promise_key, shared_identity,
};
use crate::provider::Definition;
use crate::wire::{Id, Timestamp};

/// Largest record written, in bytes; an item holds 400 KB.
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
    /// The status in the ledger's words, for readers of the table alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    status: Option<String>,
    /// The status in the provider's words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    provider_status: Option<String>,
    /// The links to other objects.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    links: Vec<Link>,
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
    /// What events of one place in time state of a fact, each as its value and,
    /// if it says so, the one before.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    stated: BTreeMap<String, Vec<Vec<Value>>>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    named: BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    transitions: BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "is_default", default)]
    arrivals: Arrivals,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    announced: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    announced_undated: Option<Timestamp>,
    #[serde(skip_serializing_if = "Vec::is_empty", default, deserialize_with = "one_or_more")]
    sources: Vec<Sources>,
    #[serde(skip_serializing_if = "is_default", default)]
    epoch: u32,
    recorded_at: Timestamp,
}

/// A link to another object of the same provider.
#[derive(Serialize, Deserialize)]
struct Link {
    kind: String,
    id: String,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

pub(super) fn record_item(
    own: &Definition,
    subject: &Subject,
    record: &Record,
    received: Timestamp,
) -> Result<Item, StoreError> {
    let as_of = record.as_of();
    let facts = record.facts.iter().map(|(name, r)| (name.clone(), r.value.clone()));
    let others = record.facts.iter().filter(|(_, r)| Some(r.clock) != as_of);
    let provider = own.provider;
    // An affiliate is in the index of what is the affiliate's, too.
    let affiliate = match subject.kind {
        Kind::Affiliate => Some(subject.id.as_str()),
        _ => record.text("affiliate_id"),
    };
    let affiliate = affiliate.map(|id| format!("{provider}#{id}"));
    let links = record.links().map(|(kind, id)| Link { kind: kind.name().into(), id: id.into() });
    let at = as_of.and_then(|clock| clock.time).unwrap_or(received).to_rfc3339();
    let occurred = record.text("occurred_at").filter(|at| (1..=64).contains(&at.len()));
    let item = RecordItem {
        pk: Partition::of(provider, subject).to_string(),
        sk: RECORD.into(),
        provider: provider.name().into(),
        kind: subject.kind.name().into(),
        id: subject.id.as_str().into(),
        version: record.version,
        status: own.status(subject.kind, record).map(str::to_owned),
        provider_status: record.text("status").map(str::to_owned),
        links: links.collect(),
        amount: record.fact("amount").cloned(),
        affiliate_at: affiliate.as_ref().and(Some(occurred.map_or(at, str::to_owned))),
        affiliate,
        deleted_at: record.deleted_at,
        contested: record.is_contested(),
        as_of: clock_text(as_of.unwrap_or(Clock::UNKNOWN)),
        facts: facts.collect(),
        clocks: others.map(|(name, r)| (name.clone(), clock_text(r.clock))).collect(),
        stated: stated(record),
        named: record.named.clone(),
        transitions: record.transitions.clone(),
        arrivals: record.arrivals.clone(),
        announced: record.announced,
        announced_undated: record.announced_undated,
        sources: record.sources.clone(),
        epoch: record.epoch,
        recorded_at: received,
    };
    let item: Item = serde_dynamo::to_item(item).map_err(StoreError::unbuilt("a record"))?;
    if members_size(&item) > MAX_RECORD_BYTES {
        return Err(StoreError::TooLarge);
    }
    Ok(item)
}

/// The size of an attribute about as DynamoDB counts it, in bytes.
fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::L(items) => 3 + items.iter().map(|item| 1 + size(item)).sum::<usize>(),
        AttributeValue::M(members) => 3 + members_size(members),
        _ => 1,
    }
}

fn members_size(members: &Item) -> usize {
    members.iter().map(|(name, value)| 1 + name.len() + size(value)).sum()
}

fn stated(record: &Record) -> BTreeMap<String, Vec<Vec<Value>>> {
    let list = |statement: &Statement| {
        [Some(&statement.value), statement.was.as_ref()].into_iter().flatten().cloned().collect()
    };
    let of_fact = |register: &Register| register.statements().iter().map(list).collect();
    let facts = record.facts.iter().filter(|(_, register)| !register.statements().is_empty());
    facts.map(|(name, register)| (name.clone(), of_fact(register))).collect()
}

fn record(item: Item) -> Result<Record, StoreError> {
    let mut item: RecordItem = read_item(item, "a record")?;
    let as_of = read_clock(&item.as_of, "as_of")?;
    let mut facts = BTreeMap::new();
    for (name, value) in item.facts {
        let clock = item.clocks.get(&name).map_or(Ok(as_of), |text| read_clock(text, "clocks"))?;
        let stated = item.stated.remove(&name).unwrap_or_default();
        let stated = stated.into_iter().filter_map(|statement| {
            let mut parts = statement.into_iter();
            Some(Statement { value: parts.next()?, was: parts.next() })
        });
        let register = Register::of_statements(clock, stated.collect());
        facts.insert(name, register.unwrap_or_else(|| Register::new(value, clock)));
    }
    let mut record = Record {
        version: item.version,
        facts,
        deleted_at: item.deleted_at,
        named: item.named,
        contested: false,
        transitions: item.transitions,
        arrivals: item.arrivals,
        announced: item.announced,
        announced_undated: item.announced_undated,
        sources: item.sources,
        epoch: item.epoch,
    };
    if is_undated_of_before(&item.as_of) && item.announced == Some(Timestamp::ZERO) {
        record.announced = None;
        record.announced_undated = Some(item.recorded_at);
    }
    // What its facts say by themselves is not the mark of a source without clock.
    record.contested = item.contested && !record.is_contested();
    Ok(record)
}

/// `{time}/{action}/{rank}`, without a time where there is none.
/// A record with the status that its item has.
pub(super) fn stored_record(pk: Partition, item: Item) -> Result<StoredRecord, StoreError> {
    let status = item.get("status").and_then(|status| status.as_s().ok()).cloned();
    Ok(StoredRecord { pk, record: record(item)?, status })
}

fn clock_text(clock: Clock) -> String {
    let time = clock.time.map(Timestamp::to_rfc3339).unwrap_or_default();
    format!("{time}/{}/{}", clock.action.name(), clock.rank)
}

/// Records used to be written with `{time}/{rank}`, and with 1970 for a time
/// that nobody knew; or with nothing, for lack of facts.
fn read_clock(text: &str, attribute: &str) -> Result<Clock, StoreError> {
    let clock = match *text.split('/').collect::<Vec<_>>().as_slice() {
        [""] => Some(Clock::UNKNOWN),
        [time, rank] => Timestamp::parse(time).and_then(|time| {
            let time = Some(time).filter(|time| *time != Timestamp::ZERO);
            Some(Clock { time, action: Action::Updated, rank: rank.parse().ok()? })
        }),
        ["", action, rank] => clock(None, action, rank),
        [time, action, rank] => {
            Timestamp::parse(time).and_then(|time| clock(Some(time), action, rank))
        }
        _ => None,
    };
    clock.ok_or_else(|| corrupt("a record", attribute))
}

fn clock(time: Option<Timestamp>, action: &str, rank: &str) -> Option<Clock> {
    Some(Clock { time, action: Action::named(action)?, rank: rank.parse().ok()? })
}

/// Whether a record with this `as_of` was written when 1970 stood for a time
/// that nobody knew.
fn is_undated_of_before(as_of: &str) -> bool {
    as_of.matches('/').count() < 2
}

pub(super) fn archive_item(pk: &Partition, sk: &str, archive: &StoredRequest) -> Item {
    let headers = archive.headers.iter().map(|(name, value)| (name.clone(), text(value)));
    let mut item = HashMap::from([
        ("pk".into(), text(&pk.to_string())),
        ("sk".into(), text(sk)),
        ("body".into(), AttributeValue::B(Blob::new(archive.body.clone()))),
        ("sha256".into(), text(&archive.sha256)),
        ("headers".into(), AttributeValue::M(headers.collect())),
        ("secret".into(), text(&archive.secret)),
        ("received_at".into(), text(&archive.received.to_rfc3339())),
        ("expires_at".into(), AttributeValue::N(archive.expires.seconds().to_string())),
        ("length".into(), AttributeValue::N(archive.length.to_string())),
    ]);
    if archive.truncated {
        item.insert("truncated".into(), AttributeValue::Bool(true));
    }
    item
}

pub(super) fn event_item(
    pk: &Partition,
    event: &Event,
    write: &ChangeSet,
    archive: &StoredRequest,
) -> Result<Item, StoreError> {
    let mut item = archive_item(pk, &event_key(&write.identity), archive);
    item.insert("provider".into(), text(event.provider.name()));
    item.insert("type".into(), text(&event.event_type));
    item.insert("identity".into(), text(&write.identity));
    let changed = serde_dynamo::to_attribute_value(&write.changed)
        .map_err(StoreError::unbuilt("an event"))?;
    item.insert("changed".into(), changed);
    if let Some(record) = &write.record {
        item.insert("version".into(), AttributeValue::N(record.version.to_string()));
    }
    if let Some(reason) = write.no_promise {
        item.insert("no_promise".into(), text(reason));
    }
    if let Some(reason) = event.content.inbox() {
        put_in_inbox(&mut item, reason, archive.received);
    }
    let texts = |names: Vec<&str>| AttributeValue::L(names.into_iter().map(text).collect());
    if !write.gaps.is_empty() {
        item.insert("gap".into(), texts(write.gaps.iter().map(String::as_str).collect()));
    }
    if !event.over.is_empty() {
        item.insert("over".into(), texts(event.over.clone()));
    }
    Ok(item)
}

/// Puts an item of the inbox into the index of open work, so that it is listed
/// without a scan.
pub(super) fn put_in_inbox(item: &mut Item, reason: InboxReason, received: Timestamp) {
    item.insert("inbox".into(), text(reason.name()));
    item.insert("open".into(), text(INBOX));
    item.insert("open_since".into(), text(&received.to_rfc3339()));
}

/// An event in the partition of another object that it is about: its body is kept with
/// its subject alone.
pub(super) fn told_item(
    pk: &Partition,
    event: &Event,
    write: &ChangeSet,
    other: &OtherChange,
    archive: &StoredRequest,
) -> Result<Item, StoreError> {
    let partition = Partition::of(event.provider, &other.subject);
    // Apart from the events of that partition's own, whose bodies it must not replace.
    let sk = event_key(&shared_identity(&write.identity, &event.event_type));
    let mut item = archive_item(&partition, &sk, archive);
    for name in ["body", "headers", "length", "truncated"] {
        item.remove(name);
    }
    let changed = serde_dynamo::to_attribute_value(&other.changed)
        .map_err(StoreError::unbuilt("an event"))?;
    item.insert("provider".into(), text(event.provider.name()));
    item.insert("type".into(), text(&event.event_type));
    item.insert("identity".into(), text(&write.identity));
    item.insert("changed".into(), changed);
    item.insert("version".into(), AttributeValue::N(other.record.version.to_string()));
    item.insert("kept_with".into(), text(&pk.to_string()));
    Ok(item)
}

pub(super) fn promise_item(pk: &Partition, promise: &Promise) -> Result<Item, StoreError> {
    let mut item: Item =
        serde_dynamo::to_item(promise).map_err(StoreError::unbuilt("a promise"))?;
    item.insert("pk".into(), text(&pk.to_string()));
    item.insert("sk".into(), text(&promise_key(promise.epoch)));
    for (name, value) in [("amount", &promise.terms.amount), ("unit", &promise.terms.unit)] {
        if let Some(value) = value {
            item.insert(name.into(), text(value));
        }
    }
    let recipient = promise.terms.recipient.as_ref();
    // The key of an index has to fit, whatever the platform called somebody.
    let recipient = recipient.and_then(|to| Some((to.role.as_str(), Id::new(to.id.as_deref()?)?)));
    if let Some((role, id)) = recipient {
        item.insert("rewarded".into(), text(&rewarded(pk.provider(), role, id.as_str())));
        item.insert("rewarded_at".into(), text(&promise.created_at.to_rfc3339()));
    }
    if promise.is_open() {
        item.insert("open".into(), text(promise.state.name()));
        item.insert("open_since".into(), text(&promise.open_at.to_rfc3339()));
    }
    Ok(item)
}

/// The items of a partition, and the records of others.
pub(super) fn known(
    items: Vec<Item>,
    pk: &Partition,
    event: Option<&str>,
    others: &[Partition],
) -> Result<Snapshot, StoreError> {
    let mut known = Snapshot::default();
    let mut records = BTreeMap::new();
    let pk = pk.to_string();
    for item in items {
        let key = |name: &str| item.get(name).and_then(|key| key.as_s().ok()).cloned();
        let (of, sk) = (key("pk").unwrap_or_default(), key("sk").unwrap_or_default());
        if of != pk {
            records.insert(of, record(item)?);
        } else if sk == RECORD {
            known.status = key("status");
            known.record = Some(record(item)?);
        } else if Some(sk.as_str()) == event {
            let of = |name: &str| item.get(name).and_then(|of| of.as_s().ok()).cloned();
            known.events.push(SeenEvent {
                event_type: of("type").unwrap_or_default(),
                sha256: of("sha256").unwrap_or_default(),
            });
        } else {
            known.promise = Some(read_item(item, "a promise")?);
        }
    }
    known.others = others.iter().map(|other| records.remove(&other.to_string())).collect();
    Ok(known)
}

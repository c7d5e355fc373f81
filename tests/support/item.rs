//! The table's items by the names of their attributes: the shape of an item is read
//! here, and not through the types that wrote it.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::ops::{Deref, Index};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use shared::wire::Timestamp;

/// An item in plain JSON. A number is its digits, binary stays base64, and what
/// is not there is null.
#[derive(Debug, Clone, PartialEq)]
pub struct Item(Value);

impl Item {
    /// Reads DynamoDB JSON.
    #[must_use]
    pub fn new(item: &Value) -> Self {
        Self(plain_item(item))
    }

    /// Every attribute by its name.
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        self.0.as_object().unwrap()
    }

    /// A text or a number, if it is there.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<String> {
        self[name].as_str().map(str::to_owned)
    }

    /// A text or a number, which has to be there.
    #[must_use]
    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        self.find(name).unwrap_or_else(|| panic!("no {name} in {self}"))
    }

    /// A number, which has to be there.
    #[must_use]
    #[track_caller]
    pub fn number(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or_else(|_| panic!("{name} is no number in {self}"))
    }

    /// A time in milliseconds, which has to be there.
    #[must_use]
    #[track_caller]
    pub fn ms(&self, name: &str) -> i64 {
        let time = Timestamp::parse(&self.text(name));
        time.unwrap_or_else(|| panic!("{name} is no time in {self}")).ms()
    }

    /// The body kept with an event or a quarantined request.
    #[must_use]
    pub fn kept_body(&self) -> String {
        let compressed = STANDARD.decode(self.text("body")).unwrap();
        let mut body = Vec::new();
        flate2::read::DeflateDecoder::new(compressed.as_slice()).read_to_end(&mut body).unwrap();
        String::from_utf8_lossy(&body).into_owned()
    }
}

impl Index<&str> for Item {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        &self.0[name]
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The record of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The platform's status, where it has one.
    pub status: Option<String>,
    /// The number of times that it was written.
    pub version: u64,
    /// The amount with its unit, such as `500 points`, where it has one.
    pub amount: Option<String>,
    /// The facts by name.
    pub facts: Value,
    item: Item,
}

impl Record {
    /// Reads it.
    #[must_use]
    pub fn new(item: Item) -> Self {
        let amount = &item["amount"];
        let amount = amount.as_object().map(|amount| {
            assert_eq!(amount.keys().collect::<Vec<_>>(), ["unit", "value"], "{item}");
            let [value, unit] = ["value", "unit"].map(|name| amount[name].as_str().unwrap());
            format!("{value} {unit}")
        });
        let (status, version) = (item.find("status"), item.number("version"));
        Self { status, version, amount, facts: item["facts"].clone(), item }
    }

    /// The status, which the record has to have.
    #[must_use]
    pub fn status(&self) -> &str {
        self.status.as_deref().unwrap_or_else(|| panic!("no status in {}", self.item))
    }
}

/// A promise.
#[derive(Debug, Clone, PartialEq)]
pub struct Promise {
    /// The idempotency key of its delivery.
    pub key: String,
    /// The state that it has come to.
    pub state: String,
    /// The step that it owes.
    pub due: Option<String>,
    /// The mark that puts it into the index of open work.
    pub open: Option<String>,
    /// The amount that is promised, if that is known.
    pub amount: Option<String>,
    /// The id of whom it is promised to, if that is known.
    pub recipient: Option<String>,
    /// The number of tries of the present step.
    pub attempts: u64,
    /// The outcome of the last call.
    pub last: Option<String>,
    parked: Option<Parked>,
    item: Item,
}

/// The reason for which a promise waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// The state that it goes on from.
    pub from: String,
    /// The reason.
    pub reason: String,
    /// Nobody knows whether the call had its effect.
    pub unknown: bool,
}

impl Promise {
    /// Reads it.
    #[must_use]
    pub fn new(item: Item) -> Self {
        let recipient = &item["terms"]["recipient"]["id"];
        Self {
            key: item.text("key"),
            state: item.text("state"),
            due: item.find("due"),
            open: item.find("open"),
            amount: item.find("amount"),
            recipient: recipient.as_str().map(str::to_owned),
            attempts: item.number("attempts"),
            last: item.find("last"),
            parked: Parked::of(&item),
            item,
        }
    }

    /// The reason for which it is parked, as it has to be.
    #[must_use]
    #[track_caller]
    pub fn parked(&self) -> &Parked {
        self.parked.as_ref().unwrap_or_else(|| panic!("not parked: {self}"))
    }

    /// Tells whether it waits for a person.
    #[must_use]
    pub fn is_parked(&self) -> bool {
        self.parked.is_some()
    }

    /// The milliseconds from one of its times to another, both of which have to be
    /// there.
    #[must_use]
    #[track_caller]
    pub fn ms_between(&self, from: &str, to: &str) -> i64 {
        self.ms(to) - self.ms(from)
    }

    /// A text that changes with every step. A hundred tries are enough to see that the
    /// promise gets nowhere.
    #[must_use]
    pub fn step(&self) -> String {
        let last = self.last.as_deref().unwrap_or_default();
        format!("{} {last} {}", self.state, self.attempts.min(100))
    }
}

impl Parked {
    fn of(item: &Item) -> Option<Self> {
        let parked = Some(&item["parked"]).filter(|parked| !parked.is_null())?;
        let text = |name: &str| match parked[name].as_str() {
            Some(text) => text.to_owned(),
            None => panic!("no {name} of what is parked in {item}"),
        };
        let unknown = parked["unknown"] == true;
        Some(Self { from: text("from"), reason: text("reason"), unknown })
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.item.fmt(f)
    }
}

impl Deref for Promise {
    type Target = Item;

    fn deref(&self) -> &Item {
        &self.item
    }
}

impl Deref for Record {
    type Target = Item;

    fn deref(&self) -> &Item {
        &self.item
    }
}

fn plain_item(item: &Value) -> Value {
    let members = item.as_object().unwrap();
    members.iter().map(|(name, value)| (name.clone(), plain(value))).collect::<Map<_, _>>().into()
}

/// A DynamoDB attribute value without its type tag.
fn plain(value: &Value) -> Value {
    let members: BTreeMap<_, _> = value.as_object().unwrap().iter().collect();
    let (tag, inner) = members.into_iter().next().unwrap();
    match tag.as_str() {
        "M" => plain_item(inner),
        "L" => inner.as_array().unwrap().iter().map(plain).collect(),
        "NULL" => Value::Null,
        _ => inner.clone(),
    }
}

//! What a partition has seen, for people to read.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::aws::code;
use crate::aws::store::{Found, Store, StoreError, fits, read_item, text};
use crate::fulfilment::Promise;
use crate::ledger::{InboxReason, ItemKeys, Partition, event_key};
use crate::wire::Timestamp;

/// How the sort key of every promise begins.
const PROMISE: &str = "fulfilment#";

/// An event as it was recorded, without its body.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct StoredEvent {
    /// Its sort key.
    pub sk: String,
    /// Its type; none for quarantined bytes.
    #[serde(rename = "type", default)]
    pub event_type: Option<String>,
    /// What makes it the same event again.
    #[serde(default)]
    pub identity: Option<String>,
    /// The names of the facts that it changed.
    #[serde(default)]
    pub changed: Vec<String>,
    /// The version of the record that it made.
    #[serde(default)]
    pub version: Option<u64>,
    /// Why it made no promise, though it announced a reward.
    #[serde(default)]
    pub no_promise: Option<String>,
    /// What is wrong with quarantined bytes.
    #[serde(default)]
    pub problem: Option<String>,
    /// The reason for which it is in the inbox, and changed no record.
    #[serde(default)]
    pub inbox: Option<InboxReason>,
    /// The address at which quarantined bytes came in.
    #[serde(default)]
    pub route: Option<String>,
    /// The number of bytes that came; none where the body is kept elsewhere.
    #[serde(default)]
    pub length: Option<u64>,
    /// The names of the facts whose value before it is not the one that was held.
    #[serde(default)]
    pub gap: Vec<String>,
    /// The names of the facts that are too large for the record.
    #[serde(default)]
    pub over: Vec<String>,
    /// The partition that has its body, where that is another one.
    #[serde(default)]
    pub kept_with: Option<String>,
    /// The name of the secret that vouched for it.
    pub secret: String,
    /// When it came in.
    pub received_at: Timestamp,
}

/// The attributes of [`StoredEvent`].
const RECORDED: [&str; 15] = [
    "sk",
    "type",
    "identity",
    "changed",
    "version",
    "no_promise",
    "problem",
    "inbox",
    "route",
    "length",
    "gap",
    "over",
    "kept_with",
    "secret",
    "received_at",
];

/// A request as it is kept with its event: redacted where it is JSON, as it came
/// where it is not.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptRequest {
    /// The event.
    pub event: StoredEvent,
    /// Chosen headers.
    pub headers: BTreeMap<String, String>,
    /// SHA-256 of the exact bytes that came, in hex.
    pub sha256: Option<String>,
    /// The body, compressed; `None` where it is kept with another object.
    pub body: Option<Vec<u8>>,
    /// True when the body is only the beginning of what came.
    pub truncated: bool,
}

/// The attributes of a kept request beside those of its event and its body.
#[derive(Deserialize)]
struct Beside {
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    sha256: Option<String>,
    #[serde(default)]
    truncated: bool,
}

impl Store {
    /// One event with its request, strongly consistent; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Corrupt`].
    pub async fn kept_request(&self, keys: &ItemKeys) -> Result<Option<KeptRequest>, StoreError> {
        let Some(mut item) = self.get(keys).await? else { return Ok(None) };
        let body = match item.remove("body") {
            Some(AttributeValue::B(body)) => Some(body.into_inner()),
            _ => None,
        };
        let Beside { headers, sha256, truncated } = read_item(item.clone(), "an event")?;
        let event = read_item(item, "an event")?;
        Ok(Some(KeptRequest { event, headers, sha256, body, truncated }))
    }

    /// The events of a partition, strongly consistent, earliest first. Their
    /// bodies are not read.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn events(&self, pk: &Partition) -> Result<Found<StoredEvent>, StoreError> {
        let names = |n: usize| format!("#{n}");
        let projection: Vec<String> = (0..RECORDED.len()).map(names).collect();
        let mut call = self.starting_with(pk, &event_key(""));
        call = call.projection_expression(projection.join(", "));
        for (n, name) in RECORDED.into_iter().enumerate() {
            call = call.expression_attribute_names(names(n), name);
        }
        let mut events: Found<StoredEvent> = all(call, pk, "an event").await?;
        events.items.sort_by_key(|event| event.received_at);
        Ok(events)
    }

    /// The promises of a partition, strongly consistent, by epoch.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn promises(&self, pk: &Partition) -> Result<Found<Promise>, StoreError> {
        let call = self.starting_with(pk, PROMISE);
        let mut promises: Found<Promise> = all(call, pk, "a promise").await?;
        promises.items.sort_by_key(|promise| promise.epoch);
        Ok(promises)
    }

    fn starting_with(&self, pk: &Partition, sk: &str) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
            .expression_attribute_values(":pk", text(&pk.to_string()))
            .expression_attribute_values(":sk", text(sk))
            .consistent_read(true)
    }
}

/// Every page of a query of a partition.
async fn all<T: DeserializeOwned>(
    call: QueryFluentBuilder,
    pk: &Partition,
    what: &'static str,
) -> Result<Found<T>, StoreError> {
    let mut found = Found::default();
    if !fits(&pk.to_string()) {
        return Ok(found);
    }
    let mut from = None;
    loop {
        let page = call.clone().set_exclusive_start_key(from).send();
        let page = page.await.map_err(|e| StoreError::Unavailable(code(&e)))?;
        for item in page.items.unwrap_or_default() {
            let sk = item.get("sk").and_then(|sk| sk.as_s().ok()).cloned().unwrap_or_default();
            found.take(ItemKeys { pk: pk.clone(), sk }, read_item(item, what));
        }
        from = page.last_evaluated_key;
        if from.is_none() {
            return Ok(found);
        }
    }
}

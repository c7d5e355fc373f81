//! Many items at once.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::KeysAndAttributes;

use crate::aws::code;
use crate::aws::store::items::stored_record;
use crate::aws::store::{Item, Store, StoreError, fits, key, read_item};
use crate::fulfilment::Promise;
use crate::ledger::{ItemKeys, Partition, RECORD, Record};

/// Most keys in one call, as DynamoDB limits them.
pub const MOST_KEYS: usize = 100;

/// A record as it is stored, with the status that its item has in the ledger's words.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRecord {
    /// The partition.
    pub pk: Partition,
    /// The record.
    pub record: Record,
    /// The status in the ledger's words.
    pub status: Option<String>,
}

/// What was read of many items. One that cannot be read costs no other.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<T> {
    /// What is there, in the order that was asked for.
    pub items: Vec<T>,
    /// What is there, or may be, and was not read, each with the reason.
    pub unread: Vec<Unread>,
}

/// An item that was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Its keys.
    pub keys: ItemKeys,
    /// The reason.
    pub error: StoreError,
}

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self { items: Vec::new(), unread: Vec::new() }
    }
}

impl<T> Found<T> {
    /// Takes in an item, or that it could not be read.
    pub(super) fn take(&mut self, keys: ItemKeys, read: Result<T, StoreError>) {
        match read {
            Ok(item) => self.items.push(item),
            Err(error) => self.unread.push(Unread { keys, error }),
        }
    }

    /// Takes in what was found elsewhere.
    pub fn extend(&mut self, other: Self) {
        self.items.extend(other.items);
        self.unread.extend(other.unread);
    }
}

/// How long a read asks again for keys that DynamoDB leaves unprocessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Persistence {
    /// The most calls in all.
    calls: u32,
    /// The most calls in a row that bring nothing.
    idle: u32,
}

impl Persistence {
    /// For whoever is waited for, and called again: twice in all.
    pub(super) const TWICE: Self = Self { calls: 2, idle: 2 };
    /// For whoever reads much: as long as something comes.
    pub(super) const WHILE_SOMETHING_COMES: Self = Self { calls: u32::MAX, idle: 4 };
}

impl Store {
    /// The records of these partitions, strongly consistent; a partition without one is
    /// left out.
    pub async fn records(&self, of: &[Partition]) -> Found<StoredRecord> {
        let keys = of.iter().map(|pk| ItemKeys { pk: pk.clone(), sk: RECORD.to_owned() });
        let keys: Vec<ItemKeys> = keys.collect();
        self.read_all(&keys, |keys, item| stored_record(keys.pk.clone(), item)).await
    }

    /// The promises of these keys, strongly consistent; where there is none, it is left
    /// out.
    pub async fn promises_at(&self, of: &[ItemKeys]) -> Found<(ItemKeys, Promise)> {
        let promise = |keys: &ItemKeys, item| Ok((keys.clone(), read_item(item, "a promise")?));
        self.read_all(of, promise).await
    }

    /// The items of these keys, each once.
    async fn read_all<T>(
        &self,
        of: &[ItemKeys],
        read: impl Fn(&ItemKeys, Item) -> Result<T, StoreError>,
    ) -> Found<T> {
        let mut seen = HashSet::new();
        // DynamoDB refuses a call that names a key twice.
        let once = of.iter().filter(|keys| seen.insert((&keys.pk, keys.sk.as_str())));
        let wanted: Vec<&ItemKeys> = once.filter(|keys| fits(&keys.pk.to_string())).collect();
        let mut all = Found::default();
        for wanted in wanted.chunks(MOST_KEYS) {
            let keys = wanted.iter().map(|keys| key(&keys.pk, &keys.sk)).collect();
            let called = self.batch_get(keys, Persistence::WHILE_SOMETHING_COMES).await;
            let (mut items, left, failed) = match called {
                Ok((items, left)) => (by_key(items), by_key(left), None),
                Err(error) => (HashMap::new(), HashMap::new(), Some(error)),
            };
            for keys in wanted {
                let name = (keys.pk.to_string(), keys.sk.clone());
                match (items.remove(&name), &failed) {
                    (Some(item), _) => all.take((*keys).clone(), read(keys, item)),
                    (None, Some(error)) => all.take((*keys).clone(), Err(error.clone())),
                    (None, None) if left.contains_key(&name) => {
                        all.take((*keys).clone(), Err(unprocessed()));
                    }
                    (None, None) => {}
                }
            }
        }
        all
    }

    /// The items of at most [`MOST_KEYS`] keys, strongly consistent, and the keys that
    /// DynamoDB left unprocessed in the end.
    pub(super) async fn batch_get(
        &self,
        keys: Vec<Item>,
        persistence: Persistence,
    ) -> Result<(Vec<Item>, Vec<Item>), StoreError> {
        let (mut keys, mut items) = (keys, Vec::new());
        let (mut calls, mut idle) = (0, 0);
        while !keys.is_empty() && calls < persistence.calls && idle < persistence.idle {
            let request = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .build()
                .map_err(StoreError::unbuilt("a read"))?;
            let call = self.client.batch_get_item().request_items(&self.table, request);
            let output = call.send().await.map_err(|e| StoreError::Unavailable(code(&e)))?;
            let mut found = output.responses.unwrap_or_default();
            let found = found.remove(&self.table).unwrap_or_default();
            calls += 1;
            idle = if found.is_empty() { idle + 1 } else { 0 };
            items.extend(found);
            let mut left = output.unprocessed_keys.unwrap_or_default();
            keys = left.remove(&self.table).map(|left| left.keys).unwrap_or_default();
        }
        Ok((items, keys))
    }
}

/// The failure of a read whose keys stayed unprocessed.
pub(super) fn unprocessed() -> StoreError {
    StoreError::Unavailable("unprocessed keys".into())
}

/// Items, or keys, by partition and sort key.
fn by_key(items: Vec<Item>) -> HashMap<(String, String), Item> {
    let text = |item: &Item, name: &str| item.get(name)?.as_s().ok().cloned();
    let named = items.into_iter().filter_map(|item| {
        let name = (text(&item, "pk")?, text(&item, "sk")?);
        Some((name, item))
    });
    named.collect()
}

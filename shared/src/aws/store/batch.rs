//! Many items at once, for people to read.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::KeysAndAttributes;

use crate::aws::code;
use crate::aws::store::items::stored_record;
use crate::aws::store::{Item, Store, StoreError, key, read_item};
use crate::fulfilment::Promise;
use crate::ledger::{ItemKeys, Partition, RECORD, Record};

/// Most keys in one call, as DynamoDB limits them.
pub const MOST_KEYS: usize = 100;
/// Most calls in a row that bring nothing of what was left unprocessed.
const IDLE_CALLS: u32 = 4;

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

impl Store {
    /// The records of these partitions, strongly consistent, in their order; a
    /// partition without one is left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Corrupt`].
    pub async fn records(&self, of: &[Partition]) -> Result<Vec<StoredRecord>, StoreError> {
        let keys = of.iter().map(|pk| ItemKeys { pk: pk.clone(), sk: RECORD.to_owned() });
        let items = self.items(&keys.collect::<Vec<_>>()).await?;
        items.into_iter().map(|(keys, item)| stored_record(keys.pk, item)).collect()
    }

    /// The promises of these keys, strongly consistent, in their order; where there is
    /// none, it is left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Corrupt`].
    pub async fn promises_at(
        &self,
        of: &[ItemKeys],
    ) -> Result<Vec<(ItemKeys, Promise)>, StoreError> {
        let items = self.items(of).await?;
        let promises = items.into_iter();
        promises.map(|(keys, item)| Ok((keys, read_item(item, "a promise")?))).collect()
    }

    /// The items of these keys, each once, in their order.
    async fn items(&self, of: &[ItemKeys]) -> Result<Vec<(ItemKeys, Item)>, StoreError> {
        let mut found: HashMap<String, Item> = HashMap::new();
        let mut seen = HashSet::new();
        // DynamoDB refuses a call that names a key twice.
        let once = of.iter().filter(|keys| seen.insert((keys.pk.to_string(), keys.sk.as_str())));
        let wanted: Vec<&ItemKeys> = once.collect();
        for keys in wanted.chunks(MOST_KEYS) {
            let keys = keys.iter().map(|keys| key(&keys.pk, &keys.sk)).collect();
            for item in self.until_processed(keys).await? {
                let text = |name: &str| item.get(name).and_then(|key| key.as_s().ok());
                if let (Some(pk), Some(sk)) = (text("pk"), text("sk")) {
                    found.insert(format!("{pk}\n{sk}"), item);
                }
            }
        }
        let mut take = |keys: &ItemKeys| found.remove(&format!("{}\n{}", keys.pk, keys.sk));
        let items = wanted.into_iter().filter_map(|keys| Some((keys.clone(), take(keys)?)));
        Ok(items.collect())
    }

    async fn until_processed(&self, keys: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        let (mut keys, mut items, mut idle) = (keys, Vec::new(), 0);
        while !keys.is_empty() && idle < IDLE_CALLS {
            let request = KeysAndAttributes::builder()
                .set_keys(Some(keys))
                .consistent_read(true)
                .build()
                .map_err(StoreError::unbuilt("a read"))?;
            let call = self.client.batch_get_item().request_items(&self.table, request);
            let output = call.send().await.map_err(|e| StoreError::Unavailable(code(&e)))?;
            let mut found = output.responses.unwrap_or_default();
            let found = found.remove(&self.table).unwrap_or_default();
            idle = if found.is_empty() { idle + 1 } else { 0 };
            items.extend(found);
            let mut left = output.unprocessed_keys.unwrap_or_default();
            keys = left.remove(&self.table).map(|left| left.keys).unwrap_or_default();
        }
        if keys.is_empty() {
            Ok(items)
        } else {
            Err(StoreError::Unavailable("unprocessed keys".into()))
        }
    }
}

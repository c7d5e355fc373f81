//! The DynamoDB table.

mod batch;
mod error;
mod history;
mod index;
mod items;
mod read_item;

pub use batch::{Found, MOST_KEYS, StoredRecord, Unread};
use batch::{Persistence, unprocessed};
pub use error::StoreError;
use error::{Refused, refused};
pub use history::{KeptRequest, StoredEvent};
pub use index::{InboxItem, OpenPromise, PageToken};
use items::{archive_item, event_item, known, promise_item, put_in_inbox, record_item, told_item};
use read_item::read_item;

use std::collections::{BTreeMap, HashMap};
use std::slice;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Put, TransactWriteItem, Update};

use crate::aws::code;
use crate::fulfilment::{ChangeSet, Promise, Snapshot};
use crate::ledger::{
    Event, InboxReason, ItemKeys, Partition, Provider, RECORD, Record, Subject, event_key,
    item_keys, promise_key,
};
use crate::provider::Definition;
use crate::wire::Timestamp;

type Item = HashMap<String, AttributeValue>;

/// Reads until a record and its promise fit; each torn one needs somebody who
/// writes in between.
const READS: u32 = 5;

/// Most bytes of a partition key, as `DynamoDB` limits them.
const MOST_KEY_BYTES: usize = 2_048;

/// What is kept of a request beside its effect.
#[derive(Debug, Clone)]
pub struct StoredRequest {
    /// The body, redacted (what is no JSON: as it came) and compressed.
    pub body: Vec<u8>,
    /// SHA-256 of the exact bytes, in hex.
    pub sha256: String,
    /// How many bytes came.
    pub length: usize,
    /// Whether `body` is only the beginning of it.
    pub truncated: bool,
    /// Chosen headers.
    pub headers: BTreeMap<String, String>,
    /// The name of the secret that vouched for it.
    pub secret: String,
    /// When it came in.
    pub received: Timestamp,
    /// When it may go.
    pub expires: Timestamp,
}

/// The table, through one client.
pub struct Store {
    client: Client,
    table: String,
}

impl Store {
    /// The table of that name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Reads, strongly consistent and in one call: the record, this event and
    /// the promise of a partition, and the records of others. `event` is the event's
    /// sort key if known.
    ///
    /// A batch read is no snapshot: each item is read at a moment of its own. A
    /// record and a promise that do not belong together are read again (invariant
    /// `NeverAgainstTheRecord`).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Corrupt`]; [`StoreError::Conflict`]
    /// when they never fit.
    pub async fn read(
        &self,
        pk: &Partition,
        event: Option<&str>,
        others: &[Partition],
    ) -> Result<Snapshot, StoreError> {
        for _ in 0..READS {
            let known = self.read_once(pk, event, others).await?;
            if known.belongs_together() {
                return Ok(known);
            }
        }
        Err(StoreError::Conflict)
    }

    async fn read_once(
        &self,
        pk: &Partition,
        event: Option<&str>,
        others: &[Partition],
    ) -> Result<Snapshot, StoreError> {
        let promise = promise_key(1);
        let sort_keys = [Some(RECORD), Some(promise.as_str()), event];
        let keys = sort_keys.into_iter().flatten().map(|sk| key(pk, sk));
        let keys = keys.chain(others.iter().map(|other| key(other, RECORD)));
        let (items, left) = self.batch_get(keys.collect(), Persistence::TWICE).await?;
        if !left.is_empty() {
            return Err(unprocessed());
        }
        let mut known = known(items, pk, event, others)?;
        let epoch = known.record.as_ref().map_or(1, |record| record.epoch);
        if epoch > 1 {
            // Only a reward that was taken back and approved again costs this.
            let keys = ItemKeys::of_promise(pk.clone(), epoch);
            known.promise = self.promise(&keys).await?;
        }
        Ok(known)
    }

    /// Reads one promise, strongly consistent; `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Corrupt`].
    pub async fn promise(&self, keys: &ItemKeys) -> Result<Option<Promise>, StoreError> {
        self.get(keys).await?.map(|item| read_item(item, "a promise")).transpose()
    }

    /// The item of a key, strongly consistent.
    async fn get(&self, keys: &ItemKeys) -> Result<Option<Item>, StoreError> {
        let call = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key(&keys.pk, &keys.sk)))
            .consistent_read(true);
        let output = call.send().await.map_err(|e| StoreError::Unavailable(code(&e)))?;
        Ok(output.item)
    }

    /// Writes an event with its effect in one transaction (invariant
    /// `NoDualWrite`). `known` is what was read before; `own` has the meaning of the
    /// provider's words.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn commit(
        &self,
        own: &Definition,
        event: &Event,
        known: &Snapshot,
        write: &ChangeSet,
        archive: &StoredRequest,
    ) -> Result<(), StoreError> {
        let (pk, _) = item_keys(event);
        let pk = &pk;
        let mut puts = vec![self.put_new(event_item(pk, event, write, archive)?)?];
        if let (Some(record), crate::ledger::Content::Change(change)) =
            (&write.record, &event.content)
        {
            puts.push(self.put_record(own, &change.subject, record, archive.received)?);
        }
        for other in &write.others {
            puts.push(self.put_record(own, &other.subject, &other.record, archive.received)?);
            let told = told_item(pk, event, write, other, archive)?;
            puts.push(self.put(Put::builder(), told)?);
        }
        for promise in &write.promises {
            puts.push(self.put_promise(pk, promise)?);
        }
        if let (Some(promise), true) = (&known.promise, write.promises.is_empty()) {
            // It was decided that this says nothing new to the promise as it was.
            puts.push(self.check(pk, &promise_key(promise.epoch), promise.version)?);
        }
        self.transact(puts).await
    }

    /// A record in its next version, on the condition that it is in the one before.
    fn put_record(
        &self,
        own: &Definition,
        subject: &Subject,
        record: &Record,
        received: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let before = record.version.checked_sub(1).filter(|before| *before > 0);
        self.put_version(record_item(own, subject, record, received)?, before)
    }

    /// Writes promises in their next version, all or nothing, on the condition
    /// that nobody wrote to them in between. A new epoch is noted in the record.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn save(&self, pk: &Partition, promises: &[Promise]) -> Result<(), StoreError> {
        self.save_with(pk, promises, None).await
    }

    /// [`Store::save`] of one promise.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn save_one(&self, pk: &Partition, promise: &Promise) -> Result<(), StoreError> {
        self.save(pk, slice::from_ref(promise)).await
    }

    /// [`Store::save`], on the condition too that the record is in that version.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn save_with(
        &self,
        pk: &Partition,
        promises: &[Promise],
        record: Option<u64>,
    ) -> Result<(), StoreError> {
        let mut writes = Vec::new();
        if let Some(version) = record {
            writes.push(self.check(pk, RECORD, version)?);
        }
        for promise in promises {
            writes.push(self.put_promise(pk, promise)?);
            if promise.version == 1 {
                writes.push(self.note_epoch(pk, promise.epoch)?);
            }
        }
        self.transact(writes).await
    }

    fn note_epoch(&self, pk: &Partition, epoch: u32) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key(pk, RECORD)))
            .update_expression("SET epoch = :epoch, version = version + :one")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":epoch", AttributeValue::N(epoch.to_string()))
            .expression_attribute_values(":one", AttributeValue::N("1".into()))
            .build()
            .map_err(StoreError::unbuilt("an update"))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// Keeps authenticated bytes that could not be read as an event.
    /// `described` says where they came in and what is wrong with them.
    ///
    /// # Errors
    /// [`StoreError`]; that they are kept already is no error.
    pub async fn quarantine(
        &self,
        provider: Provider,
        described: &BTreeMap<&str, String>,
        archive: &StoredRequest,
    ) -> Result<(), StoreError> {
        let identity = format!("quarantine-{}", archive.sha256);
        let pk = Partition::inbox(provider, &identity);
        let mut item = archive_item(&pk, &event_key(&identity), archive);
        item.insert("quarantined".into(), AttributeValue::Bool(true));
        put_in_inbox(&mut item, InboxReason::Quarantined, archive.received);
        for (name, value) in described {
            item.insert((*name).to_owned(), text(value));
        }
        match self.send(vec![self.put_new(item)?]).await {
            Ok(()) | Err(Refused::Condition) => Ok(()),
            Err(refused) => Err(refused.into()),
        }
    }

    /// An item must be in that version.
    fn check(
        &self,
        pk: &Partition,
        sk: &str,
        version: u64,
    ) -> Result<TransactWriteItem, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(&self.table)
            .set_key(Some(key(pk, sk)))
            .condition_expression("version = :version")
            .expression_attribute_values(":version", AttributeValue::N(version.to_string()))
            .build()
            .map_err(StoreError::unbuilt("a check"))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    fn put_new(&self, item: Item) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder().condition_expression("attribute_not_exists(pk)");
        self.put(put, item)
    }

    fn put_version(
        &self,
        item: Item,
        before: Option<u64>,
    ) -> Result<TransactWriteItem, StoreError> {
        let Some(before) = before else {
            return self.put_new(item);
        };
        let put = Put::builder()
            .condition_expression("version = :before")
            .expression_attribute_values(":before", AttributeValue::N(before.to_string()));
        self.put(put, item)
    }

    fn put_promise(
        &self,
        pk: &Partition,
        promise: &Promise,
    ) -> Result<TransactWriteItem, StoreError> {
        let before = promise.version.checked_sub(1).filter(|before| *before > 0);
        self.put_version(promise_item(pk, promise)?, before)
    }

    fn put(
        &self,
        put: aws_sdk_dynamodb::types::builders::PutBuilder,
        item: Item,
    ) -> Result<TransactWriteItem, StoreError> {
        let put = put.table_name(&self.table).set_item(Some(item));
        let put = put.build().map_err(StoreError::unbuilt("a write"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    async fn transact(&self, items: Vec<TransactWriteItem>) -> Result<(), StoreError> {
        Ok(self.send(items).await?)
    }

    async fn send(&self, items: Vec<TransactWriteItem>) -> Result<(), Refused> {
        let call = self.client.transact_write_items().set_transact_items(Some(items));
        call.send().await.map(drop).map_err(|error| refused(&error))
    }
}

fn key(pk: &Partition, sk: &str) -> Item {
    HashMap::from([("pk".into(), text(&pk.to_string())), ("sk".into(), text(sk))])
}

/// True for what may be the partition key of an item, of the table or of an index. What
/// is longer is nobody's, and `DynamoDB` refuses to look for it.
fn fits(key: &str) -> bool {
    key.len() <= MOST_KEY_BYTES
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

//! What the table's indexes list.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::aws::code;
use crate::aws::store::{Item, Store, StoreError, fits, read_item, text};
use crate::fulfilment::State;
use crate::ledger::{INBOX, ItemKeys, Partition};
use crate::wire::Timestamp;

/// The index of promises by their state, while they are open, and of the inbox.
const OPEN_WORK: Index = Index { name: "open-work", key: "open" };

/// The index of an affiliate and its objects of every kind, in time.
const BY_AFFILIATE: Index = Index { name: "by-affiliate", key: "affiliate" };
/// The index of promises by their recipient, settled ones too.
const BY_RECIPIENT: Index = Index { name: "by-recipient", key: "rewarded" };

/// Where the next page of a query begins.
pub struct PageToken(Item);

/// An index, and the attribute that it is asked by.
struct Index {
    name: &'static str,
    key: &'static str,
}

/// A promise as the index of open work shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPromise {
    /// Its keys.
    pub keys: ItemKeys,
    /// The time since which it is open; `None` where it cannot be read.
    pub open_since: Option<Timestamp>,
}

/// An item of the inbox as the index of open work shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxItem {
    /// Its keys.
    pub keys: ItemKeys,
    /// The time at which it came in; `None` where it cannot be read.
    pub received: Option<Timestamp>,
}

/// A row of the index of open work. Keys that were flattened could not be named
/// where they cannot be read. A time that cannot be read hides no item: the keys say
/// which it is.
#[derive(Deserialize)]
pub(super) struct OpenRow {
    pk: String,
    sk: String,
    open_since: String,
}

impl OpenRow {
    fn entry(self) -> Option<(ItemKeys, Option<Timestamp>)> {
        let keys = item_keys(&self.pk, self.sk)?;
        let since = Timestamp::parse(&self.open_since);
        if since.is_none() {
            let (pk, sk) = (&keys.pk, keys.sk.as_str());
            tracing::error!(%pk, sk, "a row of the index has no time that can be read");
        }
        Some((keys, since))
    }
}

/// A row of an index of which no more than its keys is read.
#[derive(Deserialize)]
struct KeysRow {
    pk: String,
    sk: String,
}

/// The key of a recipient in its index, `{provider}#{role}#{id}`.
pub(super) fn rewarded(provider: &str, role: &str, id: &str) -> String {
    format!("{provider}#{role}#{id}")
}

/// The keys of a row; `None` for a key that is none of ours, which must not hide the
/// others.
fn item_keys(pk: &str, sk: String) -> Option<ItemKeys> {
    let pk = pk.parse::<Partition>();
    let pk = pk.inspect_err(|error| tracing::error!(%error, "a row of the index")).ok()?;
    Some(ItemKeys { pk, sk })
}

impl Store {
    /// A page of the promises in a state that are open longest, and where the
    /// next page begins.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Corrupt`].
    pub async fn open(
        &self,
        state: State,
        from: Option<PageToken>,
    ) -> Result<(Vec<OpenPromise>, Option<PageToken>), StoreError> {
        let (rows, next) = self
            .listed::<OpenRow>(&OPEN_WORK, state.name(), Order::OldestFirst, (from, None))
            .await?;
        let open = rows.into_iter().filter_map(OpenRow::entry);
        let open = open.map(|(keys, open_since)| OpenPromise { keys, open_since });
        Ok((open.collect(), next))
    }

    /// A page of the inbox, latest first, and where the next page begins: what is
    /// quarantined, types that are only archived, and test events. Items that came
    /// in before they were listed are not in it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Corrupt`].
    pub async fn inbox(
        &self,
        from: Option<PageToken>,
    ) -> Result<(Vec<InboxItem>, Option<PageToken>), StoreError> {
        let (rows, next) =
            self.listed::<OpenRow>(&OPEN_WORK, INBOX, Order::LatestFirst, (from, None)).await?;
        let items = rows.into_iter().filter_map(OpenRow::entry);
        let items = items.map(|(keys, received)| InboxItem { keys, received });
        Ok((items.collect(), next))
    }

    /// A page of the records of an affiliate, and its own, latest first, and where the
    /// next page begins. A page has at most so many, where that is said.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Corrupt`].
    pub async fn of_affiliate(
        &self,
        provider: &str,
        id: &str,
        from: Option<PageToken>,
        most: Option<i32>,
    ) -> Result<(Vec<Partition>, Option<PageToken>), StoreError> {
        let key = format!("{provider}#{id}");
        let (keys, next) = self.keys(&BY_AFFILIATE, &key, from, most).await?;
        Ok((keys.into_iter().map(|keys| keys.pk).collect(), next))
    }

    /// A page of the promises to a recipient, settled ones too, latest first, and where
    /// the next page begins. A page has at most so many, where that is said. A promise
    /// that was not written since it has its place in this index is not in it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Corrupt`].
    pub async fn rewarded(
        &self,
        provider: &str,
        role: &str,
        id: &str,
        from: Option<PageToken>,
        most: Option<i32>,
    ) -> Result<(Vec<ItemKeys>, Option<PageToken>), StoreError> {
        self.keys(&BY_RECIPIENT, &rewarded(provider, role, id), from, most).await
    }

    async fn keys(
        &self,
        index: &Index,
        key: &str,
        from: Option<PageToken>,
        most: Option<i32>,
    ) -> Result<(Vec<ItemKeys>, Option<PageToken>), StoreError> {
        let order = Order::LatestFirst;
        let (rows, next) = self.listed::<KeysRow>(index, key, order, (from, most)).await?;
        let keys = rows.into_iter().filter_map(|row| item_keys(&row.pk, row.sk));
        Ok((keys.collect(), next))
    }

    /// A page of the rows of an index under one key, of at most so many where that is
    /// said, and where the next page begins.
    async fn listed<T: DeserializeOwned>(
        &self,
        index: &Index,
        key: &str,
        order: Order,
        (from, most): (Option<PageToken>, Option<i32>),
    ) -> Result<(Vec<T>, Option<PageToken>), StoreError> {
        if !fits(key) {
            return Ok((Vec::new(), None));
        }
        let call = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(index.name)
            .key_condition_expression("#key = :key")
            .expression_attribute_names("#key", index.key)
            .expression_attribute_values(":key", text(key))
            .scan_index_forward(order == Order::OldestFirst)
            .set_limit(most)
            .set_exclusive_start_key(from.map(|page| page.0));
        let output = call.send().await.map_err(|e| StoreError::Unavailable(code(&e)))?;
        let items = output.items.unwrap_or_default().into_iter();
        let rows: Result<_, _> = items.map(|item| read_item(item, "a row of the index")).collect();
        Ok((rows?, output.last_evaluated_key.map(PageToken)))
    }
}

/// The order of the rows of an index.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    OldestFirst,
    LatestFirst,
}

//! The reading of all that belongs to a person: page by page, and what cannot be read is
//! named and left out.

use std::collections::HashSet;

use answers::Role;
use futures_util::future::join;
use futures_util::{StreamExt, stream};
use shared::aws::store::{Found, MOST_KEYS, PageToken, Store, StoreError, StoredRecord};
use shared::fulfilment::{Promise, Rewards};
use shared::ledger::{ItemKeys, Partition};
use shared::provider::ALL;
use shared::provider::definition::find;

use crate::OpsError;
use crate::gaps::Gaps;
use crate::progress::Progress;

/// Most calls at the same time.
const AT_ONCE: usize = 8;

/// The records and promises of somebody, latest first, and what could not be read.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) records: Vec<StoredRecord>,
    pub(crate) promises: Vec<(Partition, Promise)>,
    /// True when only the latest were asked for, and there are more.
    pub(crate) more: bool,
    pub(crate) gaps: Gaps,
}

/// The rows of an index: what was found, whether there is more, and why it could not
/// be read to its end.
struct Rows<T> {
    rows: Vec<T>,
    more: bool,
    failed: Option<StoreError>,
}

/// The definition of the rewards of a provider, where it has any.
pub(crate) fn rewards_of(provider: &str) -> Option<&'static Rewards> {
    find(ALL, provider).and_then(|own| own.rewards)
}

/// Reads what belongs to somebody: the latest `most` rows of each index, or all.
///
/// # Errors
/// [`OpsError::Failed`] when nothing at all can be read.
pub(crate) async fn gather(
    store: &Store,
    provider: &str,
    id: &str,
    role: Role,
    most: Option<usize>,
) -> Result<Gathered, OpsError> {
    let mut found = Gathered::default();
    let rewards = rewards_of(provider);
    let objects = async {
        match role {
            Role::Affiliate => {
                rows(most, |page, most| store.of_affiliate(provider, id, page, most)).await
            }
            // Their commissions are others' objects.
            Role::Customer => Rows { rows: own(provider, id), ..Rows::none() },
        }
    };
    let rewarded = async {
        match rewards {
            Some(_) => {
                let name = role.name();
                rows(most, |page, most| store.rewarded(provider, name, id, page, most)).await
            }
            None => Rows::none(),
        }
    };
    let (objects, rewarded) = join(objects, rewarded).await;
    for (index, failed) in
        [("index by-affiliate", &objects.failed), ("index by-recipient", &rewarded.failed)]
    {
        if let Some(error) = failed {
            found.gaps.add(index, error);
        }
    }
    found.more = objects.more || rewarded.more;
    let mut progress = Progress::default();
    found.read_records(store, &objects.rows, &mut progress).await;
    let named = found.records.iter().flat_map(|of| promises(of, rewards));
    let keys: Vec<ItemKeys> = named.chain(rewarded.rows).collect();
    found.read_promises(store, &keys, &mut progress).await;
    // The two indexes together may have more.
    if let Some(most) = most.filter(|most| found.promises.len() > *most) {
        found.promises.truncate(most);
        found.more = true;
    }
    match found.gaps.lines().first() {
        Some(gap) if found.records.is_empty() && found.promises.is_empty() => {
            Err(OpsError::Failed(gap.clone()))
        }
        _ => Ok(found),
    }
}

/// The partition of a customer.
fn own(provider: &str, id: &str) -> Vec<Partition> {
    Partition::new(provider, Role::Customer.kind().name(), id).into_iter().collect()
}

/// Reads an index page by page: the first `most` rows, or all.
async fn rows<T, Page>(
    most: Option<usize>,
    page_of: impl Fn(Option<PageToken>, Option<i32>) -> Page,
) -> Rows<T>
where
    Page: Future<Output = Result<(Vec<T>, Option<PageToken>), StoreError>>,
{
    let mut all = Rows::none();
    let mut page = None;
    loop {
        // One more than is shown tells whether there are more.
        let wanted = most.map(|most| (most + 1).saturating_sub(all.rows.len()));
        let limit = wanted.map(|wanted| i32::try_from(wanted).unwrap_or(i32::MAX));
        match page_of(page, limit).await {
            Ok((found, next)) => {
                all.rows.extend(found);
                page = next;
            }
            Err(error) => {
                all.failed = Some(error);
                page = None;
            }
        }
        if let Some(most) = most.filter(|most| all.rows.len() > *most) {
            all.rows.truncate(most);
            all.more = true;
            return all;
        }
        if page.is_none() {
            return all;
        }
    }
}

impl<T> Rows<T> {
    fn none() -> Self {
        Self { rows: Vec::new(), more: false, failed: None }
    }
}

/// The keys of the promises that a record names.
fn promises(of: &StoredRecord, rewards: Option<&'static Rewards>) -> Vec<ItemKeys> {
    let is_reward = rewards.is_some_and(|rewards| rewards.kind.name() == of.pk.kind());
    let epochs = if is_reward { of.record.epoch } else { 0 };
    (1..=epochs).map(|epoch| ItemKeys::of_promise(of.pk.clone(), epoch)).collect()
}

impl Gathered {
    async fn read_records(&mut self, store: &Store, of: &[Partition], progress: &mut Progress) {
        let calls = of.chunks(MOST_KEYS).map(|of| async move { store.records(of).await });
        let found = together(calls, "records", progress).await;
        self.gaps.items("record", &found.unread);
        self.records = found.items;
    }

    async fn read_promises(&mut self, store: &Store, of: &[ItemKeys], progress: &mut Progress) {
        let mut seen = HashSet::new();
        let once = of.iter().filter(|keys| seen.insert((&keys.pk, keys.sk.as_str())));
        let once: Vec<ItemKeys> = once.cloned().collect();
        let calls = once.chunks(MOST_KEYS).map(|of| async move { store.promises_at(of).await });
        let found = together(calls, "promises", progress).await;
        self.gaps.items("promise", &found.unread);
        let mut promises: Vec<(Partition, Promise)> =
            found.items.into_iter().map(|(keys, promise)| (keys.pk, promise)).collect();
        promises.sort_by_key(|(_, promise)| std::cmp::Reverse(promise.created_at));
        self.promises = promises;
    }
}

/// What many calls find, some of which are under way at the same time, in their order.
pub(crate) async fn together<T>(
    calls: impl Iterator<Item = impl Future<Output = Found<T>>>,
    what: &str,
    progress: &mut Progress,
) -> Found<T> {
    // Collected, as a borrowing closure in a stream is not one for every lifetime.
    let mut calls = stream::iter(calls.collect::<Vec<_>>()).buffered(AT_ONCE);
    let mut all = Found::default();
    while let Some(found) = calls.next().await {
        progress.add(found.items.len(), what);
        all.extend(found);
    }
    all
}

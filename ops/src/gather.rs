//! The reading of all that belongs to a person: page by page, and what cannot be read is
//! named and left out.

use answers::Role;
use futures_util::{StreamExt, stream};
use shared::aws::store::{MOST_KEYS, Store, StoreError, StoredRecord};
use shared::fulfilment::{Promise, Rewards};
use shared::ledger::{ItemKeys, Partition};
use shared::provider::ALL;
use shared::provider::definition::find;

use crate::OpsError;
use crate::progress::Progress;

/// Most calls at the same time.
const AT_ONCE: usize = 8;

/// The records and promises of somebody, latest first, and what could not be read.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) records: Vec<StoredRecord>,
    pub(crate) promises: Vec<(Partition, Promise)>,
    pub(crate) gaps: Vec<String>,
}

/// The definition of the rewards of a provider, where it has any.
pub(crate) fn rewards_of(provider: &str) -> Option<&'static Rewards> {
    find(ALL, provider).and_then(|own| own.rewards)
}

/// Reads what belongs to somebody.
///
/// # Errors
/// [`OpsError::Failed`] when nothing at all can be read.
pub(crate) async fn gather(
    store: &Store,
    provider: &str,
    id: &str,
    role: Role,
) -> Result<Gathered, OpsError> {
    let mut found = Gathered::default();
    let mut progress = Progress::default();
    let partitions = match role {
        Role::Affiliate => found.partitions(store, provider, id, &mut progress).await,
        Role::Customer => Vec::new(),
    };
    found.read_records(store, &partitions, &mut progress).await;
    let rewards = rewards_of(provider);
    let mut keys: Vec<ItemKeys> =
        found.records.iter().flat_map(|of| promises(of, rewards)).collect();
    if rewards.is_some() {
        keys.extend(found.rewarded(store, provider, id, role).await);
    }
    found.read_promises(store, &keys, &mut progress).await;
    match found.gaps.first() {
        Some(gap) if found.records.is_empty() && found.promises.is_empty() => {
            Err(OpsError::Failed(gap.clone()))
        }
        _ => Ok(found),
    }
}

/// The keys of the promises that a record names.
fn promises(of: &StoredRecord, rewards: Option<&'static Rewards>) -> Vec<ItemKeys> {
    let is_reward = rewards.is_some_and(|rewards| rewards.kind.name() == of.pk.kind());
    let epochs = if is_reward { of.record.epoch } else { 0 };
    (1..=epochs).map(|epoch| ItemKeys::of_promise(of.pk.clone(), epoch)).collect()
}

impl Gathered {
    fn gap(&mut self, what: &str, error: &StoreError) {
        let gap = format!("{what}: {error}");
        if !self.gaps.contains(&gap) {
            self.gaps.push(gap);
        }
    }

    async fn partitions(
        &mut self,
        store: &Store,
        provider: &str,
        id: &str,
        progress: &mut Progress,
    ) -> Vec<Partition> {
        let (mut partitions, mut page) = (Vec::new(), None);
        loop {
            match store.of_affiliate(provider, id, page).await {
                Ok((found, next)) => {
                    progress.add(found.len(), "rows");
                    partitions.extend(found);
                    page = next;
                }
                Err(error) => {
                    self.gap("index by-affiliate", &error);
                    page = None;
                }
            }
            if page.is_none() {
                return partitions;
            }
        }
    }

    async fn rewarded(
        &mut self,
        store: &Store,
        provider: &str,
        id: &str,
        role: Role,
    ) -> Vec<ItemKeys> {
        let (mut keys, mut page) = (Vec::new(), None);
        loop {
            match store.rewarded(provider, role.name(), id, page).await {
                Ok((found, next)) => {
                    keys.extend(found);
                    page = next;
                }
                Err(error) => {
                    self.gap("index by-recipient", &error);
                    page = None;
                }
            }
            if page.is_none() {
                return keys;
            }
        }
    }

    async fn read_records(&mut self, store: &Store, of: &[Partition], progress: &mut Progress) {
        // Collected, as a borrowing closure in a stream is not one for every lifetime.
        let calls = of.chunks(MOST_KEYS).map(|of| async move { store.records(of).await });
        let mut calls = stream::iter(calls.collect::<Vec<_>>()).buffered(AT_ONCE);
        while let Some(found) = calls.next().await {
            match found {
                Ok(found) => {
                    progress.add(found.len(), "records");
                    self.records.extend(found);
                }
                Err(error) => self.gap("records", &error),
            }
        }
    }

    async fn read_promises(&mut self, store: &Store, of: &[ItemKeys], progress: &mut Progress) {
        let mut once: Vec<ItemKeys> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for keys in of {
            if seen.insert((keys.pk.to_string(), keys.sk.as_str())) {
                once.push(keys.clone());
            }
        }
        let calls = once.chunks(MOST_KEYS).map(|of| async move { store.promises_at(of).await });
        let mut calls = stream::iter(calls.collect::<Vec<_>>()).buffered(AT_ONCE);
        let mut promises = Vec::new();
        while let Some(found) = calls.next().await {
            match found {
                Ok(found) => {
                    progress.add(found.len(), "promises");
                    promises.extend(found.into_iter().map(|(keys, promise)| (keys.pk, promise)));
                }
                Err(error) => self.gap("promises", &error),
            }
        }
        promises.sort_by_key(|(_, promise)| std::cmp::Reverse(promise.created_at));
        self.promises = promises;
    }
}

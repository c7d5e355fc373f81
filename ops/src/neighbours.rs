//! What else has the same id, for whoever looked in the wrong place.

use answers::Role;
use futures_util::future::{join, join_all};
use shared::aws::store::{Found, Store, StoreError, StoredRecord};
use shared::ledger::{Kind, Partition};
use shared::provider::ALL;

use crate::OpsError;
use crate::gaps::Gaps;
use crate::invocation::line;
use crate::target::TargetArgs;

/// The records of every provider and kind that have this id, by point reads.
pub(crate) async fn of_id(store: &Store, id: &str) -> Found<StoredRecord> {
    let kinds = |own: &'static shared::provider::Definition| {
        Kind::ALL.into_iter().map(move |kind| (own.provider, kind))
    };
    let everywhere = ALL.iter().copied().flat_map(kinds);
    let everywhere = everywhere.map(|(provider, kind)| Partition::of_object(provider, kind, id));
    store.records(&everywhere.collect::<Vec<_>>()).await
}

/// The affiliates of every provider who have this id and something that belongs to them,
/// whether there is a record of them or not; and the indexes that could not be read.
pub(crate) async fn affiliates_of_id(store: &Store, id: &str) -> (Vec<Partition>, Gaps) {
    let calls = ALL.iter().map(|own| async move {
        let provider = own.provider.name();
        let objects = store.of_affiliate(provider, id, None, Some(1));
        let rewards = store.rewarded(provider, Role::Affiliate.name(), id, None, Some(1));
        let (objects, rewards) = join(objects, rewards).await;
        (own.provider, objects.map(|(of, _)| of.len()), rewards.map(|(of, _)| of.len()))
    });
    let (mut found, mut gaps) = (Vec::new(), Gaps::default());
    for (provider, objects, rewards) in join_all(calls).await {
        let mut has = false;
        for (index, count) in [("index by-affiliate", objects), ("index by-recipient", rewards)] {
            match count {
                Ok(count) => has |= count > 0,
                Err(error) => gaps.add(index, &error),
            }
        }
        if has {
            found.push(Partition::of_object(provider, Kind::Affiliate, id));
        }
    }
    (found, gaps)
}

/// The customers of every provider who have this id and were promised a reward, whether
/// there is a record of them or not.
async fn customers_of_id(store: &Store, id: &str) -> Vec<Partition> {
    let rewarding = ALL.iter().filter_map(|own| own.rewards);
    let calls = rewarding.map(|rewards| async move {
        let (provider, role) = (rewards.provider, Role::Customer.name());
        let found = store.rewarded(provider.name(), role, id, None, Some(1)).await;
        (provider, found.is_ok_and(|(of, _)| !of.is_empty()))
    });
    let found = join_all(calls).await.into_iter().filter(|(_, has)| *has);
    found.map(|(provider, _)| Partition::of_object(provider, Kind::Customer, id)).collect()
}

/// The command that tells most of an object.
pub(crate) fn best(target: &TargetArgs, pk: &Partition) -> String {
    let (provider, kind, id) = (pk.provider(), pk.kind(), pk.id());
    if kind == Kind::Affiliate.name() {
        return line(target, &["affiliate", provider, id]);
    }
    if kind == Kind::Customer.name() {
        return line(target, &["affiliate", "--customer", provider, id]);
    }
    line(target, &["story", provider, kind, id])
}

/// The error for a place in which there is nothing, with what has the same id elsewhere.
pub(crate) async fn did_you_mean(
    target: &TargetArgs,
    store: &Store,
    nothing: &str,
    place: &Partition,
) -> OpsError {
    let found = of_id(store, place.id()).await;
    let mut failed = found.unread.iter().map(|unread| &unread.error);
    let failed = failed.find(|error| matches!(error, StoreError::Unavailable(_)));
    if let (true, Some(error)) = (found.items.is_empty(), failed) {
        return error.clone().into();
    }
    // What cannot be read is there, and `story` says what is wrong with it.
    let there = found.items.into_iter().map(|found| found.pk);
    let there = there.chain(found.unread.into_iter().map(|unread| unread.keys.pk));
    let mut others: Vec<Partition> = there.filter(|pk| pk != place).collect();
    let ((affiliates, _), customers) =
        join(affiliates_of_id(store, place.id()), customers_of_id(store, place.id())).await;
    // Also of the place itself: who has no record has no story there.
    for person in affiliates.into_iter().chain(customers) {
        if !others.contains(&person) {
            others.push(person);
        }
    }
    // The same vendor's come first.
    others.sort_by_key(|pk| !related(pk.provider(), place.provider()));
    if others.is_empty() {
        return OpsError::No(nothing.to_owned());
    }
    let meant = others.iter().map(|pk| format!("\n  {}", best(target, pk)));
    OpsError::No(format!("{nothing}; did you mean{}", meant.collect::<String>()))
}

/// True for two providers of one vendor.
fn related(one: &str, other: &str) -> bool {
    let vendor =
        |name: &str| ALL.iter().find(|own| own.provider.name() == name).map(|own| own.vendor);
    vendor(one).is_some() && vendor(one) == vendor(other)
}

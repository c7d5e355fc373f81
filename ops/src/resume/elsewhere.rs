//! The promises that may be meant where a key has none.

use futures_util::future::join_all;
use shared::aws::store::Store;
use shared::fulfilment::{Promise, Rewards};
use shared::ledger::Partition;
use shared::provider::ALL;

use crate::OpsError;
use crate::invocation::line;
use crate::key::Key;
use crate::neighbours::did_you_mean;
use crate::target::TargetArgs;

/// The error for a key that has no promise, with those of the same id: of another
/// provider, or of another epoch. Without any, with what else has the id.
pub(super) async fn elsewhere(args: &TargetArgs, store: &Store, key: &Key) -> OpsError {
    let nothing = format!("{key}: there is no such promise");
    let place = key.item().pk;
    let of = ALL.iter().filter_map(|own| own.rewards).map(|rewards| {
        let &Rewards { provider, kind, .. } = rewards;
        Partition::of_object(provider, kind, place.id())
    });
    let calls = of.map(|pk| async move { store.promises(&pk).await });
    let found = join_all(calls).await.into_iter();
    // What cannot be read is no help; `did_you_mean` says so where it matters.
    let latest = found.filter_map(|found| found.ok()?.items.pop());
    let meant: Vec<String> = latest
        .map(|Promise { key, .. }| format!("\n  {}", line(args, &["resume", &key])))
        .collect();
    if meant.is_empty() {
        return did_you_mean(args, store, &nothing, &place).await;
    }
    OpsError::No(format!("{nothing}; did you mean{}", meant.concat()))
}

//! What else has the same id, for whoever looked in the wrong place.

use shared::aws::store::{Store, StoredRecord};
use shared::ledger::{Kind, Partition};
use shared::provider::ALL;

use crate::OpsError;
use crate::invocation::line;
use crate::target::TargetArgs;

/// The records of every provider and kind that have this id, by point reads.
///
/// # Errors
/// [`OpsError::Failed`] when the table does not answer.
pub(crate) async fn of_id(store: &Store, id: &str) -> Result<Vec<StoredRecord>, OpsError> {
    let kinds = |own: &'static shared::provider::Definition| {
        Kind::ALL.into_iter().map(move |kind| (own.provider, kind))
    };
    let everywhere = ALL.iter().copied().flat_map(kinds);
    let everywhere = everywhere.map(|(provider, kind)| Partition::of_object(provider, kind, id));
    Ok(store.records(&everywhere.collect::<Vec<_>>()).await?)
}

/// The error for a place in which there is nothing, with what has the same id elsewhere.
pub(crate) async fn did_you_mean(
    target: &TargetArgs,
    store: &Store,
    nothing: &str,
    place: &Partition,
) -> OpsError {
    let found = match of_id(store, place.id()).await {
        Ok(found) => found,
        Err(error) => return error,
    };
    let mut others: Vec<Partition> =
        found.into_iter().map(|found| found.pk).filter(|pk| pk != place).collect();
    // The same vendor's come first.
    others.sort_by_key(|pk| !related(pk.provider(), place.provider()));
    if others.is_empty() {
        return OpsError::No(nothing.to_owned());
    }
    let meant = others
        .iter()
        .map(|pk| format!("\n  {}", line(target, &["story", pk.provider(), pk.kind(), pk.id()])));
    OpsError::No(format!("{nothing}; did you mean{}", meant.collect::<String>()))
}

/// True for two providers of one vendor.
fn related(one: &str, other: &str) -> bool {
    let vendor =
        |name: &str| ALL.iter().find(|own| own.provider.name() == name).map(|own| own.vendor);
    vendor(one).is_some() && vendor(one) == vendor(other)
}

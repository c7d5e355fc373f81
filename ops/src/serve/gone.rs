//! What a form names and does not wait any more: how it stands instead.

use std::collections::HashSet;

use page::PreviewRow;
use shared::aws::store::{Found, Store, StoreError};
use shared::fulfilment::Promise;
use shared::ledger::ItemKeys;
use shared::wire::Timestamp;

use crate::key::Key;
use crate::parked::{ParkedPromises, amount};
use crate::resume::stands;
use crate::table::plain;

/// The rows of what was ticked and is not among what waits, each looked up by its key.
pub(super) async fn gone(
    store: &Store,
    ticked: &[String],
    waiting: &ParkedPromises,
) -> Vec<PreviewRow> {
    let mut named: HashSet<&str> =
        waiting.waiting.iter().map(|(promise, _)| promise.key.as_str()).collect();
    let mut gone: Vec<(Timestamp, &str, Option<ItemKeys>)> = Vec::new();
    for choice in ticked {
        let (since, key) = page::chosen(choice).unwrap_or((Timestamp::ZERO, choice));
        if named.insert(key) {
            gone.push((since, key, key.parse().ok().map(|key: Key| key.item())));
        }
    }
    let items: Vec<ItemKeys> = gone.iter().filter_map(|(_, _, item)| item.clone()).collect();
    let found = store.promises_at(&items).await;
    gone.into_iter().map(|(since, key, item)| row(since, key, looked_up(&found, item))).collect()
}

/// The promise at a key; `Err` where nobody can tell.
fn looked_up(
    found: &Found<(ItemKeys, Promise)>,
    item: Option<ItemKeys>,
) -> Result<Option<&Promise>, &StoreError> {
    let Some(item) = item else { return Ok(None) };
    if let Some(unread) = found.unread.iter().find(|unread| unread.keys == item) {
        return Err(&unread.error);
    }
    let there = found.items.iter().find(|(keys, _)| *keys == item);
    Ok(there.map(|(_, promise)| promise))
}

fn row(since: Timestamp, key: &str, found: Result<Option<&Promise>, &StoreError>) -> PreviewRow {
    let why = match found {
        Ok(Some(promise)) if promise.parked.as_ref().is_some_and(|of| of.at == since) => {
            "it waits still, but changed since it was shown, or could not be listed; look at it \
             again"
                .into()
        }
        Ok(Some(promise)) => stands(promise),
        Ok(None) => "there is no such promise".to_owned(),
        Err(error) => format!("it could not be read: {error}"),
    };
    let terms = found.ok().flatten().map(|promise| &promise.terms);
    PreviewRow {
        key: key.to_owned(),
        since,
        // It is not to be chosen.
        version: 0,
        amount: terms.map_or_else(
            || "-".to_owned(),
            |terms| amount(terms.amount.as_deref(), terms.unit.as_deref()),
        ),
        fate: plain(&format!("left: {why}")),
        goes_on: false,
    }
}

#[cfg(test)]
mod tests {
    use shared::fulfilment::State;

    use super::*;
    use crate::parked::tests::promise;

    #[test]
    fn a_row_says_how_it_stands_now() {
        let promise = promise();
        let since = promise.parked.as_ref().unwrap().at;
        let mut denied = promise.clone();
        (denied.state, denied.parked) = (State::Denied, None);
        let spoilt = StoreError::Corrupt { item: "a promise", field: "terms".into() };
        for (since, found, amount, fate) in [
            (since, Ok(Some(&promise)), "500 points", "left: it waits still, but changed"),
            (
                Timestamp::ZERO,
                Ok(Some(&promise)),
                "500 points",
                "left: it is parked anew (unknown_outcome)",
            ),
            (since, Ok(Some(&denied)), "500 points", "left: it is not parked, but denied"),
            (since, Ok(None), "-", "left: there is no such promise"),
            (since, Err(&spoilt), "-", "left: it could not be read: corrupt item"),
        ] {
            let row = row(since, "p:1:1", found);
            assert_eq!((row.amount.as_str(), row.goes_on), (amount, false));
            assert!(row.fate.starts_with(fate), "{row:?}");
        }
    }
}

//! Recording an event while others write to the same object.

use std::collections::BTreeMap;

use crate::aws::store::{StoreError, StoredRequest};
use crate::crash;
use crate::fulfilment::{Promise, Snapshot};
use crate::ledger::{Event, Identity, Malformed, Partition, event_key, item_keys, shared_identity};
use crate::provider::definition::find;
use crate::receive::contention::Contention;
use crate::receive::decide::{Decision, decide};
use crate::receive::keep::KeptEvent;
use crate::receive::log::{Outcome, PromiseState, RequestLog};
use crate::receive::rejection::Rejection;
use crate::receive::route::{Route, path_of};
use crate::receive::{Receiver, recorded};

impl Receiver {
    /// Records an event: one read, one decision, one transaction, and all of it
    /// again while somebody else writes to the subject in between.
    pub(super) async fn commit(
        &self,
        event: &Event,
        kept: &KeptEvent<'_>,
        line: &mut RequestLog,
    ) -> Result<(Outcome, Option<Promise>), Rejection> {
        let (pk, _) = item_keys(event);
        let own = find(self.providers, event.provider.name()).ok_or(Outcome::NotFound)?;
        let mut contention = Contention::start();
        loop {
            let known = match self.known(event).await {
                Err(StoreError::Conflict) if contention.pause().await => continue,
                known => known?,
            };
            let policy = &self.settings.policy;
            let decision = decide(&known, event, policy, own.rewards, kept.received());
            let Decision::Write(write) = decision else {
                let seen = known.seen(event);
                line.duplicate_differs = seen.is_some_and(|seen| seen.sha256 != kept.sha256());
                return Ok((Outcome::Duplicate, known.promise));
            };
            let stored = kept.stored().ok_or(Outcome::TooLarge)?;
            crash::point("before_commit");
            match self.store.commit(own, (&pk, event), &known, &write, stored).await {
                Ok(()) => {
                    crash::point("after_commit");
                    line.identity = Some(write.identity);
                    line.promise_state = write.no_promise.map(PromiseState::NotPromised);
                    line.clock_ahead = write.clock_ahead;
                    line.gap = write.gaps;
                    let promise = write.promises.into_iter().next_back().or(known.promise);
                    return Ok((recorded(event), promise));
                }
                Err(StoreError::Conflict) if contention.pause().await => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Reads what the table holds of an event's subject and of the event itself. A
    /// second call is needed only where an event of another type has the same id.
    async fn known(&self, event: &Event) -> Result<Snapshot, StoreError> {
        let (pk, sk) = item_keys(event);
        let others = event.others.iter();
        let others: Vec<_> =
            others.map(|other| Partition::of(event.provider, &other.subject)).collect();
        let mut known = self.store.read(&pk, sk.as_deref(), &others).await?;
        if let (Identity::Given(id), None, false) =
            (&event.identity, known.seen(event), known.events.is_empty())
        {
            let sk = event_key(&shared_identity(id.as_str(), &event.event_type));
            let first = known.events;
            known = self.store.read(&pk, Some(&sk), &others).await?;
            known.events.extend(first);
        }
        Ok(known)
    }

    /// Keeps a body that could not be read as an event, with its route and its
    /// problem.
    pub(super) async fn quarantine(
        &self,
        route: &Route<'_>,
        malformed: &Malformed,
        stored: &StoredRequest,
    ) -> Result<(), StoreError> {
        let provider = route.definition.provider;
        let path = path_of(route.definition, route.family, route.event.unwrap_or_default());
        let described = BTreeMap::from([
            ("provider", provider.name().to_owned()),
            ("route", path),
            ("problem", malformed.to_string()),
        ]);
        let mut contention = Contention::start();
        loop {
            match self.store.quarantine(provider, &described, stored).await {
                Err(StoreError::Conflict) if contention.pause().await => {}
                other => return other,
            }
        }
    }
}

//! Writing, while others write to the same object.

use std::collections::BTreeMap;

use crate::aws::store::{Archive, StoreError};
use crate::crash;
use crate::fulfilment::Known;
use crate::fulfilment::Promise;
use crate::ledger::Provider;
use crate::ledger::{Event, Identity};
use crate::ledger::{event_key, place, shared_identity};
use crate::receive::contention::Contention;
use crate::receive::decide::{Decision, decide};
use crate::receive::log::{Line, Outcome};
use crate::receive::{Intake, Stop, recorded};

impl Intake {
    /// One read, one decision, one transaction; again while somebody else writes
    /// to the subject in between.
    pub(super) async fn write(
        &self,
        event: &Event,
        archive: &Archive,
        line: &mut Line,
    ) -> Result<(Outcome, Option<Promise>), Stop> {
        let (pk, _) = place(event);
        let mut contention = Contention::start();
        loop {
            let known = match self.known(event).await {
                Err(StoreError::Conflict) if contention.pause().await => continue,
                known => known?,
            };
            let decision = decide(&known, event, &self.settings.policy, archive.received);
            let Decision::Write(write) = decision else {
                let seen = known.seen(event);
                line.duplicate_differs = seen.is_some_and(|seen| seen.sha256 != archive.sha256);
                return Ok((Outcome::Duplicate, known.promise));
            };
            crash::point("before_commit");
            match self.store.commit(&pk, event, &known, &write, archive).await {
                Ok(()) => {
                    crash::point("after_commit");
                    line.identity = Some(write.identity);
                    line.promise_state = write.no_promise;
                    line.clock_ahead = write.clock_ahead;
                    let promise = write.promises.into_iter().next_back().or(known.promise);
                    return Ok((recorded(event), promise));
                }
                Err(StoreError::Conflict) if contention.pause().await => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// What is known of an event's subject and of the event itself. Only where its
    /// id is another type's takes that a second call.
    async fn known(&self, event: &Event) -> Result<Known, StoreError> {
        let (pk, sk) = place(event);
        let mut known = self.store.read(&pk, sk.as_deref()).await?;
        if let (Identity::Given(id), None, false) =
            (&event.identity, known.seen(event), known.events.is_empty())
        {
            let sk = event_key(&shared_identity(id.as_str(), &event.event_type));
            let first = known.events;
            known = self.store.read(&pk, Some(&sk)).await?;
            known.events.extend(first);
        }
        Ok(known)
    }

    /// Keeps what could not be read as an event.
    pub(super) async fn quarantine(
        &self,
        provider: Provider,
        described: &BTreeMap<&str, String>,
        archive: &Archive,
    ) -> Result<(), StoreError> {
        let mut contention = Contention::start();
        loop {
            match self.store.quarantine(provider, described, archive).await {
                Err(StoreError::Conflict) if contention.pause().await => {}
                other => return other,
            }
        }
    }
}

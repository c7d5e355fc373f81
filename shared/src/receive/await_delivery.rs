//! The answer that waits for a delivery.

use std::time::{Duration, Instant};

use crate::aws::store::StoreError;
use crate::crash;
use crate::fulfilment::{Input, Promise, Rules, State, Transition, transition};
use crate::ledger::{Event, ItemKeys, item_keys};
use crate::receive::Receiver;
use crate::receive::rejection::Rejection;
use crate::receive::route::Route;
use crate::wire::Timestamp;

/// The pause between two looks at whether the delivery is recorded.
const LOOK: Duration = Duration::from_millis(150);

impl Receiver {
    /// Waits for the delivery of a reward whose platform only learns of it from
    /// this answer, and notes that the platform was told.
    pub(super) async fn await_delivery(
        &self,
        route: &Route<'_>,
        event: &Event,
        mut promise: Promise,
        arrived: Instant,
    ) -> Result<Promise, Rejection> {
        let answers = route.definition.answers.as_ref();
        let waits = answers.is_some_and(|answers| (answers.awaits_delivery)(event));
        let Some(rewards) = route.definition.rewards.filter(|_| waits) else {
            return Ok(promise);
        };
        let rules = Rules { reversals: self.settings.policy.reversals, rewards };
        let (pk, _) = item_keys(event);
        // Counted from the arrival, because writing may have taken its time.
        let until = arrived + Duration::from_secs(self.settings.v1_hold_seconds.unsigned_abs());
        loop {
            let now = Timestamp::now();
            if promise.by_response && promise.state == State::Delivered {
                let told = transition(&promise, &Input::ConfirmedByResponse, rules, now);
                let Transition::Changed(told) = told else {
                    return Ok(promise);
                };
                crash::point("before_answered");
                match self.store.save_one(&pk, &told).await {
                    Ok(()) => {
                        crash::point("after_answered");
                        return Ok(*told);
                    }
                    Err(StoreError::Conflict) => {}
                    Err(error) => return Err(error.into()),
                }
            } else if !promise.awaits_response() || Instant::now() >= until {
                return Ok(promise);
            } else {
                tokio::time::sleep(LOOK).await;
            }
            let keys = ItemKeys::of_promise(pk.clone(), promise.epoch);
            let newest = self.store.promise(&keys).await?;
            promise = newest.unwrap_or(promise);
        }
    }
}

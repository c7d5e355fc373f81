//! Transitions that the platform causes: what it was asked, shows, and was told.

use crate::fulfilment::assessment::Assessment;
use crate::fulfilment::machine::{Rejected, Transitioning, WRONG_STATE};
use crate::fulfilment::reason::ParkReason;
use crate::fulfilment::state::State;
use crate::wire::Timestamp;

impl Transitioning {
    pub(super) fn approval_requested(&mut self, not_before: Timestamp) -> Result<(), Rejected> {
        self.expect(State::ApprovalDue)?;
        self.begin(State::AwaitingApproval)?;
        self.wait(not_before);
        Ok(())
    }

    pub(super) fn found(
        &mut self,
        asked_at: Timestamp,
        since: Option<Timestamp>,
        mut found: Assessment,
    ) -> Result<(), Rejected> {
        if !self.promise.state.is_asked_of_platform() {
            return Err(WRONG_STATE);
        }
        self.promise.platform.looked_up = true;
        self.promise.platform.found_at = Some(asked_at);
        // What the operator let count counts for as long as the platform shows it,
        // beside events that are older than that. It may name what it did not before.
        let shows_the_same = !self.promise.terms.contradicts(&found.terms);
        let believed = if self.promise.waives(&ParkReason::ContradictedAtProvider) {
            Some(asked_at)
        } else {
            self.promise.platform.believed_at.filter(|_| shows_the_same)
        };
        self.promise.platform.believed_at = believed;
        self.promise.platform.found_since = since;
        self.promise.lease = None;
        self.promise.retry.attempts = 0;
        if found.campaign_id.is_none() {
            found.campaign_id.clone_from(&self.promise.campaign_id);
        }
        // The platform was asked about the promise's present terms.
        found.terms = self.promise.terms.with(&found.terms);
        self.enter_by(&found)
    }

    pub(super) fn denied_there(
        &mut self,
        since: Timestamp,
        announced: bool,
    ) -> Result<(), Rejected> {
        self.promise.platform.denied_at = Some(since);
        match self.promise.state {
            State::Confirming | State::Delivered => self.take_back()?,
            state if state.is_asked_of_platform() => self.deny()?,
            _ => return Err(WRONG_STATE),
        }
        // An operator who has looked, or has to look at its reversal anyway, is enough.
        let looked = self.promise.waives(&ParkReason::ContradictedAtProvider);
        self.promise.platform.unwitnessed =
            announced && self.promise.state != State::Parked && !looked;
        Ok(())
    }

    pub(super) fn contradicted(
        &mut self,
        asked_at: Timestamp,
        not_before: Timestamp,
        last: &str,
    ) -> Result<(), Rejected> {
        let state = self.promise.state;
        if !(state.is_asked_of_platform() || state == State::Confirming) {
            return Err(WRONG_STATE);
        }
        let since = self.promise.platform.contradicted_since.unwrap_or(asked_at);
        self.retry_later(not_before, last, None)?;
        let state = self.promise.state;
        let goes_on = state.is_asked_of_platform() || state == State::Delivered;
        self.promise.platform.contradicted_since = goes_on.then_some(since);
        Ok(())
    }

    pub(super) fn confirmed_by_response(&mut self) -> Result<(), Rejected> {
        self.expect(State::Delivered)?;
        if !self.promise.by_response {
            return Err(WRONG_STATE);
        }
        self.promise.confirmed_at = Some(self.now);
        self.begin(State::Confirmed)
    }
}

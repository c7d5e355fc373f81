//! Transitions that a worker causes: it takes a task, calls out, and says what
//! came of the call.

use crate::fulfilment::machine::{Rejected, Transitioning, WRONG_STATE};
use crate::fulfilment::promise::{Endpoint, Lease};
use crate::fulfilment::reason::ParkReason;
use crate::fulfilment::state::{State, Task};
use crate::wire::Timestamp;

impl Transitioning {
    pub(super) fn leased(
        &mut self,
        until: Timestamp,
        endpoint: Option<&Endpoint>,
    ) -> Result<(), Rejected> {
        let Some(due) = self.promise.due.clone() else {
            return Err(WRONG_STATE);
        };
        if let Some(endpoint) = endpoint {
            if !self.may_call(endpoint) {
                return self.park(self.promise.state, ParkReason::UnknownOutcome, true);
            }
            self.promise.endpoint = Some(endpoint.clone());
        }
        match self.promise.state {
            State::Requested => self.enter(State::Delivering)?,
            State::Delivered => self.enter(State::Confirming)?,
            State::ReversalDue => self.enter(State::Reversing)?,
            _ => {}
        }
        self.promise.retry.attempts = self.promise.retry.attempts.saturating_add(1);
        self.promise.lease = Some(Lease { due, until, at: Some(self.now) });
        self.promise.retry.redispatch_count = 0;
        self.promise.retry.redispatched_at = None;
        Ok(())
    }

    /// True if the worker may make this call: no earlier call may have had its
    /// effect, or this one repeats it, at an endpoint that knows its key again.
    /// Promises from before the endpoint was noted do not say which one it was.
    fn may_call(&self, endpoint: &Endpoint) -> bool {
        let same = self.promise.endpoint.as_ref() == Some(endpoint);
        !self.promise.effect_uncertain || endpoint.idempotent && same
    }

    pub(super) fn done(&mut self) -> Result<(), Rejected> {
        // A definite outcome clears what earlier tries left uncertain.
        self.promise.effect_uncertain = false;
        match self.promise.state {
            State::Delivering => {
                self.promise.delivered_at = Some(self.now);
                if self.promise.withdrawal.pending {
                    self.take_back()
                } else if self.promise.terms_change.in_flight {
                    self.park(State::Delivered, ParkReason::ChangedAfterDelivery, false)
                } else {
                    self.begin(State::Delivered)
                }
            }
            State::Confirming => {
                self.promise.confirmed_at = Some(self.now);
                if self.promise.withdrawal.pending {
                    self.promise.platform.was_confirmed = true;
                    self.take_back()
                } else if self.promise.terms_change.in_flight {
                    self.park(State::Confirmed, ParkReason::ChangedAfterDelivery, false)
                } else {
                    self.begin(State::Confirmed)
                }
            }
            State::Reversing => self.reversed(),
            State::Reversed if self.promise.due.is_some() => {
                self.promise.platform.shown_fulfilled = false;
                self.nothing_more_to_say()
            }
            _ => Err(WRONG_STATE),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "it ends transitions")]
    pub(super) fn nothing_more_to_say(&mut self) -> Result<(), Rejected> {
        self.promise.due = None;
        self.promise.lease = None;
        self.promise.platform.batch_id = None;
        Ok(())
    }

    pub(super) fn refused(&mut self, reason: &ParkReason) -> Result<(), Rejected> {
        self.promise.retry.last_outcome = Some(reason.to_string());
        // The next approval does not give again what the endpoint refused, or what
        // somebody else gave.
        if self.promise.state == State::Delivering || *reason == ParkReason::FulfilledAtProvider {
            self.promise.refused = Some(reason.clone());
        }
        match self.promise.state {
            // An earlier try whose end nobody knows is not undone by this one.
            State::Delivering if self.promise.effect_uncertain => {
                self.park(State::Requested, reason.clone(), true)
            }
            State::Delivering if self.promise.withdrawal.pending => self.deny(),
            State::Delivering => self.park(State::Requested, reason.clone(), false),
            State::Confirming if self.promise.withdrawal.pending => self.take_back(),
            State::Confirming => self.park(State::Delivered, reason.clone(), false),
            State::Reversing => {
                self.park(State::ReversalDue, reason.clone(), self.promise.effect_uncertain)
            }
            state if state.is_asked_of_platform() => self.park(state, reason.clone(), false),
            // The new promise will be confirmed.
            State::Reversed if self.promise.withdrawal.next_epoch.is_some() => {
                self.nothing_more_to_say()
            }
            State::Reversed if self.promise.due.is_some() => {
                self.park(State::Reversed, reason.clone(), false)
            }
            _ => Err(WRONG_STATE),
        }
    }

    pub(super) fn retry_later(
        &mut self,
        not_before: Timestamp,
        last: &str,
        batch: Option<&String>,
    ) -> Result<(), Rejected> {
        self.promise.retry.last_outcome = Some(last.to_owned());
        self.promise.platform.batch_id = batch.cloned();
        match self.promise.state {
            State::Delivering
                if self.promise.withdrawal.pending && self.promise.effect_uncertain =>
            {
                self.park(State::Requested, ParkReason::UnknownOutcome, true)?;
            }
            State::Delivering if self.promise.withdrawal.pending => return self.deny(),
            State::Delivering if self.promise.terms_change.in_flight => {
                self.park(
                    State::Requested,
                    ParkReason::ChangedAfterDelivery,
                    self.promise.effect_uncertain,
                )?;
            }
            State::Delivering => self.enter(State::Requested)?,
            State::Confirming
                if self.promise.withdrawal.pending
                    && batch.is_none()
                    && !self.promise.effect_uncertain =>
            {
                self.take_back()?;
            }
            State::Confirming => {
                self.promise.effect_uncertain |= batch.is_some();
                if self.promise.terms_change.in_flight {
                    return self.park(State::Delivered, ParkReason::ChangedAfterDelivery, false);
                }
                self.enter(State::Delivered)?;
            }
            State::Reversing => self.enter(State::ReversalDue)?,
            state if state.is_asked_of_platform() || state == State::Reversed => {
                self.promise.lease = None;
            }
            _ => return Err(WRONG_STATE),
        }
        self.wait(not_before);
        Ok(())
    }

    pub(super) fn unknown(
        &mut self,
        not_before: Timestamp,
        last: &str,
        repeatable: bool,
    ) -> Result<(), Rejected> {
        self.promise.retry.last_outcome = Some(last.to_owned());
        match self.promise.state {
            State::Delivering => {
                self.promise.effect_uncertain = true;
                if !repeatable
                    || self.promise.withdrawal.pending
                    || self.promise.terms_change.in_flight
                {
                    return self.park(State::Requested, ParkReason::UnknownOutcome, true);
                }
                self.enter(State::Requested)?;
            }
            State::Confirming => {
                // The platform can be asked, so this is always repeatable.
                self.promise.effect_uncertain = true;
                if self.promise.terms_change.in_flight && !self.promise.withdrawal.pending {
                    return self.park(State::Delivered, ParkReason::ChangedAfterDelivery, false);
                }
                self.enter(State::Delivered)?;
            }
            State::Reversing if !repeatable => {
                return self.park(State::ReversalDue, ParkReason::UnknownOutcome, true);
            }
            State::Reversing => {
                self.promise.effect_uncertain = true;
                self.enter(State::ReversalDue)?;
            }
            state if state.is_asked_of_platform() || state == State::Reversed => {
                self.promise.lease = None;
            }
            _ => return Err(WRONG_STATE),
        }
        self.wait(not_before);
        Ok(())
    }

    /// Only a step that is owed waits.
    pub(super) fn wait(&mut self, not_before: Timestamp) {
        if self.promise.due.is_some() {
            self.promise.retry.not_before = Some(not_before);
        }
    }

    /// Taken back; where that is asked for, the platform is told.
    pub(super) fn reversed(&mut self) -> Result<(), Rejected> {
        let unmark = self.promise.platform.shown_fulfilled
            && self.promise.withdrawal.next_epoch.is_none()
            && self.unmarks();
        self.begin(State::Reversed)?;
        if unmark {
            self.owe_unmarking();
        }
        Ok(())
    }

    /// The platform is to be told that it is not fulfilled.
    pub(super) fn owe_unmarking(&mut self) {
        self.promise.due = Some(Task::Unmark.due(self.promise.seq));
    }
}

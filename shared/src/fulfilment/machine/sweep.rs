//! Transitions that the sweep causes.

use crate::fulfilment::machine::{Rejected, Transitioning, WRONG_STATE};
use crate::fulfilment::reason::ParkReason;
use crate::fulfilment::state::State;

impl Transitioning {
    /// Denied or taken back because the platform's API alone said so: the operator
    /// has to look.
    pub(super) fn unwitnessed(&mut self) -> Result<(), Rejected> {
        if !std::mem::take(&mut self.promise.platform.unwitnessed) {
            return Ok(());
        }
        match self.promise.state {
            State::Denied => self.park(State::LookupDue, ParkReason::ContradictedAtProvider, false),
            State::Reversed if self.promise.due.is_none() => {
                self.park(State::Reversed, ParkReason::ContradictedAtProvider, false)
            }
            _ => Err(WRONG_STATE),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "as the other inputs")]
    pub(super) fn redispatched(&mut self) -> Result<(), Rejected> {
        if self.promise.due.is_some() {
            self.promise.retry.redispatch_count =
                self.promise.retry.redispatch_count.saturating_add(1);
            self.promise.retry.redispatched_at = Some(self.now);
        }
        Ok(())
    }

    pub(super) fn over_age(&mut self) -> Result<(), Rejected> {
        match self.promise.state {
            State::Reversed if self.promise.withdrawal.next_epoch.is_some() => {
                self.nothing_more_to_say()
            }
            State::Reversed if self.promise.due.is_some() => {
                self.park(State::Reversed, ParkReason::OverAge, false)
            }
            State::Parked | State::Confirmed | State::Denied | State::Reversed => Ok(()),
            State::Delivering => self.park(State::Requested, ParkReason::OverAge, true),
            State::Requested => {
                self.park(State::Requested, ParkReason::OverAge, self.promise.effect_uncertain)
            }
            State::Confirming => {
                self.promise.effect_uncertain = true;
                self.park(State::Delivered, ParkReason::OverAge, false)
            }
            State::Reversing => self.park(State::ReversalDue, ParkReason::OverAge, true),
            State::ReversalDue => {
                self.park(State::ReversalDue, ParkReason::OverAge, self.promise.effect_uncertain)
            }
            state => self.park(state, self.over_age_reason(), false),
        }
    }

    /// The reason for which the promise was open for longer than is allowed.
    fn over_age_reason(&self) -> ParkReason {
        if self.promise.platform.contradicted_since.is_some() {
            ParkReason::ContradictedAtProvider
        } else {
            ParkReason::OverAge
        }
    }
}

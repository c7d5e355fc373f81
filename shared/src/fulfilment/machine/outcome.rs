//! What a call to somebody else does to its promise.

use crate::fulfilment::machine::record::{CHANGED, CONTRADICTED, GIVEN_THERE};
use crate::fulfilment::machine::{Outcome, Step, WRONG_STATE};
use crate::fulfilment::promise::{Endpoint, Lease};
use crate::fulfilment::state::State;
use crate::wire::Timestamp;

impl Step {
    pub(super) fn leased(&mut self, until: Timestamp, endpoint: Option<&Endpoint>) -> Outcome {
        let Some(due) = self.promise.due.clone() else {
            return Err(WRONG_STATE);
        };
        if let Some(endpoint) = endpoint {
            if !self.may_call(endpoint) {
                return self.park(self.promise.state, "unknown_outcome", true);
            }
            self.promise.endpoint = Some(endpoint.clone());
        }
        match self.promise.state {
            State::Requested => self.enter(State::Delivering)?,
            State::Delivered => self.enter(State::Confirming)?,
            State::ReversalDue => self.enter(State::Reversing)?,
            _ => {}
        }
        self.promise.attempts = self.promise.attempts.saturating_add(1);
        self.promise.lease = Some(Lease { due, until });
        self.promise.resent = 0;
        self.promise.resent_at = None;
        Ok(())
    }

    /// Whether this call is safe: none before it may have had its effect, or it
    /// repeats that one, at an endpoint that knows its key again. Which one that
    /// was is not known of promises from before it was noted.
    fn may_call(&self, endpoint: &Endpoint) -> bool {
        let same = self.promise.endpoint.as_ref() == Some(endpoint);
        !self.promise.check || endpoint.idempotent && same
    }

    pub(super) fn done(&mut self) -> Outcome {
        // Whatever came of the tries before it, this one is known.
        self.promise.check = false;
        match self.promise.state {
            State::Delivering => {
                self.promise.delivered_at = Some(self.now);
                if self.promise.withdrawn {
                    self.take_back()
                } else if self.promise.amended {
                    self.park(State::Delivered, CHANGED, false)
                } else {
                    self.begin(State::Delivered)
                }
            }
            State::Confirming => {
                self.promise.confirmed_at = Some(self.now);
                if self.promise.withdrawn {
                    self.promise.was_confirmed = true;
                    self.take_back()
                } else if self.promise.amended {
                    self.park(State::Confirmed, CHANGED, false)
                } else {
                    self.begin(State::Confirmed)
                }
            }
            State::Reversing => self.reversed(),
            State::Reversed if self.promise.due.is_some() => {
                self.promise.told = false;
                self.nothing_more_to_say()
            }
            _ => Err(WRONG_STATE),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "it ends transitions")]
    fn nothing_more_to_say(&mut self) -> Outcome {
        self.promise.due = None;
        self.promise.lease = None;
        self.promise.batch = None;
        Ok(())
    }

    pub(super) fn refused(&mut self, reason: &str) -> Outcome {
        self.promise.last = Some(reason.to_owned());
        // Nor is what somebody else gave: its next approval does not give it again.
        if self.promise.state == State::Delivering || reason == GIVEN_THERE {
            self.promise.refused = Some(reason.to_owned());
        }
        match self.promise.state {
            // An earlier try whose end nobody knows is not undone by this one.
            State::Delivering if self.promise.check => self.park(State::Requested, reason, true),
            State::Delivering if self.promise.withdrawn => self.deny(),
            State::Delivering => self.park(State::Requested, reason, false),
            State::Confirming if self.promise.withdrawn => self.take_back(),
            State::Confirming => self.park(State::Delivered, reason, false),
            State::Reversing => self.park(State::ReversalDue, reason, self.promise.check),
            state if state.is_asked_of_platform() => self.park(state, reason, false),
            // The new promise will be confirmed.
            State::Reversed if self.promise.again.is_some() => self.nothing_more_to_say(),
            State::Reversed if self.promise.due.is_some() => {
                self.park(State::Reversed, reason, false)
            }
            _ => Err(WRONG_STATE),
        }
    }

    pub(super) fn again(
        &mut self,
        not_before: Timestamp,
        last: &str,
        batch: Option<&String>,
    ) -> Outcome {
        self.promise.last = Some(last.to_owned());
        self.promise.batch = batch.cloned();
        match self.promise.state {
            State::Delivering if self.promise.withdrawn && self.promise.check => {
                self.park(State::Requested, "unknown_outcome", true)?;
            }
            State::Delivering if self.promise.withdrawn => return self.deny(),
            State::Delivering if self.promise.amended => {
                self.park(State::Requested, CHANGED, self.promise.check)?;
            }
            State::Delivering => self.enter(State::Requested)?,
            State::Confirming
                if self.promise.withdrawn && batch.is_none() && !self.promise.check =>
            {
                self.take_back()?;
            }
            State::Confirming => {
                self.promise.check |= batch.is_some();
                if self.promise.amended {
                    return self.park(State::Delivered, CHANGED, false);
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

    pub(super) fn contradicted(
        &mut self,
        asked_at: Timestamp,
        not_before: Timestamp,
        last: &str,
    ) -> Outcome {
        let state = self.promise.state;
        if !(state.is_asked_of_platform() || state == State::Confirming) {
            return Err(WRONG_STATE);
        }
        let since = self.promise.contradicted_since.unwrap_or(asked_at);
        self.again(not_before, last, None)?;
        let state = self.promise.state;
        let goes_on = state.is_asked_of_platform() || state == State::Delivered;
        self.promise.contradicted_since = goes_on.then_some(since);
        Ok(())
    }

    pub(super) fn unknown(
        &mut self,
        not_before: Timestamp,
        last: &str,
        repeatable: bool,
    ) -> Outcome {
        self.promise.last = Some(last.to_owned());
        match self.promise.state {
            State::Delivering => {
                self.promise.check = true;
                if !repeatable || self.promise.withdrawn || self.promise.amended {
                    return self.park(State::Requested, "unknown_outcome", true);
                }
                self.enter(State::Requested)?;
            }
            State::Confirming => {
                // The platform can be asked, so this is always repeatable.
                self.promise.check = true;
                if self.promise.amended && !self.promise.withdrawn {
                    return self.park(State::Delivered, CHANGED, false);
                }
                self.enter(State::Delivered)?;
            }
            State::Reversing if !repeatable => {
                return self.park(State::ReversalDue, "unknown_outcome", true);
            }
            State::Reversing => {
                self.promise.check = true;
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
            self.promise.not_before = Some(not_before);
        }
    }

    /// Taken back; where that is asked for, the platform is told.
    pub(super) fn reversed(&mut self) -> Outcome {
        let unmark = self.promise.told && self.promise.again.is_none() && self.unmarks();
        self.begin(State::Reversed)?;
        if unmark {
            self.owe_unmarking();
        }
        Ok(())
    }

    /// The platform is to be told that it is not fulfilled.
    pub(super) fn owe_unmarking(&mut self) {
        self.promise.due = Some(format!("unconfirm#{}", self.promise.seq));
    }

    pub(super) fn denied_there(&mut self, since: Timestamp, announced: bool) -> Outcome {
        self.promise.denied_at = Some(since);
        match self.promise.state {
            State::Confirming | State::Delivered => self.take_back()?,
            state if state.is_asked_of_platform() => self.deny()?,
            _ => return Err(WRONG_STATE),
        }
        // A person who has looked, or has to look at its reversal anyway, is enough.
        let looked = self.promise.waives(CONTRADICTED);
        self.promise.unwitnessed = announced && self.promise.state != State::Parked && !looked;
        Ok(())
    }

    /// Denied or taken back on the API's word alone: a person has to look.
    pub(super) fn unwitnessed(&mut self) -> Outcome {
        if !std::mem::take(&mut self.promise.unwitnessed) {
            return Ok(());
        }
        match self.promise.state {
            State::Denied => self.park(State::LookupDue, CONTRADICTED, false),
            State::Reversed if self.promise.due.is_none() => {
                self.park(State::Reversed, CONTRADICTED, false)
            }
            _ => Err(WRONG_STATE),
        }
    }

    pub(super) fn answered(&mut self) -> Outcome {
        self.expect(State::Delivered)?;
        if !self.promise.by_response {
            return Err(WRONG_STATE);
        }
        self.promise.confirmed_at = Some(self.now);
        self.begin(State::Confirmed)
    }

    #[expect(clippy::unnecessary_wraps, reason = "as the other inputs")]
    pub(super) fn resent(&mut self) -> Outcome {
        if self.promise.due.is_some() {
            self.promise.resent = self.promise.resent.saturating_add(1);
            self.promise.resent_at = Some(self.now);
        }
        Ok(())
    }

    pub(super) fn over_age(&mut self) -> Outcome {
        match self.promise.state {
            State::Reversed if self.promise.again.is_some() => self.nothing_more_to_say(),
            State::Reversed if self.promise.due.is_some() => {
                self.park(State::Reversed, "over_age", false)
            }
            State::Parked | State::Confirmed | State::Denied | State::Reversed => Ok(()),
            State::Delivering => self.park(State::Requested, "over_age", true),
            State::Requested => self.park(State::Requested, "over_age", self.promise.check),
            State::Confirming => {
                self.promise.check = true;
                self.park(State::Delivered, "over_age", false)
            }
            State::Reversing => self.park(State::ReversalDue, "over_age", true),
            State::ReversalDue => self.park(State::ReversalDue, "over_age", self.promise.check),
            state => self.park(state, self.over_age_reason(), false),
        }
    }

    /// What stood in the way for as long as was allowed.
    fn over_age_reason(&self) -> &'static str {
        if self.promise.contradicted_since.is_some() { CONTRADICTED } else { "over_age" }
    }
}

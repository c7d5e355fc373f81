//! Transitions that the operator causes: decisions about parked promises.

use crate::fulfilment::assessment::CLOCKS_APART;
use crate::fulfilment::decision::OperatorDecision;
use crate::fulfilment::machine::{Rejected, Transitioning};
use crate::fulfilment::promise::Parked;
use crate::fulfilment::reason::ParkReason;
use crate::fulfilment::state::State;
use crate::wire::Timestamp;

impl Transitioning {
    pub(super) fn resumed(&mut self, decision: &OperatorDecision) -> Result<(), Rejected> {
        let parked = self.promise.parked.clone().ok_or(Rejected("is not parked"))?;
        let granted = decision.resolution.granted();
        if parked.unknown && granted.is_none() {
            return Err(Rejected(
                "nobody knows what the last call came to: say whether it was given",
            ));
        }
        self.promise.decisions.push(OperatorDecision { at: self.now, ..decision.clone() });
        self.promise.open_at = self.now;
        self.promise.retry.last_outcome = None;
        self.promise.terms_change.acknowledged = self.promise.terms_change.new_terms.is_some();
        self.promise.refused = None;
        let withdrawn = std::mem::take(&mut self.promise.withdrawal.pending);
        if decision.resolution.closes() {
            return self.close(parked.from, granted, withdrawn);
        }
        match parked.from {
            State::Delivered => self.resume_delivered(granted, withdrawn),
            State::Confirmed if withdrawn => {
                self.promise.platform.was_confirmed = true;
                self.take_back()
            }
            State::ReversalDue => self.resume_reversal(granted),
            State::Reversed => self.resume_reversed(&parked.reason, granted),
            from if from.is_before_delivery() => {
                self.resume_undelivered(&parked, granted, withdrawn)
            }
            from => self.begin(from),
        }
    }

    fn resume_undelivered(
        &mut self,
        parked: &Parked,
        granted: Option<bool>,
        withdrawn: bool,
    ) -> Result<(), Rejected> {
        if !parked.unknown && !self.promise.waives(&parked.reason) {
            self.promise.waived.push(parked.reason.clone());
        }
        if granted == Some(true) {
            self.promise.delivered_at = Some(self.now);
            return if withdrawn { self.take_back() } else { self.begin(State::Delivered) };
        }
        if withdrawn { self.deny() } else { self.resume_before_delivery(parked.from) }
    }

    fn resume_delivered(&mut self, granted: Option<bool>, withdrawn: bool) -> Result<(), Rejected> {
        let check = self.promise.effect_uncertain;
        match (withdrawn, granted) {
            // The platform knows: the operator saw it, or told it.
            (false, Some(true)) => {
                self.promise.confirmed_at = Some(self.now);
                self.begin(State::Confirmed)?;
            }
            (false, _) => self.begin(State::Delivered)?,
            (true, None) if check => {
                // The platform is asked first whether it knows.
                self.begin(State::Delivered)?;
                self.promise.withdrawal.pending = true;
            }
            (true, granted) => {
                self.promise.platform.was_confirmed |= granted == Some(true);
                return self.take_back();
            }
        }
        self.promise.effect_uncertain = check;
        Ok(())
    }

    fn resume_reversal(&mut self, granted: Option<bool>) -> Result<(), Rejected> {
        if granted == Some(true) {
            return self.reversed();
        }
        // Approved again meanwhile, it stays given.
        let again = granted.and_then(|_| self.promise.withdrawal.next_epoch.take());
        match again {
            Some(again) => self.not_taken_back(&again.terms),
            None => self.begin(State::ReversalDue),
        }
    }

    fn resume_reversed(
        &mut self,
        reason: &ParkReason,
        granted: Option<bool>,
    ) -> Result<(), Rejected> {
        self.begin(State::Reversed)?;
        if *reason != ParkReason::ContradictedAtProvider && granted != Some(true) {
            self.owe_unmarking();
        }
        Ok(())
    }

    /// Settles the promise as it stands: what was given is kept, what was not is not
    /// given. Of a call that nobody knows about, the operator says which.
    fn close(
        &mut self,
        from: State,
        granted: Option<bool>,
        withdrawn: bool,
    ) -> Result<(), Rejected> {
        match (from, granted) {
            (from, Some(true)) if from.is_before_delivery() => {
                self.promise.delivered_at = Some(self.now);
                self.promise.withdrawal.reversal_waived = withdrawn;
                self.begin(State::Confirmed)
            }
            (from, _) if from.is_before_delivery() => {
                // Only events that announce it from now on are news; clocks differ.
                // The event that announced it may be dated ahead of now.
                let known = Timestamp::from_ms(self.promise.announced_at.ms().saturating_add(1));
                self.promise.platform.denied_at =
                    Some(self.now.plus_seconds(-CLOCKS_APART).max(known));
                self.begin(State::Denied)
            }
            (State::Reversed, _) | (State::ReversalDue, Some(true)) => self.begin(State::Reversed),
            (from, _) => {
                self.promise.withdrawal.reversal_waived = withdrawn || from == State::ReversalDue;
                self.begin(State::Confirmed)
            }
        }
    }

    /// Nothing was given: on the terms stated last, and not without asking the
    /// platform where it has to be asked.
    pub(super) fn resume_before_delivery(&mut self, from: State) -> Result<(), Rejected> {
        if matches!(from, State::ApprovalDue | State::AwaitingApproval) {
            return self.begin(from);
        }
        if let Some(stated) = self.promise.terms_change.new_terms.take() {
            // Assessed like those of a new promise.
            self.promise.terms = stated;
            self.promise.platform.forget();
            self.promise.terms_change.acknowledged = false;
            return self.begin(State::LookupDue);
        }
        let promise = &self.promise;
        let unasked =
            !self.rules.rewards.is_signed && !promise.by_response && !promise.platform.looked_up;
        if unasked || !self.promise.terms.is_complete() || from == State::LookupDue {
            // What was found before is not taken for the answer.
            self.promise.platform.looked_up = false;
            return self.begin(State::LookupDue);
        }
        self.begin(from)
    }
}

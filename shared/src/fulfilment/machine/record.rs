//! Transitions that the record of a reward causes, as its events state it.

use crate::fulfilment::assessment::{Assessment, Start};
use crate::fulfilment::machine::{Rejected, Transitioning};
use crate::fulfilment::promise::{NextEpoch, Opening, Parked};
use crate::fulfilment::reason::ParkReason;
use crate::fulfilment::state::State;
use crate::fulfilment::terms::Terms;

impl Transitioning {
    /// Takes down the terms that the events state now. True if they are neither the
    /// promise's nor those that the operator has seen.
    fn restated(&mut self, terms: &Terms) -> bool {
        let differs = self.promise.terms.differs(terms);
        let stated = differs.then(|| self.promise.terms.with(terms));
        if stated != self.promise.terms_change.new_terms {
            self.promise.terms_change.acknowledged = false;
            self.promise.terms_change.new_terms = stated;
        }
        differs && !self.promise.terms_change.acknowledged
    }

    /// Approved again, and the reward is being taken back: once it is, there
    /// will be a new one.
    fn remember(&mut self, now: &Assessment) {
        let start = match &now.entry {
            Start::Deliver => Some(Opening::Deliver),
            Start::LookUp | Start::Ask => Some(Opening::Ask),
            Start::Park(reason) => Some(Opening::Park(reason.clone())),
            Start::Nothing => None,
        };
        let refused = self.promise.refused.clone();
        let start = match (start, refused) {
            // The endpoint refused it: not sent again without a person.
            (Some(_), Some(reason)) => Some(Opening::Park(reason)),
            (start, _) => start,
        };
        self.promise.withdrawal.next_epoch = start.map(|opening| NextEpoch {
            terms: now.terms.clone(),
            opening,
            campaign_id: now.campaign_id.clone(),
            announced_at: now.announced_at,
        });
        self.promise.withdrawal.pending = false;
        self.promise.platform.denied_at = None;
        self.promise.platform.unwitnessed = false;
    }

    /// Not taken back after all.
    pub(super) fn not_taken_back(&mut self, terms: &Terms) -> Result<(), Rejected> {
        self.promise.withdrawal.next_epoch = None;
        self.promise.platform.denied_at = None;
        if self.restated(terms) {
            return self.park(self.given(), ParkReason::ChangedAfterDelivery, false);
        }
        self.enter(self.given())
    }

    /// Starts over on the terms of the record: no call may have given the reward.
    pub(super) fn enter_by(&mut self, now: &Assessment) -> Result<(), Rejected> {
        let differs = self.promise.terms.differs(&now.terms);
        if now.ask_anew || now.entry == Start::Ask && differs {
            // v1 is unsigned: other terms are asked for anew.
            self.promise.platform.forget();
        }
        if differs {
            // What a person waived was said of others.
            self.promise.waived.clear();
        }
        if self.promise.state != State::LookupDue && self.promise.state.is_asked_of_platform() {
            // It was open for as long as the approval took.
            self.promise.open_at = self.now;
        }
        self.take_over(now);
        let (state, reason) = match &now.entry {
            Start::LookUp | Start::Ask if !self.promise.platform.looked_up => {
                (State::LookupDue, None)
            }
            // The platform does not know it either.
            Start::LookUp => (State::Parked, Some(&ParkReason::NotKnownAtProvider)),
            Start::Deliver | Start::Ask => (State::Requested, None),
            Start::Park(reason) => (State::Parked, Some(reason)),
            Start::Nothing => return self.deny(),
        };
        let parked = self.promise.parked.as_ref().map(|parked| &parked.reason);
        match reason {
            _ if state == self.promise.state && parked == reason => Ok(()),
            Some(reason) => self.park(State::Requested, reason.clone(), false),
            None => self.begin(state),
        }
    }

    /// Takes over what the record states now, as if it had been promised so.
    fn take_over(&mut self, now: &Assessment) {
        self.promise.terms = now.terms.clone();
        self.promise.campaign_id.clone_from(&now.campaign_id);
        self.promise.announced_at = now.announced_at.unwrap_or(self.promise.announced_at);
        self.promise.terms_change.new_terms = None;
        self.promise.terms_change.acknowledged = false;
        self.promise.platform.denied_at = None;
        self.promise.platform.unwitnessed = false;
    }

    pub(super) fn approved(&mut self, now: &Assessment) -> Result<(), Rejected> {
        match self.promise.state {
            State::Denied if now.entry == Start::Nothing => Ok(()),
            State::Denied => self.approved_again(now),
            State::Reversed | State::Reversing => {
                self.remember(now);
                Ok(())
            }
            State::ReversalDue if self.promise.effect_uncertain => {
                // It may be taken back already: that is settled first.
                self.remember(now);
                Ok(())
            }
            State::ReversalDue => self.not_taken_back(&now.terms),
            State::Parked => self.approved_while_parked(now),
            State::ApprovalDue | State::AwaitingApproval => self.enter_by(now),
            // Nothing went out yet on the present terms.
            State::LookupDue => self.enter_by(now),
            State::Requested if self.promise.retry.attempts == 0 => self.enter_by(now),
            State::Requested => {
                if self.restated(&now.terms) {
                    return self.park(
                        State::Requested,
                        ParkReason::ChangedAfterDelivery,
                        self.promise.effect_uncertain,
                    );
                }
                let reason = match &now.entry {
                    Start::Deliver | Start::Ask => return Ok(()),
                    Start::Park(reason) => reason.clone(),
                    // What it was tried with is not known any more.
                    Start::LookUp | Start::Nothing => ParkReason::ChangedAfterDelivery,
                };
                self.park(State::Requested, reason, self.promise.effect_uncertain)
            }
            State::Delivering | State::Confirming => {
                self.promise.withdrawal.pending = false;
                self.promise.terms_change.in_flight = self.restated(&now.terms);
                Ok(())
            }
            State::Confirmed if std::mem::take(&mut self.promise.withdrawal.reversal_waived) => {
                self.not_taken_back(&now.terms)
            }
            State::Delivered | State::Confirmed => {
                self.promise.withdrawal.pending = false;
                if self.restated(&now.terms) {
                    return self.park(self.promise.state, ParkReason::ChangedAfterDelivery, false);
                }
                Ok(())
            }
        }
    }

    /// Pending, announced by nothing, and FirstPromoter may be asked to approve it.
    pub(super) fn askable(&mut self, now: &Assessment) -> Result<(), Rejected> {
        match self.promise.state {
            State::ApprovalDue => {
                self.take_over(now);
                Ok(())
            }
            // It could not be asked for as it was then.
            State::Denied if self.promise.refused.is_none() => {
                self.promise.open_at = self.now;
                self.take_over(now);
                self.begin(State::ApprovalDue)
            }
            _ => Ok(()),
        }
    }

    /// Approved after it was denied: nothing was given.
    fn approved_again(&mut self, now: &Assessment) -> Result<(), Rejected> {
        self.promise.open_at = self.now;
        match self.promise.refused.clone() {
            None => self.enter_by(now),
            // The endpoint refused it: not sent again without a person.
            Some(reason) => {
                self.take_over(now);
                self.park(State::Requested, reason, false)
            }
        }
    }

    pub(super) fn approved_while_parked(&mut self, now: &Assessment) -> Result<(), Rejected> {
        self.promise.withdrawal.pending = false;
        let Some(parked) = self.promise.parked.clone() else {
            return Ok(());
        };
        if parked.from == State::ReversalDue && !parked.unknown {
            return self.not_taken_back(&now.terms);
        }
        if parked.from == State::ReversalDue {
            self.remember(now);
            return Ok(());
        }
        if !parked.unknown && self.may_begin_anew(&parked) {
            self.promise.open_at = self.now;
            return self.enter_by(now);
        }
        if parked.from == State::Reversed {
            self.remember(now);
            return self.begin(State::Reversed);
        }
        self.restated(&now.terms);
        Ok(())
    }

    /// True if a new approval ends what it was parked for: the approval that the
    /// platform was asked for came, or nothing had gone out.
    fn may_begin_anew(&self, parked: &Parked) -> bool {
        let waited = matches!(parked.from, State::ApprovalDue | State::AwaitingApproval);
        let untried = parked.from.is_before_delivery() && self.promise.retry.attempts == 0;
        // Only look-ups were tried, and what they contradicted was announced anew.
        let news = parked.from == State::LookupDue
            && parked.reason == ParkReason::ContradictedAtProvider
            && self.promise.platform.denied_at.is_some();
        waited && parked.reason != ParkReason::FulfilledAtProvider || untried || news
    }

    pub(super) fn withdrawn(&mut self) -> Result<(), Rejected> {
        self.promise.withdrawal.next_epoch = None;
        match self.promise.state {
            // A try that nobody knows about may have given it.
            State::Requested if self.promise.effect_uncertain => {
                self.promise.withdrawal.pending = true;
                self.park(State::Requested, ParkReason::UnknownOutcome, true)
            }
            state if state.is_before_delivery() => self.deny(),
            State::Delivered if self.promise.effect_uncertain => {
                // Whether the platform knows is asked first.
                self.promise.withdrawal.pending = true;
                Ok(())
            }
            State::Delivered => self.take_back(),
            State::Confirmed if self.promise.withdrawal.reversal_waived => Ok(()),
            State::Confirmed => {
                self.promise.platform.was_confirmed = true;
                self.take_back()
            }
            State::Delivering | State::Confirming => {
                self.promise.withdrawal.pending = true;
                Ok(())
            }
            State::Parked => self.withdrawn_while_parked(),
            // Closed by a person, and the platform shows the one before it.
            State::Denied if self.promise.platform.shown_fulfilled && self.unmarks() => self.deny(),
            State::Denied | State::ReversalDue | State::Reversing | State::Reversed => {
                self.promise.platform.unwitnessed = false;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn withdrawn_while_parked(&mut self) -> Result<(), Rejected> {
        let Some(parked) = self.promise.parked.clone() else {
            return Ok(());
        };
        if parked.from.is_before_delivery() && !parked.unknown {
            return self.deny();
        }
        if parked.from == State::Reversed && parked.reason == ParkReason::ContradictedAtProvider {
            return self.begin(State::Reversed);
        }
        self.promise.withdrawal.pending = parked.from != State::ReversalDue;
        Ok(())
    }
}

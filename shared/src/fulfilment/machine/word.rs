//! What a person's word does to a parked promise.

use crate::fulfilment::announce::CLOCKS_APART;
use crate::fulfilment::machine::{CONTRADICTED, Outcome, Step, Stepped, Word};
use crate::fulfilment::promise::Spoken;
use crate::fulfilment::state::State;
use crate::wire::Timestamp;

impl Step {
    pub(super) fn resumed(&mut self, word: &Word) -> Outcome {
        let parked = self.promise.parked.clone().ok_or(Stepped::Invalid("is not parked"))?;
        if parked.unknown && word.granted.is_none() {
            return Err(Stepped::Invalid(
                "nobody knows what the last call came to: say whether it was granted",
            ));
        }
        self.promise.words.push(Spoken {
            by: word.by.clone(),
            granted: word.granted,
            close: word.close,
            because: word.because.clone(),
            at: self.now,
        });
        self.promise.open_at = self.now;
        self.promise.last = None;
        self.promise.seen = self.promise.stated.is_some();
        self.promise.refused = None;
        let withdrawn = std::mem::take(&mut self.promise.withdrawn);
        if word.close {
            return self.close(parked.from, word.granted, withdrawn);
        }
        if parked.from == State::Reversed && parked.reason == CONTRADICTED {
            return self.begin(State::Reversed);
        }
        let waives = parked.from.is_before_delivery() && !parked.unknown;
        if waives && !self.promise.waives(&parked.reason) {
            self.promise.waived.push(parked.reason.clone());
        }
        let check = self.promise.check && parked.from == State::Delivered;
        match (parked.from, word.granted) {
            (State::ReversalDue, Some(true)) => self.reversed()?,
            (State::ReversalDue, Some(false)) => {
                // Approved again meanwhile, it stays given.
                if let Some(again) = self.promise.again.take() {
                    return self.not_taken_back(&again.terms);
                }
                self.begin(State::ReversalDue)?;
            }
            (State::Reversed, granted) => {
                self.begin(State::Reversed)?;
                if granted != Some(true) {
                    self.owe_unmarking();
                }
            }
            // The platform knows: a person saw it, or told it.
            (State::Delivered, Some(true)) if !withdrawn => {
                self.promise.confirmed_at = Some(self.now);
                self.begin(State::Confirmed)?;
            }
            (from, Some(true)) if from.is_before_delivery() => {
                self.promise.delivered_at = Some(self.now);
                if withdrawn {
                    return self.take_back();
                }
                self.begin(State::Delivered)?;
            }
            (from, _) if from.is_before_delivery() && withdrawn => return self.deny(),
            (State::Delivered, None) if withdrawn && check => {
                // Whether the platform knows is asked first.
                self.begin(State::Delivered)?;
                self.promise.withdrawn = true;
            }
            (from @ (State::Delivered | State::Confirmed), granted) if withdrawn => {
                self.promise.was_confirmed |= from == State::Confirmed || granted == Some(true);
                return self.take_back();
            }
            (from, _) if from.is_before_delivery() => self.resume_before_delivery(from)?,
            (from, _) => self.begin(from)?,
        }
        self.promise.check = check;
        Ok(())
    }

    /// As it stands: what was given is kept, what was not is not given. Of a call
    /// that nobody knows about, the person says which.
    fn close(&mut self, from: State, granted: Option<bool>, withdrawn: bool) -> Outcome {
        match (from, granted) {
            (from, Some(true)) if from.is_before_delivery() => {
                self.promise.delivered_at = Some(self.now);
                self.promise.kept = withdrawn;
                self.begin(State::Confirmed)
            }
            (from, _) if from.is_before_delivery() => {
                // Only what is announced from now on is news; clocks differ. What
                // announced it may be dated ahead of now.
                let known = Timestamp::from_ms(self.promise.announced_at.ms().saturating_add(1));
                self.promise.denied_at = Some(self.now.plus_seconds(-CLOCKS_APART).max(known));
                self.begin(State::Denied)
            }
            (State::Reversed, _) | (State::ReversalDue, Some(true)) => self.begin(State::Reversed),
            (from, _) => {
                self.promise.kept = withdrawn || from == State::ReversalDue;
                self.begin(State::Confirmed)
            }
        }
    }

    /// Nothing was given: on the terms stated last, and not without asking the
    /// platform where it has to be asked.
    pub(super) fn resume_before_delivery(&mut self, from: State) -> Outcome {
        if matches!(from, State::ApprovalDue | State::AwaitingApproval) {
            return self.begin(from);
        }
        if let Some(stated) = self.promise.stated.take() {
            // Assessed like those of a new promise.
            self.promise.terms = stated;
            self.promise.looked_up = false;
            self.promise.seen = false;
            return self.begin(State::LookupDue);
        }
        let promise = &self.promise;
        let unasked = promise.is_v1() && !promise.by_response && !promise.looked_up;
        if unasked || !self.promise.terms.is_complete() || from == State::LookupDue {
            // What was found before is not taken for the answer.
            self.promise.looked_up = false;
            return self.begin(State::LookupDue);
        }
        self.begin(from)
    }
}

//! What a person's word does to a parked promise.

use crate::fulfilment::machine::{Outcome, Step, Stepped, Word};
use crate::fulfilment::promise::{Spoken, State};

impl Step {
    pub(super) fn resumed(&mut self, word: &Word) -> Outcome {
        let parked = self
            .promise
            .parked
            .clone()
            .ok_or(Stepped::Invalid("is not parked"))?;
        if parked.unknown && word.granted.is_none() {
            return Err(Stepped::Invalid(
                "nobody knows what the last call came to: say whether it was granted",
            ));
        }
        if word.keep && (parked.from != State::ReversalDue || parked.unknown) {
            return Err(Stepped::Invalid(
                "only what was given and is to be taken back can be kept",
            ));
        }
        self.promise.words.push(Spoken {
            by: word.by.clone(),
            granted: word.granted,
            keep: word.keep,
            because: word.because.clone(),
            at: self.now,
        });
        self.promise.open_at = self.now;
        self.promise.last = None;
        self.promise.seen = self.promise.stated.is_some();
        let withdrawn = std::mem::take(&mut self.promise.withdrawn);
        if word.keep {
            self.promise.kept = true;
            return self.begin(State::Confirmed);
        }
        if parked.from.is_before_delivery() && !parked.unknown {
            self.promise.waived = Some(parked.reason.clone());
        }
        let check = self.promise.check && parked.from == State::Delivered;
        match (parked.from, word.granted) {
            (State::ReversalDue, Some(true)) => self.reversed()?,
            (State::Reversed, granted) => {
                self.begin(State::Reversed)?;
                if granted != Some(true) {
                    self.owe_unmarking();
                }
            }
            // Its platform will not ask again: a person told it.
            (State::Delivered, Some(true)) if self.promise.by_response && !withdrawn => {
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
            (from, _) if from.is_before_delivery() && withdrawn => self.begin(State::Denied)?,
            (State::Delivered | State::Confirmed, _) if withdrawn => {
                self.promise.was_confirmed |= parked.from == State::Confirmed;
                return self.take_back();
            }
            (from, _) if from.is_before_delivery() => self.resume_before_delivery(from)?,
            (from, _) => self.begin(from)?,
        }
        self.promise.check = check;
        Ok(())
    }

    /// Nothing was given: on the terms stated last, and not without asking the
    /// platform where it has to be asked.
    pub(super) fn resume_before_delivery(&mut self, from: State) -> Outcome {
        if let Some(stated) = self.promise.stated.take() {
            self.promise.terms = stated;
            self.promise.looked_up = false;
        }
        let v1 = self.promise.key.starts_with("firstpromoter-v1:");
        let unasked = v1 && !self.promise.by_response && !self.promise.looked_up;
        if unasked || !self.promise.terms.is_complete() {
            return self.begin(State::LookupDue);
        }
        self.begin(from)
    }
}

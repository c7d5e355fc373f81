//! What the record of a reward does to its promise, and what a look-up found.

use crate::fulfilment::machine::{Entry, Outcome, Step, WRONG_STATE};
use crate::fulfilment::promise::{Again, Start, State};
use crate::fulfilment::terms::Terms;
use crate::timestamp::Timestamp;

/// Why a promise is parked whose terms changed when something had gone out.
pub(super) const CHANGED: &str = "changed_after_delivery";
/// Why one is parked that the platform shows as fulfilled before it was given.
pub const GIVEN_THERE: &str = "fulfilled_at_provider";

impl Step {
    /// Takes down the terms that the platform states now. Whether they are
    /// neither ours nor those that a person has seen.
    fn restated(&mut self, terms: &Terms) -> bool {
        let differs = self.promise.terms.differs(terms);
        let stated = differs.then(|| self.promise.terms.with(terms));
        if stated != self.promise.stated {
            self.promise.seen = false;
            self.promise.stated = stated;
        }
        differs && !self.promise.seen
    }

    /// Approved again, and the reward is being taken back: once it is, there
    /// will be a new one.
    fn remember(&mut self, terms: &Terms, entry: Entry) {
        let start = match entry {
            Entry::Deliver => Some(Start::Deliver),
            Entry::LookUp | Entry::Ask => Some(Start::Ask),
            Entry::Park(reason) => Some(Start::Park(reason.to_owned())),
            Entry::Nothing => None,
        };
        let refused = self.promise.refused.clone();
        let start = match (start, refused) {
            // The endpoint refused it: not sent again without a person.
            (Some(_), Some(reason)) => Some(Start::Park(reason)),
            (start, _) => start,
        };
        let terms = self.promise.known(terms);
        self.promise.again = start.map(|start| Again { terms, start });
        self.promise.withdrawn = false;
    }

    /// Not taken back after all.
    pub(super) fn not_taken_back(&mut self, terms: &Terms) -> Outcome {
        self.promise.again = None;
        if self.restated(terms) {
            return self.park(self.given(), CHANGED, false);
        }
        self.enter(self.given())
    }

    /// Begins anew on these terms: nothing went out yet.
    pub(super) fn enter_by(&mut self, terms: &Terms, entry: Entry) -> Outcome {
        if entry == Entry::Ask && self.promise.terms.differs(terms) {
            // v1 is unsigned: other terms are asked for anew.
            self.promise.looked_up = false;
        }
        if self.promise.terms.differs(terms) {
            // What a person waived was said of others.
            self.promise.waived = None;
        }
        if self.promise.state != State::LookupDue && self.promise.state.is_asked_of_platform() {
            // It was open for as long as the approval took.
            self.promise.open_at = self.now;
        }
        self.promise.terms = self.promise.known(terms);
        self.promise.stated = None;
        self.promise.seen = false;
        let (state, reason) = match entry {
            Entry::LookUp | Entry::Ask if !self.promise.looked_up => (State::LookupDue, None),
            // The platform does not know it either.
            Entry::LookUp => (State::Parked, Some("not_known_at_provider")),
            Entry::Deliver | Entry::Ask => (State::Requested, None),
            Entry::Park(reason) => (State::Parked, Some(reason)),
            Entry::Nothing => return self.deny(),
        };
        let parked = self.promise.parked.as_ref().map(|parked| parked.reason.as_str());
        match reason {
            _ if state == self.promise.state && parked == reason => Ok(()),
            Some(reason) => self.park(State::Requested, reason, false),
            None => self.begin(state),
        }
    }

    pub(super) fn approved(&mut self, terms: &Terms, entry: Entry) -> Outcome {
        match self.promise.state {
            State::Denied if entry == Entry::Nothing => Ok(()),
            State::Denied => self.approved_again(terms, entry),
            State::Reversed | State::Reversing => {
                self.remember(terms, entry);
                Ok(())
            }
            State::ReversalDue if self.promise.check => {
                // It may be taken back already: that is settled first.
                self.remember(terms, entry);
                Ok(())
            }
            State::ReversalDue => self.not_taken_back(terms),
            State::Parked => self.approved_while_parked(terms, entry),
            State::ApprovalDue | State::AwaitingApproval => self.enter_by(terms, entry),
            // Nothing went out yet on the present terms.
            State::LookupDue => self.enter_by(terms, entry),
            State::Requested if self.promise.attempts == 0 => self.enter_by(terms, entry),
            State::Requested => {
                if self.restated(terms) {
                    return self.park(State::Requested, CHANGED, self.promise.check);
                }
                Ok(())
            }
            State::Delivering | State::Confirming => {
                self.promise.withdrawn = false;
                self.promise.amended = self.restated(terms);
                Ok(())
            }
            State::Confirmed if std::mem::take(&mut self.promise.kept) => {
                self.not_taken_back(terms)
            }
            State::Delivered | State::Confirmed => {
                self.promise.withdrawn = false;
                if self.restated(terms) {
                    return self.park(self.promise.state, CHANGED, false);
                }
                Ok(())
            }
        }
    }

    /// Approved after it was denied: nothing was given.
    fn approved_again(&mut self, terms: &Terms, entry: Entry) -> Outcome {
        self.promise.open_at = self.now;
        match self.promise.refused.clone() {
            None => self.enter_by(terms, entry),
            // The endpoint refused it: not sent again without a person.
            Some(reason) => {
                self.promise.terms = self.promise.known(terms);
                self.park(State::Requested, &reason, false)
            }
        }
    }

    pub(super) fn approved_while_parked(&mut self, terms: &Terms, entry: Entry) -> Outcome {
        self.promise.withdrawn = false;
        let Some(parked) = self.promise.parked.clone() else {
            return Ok(());
        };
        if parked.from == State::ReversalDue && !parked.unknown {
            return self.not_taken_back(terms);
        }
        if parked.from == State::ReversalDue {
            self.remember(terms, entry);
            return Ok(());
        }
        // What was asked for came, or nothing had gone out.
        let asked = matches!(parked.from, State::ApprovalDue | State::AwaitingApproval)
            && parked.reason != GIVEN_THERE;
        let untried = parked.from.is_before_delivery() && self.promise.attempts == 0;
        if !parked.unknown && (asked || untried) {
            self.promise.open_at = self.now;
            return self.enter_by(terms, entry);
        }
        if parked.from == State::Reversed {
            self.remember(terms, entry);
            return self.begin(State::Reversed);
        }
        self.restated(terms);
        Ok(())
    }

    pub(super) fn withdrawn(&mut self) -> Outcome {
        self.promise.again = None;
        match self.promise.state {
            // A try that nobody knows about may have given it.
            State::Requested if self.promise.check => {
                self.promise.withdrawn = true;
                self.park(State::Requested, "unknown_outcome", true)
            }
            state if state.is_before_delivery() => self.deny(),
            State::Delivered if self.promise.check => {
                // Whether the platform knows is asked first.
                self.promise.withdrawn = true;
                Ok(())
            }
            State::Delivered => self.take_back(),
            State::Confirmed if self.promise.kept => Ok(()),
            State::Confirmed => {
                self.promise.was_confirmed = true;
                self.take_back()
            }
            State::Delivering | State::Confirming => {
                self.promise.withdrawn = true;
                Ok(())
            }
            State::Parked => self.withdrawn_while_parked(),
            // Closed by a person, and the platform shows the one before it.
            State::Denied if self.promise.told && self.unmarks() => self.deny(),
            _ => Ok(()),
        }
    }

    pub(super) fn withdrawn_while_parked(&mut self) -> Outcome {
        let Some(parked) = self.promise.parked.clone() else {
            return Ok(());
        };
        if parked.from.is_before_delivery() && !parked.unknown {
            return self.deny();
        }
        self.promise.withdrawn = parked.from != State::ReversalDue;
        Ok(())
    }

    pub(super) fn found(
        &mut self,
        asked_at: Timestamp,
        terms: &Terms,
        campaign: Option<&String>,
        entry: Entry,
    ) -> Outcome {
        if !self.promise.state.is_asked_of_platform() {
            return Err(WRONG_STATE);
        }
        self.promise.looked_up = true;
        self.promise.found_at = Some(asked_at);
        if campaign.is_some() {
            self.promise.campaign_id = campaign.cloned();
        }
        self.promise.lease = None;
        self.promise.attempts = 0;
        // These are the terms that the platform was asked about.
        self.promise.terms = self.promise.terms.with(terms);
        self.enter_by(terms, entry)
    }

    pub(super) fn asked(&mut self, not_before: Timestamp) -> Outcome {
        self.expect(State::ApprovalDue)?;
        self.begin(State::AwaitingApproval)?;
        self.wait(not_before);
        Ok(())
    }
}

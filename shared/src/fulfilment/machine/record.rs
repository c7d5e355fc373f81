//! What the record of a reward does to its promise, and what a look-up found.

use crate::fulfilment::announce::Assessment;
use crate::fulfilment::machine::{Entry, Outcome, Step, WRONG_STATE};
use crate::fulfilment::promise::{Again, Parked, Start};
use crate::fulfilment::state::State;
use crate::fulfilment::terms::Terms;
use crate::wire::Timestamp;

/// Why a promise is parked whose terms changed when something had gone out.
pub(super) const CHANGED: &str = "changed_after_delivery";
/// Why one is parked that the platform shows as fulfilled before it was given.
pub const GIVEN_THERE: &str = "fulfilled_at_provider";
/// Why one is parked that the platform's API showed otherwise than its events
/// announced it until it was over age, or denied while no event did.
pub const CONTRADICTED: &str = "contradicted_at_provider";

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
    fn remember(&mut self, now: &Assessment) {
        let start = match now.entry {
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
        self.promise.again = start.map(|start| Again {
            terms: now.terms.clone(),
            start,
            campaign_id: now.campaign_id.clone(),
            announced_at: now.announced_at,
        });
        self.promise.withdrawn = false;
        self.promise.denied_at = None;
        self.promise.unwitnessed = false;
    }

    /// Not taken back after all.
    pub(super) fn not_taken_back(&mut self, terms: &Terms) -> Outcome {
        self.promise.again = None;
        self.promise.denied_at = None;
        if self.restated(terms) {
            return self.park(self.given(), CHANGED, false);
        }
        self.enter(self.given())
    }

    /// Begins anew as the record states it: nothing went out yet.
    pub(super) fn enter_by(&mut self, now: &Assessment) -> Outcome {
        let differs = self.promise.terms.differs(&now.terms);
        if now.ask_anew || now.entry == Entry::Ask && differs {
            // v1 is unsigned: other terms are asked for anew.
            self.promise.looked_up = false;
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
        let (state, reason) = match now.entry {
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

    /// Takes over what the record states now, as if it had been promised so.
    fn take_over(&mut self, now: &Assessment) {
        self.promise.terms = now.terms.clone();
        self.promise.campaign_id.clone_from(&now.campaign_id);
        self.promise.announced_at = now.announced_at.unwrap_or(self.promise.announced_at);
        self.promise.stated = None;
        self.promise.seen = false;
        self.promise.denied_at = None;
        self.promise.unwitnessed = false;
    }

    pub(super) fn approved(&mut self, now: &Assessment) -> Outcome {
        match self.promise.state {
            State::Denied if now.entry == Entry::Nothing => Ok(()),
            State::Denied => self.approved_again(now),
            State::Reversed | State::Reversing => {
                self.remember(now);
                Ok(())
            }
            State::ReversalDue if self.promise.check => {
                // It may be taken back already: that is settled first.
                self.remember(now);
                Ok(())
            }
            State::ReversalDue => self.not_taken_back(&now.terms),
            State::Parked => self.approved_while_parked(now),
            State::ApprovalDue | State::AwaitingApproval => self.enter_by(now),
            // Nothing went out yet on the present terms.
            State::LookupDue => self.enter_by(now),
            State::Requested if self.promise.attempts == 0 => self.enter_by(now),
            State::Requested => {
                if self.restated(&now.terms) {
                    return self.park(State::Requested, CHANGED, self.promise.check);
                }
                let reason = match now.entry {
                    Entry::Deliver | Entry::Ask => return Ok(()),
                    Entry::Park(reason) => reason,
                    // What it was tried with is not known any more.
                    Entry::LookUp | Entry::Nothing => CHANGED,
                };
                self.park(State::Requested, reason, self.promise.check)
            }
            State::Delivering | State::Confirming => {
                self.promise.withdrawn = false;
                self.promise.amended = self.restated(&now.terms);
                Ok(())
            }
            State::Confirmed if std::mem::take(&mut self.promise.kept) => {
                self.not_taken_back(&now.terms)
            }
            State::Delivered | State::Confirmed => {
                self.promise.withdrawn = false;
                if self.restated(&now.terms) {
                    return self.park(self.promise.state, CHANGED, false);
                }
                Ok(())
            }
        }
    }

    /// Pending, announced by nothing, and FirstPromoter may be asked to approve it.
    pub(super) fn askable(&mut self, now: &Assessment) -> Outcome {
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
    fn approved_again(&mut self, now: &Assessment) -> Outcome {
        self.promise.open_at = self.now;
        match self.promise.refused.clone() {
            None => self.enter_by(now),
            // The endpoint refused it: not sent again without a person.
            Some(reason) => {
                self.take_over(now);
                self.park(State::Requested, &reason, false)
            }
        }
    }

    pub(super) fn approved_while_parked(&mut self, now: &Assessment) -> Outcome {
        self.promise.withdrawn = false;
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

    /// Whether what it was parked for is over with a new approval: what was asked
    /// for came, or nothing had gone out.
    fn may_begin_anew(&self, parked: &Parked) -> bool {
        let waited = matches!(parked.from, State::ApprovalDue | State::AwaitingApproval);
        let untried = parked.from.is_before_delivery() && self.promise.attempts == 0;
        // Only look-ups were tried, and what they contradicted was announced anew.
        let news = parked.from == State::LookupDue
            && parked.reason == CONTRADICTED
            && self.promise.denied_at.is_some();
        waited && parked.reason != GIVEN_THERE || untried || news
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
            State::Denied | State::ReversalDue | State::Reversing | State::Reversed => {
                self.promise.unwitnessed = false;
                Ok(())
            }
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
        if parked.from == State::Reversed && parked.reason == CONTRADICTED {
            return self.begin(State::Reversed);
        }
        self.promise.withdrawn = parked.from != State::ReversalDue;
        Ok(())
    }

    pub(super) fn found(
        &mut self,
        asked_at: Timestamp,
        since: Option<Timestamp>,
        mut found: Assessment,
    ) -> Outcome {
        if !self.promise.state.is_asked_of_platform() {
            return Err(WRONG_STATE);
        }
        self.promise.looked_up = true;
        self.promise.found_at = Some(asked_at);
        self.promise.believed_at = self.promise.waives(CONTRADICTED).then_some(asked_at);
        self.promise.found_since = since;
        self.promise.lease = None;
        self.promise.attempts = 0;
        if found.campaign_id.is_none() {
            found.campaign_id.clone_from(&self.promise.campaign_id);
        }
        // These are the terms that the platform was asked about.
        found.terms = self.promise.terms.with(&found.terms);
        self.enter_by(&found)
    }

    pub(super) fn asked(&mut self, not_before: Timestamp) -> Outcome {
        self.expect(State::ApprovalDue)?;
        self.begin(State::AwaitingApproval)?;
        self.wait(not_before);
        Ok(())
    }
}

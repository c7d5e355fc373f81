//! The life of a promise as one pure function.

use crate::fulfilment::Reversals;
use crate::fulfilment::promise::{Lease, Parked, Promise, Spoken, State, Terms};
use crate::timestamp::Timestamp;

/// What may happen to a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The record is approved, on these terms, and would be promised so. Sent
    /// with every event of a promised reward, so mostly it changes nothing.
    Approved(Terms, Entry),
    /// The record is not approved any more, or was deleted.
    Withdrawn,
    /// The platform knows what the payload lacked, the campaign among it.
    Found {
        /// The terms.
        terms: Terms,
        /// The campaign.
        campaign_id: Option<String>,
        /// Where a promise on all that is known now begins.
        entry: Entry,
    },
    /// The platform was asked to approve.
    Asked,
    /// A worker is about to call out for what is due, until then.
    Leased(Timestamp),
    /// The call of a lease had its effect: given, told, or taken back.
    Done,
    /// The call was refused for good and had no effect.
    Refused(String),
    /// No effect yet; try again, not before then.
    Again {
        /// When.
        not_before: Timestamp,
        /// What the call came to.
        last: String,
        /// The platform works on it under this id.
        batch: Option<String>,
    },
    /// Nobody knows whether the call had its effect.
    Unknown {
        /// When to try again, if that is allowed.
        not_before: Timestamp,
        /// What the call came to.
        last: String,
        /// Whether repeating under the same key is harmless.
        repeatable: bool,
    },
    /// The platform says that the reward was denied.
    DeniedThere,
    /// It was answered 200 to a redelivery (v1 without API key).
    Answered,
    /// Open for longer than is allowed.
    OverAge,
    /// A person lets a parked promise go on.
    Resumed(Word),
}

/// Where the life of a promise begins, as its record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// To be delivered.
    Deliver,
    /// The platform must be asked what the payload lacks.
    LookUp,
    /// The platform must be asked whether it is so (v1 is unsigned).
    Ask,
    /// A person must be asked first, for this reason.
    Park(&'static str),
    /// There is nothing to promise: money, or another source's.
    Nothing,
}

/// What a person says of a parked promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Who.
    pub by: String,
    /// Whether the call that nobody knows about had its effect.
    pub granted: Option<bool>,
    /// How they know.
    pub because: String,
}

/// What a step comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stepped {
    /// The promise as it is now. What is due stands in it.
    Changed(Box<Promise>),
    /// Approved again after it was taken back: that promise ends, and a new one
    /// with a new key begins.
    NewEpoch {
        /// The promise as it is now.
        ended: Box<Promise>,
        /// The new one.
        next: Box<Promise>,
    },
    /// The input says nothing new.
    Unchanged,
    /// The input is not for this state; the text says why.
    Invalid(&'static str),
}

/// Applies an input. Pure: `now` and everything else comes in.
#[must_use]
pub fn step(promise: &Promise, input: &Input, reversals: Reversals, now: Timestamp) -> Stepped {
    let mut next = Step {
        promise: promise.clone(),
        reversals,
        now,
    };
    let stepped = match input {
        Input::Approved(terms, entry) => next.approved(terms, *entry),
        Input::Withdrawn => next.withdrawn(),
        Input::Found {
            terms,
            campaign_id,
            entry,
        } => next.found(terms, campaign_id.as_ref(), *entry),
        Input::Asked => next.asked(),
        Input::Leased(until) => next.leased(*until),
        Input::Done => next.done(),
        Input::Refused(reason) => next.refused(reason),
        Input::Again {
            not_before,
            last,
            batch,
        } => next.again(*not_before, last, batch.as_ref()),
        Input::Unknown {
            not_before,
            last,
            repeatable,
        } => next.unknown(*not_before, last, *repeatable),
        Input::DeniedThere => next.denied_there(),
        Input::Answered => next.answered(),
        Input::OverAge => next.over_age(),
        Input::Resumed(word) => next.resumed(word),
    };
    if let Err(other) = stepped {
        return other;
    }
    let reversed = next.promise.state == State::Reversed;
    let renewed = (reversed && std::mem::take(&mut next.promise.again))
        .then(|| again_as_new(&next.promise, now));
    if next.promise == *promise && renewed.is_none() {
        return Stepped::Unchanged;
    }
    next.promise.version = promise.version.saturating_add(1);
    let ended = Box::new(next.promise);
    match renewed {
        Some(renewed) => Stepped::NewEpoch {
            ended,
            next: Box::new(renewed),
        },
        None => Stepped::Changed(ended),
    }
}

const WRONG_STATE: Stepped = Stepped::Invalid("not in a state for this");

struct Step {
    promise: Promise,
    reversals: Reversals,
    now: Timestamp,
}

type Outcome = Result<(), Stepped>;

impl Step {
    /// Enters a state: the step before is over.
    #[expect(clippy::unnecessary_wraps, reason = "it ends most transitions")]
    fn enter(&mut self, state: State) -> Outcome {
        let promise = &mut self.promise;
        promise.state = state;
        promise.seq = promise.seq.saturating_add(1);
        promise.lease = None;
        promise.not_before = None;
        promise.changed_at = self.now;
        if state != State::Parked {
            promise.parked = None;
        }
        if !matches!(
            state,
            State::Delivering | State::Confirming | State::Reversing
        ) {
            promise.amended = false;
        }
        if state.is_settled() {
            promise.withdrawn = false;
            promise.batch = None;
        }
        promise.set_due();
        Ok(())
    }

    /// Enters a state that begins something new.
    fn begin(&mut self, state: State) -> Outcome {
        self.promise.attempts = 0;
        self.promise.last = None;
        self.promise.batch = None;
        self.promise.check = false;
        self.enter(state)
    }

    fn park(&mut self, from: State, reason: &str, unknown: bool) -> Outcome {
        let parked = Parked {
            from,
            reason: reason.to_owned(),
            unknown,
            at: self.now,
        };
        self.promise.parked = Some(parked);
        self.enter(State::Parked)
    }

    /// Given and withdrawn.
    fn take_back(&mut self) -> Outcome {
        self.promise.withdrawn = false;
        match self.reversals {
            Reversals::Deliver | Reversals::DeliverAndUnmark => self.begin(State::ReversalDue),
            Reversals::Park => self.park(State::ReversalDue, "withdrawn_after_delivery", false),
        }
    }

    /// Where a reward that is given stands.
    fn given(&self) -> State {
        if self.promise.was_confirmed {
            State::Confirmed
        } else {
            State::Delivered
        }
    }

    /// The platform changed its terms when something had gone out.
    fn changed(&mut self, from: State, terms: &Terms, unknown: bool) -> Outcome {
        self.promise.stated = Some(self.promise.terms.with(terms));
        self.park(from, "changed_after_delivery", unknown)
    }

    /// Whether these terms are neither ours nor those a person has seen.
    fn differs(&self, terms: &Terms) -> bool {
        let seen = self.promise.stated.as_ref();
        self.promise.terms.differs(terms) && seen.is_none_or(|seen| seen.differs(terms))
    }

    /// Not taken back after all.
    fn keep(&mut self, terms: &Terms) -> Outcome {
        if self.differs(terms) {
            return self.changed(self.given(), terms, false);
        }
        self.enter(self.given())
    }

    /// Begins anew on these terms: nothing went out yet.
    fn enter_by(&mut self, terms: &Terms, entry: Entry) -> Outcome {
        self.promise.terms = self.promise.terms.with(terms);
        let (state, reason) = match entry {
            Entry::LookUp | Entry::Ask if !self.promise.looked_up => (State::LookupDue, None),
            // The platform does not know it either.
            Entry::LookUp => (State::Parked, Some("not_known_at_provider")),
            Entry::Deliver | Entry::Ask => (State::Requested, None),
            Entry::Park(reason) => (State::Parked, Some(reason)),
            Entry::Nothing => (State::Denied, None),
        };
        let parked = self
            .promise
            .parked
            .as_ref()
            .map(|parked| parked.reason.as_str());
        match reason {
            _ if state == self.promise.state && parked == reason => Ok(()),
            Some(reason) => self.park(State::Requested, reason, false),
            None => self.begin(state),
        }
    }

    fn approved(&mut self, terms: &Terms, entry: Entry) -> Outcome {
        match self.promise.state {
            State::Denied if entry == Entry::Nothing => Ok(()),
            State::Denied => {
                self.promise.open_at = self.now;
                self.enter_by(terms, entry)
            }
            State::Reversed | State::Reversing => {
                self.promise.again = entry != Entry::Nothing;
                if self.promise.state == State::Reversed && self.promise.again {
                    // The new promise will be confirmed: this one says no more.
                    self.promise.due = None;
                    self.promise.lease = None;
                }
                self.promise.withdrawn = false;
                self.promise.terms = self.promise.terms.with(terms);
                Ok(())
            }
            State::ReversalDue => self.keep(terms),
            State::Parked => self.approved_while_parked(terms, entry),
            State::ApprovalDue | State::AwaitingApproval => self.enter_by(terms, entry),
            // Nothing went out yet on the present terms.
            State::LookupDue => self.enter_by(terms, entry),
            State::Requested if self.promise.attempts == 0 => self.enter_by(terms, entry),
            State::Requested if self.differs(terms) => {
                self.changed(State::Requested, terms, self.promise.check)
            }
            State::Delivering | State::Confirming => {
                self.promise.withdrawn = false;
                if self.differs(terms) {
                    self.promise.amended = true;
                    self.promise.stated = Some(self.promise.terms.with(terms));
                }
                Ok(())
            }
            State::Delivered | State::Confirmed if self.differs(terms) => {
                self.changed(self.promise.state, terms, false)
            }
            State::Requested | State::Delivered | State::Confirmed => Ok(()),
        }
    }

    fn approved_while_parked(&mut self, terms: &Terms, entry: Entry) -> Outcome {
        self.promise.withdrawn = false;
        let Some(parked) = self.promise.parked.clone() else {
            return Ok(());
        };
        if parked.from == State::ReversalDue && !parked.unknown {
            return self.keep(terms);
        }
        if parked.from.is_before_delivery() && !parked.unknown && self.promise.attempts == 0 {
            return self.enter_by(terms, entry);
        }
        Ok(())
    }

    fn withdrawn(&mut self) -> Outcome {
        match self.promise.state {
            // A try that nobody knows about may have given it.
            State::Requested if self.promise.check => {
                self.promise.withdrawn = true;
                self.park(State::Requested, "unknown_outcome", true)
            }
            state if state.is_before_delivery() => self.enter(State::Denied),
            State::Delivered if self.promise.check => {
                // Whether the platform knows is asked first.
                self.promise.withdrawn = true;
                Ok(())
            }
            State::Delivered => self.take_back(),
            State::Confirmed => {
                self.promise.was_confirmed = true;
                self.take_back()
            }
            State::Reversing => {
                self.promise.again = false;
                Ok(())
            }
            State::Delivering | State::Confirming => {
                self.promise.withdrawn = true;
                Ok(())
            }
            State::Parked => self.withdrawn_while_parked(),
            _ => Ok(()),
        }
    }

    fn withdrawn_while_parked(&mut self) -> Outcome {
        let Some(parked) = self.promise.parked.clone() else {
            return Ok(());
        };
        if parked.from.is_before_delivery() && !parked.unknown {
            return self.enter(State::Denied);
        }
        self.promise.withdrawn = parked.from != State::ReversalDue;
        Ok(())
    }

    fn found(&mut self, terms: &Terms, campaign: Option<&String>, entry: Entry) -> Outcome {
        self.expect(State::LookupDue)?;
        self.promise.looked_up = true;
        if campaign.is_some() {
            self.promise.campaign_id = campaign.cloned();
        }
        self.promise.lease = None;
        self.promise.attempts = 0;
        self.enter_by(terms, entry)
    }

    fn asked(&mut self) -> Outcome {
        self.expect(State::ApprovalDue)?;
        self.begin(State::AwaitingApproval)
    }

    fn leased(&mut self, until: Timestamp) -> Outcome {
        let Some(due) = self.promise.due.clone() else {
            return Err(WRONG_STATE);
        };
        match self.promise.state {
            State::Requested => self.enter(State::Delivering)?,
            State::Delivered => self.enter(State::Confirming)?,
            State::ReversalDue => self.enter(State::Reversing)?,
            _ => {}
        }
        self.promise.attempts = self.promise.attempts.saturating_add(1);
        self.promise.lease = Some(Lease { due, until });
        Ok(())
    }

    fn done(&mut self) -> Outcome {
        match self.promise.state {
            State::Delivering => {
                self.promise.delivered_at = Some(self.now);
                if self.promise.withdrawn {
                    self.take_back()
                } else if self.promise.amended {
                    self.park(State::Delivered, "changed_after_delivery", false)
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
                    self.park(State::Confirmed, "changed_after_delivery", false)
                } else {
                    self.begin(State::Confirmed)
                }
            }
            State::Reversing => {
                let unmark = self.promise.was_confirmed && !self.promise.again;
                self.begin(State::Reversed)?;
                if unmark
                    && self.reversals == Reversals::DeliverAndUnmark
                    && !self.promise.by_response
                {
                    self.promise.due = Some(format!("unconfirm#{}", self.promise.seq));
                }
                Ok(())
            }
            State::Reversed if self.promise.due.is_some() => {
                self.promise.due = None;
                self.promise.lease = None;
                Ok(())
            }
            _ => Err(WRONG_STATE),
        }
    }

    fn refused(&mut self, reason: &str) -> Outcome {
        self.promise.last = Some(reason.to_owned());
        match self.promise.state {
            // An earlier try whose end nobody knows is not undone by this one.
            State::Delivering if self.promise.check => self.park(State::Requested, reason, true),
            State::Delivering if self.promise.withdrawn => self.enter(State::Denied),
            State::Delivering => self.park(State::Requested, reason, false),
            State::Confirming if self.promise.withdrawn => self.take_back(),
            State::Confirming => self.park(State::Delivered, reason, false),
            State::Reversing => self.park(State::ReversalDue, reason, false),
            state @ (State::LookupDue | State::ApprovalDue) => self.park(state, reason, false),
            State::Reversed if self.promise.due.is_some() => {
                self.promise.due = None;
                self.promise.lease = None;
                Ok(())
            }
            _ => Err(WRONG_STATE),
        }
    }

    fn again(&mut self, not_before: Timestamp, last: &str, batch: Option<&String>) -> Outcome {
        self.promise.last = Some(last.to_owned());
        self.promise.batch = batch.cloned();
        match self.promise.state {
            State::Delivering if self.promise.withdrawn && self.promise.check => {
                self.park(State::Requested, "unknown_outcome", true)?;
            }
            State::Delivering if self.promise.withdrawn => self.enter(State::Denied)?,
            State::Delivering if self.promise.amended => {
                self.park(
                    State::Requested,
                    "changed_after_delivery",
                    self.promise.check,
                )?;
            }
            State::Delivering => self.enter(State::Requested)?,
            State::Confirming
                if self.promise.withdrawn && batch.is_none() && !self.promise.check =>
            {
                self.take_back()?;
            }
            State::Confirming => {
                self.promise.check |= batch.is_some();
                self.enter(State::Delivered)?;
            }
            State::Reversing => self.enter(State::ReversalDue)?,
            State::LookupDue | State::ApprovalDue | State::Reversed => self.promise.lease = None,
            _ => return Err(WRONG_STATE),
        }
        self.wait(not_before);
        Ok(())
    }

    fn unknown(&mut self, not_before: Timestamp, last: &str, repeatable: bool) -> Outcome {
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
                self.enter(State::Delivered)?;
            }
            State::Reversing if !repeatable => {
                return self.park(State::ReversalDue, "unknown_outcome", true);
            }
            State::Reversing => self.enter(State::ReversalDue)?,
            State::LookupDue | State::ApprovalDue | State::Reversed => self.promise.lease = None,
            _ => return Err(WRONG_STATE),
        }
        self.wait(not_before);
        Ok(())
    }

    /// Only a step that is owed waits.
    fn wait(&mut self, not_before: Timestamp) {
        if self.promise.due.is_some() {
            self.promise.not_before = Some(not_before);
        }
    }

    fn denied_there(&mut self) -> Outcome {
        match self.promise.state {
            State::Confirming | State::Delivered => self.take_back(),
            State::LookupDue | State::ApprovalDue => self.enter(State::Denied),
            _ => Err(WRONG_STATE),
        }
    }

    fn answered(&mut self) -> Outcome {
        self.expect(State::Delivered)?;
        if !self.promise.by_response {
            return Err(WRONG_STATE);
        }
        self.promise.confirmed_at = Some(self.now);
        self.begin(State::Confirmed)
    }

    fn over_age(&mut self) -> Outcome {
        match self.promise.state {
            State::Parked | State::Confirmed | State::Denied | State::Reversed => Ok(()),
            State::Delivering => self.park(State::Requested, "over_age", true),
            State::Requested => self.park(State::Requested, "over_age", self.promise.check),
            State::Confirming => {
                self.promise.check = true;
                self.park(State::Delivered, "over_age", false)
            }
            State::Reversing => self.park(State::ReversalDue, "over_age", true),
            state => self.park(state, "over_age", false),
        }
    }

    fn resumed(&mut self, word: &Word) -> Outcome {
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
        self.promise.words.push(Spoken {
            by: word.by.clone(),
            granted: word.granted,
            because: word.because.clone(),
            at: self.now,
        });
        self.promise.open_at = self.now;
        self.promise.last = None;
        let withdrawn = std::mem::take(&mut self.promise.withdrawn);
        let check = self.promise.check && parked.from == State::Delivered;
        match (parked.from, word.granted) {
            (State::ReversalDue, Some(true)) => self.begin(State::Reversed)?,
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
    fn resume_before_delivery(&mut self, from: State) -> Outcome {
        if let Some(stated) = self.promise.stated.take() {
            self.promise.terms = stated;
        }
        let v1 = self.promise.key.starts_with("firstpromoter-v1:");
        let unasked = v1 && !self.promise.by_response && !self.promise.looked_up;
        if unasked || !self.promise.terms.is_complete() {
            return self.begin(State::LookupDue);
        }
        self.begin(from)
    }

    fn expect(&self, state: State) -> Outcome {
        if self.promise.state == state {
            Ok(())
        } else {
            Err(WRONG_STATE)
        }
    }
}

/// The promise that follows one that was taken back.
fn again_as_new(before: &Promise, now: Timestamp) -> Promise {
    let epoch = before.epoch.saturating_add(1);
    let stem = before
        .key
        .rsplit_once(':')
        .map_or(before.key.as_str(), |(stem, _)| stem);
    let state = if before.terms.is_complete() {
        State::Requested
    } else {
        State::LookupDue
    };
    let mut promise = Promise::new(
        format!("{stem}:{epoch}"),
        epoch,
        state,
        before.terms.clone(),
        now,
    );
    promise.campaign_id.clone_from(&before.campaign_id);
    promise.by_response = before.by_response;
    promise
}

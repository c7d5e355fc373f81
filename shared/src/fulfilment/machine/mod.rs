//! The life of a promise as one pure function.

mod outcome;
mod record;
mod word;

pub use record::{CONTRADICTED, GIVEN_THERE};

use std::borrow::Cow;

use crate::fulfilment::announce::Assessment;
use crate::fulfilment::policy::Reversals;
use crate::fulfilment::promise::{Again, Endpoint, Parked, Promise, Start};
use crate::fulfilment::state::State;
use crate::fulfilment::terms::Terms;
use crate::wire::Timestamp;

/// What may happen to a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The record is approved and would be promised so. Sent with every event of
    /// a promised reward, so mostly it changes nothing.
    Approved(Box<Assessment>),
    /// The record is pending, no event has announced it, and the platform may be
    /// asked to approve it on these terms.
    Askable(Box<Assessment>),
    /// The record is not approved any more, or was deleted.
    Withdrawn,
    /// The platform knows what the payload lacked, the campaign among it.
    Found {
        /// When it was asked.
        asked_at: Timestamp,
        /// Since when it is approved, by the platform's own clock.
        since: Option<Timestamp>,
        /// The terms.
        terms: Box<Terms>,
        /// The campaign.
        campaign_id: Option<String>,
        /// Where a promise on all that is known now begins.
        entry: Entry,
    },
    /// The platform was asked to approve. Whether it did is asked then, unless
    /// an event says so before.
    Asked(Timestamp),
    /// A worker is about to call out for what is due, until then.
    Leased(Timestamp),
    /// A worker is about to call the reward endpoint. Where an earlier call may
    /// have had its effect, only the same call is safe.
    LeasedFor {
        /// Until when.
        until: Timestamp,
        /// What it is about to call.
        endpoint: Endpoint,
    },
    /// The call of a lease had its effect: given, told, or taken back.
    Done,
    /// The platform shows it otherwise than its events announced it, and not by a
    /// newer clock: ask again, not before then.
    Contradicted {
        /// When it was asked.
        asked_at: Timestamp,
        /// When to ask again.
        not_before: Timestamp,
        /// How it is shown.
        last: String,
    },
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
    /// The platform shows that it was denied after its events approved it.
    DeniedThere {
        /// Since when, by the platform's own clock.
        since: Timestamp,
        /// Whether an event had announced it as approved.
        announced: bool,
    },
    /// The platform alone said that it is denied, its record is approved, and
    /// neither an event nor a person has said otherwise for long.
    Unwitnessed,
    /// It was answered 200 to a redelivery (v1 without API key).
    Answered,
    /// Open for longer than is allowed.
    OverAge,
    /// The sweep queued again what is due.
    Resent,
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
    /// Whether it is settled as it stands: what was given is kept, what was not
    /// is not given.
    pub close: bool,
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
    let mut next = Step { promise: promise.clone(), reversals, now };
    let stepped = match input {
        Input::Approved(now) => next.approved(now),
        Input::Askable(now) => next.askable(now),
        Input::Withdrawn => next.withdrawn(),
        Input::Found { asked_at, since, terms, campaign_id, entry } => {
            let campaign_id = campaign_id.clone();
            let found =
                Assessment { campaign_id, ..Assessment::of(terms.as_ref().clone(), *entry) };
            next.found(*asked_at, *since, found)
        }
        Input::Asked(not_before) => next.asked(*not_before),
        Input::Leased(until) => next.leased(*until, None),
        Input::LeasedFor { until, endpoint } => next.leased(*until, Some(endpoint)),
        Input::Done => next.done(),
        Input::Contradicted { asked_at, not_before, last } => {
            next.contradicted(*asked_at, *not_before, last)
        }
        Input::Refused(reason) => next.refused(reason),
        Input::Again { not_before, last, batch } => next.again(*not_before, last, batch.as_ref()),
        Input::Unknown { not_before, last, repeatable } => {
            next.unknown(*not_before, last, *repeatable)
        }
        Input::DeniedThere { since, announced } => next.denied_there(*since, *announced),
        Input::Unwitnessed => next.unwitnessed(),
        Input::Answered => next.answered(),
        Input::OverAge => next.over_age(),
        Input::Resent => next.resent(),
        Input::Resumed(word) => next.resumed(word),
    };
    if let Err(other) = stepped {
        return other;
    }
    // Not while the platform is told of the old one, or works on it: that could
    // undo the confirmation of the new one.
    let over = next.promise.state == State::Reversed
        && next.promise.lease.is_none()
        && next.promise.batch.is_none();
    let again = if over { next.promise.again.take() } else { None };
    let renewed = again.map(|again| {
        next.promise.due = None;
        again_as_new(&next.promise, again, now)
    });
    if next.promise == *promise && renewed.is_none() {
        return Stepped::Unchanged;
    }
    next.promise.version = promise.version.saturating_add(1);
    let ended = Box::new(next.promise);
    match renewed {
        Some(renewed) => Stepped::NewEpoch { ended, next: Box::new(renewed) },
        None => Stepped::Changed(ended),
    }
}

/// What is known of a call whose worker disappeared.
pub const WORKER_LOST: &str = "the worker ended in the middle";

impl Input {
    /// Whether it is said of a promise that nobody works on: whoever writes to it
    /// at the same time is alive, and it is not applied to what they wrote.
    #[must_use]
    pub fn assumes_nobody_at_work(&self) -> bool {
        match self {
            Input::OverAge | Input::Unwitnessed => true,
            Input::Unknown { last, .. } => last == WORKER_LOST,
            _ => false,
        }
    }
}

/// What the outcome of a call means for a promise that somebody may have written
/// to since. `claimed` is what the worker leased, `current` what the table has,
/// `announced` when the current record was announced last.
///
/// `None`: it went on without this call, whose outcome must not be taken for
/// that of the call that is under way now.
#[must_use]
pub fn heard<'a>(
    input: &'a Input,
    claimed: &Promise,
    current: &Promise,
    announced: Option<Timestamp>,
    at: Timestamp,
) -> Option<Cow<'a, Input>> {
    if claimed.lease != current.lease {
        return None;
    }
    let overtaken = match input {
        // The platform was asked about other terms.
        Input::Found { .. } => claimed.terms != current.terms,
        Input::Withdrawn | Input::Refused(_) if claimed.state.is_asked_of_platform() => {
            claimed.terms != current.terms
        }
        // It approved again since.
        Input::DeniedThere { since, .. } => announced.is_some_and(|announced| announced >= *since),
        _ => false,
    };
    if !overtaken {
        return Some(Cow::Borrowed(input));
    }
    let last = "changed meanwhile".into();
    Some(Cow::Owned(Input::Again { not_before: at, last, batch: None }))
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
        promise.resent = 0;
        promise.resent_at = None;
        promise.changed_at = self.now;
        if state != State::Parked {
            promise.parked = None;
        }
        if !matches!(state, State::Delivering | State::Confirming | State::Reversing) {
            promise.amended = false;
        }
        if state == State::Denied {
            promise.stated = None;
            promise.seen = false;
        }
        if !matches!(state, State::Denied | State::ReversalDue | State::Reversing | State::Reversed)
        {
            promise.unwitnessed = false;
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
        self.promise.contradicted_since = None;
        self.enter(state)
    }

    fn park(&mut self, from: State, reason: &str, unknown: bool) -> Outcome {
        let parked = Parked { from, reason: reason.to_owned(), unknown, at: self.now };
        self.promise.parked = Some(parked);
        self.enter(State::Parked)
    }

    /// Withdrawn before it was given. The platform may show a reward before it
    /// as fulfilled, one that was taken back, and is told.
    fn deny(&mut self) -> Outcome {
        if self.promise.told && self.unmarks() {
            self.begin(State::Reversed)?;
            self.owe_unmarking();
            return Ok(());
        }
        self.enter(State::Denied)
    }

    /// Whether the platform is told what was taken back. v1's API knows no way.
    fn unmarks(&self) -> bool {
        let asked_for = self.reversals == Reversals::DeliverAndUnmark;
        asked_for && !self.promise.is_v1() && !self.promise.by_response
    }

    /// Given and withdrawn.
    fn take_back(&mut self) -> Outcome {
        self.promise.told |= self.promise.was_confirmed || self.promise.check;
        self.promise.withdrawn = false;
        self.promise.check = false;
        self.promise.contradicted_since = None;
        self.promise.open_at = self.now;
        match self.reversals {
            Reversals::Deliver | Reversals::DeliverAndUnmark => self.begin(State::ReversalDue),
            Reversals::Park => self.park(State::ReversalDue, "withdrawn_after_delivery", false),
        }
    }

    /// Where a reward that is given stands.
    fn given(&self) -> State {
        if self.promise.was_confirmed { State::Confirmed } else { State::Delivered }
    }

    fn expect(&self, state: State) -> Outcome {
        if self.promise.state == state { Ok(()) } else { Err(WRONG_STATE) }
    }
}

/// The promise that follows one that was taken back.
fn again_as_new(before: &Promise, again: Again, now: Timestamp) -> Promise {
    let epoch = before.epoch.saturating_add(1);
    let stem = before.key.rsplit_once(':').map_or(before.key.as_str(), |(stem, _)| stem);
    let state = match again.start {
        Start::Deliver => State::Requested,
        Start::Ask => State::LookupDue,
        Start::Park(_) => State::Parked,
    };
    let mut promise = Promise::new(format!("{stem}:{epoch}"), epoch, state, again.terms, now);
    if let Start::Park(reason) = again.start {
        promise.parked = Some(Parked { from: State::Requested, reason, unknown: false, at: now });
    }
    promise.campaign_id = again.campaign_id.or_else(|| before.campaign_id.clone());
    promise.announced_at = again.announced_at.unwrap_or(now);
    promise.by_response = before.by_response;
    promise.told = before.told;
    promise.refused.clone_from(&before.refused);
    // v1 is unsigned, and its API is asked each time anew.
    promise.looked_up = before.looked_up && !before.is_v1();
    promise
}

//! The life of a promise as one pure function.

mod operator;
mod platform;
mod record;
mod sweep;
mod worker;

use std::borrow::Cow;

use crate::fulfilment::announce::Assessment;
use crate::fulfilment::decision::OperatorDecision;
use crate::fulfilment::policy::Reversals;
use crate::fulfilment::promise::{Endpoint, NextEpoch, Opening, Parked, Promise};
use crate::fulfilment::reason::ParkReason;
use crate::fulfilment::rewards::Rewards;
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
        entry: Start,
    },
    /// The platform was asked to approve. Whether it did is asked then, unless
    /// an event says so before.
    ApprovalRequested(Timestamp),
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
    Refused(ParkReason),
    /// No effect yet; try again, not before then.
    RetryLater {
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
    ConfirmedByResponse,
    /// Open for longer than is allowed.
    OverAge,
    /// The sweep queued again what is due.
    Redispatched,
    /// The operator lets a parked promise go on.
    Resumed(OperatorDecision),
}

/// Where the life of a promise begins, as its record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// To be delivered.
    Deliver,
    /// The platform must be asked what the payload lacks.
    LookUp,
    /// The platform must be asked whether it is so (v1 is unsigned).
    Ask,
    /// A person must be asked first, for this reason.
    Park(ParkReason),
    /// There is nothing to promise: money, or another source's.
    Nothing,
}

/// The result of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transition {
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

/// What a transition depends on besides promise and input.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// The setting for what is withdrawn after it was given.
    pub reversals: Reversals,
    /// How the provider's rewards are promised.
    pub rewards: &'static Rewards,
}

/// Applies an input. Pure: `now` and everything else comes in.
#[must_use]
pub fn transition(promise: &Promise, input: &Input, rules: Rules, now: Timestamp) -> Transition {
    let mut next = Transitioning { promise: promise.clone(), rules, now };
    let applied = match input {
        Input::Approved(now) => next.approved(now),
        Input::Askable(now) => next.askable(now),
        Input::Withdrawn => next.withdrawn(),
        Input::Found { asked_at, since, terms, campaign_id, entry } => {
            let campaign_id = campaign_id.clone();
            let found =
                Assessment { campaign_id, ..Assessment::of(terms.as_ref().clone(), entry.clone()) };
            next.found(*asked_at, *since, found)
        }
        Input::ApprovalRequested(not_before) => next.approval_requested(*not_before),
        Input::Leased(until) => next.leased(*until, None),
        Input::LeasedFor { until, endpoint } => next.leased(*until, Some(endpoint)),
        Input::Done => next.done(),
        Input::Contradicted { asked_at, not_before, last } => {
            next.contradicted(*asked_at, *not_before, last)
        }
        Input::Refused(reason) => next.refused(reason),
        Input::RetryLater { not_before, last, batch } => {
            next.retry_later(*not_before, last, batch.as_ref())
        }
        Input::Unknown { not_before, last, repeatable } => {
            next.unknown(*not_before, last, *repeatable)
        }
        Input::DeniedThere { since, announced } => next.denied_there(*since, *announced),
        Input::Unwitnessed => next.unwitnessed(),
        Input::ConfirmedByResponse => next.confirmed_by_response(),
        Input::OverAge => next.over_age(),
        Input::Redispatched => next.redispatched(),
        Input::Resumed(decision) => next.resumed(decision),
    };
    if let Err(Rejected(why)) = applied {
        return Transition::Invalid(why);
    }
    // Not while the platform is told of the old one, or works on it: that could
    // undo the confirmation of the new one.
    let over = next.promise.state == State::Reversed
        && next.promise.lease.is_none()
        && next.promise.platform.batch_id.is_none();
    let again = if over { next.promise.withdrawal.next_epoch.take() } else { None };
    let renewed = again.map(|again| {
        next.promise.due = None;
        renewed(&next.promise, again, rules, now)
    });
    if next.promise == *promise && renewed.is_none() {
        return Transition::Unchanged;
    }
    next.promise.version = promise.version.saturating_add(1);
    let ended = Box::new(next.promise);
    match renewed {
        Some(renewed) => Transition::NewEpoch { ended, next: Box::new(renewed) },
        None => Transition::Changed(ended),
    }
}

/// The outcome of a call whose worker disappeared.
pub const WORKER_LOST: &str = "the worker ended in the middle";

impl Input {
    /// No effect yet: another try, not before then. `last` is what the call came to,
    /// `batch` the id under which the platform works on it.
    #[must_use]
    pub fn retry_later(
        not_before: Timestamp,
        last: impl Into<String>,
        batch: Option<String>,
    ) -> Self {
        Self::RetryLater { not_before, last: last.into(), batch }
    }

    /// Whether this input assumes that no worker is working on the promise: a worker
    /// that writes at the same time is alive, and the input is not applied to what
    /// it wrote.
    #[must_use]
    pub fn assumes_nobody_at_work(&self) -> bool {
        match self {
            Input::OverAge | Input::Unwitnessed => true,
            Input::Unknown { last, .. } => last == WORKER_LOST,
            _ => false,
        }
    }
}

/// The input that a worker's call comes to, for a promise that others may have
/// written to since. `claimed` is the promise as the worker leased it, `current`
/// the one in the table, `announced` the time at which the current record was
/// announced last.
///
/// `None`: the promise went on without this call, whose outcome must not be taken
/// for that of a call that is under way now.
#[must_use]
pub fn if_still_current<'a>(
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
    Some(Cow::Owned(Input::retry_later(at, "changed meanwhile", None)))
}

/// The input is not for the promise's state; the text says why.
struct Rejected(&'static str);

const WRONG_STATE: Rejected = Rejected("not in a state for this");

/// A promise in transition.
struct Transitioning {
    promise: Promise,
    rules: Rules,
    now: Timestamp,
}

impl Transitioning {
    /// Enters a state: the task before is over.
    #[expect(clippy::unnecessary_wraps, reason = "it ends most transitions")]
    fn enter(&mut self, state: State) -> Result<(), Rejected> {
        let promise = &mut self.promise;
        promise.state = state;
        promise.seq = promise.seq.saturating_add(1);
        promise.lease = None;
        promise.retry.not_before = None;
        promise.retry.redispatch_count = 0;
        promise.retry.redispatched_at = None;
        promise.changed_at = self.now;
        if state != State::Parked {
            promise.parked = None;
        }
        if !matches!(state, State::Delivering | State::Confirming | State::Reversing) {
            promise.terms_change.in_flight = false;
        }
        if state == State::Denied {
            promise.terms_change.new_terms = None;
            promise.terms_change.acknowledged = false;
        }
        if !matches!(state, State::Denied | State::ReversalDue | State::Reversing | State::Reversed)
        {
            promise.platform.unwitnessed = false;
        }
        if state.is_settled() {
            promise.withdrawal.pending = false;
            promise.platform.batch_id = None;
        }
        promise.set_due();
        Ok(())
    }

    /// Enters a state that begins something new.
    fn begin(&mut self, state: State) -> Result<(), Rejected> {
        self.promise.retry.attempts = 0;
        self.promise.retry.last_outcome = None;
        self.promise.platform.batch_id = None;
        self.promise.effect_uncertain = false;
        self.promise.platform.contradicted_since = None;
        self.enter(state)
    }

    fn park(&mut self, from: State, reason: ParkReason, unknown: bool) -> Result<(), Rejected> {
        let parked = Parked { from, reason, unknown, at: self.now };
        self.promise.parked = Some(parked);
        self.enter(State::Parked)
    }

    /// Withdrawn before it was given. The platform may show a reward before it
    /// as fulfilled, one that was taken back, and is told.
    fn deny(&mut self) -> Result<(), Rejected> {
        if self.promise.platform.shown_fulfilled && self.unmarks() {
            self.begin(State::Reversed)?;
            self.owe_unmarking();
            return Ok(());
        }
        self.enter(State::Denied)
    }

    /// Whether the platform is told of what was taken back.
    fn unmarks(&self) -> bool {
        let asked_for = self.rules.reversals == Reversals::DeliverAndUnmark;
        asked_for && self.rules.rewards.can_unmark && !self.promise.by_response
    }

    /// Given and withdrawn.
    fn take_back(&mut self) -> Result<(), Rejected> {
        self.promise.platform.shown_fulfilled |=
            self.promise.platform.was_confirmed || self.promise.effect_uncertain;
        self.promise.withdrawal.pending = false;
        self.promise.effect_uncertain = false;
        self.promise.platform.contradicted_since = None;
        self.promise.open_at = self.now;
        match self.rules.reversals {
            Reversals::Deliver | Reversals::DeliverAndUnmark => self.begin(State::ReversalDue),
            Reversals::Park => {
                self.park(State::ReversalDue, ParkReason::WithdrawnAfterDelivery, false)
            }
        }
    }

    /// Where a reward that is given stands.
    fn given(&self) -> State {
        if self.promise.platform.was_confirmed { State::Confirmed } else { State::Delivered }
    }

    fn expect(&self, state: State) -> Result<(), Rejected> {
        if self.promise.state == state { Ok(()) } else { Err(WRONG_STATE) }
    }
}

/// The promise that follows one that was taken back.
fn renewed(before: &Promise, again: NextEpoch, rules: Rules, now: Timestamp) -> Promise {
    let epoch = before.epoch.saturating_add(1);
    let stem = before.key.rsplit_once(':').map_or(before.key.as_str(), |(stem, _)| stem);
    let state = match again.opening {
        Opening::Deliver => State::Requested,
        Opening::Ask => State::LookupDue,
        Opening::Park(_) => State::Parked,
    };
    let mut promise = Promise::new(format!("{stem}:{epoch}"), epoch, state, again.terms, now);
    if let Opening::Park(reason) = again.opening {
        promise.parked = Some(Parked { from: State::Requested, reason, unknown: false, at: now });
    }
    promise.campaign_id = again.campaign_id.or_else(|| before.campaign_id.clone());
    promise.announced_at = again.announced_at.unwrap_or(now);
    promise.by_response = before.by_response;
    promise.platform.shown_fulfilled = before.platform.shown_fulfilled;
    promise.refused.clone_from(&before.refused);
    // Where webhooks are unsigned, the API is asked each time anew.
    promise.platform.looked_up = before.platform.looked_up && rules.rewards.is_signed;
    promise
}

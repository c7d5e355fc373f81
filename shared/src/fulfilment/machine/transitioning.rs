//! A promise in transition, and the steps that inputs of several senders share.

use crate::fulfilment::machine::Rules;
use crate::fulfilment::policy::Reversals;
use crate::fulfilment::promise::{NextEpoch, Opening, Parked, Promise};
use crate::fulfilment::reason::ParkReason;
use crate::fulfilment::state::State;
use crate::wire::Timestamp;

/// The input is not for the promise's state; the text says why.
pub(super) struct Rejected(pub(super) &'static str);

pub(super) const WRONG_STATE: Rejected = Rejected("not in a state for this");

/// A promise in transition.
pub(super) struct Transitioning {
    pub(super) promise: Promise,
    pub(super) rules: Rules,
    pub(super) now: Timestamp,
}

impl Transitioning {
    /// Enters a state: the task before is over.
    #[expect(clippy::unnecessary_wraps, reason = "it ends most transitions")]
    pub(super) fn enter(&mut self, state: State) -> Result<(), Rejected> {
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
    pub(super) fn begin(&mut self, state: State) -> Result<(), Rejected> {
        self.promise.retry.attempts = 0;
        self.promise.retry.last_outcome = None;
        self.promise.platform.batch_id = None;
        self.promise.effect_uncertain = false;
        self.promise.platform.contradicted_since = None;
        self.enter(state)
    }

    pub(super) fn park(
        &mut self,
        from: State,
        reason: ParkReason,
        unknown: bool,
    ) -> Result<(), Rejected> {
        let parked = Parked { from, reason, unknown, at: self.now };
        self.promise.parked = Some(parked);
        self.enter(State::Parked)
    }

    /// Withdrawn before it was given. The platform may show a reward before it
    /// as fulfilled, one that was taken back, and is told.
    pub(super) fn deny(&mut self) -> Result<(), Rejected> {
        if self.promise.platform.shown_fulfilled && self.unmarks() {
            self.begin(State::Reversed)?;
            self.owe_unmarking();
            return Ok(());
        }
        self.enter(State::Denied)
    }

    /// True where the platform is told of what was taken back.
    pub(super) fn unmarks(&self) -> bool {
        let asked_for = self.rules.reversals == Reversals::DeliverAndUnmark;
        asked_for && self.rules.rewards.can_unmark && !self.promise.by_response
    }

    /// Given and withdrawn.
    pub(super) fn take_back(&mut self) -> Result<(), Rejected> {
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

    /// The state of a reward that is given.
    pub(super) fn given(&self) -> State {
        if self.promise.platform.was_confirmed { State::Confirmed } else { State::Delivered }
    }

    pub(super) fn expect(&self, state: State) -> Result<(), Rejected> {
        if self.promise.state == state { Ok(()) } else { Err(WRONG_STATE) }
    }
}

/// The promise that follows one that was taken back.
pub(super) fn renewed(before: &Promise, again: NextEpoch, rules: Rules, now: Timestamp) -> Promise {
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

//! The decision whether a worker that got a message may work on its promise.

use crate::fulfilment::announce::reconcile;
use crate::fulfilment::machine::{Input, Rules, Transition, transition};
use crate::fulfilment::policy::Policy;
use crate::fulfilment::promise::{Endpoint, Promise};
use crate::fulfilment::rewards::Rewards;
use crate::fulfilment::state::State;
use crate::ledger::Record;
use crate::wire::Timestamp;

/// A worker that wants to lease a promise.
pub struct Taker<'a> {
    /// The settings.
    pub policy: &'a Policy,
    /// The definition of the rewards that the promise is one of.
    pub rewards: &'static Rewards,
    /// The epoch that the message names.
    pub epoch: u32,
    /// The due task that the message names, as `{task}#{seq}`.
    pub due: &'a str,
    /// The reward endpoint that a delivery or its reversal would call.
    pub endpoint: &'a Endpoint,
    /// The time up to which the lease would hold.
    pub until: Timestamp,
    /// Milliseconds by which a message may be early.
    pub early_ms: i64,
    /// The present.
    pub now: Timestamp,
}

/// The answer to a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Do nothing: the task is not owed any more, not yet, or another worker's.
    Superseded,
    /// Record that the worker which held the lease is gone in the middle of its
    /// call.
    WorkerLost,
    /// Wait for so many milliseconds first.
    Early(i64),
    /// Write these promises, and look again: the record contradicted the promise
    /// (invariant `NeverAgainstTheRecord`).
    Reconciled(Vec<Promise>),
    /// Write this promise: leased to the worker, or parked where even the call is
    /// not safe.
    Leased(Box<Promise>),
}

impl Taker<'_> {
    /// Decides for a promise and the record that was read with it.
    #[must_use]
    pub fn take(&self, promise: &Promise, record: &Record) -> Taken {
        if promise.epoch != self.epoch {
            return Taken::Superseded;
        }
        let expired = promise.lease.as_ref().filter(|lease| lease.until <= self.now);
        let owed = promise.due.as_deref() == Some(self.due);
        if !owed && expired.is_some_and(|lease| lease.due == self.due) {
            return Taken::WorkerLost;
        }
        let held = promise.lease.is_some() && expired.is_none();
        let early =
            promise.retry.not_before.map_or(0, |at| at.ms().saturating_sub(self.now.ms())).max(0);
        if !owed || held || early > self.early_ms {
            return Taken::Superseded;
        }
        if early > 0 {
            return Taken::Early(early);
        }
        match reconcile(self.policy, self.rewards, promise, record, self.now) {
            Transition::Changed(next) => return Taken::Reconciled(vec![*next]),
            Transition::NewEpoch { ended, next } => return Taken::Reconciled(vec![*ended, *next]),
            Transition::Unchanged | Transition::Invalid(_) => {}
        }
        let rules = Rules { reversals: self.policy.reversals, rewards: self.rewards };
        match transition(promise, &self.lease(promise.state), rules, self.now) {
            Transition::Changed(leased) => Taken::Leased(leased),
            _ => Taken::Superseded,
        }
    }

    fn lease(&self, state: State) -> Input {
        match state {
            State::Requested | State::ReversalDue => {
                Input::LeasedFor { until: self.until, endpoint: self.endpoint.clone() }
            }
            _ => Input::Leased(self.until),
        }
    }
}

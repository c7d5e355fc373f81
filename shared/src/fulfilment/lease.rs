//! Whether a worker that got a message may work on its promise.

use crate::fulfilment::announce::reconcile;
use crate::fulfilment::machine::{Input, Rules, Transition, transition};
use crate::fulfilment::policy::Policy;
use crate::fulfilment::promise::{Endpoint, Promise};
use crate::fulfilment::rewards::Rewards;
use crate::fulfilment::state::State;
use crate::ledger::Record;
use crate::wire::Timestamp;

/// A worker that wants a promise.
pub struct Taker<'a> {
    /// The settings.
    pub policy: &'a Policy,
    /// Whose promise it is.
    pub rewards: &'static Rewards,
    /// The epoch that the message names.
    pub epoch: u32,
    /// What the message says is due.
    pub due: &'a str,
    /// What a delivery or its reversal would call.
    pub endpoint: &'a Endpoint,
    /// Until when the lease would hold.
    pub until: Timestamp,
    /// By how many milliseconds a message may be early.
    pub early_ms: i64,
    /// Now.
    pub now: Timestamp,
}

/// What a worker may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Nothing: it is owed no more, not yet, or to somebody else.
    Superseded,
    /// Whoever held it is gone in the middle of the call.
    WorkerLost,
    /// Wait for so many milliseconds first.
    Early(i64),
    /// Write this, and look again: the record says something else than the
    /// promise (invariant `NeverAgainstTheRecord`).
    Reconciled(Vec<Promise>),
    /// Write this: leased to the worker, or parked where even the call is not
    /// safe.
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

//! The life of a promise as one pure function. Each sender of inputs has its file.
//!
//! <!-- machine -->
//! An input that an entry does not have changes no state. An entry with a comma has only
//! the rows in which it differs from the one without. *Noted*: the outcome of the call
//! under way decides. *Approved (…)*, *found (…)*: in brackets, how a promise on all that is
//! known now would begin. The setting is `Reversals: deliver`, but for what is to be unmarked.
//!
//! ```text
//! lookup_due (lookup is due)
//!     record    approved, approved (other terms) → requested; approved (to be parked) →
//!               parked; approved (nothing to give), withdrawn → denied
//!     worker    refused → parked
//!     platform  found → requested; found (still lacking), found (to be parked) → parked;
//!               found (nothing to give), denied there → denied
//!     sweep     over age → parked
//! approval_due (approve is due)
//!     record    approved, approved (other terms) → requested; approved (to be asked) →
//!               lookup_due; approved (to be parked) → parked; approved (nothing to give),
//!               withdrawn → denied
//!     worker    refused → parked
//!     platform  approval requested → awaiting_approval; found → requested; found (still
//!               lacking), found (to be parked) → parked; found (nothing to give), denied
//!               there → denied
//!     sweep     over age → parked
//! awaiting_approval (lookup is due)
//!     record    approved, approved (other terms) → requested; approved (to be asked) →
//!               lookup_due; approved (to be parked) → parked; approved (nothing to give),
//!               withdrawn → denied
//!     worker    refused → parked
//!     platform  found → requested; found (still lacking), found (to be parked) → parked;
//!               found (nothing to give), denied there → denied
//!     sweep     over age → parked
//! requested (deliver is due)
//!     record    approved (to be asked) → lookup_due; approved (to be parked) → parked;
//!               approved (nothing to give), withdrawn → denied
//!     worker    leased → delivering
//!     sweep     over age → parked
//! requested, after a try (deliver is due)
//!     record    approved (other terms), approved (to be asked), approved (nothing to give)
//!               → parked
//! requested, an earlier outcome unknown (deliver is due)
//!     record    approved (other terms), approved (to be asked), approved (nothing to
//!               give), withdrawn → parked
//! delivering
//!     record    approved (other terms), withdrawn → noted
//!     worker    done → delivered; refused, unknown → parked; retry later, unknown
//!               (repeatable) → requested
//!     sweep     over age → parked
//! delivering, withdrawn meanwhile
//!     record    withdrawn → no change
//!     worker    done → reversal_due; refused, retry later → denied; unknown (repeatable) →
//!               parked
//! delivering, other terms meanwhile
//!     record    approved (other terms) → no change
//!     worker    done, retry later, unknown (repeatable) → parked
//! delivered (confirm is due)
//!     record    approved (other terms) → parked; withdrawn → reversal_due
//!     worker    leased → confirming
//!     platform  denied there → reversal_due
//!     sweep     over age → parked
//! delivered, told by response
//!     worker    leased → no change
//!     platform  confirmed by response → confirmed
//! delivered, the platform may know (confirm is due)
//!     record    withdrawn → noted
//! confirming
//!     record    approved (other terms), withdrawn → noted
//!     worker    done → confirmed; refused → parked; retry later, unknown (repeatable),
//!               unknown → delivered
//!     platform  contradicted → delivered; denied there → reversal_due
//!     sweep     over age → parked
//! confirming, withdrawn meanwhile
//!     record    withdrawn → no change
//!     worker    done, refused, retry later → reversal_due
//!     platform  contradicted → reversal_due
//! confirming, other terms meanwhile
//!     record    approved (other terms) → no change
//!     worker    done, retry later, unknown (repeatable), unknown → parked
//!     platform  contradicted → parked
//! confirmed
//!     record    approved (other terms) → parked; withdrawn → reversal_due
//! confirmed, kept by the operator
//!     record    approved, approved (other terms), approved (to be asked), approved (to be
//!               parked), approved (nothing to give) → delivered; withdrawn → no change
//! denied
//!     record    approved, approved (other terms) → requested; approved (to be asked) →
//!               lookup_due; approved (to be parked) → parked; askable → approval_due
//! denied, by the API alone
//!     sweep     unwitnessed → parked
//! denied, refused by the endpoint
//!     record    approved, approved (other terms), approved (to be asked) → parked; askable
//!               → no change
//! reversal_due (reverse is due)
//!     record    approved, approved (to be asked), approved (to be parked), approved
//!               (nothing to give) → delivered; approved (other terms) → parked
//!     worker    leased → reversing
//!     sweep     over age → parked
//! reversal_due, an earlier outcome unknown (reverse is due)
//!     record    approved, approved (other terms), approved (to be asked), approved (to be
//!               parked) → noted; approved (nothing to give) → no change
//! reversing
//!     record    approved, approved (other terms), approved (to be asked), approved (to be
//!               parked) → noted
//!     worker    done → reversed; refused, unknown → parked; retry later, unknown
//!               (repeatable) → reversal_due
//!     sweep     over age → parked
//! reversing, approved meanwhile
//!     record    approved, approved (other terms), approved (to be asked), approved (to be
//!               parked) → no change
//!     worker    done → requested of a new epoch
//! reversed
//!     record    approved, approved (other terms) → requested of a new epoch; approved (to
//!               be asked) → lookup_due of a new epoch; approved (to be parked) → parked of
//!               a new epoch
//! reversed, to be unmarked (unconfirm is due)
//!     worker    refused → parked
//!     sweep     over age → parked
//! reversed, to be unmarked, approved meanwhile (unconfirm is due)
//!     record    approved, approved (other terms), approved (to be asked), approved (to be
//!               parked) → no change
//!     worker    done, refused, retry later, unknown (repeatable), unknown → requested of a
//!               new epoch
//!     sweep     over age → requested of a new epoch
//! reversed, by the API alone
//!     sweep     unwitnessed → parked
//! ```
//!
//! The end of a parking, by the state that the promise was parked from:
//!
//! ```text
//! parked from lookup_due
//!     record    approved, approved (other terms) → requested; approved (to be asked) →
//!               lookup_due; approved (nothing to give), withdrawn → denied
//!     operator  go on, not granted → lookup_due; granted → delivered; close, close as not
//!               granted → denied; close as granted → confirmed
//! parked from approval_due
//!     record    approved, approved (other terms) → requested; approved (to be asked) →
//!               lookup_due; approved (nothing to give), withdrawn → denied
//!     operator  go on, not granted → approval_due; granted → delivered; close, close as
//!               not granted → denied; close as granted → confirmed
//! parked from awaiting_approval
//!     record    approved, approved (other terms) → requested; approved (to be asked) →
//!               lookup_due; approved (nothing to give), withdrawn → denied
//!     operator  go on, not granted → awaiting_approval; granted → delivered; close, close
//!               as not granted → denied; close as granted → confirmed
//! parked from requested
//!     record    withdrawn → denied
//!     operator  go on, not granted → requested; granted → delivered; close, close as not
//!               granted → denied; close as granted → confirmed
//! parked from requested, other terms meanwhile
//!     operator  go on, not granted → lookup_due
//! parked from requested, outcome unknown
//!     record    withdrawn → noted
//!     operator  go on, close → refused
//! parked from requested, outcome unknown, withdrawn meanwhile
//!     record    withdrawn → no change
//!     operator  go on, close → refused; granted → reversal_due; not granted → denied
//! parked from delivered
//!     record    withdrawn → noted
//!     operator  go on, not granted → delivered; granted, close, close as granted, close as
//!               not granted → confirmed
//! parked from delivered, withdrawn meanwhile
//!     record    withdrawn → no change
//!     operator  go on, granted, not granted → reversal_due
//! parked from delivered, the platform may know, withdrawn meanwhile
//!     record    withdrawn → no change
//!     operator  granted, not granted → reversal_due
//! parked from confirmed
//!     record    withdrawn → noted
//!     operator  go on, granted, not granted, close, close as granted, close as not granted
//!               → confirmed
//! parked from confirmed, withdrawn meanwhile
//!     record    withdrawn → no change
//!     operator  go on, granted, not granted → reversal_due
//! parked from reversal_due
//!     record    approved, approved (to be asked), approved (to be parked), approved
//!               (nothing to give) → delivered
//!     operator  go on, not granted → reversal_due; granted, close as granted → reversed;
//!               close, close as not granted → confirmed
//! parked from reversal_due, outcome unknown
//!     record    approved, approved (other terms), approved (to be asked), approved (to be
//!               parked) → noted; approved (nothing to give) → no change
//!     operator  go on, close → refused
//! parked from reversal_due, outcome unknown, approved meanwhile
//!     record    approved, approved (to be asked), approved (to be parked), approved
//!               (nothing to give) → no change
//!     operator  go on, close → refused; granted, close as granted → requested of a new
//!               epoch; not granted → delivered
//! parked from reversed
//!     record    approved, approved (other terms) → requested of a new epoch; approved (to
//!               be asked) → lookup_due of a new epoch; approved (to be parked) → parked of
//!               a new epoch; approved (nothing to give) → reversed; withdrawn → noted
//!     operator  go on, granted, not granted, close, close as granted, close as not granted
//!               → reversed
//! ```
//! <!-- /machine -->

mod input;
mod logged;
mod operator;
mod platform;
mod record;
mod sweep;
mod transitioning;
mod worker;

use std::borrow::Cow;

pub use input::Input;
use input::WORKER_LOST;
use logged::logged;
use transitioning::{Rejected, Transitioning, WRONG_STATE, renewed};

use crate::fulfilment::assessment::Assessment;
use crate::fulfilment::policy::Reversals;
use crate::fulfilment::promise::Promise;
use crate::fulfilment::rewards::Rewards;
use crate::fulfilment::state::State;
use crate::wire::Timestamp;

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

/// The settings and definitions that a transition depends on besides promise and input.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// The setting for what is withdrawn after it was given.
    pub reversals: Reversals,
    /// The definition of the provider's rewards.
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
        Input::WorkerLost { not_before, repeatable } => {
            next.unknown(*not_before, WORKER_LOST, *repeatable)
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
    if let Some(entry) = logged(promise, &next.promise, input, now) {
        next.promise.log.push(entry);
    }
    let ended = Box::new(next.promise);
    match renewed {
        Some(renewed) => Transition::NewEpoch { ended, next: Box::new(renewed) },
        None => Transition::Changed(ended),
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

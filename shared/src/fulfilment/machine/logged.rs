//! The entry of a promise's log that a transition makes.

use crate::fulfilment::log::{Actor, LogEntry};
use crate::fulfilment::machine::Input;
use crate::fulfilment::machine::input::WORKER_LOST;
use crate::fulfilment::promise::Promise;
use crate::fulfilment::state::State;
use crate::wire::Timestamp;

/// The entry for an input that changed a promise. `None` for what another entry tells:
/// a lease, by the outcome of its call; for a task that was queued again, which is
/// counted; and for an event that changed no more than what is noted of it.
pub(super) fn logged(
    before: &Promise,
    next: &Promise,
    input: &Input,
    now: Timestamp,
) -> Option<LogEntry> {
    let moved = before.seq != next.seq;
    let says_so = match input {
        Input::Redispatched => false,
        Input::Leased(_) | Input::LeasedFor { .. } => next.lease.is_none(),
        Input::Approved(_) | Input::Askable(_) | Input::Withdrawn => {
            moved
                || before.withdrawal != next.withdrawal
                || before.terms_change != next.terms_change
                || before.terms != next.terms
        }
        _ => true,
    };
    if !says_so {
        return None;
    }
    let outcome = outcome(input);
    let parked = next.parked.as_ref().filter(|_| moved && next.state == State::Parked);
    let reason = parked.map(|parked| parked.reason.clone());
    Some(LogEntry {
        at: now,
        from: before.state,
        to: next.state,
        by: actor(before, input),
        reason: reason.filter(|reason| reason.name() != outcome),
        outcome,
        ms: took(before, input, now),
    })
}

/// The outcome of a call, or the cause, in a few words.
fn outcome(input: &Input) -> String {
    match input {
        Input::Approved(_) => "approved",
        Input::Askable(_) => "pending, may be asked for",
        Input::Withdrawn => "withdrawn",
        Input::Leased(_) | Input::LeasedFor { .. } => "not safe to call",
        Input::Done => "done",
        Input::Refused(reason) => return reason.to_string(),
        Input::RetryLater { last, .. }
        | Input::Unknown { last, .. }
        | Input::Contradicted { last, .. } => last,
        Input::WorkerLost { .. } => WORKER_LOST,
        Input::ApprovalRequested(_) => "approval requested",
        Input::Found { .. } => "found",
        Input::DeniedThere { .. } => "denied there",
        Input::ConfirmedByResponse => "told by the answer",
        Input::Resumed(decision) => decision.resolution.name(),
        Input::OverAge => "over_age",
        Input::Redispatched => "queued again",
        Input::Unwitnessed => "denied by the API alone",
    }
    .to_owned()
}

fn actor(before: &Promise, input: &Input) -> Actor {
    match input {
        Input::Approved(_) | Input::Askable(_) | Input::Withdrawn => Actor::Event,
        Input::Resumed(decision) => Actor::Operator(decision.by.clone()),
        Input::OverAge | Input::Redispatched | Input::Unwitnessed => Actor::Sweep,
        Input::ConfirmedByResponse => Actor::Answer,
        Input::LeasedFor { .. } => Actor::Deliver,
        Input::ApprovalRequested(_)
        | Input::Found { .. }
        | Input::Contradicted { .. }
        | Input::DeniedThere { .. }
        | Input::Leased(_) => Actor::Confirm,
        Input::Done
        | Input::Refused(_)
        | Input::RetryLater { .. }
        | Input::Unknown { .. }
        | Input::WorkerLost { .. } => match before.state {
            State::Delivering | State::Reversing => Actor::Deliver,
            _ => Actor::Confirm,
        },
    }
}

/// Milliseconds that the call took, from the lease on. A worker that was lost took
/// nobody knows how long.
fn took(before: &Promise, input: &Input, now: Timestamp) -> Option<u64> {
    let called = matches!(
        input,
        Input::Done
            | Input::Refused(_)
            | Input::RetryLater { .. }
            | Input::Unknown { .. }
            | Input::ApprovalRequested(_)
            | Input::Found { .. }
            | Input::Contradicted { .. }
            | Input::DeniedThere { .. }
    );
    let since = before.lease.as_ref().filter(|_| called)?.at?;
    u64::try_from(now.ms().saturating_sub(since.ms())).ok()
}

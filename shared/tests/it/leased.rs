//! Who takes a lease, and what the record in hand says to it.

use crate::certain::{after, approved, edited, told};
use crate::contradicted::lacking;
use crate::machine::{again, at, run};
use crate::promises::policy;
use crate::providers::{FIRSTPROMOTER, rewards};
use shared::fulfilment::{
    Endpoint, Input, ParkReason, Policy, Promise, Reversals, Snapshot, State, Taken, Taker,
};
use shared::ledger::Record;

fn endpoint(id: &str, idempotent: bool) -> Endpoint {
    Endpoint { id: id.into(), idempotent }
}

fn take(promise: &Promise, record: &Record, due: &str, epoch: u32, endpoint: &Endpoint) -> Taken {
    let policy = Policy { reversals: Reversals::Deliver, ..policy() };
    let taker = Taker {
        policy: &policy,
        rewards: rewards(FIRSTPROMOTER),
        epoch,
        due,
        endpoint,
        until: at(100),
        early_ms: 1000,
        now: at(50),
    };
    taker.take(promise, record)
}

/// The work that a worker may do that got the message of what is due.
pub fn taken(policy: &Policy, known: &Snapshot) -> Taken {
    let promise = known.promise.as_ref().unwrap();
    let taker = Taker {
        policy,
        rewards: rewards(FIRSTPROMOTER),
        epoch: promise.epoch,
        due: promise.due.as_deref().unwrap_or_default(),
        endpoint: &endpoint("a", true),
        until: at(100),
        early_ms: 1000,
        now: at(50),
    };
    taker.take(promise, known.record.as_ref().unwrap())
}

#[test]
fn whoever_takes_a_lease_has_reconciled_it_with_the_record_in_hand() {
    let (_, promise) = approved();
    let denied = after(
        &policy(),
        FIRSTPROMOTER,
        &[told("commission.approved", "approved", "10:00:00"), edited("denied", "10:01:00")],
    );
    // As a torn read brings it: the promise from before, the record from after.
    match take(&promise, &denied.record.unwrap(), "deliver#1", 1, &endpoint("a", true)) {
        Taken::Reconciled(next) => assert_eq!(next[0].state, State::Denied),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_record_that_names_a_promise_which_was_not_read_is_torn() {
    let (record, promise) = approved();
    let known = |record: Option<&Record>, promise: Option<&Promise>| Snapshot {
        record: record.cloned(),
        promise: promise.cloned(),
        ..Snapshot::default()
    };
    let mut second = promise.clone();
    second.epoch = 2;
    let bare = Record { epoch: 0, ..record.clone() };
    for (known, together) in [
        (known(Some(&record), Some(&promise)), true),
        (known(Some(&bare), None), true),
        (known(None, None), true),
        (known(Some(&record), None), false),
        (known(Some(&bare), Some(&promise)), false),
        (known(Some(&record), Some(&second)), false),
    ] {
        assert_eq!(known.belongs_together(), together);
    }
}

#[test]
fn a_lease_is_taken_for_what_is_due_now_and_held_by_nobody() {
    let (record, promise) = approved();
    let anywhere = endpoint("a", true);
    let take = |promise: &Promise, due: &str, epoch| take(promise, &record, due, epoch, &anywhere);
    assert!(matches!(take(&promise, "deliver#1", 1), Taken::Leased(_)));
    assert_eq!(take(&promise, "deliver#2", 1), Taken::Superseded);
    assert_eq!(take(&promise, "deliver#1", 2), Taken::Superseded);
    let mut early = promise.clone();
    early.retry.not_before = Some(at(60));
    assert_eq!(take(&early, "deliver#1", 1), Taken::Early(10));
    early.retry.not_before = Some(at(5000));
    assert_eq!(take(&early, "deliver#1", 1), Taken::Superseded);

    let held = run(promise, &[Input::Leased(at(51))], Reversals::Park);
    let expired = run(approved().1, &[Input::Leased(at(50))], Reversals::Park);
    assert_eq!(take(&held, "deliver#1", 1), Taken::Superseded);
    // Only the message that the lease was taken for finds its worker gone.
    assert_eq!(take(&expired, "deliver#1", 1), Taken::WorkerLost);
    assert_eq!(take(&expired, "deliver#2", 1), Taken::Superseded);
}

#[test]
fn what_the_platform_is_asked_is_asked_by_one_worker() {
    let known = after(&policy(), FIRSTPROMOTER, &[lacking()]);
    let (record, promise) = (known.record.unwrap(), known.promise.unwrap());
    let held = run(promise.clone(), &[Input::Leased(at(51))], Reversals::Park);
    let expired = run(promise, &[Input::Leased(at(50))], Reversals::Park);
    let anywhere = endpoint("a", true);
    assert_eq!(take(&held, &record, "lookup#1", 1, &anywhere), Taken::Superseded);
    assert!(matches!(take(&expired, &record, "lookup#1", 1, &anywhere), Taken::Leased(_)));
}

#[test]
fn a_call_that_may_have_had_its_effect_is_repeated_as_it_was_or_not_at_all() {
    let lost = || Input::Unknown { not_before: at(0), last: "no answer".into(), repeatable: true };
    for (first, now, safe) in [
        (endpoint("a", true), endpoint("a", true), true),
        (endpoint("a", true), endpoint("a", false), false),
        (endpoint("a", true), endpoint("b", true), false),
        (endpoint("a", false), endpoint("a", true), false),
    ] {
        for reversing in [false, true] {
            let (record, promise) = approved();
            let lease = || Input::LeasedFor { until: at(9), endpoint: first.clone() };
            let mut inputs = vec![lease(), lost()];
            if reversing {
                inputs = vec![lease(), Input::Done, Input::Withdrawn, lease(), lost()];
            }
            let open = run(promise, &inputs, Reversals::Deliver);
            let due = open.due.clone().unwrap();
            // A reversal is due because the record is denied.
            let denied =
                [told("commission.approved", "approved", "10:00:00"), edited("denied", "10:01:00")];
            let denied = after(&policy(), FIRSTPROMOTER, &denied).record.unwrap();
            let record = if reversing { &denied } else { &record };
            let Taken::Leased(next) = take(&open, record, &due, 1, &now) else { panic!() };
            let parked = next.parked.as_ref().map(|p| (p.reason.clone(), p.unknown));
            assert_eq!(next.lease.is_some(), safe, "{first:?} {now:?}");
            assert_eq!(parked, (!safe).then_some((ParkReason::UnknownOutcome, true)));
            // What was known to have had none may go anywhere.
            let free = run(approved().1, &[lease(), again()], Reversals::Deliver);
            let due = free.due.clone().unwrap();
            let other = take(&free, &approved().0, &due, 1, &endpoint("c", false));
            assert!(matches!(other, Taken::Leased(leased) if leased.lease.is_some()));
        }
    }
}

#[test]
fn what_is_said_of_a_promise_that_nobody_works_on_is_not_said_of_one_that_went_on() {
    let unknown = Input::Unknown { not_before: at(0), last: "no answer".into(), repeatable: true };
    let lost = Input::WorkerLost { not_before: at(0), repeatable: true };
    for (input, assumes) in [
        (Input::OverAge, true),
        (Input::Unwitnessed, true),
        (lost, true),
        (unknown, false),
        (Input::Done, false),
        (Input::Withdrawn, false),
    ] {
        assert_eq!(input.assumes_nobody_at_work(), assumes, "{input:?}");
    }
}

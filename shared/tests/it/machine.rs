//! The promise's life: its tables, and what holds on every path through it.

pub mod docs;
pub mod situations;
pub mod table;

use crate::providers::transition;
use shared::fulfilment::{
    Assessment, Input, OperatorDecision, ParkReason, Promise, Recipient, Resolution, Reversals,
    Start, State, Task, Terms, Transition,
};
use shared::wire::Timestamp;
use table::inputs;

use proptest::prelude::*;

pub fn terms(amount: &str) -> Terms {
    Terms {
        amount: Some(amount.into()),
        unit: Some("points".into()),
        recipient: Some(Recipient {
            role: "promoter".into(),
            id: Some("31".into()),
            reference: None,
            email: None,
        }),
        ..Terms::default()
    }
}

pub fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_790_000_000_000 + ms)
}

pub fn fresh() -> Promise {
    Promise::new("firstpromoter:88:1".into(), 1, State::Requested, terms("500"), at(0))
}

pub fn word(granted: Option<bool>) -> Input {
    Input::Resumed(decision(Resolution::of(granted, false), "asked them"))
}

/// A decision of the operator Ana.
pub fn decision(resolution: Resolution, because: &str) -> OperatorDecision {
    OperatorDecision { by: "ana".into(), resolution, because: because.into(), at: at(0) }
}

pub fn close() -> Input {
    Input::Resumed(decision(Resolution::Close, "a gesture"))
}

fn unknown(repeatable: bool) -> Input {
    Input::Unknown { not_before: at(9), last: "no answer".into(), repeatable }
}

/// The record is approved on these terms.
pub fn stated(terms: Terms, entry: Start) -> Input {
    Input::Approved(Box::new(Assessment::of(terms, entry)))
}

/// The platform's API says since then that an announced reward is denied.
pub fn denied_there(since: Timestamp) -> Input {
    Input::DeniedThere { since, announced: true }
}

pub fn again() -> Input {
    Input::RetryLater { not_before: at(9), last: "503".into(), batch: None }
}

pub fn run(from: Promise, inputs: &[Input], reversals: Reversals) -> Promise {
    inputs.iter().fold(from, |promise, input| match transition(&promise, input, reversals, at(5)) {
        Transition::Changed(next) => *next,
        Transition::NewEpoch { next, .. } => *next,
        Transition::Unchanged => promise,
        Transition::Invalid(why) => panic!("{input:?} in {:?}: {why}", promise.state),
    })
}

/// A promise in each state, come there by inputs alone.
pub fn in_state(state: State) -> Promise {
    let lease = Input::Leased(at(90));
    let path: Vec<Input> = match state {
        State::Delivering => vec![lease],
        State::Delivered => vec![lease, Input::Done],
        State::Confirming => vec![lease.clone(), Input::Done, lease],
        State::Confirmed => vec![lease.clone(), Input::Done, lease, Input::Done],
        State::Denied => vec![Input::Withdrawn],
        State::ReversalDue => vec![lease, Input::Done, Input::Withdrawn],
        State::Reversing => vec![lease.clone(), Input::Done, Input::Withdrawn, lease],
        State::Reversed => vec![lease.clone(), Input::Done, Input::Withdrawn, lease, Input::Done],
        State::Parked => vec![lease, Input::Refused("422".into())],
        State::LookupDue | State::ApprovalDue | State::Requested => {
            return Promise::new("firstpromoter:88:1".into(), 1, state, terms("500"), at(0));
        }
        State::AwaitingApproval => {
            let due = Promise::new(
                "firstpromoter:88:1".into(),
                1,
                State::ApprovalDue,
                terms("500"),
                at(0),
            );
            return run(due, &[Input::ApprovalRequested(at(9))], Reversals::Deliver);
        }
    };
    let promise = run(fresh(), &path, Reversals::Deliver);
    assert_eq!(promise.state, state);
    promise
}

#[test]
fn a_reward_denied_and_approved_again_keeps_its_key_until_it_was_taken_back() {
    let lease = Input::Leased(at(90));
    let denied = run(fresh(), &[Input::Withdrawn], Reversals::Deliver);
    let back = run(denied, &[stated(terms("500"), Start::Deliver)], Reversals::Deliver);
    assert_eq!((back.key.as_str(), back.state), ("firstpromoter:88:1", State::Requested));

    let taken_back = [lease.clone(), Input::Done, Input::Withdrawn, lease, Input::Done];
    let reversed = run(fresh(), &taken_back, Reversals::Deliver);
    let anew = run(reversed, &[stated(terms("500"), Start::Deliver)], Reversals::Deliver);
    assert_eq!((anew.key.as_str(), anew.epoch, anew.version), ("firstpromoter:88:2", 2, 1));
    assert_eq!(anew.due.as_deref(), Some("deliver#1"));
}

#[test]
fn approved_again_while_being_taken_back_begins_a_new_epoch_at_the_end() {
    let reversing = in_state(State::Reversing);
    let noted = run(reversing, &[stated(terms("500"), Start::Deliver)], Reversals::Deliver);
    match transition(&noted, &Input::Done, Reversals::Deliver, at(5)) {
        Transition::NewEpoch { ended, next } => {
            assert_eq!((ended.state, ended.epoch), (State::Reversed, 1));
            assert_eq!((next.state, next.key.as_str()), (State::Requested, "firstpromoter:88:2"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unknown_outcome_needs_a_persons_word() {
    let lease = Input::Leased(at(90));
    let parked = run(fresh(), &[lease, unknown(false)], Reversals::Park);
    assert!(parked.parked.as_ref().unwrap().unknown);
    assert!(matches!(
        transition(&parked, &word(None), Reversals::Park, at(5)),
        Transition::Invalid(_)
    ));
    let granted = run(parked.clone(), &[word(Some(true))], Reversals::Park);
    assert_eq!((granted.state, granted.due.as_deref()), (State::Delivered, Some("confirm#4")));
    let not = run(parked, &[word(Some(false))], Reversals::Park);
    assert_eq!((not.state, not.key.as_str()), (State::Requested, "firstpromoter:88:1"));
    assert_eq!(not.decisions[0].because, "asked them");
}

#[test]
fn a_withdrawal_during_a_call_is_decided_by_its_outcome() {
    let during = [Input::Leased(at(90)), Input::Withdrawn];
    for (outcome, reversals, state) in [
        (Input::Done, Reversals::Deliver, State::ReversalDue),
        (Input::Done, Reversals::Park, State::Parked),
        (Input::Refused("422".into()), Reversals::Park, State::Denied),
        (again(), Reversals::Park, State::Denied),
        (unknown(true), Reversals::Park, State::Parked),
    ] {
        let promise = run(fresh(), &during, reversals);
        assert_eq!(
            run(promise, std::slice::from_ref(&outcome), reversals).state,
            state,
            "{outcome:?}"
        );
    }
}

#[test]
fn changed_terms_update_a_promise_only_while_nothing_went_out() {
    let other = stated(terms("700"), Start::Deliver);
    let before = run(fresh(), std::slice::from_ref(&other), Reversals::Park);
    assert_eq!((before.state, before.terms.amount.as_deref()), (State::Requested, Some("700")));
    assert_eq!(before.seq, 1);
    for state in [State::Delivered, State::Confirmed] {
        let after = run(in_state(state), std::slice::from_ref(&other), Reversals::Park);
        assert_eq!(after.parked.unwrap().reason, ParkReason::ChangedAfterDelivery);
        assert_eq!(after.terms.amount.as_deref(), Some("500"));
    }
    let during = run(fresh(), &[Input::Leased(at(90)), other, Input::Done], Reversals::Park);
    assert_eq!(during.parked.unwrap().from, State::Delivered);
}

fn any_input() -> impl Strategy<Value = Input> {
    let decisions = Resolution::ALL.map(|resolution| Input::Resumed(decision(resolution, "x")));
    prop::sample::select(inputs().into_iter().chain(decisions).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_every_path(inputs in prop::collection::vec(any_input(), 1..40), way in 0..3_usize) {
        let reversals = [Reversals::Deliver, Reversals::Park, Reversals::DeliverAndUnmark][way];
        let mut promise = fresh();
        let mut given = false;
        for input in inputs {
            let (ended, next) = match transition(&promise, &input, reversals, at(5)) {
                Transition::Changed(next) => ((*next).clone(), *next),
                Transition::NewEpoch { ended, next } => {
                    prop_assert!(ended.state == State::Reversed);
                    prop_assert_eq!(next.epoch, promise.epoch + 1);
                    given = false;
                    (*ended, *next)
                }
                Transition::Unchanged | Transition::Invalid(_) => continue,
            };
            prop_assert_eq!(&ended.key, &promise.key);
            prop_assert_eq!(ended.version, promise.version + 1);
            // A state is entered anew when a promise is parked or waits again.
            if ended.state != promise.state {
                prop_assert_eq!(ended.seq, promise.seq + 1);
            }
            let task = next.due.as_deref().and_then(Task::of_due);
            let unmarking = next.state == State::Reversed && task == Some(Task::Unmark);
            prop_assert!(unmarking || task == next.state.task());
            if let Some(due) = &next.due {
                let seq = format!("#{}", next.seq);
                prop_assert!(due.ends_with(&seq));
            }
            // What is known to be given is never handed out under this key again.
            if promise.state == State::Delivering && input == Input::Done {
                given = true;
            }
            prop_assert!(!(given && matches!(next.state, State::Requested | State::Delivering | State::Denied)));
            // The platform is only told of what is recorded as given.
            if next.state == State::Confirming {
                prop_assert!(next.delivered_at.is_some());
            }
            prop_assert_eq!(next.parked.is_some(), next.state == State::Parked);
            promise = next;
        }
    }
}

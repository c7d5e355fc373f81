//! Changed terms, ages, unmarking, and what a person's word does.

use crate::machine::{again, at, close, fresh, in_state, run, stated, terms, word};
use crate::providers::transition;
use shared::fulfilment::{Input, ParkReason, Resolution, Reversals, Start, State, Transition};

#[test]
fn changed_terms_are_seen_by_a_person_once() {
    let other = stated(terms("700"), Start::Deliver);
    let parked = run(in_state(State::Confirmed), std::slice::from_ref(&other), Reversals::Park);
    let seen = run(parked, &[word(None)], Reversals::Park);
    assert_eq!((seen.state, seen.terms.amount.as_deref()), (State::Confirmed, Some("500")));
    assert_eq!(transition(&seen, &other, Reversals::Park, at(5)), Transition::Unchanged);

    // Known not to be given: on the terms stated last, once they
    // are looked at like those of a new promise.
    let tried = [Input::Leased(at(90)), again(), other];
    let parked = run(fresh(), &tried, Reversals::Park);
    let resumed = run(parked, &[word(None)], Reversals::Park);
    assert_eq!((resumed.state, resumed.terms.amount.as_deref()), (State::LookupDue, Some("700")));
}

#[test]
fn incomplete_terms_are_looked_up_when_resumed() {
    let mut incomplete = fresh();
    incomplete.terms.recipient = None;
    let lease = Input::Leased(at(90));
    let parked =
        run(incomplete, &[lease, Input::Refused(ParkReason::IncompleteTerms)], Reversals::Park);
    assert_eq!(run(parked, &[word(None)], Reversals::Park).state, State::LookupDue);
}

#[test]
fn what_was_confirmed_and_taken_back_is_unmarked_where_that_is_asked_for() {
    let lease = Input::Leased(at(90));
    let back = [Input::Withdrawn, lease.clone(), Input::Done];
    let unmark = Reversals::DeliverAndUnmark;
    let reversed = run(in_state(State::Confirmed), &back, unmark);
    assert!(reversed.due.as_deref().is_some_and(|due| due.starts_with("unconfirm#")));
    let told = run(reversed, &[lease, Input::Done], unmark);
    assert_eq!((told.state, told.due, told.lease), (State::Reversed, None, None));
    assert_eq!(run(in_state(State::Confirmed), &back, Reversals::Deliver).due, None);
    assert_eq!(run(in_state(State::Delivered), &back, unmark).due, None);
}

fn same(amount: &str) -> Input {
    stated(terms(amount), Start::Deliver)
}

#[test]
fn terms_that_change_while_parked_are_taken_up() {
    let p = run(
        fresh(),
        &[Input::Leased(at(90)), Input::Refused("400".into()), same("300"), word(None)],
        Reversals::Deliver,
    );
    assert_eq!((p.state, p.terms.amount.as_deref()), (State::LookupDue, Some("300")));
}

#[test]
fn terms_that_change_back_during_a_call_are_no_change() {
    let p = run(
        fresh(),
        &[Input::Leased(at(90)), same("300"), same("500"), again()],
        Reversals::Deliver,
    );
    assert_eq!((p.state, p.terms.amount.as_deref()), (State::Requested, Some("500")));
}

#[test]
fn terms_that_change_while_parked_after_delivery_are_noted() {
    let p = run(
        fresh(),
        &[
            Input::Leased(at(90)),
            Input::Done,
            Input::Leased(at(90)),
            Input::Refused("401".into()),
            same("300"),
            word(None),
        ],
        Reversals::Deliver,
    );
    assert!(p.terms_change.new_terms.is_some(), "forgotten in {:?}", p.state);
}

#[test]
fn an_owed_unmarking_can_be_over_age_and_a_withdrawal_starts_its_own_age() {
    let p = run(
        in_state(State::Confirmed),
        &[Input::Withdrawn, Input::Leased(at(90)), Input::Done],
        Reversals::DeliverAndUnmark,
    );
    assert!(p.due.is_some());
    let parked = run(p, &[Input::OverAge], Reversals::DeliverAndUnmark);
    assert_eq!(parked.parked.as_ref().map(|parked| parked.from), Some(State::Reversed));
    let owed = run(parked, &[word(None)], Reversals::DeliverAndUnmark);
    assert!(owed.due.is_some_and(|due| due.starts_with("unconfirm#")));
    let p =
        transition(&in_state(State::Confirmed), &Input::Withdrawn, Reversals::Deliver, at(777_000));
    let Transition::Changed(p) = p else { panic!() };
    assert_eq!(p.open_at, at(777_000));
}

#[test]
fn what_a_person_took_back_is_unmarked_too() {
    let p = run(
        in_state(State::Confirmed),
        &[Input::Withdrawn, Input::Leased(at(90)), Input::Refused("400".into()), word(Some(true))],
        Reversals::DeliverAndUnmark,
    );
    assert_eq!((p.state, p.due.is_some()), (State::Reversed, true));
}

#[test]
fn a_refused_unmarking_waits_for_a_person() {
    let p = run(
        in_state(State::Confirmed),
        &[
            Input::Withdrawn,
            Input::Leased(at(90)),
            Input::Done,
            Input::Leased(at(90)),
            Input::Refused("401".into()),
        ],
        Reversals::DeliverAndUnmark,
    );
    assert_eq!((p.state, p.due), (State::Parked, None));
}

#[test]
fn a_200_that_nobody_collects_is_settled_by_a_persons_word() {
    let mut f = fresh();
    f.by_response = true;
    let p = run(
        f,
        &[Input::Leased(at(90)), Input::Done, Input::OverAge, word(Some(true))],
        Reversals::Deliver,
    );
    assert_eq!(p.state, State::Confirmed);
}

#[test]
fn what_was_withdrawn_after_it_was_given_may_be_kept() {
    let withdrawn = run(in_state(State::Confirmed), &[Input::Withdrawn], Reversals::Park);
    let kept = run(withdrawn, &[close()], Reversals::Park);
    assert_eq!((kept.state, kept.due.as_deref()), (State::Confirmed, None));
    assert_eq!(kept.decisions[0].resolution, Resolution::Close);
    // Each further event of the denied commission says so again.
    assert_eq!(transition(&kept, &Input::Withdrawn, Reversals::Park, at(5)), Transition::Unchanged);
    // Approved again: nothing new is given, and a later withdrawal counts.
    let back = run(kept, &[same("500"), Input::Withdrawn], Reversals::Park);
    assert_eq!(back.parked.unwrap().reason, ParkReason::WithdrawnAfterDelivery);

    // The platform was never told: once approved again, it is.
    let withdrawn = run(in_state(State::Delivered), &[Input::Withdrawn], Reversals::Park);
    let kept = run(withdrawn, &[close()], Reversals::Park);
    assert_eq!((kept.state, kept.confirmed_at), (State::Confirmed, None));
    let back = run(kept, &[same("500")], Reversals::Park);
    assert_eq!(back.state, State::Delivered);

    // What was not given is not given, whatever the record goes on to say.
    let other =
        run(fresh(), &[Input::Leased(at(90)), Input::Refused("422".into())], Reversals::Park);
    let closed = run(other, &[close()], Reversals::Park);
    assert_eq!((closed.state, closed.platform.denied_at.is_some()), (State::Denied, true));
    // Nobody closes what nobody knows.
    let unknown = Input::Unknown { not_before: at(9), last: "no answer".into(), repeatable: false };
    let other = run(fresh(), &[Input::Leased(at(90)), unknown], Reversals::Park);
    assert!(matches!(transition(&other, &close(), Reversals::Park, at(5)), Transition::Invalid(_)));
}

#[test]
fn a_new_epoch_waits_until_the_old_ones_unmarking_is_over() {
    let lease = Input::Leased(at(90));
    let unmark = Reversals::DeliverAndUnmark;
    let back = [Input::Withdrawn, lease.clone(), Input::Done, lease, same("500")];
    let during = run(in_state(State::Confirmed), &back, unmark);
    assert_eq!((during.state, during.epoch), (State::Reversed, 1));
    for outcome in [Input::Done, again(), Input::Refused("401".into())] {
        let next = run(during.clone(), std::slice::from_ref(&outcome), unmark);
        assert_eq!((next.epoch, next.state), (2, State::Requested), "{outcome:?}");
    }
    // Withdrawn once more before it began: there is none.
    let gone = run(during, &[Input::Withdrawn, Input::Done], unmark);
    assert_eq!((gone.epoch, gone.state), (1, State::Reversed));
}

#[test]
fn an_approval_that_is_never_announced_is_asked_for() {
    let mut asked = in_state(State::AwaitingApproval);
    assert!(asked.due.as_deref().is_some_and(|due| due.starts_with("lookup#")));
    assert_eq!(asked.retry.not_before, Some(at(9)));
    let pending = [Input::Leased(at(90)), again()];
    asked = run(asked, &pending, Reversals::Park);
    assert_eq!((asked.state, asked.retry.attempts), (State::AwaitingApproval, 1));
    // Too late for patience, and still not too late for the event.
    let parked = run(asked, &[Input::OverAge], Reversals::Park);
    assert_eq!(parked.state, State::Parked);
    assert_eq!(run(parked, &[same("500")], Reversals::Park).state, State::Requested);
}

#[test]
fn a_step_that_was_queued_again_is_still_the_same_step() {
    let owed = fresh();
    let resent = run(owed.clone(), &[Input::Redispatched, Input::Redispatched], Reversals::Park);
    assert_eq!((resent.retry.redispatch_count, resent.retry.redispatched_at), (2, Some(at(5))));
    assert_eq!((resent.seq, &resent.due), (owed.seq, &owed.due));
    let taken = run(resent, &[Input::Leased(at(90))], Reversals::Park);
    assert_eq!((taken.retry.redispatch_count, taken.retry.redispatched_at), (0, None));
}

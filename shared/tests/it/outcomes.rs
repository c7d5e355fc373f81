//! What a call came to, beside what was known of it before and what happened
//! during it.

use crate::machine::{again, at, denied_there, fresh, in_state, run, stated, terms, word};
use crate::providers::transition;
use shared::fulfilment::{
    Assessment, Input, ParkReason, Promise, Reversals, Start, State, Terms, Transition,
};

const D: Reversals = Reversals::Deliver;

fn lease() -> Input {
    Input::Leased(at(90))
}

fn lost() -> Input {
    Input::Unknown { not_before: at(9), last: "no answer".into(), repeatable: true }
}

fn changed() -> Input {
    stated(terms("700"), Start::Deliver)
}

/// The reason for which it is parked, and true if nobody knows what was given.
fn parked(promise: &Promise) -> Option<(ParkReason, bool)> {
    promise.parked.as_ref().map(|parked| (parked.reason.clone(), parked.unknown))
}

/// The second call is refused, for good or for now, after a first whose end
/// nobody knows, and the reward is withdrawn or changed while it is under way.
#[test]
fn a_refusal_during_which_it_is_withdrawn_undoes_no_earlier_call() {
    let refused = || Input::Refused("422".into());
    for (before, during, outcome, reason) in [
        (vec![lease()], Input::Withdrawn, again(), None),
        (vec![lease()], Input::Withdrawn, refused(), None),
        (
            vec![lease(), lost(), lease()],
            Input::Withdrawn,
            again(),
            Some((ParkReason::UnknownOutcome, true)),
        ),
        (vec![lease(), lost(), lease()], Input::Withdrawn, refused(), Some(("422".into(), true))),
        (vec![lease()], changed(), again(), Some((ParkReason::ChangedAfterDelivery, false))),
        (
            vec![lease(), lost(), lease()],
            changed(),
            again(),
            Some((ParkReason::ChangedAfterDelivery, true)),
        ),
    ] {
        let after = run(fresh(), &[before, vec![during, outcome]].concat(), D);
        assert_eq!(parked(&after), reason, "{after:?}");
        assert_eq!(after.state == State::Denied, reason.is_none(), "{after:?}");
    }
}

/// The reward was withdrawn while the platform was being told, and works on it.
#[test]
fn withdrawn_before_the_batch_is_known_is_asked_about_before_it_is_taken_back() {
    let accepted =
        Input::RetryLater { not_before: at(9), last: "accepted".into(), batch: Some("7".into()) };
    let told = run(in_state(State::Confirming), &[Input::Withdrawn, accepted], D);
    assert_eq!(
        (told.state, told.withdrawal.pending, told.effect_uncertain),
        (State::Delivered, true, true)
    );
    assert_eq!(told.platform.batch_id.as_deref(), Some("7"));
    let back = run(told, &[lease(), Input::Done], D);
    assert_eq!((back.state, back.platform.was_confirmed), (State::ReversalDue, true));
    // Without a batch it was not told.
    let untold = run(in_state(State::Confirming), &[Input::Withdrawn, again()], D);
    assert_eq!((untold.state, untold.platform.was_confirmed), (State::ReversalDue, false));
}

#[test]
fn a_change_is_shown_to_a_person_once_and_not_kept_for_the_next_call() {
    let shown = run(in_state(State::Delivering), &[changed(), Input::Done], D);
    assert_eq!((shown.state, shown.terms_change.in_flight), (State::Parked, false));
    let told = run(shown, &[word(None), lease(), changed(), Input::Done], D);
    assert_eq!((told.state, told.terms_change.in_flight), (State::Confirmed, false));
    assert!(run(in_state(State::Delivering), &[changed()], D).terms_change.in_flight);
}

#[test]
fn what_only_the_api_denied_is_shown_to_a_person_though_it_is_taken_back_by_then() {
    let denied = run(in_state(State::Confirming), &[denied_there(at(1))], D);
    assert_eq!((denied.state, denied.platform.unwitnessed), (State::ReversalDue, true));
    let back = run(denied, &[lease(), Input::Done], D);
    assert_eq!((back.state, back.platform.unwitnessed), (State::Reversed, true));
    let shown = run(back, &[Input::Unwitnessed], D);
    assert_eq!(
        (parked(&shown), shown.platform.unwitnessed),
        (Some((ParkReason::ContradictedAtProvider, false)), false)
    );
}

#[test]
fn what_a_look_up_found_is_asked_for_again_only_of_v1() {
    for (key, looked_up, known) in [
        ("firstpromoter:88:1", true, true),
        ("firstpromoter:88:1", false, false),
        ("firstpromoter-v1:88:1", true, false),
        ("firstpromoter-v1:88:1", false, false),
    ] {
        let mut before = in_state(State::Reversed);
        before.key = key.into();
        before.platform.looked_up = looked_up;
        let next = run(before, &[stated(terms("500"), Start::Deliver)], D);
        assert_eq!((next.epoch, next.platform.looked_up), (2, known), "{key} {looked_up}");
    }
}

/// An outcome is that of a call. Where none is under way there is none to hear
/// of, and nothing is written.
#[test]
fn an_outcome_is_heard_only_where_it_was_waited_for() {
    use State::{
        ApprovalDue, AwaitingApproval, Confirming, Delivered, Delivering, LookupDue, Reversing,
    };
    let asked = [LookupDue, ApprovalDue, AwaitingApproval];
    let called = [Delivering, Confirming, Reversing];
    let both = [asked, called].concat();
    let found = Input::Found {
        asked_at: at(1),
        since: None,
        terms: Box::new(Terms::default()),
        campaign_id: None,
        entry: Start::Deliver,
    };
    let contradicted =
        Input::Contradicted { asked_at: at(1), not_before: at(9), last: "pending".into() };
    for (input, states) in [
        (Input::Done, called.to_vec()),
        (Input::Refused("422".into()), both.clone()),
        // What is taken back may still be told; then it waits.
        (again(), [both.clone(), vec![State::Reversed]].concat()),
        (lost(), [both, vec![State::Reversed]].concat()),
        (contradicted, [asked.to_vec(), vec![Confirming]].concat()),
        (found, asked.to_vec()),
        (denied_there(at(1)), [asked.to_vec(), vec![Delivered, Confirming]].concat()),
        (Input::ApprovalRequested(at(9)), vec![ApprovalDue]),
        (word(None), vec![State::Parked]),
        (Input::ConfirmedByResponse, vec![]),
    ] {
        for state in State::ALL {
            let heard =
                !matches!(transition(&in_state(state), &input, D, at(5)), Transition::Invalid(_));
            assert_eq!(heard, states.contains(&state), "{input:?} in {state:?}");
        }
    }
    let mut answered = in_state(Delivered);
    answered.by_response = true;
    assert_eq!(run(answered, &[Input::ConfirmedByResponse], D).state, State::Confirmed);
}

#[test]
fn what_is_asked_begins_where_the_answer_says() {
    for (entry, state) in [
        (Start::Deliver, State::Requested),
        (Start::Ask, State::Requested),
        (Start::LookUp, State::Parked),
        (Start::Park(ParkReason::AmountOverLimit), State::Parked),
        (Start::Nothing, State::Denied),
    ] {
        let found = Input::Found {
            asked_at: at(1),
            since: Some(at(0)),
            terms: Box::new(terms("500")),
            campaign_id: Some("7".into()),
            entry: entry.clone(),
        };
        let next = run(in_state(State::LookupDue), &[lease(), found], D);
        assert_eq!((next.state, next.platform.looked_up), (state, true), "{entry:?}");
        assert_eq!((next.platform.found_at, next.platform.found_since), (Some(at(1)), Some(at(0))));
        if state != State::Denied {
            assert_eq!(next.campaign_id.as_deref(), Some("7"), "{entry:?}");
        }
    }
    let anew = Assessment { ask_anew: true, ..Assessment::of(terms("500"), Start::LookUp) };
    let mut asked = fresh();
    asked.platform.looked_up = true;
    let next = run(asked, &[Input::Approved(Box::new(anew))], D);
    assert_eq!((next.state, next.platform.looked_up), (State::LookupDue, false));
}

/// While the platform is still to be told of it, that comes first.
#[test]
fn what_is_to_be_unmarked_is_shown_to_a_person_afterwards() {
    let mut owed = in_state(State::Reversed);
    owed.platform.unwitnessed = true;
    let shown = run(owed.clone(), &[Input::Unwitnessed], D);
    assert_eq!(parked(&shown), Some((ParkReason::ContradictedAtProvider, false)));
    owed.due = Some("unconfirm#6".into());
    assert!(matches!(transition(&owed, &Input::Unwitnessed, D, at(5)), Transition::Invalid(_)));
}

/// Approved again while the platform is told of the one before, for too long.
#[test]
fn an_unmarking_that_is_over_age_gives_way_to_the_next_one() {
    let unmark = Reversals::DeliverAndUnmark;
    let back = [Input::Withdrawn, lease(), Input::Done, lease()];
    let telling = run(in_state(State::Confirmed), &back, unmark);
    assert_eq!((telling.state, telling.due.is_some()), (State::Reversed, true));
    let alone = run(telling.clone(), &[Input::OverAge], unmark);
    assert_eq!(parked(&alone), Some((ParkReason::OverAge, false)));
    let approved = stated(terms("500"), Start::Deliver);
    let next = run(telling, &[approved, Input::OverAge], unmark);
    assert_eq!((next.epoch, next.state), (2, State::Requested));
}

#[test]
fn what_is_not_to_be_given_stays_denied() {
    let nothing = stated(terms("500"), Start::Nothing);
    assert_eq!(transition(&in_state(State::Denied), &nothing, D, at(5)), Transition::Unchanged);
}

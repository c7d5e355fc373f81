//! Sequences that would give twice, lose, or give what nobody looked at.

use crate::machine::{again, at, close, fresh, in_state, run, stated, terms, word};
use shared::fulfilment::{
    Assessment, Input, ParkReason, Promise, Reversals, Start, State, Terms, if_still_current,
};

fn lease() -> Input {
    Input::Leased(at(90))
}

fn approved(amount: &str) -> Input {
    stated(terms(amount), Start::Deliver)
}

fn unknown(repeatable: bool) -> Input {
    Input::Unknown { not_before: at(9), last: "no answer".into(), repeatable }
}

fn amount(promise: &Promise) -> Option<&str> {
    promise.terms.amount.as_deref()
}

const D: Reversals = Reversals::Deliver;

/// The promise that went on meanwhile, after the outcome of a worker's call.
fn late(taken: &Promise, meanwhile: &[Input], outcome: &Input) -> Promise {
    let newest = run(taken.clone(), meanwhile, D);
    match if_still_current(outcome, taken, &newest, None, at(5)) {
        Some(input) => run(newest, &[input.into_owned()], D),
        None => newest,
    }
}

fn leased(state: State) -> Promise {
    let due = Promise::new("firstpromoter:88:1".into(), 1, state, terms("500"), at(0));
    run(due, &[lease()], D)
}

/// Its lease, as the next worker takes it.
fn lease_of_another() -> Input {
    Input::Leased(at(95))
}

#[test]
fn the_outcome_of_a_question_is_not_that_of_the_delivery_under_way() {
    let meanwhile = [approved("500"), lease_of_another()];
    for (state, outcome) in [
        // The event came while the approval was asked for, and its reply is lost.
        (State::ApprovalDue, unknown(true)),
        (State::LookupDue, Input::Refused(ParkReason::NotFoundAtProvider)),
        (State::LookupDue, again()),
    ] {
        let after = late(&leased(state), &meanwhile, &outcome);
        assert_eq!(after.state, State::Delivering, "{outcome:?}");
        let given = run(after, &[Input::Done], D);
        assert_eq!(given.state, State::Delivered, "{outcome:?}");
    }
}

/// The platform's answer is about the terms that it was asked about.
#[test]
fn what_the_platform_says_of_terms_that_changed_meanwhile_is_asked_again() {
    let changed = |state, amount| {
        let now = Assessment::of(terms(amount), Start::LookUp);
        if state == State::LookupDue {
            Input::Approved(Box::new(now))
        } else {
            Input::Askable(Box::new(now))
        }
    };
    for state in [State::LookupDue, State::ApprovalDue] {
        for (outcome, end) in [
            (Input::Withdrawn, State::Denied),
            (Input::Refused(ParkReason::AmountOverLimit), State::Parked),
        ] {
            let ended = |amount| late(&leased(state), &[changed(state, amount)], &outcome);
            assert_eq!(ended("500").state, end, "{state:?} {outcome:?}");
            let asked = ended("700");
            assert_eq!((asked.state, asked.lease), (state, None), "{outcome:?}");
            assert_eq!(asked.terms, terms("700"));
        }
    }
}

#[test]
fn approved_again_before_the_lost_confirmation_was_asked_about_is_not_taken_back() {
    let p = run(
        in_state(State::Confirming),
        &[unknown(true), Input::Withdrawn, approved("500"), lease(), Input::Done],
        D,
    );
    assert_eq!(p.state, State::Confirmed, "withdrawn={}", p.withdrawal.pending);
}

#[test]
fn a_reversal_that_may_have_happened_is_not_forgotten_when_approved_again() {
    // the endpoint took it back, and its reply was lost
    let p = run(in_state(State::Reversing), &[unknown(true), approved("500")], D);
    assert!(
        !matches!(p.state, State::Delivered | State::Confirmed),
        "taken back there, {:?} here",
        p.state
    );
}

#[test]
fn so_after_over_age_or_a_refusal() {
    for end in [vec![Input::OverAge], vec![lease(), Input::Refused("422".into())]] {
        let mut inputs = vec![unknown(true)];
        inputs.extend(end);
        let p = run(in_state(State::Reversing), &inputs, D);
        assert!(p.parked.as_ref().is_some_and(|parked| parked.unknown), "{:?}", p.parked);
    }
}

#[test]
fn approved_while_nobody_knows_of_the_reversal_is_given_again_once_it_is_known() {
    for (granted, fine) in
        [(true, vec![State::Requested]), (false, vec![State::Delivered, State::Confirmed])]
    {
        let parked = run(in_state(State::Reversing), &[unknown(false), approved("500")], D);
        let p = run(parked, &[word(Some(granted))], D);
        assert!(
            fine.contains(&p.state),
            "granted={granted}: approved, and {:?} epoch {}",
            p.state,
            p.epoch
        );
    }
}

/// An approval that came during one reversal does not answer a later denial.
#[test]
fn what_was_approved_during_one_reversal_is_not_given_after_the_next() {
    let denied = [Input::Withdrawn, lease(), Input::Done];
    let given = [approved("500"), lease(), Input::Done];
    for (name, first, last) in [
        ("retried", vec![again()], denied.to_vec()),
        ("not taken back", [&[again()], &given[..]].concat(), denied.to_vec()),
        (
            "closed",
            [&[Input::Refused("422".into()), close()], &given[..]].concat(),
            denied.to_vec(),
        ),
        ("parked", vec![Input::OverAge], vec![Input::Withdrawn, word(Some(true))]),
    ] {
        let inputs = [vec![approved("500")], first, last].concat();
        let p = run(in_state(State::Reversing), &inputs, D);
        assert_eq!((p.epoch, p.state), (1, State::Reversed), "{name}: {:?}", p.due);
    }
}

#[test]
fn a_new_epoch_passes_every_guard() {
    let mut odd = terms("500");
    odd.unit = Some("cookies".into());
    for (terms, reason) in
        [(odd, ParkReason::UnknownUnit), (terms("-5"), ParkReason::AmountNotPositive)]
    {
        let approved = stated(terms, Start::Park(reason.clone()));
        let p = run(in_state(State::Reversed), &[approved], D);
        assert_eq!((p.epoch, p.state, p.due), (2, State::Parked, None));
        assert_eq!(p.parked.unwrap().reason, reason);
    }
}

#[test]
fn a_new_epoch_asks_what_its_payload_lacks() {
    let lacking = Terms { recipient: None, ..terms("500") };
    let p = run(in_state(State::Reversed), &[stated(lacking, Start::LookUp)], D);
    assert_eq!(p.state, State::LookupDue, "to the old recipient unasked");
}

#[test]
fn what_is_taken_back_is_what_was_given() {
    let p = run(in_state(State::Reversing), &[approved("700"), again(), lease()], D);
    assert_eq!((p.state, p.key.as_str()), (State::Reversing, "firstpromoter:88:1"));
    assert_eq!(amount(&p), Some("500"), "given 500");
}

#[test]
fn terms_stated_before_a_denial_do_not_come_back() {
    let p =
        run(fresh(), &[lease(), again(), approved("700"), Input::Withdrawn, approved("900")], D);
    assert_eq!((p.state, amount(&p)), (State::Requested, Some("900")));
    let p = run(p, &[lease(), Input::Refused("422".into()), word(None)], D);
    assert_eq!((p.state, amount(&p)), (State::Requested, Some("900")));
}

#[test]
fn what_the_endpoint_refused_is_not_sent_again_without_a_person() {
    let p = run(
        fresh(),
        &[lease(), Input::Refused("422 no_account".into()), Input::Withdrawn, approved("900")],
        D,
    );
    assert_eq!(p.parked.as_ref().map(|parked| parked.reason.name()), Some("422 no_account"));
    let p = run(p, &[word(None)], D);
    assert_eq!((p.state, amount(&p)), (State::Requested, Some("900")));
}

#[test]
fn so_when_withdrawn_during_the_call() {
    let p =
        run(fresh(), &[lease(), approved("700"), Input::Withdrawn, again(), approved("500")], D);
    assert_eq!((p.state, amount(&p)), (State::Requested, Some("500")));
    let p = run(p, &[lease(), Input::Refused("422".into()), word(None)], D);
    assert_eq!((p.state, amount(&p)), (State::Requested, Some("500")));
}

#[test]
fn terms_changed_while_confirming_are_shown_to_a_person_whatever_the_call_came_to() {
    for (outcome, from) in [
        (again(), State::Delivered),
        (unknown(true), State::Delivered),
        (Input::Done, State::Confirmed),
    ] {
        let p = run(in_state(State::Confirming), &[approved("700"), outcome], D);
        let parked = p.parked.unwrap();
        assert_eq!((parked.from, parked.reason), (from, ParkReason::ChangedAfterDelivery));
        assert_eq!(p.terms_change.new_terms, Some(terms("700")));
        assert_eq!(p.terms, terms("500"));
    }
}

#[test]
fn terms_that_come_during_a_look_up_win_over_those_asked_about() {
    let found = Input::Found {
        since: None,
        asked_at: at(1),
        terms: Box::new(terms("500")),
        campaign_id: None,
        entry: Start::Ask,
    };
    let meanwhile = [stated(terms("700"), Start::Ask)];
    let after = late(&leased(State::LookupDue), &meanwhile, &found);
    assert_eq!((after.state, amount(&after)), (State::LookupDue, Some("700")));
    let undisturbed = late(&leased(State::LookupDue), &[], &found);
    assert_eq!(undisturbed.state, State::Requested);
}

#[test]
fn resumed_terms_pass_every_guard() {
    let mut cash = terms("500");
    cash.unit = Some("cash_cents".into());
    for (now, entry) in
        [(cash, Start::Nothing), (terms("-5"), Start::Park(ParkReason::AmountNotPositive))]
    {
        // They are looked up first, and assessed by what is found.
        let p = run(fresh(), &[lease(), again(), stated(now, entry), word(None)], D);
        assert_eq!((p.state, p.due.as_deref()), (State::LookupDue, Some("lookup#5")));
    }
}

#[test]
fn a_new_epoch_waits_for_the_batch_that_unmarks_the_old_one() {
    let unmark = Reversals::DeliverAndUnmark;
    let batch =
        Input::RetryLater { not_before: at(9), last: "accepted".into(), batch: Some("b7".into()) };
    let back = [Input::Withdrawn, lease(), Input::Done, lease()];
    let during = run(in_state(State::Confirmed), &back, unmark);
    let a = run(during.clone(), &[batch.clone(), approved("500")], unmark);
    assert_eq!(a.epoch, 1, "the batch is still at work");
    let b = run(during, &[approved("500"), batch], unmark);
    assert_eq!(b.epoch, 1, "the batch is still at work");
}

#[test]
fn a_person_can_say_that_the_platform_knows() {
    for reason in [ParkReason::NotFoundAtProvider, "no API key is configured".into()] {
        let p = run(in_state(State::Confirming), &[Input::Refused(reason), word(Some(true))], D);
        assert_eq!((p.state, p.due.as_deref()), (State::Confirmed, None));
    }
}

#[test]
fn v1_is_not_unmarked_by_v2s_api() {
    let mut p = in_state(State::Confirmed);
    p.key = "firstpromoter-v1:88:1".into();
    let p = run(p, &[Input::Withdrawn, lease(), Input::Done], Reversals::DeliverAndUnmark);
    assert_eq!(p.due, None);
}

#[test]
fn the_known_end_of_a_delivery_settles_the_tries_before_it() {
    // Changed while it was tried a second time; a person lets it stand.
    let mut p = run(
        in_state(State::Delivering),
        &[unknown(true), lease(), approved("700"), Input::Done, word(None)],
        D,
    );
    assert_eq!((p.state, p.effect_uncertain), (State::Delivered, false));
    // Nobody is asked whether v1 knows of it: it is taken back.
    p.by_response = true;
    assert_eq!(run(p, &[Input::Withdrawn], D).state, State::ReversalDue);
}

#[test]
fn what_the_platform_may_know_is_asked_before_a_parked_reward_is_taken_back() {
    let parked =
        run(in_state(State::Confirming), &[unknown(true), approved("700"), Input::Withdrawn], D);
    assert_eq!(parked.state, State::Parked);
    for (granted, end, confirmed) in [
        (None, State::Delivered, false),
        (Some(true), State::ReversalDue, true),
        (Some(false), State::ReversalDue, false),
    ] {
        let p = run(parked.clone(), &[word(granted)], D);
        assert_eq!((p.state, p.platform.was_confirmed), (end, confirmed), "{granted:?}");
    }
    let asked = run(parked, &[word(None), lease(), Input::Done], D);
    assert_eq!((asked.state, asked.platform.was_confirmed), (State::ReversalDue, true));
}

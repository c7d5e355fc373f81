//! What nobody knows, and what a change leaves behind.

use crate::certain::{after, edited, feed, time, told};
use crate::machine::{again, at, close, fresh, in_state, run, stated, terms, word};
use crate::promises::policy;
use crate::providers::{FIRSTPROMOTER, reward, transition};
use serde_json::json;
use shared::fulfilment::{
    Assessment, Input, Opening, ParkReason, Policy, Resolution, Reversals, Start, State, Transition,
};

#[test]
fn no_answer_to_a_later_call_says_that_an_earlier_one_had_no_effect() {
    let lost = Input::Unknown { not_before: at(0), last: "no answer".into(), repeatable: true };
    let lease = || Input::Leased(at(9));
    let refused = Input::Refused("422".into());
    for outcome in [refused.clone(), again()] {
        let inputs = [lease(), lost.clone(), lease(), outcome.clone(), Input::Withdrawn];
        let after = run(fresh(), &inputs, Reversals::Park);
        let parked = after.parked.expect("what may have been given is not just denied");
        assert!(parked.unknown, "{outcome:?}");
    }
}

#[test]
fn withdrawn_while_a_batch_runs_is_asked_about_before_it_is_taken_back() {
    let batch =
        Input::RetryLater { not_before: at(0), last: "accepted".into(), batch: Some("7".into()) };
    let inputs = [batch, Input::Withdrawn];
    let asked = run(in_state(State::Confirming), &inputs, Reversals::DeliverAndUnmark);
    assert_eq!((asked.state, asked.withdrawal.pending), (State::Delivered, true));
    // The platform knows by then, and is told when it was taken back.
    let lease = || Input::Leased(at(9));
    let inputs = [lease(), Input::Done, lease(), Input::Done];
    let back = run(asked, &inputs, Reversals::DeliverAndUnmark);
    assert_eq!(back.state, State::Reversed);
    assert!(back.due.is_some_and(|due| due.starts_with("unconfirm#")));
}

#[test]
fn over_age_while_telling_remembers_that_the_platform_may_know() {
    let unmark = Reversals::DeliverAndUnmark;
    let parked = run(in_state(State::Confirming), &[Input::OverAge], unmark);
    let lease = || Input::Leased(at(9));
    let inputs =
        [word(None), lease(), Input::Withdrawn, Input::Refused("x".into()), lease(), Input::Done];
    let back = run(parked, &inputs, unmark);
    assert_eq!(back.state, State::Reversed);
    assert!(back.due.is_some_and(|due| due.starts_with("unconfirm#")));
}

#[test]
fn an_unknown_outcome_is_closed_as_a_person_says() {
    let say = |granted: Option<bool>| {
        let Input::Resumed(mut said) = close() else { panic!() };
        said.resolution = Resolution::of(granted, true);
        Input::Resumed(said)
    };
    let lost = Input::Unknown { not_before: at(0), last: "no answer".into(), repeatable: false };
    let delivery = run(fresh(), &[Input::Leased(at(9)), lost.clone()], Reversals::Deliver);
    let reversal = run(in_state(State::Reversing), &[lost], Reversals::Deliver);
    for (parked, granted, state, kept) in [
        (&delivery, true, State::Confirmed, true),
        (&delivery, false, State::Denied, false),
        (&reversal, true, State::Reversed, true),
        (&reversal, false, State::Confirmed, true),
    ] {
        let needs = transition(parked, &say(None), Reversals::Deliver, at(5));
        assert!(matches!(needs, Transition::Invalid(_)));
        let closed = run(parked.clone(), &[say(Some(granted))], Reversals::Deliver);
        assert_eq!((closed.state, closed.due.as_ref()), (state, None));
        assert_eq!(closed.delivered_at.is_some(), kept);
    }
}

#[test]
fn what_changed_while_untried_shows_in_the_body_whatever_came_first() {
    let mut moved = told("commission.approved", "approved", "11:00:00");
    moved["data"]["promoter_campaign"]["campaign_id"] = json!(5105);
    let events = [told("commission.approved", "approved", "10:00:00"), moved];
    let bodies = [[&events[0], &events[1]], [&events[1], &events[0]]].map(|order| {
        let known = after(&policy(), FIRSTPROMOTER, &order.map(Clone::clone));
        reward(&known.promise.unwrap(), FIRSTPROMOTER, "88").unwrap()
    });
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(bodies[0]["data"]["campaign_id"], "5105");
    assert_eq!(bodies[0]["timestamp"], "2026-10-01T11:00:00.000Z");
}

#[test]
fn a_next_epoch_that_begins_with_a_workers_word_is_announced_as_its_event_said() {
    let now = Assessment {
        campaign_id: Some("9".into()),
        announced_at: Some(time("12:00:00")),
        ..Assessment::of(terms("500"), Start::Deliver)
    };
    let next = run(
        in_state(State::Reversing),
        &[Input::Approved(Box::new(now)), Input::Done],
        Reversals::Deliver,
    );
    assert_eq!((next.epoch, next.announced_at), (2, time("12:00:00")));
    assert_eq!(next.campaign_id.as_deref(), Some("9"));
    assert!(matches!(stated(terms("1"), Start::Deliver), Input::Approved(_)));
}

/// A given reward is compared with each statement of equally late events; one that is
/// to be given anew is not promised on any of them.
#[test]
fn what_may_be_taken_back_is_not_given_anew_on_contested_terms() {
    let deliver = Policy { reversals: Reversals::Deliver, ..policy() };
    let approved = |at, amount: u32| {
        let mut body = told("commission.approved", "approved", at);
        body["data"]["amount"] = json!(amount);
        body
    };
    let lost = Input::Unknown { not_before: at(0), last: "no answer".into(), repeatable: true };
    let lease = || Input::Leased(at(9));
    for (unknown, parked) in [(false, false), (true, false), (true, true)] {
        let mut known = after(&deliver, FIRSTPROMOTER, &[approved("10:00:00", 500)]);
        let given = run(known.promise.take().unwrap(), &[lease(), Input::Done], deliver.reversals);
        known.promise = Some(given);
        feed(&deliver, FIRSTPROMOTER, &mut known, 1, &edited("denied", "11:00:00"));
        if unknown {
            let repeatable = if parked {
                Input::Unknown { not_before: at(0), last: "x".into(), repeatable: false }
            } else {
                lost.clone()
            };
            let back =
                run(known.promise.take().unwrap(), &[lease(), repeatable], deliver.reversals);
            known.promise = Some(back);
        }
        feed(&deliver, FIRSTPROMOTER, &mut known, 2, &approved("12:00:00", 700));
        feed(&deliver, FIRSTPROMOTER, &mut known, 3, &approved("12:00:00", 900));
        let promise = known.promise.unwrap();
        let again = promise.withdrawal.next_epoch.map(|again| (again.opening, again.terms.amount));
        let asked = unknown.then_some((Opening::Ask, None));
        assert_eq!(again, asked, "unknown {unknown} parked {parked}: {:?}", promise.state);
        let reason = promise.parked.map(|parked| parked.reason);
        assert_eq!(reason == Some(ParkReason::ChangedAfterDelivery), !unknown, "{reason:?}");
    }
}

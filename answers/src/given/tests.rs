//! The three answers, for every state and every state that a promise is parked from.

use shared::fulfilment::{Parked, Terms};
use shared::wire::Timestamp;

use super::*;

fn promise(state: State) -> Promise {
    Promise::new("k:1:1".into(), 1, state, Terms::default(), Timestamp::ZERO)
}

fn parked(from: State, unknown: bool, reason: ParkReason) -> Promise {
    let mut promise = promise(State::Parked);
    promise.parked = Some(Parked { from, reason, unknown, at: Timestamp::ZERO });
    promise
}

#[test]
fn given_has_three_answers_by_state_and_by_what_is_known_of_the_last_call() {
    use super::Given::{Given, NobodyKnows, NotGiven};
    for (state, sure, unsure) in [
        (State::LookupDue, NotGiven, NobodyKnows),
        (State::ApprovalDue, NotGiven, NobodyKnows),
        (State::AwaitingApproval, NotGiven, NobodyKnows),
        (State::Requested, NotGiven, NobodyKnows),
        (State::Delivering, NobodyKnows, NobodyKnows),
        (State::Delivered, Given, Given),
        (State::Confirming, Given, Given),
        (State::Confirmed, Given, Given),
        (State::Denied, NotGiven, NotGiven),
        (State::ReversalDue, Given, NobodyKnows),
        (State::Reversing, NobodyKnows, NobodyKnows),
        (State::Reversed, NotGiven, NotGiven),
        (State::Parked, NobodyKnows, NobodyKnows),
    ] {
        for (unsure, answer) in [(false, sure), (true, unsure)] {
            let mut open = promise(state);
            open.effect_uncertain = unsure;
            assert_eq!(super::Given::of(&open), answer, "{state:?}, {unsure}");
            let waits = parked(state, unsure, ParkReason::OverAge);
            assert_eq!(super::Given::of(&waits), answer, "parked from {state:?}, {unsure}");
        }
    }
}

/// The time of the delivery stays when a reward was taken back.
#[test]
fn a_time_of_delivery_alone_gives_nothing() {
    let mut reversed = promise(State::Reversed);
    reversed.delivered_at = Some(Timestamp::ZERO);
    assert_eq!(Given::of(&reversed), Given::NotGiven);
}

#[test]
fn what_the_platform_knows_is_another_question() {
    let with = |mut promise: Promise, shown: bool, was_confirmed: bool, confirmed: bool| {
        promise.platform.shown_fulfilled = shown;
        promise.platform.was_confirmed = was_confirmed;
        promise.confirmed_at = confirmed.then_some(Timestamp::ZERO);
        promise
    };
    let mut unsure = promise(State::Delivered);
    unsure.effect_uncertain = true;
    for (promise, known) in [
        (promise(State::Requested), Known::No),
        (promise(State::Delivered), Known::No),
        (unsure, Known::NobodyKnows),
        (promise(State::Confirming), Known::NobodyKnows),
        (with(promise(State::Confirmed), false, false, true), Known::Yes),
        (with(promise(State::Confirmed), false, false, false), Known::NobodyKnows),
        (with(promise(State::Reversed), true, true, true), Known::Yes),
        (with(promise(State::Reversed), true, false, false), Known::NobodyKnows),
        (with(promise(State::Reversed), false, true, true), Known::No),
        (parked(State::Requested, false, ParkReason::FulfilledAtProvider), Known::Yes),
        (parked(State::Delivered, false, ParkReason::OverAge), Known::No),
    ] {
        assert_eq!(Known::of(&promise), known, "{promise:?}");
    }
}

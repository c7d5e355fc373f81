//! What ends a parking: an event, or a person's word.

use crate::machine::{at, close, fresh, in_state, run, stated, terms, word};
use crate::providers::transition;
use shared::fulfilment::{Input, ParkReason, Parked, Promise, Reversals, Start, State, Transition};
use shared::wire::Timestamp;

const D: Reversals = Reversals::Deliver;

/// Parked from there after several tries.
fn parked(from: State, reason: &ParkReason, unknown: bool) -> Promise {
    let mut promise = fresh();
    promise.state = State::Parked;
    promise.due = None;
    promise.retry.attempts = 3;
    promise.parked = Some(Parked { from, reason: reason.clone(), unknown, at: at(0) });
    promise
}

/// Only where nothing was tried, or what was asked for came.
#[test]
fn a_new_approval_begins_anew_what_was_only_waited_or_asked_for() {
    for (from, reason, denied_at, begins) in [
        (State::ApprovalDue, ParkReason::OverAge, None, true),
        (State::AwaitingApproval, ParkReason::OverAge, None, true),
        (State::AwaitingApproval, ParkReason::FulfilledAtProvider, None, false),
        (State::LookupDue, ParkReason::ContradictedAtProvider, Some(at(0)), true),
        (State::LookupDue, ParkReason::ContradictedAtProvider, None, false),
        (State::LookupDue, ParkReason::StatusUnknownAtProvider, Some(at(0)), false),
        (State::Requested, ParkReason::ContradictedAtProvider, Some(at(0)), false),
        (State::Requested, "422".into(), None, false),
    ] {
        let mut promise = parked(from, &reason, false);
        promise.platform.denied_at = denied_at;
        let approved = [stated(terms("500"), Start::Deliver)];
        let next = run(promise.clone(), &approved, D);
        let state = if begins { State::Requested } else { State::Parked };
        assert_eq!(next.state, state, "{from:?} {reason} {denied_at:?}");
        // Nothing was tried.
        promise.retry.attempts = 0;
        assert_eq!(run(promise, &approved, D).state, State::Requested, "{from:?} {reason}");
    }
}

/// A word waives what stands before a delivery, once, and no unknown outcome.
#[test]
fn a_word_waives_the_reason_before_a_delivery_and_no_other() {
    for (from, reason, unknown, granted, waives) in [
        (State::Requested, ParkReason::AmountOverLimit, false, None, true),
        (State::LookupDue, ParkReason::NotKnownAtProvider, false, None, true),
        (State::Requested, ParkReason::UnknownOutcome, true, Some(false), false),
        (State::Delivered, ParkReason::ChangedAfterDelivery, false, None, false),
        (State::ReversalDue, ParkReason::WithdrawnAfterDelivery, false, None, false),
        (State::ReversalDue, ParkReason::UnknownOutcome, true, Some(false), false),
    ] {
        let mut promise = parked(from, &reason, unknown);
        let waived = run(promise.clone(), &[word(granted)], D).waived;
        assert_eq!(waived, if waives { vec![reason.clone()] } else { vec![] }, "{reason}");
        promise.waived = vec![reason.clone(), "other".into()];
        assert_eq!(run(promise, &[word(granted)], D).waived, [reason, "other".into()]);
    }
}

/// Parked after it was given, and perhaps withdrawn since.
#[test]
fn a_word_takes_back_what_was_withdrawn_and_asks_first_what_the_platform_may_know() {
    for (from, check, withdrawn, state, stays, confirmed) in [
        (State::Delivered, false, false, State::Delivered, false, false),
        (State::Delivered, true, false, State::Delivered, false, false),
        (State::Delivered, true, true, State::Delivered, true, false),
        (State::Delivered, false, true, State::ReversalDue, false, false),
        (State::Confirmed, false, true, State::ReversalDue, false, true),
        (State::Confirmed, false, false, State::Confirmed, false, false),
    ] {
        let mut promise = parked(from, &ParkReason::ChangedAfterDelivery, false);
        (promise.effect_uncertain, promise.withdrawal.pending) = (check, withdrawn);
        promise.delivered_at = Some(at(0));
        let next = run(promise, &[word(None)], D);
        let case = format!("{from:?} {check} {withdrawn}");
        assert_eq!((next.state, next.withdrawal.pending), (state, stays), "{case}");
        assert_eq!(
            (next.platform.was_confirmed, next.effect_uncertain),
            (confirmed, check),
            "{case}"
        );
    }
}

/// Withdrawn once more while it is being taken back: that is no news, and what the
/// platform was to be told is still a person's to settle.
#[test]
fn what_is_parked_on_its_way_back_stays_parked_for_its_reason() {
    for (from, reason, state, withdrawn) in [
        (State::Reversed, ParkReason::UnmarkingRefused, State::Parked, true),
        (State::Reversed, ParkReason::ContradictedAtProvider, State::Reversed, false),
        (State::ReversalDue, "422".into(), State::Parked, false),
        (State::ReversalDue, ParkReason::ContradictedAtProvider, State::Parked, false),
    ] {
        let next = run(parked(from, &reason, false), &[Input::Withdrawn], D);
        assert_eq!((next.state, next.withdrawal.pending), (state, withdrawn), "{from:?} {reason}");
    }
}

/// Closed: only what is announced from now on is news, and clocks differ; what had
/// announced it is none, also where it was dated ahead.
#[test]
fn what_was_closed_outlives_announcements_of_before() {
    let at_hand = parked(State::Requested, &"422".into(), false);
    let known = Timestamp::from_ms(at_hand.announced_at.ms() + 1);
    let closed = run(at_hand, &[close()], D);
    assert_eq!(
        (closed.state, closed.platform.denied_at),
        (State::Denied, Some(known.max(at(5 - 2000))))
    );
}

/// A denied promise is denied once more only to tell the platform of the one before.
#[test]
fn a_second_denial_is_no_news_unless_the_platform_is_to_be_told() {
    for (told, reversals, state) in [
        (false, Reversals::Deliver, None),
        (false, Reversals::DeliverAndUnmark, None),
        (true, Reversals::Deliver, None),
        (true, Reversals::DeliverAndUnmark, Some(State::Reversed)),
    ] {
        let mut denied = in_state(State::Denied);
        denied.platform.shown_fulfilled = told;
        let next = match transition(&denied, &Input::Withdrawn, reversals, at(5)) {
            Transition::Unchanged => None,
            Transition::Changed(next) => Some(next.state),
            other => panic!("{other:?}"),
        };
        assert_eq!(next, state, "{told} {reversals:?}");
    }
}

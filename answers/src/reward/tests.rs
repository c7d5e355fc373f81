//! A sentence for every state and every reason.

use shared::fulfilment::Terms;

use super::*;

fn pk() -> Partition {
    Partition::new("somebody", "commission", "88").unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_ms(1_790_000_000_000).plus_seconds(second)
}

fn promise(state: State) -> Promise {
    let terms = Terms {
        amount: Some("500".into()),
        unit: Some("points".into()),
        recipient: Some(Recipient {
            role: "referral".into(),
            id: Some("77".into()),
            reference: Some("u-77".into()),
            email: Some("jane@example.com".into()),
        }),
        ..Terms::default()
    };
    let mut promise = Promise::new("somebody:88:1".into(), 1, state, terms, at(0));
    promise.confirmed_at = (state == State::Confirmed).then(|| at(9));
    promise
}

fn parked(from: State, reason: ParkReason, unknown: bool) -> Promise {
    let mut promise = promise(State::Parked);
    promise.parked = Some(Parked { from, reason, unknown, at: at(5) });
    promise
}

fn sentence(promise: &Promise) -> String {
    Reward::of(&pk(), promise, false).sentence()
}

#[test]
fn each_state_has_its_sentence() {
    for (state, expected) in [
        (State::LookupDue, "Not given: somebody is to be asked about it first."),
        (State::ApprovalDue, "Not given: somebody is to be asked to approve it."),
        (State::AwaitingApproval, "Not given: somebody was asked to approve it, and has not yet."),
        (State::Requested, "Not given yet: it is to be delivered."),
        (State::Delivering, "It is being given right now."),
        (State::Delivered, "Given. somebody is to be told."),
        (State::Confirming, "Given. somebody is being told right now."),
        (State::Confirmed, "Given, and somebody knows."),
        (State::Denied, "Not given: its approval was withdrawn."),
        (State::ReversalDue, "Given, and to be taken back: its approval was withdrawn."),
        (State::Reversing, "It is being taken back right now."),
        (State::Reversed, "Taken back."),
        (State::Parked, "It waits for a person."),
    ] {
        assert_eq!(sentence(&promise(state)), expected, "{state:?}");
    }
    let mut unsure = promise(State::Requested);
    unsure.effect_uncertain = true;
    assert!(sentence(&unsure).starts_with("Nobody knows whether it is given"));
    unsure.state = State::ReversalDue;
    assert!(sentence(&unsure).starts_with("Nobody knows whether it is taken back"));
    let mut closed = promise(State::Confirmed);
    closed.confirmed_at = None;
    assert!(sentence(&closed).contains("settled by a person"));
    let standing = |promise: &Promise| Reward::of(&pk(), promise, false).standing;
    assert_eq!(standing(&closed), Standing::Given);
    assert_eq!(standing(&promise(State::Confirmed)), Standing::GivenAndConfirmed);
    // What is still to be taken back is not taken back.
    for (state, stands) in [
        (State::ReversalDue, "being taken back"),
        (State::Reversing, "being taken back"),
        (State::Reversed, "taken back"),
    ] {
        assert_eq!(standing(&promise(state)).words(1), stands);
    }
}

/// Every reason from every state that it may be parked from: who reads it learns first
/// whether it is given.
#[test]
fn each_reason_has_its_sentence_from_each_state() {
    let reasons = ParkReason::ALL.into_iter().chain([ParkReason::from("422 no_such_account")]);
    for reason in reasons {
        let why = because(&reason, "somebody");
        assert!(!why.ends_with('.') && !why.is_empty(), "{why}");
        for (from, known, unknown) in [
            (State::LookupDue, "Not given", "Nobody knows whether it is given"),
            (State::Requested, "Not given", "Nobody knows whether it is given"),
            (State::Delivered, "Given, and", "Given, and"),
            (State::Confirmed, "Given, and", "Given, and"),
            (State::ReversalDue, "Given, and", "Nobody knows whether it is taken back"),
            (State::Reversed, "Taken back", "Taken back"),
        ] {
            for (is_unknown, begins) in [(false, known), (true, unknown)] {
                let told = sentence(&parked(from, reason.clone(), is_unknown));
                assert!(told.starts_with(begins), "{from:?}, {reason}: {told}");
                let end = format!("It waits for a person, because {why}.");
                assert!(told.ends_with(&end), "{told}");
            }
        }
    }
}

#[test]
fn what_comes_next_says_when_and_until_when() {
    let mut tried = promise(State::Requested);
    tried.retry.not_before = Some(at(60));
    let next = |promise: &Promise, until| Reward::of(&pk(), promise, false).next(until);
    assert_eq!(
        next(&tried, Some(at(86_400))).as_deref(),
        Some("it is delivered, not before 2026-09-21 14:14 UTC, given up on 2026-09-22 14:13 UTC")
    );
    assert_eq!(next(&promise(State::Confirmed), None), None);
    let doubt = parked(State::Requested, ParkReason::UnknownOutcome, true);
    assert_eq!(
        next(&doubt, None).as_deref(),
        Some("nothing by itself: a person lets it go on, and has to say what the call came to")
    );
}

#[test]
fn a_recipient_has_a_role_and_an_id_and_no_name_unless_asked() {
    let words = |personal| {
        let reward = Reward::of(&pk(), &promise(State::Requested), personal);
        let json = serde_json::to_string(&reward).unwrap();
        let told = reward.recipient.unwrap().words();
        assert_eq!(json.contains("jane@example.com"), personal);
        told
    };
    assert_eq!(words(false), "customer 77");
    assert_eq!(words(true), "customer 77 u-77 jane@example.com");
}

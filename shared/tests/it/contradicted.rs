//! What the API shows, beside what events said.

use crate::certain::{after, auto, edited, feed, time, told};
use crate::machine::{at, run, terms, word};
use crate::promises::{fulfilment, policy};
use crate::providers::{FIRSTPROMOTER, FIRSTPROMOTER_V1, reconcile, rewards};
use serde_json::{Value, json};
use shared::fulfilment::{
    Input, ParkReason, PlatformStatus, Policy, Promise, Question, Reversals, Snapshot, Start,
    State, Terms, Transition, V1Confirm, View,
};
use shared::provider::Definition;
use shared::wire::Timestamp;

pub fn question<'a>(
    known: &'a Snapshot,
    policy: &'a Policy,
    provider: &'static Definition,
) -> Question<'a> {
    Question {
        policy,
        rewards: rewards(provider),
        promise: known.promise.as_ref().unwrap(),
        record: known.record.as_ref().unwrap(),
        asked_at: time("10:30:00"),
        ask_again_at: time("10:31:00"),
        platform_lag_ms: 60_000,
    }
}

pub fn shown(standing: PlatformStatus, since: Option<&str>) -> View {
    let since = since.map(time);
    View { since, terms: terms("500"), ..View::of(standing) }
}

/// Approved at ten, without saying who is rewarded.
pub fn lacking() -> Value {
    let mut body = told("commission.approved", "approved", "10:00:00");
    body["data"]["promoter_campaign"].as_object_mut().unwrap().remove("promoter");
    body
}

#[test]
fn a_list_without_a_newer_clock_never_denies_however_long_it_says_so() {
    let known = after(&policy(), FIRSTPROMOTER, &[lacking()]);
    assert_eq!(known.promise.as_ref().unwrap().state, State::LookupDue);
    for standing in [PlatformStatus::Pending, PlatformStatus::Denied, PlatformStatus::NotFound] {
        for since in [None, Some("09:59:59"), Some("10:00:00")] {
            let policy = policy();
            let answer =
                question(&known, &policy, FIRSTPROMOTER).looked_up(&shown(standing, since));
            assert!(matches!(answer, Input::Contradicted { .. }), "{standing:?} {since:?}");
        }
    }
    for standing in [PlatformStatus::Pending, PlatformStatus::Denied] {
        let policy = policy();
        let newer = shown(standing, Some("10:00:01"));
        let answer = question(&known, &policy, FIRSTPROMOTER).looked_up(&newer);
        let denied = Input::DeniedThere { since: time("10:00:01"), announced: true };
        assert_eq!(answer, denied);
    }
    // Until it is over age: then a person has to look.
    let promise = known.promise.clone().unwrap();
    let policy = policy();
    let behind =
        question(&known, &policy, FIRSTPROMOTER).looked_up(&shown(PlatformStatus::Denied, None));
    let parked = run(promise, &[Input::Leased(at(9)), behind, Input::OverAge], Reversals::Park);
    assert_eq!(parked.parked.unwrap().reason, ParkReason::ContradictedAtProvider);
}

#[test]
fn a_later_event_that_still_says_approved_is_as_good_as_an_announcement() {
    let known = after(&policy(), FIRSTPROMOTER, &[lacking(), edited("approved", "10:20:00")]);
    let mut known = known;
    known.promise.as_mut().unwrap().state = State::Confirming;
    let policy = policy();
    let between = shown(PlatformStatus::Denied, Some("10:10:00"));
    let answer = question(&known, &policy, FIRSTPROMOTER).not_approved(&between);
    assert!(matches!(answer, Input::Contradicted { .. }), "{answer:?}");
}

#[test]
fn other_terms_than_announced_are_believed_by_their_clock_or_by_a_person_only() {
    let mut known = after(&policy(), FIRSTPROMOTER, &[lacking()]);
    let policy = policy();
    let other = |since| View { terms: terms("700"), ..shown(PlatformStatus::Approved, since) };
    let looked_up =
        |known: &Snapshot, view: &View| question(known, &policy, FIRSTPROMOTER).looked_up(view);
    assert!(matches!(looked_up(&known, &other(None)), Input::Contradicted { .. }));
    let newer = looked_up(&known, &other(Some("10:00:01")));
    assert!(matches!(newer, Input::Found { .. }), "{newer:?}");
    let same = looked_up(&known, &shown(PlatformStatus::Approved, None));
    assert!(matches!(same, Input::Found { entry: Start::Deliver, .. }), "{same:?}");
    known.promise.as_mut().unwrap().waived.push(ParkReason::ContradictedAtProvider);
    assert!(matches!(looked_up(&known, &other(None)), Input::Found { .. }));
}

#[test]
fn a_look_up_outweighs_no_deletion_and_no_denial_but_by_its_clock() {
    for (since, event_type, end) in [
        (Some("10:10:00"), "commission.updated", State::Requested),
        (Some("10:05:00"), "commission.updated", State::Denied),
        (None, "commission.updated", State::Denied),
        (Some("10:10:00"), "commission.deleted", State::Denied),
    ] {
        let mut known = after(&policy(), FIRSTPROMOTER, &[lacking()]);
        let policy = policy();
        let found = question(&known, &policy, FIRSTPROMOTER)
            .looked_up(&shown(PlatformStatus::Approved, since));
        let found =
            run(known.promise.take().unwrap(), &[Input::Leased(at(9)), found], Reversals::Park);
        assert_eq!(found.state, State::Requested);
        known.promise = Some(found);
        // It happened before the platform was asked, and comes late.
        feed(&policy, FIRSTPROMOTER, &mut known, 1, &told(event_type, "denied", "10:05:00"));
        assert_eq!(known.promise.unwrap().state, end, "{since:?} {event_type}");
    }
}

#[test]
fn what_an_event_takes_away_is_asked_for_anew_though_a_look_up_had_found_it() {
    let found = |known: &mut Snapshot| {
        let policy = policy();
        let view =
            View { campaign_id: Some("5104".into()), ..shown(PlatformStatus::Approved, None) };
        let found = question(known, &policy, FIRSTPROMOTER).looked_up(&view);
        let promise = known.promise.take().unwrap();
        known.promise = Some(run(promise, &[Input::Leased(at(9)), found], Reversals::Park));
        assert_eq!(known.promise.as_ref().unwrap().state, State::Requested);
    };
    type Take = (&'static str, fn(&mut Value));
    let take: [Take; 3] = [
        ("customer", |data| data["promoter_campaign"]["promoter"] = Value::Null),
        ("amount", |data| data["amount"] = Value::Null),
        ("unit", |data| data["unit"] = Value::Null),
    ];
    for (name, take) in take {
        // Named at first, then left open, then found by asking.
        let first = told("commission.created", "pending", "09:00:00");
        let mut open = lacking();
        take(&mut open["data"]);
        let mut known = after(&policy(), FIRSTPROMOTER, &[first, open]);
        assert_eq!(known.promise.as_ref().unwrap().state, State::LookupDue, "{name}");
        found(&mut known);
        let mut gone = edited("approved", "11:00:00");
        take(&mut gone["data"]);
        feed(&policy(), FIRSTPROMOTER, &mut known, 7, &gone);
        assert_eq!(known.promise.as_ref().unwrap().state, State::LookupDue, "{name}");
        // What no event ever named is not taken away by naming it once more not.
        let mut known = after(&policy(), FIRSTPROMOTER, &[lacking()]);
        found(&mut known);
        let mut edit = lacking();
        edit["event_type"] = json!("commission.updated");
        edit["timestamp"] = json!("2026-10-01T11:00:00Z");
        edit["data"]["promoter_campaign"]["promoter"] = Value::Null;
        feed(&policy(), FIRSTPROMOTER, &mut known, 7, &edit);
        assert_eq!(known.promise.unwrap().state, State::Requested, "{name}");
    }
}

#[test]
fn v1_is_given_the_time_that_a_list_may_be_behind_and_then_parked() {
    let by_api = Policy { v1_confirm: V1Confirm::Api, ..policy() };
    let mut known = after(&by_api, FIRSTPROMOTER_V1, &[fulfilment(7731)]);
    let missing = View::of(PlatformStatus::NotFound);
    let first = question(&known, &by_api, FIRSTPROMOTER_V1).looked_up(&missing);
    assert!(matches!(first, Input::Contradicted { .. }), "{first:?}");
    known.promise.as_mut().unwrap().platform.contradicted_since = Some(time("10:29:00"));
    let late = question(&known, &by_api, FIRSTPROMOTER_V1).looked_up(&missing);
    assert_eq!(late, Input::Refused(ParkReason::NotFoundAtProvider));
}

#[test]
fn an_approval_is_asked_for_only_what_is_pending_there_unsuspected_and_new() {
    let created = told("commission.created", "pending", "10:00:00");
    let known = after(&auto(), FIRSTPROMOTER, &[created]);
    let auto = auto();
    let may = |view: &View| question(&known, &auto, FIRSTPROMOTER).may_approve(view);
    assert_eq!(may(&shown(PlatformStatus::Pending, None)), Ok(()));
    let suspected = View { suspected: true, ..shown(PlatformStatus::Pending, None) };
    assert_eq!(may(&suspected), Err(Box::new(Input::Refused(ParkReason::SuspectedAtProvider))));
    let old = Timestamp::parse("2025-12-31T23:59:59Z");
    let old = View { created_at: old, ..shown(PlatformStatus::Pending, None) };
    assert_eq!(may(&old), Err(Box::new(Input::Refused(ParkReason::OlderThanFulfilFrom))));
    let denied = *may(&shown(PlatformStatus::Denied, Some("10:00:01"))).unwrap_err();
    assert!(matches!(denied, Input::DeniedThere { announced: false, .. }), "{denied:?}");
}

#[test]
fn what_the_api_alone_denied_is_shown_to_a_person_until_an_event_says_so() {
    let denied = |since| Input::DeniedThere { since: time(since), announced: true };
    let mut known = after(&policy(), FIRSTPROMOTER, &[lacking()]);
    let inputs = [Input::Leased(at(9)), denied("10:10:00")];
    let promise = run(known.promise.take().unwrap(), &inputs, Reversals::Park);
    assert_eq!((promise.state, promise.is_open()), (State::Denied, true));
    let parked = run(promise.clone(), &[Input::Unwitnessed], Reversals::Park);
    assert_eq!(parked.parked.as_ref().unwrap().reason, ParkReason::ContradictedAtProvider);
    for (promise, event, state) in [
        (&promise, edited("denied", "10:10:00"), State::Denied),
        (&parked, edited("denied", "10:10:00"), State::Denied),
        (&parked, told("commission.approved", "approved", "10:20:00"), State::Requested),
        (&parked, edited("approved", "10:20:00"), State::Parked),
    ] {
        let mut known = Snapshot { promise: Some(promise.clone()), ..known.clone() };
        feed(&policy(), FIRSTPROMOTER, &mut known, 7, &event);
        let after = known.promise.unwrap();
        assert_eq!((after.state, after.platform.unwitnessed), (state, false), "{event}");
    }
    // A person who has looked is enough.
    let inputs = [word(None), Input::Leased(at(9)), denied("10:10:00")];
    let looked = run(parked, &inputs, Reversals::Park);
    assert_eq!((looked.state, looked.is_open()), (State::Denied, false));
}

/// The event that made it 700 was lost, and the operator lets the platform's list
/// count. Then the promise is parked once more, as the list does not say who is
/// rewarded, or names a unit that nobody knows.
#[test]
fn what_the_operator_let_count_stands_when_the_promise_is_parked_once_more() {
    let policy = policy();
    let nobody = Terms { recipient: None, ..terms("700") };
    let odd = Terms { unit: Some("gift".into()), ..terms("700") };
    for (first, reason, then) in [
        (nobody, ParkReason::NotKnownAtProvider, State::LookupDue),
        (odd, ParkReason::UnknownUnit, State::Requested),
    ] {
        let mut known = after(&policy, FIRSTPROMOTER, &[lacking()]);
        // Before each call a worker reconciles the promise with the record.
        let reconciled = |known: &Snapshot| {
            let (promise, record) =
                (known.promise.clone().unwrap(), known.record.as_ref().unwrap());
            match reconcile(&policy, FIRSTPROMOTER, &promise, record, at(5)) {
                Transition::Changed(next) => *next,
                Transition::Unchanged => promise,
                other => panic!("{other:?}"),
            }
        };
        let goes_on = |known: &mut Snapshot, inputs: &[Input]| {
            let promise = run(known.promise.take().unwrap(), inputs, Reversals::Park);
            known.promise = Some(promise);
            known.promise = Some(reconciled(known));
            known.promise.clone().unwrap()
        };
        let asked = |known: &mut Snapshot, shown: &Terms| {
            let view = View { terms: shown.clone(), ..View::of(PlatformStatus::Approved) };
            let answer = question(known, &policy, FIRSTPROMOTER).looked_up(&view);
            goes_on(known, &[Input::Leased(at(9)), answer])
        };
        let waits = |promise: &Promise| promise.parked.as_ref().map(|p| p.reason.clone());

        assert_eq!(asked(&mut known, &first).state, State::LookupDue);
        let parked = goes_on(&mut known, &[Input::OverAge]);
        assert_eq!(waits(&parked), Some(ParkReason::ContradictedAtProvider));
        goes_on(&mut known, &[word(None)]);
        let parked = asked(&mut known, &first);
        assert_eq!((waits(&parked), &parked.terms.amount), (Some(reason), &first.amount));

        // The terms that were found stay as long as the platform is asked about the rest,
        // and the operator is not asked of them again.
        let resumed = goes_on(&mut known, &[word(None)]);
        assert_eq!((resumed.state, &resumed.terms), (then, &parked.terms));
        if then == State::LookupDue {
            let found = asked(&mut known, &terms("700"));
            assert_eq!((found.state, &found.terms.amount), (State::Requested, &first.amount));
        }
    }
}

//! `AutoApprove` asks for what may be asked for at that moment, and for nothing
//! else: neither for money, nor for what changed, nor against the settings.

use crate::certain::{after, auto, feed, time, told};
use crate::contradicted::question;
use crate::leased::taken;
use crate::machine::{at, close, run, terms, word};
use crate::promises::{fulfilment, policy};
use crate::providers::{FIRSTPROMOTER, FIRSTPROMOTER_V1, reconcile, transition};
use serde_json::{Value, json};
use shared::fulfilment::{
    Input, MaxAmounts, ParkReason, PlatformStatus, Policy, Reversals, Snapshot, State, Taken,
    Terms, Transition, View,
};
use shared::ledger::Source;

const P: Reversals = Reversals::Park;

/// Pending since ten, and to be asked for.
fn pending() -> Snapshot {
    let known = after(&auto(), FIRSTPROMOTER, &[told("commission.created", "pending", "10:00:00")]);
    assert_eq!(known.promise.as_ref().unwrap().state, State::ApprovalDue);
    known
}

fn change(change: &dyn Fn(&mut Value), at: &str) -> Value {
    let mut body = told("commission.updated", "pending", at);
    change(&mut body["data"]);
    body
}

fn as_it_was(at: &str) -> Value {
    change(&|data| data["fraud_check"] = json!("no_suspicion"), at)
}

fn state(known: &Snapshot) -> State {
    known.promise.as_ref().unwrap().state
}

#[test]
fn what_became_money_or_too_much_or_suspected_or_nobodys_is_not_asked_for() {
    let changes: [&dyn Fn(&mut Value); 7] = [
        &|data| data["unit"] = json!("cash"),
        &|data| data["unit"] = json!("cookies"),
        &|data| data["unit"] = Value::Null,
        &|data| data["amount"] = json!(10_001),
        &|data| data["fraud_check"] = json!("same_ip_suspicion"),
        &|data| data["promoter_campaign"]["campaign_id"] = json!(9),
        &|data| data["promoter_campaign"]["campaign_id"] = Value::Null,
    ];
    for (n, odd) in changes.iter().enumerate() {
        for parked in [false, true] {
            let mut known = pending();
            if parked {
                let refused = [Input::Leased(at(9)), Input::Refused(ParkReason::ApprovalRefused)];
                known.promise = known.promise.map(|promise| run(promise, &refused, P));
            }
            feed(&auto(), FIRSTPROMOTER, &mut known, 1, &change(odd, "10:01:00"));
            assert_eq!(state(&known), State::Denied, "{n}");
            // As it was, it is asked for again: whatever came first.
            feed(&auto(), FIRSTPROMOTER, &mut known, 2, &as_it_was("10:02:00"));
            assert_eq!(state(&known), State::ApprovalDue, "{n}");
            let first = [as_it_was("10:02:00"), change(odd, "10:01:00")];
            assert_eq!(state(&after(&auto(), FIRSTPROMOTER, &first)), State::ApprovalDue, "{n}");
        }
        // Asked already, the answer decides.
        let mut known = pending();
        let asked = [Input::Leased(at(9)), Input::ApprovalRequested(at(0))];
        known.promise = known.promise.map(|promise| run(promise, &asked, P));
        feed(&auto(), FIRSTPROMOTER, &mut known, 1, &change(odd, "10:01:00"));
        assert_eq!(state(&known), State::AwaitingApproval, "{n}");
    }
}

#[test]
fn what_changes_while_it_waits_is_asked_for_as_it_is_now() {
    let mut known = pending();
    let amended = change(&|data| data["amount"] = json!(600), "10:01:00");
    feed(&auto(), FIRSTPROMOTER, &mut known, 1, &amended);
    let promise = known.promise.unwrap();
    assert_eq!((promise.state, promise.terms.amount.as_deref()), (State::ApprovalDue, Some("600")));
    assert_eq!(promise.due.as_deref(), Some("approve#1"));
}

#[test]
fn what_was_denied_there_or_given_by_others_or_closed_is_not_asked_for_again() {
    let denied = Input::DeniedThere { since: time("10:05:00"), announced: false };
    let given = Input::Refused(ParkReason::FulfilledAtProvider);
    let refused = Input::Refused(ParkReason::ApprovalRefused);
    let lease = || Input::Leased(at(9));
    for inputs in [
        vec![lease(), denied],
        vec![lease(), given, Input::Withdrawn],
        vec![lease(), refused, close()],
    ] {
        let mut known = pending();
        known.promise = known.promise.map(|promise| run(promise, &inputs, P));
        feed(&auto(), FIRSTPROMOTER, &mut known, 1, &change(&|_| {}, "10:06:00"));
        assert_eq!(state(&known), State::Denied, "{inputs:?}");
    }
}

#[test]
fn nor_what_the_settings_of_now_leave_alone() {
    let off = Policy { auto_approve: false, ..auto() };
    let mut elsewhere = auto();
    elsewhere.sources.default = Source::V1;
    let limited =
        Policy { max_amount: MaxAmounts([("points".into(), 499.into())].into()), ..auto() };
    let later = Policy { from: time("00:00:01"), ..auto() };
    for policy in [off, elsewhere, limited, later] {
        let known = pending();
        let Taken::Reconciled(next) = taken(&policy, &known) else { panic!("{policy:?}") };
        assert_eq!((next[0].state, &next[0].due), (State::Denied, &None), "{policy:?}");
    }
    assert!(matches!(taken(&auto(), &pending()), Taken::Leased(_)));
}

#[test]
fn the_platform_may_know_more_of_it_than_events_said() {
    let known = pending();
    let shown = |unit: &str, amount: &str, since: Option<&str>| View {
        since: since.map(time),
        terms: Terms { unit: Some(unit.into()), ..terms(amount) },
        ..View::of(PlatformStatus::Pending)
    };
    let policy = auto();
    let may = |view: &View| question(&known, &policy, FIRSTPROMOTER).may_approve(view);
    assert_eq!(may(&shown("points", "500", None)), Ok(()));
    for other in [shown("cash_cents", "500", None), shown("points", "700", Some("09:00:00"))] {
        let answer = *may(&other).unwrap_err();
        assert!(matches!(answer, Input::Contradicted { .. }), "{answer:?}");
    }
    let money = may(&shown("cash_cents", "500", Some("10:00:01")));
    assert_eq!(money, Err(Box::new(Input::Withdrawn)));
    let much = may(&shown("points", "10001", Some("10:00:01")));
    assert_eq!(much, Err(Box::new(Input::Refused(ParkReason::AmountOverLimit))));
    let anothers = View { campaign_id: Some("9".into()), ..shown("points", "500", None) };
    assert_eq!(may(&anothers), Err(Box::new(Input::Withdrawn)));
}

#[test]
fn what_somebody_else_gave_is_not_given_when_it_is_approved_anew() {
    let mut known = pending();
    let policy = auto();
    let fulfilled = View::of(PlatformStatus::Fulfilled);
    let given = *question(&known, &policy, FIRSTPROMOTER).may_approve(&fulfilled).unwrap_err();
    let parked = run(known.promise.take().unwrap(), &[Input::Leased(at(9)), given], P);
    known.promise = Some(parked);
    for (n, status) in ["approved", "denied", "approved"].into_iter().enumerate() {
        let event = told(&format!("commission.{status}"), status, &format!("1{}:00:00", n + 1));
        feed(&policy, FIRSTPROMOTER, &mut known, n + 1, &event);
    }
    let parked = known.promise.as_ref().unwrap().parked.clone().unwrap();
    assert_eq!(parked.reason, ParkReason::FulfilledAtProvider);
    // A person says that it was undone there.
    let resumed = run(known.promise.take().unwrap(), &[word(None)], P);
    assert_eq!(resumed.state, State::Requested);
}

#[test]
fn no_date_of_a_list_holds_a_promise_longer_than_that_of_an_event() {
    let ahead = shared::wire::Timestamp::parse("9999-01-01T00:00:00Z");
    for (standing, status, end) in [
        (PlatformStatus::Approved, "denied", State::Denied),
        (PlatformStatus::Denied, "approved", State::Requested),
    ] {
        let mut body = told("commission.approved", "approved", "10:00:00");
        body["data"]["promoter_campaign"].as_object_mut().unwrap().remove("promoter");
        let mut known = after(&policy(), FIRSTPROMOTER, &[body]);
        let policy = policy();
        let view = View { since: ahead, terms: terms("500"), ..View::of(standing) };
        let answer = question(&known, &policy, FIRSTPROMOTER).looked_up(&view);
        let promise = known.promise.take().unwrap();
        known.promise = Some(run(promise, &[Input::Leased(at(9)), answer], P));
        // Asked at half past; five minutes are the most.
        let mut event = told("commission.updated", status, "10:36:00");
        event["changes"] = json!({"status": ["pending", status]});
        event["data"]["promoter_id"] = json!(31);
        feed(&policy, FIRSTPROMOTER, &mut known, 1, &event);
        assert_eq!(state(&known), end, "{standing:?}");
    }
}

/// Approved at ten for 500 points, without saying who is rewarded; asked about at
/// half past.
fn looked_up(view: &View, believed: bool) -> Snapshot {
    let mut body = told("commission.approved", "approved", "10:00:00");
    body["data"]["promoter_campaign"].as_object_mut().unwrap().remove("promoter");
    let mut known = after(&policy(), FIRSTPROMOTER, &[body]);
    if believed {
        known.promise.as_mut().unwrap().waived.push(ParkReason::ContradictedAtProvider);
    }
    let policy = policy();
    let found = question(&known, &policy, FIRSTPROMOTER).looked_up(view);
    let promise = known.promise.take().unwrap();
    known.promise = Some(run(promise, &[Input::Leased(at(9)), found], P));
    known
}

#[test]
fn terms_that_the_platform_changed_later_are_not_undone_by_the_record() {
    let other = Terms { customer_id: Some("78".into()), ..terms("700") };
    for (since, believed) in [(Some("10:10:00"), false), (None, true)] {
        let view = View {
            since: since.map(time),
            terms: other.clone(),
            campaign_id: Some("5105".into()),
            ..View::of(PlatformStatus::Approved)
        };
        let mut known = looked_up(&view, believed);
        let given = |known: &Snapshot| {
            let promise = known.promise.as_ref().unwrap();
            let campaign = promise.campaign_id.clone().unwrap();
            let to = promise.terms.recipient.clone().unwrap().id.unwrap();
            (
                promise.terms.amount.clone().unwrap(),
                promise.terms.customer_id.clone().unwrap(),
                campaign,
                to,
            )
        };
        let said = |of: [&str; 4]| of.map(str::to_owned).into();
        assert!(matches!(taken(&policy(), &known), Taken::Leased(_)), "{since:?}");
        assert_eq!(given(&known), said(["700", "78", "5105", "31"]));
        // What comes late, from before, changes nothing; what comes after does.
        for (n, (at, amount, expected)) in [
            ("10:05:00", 600, ["700", "78", "5105", "31"]),
            ("10:40:00", 800, ["800", "77", "5104", "32"]),
        ]
        .into_iter()
        .enumerate()
        {
            let mut event = told("commission.updated", "approved", at);
            event["data"]["amount"] = json!(amount);
            event["data"]["promoter_campaign"]["promoter"]["id"] = json!(32);
            feed(&policy(), FIRSTPROMOTER, &mut known, n + 1, &event);
            assert_eq!(given(&known), said(expected), "{since:?} {at}");
            assert_eq!(state(&known), State::Requested);
        }
    }
}

#[test]
fn a_contested_status_that_the_platform_settles_is_settled() {
    let said = |status: &str| told("commission.updated", status, "10:00:00");
    let announced = told("commission.approved", "approved", "09:00:00");
    let mut known = after(&policy(), FIRSTPROMOTER, &[announced, said("odd"), said("weird")]);
    assert_eq!(state(&known), State::LookupDue);
    let policy = policy();
    let view = View { terms: terms("500"), ..View::of(PlatformStatus::Approved) };
    let found = question(&known, &policy, FIRSTPROMOTER).looked_up(&view);
    let promise = known.promise.take().unwrap();
    known.promise = Some(run(promise, &[Input::Leased(at(9)), found], P));
    assert_eq!(state(&known), State::Requested);
    // The record knows the address of the recipient, too.
    let Taken::Reconciled(next) = taken(&policy, &known) else { panic!() };
    assert_eq!(next[0].state, State::Requested);
}

#[test]
fn a_status_that_nobody_knows_is_shown_to_a_person_whatever_came_first() {
    let events = [
        told("commission.approved", "approved", "10:00:00"),
        told("commission.updated", "denied", "11:00:00"),
        told("commission.updated", "weird", "12:00:00"),
    ];
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for order in orders {
        let known = after(&policy(), FIRSTPROMOTER, &order.map(|n: usize| events[n].clone()));
        let parked = known.promise.unwrap().parked;
        assert_eq!(parked.map(|p| p.reason), Some(ParkReason::UnknownStatus), "{order:?}");
    }
    // Given, it stays given; taken back, there is one to be given or not.
    for (inputs, epoch, state) in [
        (&[][..], 1, State::Confirmed),
        (&[Input::Withdrawn, Input::Leased(at(9)), Input::Done][..], 2, State::Parked),
    ] {
        let mut known = after(&policy(), FIRSTPROMOTER, &events[..1]);
        let given = [Input::Leased(at(9)), Input::Done, Input::Leased(at(9)), Input::Done];
        let promise = run(known.promise.take().unwrap(), &given, Reversals::Deliver);
        known.promise = Some(run(promise, inputs, Reversals::Deliver));
        feed(&policy(), FIRSTPROMOTER, &mut known, 2, &events[2]);
        let promise = known.promise.unwrap();
        assert_eq!((promise.epoch, promise.state), (epoch, state));
    }
}

#[test]
fn what_was_given_and_is_stated_otherwise_by_all_is_shown_to_a_person_contested_or_not() {
    let said = |amount: u32, promoter: u32| {
        let mut event = told("commission.updated", "approved", "11:00:00");
        event["data"]["amount"] = json!(amount);
        event["data"]["promoter_campaign"]["promoter"]["id"] = json!(promoter);
        event
    };
    for (events, end) in [
        ([said(600, 31), said(700, 31)], State::Parked),
        ([said(500, 32), said(500, 33)], State::Parked),
        // One of them is as it was given.
        ([said(600, 31), said(500, 31)], State::Confirmed),
        ([said(500, 31), said(500, 33)], State::Confirmed),
    ] {
        let announced = told("commission.approved", "approved", "10:00:00");
        let mut known = after(&policy(), FIRSTPROMOTER, &[announced]);
        let given = [Input::Leased(at(9)), Input::Done, Input::Leased(at(9)), Input::Done];
        known.promise = known.promise.map(|promise| run(promise, &given, P));
        for (n, event) in events.iter().enumerate() {
            feed(&policy(), FIRSTPROMOTER, &mut known, n + 1, event);
        }
        assert!(known.record.as_ref().unwrap().is_contested());
        // The first of them alone is news, which the second may take back.
        let resumed = |promise| run(promise, &[word(None)], P);
        let promise = known.promise.take().unwrap();
        let seen = promise.terms_change.new_terms.is_none();
        let promise =
            if seen && promise.state == State::Parked { resumed(promise) } else { promise };
        assert_eq!(promise.state, end, "{events:?}");
    }
}

#[test]
fn what_a_person_closed_stays_closed_though_its_announcement_is_dated_ahead() {
    let limited =
        Policy { max_amount: MaxAmounts([("points".into(), 499.into())].into()), ..policy() };
    // Received on the first of November; at most five minutes ahead count.
    let mut ahead = told("commission.approved", "approved", "10:00:00");
    ahead["timestamp"] = json!("2026-12-01T00:00:00Z");
    let mut known = after(&limited, FIRSTPROMOTER, &[ahead]);
    let promise = known.promise.take().unwrap();
    let received = promise.created_at;
    assert_eq!(promise.announced_at, received.plus_seconds(300));
    match transition(&promise, &close(), P, received) {
        Transition::Changed(closed) => known.promise = Some(*closed),
        other => panic!("{other:?}"),
    }
    let mut edit = told("commission.updated", "approved", "10:00:00");
    edit["timestamp"] = json!("2026-11-01T00:05:00Z");
    feed(&policy(), FIRSTPROMOTER, &mut known, 1, &edit);
    assert_eq!(state(&known), State::Denied);
}

#[test]
fn a_contested_status_of_v1_is_a_persons_word_and_no_question() {
    let said = |status: &str| {
        let mut body = fulfilment(7731);
        body["data"]["status"] = json!(status);
        body
    };
    let known = after(&policy(), FIRSTPROMOTER_V1, &[said("odd"), said("weird")]);
    let promise = known.promise.unwrap();
    assert_eq!(promise.parked.as_ref().unwrap().reason, ParkReason::Contested);
    let resumed = run(promise, &[word(None)], P);
    let (policy, record) = (policy(), known.record.unwrap());
    let next = reconcile(&policy, FIRSTPROMOTER_V1, &resumed, &record, at(9));
    assert_eq!((resumed.state, next), (State::Requested, Transition::Unchanged));
}

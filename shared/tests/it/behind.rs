//! News that come late: events after the platform was asked, a platform that is
//! behind its own events, settings that changed in between.

use crate::machine::{again, at, close, denied_there, in_state, stated, terms, word};
use crate::mapping::event;
use crate::promises::{commission, policy};
use crate::providers::{FIRSTPROMOTER, decide, entry_of, transition};
use serde_json::{Value, json};
use shared::fulfilment::{
    Input, ParkReason, Policy, Promise, Reversals, Rule, Snapshot, Start, State, Transition,
};
use shared::ledger::Source;
use shared::receive::decide::Decision;
use shared::wire::Timestamp;

fn lease() -> Input {
    Input::Leased(at(90))
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-10-01T{text}Z")).unwrap()
}

/// A commission's event of that time of day.
fn told(event_type: &str, status: &str, at: &str) -> Value {
    let mut body = commission(5104, "points", status, &time(at).to_rfc3339());
    body["event_id"] = json!(format!("{event_type}{at}"));
    body["event_type"] = json!(event_type);
    body["changes"] = json!({"status": ["pending", status]});
    body
}

fn feed(policy: &Policy, known: &mut Snapshot, body: &Value) {
    let path = "/webhooks/firstpromoter/commissions";
    let event = event(FIRSTPROMOTER, path, &body.to_string()).unwrap();
    if let Decision::Write(write) = decide(known, &event, policy, time("23:00:00")) {
        known.record = write.record;
        let last = write.promises.into_iter().next_back();
        known.promise = last.or(known.promise.take());
    }
}

fn walk(p: Promise, inputs: &[Input], reversals: Reversals) -> Promise {
    inputs.iter().fold(p, |p, input| match transition(&p, input, reversals, at(5)) {
        Transition::Changed(next) | Transition::NewEpoch { next, .. } => *next,
        Transition::Unchanged => p,
        Transition::Invalid(why) => panic!("{input:?} in {:?}: {why}", p.state),
    })
}

/// An edit that announces nothing.
fn edited(at: &str) -> Value {
    let mut body = told("commission.updated", "approved", at);
    body["changes"] = json!({"internal_note": ["", "x"]});
    body
}

/// The state of the known promise after these inputs.
fn goes_on(known: &mut Snapshot, inputs: &[Input]) -> State {
    let p = walk(known.promise.take().unwrap(), inputs, Reversals::Deliver);
    known.promise.insert(p).state
}

fn denied_at(at: &str) -> Input {
    denied_there(time(at))
}

fn found_at(at: &str) -> Input {
    Input::Found {
        since: None,
        asked_at: time(at),
        terms: Box::new(terms("500")),
        campaign_id: None,
        entry: Start::Deliver,
    }
}

#[test]
fn an_approval_from_before_the_platform_said_no_is_no_news() {
    let mut known = Snapshot::default();
    let first = told("commission.updated", "approved", "10:00:00");
    feed(&policy(), &mut known, &first);
    let there = [lease(), Input::Done, lease(), denied_at("10:01:00")];
    assert_eq!(goes_on(&mut known, &there), State::ReversalDue);
    goes_on(&mut known, &[lease(), Input::Done]);
    // The same approval's other event, whose first try failed.
    let twin = told("commission.approved", "approved", "10:00:01");
    feed(&policy(), &mut known, &twin);
    let p = known.promise.as_ref().unwrap();
    assert_eq!((p.epoch, p.state), (1, State::Reversed));
    // Approved again, after the platform was asked.
    let anew = told("commission.approved", "approved", "10:02:00");
    feed(&policy(), &mut known, &anew);
    let p = known.promise.unwrap();
    assert_eq!((p.epoch, p.state), (2, State::Requested));
}

#[test]
fn nor_where_the_approval_was_asked_for() {
    let mut auto = policy();
    auto.auto_approve = true;
    let mut known = Snapshot::default();
    let created = told("commission.created", "pending", "10:00:00");
    feed(&auto, &mut known, &created);
    let asked = Input::ApprovalRequested(at(0));
    let there = [lease(), asked, lease(), denied_at("10:05:00")];
    assert_eq!(goes_on(&mut known, &there), State::Denied);
    let late = told("commission.approved", "approved", "10:00:05");
    feed(&auto, &mut known, &late);
    assert_eq!(known.promise.unwrap().state, State::Denied);
}

#[test]
fn a_denial_counts_though_the_platform_showed_it_as_approved_just_after() {
    let mut known = Snapshot::default();
    let mut approved = told("commission.updated", "approved", "10:00:00");
    approved["data"]["promoter_campaign"]["promoter"] = Value::Null;
    feed(&policy(), &mut known, &approved);
    let there = [lease(), found_at("10:00:13")];
    assert_eq!(goes_on(&mut known, &there), State::Requested);
    let denied = told("commission.updated", "denied", "10:00:10");
    feed(&policy(), &mut known, &denied);
    assert_eq!(known.promise.unwrap().state, State::Denied);
}

#[test]
fn what_another_source_was_to_promise_is_not_promised_by_a_later_edit() {
    for before in [Source::V1, Source::Off] {
        let mut then = policy();
        then.sources.default = before;
        let mut known = Snapshot::default();
        let approved = told("commission.updated", "approved", "10:00:00");
        feed(&then, &mut known, &approved);
        assert_eq!(known.promise, None);
        feed(&policy(), &mut known, &edited("10:00:10"));
        assert_eq!(known.promise, None, "{before:?}");
        // Announced under the settings of now.
        let anew = told("commission.approved", "approved", "10:00:20");
        feed(&policy(), &mut known, &anew);
        assert!(known.promise.is_some(), "{before:?}");
    }
}

/// Given and confirmed; then the rule of who is rewarded changes.
fn given_by_another_rule() -> (Snapshot, Policy) {
    let mut known = Snapshot::default();
    let approved = told("commission.updated", "approved", "10:00:00");
    feed(&policy(), &mut known, &approved);
    goes_on(&mut known, &[lease(), Input::Done, lease(), Input::Done]);
    let mut other = policy();
    other.recipient = Rule::Referral;
    (known, other)
}

#[test]
fn who_is_rewarded_from_now_on_does_not_touch_what_was_given() {
    let (mut known, other) = given_by_another_rule();
    let edit = told("commission.updated", "approved", "10:00:10");
    feed(&other, &mut known, &edit);
    let given = known.promise.clone().unwrap();
    assert_eq!(given.state, State::Confirmed);
    // Another promoter is another matter.
    let mut moved = told("commission.updated", "approved", "10:00:20");
    moved["data"]["promoter_campaign"]["promoter"]["id"] = json!(99);
    feed(&other, &mut known, &moved);
    assert_eq!(known.promise.unwrap().state, State::Parked);
}

fn lost() -> Input {
    Input::Unknown { not_before: at(9), last: "no answer".into(), repeatable: true }
}

#[test]
fn what_the_platform_may_show_as_fulfilled_is_unmarked() {
    let unmark = Reversals::DeliverAndUnmark;
    let refused = || Input::Refused("401".into());
    let back = || vec![lease(), Input::Done];
    for inputs in [
        // The reply to "fulfilled" is lost, and nobody can be asked.
        [vec![lost(), Input::Withdrawn, lease(), refused()], back()].concat(),
        // A person says that the platform knows.
        [vec![refused(), Input::Withdrawn, word(Some(true))], back()].concat(),
    ] {
        let p = walk(in_state(State::Confirming), &inputs, unmark);
        let due = p.due.clone().unwrap_or_default();
        assert_eq!(p.state, State::Reversed, "{inputs:?}");
        assert!(due.starts_with("unconfirm#"), "{inputs:?}: {due}");
    }
    // Asked first, and resumed after it was over age.
    let inputs = [lost(), Input::Withdrawn, Input::OverAge, word(None)];
    let p = walk(in_state(State::Confirming), &inputs, unmark);
    assert_eq!((p.state, p.withdrawal.pending), (State::Delivered, true));
}

#[test]
fn so_when_the_next_one_is_denied_before_it_is_given() {
    let unmark = Reversals::DeliverAndUnmark;
    let approved = || stated(terms("500"), Start::Deliver);
    for inputs in [
        vec![Input::Withdrawn, lease(), approved(), Input::Done],
        vec![Input::Withdrawn, lease(), Input::Done, approved()],
    ] {
        let p = walk(in_state(State::Confirmed), &inputs, unmark);
        assert_eq!((p.epoch, p.state), (2, State::Requested));
        let p = walk(p, &[Input::Withdrawn], unmark);
        let due = p.due.clone().unwrap_or_default();
        assert_eq!(p.state, State::Reversed);
        assert!(due.starts_with("unconfirm#"), "{due}");
        // Once: then it is as any other.
        let p = walk(p, &[lease(), Input::Done, approved()], unmark);
        assert_eq!((p.epoch, p.state), (3, State::Requested));
        let p = walk(p, &[Input::Withdrawn], unmark);
        assert_eq!((p.state, p.due), (State::Denied, None));
    }
}

#[test]
fn nor_where_a_look_up_told_whose_it_was() {
    let mut then = policy();
    then.sources.by_campaign = [("7731".to_owned(), Source::V1)].into();
    let mut now = policy();
    now.sources.by_campaign.clear();
    // Asked before and after the campaign was moved from v1 to v2.
    for asked_under in [&then, &now] {
        let mut known = Snapshot::default();
        let mut approved = told("commission.updated", "approved", "10:00:00");
        approved["data"]["promoter_campaign"]["campaign_id"] = Value::Null;
        feed(&then, &mut known, &approved);
        assert_eq!(goes_on(&mut known, &[lease()]), State::LookupDue);
        let (p, record) = (known.promise.clone().unwrap(), known.record.clone().unwrap());
        let campaign = Some("7731");
        let entry = entry_of(asked_under, FIRSTPROMOTER, &p, &record, &p.terms, campaign);
        let found = Input::Found {
            since: None,
            asked_at: time("10:00:05"),
            terms: Box::new(p.terms),
            campaign_id: campaign.map(str::to_owned),
            entry,
        };
        assert_eq!(goes_on(&mut known, &[found]), State::Denied);
        let mut edit = edited("12:00:00");
        edit["data"]["promoter_campaign"]["campaign_id"] = Value::Null;
        feed(&now, &mut known, &edit);
        assert_eq!(known.promise.unwrap().state, State::Denied);
    }
}

#[test]
fn what_another_source_is_to_give_by_now_waits_for_a_person() {
    let mut v1 = policy();
    v1.sources.default = Source::V1;
    let done = [lease(), Input::Done, lease(), Input::Done];
    for (given, epoch) in [(&[][..], 1), (&done[..], 2)] {
        let mut known = Snapshot::default();
        let approved = told("commission.updated", "approved", "10:00:00");
        feed(&policy(), &mut known, &approved);
        goes_on(&mut known, given);
        let denied = told("commission.updated", "denied", "10:00:10");
        feed(&policy(), &mut known, &denied);
        if !given.is_empty() {
            goes_on(&mut known, &done[..2]);
        }
        // Approved again while v1 has to give it.
        let anew = told("commission.updated", "approved", "11:00:00");
        feed(&v1, &mut known, &anew);
        feed(&policy(), &mut known, &edited("12:00:00"));
        let p = known.promise.unwrap();
        let reason = p.parked.as_ref().map(|parked| parked.reason.clone());
        assert_eq!(
            (p.epoch, p.state, reason),
            (epoch, State::Parked, Some(ParkReason::SourceChanged))
        );
    }
}

#[test]
fn the_next_one_goes_to_whom_the_settings_of_now_name() {
    let (mut known, other) = given_by_another_rule();
    let denied = told("commission.updated", "denied", "10:01:00");
    feed(&other, &mut known, &denied);
    goes_on(&mut known, &[lease(), Input::Done]);
    let anew = told("commission.updated", "approved", "10:02:00");
    feed(&other, &mut known, &anew);
    let p = known.promise.unwrap();
    assert_eq!((p.epoch, p.state), (2, State::Requested));
    assert_eq!(p.terms.recipient.unwrap().role, "referral");
}

#[test]
fn a_denial_counts_while_nothing_is_known_to_be_given() {
    let lost = Input::Unknown { not_before: at(9), last: "no answer".into(), repeatable: false };
    for (before, after) in [
        (vec![lease()], again()),
        (vec![lease(), Input::Refused("422".into())], word(None)),
        (vec![lease(), lost], word(Some(false))),
    ] {
        let mut known = Snapshot::default();
        let mut approved = told("commission.updated", "approved", "10:00:00");
        approved["data"]["promoter_campaign"]["promoter"] = Value::Null;
        feed(&policy(), &mut known, &approved);
        goes_on(&mut known, &[lease(), found_at("10:00:13")]);
        goes_on(&mut known, &before);
        let denied = told("commission.updated", "denied", "10:00:10");
        feed(&policy(), &mut known, &denied);
        if known.promise.as_ref().unwrap().state != State::Denied {
            goes_on(&mut known, &[after]);
        }
        assert_eq!(known.promise.unwrap().state, State::Denied, "{before:?}");
    }
}

#[test]
fn what_contradicts_its_events_until_it_is_over_age_says_so() {
    let otherwise = || Input::Contradicted {
        asked_at: at(1),
        not_before: at(2),
        last: "shown otherwise".into(),
    };
    for (inputs, reason) in [
        (vec![otherwise(), lease(), otherwise()], ParkReason::ContradictedAtProvider),
        // What else came in between takes nothing of it back.
        (vec![otherwise(), lease(), again()], ParkReason::ContradictedAtProvider),
        (vec![lost()], ParkReason::OverAge),
        (
            vec![Input::Withdrawn, otherwise(), stated(terms("500"), Start::Deliver)],
            ParkReason::OverAge,
        ),
    ] {
        let p = walk(in_state(State::Confirming), &inputs, Reversals::Deliver);
        assert_eq!(p.state, State::Delivered, "{inputs:?}");
        let p = walk(p, &[Input::OverAge], Reversals::Deliver);
        assert_eq!(p.parked.unwrap().reason, reason, "{inputs:?}");
    }
}

#[test]
fn what_the_endpoint_refused_is_not_sent_as_the_next_one() {
    let unmark = Reversals::DeliverAndUnmark;
    let approved = stated(terms("500"), Start::Deliver);
    let second = [Input::Withdrawn, lease(), approved.clone(), Input::Done];
    let p = walk(in_state(State::Confirmed), &second, unmark);
    let refused = [lease(), Input::Refused("422".into()), Input::Withdrawn];
    let p = walk(p, &refused, unmark);
    assert_eq!((p.epoch, p.state), (2, State::Reversed));
    let p = walk(p, std::slice::from_ref(&approved), unmark);
    assert_eq!((p.epoch, p.state), (3, State::Parked));
    let p = walk(p, &[Input::Withdrawn, approved], unmark);
    assert_eq!(p.state, State::Parked);
}

#[test]
fn what_a_person_closed_is_unmarked_when_it_is_withdrawn() {
    let unmark = Reversals::DeliverAndUnmark;
    let approved = stated(terms("500"), Start::Deliver);
    let second = [Input::Withdrawn, lease(), approved, Input::Done];
    let p = walk(in_state(State::Confirmed), &second, unmark);
    let p = walk(p, &[lease(), Input::Refused("422".into()), close()], unmark);
    assert_eq!((p.state, &p.due), (State::Denied, &None));
    let p = walk(p, &[Input::Withdrawn], unmark);
    assert!(p.due.is_some_and(|due| due.starts_with("unconfirm#")));
}

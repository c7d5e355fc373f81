//! What events do to promises that are there: approvals asked for, denials that
//! are overtaken, waivers, parties.

use crate::machine::{at, denied_there, run, word};
use crate::mapping::event;
use crate::promises::{commission, first, policy};
use crate::providers::{FIRSTPROMOTER, decide, rewards};
use serde_json::{Value, json};
use shared::fulfilment::{
    Input, ParkReason, PlatformStatus, Policy, Promise, Question, Reversals, Snapshot, Start,
    State, View, if_still_current,
};
use shared::receive::decide::Decision;
use shared::wire::Timestamp;

const D: Reversals = Reversals::Deliver;

fn lease() -> Input {
    Input::Leased(at(90))
}

/// A pending commission that is to be approved by asking: the settings, what is
/// known of it, its event.
fn created(at: &str) -> (Policy, Snapshot, Value) {
    let mut auto = policy();
    auto.auto_approve = true;
    let mut known = Snapshot::default();
    let mut body = commission(5104, "points", "pending", at);
    body["event_type"] = json!("commission.created");
    feed(&auto, &mut known, 1, &body);
    (auto, known, body)
}

fn feed(policy: &Policy, known: &mut Snapshot, n: usize, body: &Value) {
    let mut body = body.clone();
    body["event_id"] = json!(format!("e{n}"));
    let event =
        event(FIRSTPROMOTER, "/webhooks/firstpromoter/commissions", &body.to_string()).unwrap();
    let now = Timestamp::parse("2026-11-01T00:00:00Z").unwrap();
    if let Decision::Write(write) = decide(known, &event, policy, now) {
        known.record = write.record;
        known.promise = write.promises.into_iter().next_back().or(known.promise.take());
    }
}

#[test]
fn what_may_be_money_is_not_approved_nor_a_unit_that_nobody_knows() {
    let auto = Policy { auto_approve: true, ..policy() };
    let pending = |unit| {
        let mut body = commission(5104, unit, "pending", "2026-10-01T00:00:00Z");
        body["event_type"] = json!("commission.created");
        body
    };
    let mut unnamed = pending("points");
    unnamed["data"].as_object_mut().unwrap().remove("unit"); // the payloads until 2026-04-24
    unnamed["data"]["currency"] = json!("USD");
    for (body, due) in [
        (pending("points"), vec!["approve#1"]),
        (unnamed, vec![]),
        (pending("eur_cents"), vec![]),
        (pending("cash"), vec![]),
    ] {
        let mut auto = auto.clone();
        auto.sources.by_campaign.clear();
        let promises = first(&auto, FIRSTPROMOTER, &body).promises;
        let found: Vec<_> = promises.iter().map(|p| p.due.as_deref().unwrap_or("none")).collect();
        assert_eq!(found, due, "{body}");
    }
}

#[test]
fn an_older_pending_event_does_not_take_back_what_was_found_approved() {
    let (auto, mut known, mut body) = created("2026-09-01T00:00:00Z");
    let p = known.promise.take().unwrap();
    assert_eq!(p.state, State::ApprovalDue);
    // the approval's own event is lost or late; found by asking; given
    known.promise = Some(run(p.clone(), &found_and_given(&p, at(9), None), D));
    // a note was edited while it was pending; that event comes late
    body["event_type"] = json!("commission.updated");
    body["timestamp"] = json!("2026-09-01T00:00:01Z");
    feed(&auto, &mut known, 2, &body);
    assert_eq!(known.promise.unwrap().state, State::Confirmed);
}

/// Asked for at a time, then given and confirmed.
fn found_and_given(p: &Promise, asked_at: Timestamp, since: Option<Timestamp>) -> [Input; 8] {
    let found = Input::Found {
        since,
        asked_at,
        terms: Box::new(p.terms.clone()),
        campaign_id: None,
        entry: Start::Deliver,
    };
    let [asked, done] = [Input::ApprovalRequested(asked_at), Input::Done];
    [lease(), asked, lease(), found, lease(), done.clone(), lease(), done]
}

#[test]
fn a_denial_counts_unless_the_platforms_own_clock_says_that_it_was_approved_since() {
    let approved_at = Timestamp::parse("2026-09-01T00:00:25Z");
    for (denied_at, since, end) in [
        ("2026-09-01T00:00:20Z", approved_at, State::Confirmed),
        ("2026-09-01T00:00:25Z", approved_at, State::ReversalDue),
        ("2026-09-01T00:00:29Z", approved_at, State::ReversalDue),
        ("2026-09-01T00:00:31Z", approved_at, State::ReversalDue),
        // A list without a clock may have been behind.
        ("2026-09-01T00:00:20Z", None, State::ReversalDue),
    ] {
        let (auto, mut known, mut body) = created("2026-09-01T00:00:00Z");
        let p = known.promise.take().unwrap();
        let asked_at = Timestamp::parse("2026-09-01T00:00:30Z").unwrap();
        // Recorded weeks after, by the clock of `run`.
        known.promise = Some(run(p.clone(), &found_and_given(&p, asked_at, since), D));
        body["event_type"] = json!("commission.updated");
        body["data"]["status"] = json!("denied");
        body["timestamp"] = json!(denied_at);
        feed(&auto, &mut known, 2, &body);
        assert_eq!(known.promise.unwrap().state, end, "{denied_at}");
    }
}

#[test]
fn a_parked_approval_is_not_denied_by_an_event_that_says_it_is_still_pending() {
    let (auto, mut known, mut body) = created("2026-10-01T00:00:00Z");
    let p = known.promise.take().unwrap();
    known.promise = Some(run(p, &[lease(), Input::Refused("401".into())], D));
    body["event_type"] = json!("commission.updated");
    body["timestamp"] = json!("2026-10-01T00:00:01Z");
    feed(&auto, &mut known, 2, &body);
    assert_eq!(known.promise.unwrap().state, State::Parked);
}

#[test]
fn a_resumed_approval_with_the_documented_payload_is_still_asked_for() {
    let mut auto = policy();
    auto.auto_approve = true;
    let mut body = commission(5104, "points", "pending", "2026-10-01T00:00:00Z");
    body["event_type"] = json!("commission.created");
    body["data"]["promoter_campaign"]["promoter"] = Value::Null;
    let p = first(&auto, FIRSTPROMOTER, &body).promises.remove(0);
    assert_eq!(p.state, State::ApprovalDue);
    let p = run(p, &[lease(), Input::Refused("401".into()), word(None)], D);
    // In lookup_due the platform's "pending" is taken for a denial
    let p =
        if p.state == State::LookupDue { run(p, &[lease(), denied_there(at(9))], D) } else { p };
    assert_eq!(p.state, State::ApprovalDue);
}

#[test]
fn a_waiver_is_of_what_was_seen() {
    let mut body = commission(5104, "points", "approved", "2026-10-01T00:00:00Z");
    body["data"]["amount"] = json!(0);
    let mut known = Snapshot::default();
    feed(&policy(), &mut known, 1, &body);
    let p = known.promise.take().unwrap();
    assert_eq!(p.parked.as_ref().unwrap().reason, ParkReason::AmountNotPositive);
    known.promise = Some(run(p, &[word(None)], D));
    body["data"]["amount"] = json!(-5000);
    body["timestamp"] = json!("2026-10-01T00:01:00Z");
    feed(&policy(), &mut known, 2, &body);
    let p = known.promise.unwrap();
    assert_eq!(p.state, State::Parked, "{:?} is due, {:?}", p.due, p.terms.amount);
}

#[test]
fn denied_there_is_not_said_of_a_newer_approval() {
    // Confirming; the platform is asked, pending; then both events come, and
    // only then the outcome is recorded.
    let mut known = Snapshot::default();
    let body = commission(5104, "points", "approved", "2026-10-01T00:00:00Z");
    feed(&policy(), &mut known, 1, &body);
    let p = run(known.promise.take().unwrap(), &[lease(), Input::Done, lease()], D);
    known.promise = Some(p.clone());
    let mut pending = commission(5104, "points", "pending", "2026-10-01T00:01:00Z");
    pending["event_type"] = json!("commission.updated");
    feed(&policy(), &mut known, 2, &pending);
    feed(&policy(), &mut known, 3, &commission(5104, "points", "approved", "2026-10-01T00:02:00Z"));
    let (newest, record) = (known.promise.unwrap(), known.record.unwrap());
    let denied = denied_there(at(9));
    let input = if_still_current(&denied, &p, &newest, record.announced, at(5));
    assert!(matches!(input.as_deref(), Some(Input::RetryLater { .. })));
    assert_eq!(run(newest, &[input.unwrap().into_owned()], D).state, State::Delivered);
}

#[test]
fn the_email_is_the_recipients() {
    let mut known = Snapshot::default();
    feed(&policy(), &mut known, 1, &commission(5104, "points", "approved", "2026-10-01T00:00:00Z"));
    let mut moved = commission(5104, "points", "approved", "2026-10-01T00:01:00Z");
    moved["data"].as_object_mut().unwrap().remove("promoter_campaign");
    moved["data"]["promoter_id"] = json!(32);
    feed(&policy(), &mut known, 2, &moved);
    let to = known.promise.unwrap().terms.recipient.unwrap();
    assert_eq!(to.id.as_deref(), Some("32"));
    assert_ne!(to.email.as_deref(), Some("p@example.com"));
}

#[test]
fn what_was_created_at_the_first_moment_that_counts_may_be_approved() {
    let mut body = commission(5104, "points", "pending", "2026-10-02T00:00:00Z");
    body["event_type"] = json!("commission.created");
    body["data"]["created_at"] = json!("2026-10-01T00:00:00Z");
    let (policy, mut known) = (Policy { auto_approve: true, ..policy() }, Snapshot::default());
    feed(&policy, &mut known, 1, &body);
    let (promise, record) = (known.promise.as_ref().unwrap(), known.record.as_ref().unwrap());
    for (from, may) in [("00:00:00", true), ("00:00:01", false)] {
        let from = Timestamp::parse(&format!("2026-10-01T{from}Z")).unwrap();
        let policy = Policy { from, ..policy.clone() };
        let question = Question {
            policy: &policy,
            rewards: rewards(FIRSTPROMOTER),
            promise,
            record,
            asked_at: at(0),
            ask_again_at: at(0),
            platform_lag_ms: 0,
        };
        let shown = |created_at| View { created_at, ..View::of(PlatformStatus::Pending) };
        // As the platform says, or else the record.
        let created_at = Timestamp::parse("2026-10-01T00:00:00Z");
        assert_eq!(question.may_approve(&shown(created_at)).is_ok(), may, "{from:?}");
        assert_eq!(question.may_approve(&shown(None)).is_ok(), may, "{from:?}");
    }
}

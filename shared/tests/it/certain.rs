//! No reward leaves against what the ledger knows: of two sources the newer by
//! its own clock, of two settings neither, of two calls only the same.

use crate::machine::{at, run};
use crate::mapping::event;
use crate::promises::{commission, first, policy};
use crate::providers::{FIRSTPROMOTER, decide};
use serde_json::{Value, json};
use shared::fulfilment::{Input, Policy, Promise, Reversals, Snapshot, State};
use shared::ledger::Record;
use shared::provider::Definition;
use shared::receive::decide::Decision;
use shared::wire::Timestamp;

pub fn time(text: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-10-01T{text}Z")).unwrap()
}

/// A commission's event of that time of day, of a commission created that day.
pub fn told(event_type: &str, status: &str, at: &str) -> Value {
    let mut body = commission(5104, "points", status, &time(at).to_rfc3339());
    body["event_type"] = json!(event_type);
    body["changes"] = json!({});
    body["data"]["created_at"] = json!("2026-10-01T00:00:00Z");
    body
}

/// Feeds events in that order.
pub fn after(policy: &Policy, provider: &'static Definition, bodies: &[Value]) -> Snapshot {
    let mut known = Snapshot::default();
    for (n, body) in bodies.iter().enumerate() {
        feed(policy, provider, &mut known, n, body);
    }
    known
}

pub fn feed(
    policy: &Policy,
    provider: &'static Definition,
    known: &mut Snapshot,
    n: usize,
    body: &Value,
) {
    let mut body = body.clone();
    let path = if provider == FIRSTPROMOTER {
        body["event_id"] = json!(format!("e{n}"));
        "/webhooks/firstpromoter/commissions"
    } else {
        body["event"]["id"] = json!(n);
        "/webhooks/firstpromoter-v1/t/fulfilments"
    };
    let event = event(provider, path, &body.to_string()).unwrap();
    let now = Timestamp::parse("2026-11-01T00:00:00Z").unwrap();
    if let Decision::Write(write) = decide(known, &event, policy, now) {
        known.record = write.record;
        known.promise = write.promises.into_iter().next_back().or(known.promise.take());
    }
}

/// An approved commission and its promise.
pub fn approved() -> (Record, Promise) {
    let known =
        after(&policy(), FIRSTPROMOTER, &[told("commission.approved", "approved", "10:00:00")]);
    (known.record.unwrap(), known.promise.unwrap())
}

pub fn auto() -> Policy {
    Policy { auto_approve: true, ..policy() }
}

pub fn edited(status: &str, at: &str) -> Value {
    let mut body = told("commission.updated", status, at);
    body["changes"] = json!({"internal_note": [null, "x"]});
    body
}

#[test]
fn auto_approve_pays_nothing_that_was_not_announced() {
    for created in ["2025-06-01T00:00:00Z", "2026-10-01T00:00:00Z"] {
        let mut edit = edited("approved", "12:00:00");
        edit["data"]["created_at"] = json!(created);
        let known = after(&auto(), FIRSTPROMOTER, &[edit]);
        assert_eq!(known.promise, None, "created {created}");
    }
}

#[test]
fn fulfil_from_is_the_first_moment_that_counts() {
    let mut from = policy();
    from.from = time("10:00:00");
    for (announced, promised) in [("09:59:59", false), ("10:00:00", true), ("10:00:01", true)] {
        let body = told("commission.approved", "approved", announced);
        let known = after(&from, FIRSTPROMOTER, &[body]);
        assert_eq!(known.promise.is_some(), promised, "{announced}");
    }
}

#[test]
fn what_is_suspected_was_approved_before_or_may_be_anothers_is_not_to_be_approved() {
    let asked = |policy: &Policy, change: &dyn Fn(&mut Value)| {
        let mut created = told("commission.created", "pending", "10:00:00");
        change(&mut created);
        after(policy, FIRSTPROMOTER, &[created]).promise.map(|promise| promise.state)
    };
    assert_eq!(asked(&auto(), &|_| {}), Some(State::ApprovalDue));
    assert_eq!(
        asked(&auto(), &|b| b["data"]["fraud_check"] = json!("no_suspicion")),
        Some(State::ApprovalDue)
    );
    for fraud in ["same_ip_suspicion", "same_promoter_email", "ad_source", "something_new"] {
        assert_eq!(asked(&auto(), &|b| b["data"]["fraud_check"] = json!(fraud)), None, "{fraud}");
    }
    assert_eq!(asked(&auto(), &|b| b["data"]["is_self_referral"] = json!(true)), None);
    assert_eq!(
        asked(&auto(), &|b| b["data"]["promoter_campaign"]["campaign_id"] = Value::Null),
        None
    );

    // A person took the approval back.
    let events =
        [told("commission.approved", "approved", "10:00:00"), edited("pending", "11:00:00")];
    let orders = [[&events[0], &events[1]], [&events[1], &events[0]]];
    for order in orders {
        let known = after(&auto(), FIRSTPROMOTER, &order.map(Clone::clone));
        let state = known.promise.map(|promise| promise.state);
        assert!(matches!(state, None | Some(State::Denied)), "{state:?}");
    }
}

#[test]
fn an_approval_that_may_have_been_announced_says_why_it_makes_no_promise() {
    for (changes, status, reason) in [
        (
            json!({"status": {"from": "pending", "to": "approved"}}),
            "approved",
            Some("changes_unreadable"),
        ),
        (json!("{\"status\":[\"pending\",\"approved\"]}"), "approved", Some("changes_unreadable")),
        (json!(["status"]), "approved", Some("changes_unreadable")),
        (json!(["status"]), "pending", None),
        (json!({"internal_note": [null, "x"]}), "approved", None),
    ] {
        let mut body = told("commission.updated", status, "10:00:00");
        body["changes"] = changes;
        let write = first(&policy(), FIRSTPROMOTER, &body);
        assert_eq!((write.promises.len(), write.no_promise), (0, reason), "{body}");
    }
}

#[test]
fn a_denial_by_event_withdraws_what_waits_for_its_approval() {
    let created = told("commission.created", "pending", "10:00:00");
    for waits in [State::ApprovalDue, State::AwaitingApproval] {
        let mut known = after(&auto(), FIRSTPROMOTER, std::slice::from_ref(&created));
        if waits == State::AwaitingApproval {
            let asked = [Input::Leased(at(90)), Input::ApprovalRequested(at(0))];
            known.promise = Some(run(known.promise.unwrap(), &asked, Reversals::Park));
        }
        assert_eq!(known.promise.as_ref().unwrap().state, waits);
        feed(&auto(), FIRSTPROMOTER, &mut known, 1, &edited("denied", "11:00:00"));
        assert_eq!(known.promise.unwrap().state, State::Denied);
    }
}

//! When an announcement makes a promise, and to whom.

use crate::mapping::event;
use crate::providers::{FIRSTPROMOTER, FIRSTPROMOTER_V1, decide, transition};
use shared::fulfilment::{
    ChangeSet, MaxAmounts, ParkReason, Policy, Promise, Reversals, Rule, Snapshot, State, V1Confirm,
};
use shared::ledger::{Source, Sources};
use shared::provider::Definition;
use shared::receive::decide::Decision;
use shared::wire::Timestamp;
use std::collections::BTreeMap;

use serde_json::{Value, json};

pub fn policy() -> Policy {
    Policy {
        sources: Sources {
            default: Source::V2,
            by_campaign: BTreeMap::from([("7731".into(), Source::V1), ("9".into(), Source::Off)]),
        },
        from: Timestamp::parse("2026-01-01T00:00:00Z").unwrap(),
        recipient: Rule::Promoter,
        recipient_rules: BTreeMap::new(),
        reversals: Reversals::Deliver,
        v1_confirm: V1Confirm::Response,
        auto_approve: false,
        max_amount: MaxAmounts([("*".to_owned(), 10_000.into())].into()),
    }
}

/// Decides on the first event of an object.
pub fn first(policy: &Policy, provider: &'static Definition, body: &Value) -> ChangeSet {
    let path = match provider.provider.name() {
        "firstpromoter" => "/webhooks/firstpromoter/commissions",
        _ => "/webhooks/firstpromoter-v1/t/fulfilments",
    };
    let event = event(provider, path, &body.to_string()).unwrap();
    let now = Timestamp::parse("2026-11-01T00:00:00Z").unwrap();
    match decide(&Snapshot::default(), &event, policy, now) {
        Decision::Write(write) => *write,
        Decision::Duplicate => panic!("a duplicate of nothing"),
    }
}

fn promise(write: ChangeSet) -> Promise {
    let reason = write.no_promise;
    write.promises.into_iter().next().unwrap_or_else(|| panic!("{reason:?}"))
}

pub fn commission(campaign: u32, unit: &str, status: &str, at: &str) -> Value {
    json!({"event_id": "e", "event_type": "commission.approved", "timestamp": at,
        "data": {"id": 88, "status": status, "amount": 500, "unit": unit,
            "promoter_campaign": {"campaign_id": campaign, "promoter": {"id": 31, "email": "p@example.com"}},
            "referral": {"id": 77, "uid": "u-77", "email": "r@example.com"}}})
}

pub fn fulfilment(campaign: u32) -> Value {
    json!({"event": {"id": 1, "type": "fulfilment_pending", "created_at": NOW},
        "data": {"id": 88, "status": "pending", "amount": 500, "unit": "points",
            "promoter": {"id": 31, "cust_id": "c-31"}, "campaign": {"id": campaign}}})
}

const NOW: &str = "2026-10-01T00:00:00Z";

#[test]
fn one_source_a_campaign_creates_promises() {
    for (provider, body, key) in [
        (FIRSTPROMOTER, commission(5104, "points", "approved", NOW), Some("firstpromoter:88:1")),
        (FIRSTPROMOTER, commission(7731, "points", "approved", NOW), None),
        (FIRSTPROMOTER, commission(9, "points", "approved", NOW), None),
        (FIRSTPROMOTER_V1, fulfilment(7731), Some("firstpromoter-v1:88:1")),
        (FIRSTPROMOTER_V1, fulfilment(5104), None),
    ] {
        let write = first(&policy(), provider, &body);
        match key {
            Some(key) => {
                let promise = promise(write);
                assert_eq!((promise.key.as_str(), promise.state), (key, State::Requested));
                assert_eq!(promise.due.as_deref(), Some("deliver#1"));
                assert_eq!(promise.terms.amount.as_deref(), Some("500"));
                assert_eq!(promise.terms.recipient.unwrap().id.as_deref(), Some("31"));
            }
            None => assert_eq!((write.promises, write.no_promise), (vec![], Some("not_source"))),
        }
    }
}

#[test]
fn cash_history_and_withdrawn_rewards_are_not_promised() {
    for (unit, status, at, reason) in [
        ("cash", "approved", NOW, "cash"),
        ("points", "approved", "2025-12-31T23:59:59Z", "not_announced"),
        ("points", "denied", NOW, "not_approved"),
        ("points", "pending", NOW, "not_approved"),
    ] {
        let write = first(&policy(), FIRSTPROMOTER, &commission(5104, unit, status, at));
        assert_eq!((write.promises, write.no_promise), (vec![], Some(reason)));
    }
}

#[test]
fn what_is_unclear_waits_for_a_person_or_a_look_up() {
    let unit =
        promise(first(&policy(), FIRSTPROMOTER, &commission(5104, "cookies", "approved", NOW)));
    assert_eq!((unit.state, unit.due), (State::Parked, None));
    assert_eq!(unit.parked.unwrap().reason, ParkReason::UnknownUnit);

    let mut rules = policy();
    rules.recipient = Rule::ByRules;
    let no_rule =
        promise(first(&rules, FIRSTPROMOTER, &commission(5104, "points", "approved", NOW)));
    assert_eq!(no_rule.parked.unwrap().reason, ParkReason::NoRecipientRule);

    let mut without_ids = commission(5104, "points", "approved", NOW);
    without_ids["data"]["promoter_campaign"]["promoter"] = Value::Null;
    let looked_up = promise(first(&policy(), FIRSTPROMOTER, &without_ids));
    assert_eq!((looked_up.state, looked_up.due.as_deref()), (State::LookupDue, Some("lookup#1")));
    let mut without_ids = fulfilment(7731);
    without_ids["data"]["promoter"] = Value::Null;
    let v1 = promise(first(&policy(), FIRSTPROMOTER_V1, &without_ids));
    assert_eq!(v1.parked.unwrap().reason, ParkReason::RecipientOrAmountUnknown);
}

#[test]
fn v1_with_an_api_key_is_looked_up_before_it_is_given() {
    let mut by_api = policy();
    by_api.v1_confirm = V1Confirm::Api;
    let promise = promise(first(&by_api, FIRSTPROMOTER_V1, &fulfilment(7731)));
    assert_eq!((promise.state, promise.by_response), (State::LookupDue, false));
}

#[test]
fn a_pending_commission_waits_for_approval_only_where_that_is_asked_for() {
    let mut auto = policy();
    auto.auto_approve = true;
    let mut pending = commission(5104, "points", "pending", NOW);
    pending["event_type"] = json!("commission.created");
    assert_eq!(promise(first(&auto, FIRSTPROMOTER, &pending)).due.as_deref(), Some("approve#1"));
    let cash = first(&auto, FIRSTPROMOTER, &commission(5104, "cash", "pending", NOW));
    assert_eq!(cash.promises, vec![]);
}

#[test]
fn the_most_exact_rule_names_the_recipient() {
    let mut rules = policy();
    rules.recipient = Rule::ByRules;
    for (rule, recipient) in [
        ("*:*", Rule::Promoter),
        ("*:points", Rule::Referral),
        ("5104:*", Rule::Promoter),
        ("5104:points", Rule::Referral),
    ] {
        rules.recipient_rules.insert(rule.into(), recipient);
        let promise =
            promise(first(&rules, FIRSTPROMOTER, &commission(5104, "points", "approved", NOW)));
        let to = promise.terms.recipient.unwrap();
        let expected = match recipient {
            Rule::Promoter => ("promoter", "31", None, "p@example.com"),
            _ => ("referral", "77", Some("u-77"), "r@example.com"),
        };
        let shown = (
            to.role.as_str(),
            to.id.as_deref().unwrap(),
            to.reference.as_deref(),
            to.email.as_deref().unwrap(),
        );
        assert_eq!(shown, expected, "{rule}");
    }
}

#[test]
fn a_campaign_that_decides_and_is_not_named_is_looked_up() {
    let mut unnamed = commission(5104, "points", "approved", NOW);
    unnamed["data"]["promoter_campaign"]["campaign_id"] = Value::Null;
    let looked_up = promise(first(&policy(), FIRSTPROMOTER, &unnamed));
    assert_eq!(looked_up.state, State::LookupDue);

    let mut mirrored = policy();
    mirrored.sources.default = Source::V1;
    mirrored.sources.by_campaign = BTreeMap::from([("5".into(), Source::V2)]);
    assert_eq!(promise(first(&mirrored, FIRSTPROMOTER, &unnamed)).state, State::LookupDue);

    let mut plain = policy();
    plain.sources.by_campaign = BTreeMap::new();
    assert_eq!(promise(first(&plain, FIRSTPROMOTER, &unnamed)).state, State::Requested);

    let mut v1 = fulfilment(7731);
    v1["data"]["campaign"] = Value::Null;
    let parked = promise(first(&policy(), FIRSTPROMOTER_V1, &v1)).parked.unwrap();
    assert_eq!(parked.reason, ParkReason::CampaignUnknown);
}

#[test]
fn an_approval_need_not_say_its_status_nor_its_time() {
    let mut bare = commission(5104, "points", "approved", NOW);
    bare["data"]["status"] = Value::Null;
    assert_eq!(promise(first(&policy(), FIRSTPROMOTER, &bare)).state, State::Requested);
    bare["timestamp"] = Value::Null;
    assert_eq!(promise(first(&policy(), FIRSTPROMOTER, &bare)).state, State::Requested);
}

#[test]
fn an_amount_of_nothing_waits_for_a_person_and_a_refund_is_no_reward() {
    let mut body = commission(5104, "points", "approved", NOW);
    body["data"]["amount"] = json!(0);
    let parked = promise(first(&policy(), FIRSTPROMOTER, &body)).parked.unwrap();
    assert_eq!(parked.reason, ParkReason::AmountNotPositive);
    for amount in [json!(-5), json!("-0.01")] {
        body["data"]["amount"] = amount;
        let write = first(&policy(), FIRSTPROMOTER, &body);
        assert_eq!((write.promises.len(), write.no_promise), (0, Some("negative_amount")));
    }
}

/// The promise after a history of events.
fn after(bodies: &[Value]) -> Promise {
    let mut known = Snapshot::default();
    for (i, body) in bodies.iter().enumerate() {
        let mut body = body.clone();
        body["event_id"] = json!(format!("e{i}"));
        let path = "/webhooks/firstpromoter/commissions";
        let event = event(FIRSTPROMOTER, path, &body.to_string()).unwrap();
        let now = Timestamp::parse("2026-11-01T00:00:00Z").unwrap();
        if let Decision::Write(write) = decide(&known, &event, &policy(), now) {
            known.record = write.record;
            known.promise = write.promises.into_iter().next_back().or(known.promise);
        }
    }
    known.promise.unwrap()
}

#[test]
fn approved_again_passes_every_guard_again() {
    let at = |minute: u8| format!("2026-10-01T00:{minute:02}:00Z");
    let event = |unit, status, minute| commission(5104, unit, status, &at(minute));
    let denied = |unit, minute| {
        let mut body = event(unit, "denied", minute);
        body["event_type"] = json!("commission.updated");
        body
    };
    let odd = after(&[
        event("cookies", "approved", 1),
        denied("cookies", 2),
        event("cookies", "approved", 3),
    ]);
    assert_eq!(odd.parked.unwrap().reason, ParkReason::UnknownUnit);

    let mut unnamed = event("points", "approved", 1);
    unnamed["data"]["promoter_campaign"]["promoter"] = Value::Null;
    let mut again = unnamed.clone();
    again["timestamp"] = json!(at(3));
    let mut between = denied("points", 2);
    between["data"]["promoter_campaign"]["promoter"] = Value::Null;
    assert_eq!(after(&[unnamed, between, again]).state, State::LookupDue);

    let cash = after(&[event("points", "approved", 1), event("cash", "approved", 2)]);
    assert_eq!((cash.state, cash.due), (State::Denied, None));
    let elsewhere =
        after(&[event("points", "approved", 1), commission(7731, "points", "approved", &at(2))]);
    assert_eq!(elsewhere.state, State::Denied);
}

#[test]
fn a_status_that_nobody_knows_waits_for_a_person_in_either_order() {
    let approved = commission(5104, "points", "approved", NOW);
    let mut odd = commission(5104, "points", "Fulfilled", "2026-10-01T00:05:00Z");
    odd["event_type"] = json!("commission.updated");
    for order in [[approved.clone(), odd.clone()], [odd, approved]] {
        let parked = after(&order).parked.unwrap();
        assert_eq!((parked.reason, parked.unknown), (ParkReason::UnknownStatus, false));
    }
}

#[test]
fn a_second_event_does_not_undo_what_was_looked_up() {
    let mut policy = policy();
    policy.sources.by_campaign.clear();
    policy.recipient = Rule::ByRules;
    policy.recipient_rules = BTreeMap::from([
        ("17476:points".into(), Rule::Promoter),
        ("*:points".into(), Rule::Referral),
    ]);
    let body = |id: &str, t: &str| {
        json!({"event_id": id, "event_type": t, "timestamp": NOW,
        "changes": {"status": ["pending", "approved"]},
        "data": {"id": 88, "status": "approved", "amount": 500, "unit": "points",
            "referral": {"id": 77, "uid": "u-77", "email": "r@example.com"}}})
    };
    let w = first(&policy, FIRSTPROMOTER, &body("e1", "commission.updated"));
    let record = w.record.clone();
    let p = promise(w);
    assert_eq!(p.state, State::LookupDue);
    let now = Timestamp::parse("2026-11-01T00:00:01Z").unwrap();
    let found = shared::fulfilment::Input::Found {
        since: None,
        asked_at: now,
        terms: Box::new(shared::fulfilment::Terms {
            amount: Some("500".into()),
            unit: Some("points".into()),
            recipient: Some(shared::fulfilment::Recipient {
                role: "promoter".into(),
                id: Some("31".into()),
                reference: None,
                email: None,
            }),
            ..shared::fulfilment::Terms::default()
        }),
        campaign_id: Some("17476".into()),
        entry: shared::fulfilment::Start::Deliver,
    };
    let shared::fulfilment::Transition::Changed(p) = transition(&p, &found, policy.reversals, now)
    else {
        panic!()
    };
    assert_eq!(p.terms.recipient.as_ref().unwrap().role, "promoter");
    let event = event(
        FIRSTPROMOTER,
        "/webhooks/firstpromoter/commissions",
        &body("e2", "commission.approved").to_string(),
    )
    .unwrap();
    let known = Snapshot { record, promise: Some(*p), ..Snapshot::default() };
    let Decision::Write(w) = decide(&known, &event, &policy, now) else { panic!() };
    assert!(w.promises.is_empty());
}

#[test]
fn a_denial_that_only_the_platform_told_outlives_older_announcements() {
    let approved = commission(5104, "points", "approved", "2026-10-01T00:01:00Z");
    let write = first(&policy(), FIRSTPROMOTER, &approved);
    let record = write.record.clone();
    let mut reversed = promise(write);
    reversed.state = State::Reversed;
    reversed.due = None;
    reversed.platform.denied_at = Some(Timestamp::parse("2026-10-01T00:03:00Z").unwrap());
    let epochs = |event_type: &str, at: &str| {
        let mut body = commission(5104, "points", "approved", at);
        body["event_id"] = json!(format!("{event_type}{at}"));
        body["event_type"] = json!(event_type);
        let path = "/webhooks/firstpromoter/commissions";
        let event = event(FIRSTPROMOTER, path, &body.to_string()).unwrap();
        let known = Snapshot {
            record: record.clone(),
            promise: Some(reversed.clone()),
            ..Snapshot::default()
        };
        let now = Timestamp::parse("2026-11-01T00:00:01Z").unwrap();
        match decide(&known, &event, &policy(), now) {
            Decision::Write(write) => write.promises.last().map(|promise| promise.epoch),
            Decision::Duplicate => panic!("a duplicate"),
        }
    };
    assert_eq!(epochs("commission.updated", "2026-10-01T00:02:00Z"), None);
    assert_eq!(epochs("commission.approved", "2026-10-01T00:01:00Z"), None);
    assert_eq!(epochs("commission.approved", "2026-10-01T00:03:00Z"), Some(2));
}

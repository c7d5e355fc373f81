//! What nobody stated so that it can be told is given to nobody: bodies that say a
//! thing twice, places that contradict each other, checks that cannot be read.

use crate::mapping::{V1, V2, change, event};
use crate::promises::{commission, policy};
use crate::providers::{AFFONSO, FIRSTPROMOTER, FIRSTPROMOTER_V1, UPPROMOTE, decide, read, route};
use serde_json::{Value, json};
use shared::fulfilment::{ParkReason, Policy, Promise, Rule, Snapshot, State};
use shared::ledger::{Content, Event};
use shared::provider::ALL;
use shared::receive::decide::Decision;
use shared::wire::{Timestamp, json};

const NOW: &str = "2026-10-01T00:00:00Z";

/// Reads bytes as the handler does, flawed or not.
fn flawed(path: &str, bytes: &[u8]) -> Result<Event, String> {
    let route = route(path);
    let json = json::read(bytes).map_err(|e| e.to_string())?.json;
    let provider = route.definition;
    let event_type = provider.event_type(ALL, route.event, &json).map_err(|e| e.field)?;
    read(provider, &event_type, &json, "sha", Timestamp::ZERO).map_err(|e| e.field)
}

/// The promise that events, one after the other, leave.
fn promised(policy: &Policy, events: &[Event]) -> Option<Promise> {
    let now = Timestamp::parse("2026-11-01T00:00:00Z").unwrap();
    let mut known = Snapshot::default();
    for event in events {
        let Decision::Write(write) = decide(&known, event, policy, now) else { panic!() };
        known.record = write.record;
        known.promise = write.promises.into_iter().next_back().or(known.promise);
    }
    known.promise
}

fn v2(body: &Value) -> Event {
    event(FIRSTPROMOTER, V2, &body.to_string()).unwrap()
}

/// Each place of an announcement said twice: what decorates changes nothing, what
/// decides a reward is looked up, what decides the event refuses it.
#[test]
fn what_is_said_twice_is_not_said() {
    let body = commission(5104, "points", "approved", NOW).to_string();
    for (member, twice, unread, state) in [
        (r#""uid":"u-77""#, r#""uid":"a""#, "data.referral.uid", Some(State::Requested)),
        (r#""amount":500"#, r#""amount":9000"#, "data.amount", Some(State::LookupDue)),
        (r#""amount":500"#, r#""amount":500"#, "data.amount", Some(State::LookupDue)),
        (r#""unit":"points""#, r#""unit":"credits""#, "data.unit", Some(State::LookupDue)),
        (
            r#""campaign_id":5104"#,
            r#""campaign_id":7731"#,
            "data.promoter_campaign.campaign_id",
            Some(State::LookupDue),
        ),
        (r#""id":31"#, r#""id":32"#, "data.promoter_campaign.promoter.id", Some(State::LookupDue)),
        (r#""event_id":"e""#, r#""event_id":"f""#, "event_id", None),
        (r#""id":88"#, r#""id":89"#, "data.id", None),
        (
            r#""event_type":"commission.approved""#,
            r#""event_type":"commission.denied""#,
            "event_type",
            None,
        ),
    ] {
        let both = body.replacen(member, &format!("{member},{twice}"), 1);
        assert_ne!(both, body, "{member}");
        match (flawed(V2, both.as_bytes()), state) {
            (Ok(event), Some(state)) => {
                assert_eq!(event.unread, [unread], "{both}");
                let found = promised(&policy(), &[event]).map(|promise| promise.state);
                assert_eq!(found, Some(state), "{both}");
            }
            (Err(field), None) => assert_eq!(field, unread),
            (found, _) => panic!("{both}: {:?}", found.map(|event| event.unread)),
        }
    }
    let twice = br#"{"event":{"id":1,"type":"new_customer"},"data":{"id":9},"data":{"id":8}}"#;
    assert_eq!(flawed(V1, twice).unwrap_err(), "data");
}

#[test]
fn bytes_that_are_no_text_and_endless_nesting_cost_their_place() {
    let body = commission(5104, "points", "approved", NOW).to_string();
    let whole = promised(&policy(), &[v2(&commission(5104, "points", "approved", NOW))]).unwrap();
    let deep = "[".repeat(200) + &"]".repeat(200);
    for (member, odd) in [("u-77", b"J\xf6rg".to_vec()), ("\"u-77\"", deep.into_bytes())] {
        let at = body.find(member).unwrap();
        let (before, after) = (&body[..at], &body[at + member.len()..]);
        let bytes = [before.as_bytes(), &odd, after.as_bytes()].concat();
        let promise = promised(&policy(), &[flawed(V2, &bytes).unwrap()]).unwrap();
        assert_eq!((promise.state, &promise.terms), (State::Requested, &whole.terms));
    }
    let id = b"{\"event_id\":\"\xff\",\"event_type\":\"commission.approved\",\"data\":{\"id\":1}}";
    assert_eq!(flawed(V2, id).unwrap_err(), "event_id");
}

#[test]
fn whom_one_event_names_twice_and_differently_is_looked_up() {
    for (place, value) in [
        ("/data/promoter_id", json!(32)),
        ("/data/promoter_campaign/promoter_id", json!(32)),
        ("/data/promoter_campaign/campaign", json!({"id": 7731})),
    ] {
        let mut body = commission(5104, "points", "approved", NOW);
        let (parent, name) = place.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value;
        let promise = promised(&policy(), &[v2(&body)]).unwrap();
        assert_eq!(promise.state, State::LookupDue, "{place}");
    }
    let mut body = commission(5104, "points", "approved", NOW);
    body["data"]["referral_id"] = json!(78);
    let referral = Policy { recipient: Rule::Referral, ..policy() };
    assert_eq!(promised(&referral, &[v2(&body)]).unwrap().state, State::LookupDue);
    assert_eq!(promised(&policy(), &[v2(&body)]).unwrap().state, State::Requested);
    // Said twice alike, it is said.
    body["data"]["referral_id"] = json!("77");
    assert_eq!(promised(&referral, &[v2(&body)]).unwrap().state, State::Requested);
}

/// Whom an event names in two places, and differently, it names nowhere.
#[test]
fn a_link_that_two_places_state_differently_is_not_stated() {
    let data = json!({"promoter": {"id": 4}, "campaign": {"id": 12},
        "promotion": {"id": 6, "promoter_id": 4, "campaign_id": 12}});
    let accepted = |place: &str| {
        let mut data = data.clone();
        if let Some(id) = data.pointer_mut(place) {
            *id = json!(99);
        }
        let body = json!({"event": {"id": 1, "type": "promoter_accepted"}, "data": data});
        change(FIRSTPROMOTER_V1, V1, &body).facts
    };
    let agreed = accepted("/none");
    assert_eq!((&agreed["affiliate_id"], &agreed["campaign_id"]), (&json!("4"), &json!("12")));
    for (place, fact) in [
        ("/promotion/promoter_id", "affiliate_id"),
        ("/promotion/campaign_id", "campaign_id"),
        ("/campaign/id", "campaign_id"),
    ] {
        assert_eq!(accepted(place).get(fact), None, "{place}");
    }
    for (event_type, entity, data) in [
        ("promoter.balance.updated", "promoter", json!({"promoter_id": 5})),
        ("promoter.balance.updated", "promoter", json!({"promoter": {"id": 5}})),
        ("payout.commissions.updated", "payout", json!({"payout_id": 5})),
        ("payout.commissions.added", "payout", json!({"payout_id": 5, "commission_id": 7})),
        (
            "payout.commissions.added",
            "payout_commission",
            json!({"payout_id": 5, "commission_id": 7, "commission": {"id": 8}, "reward_id": 7}),
        ),
    ] {
        let body = json!({"event_id": "e", "event_type": event_type, "entity_type": entity,
            "entity_id": 6, "data": data});
        let told = event(FIRSTPROMOTER, V2, &body.to_string()).unwrap();
        assert_eq!(told.content, Content::Unknown, "{body}");
    }
}

#[test]
fn a_commission_of_a_payout_has_its_older_name_where_the_newer_names_nobody() {
    for data in [
        json!({"payout_id": 5, "reward_id": 7}),
        json!({"payout_id": 5, "commission_id": null, "commission": null, "reward_id": 7}),
        json!({"payout_id": 5, "commission_id": 7, "reward_id": 8}),
    ] {
        let body = json!({"event_id": "e", "event_type": "payout.commissions.added",
            "data": data});
        let told = change(FIRSTPROMOTER, V2, &body);
        assert_eq!((told.subject.id.as_str(), &told.facts["payout_id"]), ("7", &json!("5")));
    }
}

/// What is too large in a part is said to be, and so is what stands in one of several
/// places.
#[test]
fn a_text_that_is_too_long_is_kept_in_the_event() {
    let long = "x".repeat(600);
    let data = json!({"transactionId": "t", "holdDays": long, "invoice_id": "i"});
    let body = json!({"id": "e", "type": "transaction.updated", "data": data});
    let told = event(AFFONSO, "/webhooks/affonso/transactions", &body.to_string()).unwrap();
    let Content::Change(change) = &told.content else { panic!("{told:?}") };
    assert_eq!(told.over, ["hold_days"]);
    assert_eq!(change.facts["hold_days"], json!({"kept_in": "event"}));
    assert_eq!(change.facts["invoice_id"], json!("i"));

    let data = json!({"id": 7, "referral": {"id": 9, "uid": long, "email": long}});
    let body = json!({"event_id": "e", "event_type": "commission.updated", "data": data});
    let told = event(FIRSTPROMOTER, V2, &body.to_string()).unwrap();
    let Content::Change(change) = &told.content else { panic!("{told:?}") };
    assert_eq!(told.over, ["customer"]);
    assert_eq!(change.facts["customer"]["id"], json!("9"));
    assert_eq!(change.facts["customer"]["uid"], json!({"kept_in": "event"}));
}

#[test]
fn a_time_that_is_null_takes_nothing_from_the_same_time_under_its_other_name() {
    let data = json!({"id": 7, "created_at": "2026-10-01T00:00:00Z", "joined_at": null});
    let body = json!({"event_id": "e", "event_type": "promoter.updated", "data": data});
    let facts = change(FIRSTPROMOTER, V2, &body).facts;
    assert_eq!(facts["occurred_at"], json!("2026-10-01T00:00:00Z"));
}

/// An address that came without an id is that of the id beside it, in that event.
#[test]
fn nobody_is_reached_at_anothers_address() {
    let referral = Policy { recipient: Rule::Referral, ..policy() };
    let told = |kind: &str, at: &str, referral: Value, id: u32| {
        let mut body = commission(5104, "points", "approved", at);
        (body["event_id"], body["event_type"]) = (json!(at), json!(format!("commission.{kind}")));
        body["data"]["referral_id"] = json!(id);
        match referral {
            Value::Null => drop(body["data"].as_object_mut().unwrap().remove("referral")),
            referral => body["data"]["referral"] = referral,
        }
        v2(&body)
    };
    let address = json!({"email": "of-77@example.com", "uid": "u-77"});
    let first = told("updated", "2026-10-01T00:00:00Z", address, 77);
    let later = told("approved", "2026-10-01T00:01:00Z", Value::Null, 78);
    let alone = told("approved", "2026-10-01T00:00:00Z", json!({"email": "a@example.com"}), 77);
    let to = |events: &[Event]| promised(&referral, events).unwrap().terms.recipient.unwrap();
    for order in [[first.clone(), later.clone()], [later, first]] {
        let to = to(&order);
        assert_eq!((to.id.as_deref(), to.email, to.reference), (Some("78"), None, None));
    }
    assert_eq!(to(&[alone]).email.as_deref(), Some("a@example.com"));
}

#[test]
fn a_check_that_cannot_be_read_is_not_passed() {
    let auto = Policy { auto_approve: true, ..policy() };
    let state = |name: &str, value: Value| {
        let mut body = commission(5104, "points", "pending", NOW);
        body["event_type"] = json!("commission.created");
        body["data"][name] = value;
        promised(&auto, &[v2(&body)]).map(|promise| promise.state)
    };
    for (name, value) in [
        ("fraud_check", json!({"result": "no_suspicion"})),
        ("fraud_check", json!(["same_ip_suspicion"])),
        ("fraud_check", json!(true)),
        ("is_self_referral", json!("True")),
        ("is_self_referral", json!(1)),
        ("is_self_referral", json!("yes")),
        ("is_self_referral", json!({})),
    ] {
        assert_eq!(state(name, value.clone()), None, "{name} {value}");
    }
    for (name, value) in [
        ("fraud_check", json!(" No_Suspicion ")),
        ("fraud_check", Value::Null),
        ("is_self_referral", json!(false)),
        ("is_self_referral", json!("false")),
        ("is_self_referral", json!(0)),
        ("is_self_referral", Value::Null),
    ] {
        assert_eq!(state(name, value.clone()), Some(State::ApprovalDue), "{name} {value}");
    }
    let mut body = commission(5104, "points", "pending", NOW);
    body["data"]["fraud_check"] = json!([]);
    assert_eq!(v2(&body).unread, ["data.fraud_check"]);
}

/// The event may have said that the reward is denied.
#[test]
fn a_status_that_cannot_be_read_holds_what_was_not_given_yet() {
    let approved = v2(&commission(5104, "points", "approved", NOW));
    for status in [json!({"name": "denied"}), json!(""), json!(5), Value::Null] {
        let mut body = commission(5104, "points", "", "2026-10-01T00:01:00Z");
        (body["event_id"], body["event_type"]) = (json!("e2"), json!("commission.updated"));
        body["data"]["status"] = status.clone();
        let odd = v2(&body);
        for order in [[approved.clone(), odd.clone()], [odd, approved.clone()]] {
            let promise = promised(&policy(), &order).unwrap();
            let parked = promise.parked.map(|parked| parked.reason);
            assert_eq!(parked, Some(ParkReason::UnknownStatus), "{status}");
        }
    }
    // What the event says elsewhere counts.
    let mut body = commission(5104, "points", "", NOW);
    body["data"]["status"] = json!({});
    assert_eq!(promised(&policy(), &[v2(&body)]).unwrap().state, State::Requested);
}

/// An endless word costs its place and not the record's.
#[test]
fn words_have_a_length() {
    let status = |length: usize| {
        let data = json!({"id": 88, "status": "x".repeat(length)});
        let body = json!({"event_id": "e", "event_type": "payout.updated", "data": data});
        change(FIRSTPROMOTER, "/webhooks/firstpromoter/payouts", &body).facts.contains_key("status")
    };
    assert!(status(256) && !status(257));
}

#[test]
fn whatever_is_no_object_is_no_event_of_a_route() {
    for body in ["[]", "null", "\"text\"", "[{\"id\":1}]", "7"] {
        for route in ["referral-new", "referral-status-changed", "affiliate-new", "payment-paid"] {
            let path = format!("/webhooks/uppromote/{route}");
            assert_eq!(event(UPPROMOTE, &path, body).unwrap_err().field, "body", "{route} {body}");
        }
    }
}

#[test]
fn an_event_belongs_to_its_family_under_each_of_its_names() {
    for (provider, event) in
        [(FIRSTPROMOTER_V1, "promoter_signup"), (FIRSTPROMOTER_V1, "promoter_signs_up")]
    {
        let data = json!({"promoter": {"id": 4}});
        let body = json!({"event": {"id": 1, "type": event}, "data": data});
        let family = self::event(provider, V1, &body.to_string()).unwrap().family;
        assert_eq!(family, Some(shared::ledger::Family::Affiliates), "{event}");
    }
}

//! What is taken away: `null` where a party, a status or an amount was.

use crate::mapping::{AFFONSO_PAYOUTS, V1, V2, change, event};
use crate::promises::{commission, policy};
use crate::providers::{AFFONSO, FIRSTPROMOTER, FIRSTPROMOTER_V1, decide};
use serde_json::{Value, json};
use shared::fulfilment::{Snapshot, State};
use shared::provider::Definition;
use shared::receive::decide::Decision;
use shared::wire::Timestamp;

const FULFILMENTS: &str = "/webhooks/firstpromoter-v1/t/fulfilments";

/// The fact that a change states: `absent`, or its value.
fn stated(provider: &'static Definition, path: &str, body: &Value, fact: &str) -> Value {
    let facts = change(provider, path, body).facts;
    facts.get(fact).cloned().unwrap_or_else(|| json!("absent"))
}

#[test]
fn a_commission_states_its_parties_as_they_were_sent() {
    let absent = json!("absent");
    let none = Value::Null;
    for (data, affiliate, campaign, customer) in [
        (json!({"tier": 1}), &absent, &absent, &absent),
        (json!({"referral": null}), &absent, &absent, &none),
        (json!({"referral": {"id": null}}), &absent, &absent, &none),
        (json!({"referral": {"email": "x@example.com"}}), &absent, &absent, &none),
        (json!({"referral": "somebody"}), &absent, &absent, &none),
        (json!({"referral": {"id": ""}}), &absent, &absent, &none),
        (json!({"referral_id": null}), &absent, &absent, &none),
        (json!({"referral": null, "referral_id": 77}), &absent, &absent, &json!("77")),
        (json!({"referral": {"id": 77}, "referral_id": null}), &absent, &absent, &json!("77")),
        (json!({"promoter_campaign": null}), &none, &none, &absent),
        (json!({"promoter_campaign": []}), &none, &none, &absent),
        (json!({"promoter_campaign": null, "promoter_id": 31}), &json!("31"), &none, &absent),
        (
            json!({"promoter_campaign": {"promoter": null, "promoter_id": 31, "campaign": {"id": null}, "campaign_id": 5}}),
            &json!("31"),
            &json!("5"),
            &absent,
        ),
        (
            json!({"promoter_campaign": {"promoter": {"id": 31}, "promoter_id": null, "campaign": {"id": 5}, "campaign_id": null}}),
            &json!("31"),
            &json!("5"),
            &absent,
        ),
        (
            json!({"promoter_campaign": {"promoter": {"id": "N/A"}, "campaign": null}}),
            &none,
            &none,
            &absent,
        ),
    ] {
        let body = json!({"event_id": "e", "event_type": "commission.updated", "entity_id": 88, "data": data});
        for (fact, expected) in
            [("affiliate_id", affiliate), ("campaign_id", campaign), ("customer_id", customer)]
        {
            assert_eq!(stated(FIRSTPROMOTER, V2, &body, fact), *expected, "{fact} of {data}");
        }
    }
}

#[test]
fn a_payout_states_its_parties_as_they_were_sent() {
    let absent = json!("absent");
    for (data, affiliate, campaign) in [
        (json!({"promoter": null, "campaign": null}), &Value::Null, &Value::Null),
        (json!({"promoter": {"id": null}, "campaign_id": null}), &Value::Null, &Value::Null),
        (
            json!({"promoter": null, "promoter_id": 3, "campaign": null, "campaign_id": 5}),
            &json!("3"),
            &json!("5"),
        ),
        // A payout is no reward: what cannot be read leaves what is known.
        (json!({"promoter": "x", "campaign": {"id": ""}}), &absent, &absent),
    ] {
        let body =
            json!({"event_id": "e", "event_type": "payout.updated", "entity_id": 8, "data": data});
        assert_eq!(stated(FIRSTPROMOTER, V2, &body, "affiliate_id"), *affiliate, "{data}");
        assert_eq!(stated(FIRSTPROMOTER, V2, &body, "campaign_id"), *campaign, "{data}");
    }
}

#[test]
fn v1_states_its_parties_as_they_were_sent() {
    let absent = json!("absent");
    for (path, event_type, data, affiliate, campaign) in [
        (V1, "new_customer", json!({}), &absent, &absent),
        (V1, "new_customer", json!({"promoter": null}), &Value::Null, &absent),
        (V1, "new_customer", json!({"promotion": null}), &Value::Null, &Value::Null),
        (
            V1,
            "new_customer",
            json!({"promotion": {"promoter_id": null, "campaign_id": null}}),
            &Value::Null,
            &Value::Null,
        ),
        (
            V1,
            "new_customer",
            json!({"promoter": null, "promotion": {"promoter_id": 4, "campaign_id": 7}}),
            &json!("4"),
            &json!("7"),
        ),
        (V1, "new_customer", json!({"promoter": {"id": ""}}), &absent, &absent),
        (FULFILMENTS, "fulfilment_pending", json!({}), &absent, &absent),
        (
            FULFILMENTS,
            "fulfilment_pending",
            json!({"promoter": null, "campaign": null}),
            &Value::Null,
            &Value::Null,
        ),
        (
            FULFILMENTS,
            "fulfilment_pending",
            json!({"promoter": {"id": null}, "campaign": {"id": null}}),
            &Value::Null,
            &Value::Null,
        ),
        (
            FULFILMENTS,
            "fulfilment_pending",
            json!({"promoter": {"id": ""}, "campaign": {"id": []}}),
            &Value::Null,
            &Value::Null,
        ),
    ] {
        let mut data = data;
        data["id"] = json!(9);
        let body = json!({"event": {"id": 1, "type": event_type}, "data": data});
        assert_eq!(stated(FIRSTPROMOTER_V1, path, &body, "affiliate_id"), *affiliate, "{data}");
        assert_eq!(stated(FIRSTPROMOTER_V1, path, &body, "campaign_id"), *campaign, "{data}");
    }
}

#[test]
fn a_status_and_an_amount_are_taken_away_too() {
    let of = |data: Value, fact: &str| {
        let body = json!({"event_id": "e", "event_type": "commission.updated", "entity_id": 88, "data": data});
        stated(FIRSTPROMOTER, V2, &body, fact)
    };
    for (data, amount) in [
        (json!({"tier": 1}), json!("absent")),
        (json!({"amount": null, "unit": null}), Value::Null),
        (json!({"amount": null}), Value::Null),
        (json!({"amount": ""}), Value::Null),
        (json!({"unit": null}), Value::Null),
        (json!({"unit": ""}), Value::Null),
        (json!({"unit": {}}), Value::Null),
        (json!({"amount": 5, "unit": ""}), json!({"value": "5"})),
        (json!({"amount": 5, "unit": null}), json!({"value": "5"})),
        (json!({"amount": "5 points", "unit": "points"}), json!({"unit": "points"})),
        (json!({"amount": "5.0", "unit": " Points "}), json!({"value": "5", "unit": "points"})),
    ] {
        assert_eq!(of(data.clone(), "amount"), amount, "{data}");
    }
    for (data, status) in [
        (json!({"status": null}), Value::Null),
        // It may say that it is denied.
        (json!({"status": ""}), Value::Null),
        (json!({"status": ["approved"]}), Value::Null),
        (json!({"tier": 1}), json!("absent")),
    ] {
        assert_eq!(of(data.clone(), "status"), status, "{data}");
    }
    let lead = |data: Value| json!({"event": {"id": 1, "type": "new_customer"}, "data": data});
    for (data, status) in [
        // The event's name says it too.
        (json!({"id": 9, "state": null}), json!("active")),
        (json!({"id": 9, "state": null, "status": "active"}), json!("active")),
        (json!({"id": 9, "state": "active", "status": null}), json!("active")),
        (json!({"id": 9, "state": "", "status": "active"}), json!("active")),
    ] {
        assert_eq!(stated(FIRSTPROMOTER_V1, V1, &lead(data), "status"), status);
    }
    let payout =
        json!({"id": "e", "type": "payout.updated", "data": {"payoutId": "p", "status": null}});
    assert_eq!(stated(AFFONSO, AFFONSO_PAYOUTS, &payout, "status"), Value::Null);
}

/// Who was removed is not rewarded: the promise is looked up first.
#[test]
fn nobody_is_rewarded_who_was_taken_away() {
    let first = commission(5104, "points", "pending", "2026-10-01T00:00:00Z");
    for (place, value) in [
        ("/data/promoter_campaign", Value::Null),
        ("/data/promoter_campaign/promoter", Value::Null),
        ("/data/promoter_campaign/promoter/id", json!("")),
        ("/data", Value::Null),
        ("/data/amount", json!("N/A")),
        ("/data/unit", json!("")),
    ] {
        let mut created = first.clone();
        (created["event_id"], created["event_type"]) = (json!("e0"), json!("commission.created"));
        let mut approved = commission(5104, "points", "approved", "2026-10-01T00:01:00Z");
        approved["entity_id"] = json!(88);
        *approved.pointer_mut(place).unwrap() = value;
        let now = Timestamp::parse("2026-11-01T00:00:00Z").unwrap();
        let mut known = Snapshot::default();
        let mut promises = Vec::new();
        for body in [created, approved] {
            let event = event(FIRSTPROMOTER, V2, &body.to_string()).unwrap();
            let Decision::Write(write) = decide(&known, &event, &policy(), now) else { panic!() };
            known.record = write.record;
            promises = write.promises;
        }
        assert_eq!(promises.len(), 1, "{place}");
        assert_eq!(promises[0].state, State::LookupDue, "{place}");
    }
}

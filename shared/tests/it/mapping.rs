//! From authenticated bodies to events.

use crate::providers::{AFFONSO, FIRSTPROMOTER, FIRSTPROMOTER_V1, UPPROMOTE, read, route};
use serde_json::{Value, json};
use shared::ledger::{Action, Change, Content, Event, Identity, Malformed};
use shared::provider::{ALL, Definition};
use shared::wire::{Timestamp, json};

pub fn event(provider: &'static Definition, path: &str, body: &str) -> Result<Event, Malformed> {
    let route = route(path);
    let body = json::parse(body.as_bytes()).unwrap();
    let event_type = provider.event_type(ALL, route.event, &body)?;
    read(provider, &event_type, &body, "sha", Timestamp::ZERO)
}

pub fn change(provider: &'static Definition, path: &str, body: &Value) -> Change {
    match event(provider, path, &body.to_string()).unwrap().content {
        Content::Change(change) => *change,
        other => panic!("{other:?}"),
    }
}

pub const PAID: &str = "/webhooks/uppromote/payment-paid";
pub const AFFONSO_PAYOUTS: &str = "/webhooks/affonso/payouts";
pub const V2: &str = "/webhooks/firstpromoter/commissions";
pub const V1: &str = "/webhooks/firstpromoter-v1/t/customers";

#[test]
fn uppromotes_payment_takes_numbers_and_texts_alike() {
    for total in [json!(100.5), json!("100.50")] {
        let body = json!({"payment_id": 7, "affiliate_id": "12", "status": "SUCCESS",
            "total_processed": total, "processed_at": "2026-10-01T10:00:00Z", "extra": {"x": 1}});
        let change = change(UPPROMOTE, PAID, &body);
        assert_eq!(change.subject.id.as_str(), "7");
        assert_eq!(change.facts["amount"], json!({"value": "100.5", "unit": "cash_major"}));
        assert_eq!(change.facts["status"], json!("success"));
        assert_eq!(change.facts["affiliate_id"], json!("12"));
        assert!(change.clock.is_none());
    }
}

#[test]
fn a_body_of_another_event_is_no_payment() {
    for (body, field) in [
        (
            json!({"affiliate_id": 1, "previous_status": "active", "current_status": "inactive"}),
            "payment_id",
        ),
        (json!({"payment_id": 7, "status": "SUCCESS"}), "processed_at"),
        (json!({"payment_id": "", "processed_at": "2026-10-01T10:00:00Z"}), "payment_id"),
        (
            json!({"payment_id": "x".repeat(2000), "processed_at": "2026-10-01T10:00:00Z"}),
            "payment_id",
        ),
        (json!({"payment_id": 7.5, "processed_at": "2026-10-01T10:00:00Z"}), "payment_id"),
        (json!([1]), "body"),
    ] {
        let malformed = event(UPPROMOTE, PAID, &body.to_string()).unwrap_err();
        assert_eq!(malformed.field, field, "{malformed}");
    }
}

#[test]
fn affonsos_payout_keeps_what_it_says() {
    let body = json!({"id": "evt_1", "type": "payout.paid", "createdAt": "2026-10-01T10:00:00.000Z",
        "data": {"payoutId": "pay_1", "affiliateId": "aff_1", "affiliateProgramId": "prog_1",
                 "invoiceNumber": 1042, "status": "COMPLETED", "isManagedPayout": true, "paidAt": null,
                 "createdAt": "2026-10-01T09:00:00Z", "updatedAt": "2026-10-01T14:00:00Z"}});
    let text = body.to_string().replace(r#""status""#, r#""amount":250.00,"status""#);
    let event = event(AFFONSO, AFFONSO_PAYOUTS, &text).unwrap();
    assert_eq!(event.identity, Identity::Given(shared::wire::Id::new("evt_1").unwrap()));
    let Content::Change(change) = event.content else { panic!() };
    assert_eq!(
        Value::Object(change.facts),
        json!({"affiliate_id": "aff_1", "campaign_id": "prog_1", "invoice_number": "1042",
               "status": "completed", "is_managed_payout": "true", "paid_at": null,
               "occurred_at": "2026-10-01T09:00:00.000Z",
               "amount": {"value": "250", "unit": "cash_major"}})
    );
    assert_eq!(change.clock.unwrap().time.unwrap().to_rfc3339(), "2026-10-01T14:00:00.000Z");
}

#[test]
fn affonsos_other_envelope_and_bare_events_are_read_too() {
    let body = json!({"id": "evt_2", "type": "payout.deleted", "timestamp": "2026-10-02T10:00:00Z",
        "version": 1, "attempt": 1, "data": {"payoutId": "pay_1"}});
    let change = change(AFFONSO, AFFONSO_PAYOUTS, &body);
    assert!(change.deletes);
    assert_eq!(change.clock.unwrap().time.unwrap().to_rfc3339(), "2026-10-02T10:00:00.000Z");
    let unknown = json!({"id": "evt_3", "type": "payout.paused", "data": {}});
    let unknown = event(AFFONSO, AFFONSO_PAYOUTS, &unknown.to_string()).unwrap();
    assert_eq!(unknown.content, Content::Unknown);
}

#[test]
fn malformed_envelopes_name_their_field_and_quote_nothing() {
    for (provider, path, body, field) in [
        (AFFONSO, AFFONSO_PAYOUTS, json!({"type": "payout.paid", "data": {}}), "id"),
        (AFFONSO, AFFONSO_PAYOUTS, json!({"id": "e", "data": {}}), "type"),
        (AFFONSO, AFFONSO_PAYOUTS, json!({"id": "e", "type": "payout.paid"}), "data"),
        (AFFONSO, AFFONSO_PAYOUTS, json!({"id": "e", "type": "payout.paid", "data": []}), "data"),
        (
            AFFONSO,
            AFFONSO_PAYOUTS,
            json!({"id": "e", "type": "payout.paid", "data": {}}),
            "data.payoutId",
        ),
        (
            AFFONSO,
            AFFONSO_PAYOUTS,
            json!({"id": "e", "type": "payout.paid", "data": {"payoutId": {"leak": 1}}}),
            "data.payoutId",
        ),
        (AFFONSO, AFFONSO_PAYOUTS, json!({"id": "e", "type": "a b leak", "data": {}}), "type"),
        (
            FIRSTPROMOTER,
            V2,
            json!({"event_type": "commission.created", "data": {"id": 1}}),
            "event_id",
        ),
        (
            FIRSTPROMOTER,
            V2,
            json!({"event_id": "e", "event_type": "commission.created", "data": {}}),
            "data.id",
        ),
        (
            FIRSTPROMOTER,
            V2,
            json!({"event_id": ["leak"], "event_type": "commission.created", "entity_id": 1, "data": {}}),
            "event_id",
        ),
        (
            FIRSTPROMOTER,
            V2,
            json!({"event_id": "e", "event_type": "commission.created", "entity_id": "", "data": {"id": {"leak": 1}}}),
            "data.id",
        ),
        (
            FIRSTPROMOTER_V1,
            V1,
            json!({"event": {"type": "lead_becomes_referral"}, "data": {"id": 1}}),
            "event.id",
        ),
        (
            FIRSTPROMOTER_V1,
            V1,
            json!({"event": {"id": 1, "type": "lead_becomes_referral"}, "data": {}}),
            "data.id",
        ),
        (FIRSTPROMOTER_V1, V1, json!({"event": "leak", "data": {}}), "event.type"),
    ] {
        let malformed = event(provider, path, &body.to_string()).unwrap_err();
        assert_eq!(malformed.field, field, "{body}");
        assert!(!malformed.to_string().contains("leak"), "{malformed}");
    }
}

/// Nothing is given on the word of an event that says two things.
#[test]
fn an_approval_in_an_event_of_a_denial_is_unknown() {
    for (event, told, status) in [
        ("commission.denied", "approved", Value::Null),
        ("commission.pending", "approved", Value::Null),
        ("commission.denied", "pending", json!("pending")),
        ("commission.approved", "denied", json!("denied")),
        ("commission.updated", "approved", json!("approved")),
    ] {
        let body = json!({"event_id": "e", "event_type": event, "entity_id": 88,
            "data": {"id": 88, "status": told}});
        assert_eq!(change(FIRSTPROMOTER, V2, &body).facts["status"], status, "{event} {told}");
    }
}

#[test]
fn a_change_of_a_referral_is_of_the_one_that_it_names_by_the_longer_name() {
    for (ids, subject) in [
        (json!({"referral_id": 7}), "7"),
        (json!({"id": 7}), "7"),
        (json!({"id": 990, "referral_id": 7}), "7"),
        (json!({"id": 7, "referral_id": null}), "7"),
    ] {
        let mut body = ids.clone();
        body["previous_status"] = json!("pending");
        body["current_status"] = json!("approved");
        let change = change(UPPROMOTE, "/webhooks/uppromote/referral-status-changed", &body);
        assert_eq!(change.subject.id.as_str(), subject, "{ids}");
    }
}

#[test]
fn v2s_commission_announces_only_when_it_became_approved() {
    let body = |event: &str, changes: Value, status: &str| {
        json!({"event_id": "e", "event_type": event, "entity_id": 88, "changes": changes,
               "timestamp": "2026-10-01T10:00:00Z",
               "data": {"id": 88, "status": status, "amount": 500, "unit": "points"}})
    };
    for (event, changes, status, announces) in [
        ("commission.created", json!({}), "pending", false),
        ("commission.created", json!({}), "approved", true),
        ("commission.updated", json!({"status": ["pending", "approved"]}), "approved", true),
        ("commission.updated", json!({"status": ["pending", "denied"]}), "denied", false),
        ("commission.updated", json!({"internal_note": [null, "x"]}), "approved", false),
        ("commission.updated", json!({"status": null}), "approved", false),
        ("commission.approved", json!({}), "approved", true),
        ("commission.denied", json!({}), "denied", false),
        // What no page lists is an update, whatever its last word is.
        ("commission.note.created", json!({}), "approved", false),
        ("commission.refund.approved", json!({}), "approved", false),
        ("commission.frozen", json!({"status": ["pending", "approved"]}), "approved", true),
    ] {
        let change = change(FIRSTPROMOTER, V2, &body(event, changes, status));
        assert_eq!(change.announces, announces, "{event} {status}");
    }
    for event in ["commission.note.created", "commission.note.deleted", "commission.updated"] {
        let change = change(FIRSTPROMOTER, V2, &body(event, json!({}), "approved"));
        assert_eq!(change.clock.map(|clock| clock.action), Some(Action::Updated), "{event}");
    }
}

#[test]
fn v2s_older_and_newer_payloads_name_the_same_people() {
    let newer = json!({"id": 88, "amount": "3", "unit": "free_months",
        "promoter_campaign": {"id": 1, "campaign_id": 5104, "promoter": {"id": 31, "email": "p@example.com"}},
        "referral": {"id": 77, "uid": "u-77"}});
    let older =
        json!({"id": 88, "amount": 3, "unit": "free_months", "promoter_id": 31, "referral_id": 77});
    for data in [newer, older] {
        let body = json!({"event_id": "e", "event_type": "commission.approved", "data": data});
        let facts = change(FIRSTPROMOTER, V2, &body).facts;
        assert_eq!(facts["affiliate_id"], json!("31"));
        assert_eq!(facts["customer_id"], json!("77"));
        assert_eq!(facts["amount"], json!({"value": "3", "unit": "free_months"}));
    }
}

#[test]
fn v2s_test_event_and_payout_statuses() {
    let test = json!({"event_id": "e", "event_type": "commission.created", "data": {"test": true}});
    assert_eq!(event(FIRSTPROMOTER, V2, &test.to_string()).unwrap().content, Content::Test);
    let completed = json!({"event_id": "e", "event_type": "payout.updated", "entity_id": 5,
        "changes": {"status": ["pending", "completed"]}, "data": {"id": 5, "payout_method": {"iban": "leak"}}});
    let facts = change(FIRSTPROMOTER, V2, &completed).facts;
    assert_eq!(facts["status"], json!("completed"));
    assert_eq!(facts["payout_method"], json!("present"));
}

#[test]
fn v1s_customer_keeps_the_person_and_drops_the_credentials() {
    let body = json!({"event": {"id": 5, "type": "new_customer", "created_at": "2026-10-01T10:00:00Z"},
        "data": {"id": 9, "status": "active", "email": "c@example.com", "cancelled_at": null,
            "promotion": {"id": 3, "campaign_id": 7731, "sales_total": 211_000},
            "promoter": {"id": 4, "auth_token": "leak", "temp_password": "leak",
                "paid_balance": null, "current_balance": {"cash": 22_044, "free_months": 3},
                "w9_form_url": "https://leak", "profile": {"first_name": "Jo", "vat_id": "leak", "paypal_email": ""}}}});
    let change = change(FIRSTPROMOTER_V1, V1, &body);
    let facts = Value::Object(change.facts);
    assert!(!facts.to_string().contains("leak"), "{facts}");
    assert_eq!(facts["email"], json!("c@example.com"));
    assert_eq!(facts["status"], json!("active"));
    assert_eq!(facts["affiliate"]["current_balance"], json!({"cash": "22044", "free_months": "3"}));
    assert_eq!(facts["affiliate"]["w9_form_url"], json!("present"));
    assert_eq!(
        facts["affiliate"]["profile"],
        json!({"first_name": "Jo", "vat_id": "present", "paypal_email": "absent"})
    );
    assert_eq!(facts["campaign_id"], json!("7731"));
}

#[test]
fn decoration_that_cannot_be_read_does_not_lose_the_event() {
    for (part, value) in [
        ("social_accounts", json!({"twitter": null, "youtube": "https://t"})),
        ("social_accounts", json!([])),
        ("paid_balance", json!([])),
        ("earnings_balance", json!({"cash": null})),
        ("note", json!(["a"])),
        ("cust_id", json!({})),
        ("profile", json!("none")),
    ] {
        let mut promoter = json!({"id": 4, "profile": {"first_name": "Jo"}});
        promoter[part] = value;
        let body = json!({"event": {"id": 5, "type": "new_customer", "created_at": "2026-10-01T10:00:00Z"},
            "data": {"id": 9, "state": "active", "status": "active", "promoter": promoter}});
        let facts = change(FIRSTPROMOTER_V1, V1, &body).facts;
        assert_eq!((&facts["affiliate_id"], &facts["status"]), (&json!("4"), &json!("active")));
    }
}

#[test]
fn unknown_events_are_archived_whatever_their_envelope_looks_like() {
    for (provider, path, body, content) in [
        (AFFONSO, AFFONSO_PAYOUTS, json!({"type": "test.event", "data": {}}), Content::Unknown),
        (
            AFFONSO,
            AFFONSO_PAYOUTS,
            json!({"id": "x", "type": "payout.zzz", "createdAt": 1}),
            Content::Unknown,
        ),
        (
            FIRSTPROMOTER,
            V2,
            json!({"event_type": "commission.created", "data": {"test": true}}),
            Content::Test,
        ),
        // Nobody can tell which of the two is meant.
        (
            FIRSTPROMOTER,
            V2,
            json!({"event_id": "e", "event_type": "commission.created", "entity_id": 2, "data": {"id": 1}}),
            Content::Unknown,
        ),
        (
            FIRSTPROMOTER_V1,
            V1,
            json!({"event": {"type": "lead_lost", "created_at": "today"}}),
            Content::Unknown,
        ),
    ] {
        assert_eq!(event(provider, path, &body.to_string()).unwrap().content, content, "{body}");
    }
}

//! What is read of bodies that are odd: what decides is strict, what decorates
//! is not.

use crate::mapping::{AFFONSO_PAYOUTS, PAID, V1, V2, change, event};
use crate::providers::{AFFONSO, FIRSTPROMOTER, FIRSTPROMOTER_V1, UPPROMOTE, route};
use serde_json::{Value, json};
use shared::ledger::{Change, Content, Event, Identity};
use shared::provider::{ALL, Definition};
use shared::receive::answer::accepted;
use shared::wire::{Timestamp, json};

fn read(provider: &'static Definition, path: &str, body: &Value) -> Event {
    event(provider, path, &body.to_string()).unwrap()
}

fn time(change: &Change) -> Option<Timestamp> {
    change.clock.unwrap().time
}

fn commission(data: &Value) -> Value {
    json!({"event_id": "e", "event_type": "commission.updated", "entity_id": 88, "data": data})
}

#[test]
fn half_characters_are_taken_and_refused_in_ids() {
    let half = r"P \ud83d";
    let sha = |event: &Event| event.identity.clone();
    for (provider, path, body, decisive) in [
        (
            UPPROMOTE,
            PAID,
            r#"{"payment_id":"ID","processed_at":"2026-10-01T10:00:00Z","payment_method":"NAME","NAME":1}"#,
            vec!["ID"],
        ),
        (
            AFFONSO,
            AFFONSO_PAYOUTS,
            r#"{"id":"EV","type":"TY","data":{"payoutId":"ID","paidAt":"NAME","NAME":{}}}"#,
            vec!["ID", "EV"],
        ),
        (
            FIRSTPROMOTER,
            V2,
            r#"{"event_id":"EV","event_type":"TY","data":{"id":"ID","reward":{"name":"NAME"}}}"#,
            vec!["ID", "EV"],
        ),
        (
            FIRSTPROMOTER_V1,
            V1,
            r#"{"event":{"id":"EV","type":"TY"},"data":{"id":"ID","plan_name":"NAME"}}"#,
            vec!["ID", "EV"],
        ),
    ] {
        let event_type = match provider.provider.name() {
            "affonso" => "payout.paid",
            "firstpromoter" => "commission.created",
            _ => "new_customer",
        };
        let with = |place: &str| {
            let body = body.replace(place, half);
            let body = body.replace("TY", event_type).replace("EV", "e1").replace("ID", "i1");
            event(provider, path, &body.replace("NAME", "name"))
        };
        let taken = with("NAME").unwrap();
        assert!(matches!(taken.content, Content::Change(_)), "{provider}");
        assert_eq!(taken.unread, Vec::<String>::new(), "{provider}");
        for place in decisive {
            assert!(with(place).is_err(), "{provider} {place}");
        }
        if provider != UPPROMOTE {
            assert!(with("TY").is_err(), "{provider}");
        }
    }
    // What is only archived has its hash where its id cannot be told.
    let archived =
        event(AFFONSO, AFFONSO_PAYOUTS, r#"{"id":"\udc00","type":"payout.zzz"}"#).unwrap();
    assert_eq!(sha(&archived), Identity::Given(shared::wire::Id::new("sha256-sha").unwrap()));
}

#[test]
fn a_byte_order_mark_before_the_body_is_passed_over() {
    let body = format!("\u{feff}{}", commission(&json!({"id": 88})));
    assert!(matches!(event(FIRSTPROMOTER, V2, &body).unwrap().content, Content::Change(_)));
}

#[test]
fn times_are_read_in_every_spelling_at_every_provider() {
    let ten = Timestamp::parse("2026-03-01T10:00:00Z");
    for sent in [
        json!("2026-03-01 10:00:00"),
        json!("2026-03-01T10:00:00"),
        json!("2026-03-01 10:00:00 UTC"),
        json!("2026-03-01 10:00:00 +0000"),
        json!("2026-03-01t10:00:00.000000z"),
        json!(1_772_359_200),
        json!("1772359200"),
        json!(1_772_359_200_000_u64),
    ] {
        for (event, made) in timed(&sent) {
            assert_eq!((time(&made), event.unread.len()), (ten, 0), "{sent}");
        }
        let paid = json!({"payment_id": 7, "processed_at": sent});
        let facts = change(UPPROMOTE, PAID, &paid).facts;
        assert_eq!(facts["occurred_at"], json!("2026-03-01T10:00:00.000Z"), "{sent}");
    }
}

#[test]
fn a_time_that_nobody_can_read_is_unknown_and_named() {
    let zero = json!("0000-00-00 00:00:00");
    for sent in
        [json!(""), json!(" "), json!("soon"), json!(0), json!("0"), zero, json!({}), Value::Null]
    {
        for (event, made) in timed(&sent) {
            assert_eq!(time(&made), None, "{sent}");
            assert_eq!(event.unread.len(), 1, "{sent}: {:?}", event.unread);
        }
        let paid = json!({"payment_id": 7, "processed_at": sent});
        assert_eq!(
            change(UPPROMOTE, PAID, &paid).facts.get("occurred_at").is_none(),
            !sent.is_null()
        );
    }
}

/// An event of each provider with a clock, of this time.
fn timed(sent: &Value) -> Vec<(Event, Change)> {
    let v1 = json!({"id": 1, "type": "new_customer", "created_at": sent});
    let mut v2 = commission(&json!({"id": 88}));
    v2["timestamp"] = sent.clone();
    [
        (
            AFFONSO,
            AFFONSO_PAYOUTS,
            json!({"id": "e", "type": "payout.paid", "createdAt": sent, "data": {"payoutId": "p"}}),
        ),
        (FIRSTPROMOTER, V2, v2),
        (FIRSTPROMOTER_V1, V1, json!({"event": v1, "data": {"id": 9}})),
    ]
    .map(|(provider, path, body)| (read(provider, path, &body), change(provider, path, &body)))
    .into()
}

#[test]
fn affonso_takes_the_first_time_that_can_be_read() {
    let at = |minute: u8| format!("2026-03-01 10:{minute:02}:00");
    let mut body = json!({"id": "e", "type": "payout.paid", "createdAt": at(2), "timestamp": at(3),
        "data": {"payoutId": "p", "updatedAt": at(1), "createdAt": at(0)}});
    for (place, minute) in
        [("/data/updatedAt", 1), ("/createdAt", 2), ("/timestamp", 3), ("/data/createdAt", 0)]
    {
        let read = time(&change(AFFONSO, AFFONSO_PAYOUTS, &body));
        assert_eq!(read, Timestamp::read(&at(minute)), "{place}");
        *body.pointer_mut(place).unwrap() = json!("0000-00-00 00:00:00");
    }
    assert_eq!(time(&change(AFFONSO, AFFONSO_PAYOUTS, &body)), None);
}

#[test]
fn a_creation_time_is_kept_so_that_it_can_be_read_again() {
    for (sent, kept) in [
        ("2026-03-01 10:00:00 UTC", "2026-03-01T10:00:00.000Z"),
        ("2026-03-01T12:00:00+02:00", "2026-03-01T12:00:00+02:00"),
    ] {
        let made = change(FIRSTPROMOTER, V2, &commission(&json!({"id": 88, "created_at": sent})));
        assert_eq!(made.facts["occurred_at"], json!(kept));
    }
}

#[test]
fn a_deletion_is_known_by_the_envelope() {
    for (event_type, kind) in [("commission.deleted", "commission"), ("payout.deleted", "payout")] {
        for data in
            [None, Some(Value::Null), Some(json!([])), Some(json!({})), Some(json!({"id": ""}))]
        {
            let mut body = json!({"event_id": "e", "event_type": event_type, "entity_id": 88});
            if let Some(data) = &data {
                body["data"] = data.clone();
            }
            let made = change(FIRSTPROMOTER, V2, &body);
            assert!(made.deletes);
            assert_eq!((made.subject.kind.name(), made.subject.id.as_str()), (kind, "88"));
            assert!(made.facts.is_empty(), "{data:?}: {:?}", made.facts);
            let unread = read(FIRSTPROMOTER, V2, &body).unread;
            assert_eq!(unread.is_empty(), data != Some(json!({"id": ""})), "{unread:?}");
        }
    }
    let differs = json!({"event_id": "e", "event_type": "commission.deleted", "entity_id": 88, "data": {"id": 89}});
    let kept = event(FIRSTPROMOTER, V2, &differs.to_string()).unwrap();
    assert_eq!((kept.content, kept.unread), (Content::Unknown, vec!["entity_id".to_owned()]));
    let nobody = json!({"event_id": "e", "event_type": "commission.deleted", "data": null});
    assert_eq!(event(FIRSTPROMOTER, V2, &nobody.to_string()).unwrap_err().field, "data.id");
}

#[test]
fn an_event_without_readable_data_is_recorded_with_what_there_is() {
    for data in [
        None,
        Some(Value::Null),
        Some(json!([])),
        Some(json!({})),
        Some(json!("gone")),
        Some(json!(1)),
    ] {
        let mut body = commission(&data.clone().unwrap_or_default());
        if data.is_none() {
            body.as_object_mut().unwrap().remove("data");
        }
        body["changes"] = json!({"status": ["pending", "approved"]});
        let made = change(FIRSTPROMOTER, V2, &body);
        assert!(made.announces);
        // The terms of before are not the terms of now.
        assert_eq!(
            Value::Object(made.facts),
            json!({"status": "approved", "amount": null, "affiliate_id": null,
                   "campaign_id": null, "customer_id": null, "enrolment_id": null})
        );
        assert_eq!(read(FIRSTPROMOTER, V2, &body).unread, ["data"]);
    }
    let payout =
        json!({"event_id": "e", "event_type": "payout.completed", "entity_id": 5, "data": null});
    let facts = change(FIRSTPROMOTER, V2, &payout).facts;
    assert_eq!(Value::Object(facts), json!({"status": "completed"}));
}

#[test]
fn changes_that_cannot_be_read_are_said_to_be_so() {
    for (changes, flagged, unread) in [
        (json!({"status": ["pending", "approved"]}), false, vec![]),
        (json!({}), false, vec![]),
        (Value::Null, false, vec![]),
        (json!({"internal_note": "x"}), false, vec!["changes.internal_note"]),
        (json!({"metadata": "x", "unheard_of": "x"}), false, vec![]),
        (json!({"status": [null, "approved"]}), false, vec![]),
        (json!(r#"{"status":["pending","approved"]}"#), true, vec!["changes"]),
        (json!(["status"]), true, vec!["changes"]),
        (json!({"status": {"from": "pending", "to": "approved"}}), true, vec!["changes.status"]),
        (json!({"status": "approved"}), true, vec!["changes.status"]),
        (json!({"status": ["approved"]}), true, vec!["changes.status"]),
        (json!({"status": ["pending", {"to": "approved"}]}), true, vec!["changes.status"]),
        (json!({"status": [{"from": 1}, "approved"]}), false, vec!["changes.status"]),
        (json!({"amount": {"from": 1, "to": 2}}), false, vec!["changes.amount"]),
    ] {
        let mut body = commission(&json!({"id": 88, "status": "approved"}));
        body["changes"] = changes.clone();
        let made = change(FIRSTPROMOTER, V2, &body);
        assert_eq!(made.changes_unread, flagged, "{changes}");
        assert_eq!(read(FIRSTPROMOTER, V2, &body).unread, unread, "{changes}");
        let approved = changes.pointer("/status/1") == Some(&json!("approved"));
        assert_eq!(made.announces, approved, "{changes}");
    }
}

#[test]
fn the_values_before_a_change_are_carried_as_facts_are_written() {
    let mut body = commission(&json!({"id": 88}));
    body["changes"] = json!({"status": ["Pending", "approved"], "amount": ["250.00", 500],
        "unit": ["discount_mon", "points"], "tier": [1, 2]});
    let was = |body: &Value| json!(change(FIRSTPROMOTER, V2, body).was);
    assert_eq!(
        was(&body),
        json!({"status": "pending", "amount": "250", "unit": "mon_discount", "tier": "1"})
    );
    body["changes"] = json!({"status": [null, "approved"], "amount": ["much", 1], "unit": "cash"});
    assert_eq!(was(&body), json!({"status": null}));
    body["event_type"] = json!("payout.updated");
    body["changes"] = json!({"unit": ["cash", "points"]});
    assert_eq!(was(&body), json!({"unit": "cash_cents"}));
}

#[test]
fn one_firstpromoters_format_at_the_others_address_is_kept() {
    let v1 = |event_type: &str| json!({"event": {"id": 4, "type": event_type}, "data": {"id": 9}});
    let v2 = json!({"event_id": "e4", "event_type": "commission.approved", "data": {"id": 9}});
    for (provider, path, body, format, id, status) in [
        (FIRSTPROMOTER, V2, v1("lead_becomes_referral"), FIRSTPROMOTER_V1, "4", 200),
        (FIRSTPROMOTER, V2, v1("commission.created"), FIRSTPROMOTER_V1, "4", 200),
        (FIRSTPROMOTER, V2, v1("fulfilment_pending"), FIRSTPROMOTER_V1, "4", 202),
        (FIRSTPROMOTER, V2, v1("Reward_Fulfillment"), FIRSTPROMOTER_V1, "4", 202),
        (
            FIRSTPROMOTER,
            V2,
            json!({"event_type": null, "event": {"type": "new_customer"}, "data": []}),
            FIRSTPROMOTER_V1,
            "sha256-sha",
            200,
        ),
        (FIRSTPROMOTER_V1, V1, v2.clone(), FIRSTPROMOTER, "e4", 200),
        (
            FIRSTPROMOTER_V1,
            "/webhooks/firstpromoter-v1/t/fulfilments",
            v2,
            FIRSTPROMOTER,
            "e4",
            202,
        ),
    ] {
        let event = read(provider, path, &body);
        assert_eq!(
            (event.content.clone(), event.other_format),
            (Content::Unknown, Some(format.provider)),
            "{body}"
        );
        assert_eq!(event.identity, Identity::Given(shared::wire::Id::new(id).unwrap()));
        let route = route(path);
        assert_eq!(accepted(ALL, &route, &event, None).as_u16(), status, "{body}");
    }
    // Its own format stays its own, whatever else is in the body.
    let mut both = commission(&json!({"id": 88}));
    both["event"] = json!({"id": 4, "type": "fulfilment_pending"});
    assert_eq!(read(FIRSTPROMOTER, V2, &both).other_format, None);
    let neither = json::parse(br#"{"event":{"type":"a b"},"data":{}}"#).unwrap();
    assert!(FIRSTPROMOTER.event_type(ALL, None, &neither).is_err());
}

//! What tells that an event in between has not come, and what does not.

use serde_json::{Value, json};
use shared::ledger::{Content, Event, Partition};
use shared::provider::Definition;
use shared::wire::digest::sha256_hex;
use shared::wire::{Timestamp, json as exact};

use crate::lives::Table;
use crate::providers::{FIRSTPROMOTER, UPPROMOTE, read};

fn event(of: &'static Definition, event_type: &str, body: &Value) -> Event {
    let text = body.to_string();
    let parsed = exact::parse(text.as_bytes()).unwrap();
    read(of, event_type, &parsed, &sha256_hex(text.as_bytes()), Timestamp::ZERO).unwrap()
}

/// The gaps that each of these events shows, one after the other.
fn gaps(events: &[Event]) -> Vec<Vec<String>> {
    let mut table = Table::default();
    let shown = events.iter().map(|event| {
        let Content::Change(change) = &event.content else { panic!("{}", event.event_type) };
        let pk = Partition::of(event.provider, &change.subject).to_string();
        let gaps = table.records().get(&pk).map(|record| record.gaps(change));
        table.deliver(event);
        gaps.unwrap_or_default()
    });
    shown.collect()
}

#[test]
fn a_value_before_is_the_one_held_in_any_spelling_of_it() {
    let long = "long ".repeat(200);
    for (name, held, was, is_gap) in [
        ("status", json!("pending"), json!("Pending"), false),
        ("status", json!("pending"), json!("denied"), true),
        ("amount", json!(500), json!("500.0"), false),
        ("amount", json!(500), json!(400), true),
        (
            "created_by_user_at",
            json!("2026-04-01T09:59:00Z"),
            json!("2026-04-01T09:59:00.417Z"),
            false,
        ),
        (
            "created_by_user_at",
            json!("2026-04-01T09:59:00Z"),
            json!("2026-04-01T11:59:00+02:00"),
            false,
        ),
        ("created_by_user_at", json!("2026-04-01T09:59:00Z"), json!("2026-04-01T09:59:01Z"), true),
        ("plan_id", json!(""), Value::Null, false),
        ("plan_id", Value::Null, json!(" "), false),
        ("plan_id", json!("gold"), Value::Null, true),
        // It is kept with its event alone.
        ("internal_note", json!(long), json!(long), false),
    ] {
        let told = |n: u8, value: &Value, changes: Value| {
            let mut data = json!({"id": 5, "status": "pending", "amount": 500, "unit": "points"});
            data[name] = value.clone();
            let body = json!({"event_id": format!("e{n}"), "event_type": "commission.updated",
                "entity_id": 5, "changes": changes, "data": data,
                "timestamp": format!("2026-10-01T10:00:0{n}Z")});
            event(FIRSTPROMOTER, "commission.updated", &body)
        };
        let now = if name == "status" { json!("approved") } else { json!("7") };
        let events = [told(1, &held, json!({})), told(2, &now, json!({ name: [was, now] }))];
        let expected = if is_gap { vec![name.to_owned()] } else { Vec::new() };
        assert_eq!(gaps(&events)[1], expected, "{name}: {held}, {was}");
    }
}

#[test]
fn a_change_of_status_without_a_clock_may_be_late() {
    let of_a_sale = |event_type: &str, status: &str| {
        let body = json!({"id": 7, "commission": "5.00", "tracking_type": "x", "status": status});
        event(UPPROMOTE, event_type, &body)
    };
    let changed = |was: &str, is: &str| {
        let body = json!({"referral_id": 7, "previous_status": was, "current_status": is});
        event(UPPROMOTE, "referral.status-changed", &body)
    };
    let late = [
        of_a_sale("referral.new", "pending"),
        of_a_sale("referral.approved", "approved"),
        of_a_sale("referral.denied", "denied"),
        changed("pending", "approved"),
        changed("approved", "denied"),
    ];
    assert!(gaps(&late).concat().is_empty());
    let missing = [of_a_sale("referral.new", "pending"), changed("approved", "paid")];
    assert_eq!(gaps(&missing)[1], ["status"]);
}

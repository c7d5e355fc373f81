//! A body of UpPromote names no event, and its signature covers no address: so what it
//! looks like has to fit the address at which it came.

use super::{changes, listed, received};
use crate::providers::UPPROMOTE;
use serde_json::json;

/// The events whose bodies look alike.
fn shape(event: &str) -> &str {
    match event.split_once('.') {
        Some((of, "status-changed")) => {
            if of == "referral" {
                "referral's change"
            } else {
                "affiliate's change"
            }
        }
        Some((of, _)) => of,
        None => event,
    }
}

fn path(event: &str) -> String {
    format!("/webhooks/uppromote/{}", event.replace('.', "-"))
}

#[test]
fn a_body_of_another_event_is_refused_at_every_address_of_another_shape() {
    let (mut refused, mut taken) = (0, 0);
    for sample in listed() {
        if sample.of != UPPROMOTE {
            continue;
        }
        for row in UPPROMOTE.catalogue {
            let shown = format!("{} at {}", sample.name, row.name);
            let found = received(&path(row.name), &sample.body.to_string()).event;
            if shape(row.name) != shape(sample.row.name) {
                assert!(found.is_err(), "{shown}");
                refused += 1;
                continue;
            }
            let found = found.unwrap_or_else(|e| panic!("{shown}: {e}"));
            let change = changes(&found)[0];
            assert_eq!(change.subject, changes(&sample.event)[0].subject, "{shown}");
            // One that is named otherwise than it looks is known to be so.
            let stated = sample.body["status"].as_str();
            let fits = row.status.is_none_or(|named| stated == Some(named));
            assert_eq!(change.undated.contradicts_itself, !fits, "{shown}");
            taken += 1;
        }
    }
    assert!(refused > 60 && taken > 20, "{refused} {taken}");
}

/// A change of status is an affiliate's or a referral's by the name of its id.
#[test]
fn a_change_of_status_is_of_one_kind_of_object() {
    for (ids, referral, affiliate) in [
        (vec!["referral_id"], true, false),
        (vec!["id"], true, false),
        (vec!["affiliate_id"], false, true),
        (vec!["referral_id", "affiliate_id"], true, false),
        (vec!["id", "affiliate_id"], false, true),
        (vec!["id", "referral_id"], true, false),
        (vec!["id", "referral_id", "affiliate_id"], true, false),
        (vec![], false, false),
    ] {
        let mut body = json!({"previous_status": "pending", "current_status": "active"});
        for id in &ids {
            body[id] = json!(7);
        }
        let taken = |event: &str| received(&path(event), &body.to_string()).event.is_ok();
        let found = (taken("referral.status-changed"), taken("affiliate.status-changed"));
        assert_eq!(found, (referral, affiliate), "{ids:?}");
    }
}

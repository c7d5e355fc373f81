//! The status of every object, in the ledger's words, by every word that its provider
//! has for it.

mod words;

use serde_json::{Value, json};
use shared::fulfilment::Snapshot;
use shared::ledger::{Content, Kind};
use shared::provider::{ALL, Definition};
use shared::receive::decide::Decision;
use shared::wire::{Timestamp, json};

use crate::lives::Table;
use crate::promises::policy;
use crate::providers::{AFFONSO, FIRSTPROMOTER, FIRSTPROMOTER_V1, UPPROMOTE, decide, read};
use crate::statuses::words::{Words, affonso, all, v1, v2};

/// A status in the ledger's words, and the provider's word for it.
type Status = (Option<&'static str>, Option<String>);

/// The statuses that an event leaves, sent alone: by the kinds of its objects.
fn statuses(of: &'static Definition, event: &str, body: &Value) -> Vec<(Kind, Status)> {
    let parsed = json::parse(body.to_string().as_bytes()).unwrap();
    let event = read(of, event, &parsed, "sha", Timestamp::ZERO).unwrap();
    let Content::Change(change) = &event.content else { panic!("{body}") };
    let decided = decide(&Snapshot::default(), &event, &policy(), Timestamp::now());
    let Decision::Write(written) = decided else { panic!("{body}") };
    let first = (change.subject.kind, written.record.unwrap());
    let others = written.others.into_iter().map(|other| (other.subject.kind, other.record));
    let told = std::iter::once(first).chain(others).map(|(kind, record)| {
        (kind, (of.status(kind, &record), record.text("status").map(str::to_owned)))
    });
    told.collect()
}

/// The status of the one object that an event is about.
fn status(of: &'static Definition, event: &str, body: &Value) -> Status {
    statuses(of, event, body).into_iter().next().unwrap().1
}

#[test]
fn every_word_of_every_provider_has_its_meaning() {
    for Words { of, event, body, meanings } in all() {
        for (word, expected) in meanings {
            let body = body(event, word);
            let theirs = Some(word.to_ascii_lowercase());
            assert_eq!(status(of, event, &body), (Some(*expected), theirs), "{of}: {body}");
        }
    }
}

#[test]
fn a_word_that_nobody_knows_is_kept_and_means_nothing() {
    for Words { of, event, body, .. } in all() {
        let body = body(event, "On_Hold");
        let expected = (Some("unknown"), Some("on_hold".to_owned()));
        assert_eq!(status(of, event, &body), expected, "{of}: {body}");
    }
}

/// What has no word, or more than one.
#[test]
fn other_facts_say_what_no_word_does() {
    let ours = |of, event: &str, body: Value| status(of, event, &body).0;
    for (event, data, expected) in [
        ("promoter.updated", json!({"archived_at": null}), "active"),
        ("promoter.updated", json!({"archived_at": "2026-11-01T10:00:00Z"}), "archived"),
        ("payout_method.updated", json!({"is_disabled": false, "is_selected": true}), "active"),
        ("payout_method.updated", json!({"is_disabled": true}), "disabled"),
        ("contract_document.signed", json!({"status": "signed"}), "signed"),
        ("contract_document.updated", json!({"signed_at": null}), "pending"),
        ("contract_document.updated", json!({"signed_at": "2026-11-01T10:00:00Z"}), "signed"),
        ("contract_document.updated", json!({"status": "pending"}), "pending"),
    ] {
        assert_eq!(ours(FIRSTPROMOTER, event, v2(event, data)), Some(expected), "{event}");
    }
    let none =
        json!({"commissionAmount": null, "commissionStatus": null, "saleStatus": "COMPLETE"});
    let account = json!({"accountStatus": "ACTIVE", "partnershipStatus": null});
    let archived = json!({"archived_at": "2026-11-01T10:00:00Z"});
    for (event, id, data, expected) in [
        ("transaction.created", "transactionId", none, "none"),
        ("affiliate.created", "affiliateId", account, "pending"),
        ("coupon.created", "id", json!({}), "active"),
        ("coupon.updated", "id", archived, "archived"),
    ] {
        assert_eq!(ours(AFFONSO, event, affonso(event, id, data)), Some(expected), "{event}");
    }
}

/// Affonso's two bodies of an affiliate, in both orders: the later one counts.
#[test]
fn an_affiliate_waits_while_the_partnership_has_no_status() {
    let large = |account: Value| json!({"accountStatus": account, "partnershipStatus": null});
    let small = json!({"status": "ACTIVE", "name": "Nora Beck"});
    for (first, then, expected) in [
        (large(json!("ACTIVE")), small.clone(), "active"),
        (small, large(json!("ACTIVE")), "pending"),
        (json!({"status": "INACTIVE"}), large(Value::Null), "pending"),
        (large(json!("REJECTED")), json!({"trackingId": "nora"}), "rejected"),
    ] {
        let event = |n: u8, data: &Value| {
            let mut body = affonso("affiliate.updated", "affiliateId", data.clone());
            body["id"] = json!(format!("evt_{n}"));
            body["createdAt"] = json!(format!("2026-10-01T10:00:0{n}Z"));
            let parsed = json::parse(body.to_string().as_bytes()).unwrap();
            read(AFFONSO, "affiliate.updated", &parsed, "sha", Timestamp::ZERO).unwrap()
        };
        let events = [event(1, &first), event(2, &then)];
        for order in [[0, 1], [1, 0]] {
            let mut table = Table::default();
            for n in order {
                assert!(table.deliver(&events[n]));
            }
            let statuses = table.records().values();
            let statuses: Vec<_> =
                statuses.map(|record| AFFONSO.status(Kind::Affiliate, record)).collect();
            assert_eq!(statuses, [Some(expected)], "{first} {then}");
        }
    }
}

/// A time that is blank, or none, says of nothing that it happened.
#[test]
fn what_is_no_time_archives_and_signs_nothing() {
    for none in [json!(""), json!(false), json!({}), json!("0000-00-00 00:00:00")] {
        let archived = json!({ "archived_at": none });
        let signed = json!({ "signed_at": none });
        for (of, event, body, expected) in [
            (FIRSTPROMOTER, "promoter.updated", v2("promoter.updated", archived.clone()), "active"),
            (
                FIRSTPROMOTER,
                "contract_document.updated",
                v2("contract_document.updated", signed),
                "pending",
            ),
            (AFFONSO, "coupon.updated", affonso("coupon.updated", "id", archived), "active"),
        ] {
            assert_eq!(status(of, event, &body).0, Some(expected), "{event}: {none}");
        }
    }
}

/// UpPromote has one word for an affiliate who waits and for one who was refused.
#[test]
fn an_inactive_affiliate_of_a_sign_up_waits() {
    let body = |status: &str| json!({"id": 7, "email": "a@b.example", "email_verified": "verified", "status": status});
    for (event, word, expected) in [
        ("affiliate.new", "inactive", "pending"),
        ("affiliate.new", "pending", "pending"),
        ("affiliate.new", "active", "active"),
        ("affiliate.approved", "active", "active"),
        ("affiliate.inactive", "inactive", "inactive"),
    ] {
        let told = status(UPPROMOTE, event, &body(word));
        assert_eq!(told, (Some(expected), Some(word.to_owned())), "{event}");
    }
}

/// The words for a sale are not those for the earning from it.
#[test]
fn a_bare_status_of_a_sale_leaves_the_earning_to_the_event() {
    for (word, sale) in [
        ("OPEN", "open"),
        ("COMPLETE", "complete"),
        ("TRIALING", "trialing"),
        ("FAILED", "failed"),
        ("PARTIAL_REFUNDED", "partially_refunded"),
    ] {
        let body = affonso("transaction.approved", "transactionId", json!({"status": word}));
        let parsed = json::parse(body.to_string().as_bytes()).unwrap();
        let event = read(AFFONSO, "transaction.approved", &parsed, "sha", Timestamp::ZERO).unwrap();
        let Content::Change(change) = event.content else { panic!("{word}") };
        assert_eq!(
            (&change.facts["sale_status"], &change.facts["status"]),
            (&json!(sale), &json!("approved"))
        );
    }
}

/// A body that names no status has the one that its event names.
#[test]
fn an_event_names_the_status_that_its_body_does_not() {
    let ids = [("affiliate", "affiliateId"), ("referral", "referralId"), ("payout", "payoutId")];
    let id_of = |event: &str| {
        let named = ids.iter().find(|(family, _)| event.starts_with(family));
        named.map_or("transactionId", |(_, id)| id)
    };
    for (of, event, expected) in [
        (AFFONSO, "referral.lead", "lead"),
        (AFFONSO, "referral.converted", "customer"),
        (AFFONSO, "transaction.approved", "approved"),
        (AFFONSO, "transaction.paid", "paid"),
        (AFFONSO, "transaction.rejected", "denied"),
        (AFFONSO, "payout.paid", "completed"),
        (AFFONSO, "payout.failed", "failed"),
        (FIRSTPROMOTER, "promoter_campaign.accepted", "accepted"),
        (FIRSTPROMOTER, "promoter_campaign.pending", "pending"),
        (FIRSTPROMOTER, "promoter_campaign.rejected", "rejected"),
        (FIRSTPROMOTER, "promoter_campaign.blocked", "blocked"),
        (FIRSTPROMOTER, "promoter_campaign.inactive", "inactive"),
        (FIRSTPROMOTER, "referral.converted", "customer"),
        (FIRSTPROMOTER, "referral.cancelled", "cancelled"),
        (FIRSTPROMOTER, "referral.moved", "moved"),
        (FIRSTPROMOTER, "commission.approved", "approved"),
        (FIRSTPROMOTER, "commission.pending", "pending"),
        (FIRSTPROMOTER, "commission.denied", "denied"),
        (FIRSTPROMOTER, "payout.pending", "pending"),
        (FIRSTPROMOTER, "payout.processing", "processing"),
        (FIRSTPROMOTER, "payout.completed", "completed"),
        (FIRSTPROMOTER, "payout.failed", "failed"),
        (FIRSTPROMOTER, "payout.cancelled", "cancelled"),
        (FIRSTPROMOTER, "payments_batch.initiated", "pending"),
        (FIRSTPROMOTER, "payments_batch.processing", "processing"),
        (FIRSTPROMOTER, "payments_batch.completed", "completed"),
        (FIRSTPROMOTER, "payments_batch.failed", "failed"),
        (FIRSTPROMOTER, "contract_document.signed", "signed"),
        (FIRSTPROMOTER_V1, "lead_signup", "lead"),
        (FIRSTPROMOTER_V1, "lead_becomes_referral", "customer"),
        (FIRSTPROMOTER_V1, "lead_cancelled", "cancelled"),
        (FIRSTPROMOTER_V1, "lead_subscribed", "subscriber"),
    ] {
        let data = json!({"created_at": "2026-11-01T10:00:00Z"});
        let body = match of.provider.name() {
            "affonso" => affonso(event, id_of(event), data),
            "firstpromoter" => v2(event, data),
            _ => v1(event, data),
        };
        assert_eq!(status(of, event, &body).0, Some(expected), "{of}: {event}");
    }
}

#[test]
fn an_enrolment_of_v1_waits_until_it_is_accepted() {
    let promoter = json!({"id": 7, "status": "pending"});
    for (event, data, expected) in [
        (
            "promoter_signed_up",
            json!({"promoter": promoter, "promotions": [{"id": 3, "status": "offer_running"}]}),
            "pending",
        ),
        (
            "promoter_accepted",
            json!({"promoter": promoter, "promotion": {"id": 3, "status": "offer_running"}}),
            "accepted",
        ),
    ] {
        let told = statuses(FIRSTPROMOTER_V1, event, &v1(event, data));
        let enrolment = told.iter().find(|(kind, _)| *kind == Kind::Enrolment).unwrap();
        assert_eq!(enrolment.1.0, Some(expected), "{event}");
        let affiliate = told.iter().find(|(kind, _)| *kind == Kind::Affiliate).unwrap();
        assert_eq!(affiliate.1.0, Some("pending"), "{event}");
    }
}

#[test]
fn every_event_of_a_deletion_deletes_whatever_the_body_says() {
    let mut deleted = 0;
    for definition in ALL {
        for row in definition.catalogue.iter().filter(|row| row.deletes) {
            let id = row.object.members.first().unwrap().wire;
            let data = json!({"status": "approved", "state": "accepted"});
            let body = match definition.provider.name() {
                "affonso" => affonso(row.name, id, data),
                _ => v2(row.name, data),
            };
            assert_eq!(status(definition, row.name, &body).0, Some("deleted"), "{}", row.name);
            deleted += 1;
        }
    }
    assert_eq!(deleted, 12);
}

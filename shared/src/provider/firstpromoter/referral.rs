//! `referral.*`: a lead or customer whom an affiliate brought.

use crate::ledger::{Family, Kind, StatusWords};
use crate::provider::firstpromoter::commission::{AFFILIATE, CAMPAIGN_OF_ENROLMENT, ENROLMENT};
use crate::provider::firstpromoter::envelope::read;
use crate::provider::object::{Joined, Object};
use crate::wire::parts::{any, id, number_id, object, personal, text, time, word};

/// A customer: the shape of today (`state`), that of April 2026 (`status`), or the
/// API's.
pub(super) static REFERRAL: Object = Object {
    members: &[
        id("id").unstated(),
        word("state"),
        word("status"),
        personal("email"),
        personal("uid"),
        time("customer_since"),
        time("cancelled_at"),
        time("created_at").named("occurred_at"),
        text("fraud_check"),
        text("suspicion"),
        text("plan_name"),
        text("entry_source"),
        text("custom_status"),
        text("is_expired"),
        personal("username"),
        personal("first_name"),
        personal("last_name"),
        personal("website"),
        personal("comment"),
        personal("created_by_user_email"),
        any("metadata"),
        any("split_details"),
        number_id("promoter_id").unstated(),
        object("promoter_campaign", ENROLMENT).named("enrolment"),
    ],
    joined: &[
        AFFILIATE,
        CAMPAIGN_OF_ENROLMENT,
        Joined { fact: "enrolment_id", at: &[&["promoter_campaign", "id"]] },
    ],
    status: &["state", "status"],
    words: &StatusWords::of(&[
        ("subscribed", "subscriber"),
        ("signup", "lead"),
        ("lead", "lead"),
        ("pending", "pending"),
        ("active", "customer"),
        ("customer", "customer"),
        ("moved", "moved"),
        ("cancelled", "cancelled"),
        ("refunded", "refunded"),
        ("denied", "rejected"),
    ]),
    ..Object::of(Kind::Customer, Family::Customers, read)
};

//! `promoter.*`: an affiliate, and the affiliate's balances.

use crate::ledger::{ByFact, FactIs, Family, Kind, Malformed, StatusWords, With};
use crate::provider::firstpromoter::envelope::{Envelope, Told, data, named, read};
use crate::provider::object::{Joined, Object, Reading, Understood};
use crate::wire::parts::{Member, any, id, number_id, object, personal, present, text, time, word};
use crate::wire::{Field, Unread};

/// The profile of a promoter.
const PROFILE: &[Member] = &[
    id("id"),
    personal("first_name"),
    personal("last_name"),
    personal("website"),
    personal("company_name"),
    present("company_number"),
    personal("phone_number"),
    personal("address"),
    personal("country"),
    present("vat_id"),
    present("paypal_email"),
    present("w8_form_url"),
    present("w9_form_url"),
    personal("avatar"),
    personal("avatar_url"),
    personal("description"),
    any("social_accounts"),
];

/// The meaning of a promoter's status. The bodies of today have no word for it: a
/// promoter who is not archived is active.
static WORDS: StatusWords = StatusWords {
    words: &[
        ("pending", "pending"),
        ("active", "active"),
        ("approved", "active"),
        ("inactive", "inactive"),
        ("denied", "rejected"),
        ("rejected", "rejected"),
        ("blocked", "blocked"),
        ("archived", "archived"),
    ],
    by_fact: &[ByFact {
        fact: "archived_at",
        is: FactIs::Stated,
        with: With::Any,
        status: "archived",
    }],
    otherwise: Some("active"),
};

/// A promoter: in the shape of today, in that of April 2026, or the API's.
pub(super) static PROMOTER: Object = Object {
    members: &[
        id("id").unstated(),
        word("status"),
        personal("email"),
        personal("name"),
        personal("cust_id"),
        any("balances"),
        any("earnings_balance"),
        any("current_balance"),
        any("paid_balance"),
        text("default_ref_id"),
        // The bodies of April 2026 call it `created_at`.
        time("created_at").named("occurred_at"),
        time("joined_at").named("occurred_at"),
        time("joined_at"),
        object("profile", PROFILE),
        personal("avatar_url"),
        personal("note"),
        any("stats"),
        text("is_customized"),
        any("fraud_suspicions"),
        text("is_confirmed"),
        text("invoice_details_status"),
        present("invoice_details_validation_errors"),
        text("last_login_at"),
        time("archived_at"),
        any("custom_fields"),
        text("first_event_at"),
        text("track_ad_traffic"),
        text("auth_provider"),
        object("parent_promoter", &[number_id("id")]),
        object("selected_payout_method", &[id("id")]).unstated(),
    ],
    joined: &[Joined { fact: "payout_method_id", at: &[&["selected_payout_method", "id"]] }],
    status: &["status"],
    words: &WORDS,
    ..Object::of(Kind::Affiliate, Family::Affiliates, read)
};

/// The balances of a promoter, by unit, cash in cents. No page shows the body, and
/// its entity may be something else than the promoter.
pub(super) static BALANCES: Object = Object {
    members: &[
        number_id("promoter_id").unstated(),
        object("promoter", &[number_id("id")]).unstated(),
        any("balances"),
        any("earnings_balance"),
        any("current_balance"),
        any("paid_balance"),
    ],
    words: &WORDS,
    ..Object::of(Kind::Affiliate, Family::Affiliates, balances)
};

fn balances(reading: &Reading, unread: &mut Unread) -> Result<Understood, Malformed> {
    let envelope = Envelope::read(reading.body, unread)?;
    let parts = data(&BALANCES, reading.body, false, unread);
    let parts = parts.value().cloned().unwrap_or_default();
    let entity = envelope.id_of(reading.body, "promoter");
    let id = named(&parts, &[&["promoter_id"], &["promoter", "id"]], entity);
    let Field::Value(id) = id else {
        return Ok(Told::nothing(envelope));
    };
    let facts = BALANCES.facts(&parts, unread);
    Ok(Told::of(id, facts).understood(reading, envelope, unread))
}

//! `affiliate.*`: a partner who brings customers.

use crate::ledger::{ByFact, FactIs, Family, Kind, Malformed, StatusWords, With};
use crate::provider::object::{Joined, Object, Reading, Understood};
use crate::provider::uppromote::body::{Told, body, changed, has, undated};
use crate::wire::Unread;
use crate::wire::parts::{Form, Member, any, decimal, id, personal, present, text, word};

/// The meaning of an affiliate's status. `inactive` means "awaiting" in the event of
/// the sign-up, and "refused or switched off" in any other.
static WORDS: StatusWords = StatusWords {
    words: &[("pending", "pending"), ("active", "active"), ("inactive", "inactive")],
    by_fact: &[ByFact {
        fact: "status",
        is: FactIs::OfCreation,
        with: With::Word("inactive"),
        status: "pending",
    }],
    otherwise: None,
};

/// An affiliate. All but the id may be null or blank. The totals come as texts or
/// numbers; the vendor's page states no currency.
pub(super) static AFFILIATE: Object = Object {
    members: &[
        id("id").unstated(),
        personal("email"),
        personal("first_name"),
        personal("last_name"),
        word("status"),
        text("email_verified"),
        personal("company"),
        personal("address"),
        personal("city"),
        personal("state").named("region"),
        personal("zipcode"),
        personal("country"),
        personal("phone"),
        personal("facebook"),
        personal("twitter"),
        personal("youtube"),
        personal("instagram"),
        personal("website"),
        personal("tiktok"),
        present("w9_form"),
        personal("internal_note"),
        personal("personal_detail"),
        text("default_affiliate_link"),
        text("custom_affiliate_link"),
        id("program_id").unstated(),
        text("program_name"),
        any("custom_fields"),
        any("coupons"),
        present("vat_number"),
        present("tax_value"),
        id("up_line_affiliate_id"),
        personal("up_line_affiliate_email"),
        text("payment_method"),
        present("payment_info"),
        decimal("paid_amount"),
        decimal("approved_amount"),
        decimal("pending_amount"),
        decimal("denied_amount"),
        Member::new("created_at", Form::Instant).named("occurred_at"),
    ],
    joined: &[Joined { fact: "campaign_id", at: &[&["program_id"]] }],
    status: &["status"],
    words: &WORDS,
    ..Object::of(Kind::Affiliate, Family::Affiliates, read)
};

/// A change of an affiliate's status.
pub(super) static AFFILIATE_STATUS: Object = Object {
    members: &[id("affiliate_id").unstated(), word("previous_status"), word("current_status")],
    words: &WORDS,
    ..Object::of(Kind::Affiliate, Family::Affiliates, read_change)
};

/// Reads an affiliate. The signature covers the body and not the route, so a body
/// must look like its event: it has an id and what only an affiliate has.
fn read(reading: &Reading, unread: &mut Unread) -> Result<Understood, Malformed> {
    let parts = body(reading, unread)?;
    let told = Told::of(&parts, "id")?;
    if !has(reading, &["email", "email_verified"]) || has(reading, &["commission"]) {
        return Err(Malformed::new("body", "is not an affiliate"));
    }
    let undated = undated(reading, "affiliate.new", &["inactive", "pending"], &parts);
    Ok(Told { undated, ..told }.understood(reading, unread))
}

/// Reads a change of status. That of a referral looks like it, but for the id.
fn read_change(reading: &Reading, unread: &mut Unread) -> Result<Understood, Malformed> {
    if has(reading, &["referral_id"]) {
        return Err(Malformed::new("body", "is not a change of an affiliate"));
    }
    changed(reading, "affiliate_id", unread)
}

//! `referral.*`: a commissioned sale, which UpPromote calls a referral.

use crate::ledger::{Family, Kind, Malformed, StatusWords};
use crate::provider::mapping::named;
use crate::provider::object::{Amount, Joined, MAJOR_UNITS, Object, Reading, Understood};
use crate::provider::uppromote::body::{Told, body, changed, has, undated};
use crate::wire::Unread;
use crate::wire::parts::{Form, Member, any, decimal, id, object, personal, text, word};

static WORDS: StatusWords = StatusWords::of(&[
    ("pending", "pending"),
    ("approved", "approved"),
    ("denied", "denied"),
    ("paid", "paid"),
]);

/// A commission. The body names no currency. Its `created_at` is the time of the
/// creation in every event, and orders none.
pub(super) static REFERRAL: Object = Object {
    members: &[
        id("id").unstated(),
        text("order_id"),
        text("order_number"),
        id("customer_id").unstated(),
        text("quantity"),
        decimal("total_sales").named("sale_amount"),
        object("commission_rule", &[id("program_id")]).unstated(),
        // No page names what else is in it.
        any("commission_rule"),
        text("commission_adjustment"),
        word("status"),
        decimal("commission").unstated(),
        text("refund_id"),
        text("tracking_type"),
        object(
            "affiliate",
            &[id("id"), personal("email"), personal("first_name"), personal("last_name")],
        ),
        text("coupon_applied"),
        personal("customer_email"),
        any("metadata"),
        Member::new("created_at", Form::Instant).named("occurred_at"),
    ],
    joined: &[
        Joined { fact: "affiliate_id", at: &[&["affiliate", "id"]] },
        Joined { fact: "customer_id", at: &[&["customer_id"]] },
        Joined { fact: "campaign_id", at: &[&["commission_rule", "program_id"]] },
    ],
    amount: Some(Amount { value: "commission", unit: MAJOR_UNITS }),
    status: &["status"],
    words: &WORDS,
    ..Object::of(Kind::Commission, Family::Commissions, read)
};

/// A change of a commission's status.
pub(super) static REFERRAL_STATUS: Object = Object {
    members: &[
        id("referral_id").unstated(),
        id("id").unstated(),
        word("previous_status"),
        word("current_status"),
    ],
    words: &WORDS,
    ..Object::of(Kind::Commission, Family::Commissions, read_change)
};

/// Reads a referral. The signature covers the body and not the route, so a body must
/// look like its event: it has an id and something of a sale.
fn read(reading: &Reading, unread: &mut Unread) -> Result<Understood, Malformed> {
    let parts = body(reading, unread)?;
    let told = Told::of(&parts, "id")?;
    let of_a_sale = ["commission_rule", "commission", "tracking_type"];
    if !of_a_sale.iter().any(|name| has(reading, &[name])) || has(reading, &["email_verified"]) {
        return Err(Malformed::new("body", "is not a referral"));
    }
    let undated = undated(reading, "referral.new", &["pending"], &parts);
    Ok(Told { undated, ..told }.understood(reading, unread))
}

/// Reads a change of status. The vendor's pages do not show the name of the id; that
/// of an affiliate's change they do, and such a change is not a referral's. Beside a
/// `referral_id`, an `id` is that of something else.
fn read_change(reading: &Reading, unread: &mut Unread) -> Result<Understood, Malformed> {
    if has(reading, &["affiliate_id"]) && !has(reading, &["referral_id"]) {
        return Err(Malformed::new("body", "is not a change of a referral"));
    }
    let id = if named(reading.body, &["referral_id"]) { "referral_id" } else { "id" };
    changed(reading, id, unread)
}

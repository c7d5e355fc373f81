//! `payment.paid`: a payment to an affiliate.

use crate::ledger::{Family, Kind, Malformed, StatusWords, Undated};
use crate::provider::object::{Amount, Joined, MAJOR_UNITS, Object, Reading, Understood};
use crate::provider::uppromote::body::{Told, body};
use crate::wire::Unread;
use crate::wire::parts::{Form, Member, decimal, id, personal, text, word};

/// A payment. The vendor's page states no currency; the API's referrals are in the
/// shop's.
pub(super) static PAYMENT: Object = Object {
    members: &[
        id("payment_id").unstated(),
        id("affiliate_id").unstated(),
        word("status"),
        personal("affiliate_email"),
        decimal("total_referrals"),
        decimal("total_processed").unstated(),
        text("payment_method"),
        Member::new("processed_at", Form::Instant).named("occurred_at"),
    ],
    joined: &[Joined { fact: "affiliate_id", at: &[&["affiliate_id"]] }],
    amount: Some(Amount { value: "total_processed", unit: MAJOR_UNITS }),
    status: &["status"],
    words: &StatusWords::of(&[("success", "completed")]),
    ..Object::of(Kind::Payout, Family::Payouts, read)
};

/// Reads a payment. The signature covers the body and not the route, so a body
/// captured at one route verifies at another. A body must therefore look like its
/// event: it names a payment and the time of its processing, even if that time
/// cannot be read.
fn read(reading: &Reading, unread: &mut Unread) -> Result<Understood, Malformed> {
    let parts = body(reading, unread)?;
    let told = Told::of(&parts, "payment_id")?;
    if reading.body.get("processed_at").is_none() {
        return Err(Malformed::new("processed_at", "is missing"));
    }
    // A payment has one event: nothing came before it.
    let undated = Undated { creates: true, is_initial: true, contradicts_itself: false };
    Ok(Told { undated, ..told }.understood(reading, unread))
}

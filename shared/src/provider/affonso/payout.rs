//! `payout.*`: a payment to an affiliate.

use crate::ledger::{Family, Kind, StatusWords};
use crate::provider::affonso::envelope::read;
use crate::provider::object::{Amount, Joined, MAJOR_UNITS, Object};
use crate::wire::parts::{Form, Member, decimal, id, text, word};

/// A payout. The page states no currency; amounts are in major units.
pub(super) static PAYOUT: Object = Object {
    members: &[
        id("payoutId").unstated(),
        id("affiliateId").unstated(),
        id("affiliateProgramId").unstated(),
        text("invoiceNumber").named("invoice_number"),
        decimal("amount").unstated(),
        word("status"),
        text("isManagedPayout").named("is_managed_payout"),
        text("paidAt").named("paid_at"),
        Member::new("createdAt", Form::Instant).named("occurred_at"),
        Member::new("updatedAt", Form::Instant).unstated(),
    ],
    joined: &[
        Joined { fact: "affiliate_id", at: &[&["affiliateId"]] },
        Joined { fact: "campaign_id", at: &[&["affiliateProgramId"]] },
    ],
    amount: Some(Amount { value: "amount", unit: MAJOR_UNITS }),
    status: &["status"],
    words: &StatusWords::of(&[
        ("pending", "pending"),
        ("processing", "processing"),
        ("completed", "completed"),
        ("failed", "failed"),
        ("cancelled", "cancelled"),
    ]),
    ..Object::of(Kind::Payout, Family::Payouts, read)
};

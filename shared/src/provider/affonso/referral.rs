//! `referral.*`: a visitor, lead or customer whom an affiliate brought.

use crate::ledger::{Family, Kind, StatusWords};
use crate::provider::affonso::envelope::read;
use crate::provider::object::{Joined, Object};
use crate::wire::parts::{Form, Member, any, id, personal, text, word};

/// A customer. The `customerId` is the one of the payment provider.
pub(super) static REFERRAL: Object = Object {
    members: &[
        id("referralId").unstated(),
        id("affiliateId").unstated(),
        id("affiliateProgramId").unstated(),
        text("trackingId").named("tracking_id"),
        word("status"),
        personal("email"),
        personal("name"),
        text("customerId").named("billing_customer_id"),
        personal("ip"),
        personal("referrer"),
        any("metadata"),
        Member::new("createdAt", Form::Instant).named("occurred_at"),
        Member::new("updatedAt", Form::Instant).unstated(),
    ],
    joined: &[
        Joined { fact: "affiliate_id", at: &[&["affiliateId"]] },
        Joined { fact: "campaign_id", at: &[&["affiliateProgramId"]] },
    ],
    status: &["status"],
    words: &StatusWords::of(&[
        ("click", "click"),
        ("lead", "lead"),
        ("trialing", "trial"),
        // A one-time purchase, and a subscription.
        ("customer", "customer"),
        ("active", "customer"),
        ("canceled", "cancelled"),
        ("cancelled", "cancelled"),
        ("rejected", "rejected"),
    ]),
    ..Object::of(Kind::Customer, Family::Customers, read)
};

//! Affonso: an envelope with an id, signed with a time-stamp.

mod affiliate;
mod coupon;
mod envelope;
mod payout;
mod referral;
mod signature;
mod transaction;

use crate::ledger::{Family, Provider};
use crate::provider::affonso::affiliate::AFFILIATE;
use crate::provider::affonso::coupon::COUPON;
use crate::provider::affonso::payout::PAYOUT;
use crate::provider::affonso::referral::REFERRAL;
use crate::provider::affonso::transaction::TRANSACTION;
use crate::provider::definition::{
    Authentication, Definition, Routes, Signing, Tolerance, Unlisted,
};
use crate::provider::mapping::{archive_identity, type_at};
use crate::provider::object::EventType;
use crate::provider::secrets::Method;

pub use signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER};

/// Affonso.
pub static DEFINITION: Definition = Definition {
    provider: Provider::named("affonso"),
    vendor: "Affonso",
    routes: Routes::Families(&[
        ("payouts", Family::Payouts),
        ("transactions", Family::Commissions),
        ("referrals", Family::Customers),
        ("affiliates", Family::Affiliates),
    ]),
    catalogue: &[
        EventType::of("affiliate.created", &AFFILIATE),
        // Its e-mail is confirmed, or its onboarding done: the pages differ.
        EventType::of("affiliate.confirmed", &AFFILIATE),
        EventType::of("affiliate.updated", &AFFILIATE),
        EventType::deleting("affiliate.deleted", &AFFILIATE),
        EventType::of("referral.updated", &REFERRAL),
        EventType::saying("referral.lead", &REFERRAL, "lead"),
        EventType::saying("referral.converted", &REFERRAL, "customer"),
        EventType::deleting("referral.deleted", &REFERRAL),
        EventType::of("transaction.created", &TRANSACTION),
        EventType::of("transaction.updated", &TRANSACTION),
        EventType::saying("transaction.approved", &TRANSACTION, "approved"),
        EventType::saying("transaction.paid", &TRANSACTION, "paid"),
        // Declined, or refunded: then the body says so.
        EventType::saying("transaction.rejected", &TRANSACTION, "rejected"),
        EventType::deleting("transaction.deleted", &TRANSACTION),
        EventType::of("payout.created", &PAYOUT),
        EventType::of("payout.updated", &PAYOUT),
        EventType::saying("payout.paid", &PAYOUT, "completed"),
        EventType::saying("payout.failed", &PAYOUT, "failed"),
        EventType::deleting("payout.deleted", &PAYOUT),
        EventType::of("coupon.created", &COUPON),
        EventType::deleting("coupon.deleted", &COUPON),
        // Known from the help pages alone.
        EventType::of("coupon.updated", &COUPON),
    ],
    unlisted: &[
        Unlisted { begins: "payout", family: Family::Payouts, update: None },
        Unlisted { begins: "transaction", family: Family::Commissions, update: None },
        Unlisted { begins: "referral", family: Family::Customers, update: None },
        Unlisted { begins: "affiliate", family: Family::Affiliates, update: None },
        Unlisted { begins: "coupon", family: Family::Affiliates, update: None },
    ],
    authentication: Authentication {
        section: "affonso",
        methods: &[Method::Hmac],
        matches: signature::matches,
        // Affonso's longest described retry schedule ends within 72 h.
        tolerance: Some(Tolerance {
            variable: "AFFONSO_PAST_TOLERANCE_SECONDS",
            default: 300,
            largest: 259_200,
        }),
        signing: Signing::Timestamped {
            header: SIGNATURE_HEADER,
            timestamp_header: TIMESTAMP_HEADER,
        },
    },
    event_type: |body| type_at(body, &["type"]),
    has_format: |_| true,
    is_test: |_| false,
    is_payment_data: |_| false,
    archived: |delivered| Ok(archive_identity(delivered.body.get("id"), delivered.sha256)),
    rewards: None,
    is_ping: None,
    answers: None,
};

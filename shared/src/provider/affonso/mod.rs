//! Affonso: an envelope with an id, signed with a time-stamp.

mod payout;
mod signature;

use crate::ledger::{Family, Kind, Provider};
use crate::provider::definition::{
    Authentication, Definition, EventType, Routes, Signing, Tolerance,
};
use crate::provider::mapping::{archive_identity, type_at};
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
        EventType::archived("affiliate.created", Family::Affiliates),
        EventType::archived("affiliate.confirmed", Family::Affiliates),
        EventType::archived("affiliate.updated", Family::Affiliates),
        EventType::archived("affiliate.deleted", Family::Affiliates),
        EventType::archived("referral.updated", Family::Customers),
        EventType::archived("referral.lead", Family::Customers),
        EventType::archived("referral.converted", Family::Customers),
        EventType::archived("referral.deleted", Family::Customers),
        EventType::archived("transaction.created", Family::Commissions),
        EventType::archived("transaction.updated", Family::Commissions),
        EventType::archived("transaction.approved", Family::Commissions),
        EventType::archived("transaction.paid", Family::Commissions),
        EventType::archived("transaction.rejected", Family::Commissions),
        EventType::archived("transaction.deleted", Family::Commissions),
        EventType::read("payout.created", Family::Payouts, Kind::Payout, payout::read),
        EventType::read("payout.updated", Family::Payouts, Kind::Payout, payout::read),
        EventType::read("payout.paid", Family::Payouts, Kind::Payout, payout::read),
        EventType::read("payout.failed", Family::Payouts, Kind::Payout, payout::read),
        EventType::read("payout.deleted", Family::Payouts, Kind::Payout, payout::read),
        EventType::archived("coupon.created", Family::Affiliates),
        EventType::archived("coupon.deleted", Family::Affiliates),
        // Of the help pages alone.
        EventType::archived("coupon.updated", Family::Affiliates),
    ],
    family,
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

/// The family of an event type to come.
fn family(event_type: &str) -> Option<Family> {
    match event_type.split('.').next()? {
        "payout" => Some(Family::Payouts),
        "transaction" => Some(Family::Commissions),
        "referral" => Some(Family::Customers),
        "affiliate" | "coupon" => Some(Family::Affiliates),
        _ => None,
    }
}

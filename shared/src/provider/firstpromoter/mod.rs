//! FirstPromoter, webhooks v2: an envelope around the full resource.

mod changes;
mod commission;
mod envelope;
mod payout;
mod rewards;
mod signature;
pub(super) mod unit;

use crate::ledger::{Family, Kind, Provider};
use crate::provider::definition::{Authentication, Definition, EventType, Routes, Signing};
use crate::provider::mapping::{archive_identity, named, type_at};
use crate::provider::secrets::Method;
use crate::wire::json::{Json, plain};

pub use commission::facts_of_commission;
pub use rewards::REWARDS;
pub use signature::SIGNATURE_HEADER;

const PROVIDER: Provider = Provider::named("firstpromoter");

/// The name of the vendor, of whose webhooks there are two versions.
pub(super) const VENDOR: &str = "FirstPromoter";

/// FirstPromoter, webhooks v2.
pub static DEFINITION: Definition = Definition {
    provider: PROVIDER,
    vendor: VENDOR,
    routes: Routes::Families(&[
        ("payouts", Family::Payouts),
        ("commissions", Family::Commissions),
        ("referrals", Family::Customers),
        ("promoters", Family::Affiliates),
    ]),
    catalogue: &[
        EventType::archived("promoter.created", Family::Affiliates),
        EventType::archived("promoter.updated", Family::Affiliates),
        EventType::archived("promoter.deleted", Family::Affiliates),
        EventType::archived("promoter.balance.updated", Family::Affiliates),
        EventType::archived("promoter_campaign.created", Family::Affiliates),
        EventType::archived("promoter_campaign.updated", Family::Affiliates),
        EventType::archived("promoter_campaign.deleted", Family::Affiliates),
        EventType::archived("promoter_campaign.accepted", Family::Affiliates),
        EventType::archived("promoter_campaign.pending", Family::Affiliates),
        EventType::archived("promoter_campaign.rejected", Family::Affiliates),
        EventType::archived("promoter_campaign.blocked", Family::Affiliates),
        EventType::archived("promoter_campaign.inactive", Family::Affiliates),
        EventType::archived("referral.created", Family::Customers),
        EventType::archived("referral.updated", Family::Customers),
        EventType::archived("referral.deleted", Family::Customers),
        EventType::archived("referral.converted", Family::Customers),
        EventType::archived("referral.cancelled", Family::Customers),
        EventType::archived("referral.moved", Family::Customers),
        EventType::read(
            "commission.created",
            Family::Commissions,
            Kind::Commission,
            commission::read,
        ),
        EventType::read(
            "commission.updated",
            Family::Commissions,
            Kind::Commission,
            commission::read,
        ),
        EventType::read(
            "commission.deleted",
            Family::Commissions,
            Kind::Commission,
            commission::read,
        ),
        EventType::read(
            "commission.approved",
            Family::Commissions,
            Kind::Commission,
            commission::read,
        ),
        EventType::read(
            "commission.pending",
            Family::Commissions,
            Kind::Commission,
            commission::read,
        ),
        EventType::read(
            "commission.denied",
            Family::Commissions,
            Kind::Commission,
            commission::read,
        ),
        EventType::read("payout.created", Family::Payouts, Kind::Payout, payout::read),
        EventType::read("payout.updated", Family::Payouts, Kind::Payout, payout::read),
        EventType::read("payout.deleted", Family::Payouts, Kind::Payout, payout::read),
        EventType::read("payout.pending", Family::Payouts, Kind::Payout, payout::read),
        EventType::read("payout.processing", Family::Payouts, Kind::Payout, payout::read),
        EventType::read("payout.completed", Family::Payouts, Kind::Payout, payout::read),
        EventType::read("payout.failed", Family::Payouts, Kind::Payout, payout::read),
        EventType::read("payout.cancelled", Family::Payouts, Kind::Payout, payout::read),
        EventType::archived("payout.commissions.added", Family::Payouts),
        EventType::archived("payout.commissions.removed", Family::Payouts),
        EventType::archived("payout_method.created", Family::Payouts),
        EventType::archived("payout_method.updated", Family::Payouts),
        EventType::archived("payout_method.deleted", Family::Payouts),
        EventType::archived("payments_batch.created", Family::Payouts),
        EventType::archived("payments_batch.updated", Family::Payouts),
        EventType::archived("payments_batch.deleted", Family::Payouts),
        EventType::archived("payments_batch.initiated", Family::Payouts),
        EventType::archived("payments_batch.processing", Family::Payouts),
        EventType::archived("payments_batch.completed", Family::Payouts),
        EventType::archived("payments_batch.failed", Family::Payouts),
        EventType::archived("contract_document.signed", Family::Affiliates),
        // Older spellings.
        EventType::archived("promoter.profile.updated", Family::Affiliates),
        EventType::archived("payout.commissions.created", Family::Payouts),
        EventType::archived("payout.commissions.updated", Family::Payouts),
        EventType::archived("payout.commissions.deleted", Family::Payouts),
    ],
    family,
    authentication: Authentication {
        section: "firstpromoter",
        methods: &[Method::Hmac, Method::Header, Method::Basic],
        matches: signature::matches,
        tolerance: None,
        signing: Signing::Body { header: SIGNATURE_HEADER },
    },
    event_type: |body| type_at(body, &["event_type"]),
    // The vendor's help pages describe v1's format for accounts of v2 as well.
    has_format: |body| named(body, &["event_type"]),
    is_test,
    is_payment_data,
    archived: |delivered| Ok(archive_identity(delivered.body.get("event_id"), delivered.sha256)),
    rewards: Some(&REWARDS),
    is_ping: None,
    answers: None,
};

/// The family of an event type to come.
fn family(event_type: &str) -> Option<Family> {
    match event_type.split('.').next()? {
        "payout" | "payout_method" | "payments_batch" => Some(Family::Payouts),
        "commission" => Some(Family::Commissions),
        "referral" => Some(Family::Customers),
        "promoter" | "promoter_campaign" | "contract_document" => Some(Family::Affiliates),
        _ => None,
    }
}

/// The dashboard's test button sends `"data": {"test": true}`.
fn is_test(body: &Json) -> bool {
    let test = body.get("data").and_then(|data| data.get("test"));
    test == Some(&Json::Bool(true))
}

/// Whether a body is about a payout method, whose own object is
/// payment data, in any spelling: that of its type, or that of its class, which
/// the vendor's texts let through.
pub(super) fn is_payment_data(body: &Json) -> bool {
    let names = [body.get("event_type"), body.get("entity_type")].into_iter().flatten();
    let mut names = names.chain(body.get("event").and_then(|event| event.get("type")));
    names.any(|name| {
        name.each()
            .iter()
            .filter_map(Json::as_str)
            .map(plain)
            .any(|name| name.contains("payoutmethod") || name.contains("providersaccount"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payout_method_is_known_by_any_spelling() {
        for (body, is_one) in [
            (r#"{"event_type":"payout_method.created"}"#, true),
            (r#"{"event_type":"Payout-Method.Created"}"#, true),
            (r#"{"event_type":"PayoutMethod.created","event_type":"x"}"#, true),
            (r#"{"event_type":7,"entity_type":"Rewards::Providers::Account"}"#, true),
            (r#"{"event":{"type":"payout_method_updated"}}"#, true),
            (r#"{"event_type":"payout.created","entity_type":"payout"}"#, false),
            ("[]", false),
        ] {
            let json = crate::wire::json::read(body.as_bytes()).unwrap().json;
            assert_eq!(is_payment_data(&json), is_one, "{body}");
        }
    }
}

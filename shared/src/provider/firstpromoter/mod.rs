//! FirstPromoter, webhooks v2: an envelope around the full resource.

mod changes;
mod commission;
mod contract_document;
mod envelope;
mod payments_batch;
mod payout;
mod payout_method;
mod promoter;
mod promoter_campaign;
mod referral;
mod rewards;
mod signature;
pub(super) mod unit;

use crate::ledger::{Family, Provider};
use crate::provider::definition::{Authentication, Definition, Routes, Signing, Unlisted};
use crate::provider::firstpromoter::commission::COMMISSION;
use crate::provider::firstpromoter::contract_document::DOCUMENT;
use crate::provider::firstpromoter::payments_batch::PAYOUT_BATCH;
use crate::provider::firstpromoter::payout::{ADDED, PAYOUT, REMOVED, TOUCHED};
use crate::provider::firstpromoter::payout_method::PAYOUT_METHOD;
use crate::provider::firstpromoter::promoter::{BALANCES, PROMOTER};
use crate::provider::firstpromoter::promoter_campaign::ENROLMENT;
use crate::provider::firstpromoter::referral::REFERRAL;
use crate::provider::mapping::{archive_identity, named, type_at};
use crate::provider::object::{EventType, Object};
use crate::provider::secrets::Method;
use crate::wire::json::{Json, plain};

pub use commission::facts_of_commission;
pub use rewards::REWARDS;
pub use signature::SIGNATURE_HEADER;

const PROVIDER: Provider = Provider::named("firstpromoter");

/// The name of the vendor, which has two versions of webhooks.
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
        EventType::of("promoter.created", &PROMOTER),
        EventType::of("promoter.updated", &PROMOTER),
        EventType::deleting("promoter.deleted", &PROMOTER),
        EventType::of("promoter.balance.updated", &BALANCES),
        EventType::of("promoter_campaign.created", &ENROLMENT),
        EventType::of("promoter_campaign.updated", &ENROLMENT),
        EventType::deleting("promoter_campaign.deleted", &ENROLMENT),
        EventType::saying("promoter_campaign.accepted", &ENROLMENT, "accepted"),
        EventType::saying("promoter_campaign.pending", &ENROLMENT, "pending"),
        EventType::saying("promoter_campaign.rejected", &ENROLMENT, "rejected"),
        EventType::saying("promoter_campaign.blocked", &ENROLMENT, "blocked"),
        EventType::saying("promoter_campaign.inactive", &ENROLMENT, "inactive"),
        EventType::of("referral.created", &REFERRAL),
        EventType::of("referral.updated", &REFERRAL),
        EventType::deleting("referral.deleted", &REFERRAL),
        EventType::saying("referral.converted", &REFERRAL, "customer"),
        EventType::saying("referral.cancelled", &REFERRAL, "cancelled"),
        EventType::saying("referral.moved", &REFERRAL, "moved"),
        EventType::of("commission.created", &COMMISSION),
        EventType::of("commission.updated", &COMMISSION),
        EventType::deleting("commission.deleted", &COMMISSION),
        EventType::saying("commission.approved", &COMMISSION, "approved"),
        EventType::saying("commission.pending", &COMMISSION, "pending"),
        EventType::saying("commission.denied", &COMMISSION, "denied"),
        EventType::of("payout.created", &PAYOUT),
        EventType::of("payout.updated", &PAYOUT),
        EventType::deleting("payout.deleted", &PAYOUT),
        EventType::saying("payout.pending", &PAYOUT, "pending"),
        EventType::saying("payout.processing", &PAYOUT, "processing"),
        EventType::saying("payout.completed", &PAYOUT, "completed"),
        EventType::saying("payout.failed", &PAYOUT, "failed"),
        EventType::saying("payout.cancelled", &PAYOUT, "cancelled"),
        EventType::of("payout.commissions.added", &ADDED),
        EventType::of("payout.commissions.removed", &REMOVED),
        EventType::of("payout_method.created", &PAYOUT_METHOD),
        EventType::of("payout_method.updated", &PAYOUT_METHOD),
        EventType::deleting("payout_method.deleted", &PAYOUT_METHOD),
        EventType::of("payments_batch.created", &PAYOUT_BATCH),
        EventType::of("payments_batch.updated", &PAYOUT_BATCH),
        EventType::deleting("payments_batch.deleted", &PAYOUT_BATCH),
        EventType::saying("payments_batch.initiated", &PAYOUT_BATCH, "initiated"),
        EventType::saying("payments_batch.processing", &PAYOUT_BATCH, "processing"),
        EventType::saying("payments_batch.completed", &PAYOUT_BATCH, "completed"),
        EventType::saying("payments_batch.failed", &PAYOUT_BATCH, "failed"),
        EventType::saying("contract_document.signed", &DOCUMENT, "signed"),
        // Older spellings.
        EventType::of("promoter.profile.updated", &PROMOTER),
        EventType::of("payout.commissions.created", &ADDED),
        EventType::of("payout.commissions.updated", &TOUCHED),
        EventType::of("payout.commissions.deleted", &REMOVED),
    ],
    unlisted: &[
        Unlisted { begins: "promoter.balance", family: Family::Affiliates, update: None },
        Unlisted { begins: "payout.commissions", family: Family::Payouts, update: None },
        update("promoter", &PROMOTER, &EventType::of("promoter.updated", &PROMOTER)),
        update(
            "promoter_campaign",
            &ENROLMENT,
            &EventType::of("promoter_campaign.updated", &ENROLMENT),
        ),
        update("referral", &REFERRAL, &EventType::of("referral.updated", &REFERRAL)),
        update("commission", &COMMISSION, &EventType::of("commission.updated", &COMMISSION)),
        update("payout", &PAYOUT, &EventType::of("payout.updated", &PAYOUT)),
        update(
            "payout_method",
            &PAYOUT_METHOD,
            &EventType::of("payout_method.updated", &PAYOUT_METHOD),
        ),
        update(
            "payments_batch",
            &PAYOUT_BATCH,
            &EventType::of("payments_batch.updated", &PAYOUT_BATCH),
        ),
        update(
            "contract_document",
            &DOCUMENT,
            &EventType::of("contract_document.updated", &DOCUMENT),
        ),
    ],
    authentication: Authentication {
        section: "firstpromoter",
        methods: &[Method::Hmac, Method::Header, Method::Basic],
        matches: signature::matches,
        tolerance: None,
        signing: Signing::Body { header: SIGNATURE_HEADER },
    },
    event_type: |body| type_at(body, &["event_type"]),
    // Accounts of v2 may get v1's format too: the vendor's help pages describe it
    // for them.
    has_format: |body| named(body, &["event_type"]),
    is_test,
    is_payment_data,
    archived: |delivered| Ok(archive_identity(delivered.body.get("event_id"), delivered.sha256)),
    rewards: Some(&REWARDS),
    is_ping: None,
    answers: None,
};

/// Event types that begin with the name of a resource, and that no page lists: each is
/// applied as an update of the resource.
const fn update(begins: &'static str, object: &Object, row: &'static EventType) -> Unlisted {
    Unlisted { begins, family: object.family, update: Some(row) }
}

/// Tells whether the dashboard's test button sent a body, which then has
/// `"data": {"test": true}`.
fn is_test(body: &Json) -> bool {
    let test = body.get("data").and_then(|data| data.get("test"));
    test == Some(&Json::Bool(true))
}

/// Tells whether a body is about a payout method, whose own object is payment data.
/// The name may be that of the event type or of the entity's class, which the
/// vendor's texts let through, in any spelling.
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

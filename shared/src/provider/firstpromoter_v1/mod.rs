//! FirstPromoter, legacy webhooks v1. They are unsigned: the token in the route or
//! the Basic credentials in the URL are all that authenticates them.

mod answers;
mod customer;
mod envelope;
mod fulfilment;
mod promoter;
mod reward;
mod rewards;

use crate::ledger::{Family, Provider};
use crate::provider::definition::{Authentication, Definition, Routes, Signing};
use crate::provider::firstpromoter;
use crate::provider::firstpromoter_v1::customer::LEAD;
use crate::provider::firstpromoter_v1::fulfilment::FULFILMENT;
use crate::provider::firstpromoter_v1::promoter::{AFFILIATE, ENROLMENT};
use crate::provider::firstpromoter_v1::reward::COMMISSION;
use crate::provider::mapping::{archive_identity, named, type_at};
use crate::provider::object::EventType;
use crate::provider::secrets::{Method, ProviderSecrets};
use crate::provider::signature::{
    Incoming, MethodMatches, Refusal, basic_matches, matching, secret_equals,
};
use crate::wire::Timestamp;

pub use fulfilment::FULFILMENT_PENDING;
pub use rewards::REWARDS;

const PROVIDER: Provider = Provider::named("firstpromoter-v1");

/// FirstPromoter, legacy webhooks v1.
pub static DEFINITION: Definition = Definition {
    provider: PROVIDER,
    vendor: firstpromoter::VENDOR,
    routes: Routes::TokenAndFamilies(&[
        ("rewards", Family::Commissions),
        ("customers", Family::Customers),
        ("promoters", Family::Affiliates),
        ("fulfilments", Family::Fulfilments),
    ]),
    catalogue: &[
        // Also when a lead is switched back to this state.
        EventType::saying("lead_signup", &LEAD, "signup"),
        EventType::saying("lead_becomes_referral", &LEAD, "active")
            .also(&["new_customer", "lead_becomes_customer"]),
        EventType::saying("lead_cancelled", &LEAD, "cancelled"),
        EventType::saying("lead_subscribed", &LEAD, "subscribed"),
        EventType::of("promoter_signed_up", &AFFILIATE)
            .also(&["promoter_signs_up", "promoter_signup"]),
        // Also when a promoter is moved to another campaign.
        EventType::saying("promoter_accepted", &ENROLMENT, "accepted"),
        EventType::of("reward_created", &COMMISSION),
        EventType::of(FULFILMENT_PENDING, &FULFILMENT),
    ],
    unlisted: &[],
    authentication: Authentication {
        section: "firstpromoter_v1",
        methods: &[Method::PathToken, Method::Basic],
        matches,
        tolerance: None,
        signing: Signing::Unsigned,
    },
    event_type: |body| type_at(body, &["event", "type"]),
    has_format: |body| named(body, &["event", "type"]),
    is_test: |_| false,
    is_payment_data: firstpromoter::is_payment_data,
    archived: |delivered| {
        let id = delivered.body.get("event").and_then(|event| event.get("id"));
        Ok(archive_identity(id, delivered.sha256))
    },
    rewards: Some(&REWARDS),
    is_ping: None,
    answers: Some(answers::ANSWERS),
};

#[expect(clippy::unnecessary_wraps, reason = "as every provider's")]
fn matches<'a>(
    secrets: &'a ProviderSecrets,
    incoming: &Incoming,
    _: i64,
    _: Timestamp,
) -> Result<Vec<MethodMatches<'a>>, Refusal> {
    Ok(vec![
        matching(&secrets.path_token, |named| {
            let given = incoming.path_token;
            given.is_some_and(|token| secret_equals(named, token.as_bytes()))
        }),
        basic_matches(&secrets.basic, incoming),
    ])
}

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
use crate::provider::secrets::{MIN_PATH_TOKEN, Method, ProviderSecrets};
use crate::provider::signature::{
    Incoming, MethodMatches, Reason, Refusal, basic_matches, matching, secret_equals,
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

fn path_token<'r>(incoming: &Incoming<'r>) -> Result<&'r str, Reason> {
    let token = incoming.path_token.map(str::trim).filter(|token| !token.is_empty());
    let token = token.ok_or(Reason::Missing)?;
    if token.chars().count() < MIN_PATH_TOKEN { Err(Reason::Length) } else { Ok(token) }
}

#[expect(clippy::unnecessary_wraps, reason = "as every provider's")]
fn matches<'a>(
    secrets: &'a ProviderSecrets,
    incoming: &Incoming,
    _: i64,
    _: Timestamp,
) -> Result<Vec<MethodMatches<'a>>, Refusal> {
    let token = path_token(incoming);
    let tokens =
        matching(&secrets.path_token, token, |named, token| secret_equals(named, token.as_bytes()));
    let unknown =
        |reason| if reason == Reason::NoSecretMatches { Reason::TokenUnknown } else { reason };
    let tokens = tokens.map(|tokens| tokens.map_err(unknown));
    Ok(vec![tokens, basic_matches(&secrets.basic, incoming)])
}

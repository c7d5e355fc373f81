//! UpPromote, public API v2: a bare object signed as a whole; the event's name
//! is in the route, because neither body nor header carries it.

mod affiliate;
mod body;
mod payment;
mod referral;

use crate::ledger::{Identity, Malformed, Provider};
use crate::provider::definition::{Authentication, Definition, Delivered, Routes, Signing};
use crate::provider::object::EventType;
use crate::provider::secrets::{Method, ProviderSecrets};
use crate::provider::signature::{Incoming, MethodMatches, Refusal, hmac_matches, matching};
use crate::provider::uppromote::affiliate::{AFFILIATE, AFFILIATE_STATUS};
use crate::provider::uppromote::payment::PAYMENT;
use crate::provider::uppromote::referral::{REFERRAL, REFERRAL_STATUS};
use crate::wire::{Id, Timestamp};

/// The header of the signature: HMAC-SHA256 of the raw body in hex, no prefix, no
/// time-stamp. Header and algorithm are the vendor's; the hex encoding is what
/// running receivers show.
pub const SIGNATURE_HEADER: &str = "x-uppromote-signature";

/// Seconds within which the same change of status is taken for a repeated delivery,
/// where no record tells one from the other.
const REPEAT_SECONDS: i64 = 600;

/// UpPromote, public API v2.
pub static DEFINITION: Definition = Definition {
    provider: Provider::named("uppromote"),
    vendor: "UpPromote",
    routes: Routes::Events,
    catalogue: &[
        EventType::of("payment.paid", &PAYMENT),
        EventType::of("referral.new", &REFERRAL),
        EventType::saying("referral.approved", &REFERRAL, "approved"),
        EventType::saying("referral.denied", &REFERRAL, "denied"),
        EventType::of("referral.status-changed", &REFERRAL_STATUS),
        EventType::of("affiliate.new", &AFFILIATE),
        EventType::saying("affiliate.approved", &AFFILIATE, "active"),
        EventType::saying("affiliate.inactive", &AFFILIATE, "inactive"),
        EventType::of("affiliate.status-changed", &AFFILIATE_STATUS),
    ],
    unlisted: &[],
    authentication: Authentication {
        section: "uppromote",
        methods: &[Method::Hmac],
        matches,
        tolerance: None,
        signing: Signing::Body { header: SIGNATURE_HEADER },
    },
    event_type: |_| Err(Malformed::new("route", "names no event")),
    has_format: |_| true,
    is_test: |_| false,
    is_payment_data: |_| false,
    archived,
    rewards: None,
    is_ping: Some(is_subscription_ping),
    answers: None,
};

#[expect(clippy::unnecessary_wraps, reason = "as every provider's")]
fn matches<'a>(
    secrets: &'a ProviderSecrets,
    incoming: &Incoming,
    _: i64,
    _: Timestamp,
) -> Result<Vec<MethodMatches<'a>>, Refusal> {
    let mac = incoming.mac(SIGNATURE_HEADER);
    Ok(vec![matching(&secrets.hmac, mac, |named, mac| hmac_matches(named, &[incoming.body], mac))])
}

/// Tells whether a request is the one that UpPromote sends when an address is
/// subscribed: empty and unsigned, and to be answered 200. Seen by two receivers,
/// not documented. The stack's own canary, which cannot send a body of no bytes,
/// sends an empty object.
fn is_subscription_ping(incoming: &Incoming) -> bool {
    matches!(incoming.body, b"" | b"{}") && !incoming.headers.contains_key(SIGNATURE_HEADER)
}

/// The identity of an event that is only archived. A change of status may rightly
/// come again, so such events are told apart by their time of arrival.
fn archived(delivered: &Delivered) -> Result<Identity, Malformed> {
    let Delivered { event_type, sha256, received, .. } = delivered;
    let again = event_type.ends_with(".status-changed");
    let period = if again { received.seconds().div_euclid(REPEAT_SECONDS) } else { 0 };
    let identity = Id::new(&format!("{event_type}#{sha256}#{period}"));
    identity.map(Identity::Given).ok_or_else(|| Malformed::new("route", "is not an event type"))
}

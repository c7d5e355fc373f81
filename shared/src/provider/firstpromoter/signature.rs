//! The signatures of webhooks v2.
//!
//! It is not certain that the vendor still signs every request, so a static header
//! or Basic credentials on the subscription are accepted too, as configured.

use crate::provider::secrets::ProviderSecrets;
use crate::provider::signature::{
    Incoming, MethodMatches, Refusal, basic_matches, hmac_matches, mac_from_hex, matching,
    secret_equals,
};
use crate::wire::Timestamp;

/// The header of the signature: HMAC-SHA256 of the raw body in hex. The key is the
/// subscription's 64 characters as text; decoding them from hex gives another,
/// wrong MAC.
pub const SIGNATURE_HEADER: &str = "x-webhook-signature";

#[expect(clippy::unnecessary_wraps, reason = "as every provider's")]
pub(super) fn matches<'a>(
    secrets: &'a ProviderSecrets,
    incoming: &Incoming,
    _: i64,
    _: Timestamp,
) -> Result<Vec<MethodMatches<'a>>, Refusal> {
    let mac = incoming.header(SIGNATURE_HEADER).and_then(mac_from_hex);
    Ok(vec![
        matching(&secrets.hmac, |named| {
            mac.is_some_and(|mac| hmac_matches(named, &[incoming.body], &mac))
        }),
        matching(&secrets.header, |named| {
            let name = named.header.as_deref().unwrap_or_default();
            let given = incoming.header(name);
            given.is_some_and(|given| secret_equals(named, given.as_bytes()))
        }),
        basic_matches(&secrets.basic, incoming),
    ])
}

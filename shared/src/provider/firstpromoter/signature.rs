//! The signatures of webhooks v2.
//!
//! It is not certain that the vendor still signs every request, so a static header
//! or Basic credentials on the subscription are accepted too, as configured.

use crate::provider::secrets::{NamedSecret, ProviderSecrets};
use crate::provider::signature::{
    Incoming, MethodMatches, Reason, Refusal, basic_matches, hmac_matches, matching, secret_equals,
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
    let mac = incoming.mac(SIGNATURE_HEADER);
    let header_of =
        |named: &NamedSecret| incoming.sent(named.header.as_deref().unwrap_or_default());
    let headers = secrets.header.iter().map(|named| header_of(named).map(drop));
    let any_header =
        headers.reduce(|one, other| one.or_else(|reason| other.map_err(|other| other.max(reason))));
    Ok(vec![
        matching(&secrets.hmac, mac, |named, mac| hmac_matches(named, &[incoming.body], mac)),
        matching(&secrets.header, any_header.unwrap_or(Err(Reason::Missing)), |named, ()| {
            header_of(named).is_ok_and(|sent| secret_equals(named, sent.as_bytes()))
        }),
        basic_matches(&secrets.basic, incoming),
    ])
}

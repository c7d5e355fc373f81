//! Helpers that the providers' signatures share.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use ring::digest::{SHA256, digest};
use ring::hmac;
use subtle::ConstantTimeEq;

use crate::provider::secrets::NamedSecret;

/// Seconds that a sender's clock may run ahead of ours.
pub const FUTURE_TOLERANCE_SECONDS: i64 = 300;

/// A request as it came in. Nothing in it is trusted yet.
pub struct Incoming<'a> {
    /// The headers, names in lower case.
    pub headers: &'a HeaderMap,
    /// The exact body bytes, base64 undone.
    pub body: &'a [u8],
    /// The token in the path (FirstPromoter v1).
    pub path_token: Option<&'a str>,
}

impl Incoming<'_> {
    /// A header's value; `None` when missing, repeated or not visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?.to_str().ok()?;
        values.next().is_none().then(|| value.trim())
    }
}

/// The reason why a request is not let in. The sender learns no more than the
/// status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The provider has no usable secret.
    #[error("no secret is configured for this provider")]
    NotConfigured,
    /// No signature, token or credential matches.
    #[error("no valid signature, token or credential")]
    Unauthorized,
    /// The signature is right, and its time-stamp is too old.
    #[error("valid signature with a time-stamp out of tolerance")]
    StaleValid,
}

/// The secrets of one method that matched; `None` when the method has none
/// configured.
pub type MethodMatches<'a> = Option<Vec<&'a NamedSecret>>;

/// The secrets of `list` that satisfy `is_match`. Every secret is tried.
pub fn matching(
    list: &[NamedSecret],
    mut is_match: impl FnMut(&NamedSecret) -> bool,
) -> MethodMatches<'_> {
    (!list.is_empty()).then(|| list.iter().filter(|named| is_match(named)).collect())
}

/// True when `given` is the HMAC-SHA256 of the concatenated `parts`, compared in
/// constant time.
#[must_use]
pub fn hmac_matches(named: &NamedSecret, parts: &[&[u8]], given: &[u8; 32]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, named.secret.bytes());
    let mut mac = hmac::Context::with_key(&key);
    for part in parts {
        mac.update(part);
    }
    mac.sign().as_ref().ct_eq(given).into()
}

/// Reads a hex MAC of 32 bytes; `None` for any other length or character.
#[must_use]
pub fn mac_from_hex(text: &str) -> Option<[u8; 32]> {
    let mut mac = [0; 32];
    hex::decode_to_slice(text.trim(), &mut mac).ok()?;
    Some(mac)
}

/// True when a secret equals the value sent, in time that depends on neither: both
/// are hashed first. White space around either, which comes of copying, is no part
/// of it.
#[must_use]
pub fn secret_equals(named: &NamedSecret, given: &[u8]) -> bool {
    let digest = |bytes| digest(&SHA256, bytes);
    let (ours, theirs) = (digest(named.secret.bytes()), digest(given.trim_ascii()));
    ours.as_ref().ct_eq(theirs.as_ref()).into()
}

/// The secrets that match the `Authorization: Basic …` header.
pub fn basic_matches<'a>(list: &'a [NamedSecret], incoming: &Incoming) -> MethodMatches<'a> {
    let given = incoming.header("authorization").and_then(basic_credentials);
    matching(list, |named| given.as_deref().is_some_and(|given| secret_equals(named, given)))
}

fn basic_credentials(header: &str) -> Option<Vec<u8>> {
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    STANDARD.decode(credentials.trim()).ok()
}

//! Helpers that the providers' signatures share.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use ring::digest::{SHA256, digest};
use ring::hmac;
use serde::{Deserialize, Serialize};
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
        self.sent(name).ok()
    }

    /// The value of the header that carries a signature or a credential.
    ///
    /// # Errors
    /// [`Reason::Missing`] without one or with an empty one, [`Reason::Malformed`]
    /// when it is repeated or not visible ASCII.
    pub fn sent(&self, name: &str) -> Result<&str, Reason> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().ok_or(Reason::Missing)?;
        let value = value.to_str().map_err(|_| Reason::Malformed)?.trim();
        match values.next() {
            Some(_) => Err(Reason::Malformed),
            None if value.is_empty() => Err(Reason::Missing),
            None => Ok(value),
        }
    }

    /// The MAC in a header that holds nothing else, as [`mac_from_hex`] reads it.
    ///
    /// # Errors
    /// As of [`Self::sent`] and [`mac_from_hex`].
    pub fn mac(&self, name: &str) -> Result<[u8; 32], Reason> {
        self.sent(name).and_then(mac_from_hex)
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
    Unauthorized(Reason),
    /// The signature is right, and its time-stamp is too old.
    #[error("valid signature with a time-stamp out of tolerance")]
    StaleValid,
}

impl Refusal {
    /// What was wrong with what was sent; none where no secret is configured.
    #[must_use]
    pub fn reason(self) -> Option<Reason> {
        match self {
            Self::NotConfigured => None,
            Self::Unauthorized(reason) => Some(reason),
            Self::StaleValid => Some(Reason::TooOld),
        }
    }
}

/// What was wrong with the signature, token or credential of a refused request, for
/// the operator. Of several the last in this order counts: it came the closest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// None was sent.
    Missing,
    /// The body is said to be base64, and is not.
    NotBase64,
    /// It is not of the provider's form: no hex, no time, sent twice.
    Malformed,
    /// It is hex of another length than the provider's, or a token shorter than any.
    Length,
    /// The time-stamp is missing, and `allow_body_only` is off.
    WithoutTime,
    /// It is of the provider's form, and no secret matches.
    NoSecretMatches,
    /// It is a path token as long as ours, and not one of them.
    TokenUnknown,
    /// It matches the secret of another event.
    OtherEvent,
    /// It matches, and policy `all` wants another one beside it.
    NotEveryMethod,
    /// It matches, and its time-stamp is too far ahead.
    TooFarAhead,
    /// It matches, and its time-stamp is too old.
    TooOld,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::Missing,
        Self::NotBase64,
        Self::Malformed,
        Self::Length,
        Self::WithoutTime,
        Self::NoSecretMatches,
        Self::TokenUnknown,
        Self::OtherEvent,
        Self::NotEveryMethod,
        Self::TooFarAhead,
        Self::TooOld,
    ];

    /// True where what was sent has the provider's form, as it has after a secret was
    /// changed on one side alone. What scanners send has not. Too old a time-stamp
    /// is an outcome of its own.
    #[must_use]
    pub fn is_of_a_sender(self) -> bool {
        matches!(
            self,
            Self::WithoutTime
                | Self::NoSecretMatches
                | Self::TokenUnknown
                | Self::OtherEvent
                | Self::NotEveryMethod
                | Self::TooFarAhead
        )
    }
}

/// The secrets of one method that matched, or the reason why none did; `None` when
/// the method has none configured.
pub type MethodMatches<'a> = Option<Result<Vec<&'a NamedSecret>, Reason>>;

/// The secrets of `list` that `is_match` finds in what was `sent`. Every secret is
/// tried.
pub fn matching<Sent>(
    list: &[NamedSecret],
    sent: Result<Sent, Reason>,
    mut is_match: impl FnMut(&NamedSecret, &Sent) -> bool,
) -> MethodMatches<'_> {
    (!list.is_empty()).then(|| {
        let sent = sent?;
        let matches: Vec<_> = list.iter().filter(|named| is_match(named, &sent)).collect();
        if matches.is_empty() { Err(Reason::NoSecretMatches) } else { Ok(matches) }
    })
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

/// Reads a hex MAC of 32 bytes.
///
/// # Errors
/// [`Reason::Malformed`] for any other character, [`Reason::Length`] for any other
/// length.
pub fn mac_from_hex(text: &str) -> Result<[u8; 32], Reason> {
    let (text, mut mac) = (text.trim(), [0; 32]);
    match hex::decode_to_slice(text, &mut mac) {
        Ok(()) => Ok(mac),
        Err(_) if text.bytes().all(|byte| byte.is_ascii_hexdigit()) => Err(Reason::Length),
        Err(_) => Err(Reason::Malformed),
    }
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
    let sent = incoming.sent("authorization").and_then(basic_credentials);
    matching(list, sent, |named, sent| secret_equals(named, sent))
}

fn basic_credentials(header: &str) -> Result<Vec<u8>, Reason> {
    let (scheme, credentials) = header.split_once(' ').ok_or(Reason::Malformed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(Reason::Malformed);
    }
    STANDARD.decode(credentials.trim()).map_err(|_| Reason::Malformed)
}

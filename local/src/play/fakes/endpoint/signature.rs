//! Standard Webhooks, the receiving side.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use time::{Duration, OffsetDateTime};

use crate::play::fakes::server::Received;

pub(super) const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";
/// The largest difference between clocks. The specification leaves it to the
/// receiver; this is the value of its libraries.
const TOLERANCE: Duration = Duration::minutes(5);

/// The reason why a call is not verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// One of the three headers is missing.
    #[error("a webhook header is missing")]
    Unsigned,
    /// The timestamp is no number, or more than five minutes off.
    #[error("the timestamp is out of tolerance")]
    Timestamp,
    /// No signature is by one of the secrets.
    #[error("no signature matches")]
    Signature,
}

/// The keys of the secrets that are valid now.
pub(super) struct Keys(Vec<Vec<u8>>);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({})", self.0.len())
    }
}

impl Keys {
    pub(super) fn parse(secrets: &[&str]) -> io::Result<Self> {
        let key = |secret: &&str| {
            let text = secret.strip_prefix("whsec_").unwrap_or(secret);
            let key = STANDARD.decode(text).ok().filter(|key| !key.is_empty());
            key.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a whsec_ secret"))
        };
        Ok(Self(secrets.iter().map(key).collect::<io::Result<_>>()?))
    }

    /// Checks a request as of `now`.
    pub(super) fn verify(&self, request: &Received, now: OffsetDateTime) -> Result<(), Unverified> {
        let header = |name| request.header(name).ok_or(Unverified::Unsigned);
        let (id, timestamp, signatures) = (header(ID)?, header(TIMESTAMP)?, header(SIGNATURE)?);
        let sent = timestamp.parse().ok();
        let sent = sent.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
        if sent.is_none_or(|sent| (now - sent).abs() > TOLERANCE) {
            return Err(Unverified::Timestamp);
        }
        let content = [format!("{id}.{timestamp}.").as_bytes(), &request.body].concat();
        let matched = signatures
            .split(' ')
            .filter_map(|signature| signature.strip_prefix("v1,"))
            .filter_map(|signature| STANDARD.decode(signature).ok())
            .any(|signature| self.0.iter().any(|key| signed(key, &content, &signature)));
        matched.then_some(()).ok_or(Unverified::Signature)
    }
}

fn signed(key: &[u8], content: &[u8], signature: &[u8]) -> bool {
    Hmac::<Sha256>::new_from_slice(key).is_ok_and(|mut mac| {
        mac.update(content);
        mac.verify_slice(signature).is_ok()
    })
}

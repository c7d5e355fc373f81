//! Affonso's signatures.
//!
//! The vendor's pages describe three forms. B and C are told apart by their
//! headers; A (the body alone, so open to replay) is accepted only where
//! `allow_body_only` says so.

use crate::provider::secrets::ProviderSecrets;
use crate::provider::signature::{
    FUTURE_TOLERANCE_SECONDS, Incoming, MethodMatches, Reason, Refusal, hmac_matches, mac_from_hex,
    matching,
};
use crate::wire::Timestamp;

/// The header of the signature: `t=1704067200,v1=<hex>` (B), `<hex>` beside
/// [`TIMESTAMP_HEADER`] (C) or `sha256=<hex>` (A).
pub const SIGNATURE_HEADER: &str = "x-affonso-signature";
/// The header of form C's time-stamp, in Unix seconds.
pub const TIMESTAMP_HEADER: &str = "x-affonso-timestamp";

/// Most `v1=` values looked at. Two are sent while a secret is rotated.
const MAX_SIGNATURES: usize = 8;

/// A signature header as far as it can be read without a secret.
struct Signature<'h> {
    /// The signed time-stamp, as sent; none in form A.
    timestamp: Option<&'h str>,
    macs: Vec<[u8; 32]>,
}

pub(super) fn matches<'a>(
    secrets: &'a ProviderSecrets,
    incoming: &Incoming,
    past_tolerance_seconds: i64,
    now: Timestamp,
) -> Result<Vec<MethodMatches<'a>>, Refusal> {
    let signature = read_signature(incoming, secrets.allow_body_only);
    let timestamp = signature.as_ref().ok().and_then(|signature| signature.timestamp);
    let matches = matching(&secrets.hmac, signature, |named, signature| {
        let prefix = signature.timestamp.map(|t| format!("{t}.")).unwrap_or_default();
        let parts = [prefix.as_bytes(), incoming.body];
        signature.macs.iter().any(|mac| hmac_matches(named, &parts, mac))
    });
    if let (Some(Ok(_)), Some(timestamp)) = (&matches, timestamp) {
        in_tolerance(timestamp, past_tolerance_seconds, now)?;
    }
    Ok(vec![matches])
}

fn in_tolerance(timestamp: &str, past_seconds: i64, now: Timestamp) -> Result<(), Refusal> {
    let signed = timestamp.parse().map_err(|_| Refusal::Unauthorized(Reason::Malformed))?;
    let age = now.seconds().saturating_sub(signed);
    if age > past_seconds {
        Err(Refusal::StaleValid)
    } else if age < -FUTURE_TOLERANCE_SECONDS {
        Err(Refusal::Unauthorized(Reason::TooFarAhead))
    } else {
        Ok(())
    }
}

fn read_signature<'h>(
    incoming: &'h Incoming,
    allow_body_only: bool,
) -> Result<Signature<'h>, Reason> {
    let header = incoming.sent(SIGNATURE_HEADER)?;
    if header.split(',').any(|pair| pair.trim_start().starts_with("t=")) {
        return form_b(header);
    }
    let mac = mac_from_hex(header.strip_prefix("sha256=").unwrap_or(header))?;
    if incoming.headers.contains_key(TIMESTAMP_HEADER) {
        let timestamp = incoming.sent(TIMESTAMP_HEADER).ok().filter(|t| is_timestamp(t));
        let timestamp = Some(timestamp.ok_or(Reason::Malformed)?);
        return Ok(Signature { timestamp, macs: vec![mac] });
    }
    // Signed as form B, a body reads `t.{…}`: that is no JSON, and must not be
    // taken for it.
    let body = incoming.body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(incoming.body);
    let is_json = body.first().is_some_and(|first| b"{[ \t\r\n".contains(first));
    match (allow_body_only, is_json) {
        (false, _) => Err(Reason::WithoutTime),
        (true, false) => Err(Reason::Malformed),
        (true, true) => Ok(Signature { timestamp: None, macs: vec![mac] }),
    }
}

/// Reads form B: `t` once, `v1` once or more, in any order. Other keys are passed
/// over, and values of `v1` that are no MAC beside one that is.
fn form_b(header: &str) -> Result<Signature<'_>, Reason> {
    let mut timestamp = None;
    let mut macs = Vec::new();
    let mut reason = Reason::Malformed;
    for pair in header.split(',') {
        match pair.trim().split_once('=') {
            Some(("t", value)) => {
                let first = timestamp.replace(value).is_none();
                if !first || !is_timestamp(value) {
                    return Err(Reason::Malformed);
                }
            }
            Some(("v1", value)) if macs.len() < MAX_SIGNATURES => match mac_from_hex(value) {
                Ok(mac) => macs.push(mac),
                Err(other) => reason = reason.max(other),
            },
            _ => {}
        }
    }
    if macs.is_empty() || timestamp.is_none() {
        return Err(reason);
    }
    Ok(Signature { timestamp, macs })
}

fn is_timestamp(text: &str) -> bool {
    (1..=18).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

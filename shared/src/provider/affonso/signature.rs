//! Affonso's signatures.
//!
//! The vendor's pages describe three forms. B and C are told apart by their
//! headers; A (the body alone, so open to replay) is accepted only where
//! `allow_body_only` says so.

use crate::provider::secrets::ProviderSecrets;
use crate::provider::signature::{
    FUTURE_TOLERANCE_SECONDS, Incoming, MethodMatches, Refusal, hmac_matches, mac_from_hex,
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
    let matches = matching(&secrets.hmac, |named| {
        signature.as_ref().is_some_and(|signature| {
            let prefix = signature.timestamp.map(|t| format!("{t}.")).unwrap_or_default();
            let parts = [prefix.as_bytes(), incoming.body];
            signature.macs.iter().any(|mac| hmac_matches(named, &parts, mac))
        })
    });
    let right = matches.as_ref().is_some_and(|m| !m.is_empty());
    let timestamp = signature.and_then(|s| s.timestamp);
    if let (true, Some(timestamp)) = (right, timestamp) {
        in_tolerance(timestamp, past_tolerance_seconds, now)?;
    }
    Ok(vec![matches])
}

fn in_tolerance(timestamp: &str, past_seconds: i64, now: Timestamp) -> Result<(), Refusal> {
    let signed: i64 = timestamp.parse().map_err(|_| Refusal::Unauthorized)?;
    let age = now.seconds().saturating_sub(signed);
    if age > past_seconds {
        Err(Refusal::StaleValid)
    } else if age < -FUTURE_TOLERANCE_SECONDS {
        Err(Refusal::Unauthorized)
    } else {
        Ok(())
    }
}

fn read_signature<'h>(incoming: &'h Incoming, allow_body_only: bool) -> Option<Signature<'h>> {
    let header = incoming.header(SIGNATURE_HEADER)?;
    if header.split(',').any(|pair| pair.trim_start().starts_with("t=")) {
        return form_b(header);
    }
    let mac = mac_from_hex(header.strip_prefix("sha256=").unwrap_or(header))?;
    if incoming.headers.contains_key(TIMESTAMP_HEADER) {
        let timestamp = incoming.header(TIMESTAMP_HEADER).filter(|t| is_timestamp(t))?;
        return Some(Signature { timestamp: Some(timestamp), macs: vec![mac] });
    }
    // Signed as form B, a body reads `t.{…}`: that is no JSON, and must not be
    // taken for it.
    let body = incoming.body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(incoming.body);
    let is_json = body.first().is_some_and(|first| b"{[ \t\r\n".contains(first));
    (allow_body_only && is_json).then(|| Signature { timestamp: None, macs: vec![mac] })
}

/// Reads form B: `t` once, `v1` once or more, in any order. Other keys are passed
/// over.
fn form_b(header: &str) -> Option<Signature<'_>> {
    let mut timestamp = None;
    let mut macs = Vec::new();
    for pair in header.split(',') {
        match pair.trim().split_once('=') {
            Some(("t", value)) => {
                let first = timestamp.replace(value).is_none();
                if !first || !is_timestamp(value) {
                    return None;
                }
            }
            Some(("v1", value)) if macs.len() < MAX_SIGNATURES => macs.extend(mac_from_hex(value)),
            _ => {}
        }
    }
    Some(Signature { timestamp: Some(timestamp?), macs })
}

fn is_timestamp(text: &str) -> bool {
    (1..=18).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

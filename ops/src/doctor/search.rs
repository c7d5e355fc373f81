//! The search for what comes near a right signature.

use serde::Serialize;
use shared::provider::Definition;
use shared::provider::definition::Signing;
use shared::provider::secrets::Method;
use shared::wire::Timestamp;

use crate::doctor::capture::Captured;
use crate::doctor::near::{Candidate, Miss, bodies, keys, mac, macs};
use crate::doctor::secrets::RawSecret;

/// Larger bodies are tried with fewer combinations of what may be wrong.
const LARGE_BODY: usize = 128 * 1024;

/// What would have to be different for a request to be right.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Near {
    /// The misses, all of them at once.
    pub(super) misses: Vec<Miss>,
    /// The secret that fits then.
    pub(super) secret: String,
}

/// The header of the signature, where the provider signs.
pub(super) fn header_of(definition: &Definition) -> Option<&'static str> {
    match definition.authentication.signing {
        Signing::Body { header } | Signing::Timestamped { header, .. } => Some(header),
        Signing::Unsigned => None,
    }
}

/// The signed time as it was sent.
fn time_of<'c>(definition: &Definition, captured: &'c Captured) -> Option<&'c str> {
    let Signing::Timestamped { header, timestamp_header } = definition.authentication.signing
    else {
        return None;
    };
    let value = |name: &str| captured.headers.get(name).and_then(|value| value.to_str().ok());
    let pairs = value(header).into_iter().flat_map(|value| value.split(','));
    let mut within = pairs.filter_map(|pair| pair.trim().strip_prefix("t="));
    within.next().or_else(|| value(timestamp_header)).map(str::trim)
}

/// True of a time that lies, in seconds, far beyond any year that is meant.
fn is_milliseconds(signed: i64) -> bool {
    signed > 100_000_000_000
}

/// True when the signed time is in milliseconds.
pub(super) fn has_milliseconds(definition: &Definition, captured: &Captured) -> bool {
    let signed = time_of(definition, captured).and_then(|time| time.parse().ok());
    signed.is_some_and(is_milliseconds)
}

/// The age in seconds of a signed time. One that is in milliseconds has none: what is meant
/// is not what it is taken for.
pub(super) fn age(definition: &Definition, captured: &Captured, at: Timestamp) -> Option<i64> {
    let signed: i64 = time_of(definition, captured)?.parse().ok()?;
    (!is_milliseconds(signed)).then(|| at.seconds().saturating_sub(signed))
}

/// The combinations of body, key, signature and time that fit, with the fewest
/// misses.
pub(super) fn near(captured: &Captured, definition: &Definition, raw: &[RawSecret]) -> Vec<Near> {
    let Some(expected) = header_of(definition) else { return Vec::new() };
    let timestamped = matches!(definition.authentication.signing, Signing::Timestamped { .. });
    let allowed: &[&str] = if timestamped { &["v1=", "sha256="] } else { &[] };
    let signatures = signatures(captured, expected, allowed);
    let time = time_of(definition, captured).map(str::to_owned);
    let times: Vec<Candidate<Option<String>>> = match (timestamped, time) {
        (true, Some(time)) => vec![(None, Some(time)), (Some(Miss::TimeNotSigned), None)],
        (true, None) => vec![(Some(Miss::TimeNotSigned), None)],
        (false, _) => {
            let sent = other_time(captured).map(|time| (Some(Miss::TimeSigned), Some(time)));
            std::iter::once((None, None)).chain(sent).collect()
        }
    };
    let most = if captured.body.len() > LARGE_BODY { 1 } else { 2 };
    let bodies = bodies(&captured.body);
    let mut found: Vec<Near> = Vec::new();
    for secret in raw.iter().filter(|secret| secret.method == Method::Hmac) {
        let section = (secret.definition != definition).then_some(Miss::OtherSection);
        for (key_miss, key) in keys(&secret.text) {
            for (time_miss, time) in &times {
                for (body_miss, body) in &bodies {
                    let misses = [section, key_miss, *time_miss, *body_miss];
                    let misses: Vec<Miss> = misses.into_iter().flatten().collect();
                    if misses.len() > most {
                        continue;
                    }
                    let ours = mac(&key, time.as_deref(), body);
                    let fitting = signatures.iter().filter(|(_, sent)| *sent == ours);
                    found.extend(fitting.map(|(miss, _)| Near {
                        misses: miss.iter().copied().chain(misses.iter().copied()).collect(),
                        secret: secret.place(),
                    }));
                }
            }
        }
    }
    // Nothing missed would be no near miss: another rule refused it.
    found.retain(|near| !near.misses.is_empty());
    let fewest = found.iter().map(|near| near.misses.len()).min();
    found.retain(|near| Some(near.misses.len()) == fewest);
    found.dedup();
    found
}

/// The MACs of all headers, those of the expected one first.
fn signatures(captured: &Captured, expected: &str, allowed: &[&str]) -> Vec<Candidate<[u8; 32]>> {
    let mut signatures: Vec<Candidate<[u8; 32]>> = Vec::new();
    let mut add = |name: &str, other: bool| {
        for value in captured.headers.get_all(name) {
            for (miss, mac) in macs(value.to_str().unwrap_or_default(), allowed) {
                let miss = if other { Some(Miss::OtherHeader) } else { miss };
                signatures.push((miss, mac));
            }
        }
    };
    add(expected, false);
    for name in captured.headers.keys().filter(|name| name.as_str() != expected) {
        add(name.as_str(), true);
    }
    signatures
}

/// A time that a request carries though its provider signs none.
fn other_time(captured: &Captured) -> Option<String> {
    let values = captured.headers.values().filter_map(|value| value.to_str().ok());
    let mut times = values.flat_map(|value| value.split(',')).filter_map(|part| {
        let part = part.trim();
        let time = part.strip_prefix("t=").unwrap_or(part);
        let is_time = (10..=13).contains(&time.len()) && time.bytes().all(|b| b.is_ascii_digit());
        is_time.then(|| time.to_owned())
    });
    times.next()
}

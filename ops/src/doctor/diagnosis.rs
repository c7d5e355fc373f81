//! The diagnosis of a captured request: pure, from the request, the secrets and the
//! time alone.

use crate::doctor::capture::{Captured, Form};
use crate::doctor::json_order::{Order, order};
use crate::doctor::limits::{AgeLimit, Limits};
use crate::doctor::near::{Candidate, Miss, bodies, keys, mac, macs};
use crate::doctor::secrets::{RawSecret, raw};
use crate::doctor::tokens;
use crate::paragraph::span;
use serde::Serialize;
use serde_json::Value;
use shared::provider::definition::{Signing, same_event};
use shared::provider::secrets::Method;
use shared::provider::signature::{FUTURE_TOLERANCE_SECONDS, Incoming, Reason, Refusal};
use shared::provider::{ALL, Definition};
use shared::receive::authenticate::verify;
use shared::receive::route::Route;
use shared::receive::secrets::WebhookSecrets;
use shared::wire::Timestamp;
use shared::wire::json;
use shared::wire::secret::SecretDocument;

/// Larger bodies are tried with fewer combinations of what may be wrong.
const LARGE_BODY: usize = 128 * 1024;

/// What a captured request is to the secrets. It holds names alone.
#[derive(Debug, Serialize)]
pub(crate) struct Diagnosis {
    /// True when it would be let in.
    pub(super) fits: bool,
    /// The provider that it is for, or looks like.
    pub(super) provider: Option<String>,
    /// The event's type, where it can be told.
    pub(super) event: Option<String>,
    /// The scheme by which it is checked.
    pub(super) scheme: Option<String>,
    /// The names of the secrets that vouch for it.
    pub(super) secret: Option<String>,
    /// The reason for which it would be refused, as the log names it.
    pub(super) reason: Option<Reason>,
    /// The ways in which it comes near, each with the secret that fits then.
    pub(super) near: Vec<Near>,
    /// What else is worth knowing.
    pub(super) notes: Vec<String>,
    /// The form in which it was captured.
    pub(super) captured: Form,
    /// The age of a signed time when it came in, in seconds.
    pub(super) age_seconds: Option<i64>,
    /// The largest age that is let in, where a time is signed.
    pub(super) age_limit: Option<AgeLimit>,
}

/// What would have to be different for a request to be right.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Near {
    /// The misses, all of them at once.
    pub(super) misses: Vec<Miss>,
    /// The secret that fits then.
    pub(super) secret: String,
}

/// Diagnoses a request against the secrets, as of `now` where the capture has no
/// time of its own.
pub(crate) fn diagnose(
    captured: &Captured,
    webhooks: &Value,
    limits: &Limits,
    now: Timestamp,
) -> Diagnosis {
    let at = captured.at.unwrap_or(now);
    let secrets = WebhookSecrets::read(ALL, &webhooks.to_string());
    let raw = raw(webhooks);
    let route = Route::of_path(ALL, &captured.path);
    let mut diagnosis = Diagnosis::empty(captured.form);
    diagnosis.notes.extend(secrets.problems().iter().map(|p| format!("the secrets: {p}")));
    let candidates = candidates(captured, route.as_ref());
    let Some(first) = candidates.first() else {
        diagnosis.reason = Some(Reason::Missing);
        diagnosis.about(captured, route.as_ref());
        return diagnosis;
    };
    let mut best: Option<Reason> = None;
    diagnosis.provider = Some(first.provider.name().to_owned());
    diagnosis.scheme = Some(scheme(first));
    for definition in &candidates {
        let routed = route.as_ref().filter(|route| route.definition == *definition);
        let incoming = Incoming {
            headers: &captured.headers,
            body: &captured.body,
            path_token: routed.and_then(|route| route.path_token),
        };
        diagnosis.age_seconds = diagnosis.age_seconds.or_else(|| age(definition, captured, at));
        let event = event_of(definition, routed, &captured.body);
        let limit = definition.authentication.tolerance.as_ref().map(|own| limits.limit(own));
        let tolerance = limit.as_ref().map_or(0, |limit| limit.seconds);
        diagnosis.age_limit = diagnosis.age_limit.take().or(limit);
        let provider = definition.provider;
        let verified = verify(definition, secrets.of(provider), &incoming, tolerance, at);
        let refusal = match verified {
            Ok(authenticated) => {
                let vouched = match &event {
                    Some(event) => authenticated.vouched_by(event),
                    None => Ok(authenticated.names()),
                };
                match vouched {
                    Ok(names) => {
                        diagnosis.fits = true;
                        diagnosis.secret = Some(names);
                        diagnosis.provider = Some(provider.name().to_owned());
                        diagnosis.scheme = Some(scheme(definition));
                        diagnosis.event = event;
                        diagnosis.reason = None;
                        diagnosis.about(captured, route.as_ref());
                        return diagnosis;
                    }
                    Err(refusal) => {
                        diagnosis.bound(&raw, definition, event.as_deref(), &authenticated.names());
                        refusal
                    }
                }
            }
            Err(refusal) => refusal,
        };
        if refusal == Refusal::NotConfigured {
            let section = definition.authentication.section;
            diagnosis.notes.push(format!("the secrets have no usable entry for {section}"));
        }
        best = best.max(refusal.reason());
        diagnosis.event = diagnosis.event.take().or(event);
    }
    diagnosis.reason = best;
    if matches!(best, Some(Reason::TooOld | Reason::TooFarAhead)) {
        diagnosis.out_of_time();
    } else if best != Some(Reason::OtherEvent) {
        for definition in &candidates {
            let found = near(captured, definition, &raw);
            diagnosis.near.extend(found);
            let notes = tokens::notes(captured, definition, &raw);
            diagnosis.notes.extend(notes);
        }
        let fewest = diagnosis.near.iter().map(|near| near.misses.len()).min();
        diagnosis.near.retain(|near| Some(near.misses.len()) == fewest);
        if diagnosis.near.is_empty() && best == Some(Reason::NoSecretMatches) {
            let order = std::str::from_utf8(&captured.body).ok().and_then(order);
            diagnosis.notes.extend(order.map(Order::note));
        }
    }
    diagnosis.about(captured, route.as_ref());
    diagnosis
}

/// The providers that a request may be for: that of the path; those whose signature
/// it carries; all that sign.
fn candidates(captured: &Captured, route: Option<&Route>) -> Vec<&'static Definition> {
    if let Some(route) = route {
        return vec![route.definition];
    }
    let signs = |definition: &&'static Definition| {
        let header = header_of(definition);
        header.is_some_and(|header| captured.headers.contains_key(header))
    };
    let signed: Vec<_> = ALL.iter().copied().filter(signs).collect();
    if !signed.is_empty() {
        return signed;
    }
    ALL.iter().copied().filter(|definition| header_of(definition).is_some()).collect()
}

/// The header of the signature, where the provider signs.
fn header_of(definition: &Definition) -> Option<&'static str> {
    match definition.authentication.signing {
        Signing::Body { header } | Signing::Timestamped { header, .. } => Some(header),
        Signing::Unsigned => None,
    }
}

fn scheme(definition: &Definition) -> String {
    match definition.authentication.signing {
        Signing::Body { header } => format!("HMAC-SHA256 of the body, in hex, in {header}"),
        Signing::Timestamped { header, .. } => {
            format!("HMAC-SHA256 of time, dot and body, in hex, in {header}")
        }
        Signing::Unsigned => {
            let methods = definition.authentication.methods.iter().map(|method| method.name());
            format!("no signature: {}", methods.collect::<Vec<_>>().join(" or "))
        }
    }
}

fn event_of(definition: &Definition, route: Option<&Route>, body: &[u8]) -> Option<String> {
    let routed = route.and_then(|route| route.event);
    let read = || {
        let body = json::read(body).ok()?.json;
        definition.event_type(ALL, None, &body).ok()
    };
    routed.map(str::to_owned).or_else(read)
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

fn age(definition: &Definition, captured: &Captured, at: Timestamp) -> Option<i64> {
    let signed: i64 = time_of(definition, captured)?.parse().ok()?;
    // In milliseconds it would be far beyond any year that is meant.
    let signed = if signed > 100_000_000_000 { signed / 1_000 } else { signed };
    Some(at.seconds().saturating_sub(signed))
}

/// The combinations of body, key, signature and time that fit, with the fewest
/// misses.
fn near(captured: &Captured, definition: &Definition, raw: &[RawSecret]) -> Vec<Near> {
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

impl Diagnosis {
    fn empty(captured: Form) -> Self {
        Self {
            fits: false,
            provider: None,
            event: None,
            scheme: None,
            secret: None,
            reason: None,
            near: Vec::new(),
            notes: Vec::new(),
            captured,
            age_seconds: None,
            age_limit: None,
        }
    }

    /// Notes to which events the secrets are bound that match another event.
    fn bound(
        &mut self,
        raw: &[RawSecret],
        definition: &Definition,
        event: Option<&str>,
        names: &str,
    ) {
        let own = raw.iter().filter(|secret| secret.definition == definition);
        for secret in own.filter(|secret| names.split('+').any(|name| name == secret.name)) {
            let is_bound = |event: &str| secret.events.iter().any(|one| same_event(one, event));
            if event.is_some_and(|event| !secret.events.is_empty() && !is_bound(event)) {
                self.notes.push(format!(
                    "signed right by {}, which is bound to {}; this is {}. Bind it to this event \
                     too, or give the webhook its own secret",
                    secret.place(),
                    secret.events.join(", "),
                    event.unwrap_or("another event"),
                ));
            }
        }
    }

    /// Notes how far a rightly signed time is out.
    fn out_of_time(&mut self) {
        let (Some(age), Some(limit)) = (self.age_seconds, &self.age_limit) else { return };
        self.notes.push(if age > 0 {
            format!(
                "rightly signed, and {age} s ({}) old when it came in: let in are at most {}. A \
                 late try of the provider, a replay, or a wrong clock",
                span(age),
                limit.words(),
            )
        } else {
            format!(
                "rightly signed, and dated {} s ahead: at most {FUTURE_TOLERANCE_SECONDS} s are \
                 let in. Whose clock is wrong?",
                -age
            )
        });
    }

    /// Notes what the capture itself tells.
    fn about(&mut self, captured: &Captured, route: Option<&Route>) {
        if let Some(method) = captured.method.as_deref().filter(|method| *method != "POST") {
            self.notes.push(format!("the method is {method}, and only POST is answered"));
        }
        if route.is_none() && !captured.path.is_empty() {
            self.notes.push("the path is no address of any provider: it is answered 404".into());
        }
        let declared = captured.headers.get("content-length");
        let declared = declared.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        if let Some(declared) = declared.filter(|length: &usize| *length != captured.body.len()) {
            self.notes.push(format!(
                "Content-Length says {declared} bytes and the captured body has {}: these are not \
                 the bytes that were sent",
                captured.body.len()
            ));
        }
        if let Some(encoding) = captured.headers.get("content-encoding") {
            let encoding = encoding.to_str().unwrap_or("something");
            if encoding != "identity" {
                self.notes
                    .push("the body is compressed (Content-Encoding), and is not undone".into());
            }
        }
        if self.fits && captured.body.is_empty() {
            self.notes.push("the body is empty".into());
        }
    }
}

//! The diagnosis of a captured request: pure, from the request, the secrets and the
//! time alone.

use crate::doctor::capture::{Captured, Form};
use crate::doctor::json_order::{Order, order};
use crate::doctor::limits::{AgeLimit, Limits};
use crate::doctor::reasons::lacking;
use crate::doctor::remarks::MILLISECONDS;
use crate::doctor::search::{Near, age, has_milliseconds, header_of, near};
use crate::doctor::secrets::{RawSecret, raw};
use crate::doctor::tokens;
use crate::paragraph::span;
use http::HeaderMap;
use serde::Serialize;
use serde_json::Value;
use shared::provider::definition::{Routes, Signing, find, same_event};
use shared::provider::secrets::Method;
use shared::provider::signature::{FUTURE_TOLERANCE_SECONDS, Reason};
use shared::provider::{ALL, Definition};
use shared::receive::examine::{Examined, examine};
use shared::receive::gateway::{ROUTED, Request};
use shared::receive::log::Outcome;
use shared::receive::route::{Route, path_of};
use shared::receive::secrets::WebhookSecrets;
use shared::wire::Timestamp;
use shared::wire::json;
use shared::wire::secret::SecretDocument;

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
    /// The outcome, as the log names it, if it is the first time that it comes.
    pub(super) outcome: Outcome,
    /// The status code of the answer.
    pub(super) status: u16,
    /// The reason for which it would be refused, as the log names it.
    pub(super) reason: Option<Reason>,
    /// The problem with a body that is signed right and cannot be read.
    pub(super) problem: Option<String>,
    /// The ways in which it comes near, each with the secret that fits then.
    pub(super) near: Vec<Near>,
    /// What else is worth knowing.
    pub(super) notes: Vec<String>,
    /// What neither the capture nor the place says, and is taken to be so.
    pub(super) assumed: Vec<String>,
    /// The form in which it was captured.
    pub(super) captured: Form,
    /// The age of a signed time when it came in, in seconds; of none in milliseconds.
    pub(super) age_seconds: Option<i64>,
    /// The largest age that is let in, where a time is signed.
    pub(super) age_limit: Option<AgeLimit>,
}

/// Diagnoses a request against the secrets, as of `now` where the capture has no
/// time of its own. What the answer would be is what the receiving function itself
/// says.
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
    let candidates = candidates(captured, route.as_ref());
    let limit_of = |definition: &Definition| {
        definition.authentication.tolerance.as_ref().map(|own| limits.limit(own))
    };
    let tolerance = |definition: &Definition| limit_of(definition).map_or(0, |limit| limit.seconds);
    let examined = requests(captured, &candidates)
        .map(|request| examine(ALL, &request, &secrets, tolerance, at))
        // The first of the nearest: later ones are for other events or providers.
        .reduce(|best, other| if rank(&other) > rank(&best) { other } else { best });
    let mut diagnosis = Diagnosis::empty(captured.form);
    let Some(examined) = examined else { return diagnosis };
    diagnosis.take(&examined);
    if examined.outcome == Outcome::NotFound {
        diagnosis.elsewhere(captured, diagnose(&corrected(captured), webhooks, limits, now));
        return diagnosis;
    }
    diagnosis.notes.extend(secrets.problems().iter().map(|p| format!("the secrets: {p}")));
    let provider = examined.line.provider.and_then(|name| find(ALL, name));
    let own = provider.or(candidates.first().copied());
    // Without a signature and without a path nothing tells whose it is.
    let is_anybodys = examined.reason == Some(Reason::Missing) && candidates.len() > 1;
    diagnosis.scheme = own.filter(|_| !is_anybodys).map(scheme);
    diagnosis.provider = own.filter(|_| !is_anybodys).map(|own| own.provider.name().to_owned());
    diagnosis.age_seconds = own.and_then(|own| age(own, captured, at));
    diagnosis.age_limit = own.and_then(limit_of);
    let named = own.and_then(|own| event_of(own, route.as_ref(), &captured.body));
    let is_named_by_address = own.is_some_and(|own| matches!(own.routes, Routes::Events));
    diagnosis.event = match (&examined.line.event_type, is_named_by_address) {
        (Some(event), false) => Some(event.clone()),
        _ => named,
    };
    match (examined.outcome, own) {
        (Outcome::NotConfigured, Some(own)) => {
            let section = own.authentication.section;
            diagnosis.notes.push(format!("the secrets have no usable entry for {section}"));
        }
        (Outcome::TooLarge, _) => diagnosis.too_large(captured),
        (Outcome::Unauthorized | Outcome::StaleValid, Some(own)) => match examined.reason {
            Some(Reason::TooOld | Reason::TooFarAhead) => diagnosis.out_of_time(own, captured),
            Some(Reason::OtherEvent) => {
                diagnosis.bound(&raw, own, examined.matched.as_deref().unwrap_or_default());
            }
            _ => diagnosis.nearly(captured, &candidates, &raw),
        },
        _ => {}
    }
    if !matches!(examined.reason, Some(Reason::TooFarAhead)) {
        diagnosis.milliseconds(own, captured);
    }
    diagnosis.about(captured);
    diagnosis.read(&examined);
    diagnosis.assume(captured, own);
    diagnosis
}

/// How near a request comes to being let in.
fn rank(examined: &Examined) -> (bool, bool, Option<Reason>) {
    let is_let_in = examined.outcome == Outcome::Quarantined;
    (examined.status.is_success(), is_let_in, examined.reason)
}

/// The requests that a capture may be: one, if it has its path, else one for each
/// address at which a provider may tell them apart.
fn requests<'c>(
    captured: &'c Captured,
    candidates: &[&'static Definition],
) -> impl Iterator<Item = Request> + 'c {
    let addresses = candidates.iter().flat_map(|definition| match definition.routes {
        Routes::Events => {
            let all = definition.catalogue.iter();
            all.map(|row| path_of(definition, row.family(), row.name)).collect()
        }
        Routes::Families(families) | Routes::TokenAndFamilies(families) => {
            let first = families.first().map(|(_, family)| path_of(definition, *family, ""));
            first.into_iter().collect::<Vec<_>>()
        }
    });
    let paths = match captured.path.as_str() {
        "" => addresses.collect(),
        path => vec![path.to_owned()],
    };
    paths.into_iter().map(|path| request(captured, &path))
}

fn request(captured: &Captured, path: &str) -> Request {
    let method = captured.method.as_deref().unwrap_or("POST");
    let headers: HeaderMap = captured.headers.clone();
    let mut request = Request::new(method, path, headers, &captured.body);
    if captured.not_base64 {
        request.body = Some(String::from_utf8_lossy(&captured.body).into_owned());
    }
    request
}

/// A request that no route takes, as it would be with the right method at the right
/// address, or at any where it is not known.
fn corrected(captured: &Captured) -> Captured {
    let known = Route::of_path(ALL, &captured.path);
    let routed = known.and_then(|_| captured.path.split_once(ROUTED));
    let path = routed
        .map_or_else(String::new, |(_, rest)| format!("{ROUTED}{}", rest.trim_start_matches('/')));
    Captured { method: None, path, ..captured.clone() }
}

/// The providers that a request may be for: that of the path; those whose signature
/// it carries; those that take its credentials; all that sign.
fn candidates(captured: &Captured, route: Option<&Route>) -> Vec<&'static Definition> {
    if let Some(route) = route {
        return vec![route.definition];
    }
    let all = |is_meant: &dyn Fn(&Definition) -> bool| -> Vec<_> {
        ALL.iter().copied().filter(|definition| is_meant(definition)).collect()
    };
    let signed = all(&|definition| {
        header_of(definition).is_some_and(|header| captured.headers.contains_key(header))
    });
    let by_password = all(&|definition| {
        let takes = definition.authentication.methods.contains(&Method::Basic);
        takes && captured.headers.contains_key("authorization")
    });
    let signing = all(&|definition| header_of(definition).is_some());
    let mut found = [signed, by_password, signing].into_iter();
    found.find(|found| !found.is_empty()).unwrap_or_default()
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
    let routed = route.filter(|route| route.definition == definition).and_then(|route| route.event);
    let read = || {
        let body = json::read(body).ok()?.json;
        definition.event_type(ALL, None, &body).ok()
    };
    routed.map(str::to_owned).or_else(read)
}

/// The name of an outcome or a reason, as the log has it.
pub(super) fn name(of: impl Serialize) -> Option<String> {
    serde_json::to_value(of).ok()?.as_str().map(str::to_owned)
}

impl Diagnosis {
    fn empty(captured: Form) -> Self {
        Self {
            fits: false,
            provider: None,
            event: None,
            scheme: None,
            secret: None,
            outcome: Outcome::NotFound,
            status: 404,
            reason: None,
            problem: None,
            near: Vec::new(),
            notes: Vec::new(),
            assumed: Vec::new(),
            captured,
            age_seconds: None,
            age_limit: None,
        }
    }

    /// Takes what the receiving function says.
    fn take(&mut self, examined: &Examined) {
        self.fits = examined.status.is_success();
        self.outcome = examined.outcome;
        self.status = examined.status.as_u16();
        self.reason = examined.reason;
        self.problem = examined.malformed.as_ref().map(ToString::to_string);
        let is_read = self.fits || self.problem.is_some() || self.outcome == Outcome::TooLarge;
        let secret = examined.line.secret.clone().or_else(|| examined.matched.clone());
        self.secret = secret.filter(|_| is_read);
    }

    /// Notes what comes near a request that nothing vouches for, or what it lacks.
    fn nearly(
        &mut self,
        captured: &Captured,
        candidates: &[&'static Definition],
        raw: &[RawSecret],
    ) {
        let lacks = self.reason.and_then(|reason| lacking(reason, candidates, captured, raw));
        self.notes.extend(lacks);
        for definition in candidates {
            self.near.extend(near(captured, definition, raw));
            self.notes.extend(tokens::notes(captured, definition, raw));
        }
        let fewest = self.near.iter().map(|near| near.misses.len()).min();
        self.near.retain(|near| Some(near.misses.len()) == fewest);
        if self.near.is_empty() && self.reason == Some(Reason::NoSecretMatches) {
            let order = std::str::from_utf8(&captured.body).ok().and_then(order);
            self.notes.extend(order.map(Order::note));
        }
        if self.near.is_empty() && captured.dots > 0 {
            self.notes.push(format!(
                "the body is from a dump of curl --trace-ascii, and has {} dots: there one stands \
                 for each byte that is no printable ASCII, such as those of é or an emoji, and \
                 such bytes are lost. Capture it with curl --trace",
                captured.dots
            ));
        }
    }

    /// Notes to which events the secrets are bound that match another event.
    fn bound(&mut self, raw: &[RawSecret], definition: &Definition, names: &str) {
        let event = self.event.as_deref();
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
    fn out_of_time(&mut self, definition: &Definition, captured: &Captured) {
        if has_milliseconds(definition, captured) {
            self.notes.push(format!("rightly signed, and {MILLISECONDS}"));
            return;
        }
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
}

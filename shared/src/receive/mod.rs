//! The handler of the HTTP functions: verify, read, decide, write, answer.

pub mod answer;
pub mod authenticate;
pub mod body;
mod commit;
mod contention;
pub mod decide;
pub mod log;
pub mod redact;
pub mod route;
pub mod secrets;
pub mod settings;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use lambda_http::http::{Method, StatusCode};
use lambda_http::{Error, LambdaEvent, lambda_runtime, service_fn};

use crate::aws::Aws;
use crate::aws::secrets_manager::SecretsCache;
use crate::aws::store::{Archive, Store, StoreError};
use crate::crash;
use crate::fulfilment::{Input, Promise, State, Stepped, step};
use crate::ledger::Provider;
use crate::ledger::{Content, Event, Identity, Malformed};
use crate::ledger::{place, promise_key};
use crate::observe;
use crate::provider::signature::{Incoming, Refusal};
use crate::provider::{firstpromoter_v1, uppromote};
use crate::receive::authenticate::{Authenticated, verify};
use crate::receive::body::{MAX_BODY_BYTES, clip, compress};
use crate::receive::log::{Line, Outcome};
use crate::receive::route::{Route, path_of};
use crate::receive::secrets::WebhookSecrets;
use crate::receive::settings::Settings;
use crate::wire::Timestamp;
use crate::wire::digest::sha256_hex;
use crate::wire::json;
use crate::wire::json::{Flawed, Json};

/// How often a held answer looks whether its delivery is recorded.
const HOLD_LOOK: Duration = Duration::from_millis(150);
/// A failed verification asks for newer secrets at most this often, so that
/// forged requests cannot turn into calls of Secrets Manager.
const REFRESH_PAUSE: Duration = Duration::from_mins(1);
/// How long quarantined bytes are kept.
const QUARANTINE_DAYS: i64 = 14;
const DAY_SECONDS: i64 = 86_400;
/// The headers kept with an event. None of them authenticates.
const KEPT_HEADERS: [&str; 4] = ["content-type", "user-agent", "x-event-id", "x-event-type"];
/// Longest header value kept, in characters.
const MAX_HEADER: usize = 256;

/// What an HTTP function needs, once per instance.
pub struct Intake {
    settings: Settings,
    secrets: SecretsCache<WebhookSecrets>,
    store: Store,
}

/// Runs an HTTP function until its instance ends.
///
/// # Errors
/// When a setting is missing or wrong; the function then does not start.
pub async fn run() -> Result<(), Error> {
    let variable = |name: &str| std::env::var(name).ok();
    observe::start(variable("RUST_LOG").as_deref());
    let intake = Intake::from_env(&variable).inspect_err(|problem| {
        tracing::error!(%problem, "does not start");
    })?;
    let intake = &intake;
    // Not through lambda_http's own request: it panics on base64 or host headers
    // that make no URI, before any of this could answer.
    lambda_runtime::run(service_fn(move |event: LambdaEvent<ApiGatewayV2httpRequest>| async move {
        // Boxed, because the compiler gives up on the depth of the whole.
        Ok::<_, Error>(intake.handle(event.payload).boxed().await)
    }))
    .await
}

/// Why a request ends without having been recorded.
struct Stop {
    outcome: Outcome,
    malformed: Option<Malformed>,
}

impl From<Outcome> for Stop {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, malformed: None }
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::TooLarge) {
            return Outcome::TooLarge.into();
        }
        tracing::error!(%error, "not recorded");
        Outcome::Unavailable.into()
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Stop::from(match refusal {
            Refusal::NotConfigured => Outcome::NotConfigured,
            Refusal::Unauthorized => Outcome::Unauthorized,
            Refusal::StaleValid => Outcome::StaleValid,
        })
    }
}

impl Intake {
    fn from_env(variable: crate::settings::Lookup) -> Result<Self, Error> {
        let settings = Settings::read(variable)?;
        let aws = Aws::from_env(variable)?;
        let ttl = Duration::from_secs(settings.secrets_ttl_seconds);
        Ok(Self {
            secrets: SecretsCache::new(
                aws.secrets_manager(),
                settings.webhook_secrets.clone(),
                ttl,
            ),
            store: Store::new(aws.dynamodb(), settings.table.clone()),
            settings,
        })
    }

    /// Answers one request and prints its line.
    pub async fn handle(&self, request: ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
        let started = Instant::now();
        let mut line = Line::default();
        // A panic is a defect, and still no reason to lose the instance or to
        // answer anything but "not recorded, try again".
        let result = AssertUnwindSafe(self.take(&request, &mut line)).catch_unwind().await;
        let (status, outcome, malformed) = match result {
            Ok(Ok((status, outcome))) => (status, outcome, None),
            Ok(Err(stop)) => (answer::refused(stop.outcome), stop.outcome, stop.malformed),
            Err(_) => (StatusCode::SERVICE_UNAVAILABLE, Outcome::Unavailable, None),
        };
        line.outcome = Some(outcome);
        line.status = status.as_u16();
        line.duplicate = outcome == Outcome::Duplicate;
        line.problem = malformed.as_ref().map(ToString::to_string);
        line.print(started);
        answer::response(status, &answer::body(outcome, malformed.as_ref()))
    }

    async fn take(
        &self,
        request: &ApiGatewayV2httpRequest,
        line: &mut Line,
    ) -> Result<(StatusCode, Outcome), Stop> {
        let route = Route::of_path(request.raw_path.as_deref().unwrap_or_default())
            .ok_or(Outcome::NotFound)?;
        line.provider = Some(route.provider.name());
        if request.request_context.http.method != Method::POST {
            return Err(Outcome::MethodNotAllowed.into());
        }
        let body = body_bytes(request)?;
        let incoming =
            Incoming { headers: &request.headers, body: &body, path_token: route.path_token };
        if incoming.body.len() > MAX_BODY_BYTES {
            return Err(Outcome::TooLarge.into());
        }
        if route.provider == Provider::UpPromote && uppromote::is_subscription_ping(&incoming) {
            return Ok((StatusCode::OK, Outcome::Ping));
        }
        let now = Timestamp::now();
        let secrets = self.secrets.get().await.map_err(|_| Outcome::Unavailable)?;
        let newer;
        let mut checked = self.check(&route, &incoming, &secrets, now);
        if matches!(checked, Err(Refusal::Unauthorized | Refusal::NotConfigured)) {
            // The secret may have been filled or rotated a moment ago.
            newer = self.secrets.newer_than(&secrets, REFRESH_PAUSE).await;
            if let Some(newer) = &newer {
                checked = self.check(&route, &incoming, newer, now);
            }
        }
        self.record(&route, &incoming, &checked?, now, line).await
    }

    fn check<'r>(
        &self,
        route: &Route,
        incoming: &Incoming<'r>,
        secrets: &'r WebhookSecrets,
        now: Timestamp,
    ) -> Result<Authenticated<'r>, Refusal> {
        let tolerance = self.settings.past_tolerance_seconds;
        verify(route.provider, route.provider.secrets(secrets), incoming, tolerance, now)
    }

    async fn record(
        &self,
        route: &Route<'_>,
        incoming: &Incoming<'_>,
        authenticated: &Authenticated<'_>,
        now: Timestamp,
        line: &mut Line,
    ) -> Result<(StatusCode, Outcome), Stop> {
        let arrived = Instant::now();
        let sha256 = sha256_hex(authenticated.bytes());
        let archive = |body: &[u8], whole: bool, secret: &str, days: i64| {
            let kept = if whole { body } else { clip(body) };
            Some(Archive {
                truncated: kept.len() < body.len(),
                body: compress(kept)?,
                sha256: sha256.clone(),
                length: authenticated.bytes().len(),
                headers: kept_headers(incoming),
                secret: secret.to_owned(),
                received: now,
                expires: now.plus_seconds(days * DAY_SECONDS),
            })
        };
        let (event, body, secret) = match read(route, authenticated, &sha256, now)? {
            Ok(event) => event,
            Err((malformed, body)) => {
                let secret = authenticated.names();
                line.secret = Some(secret.clone());
                // What is JSON can be redacted; only what is not is kept as it came.
                let redacted = body.map(|body| storable(&body, incoming).to_text());
                let bytes = redacted.as_deref().map_or(authenticated.bytes(), str::as_bytes);
                let archive = archive(bytes, false, &secret, QUARANTINE_DAYS);
                let archive = archive.ok_or(Outcome::TooLarge)?;
                self.quarantine(route.provider, &described(route, &malformed), &archive).await?;
                return Err(Stop { outcome: Outcome::Quarantined, malformed: Some(malformed) });
            }
        };
        describe(&event, route, &secret, line);
        let kept = storable(&body, incoming).to_text();
        // What is applied is kept as a whole; of all else the beginning.
        let whole = matches!(event.content, Content::Change(_));
        let days = self.settings.event_retention_days;
        let archive = archive(kept.as_bytes(), whole, &secret, days).ok_or(Outcome::TooLarge)?;
        let (outcome, promise) = self.write(&event, &archive, line).await?;
        let promise = match promise {
            Some(promise) => Some(self.hold(&event, promise, arrived).await?),
            None => None,
        };
        note_promise(promise.as_ref(), line);
        let status = answer::accepted(route, &event, promise.as_ref());
        Ok((status, outcome))
    }

    /// Waits for the delivery of a reward whose platform only learns of it from
    /// this answer (v1 without API key), and notes that it was told.
    async fn hold(
        &self,
        event: &Event,
        mut promise: Promise,
        arrived: Instant,
    ) -> Result<Promise, Stop> {
        if event.event_type != firstpromoter_v1::FULFILMENT_PENDING {
            return Ok(promise);
        }
        let (pk, _) = place(event);
        // From the arrival on: writing may have taken its time.
        let until = arrived + Duration::from_secs(self.settings.v1_hold_seconds.unsigned_abs());
        loop {
            let now = Timestamp::now();
            if promise.by_response && promise.state == State::Delivered {
                let reversals = self.settings.policy.reversals;
                let Stepped::Changed(told) = step(&promise, &Input::Answered, reversals, now)
                else {
                    return Ok(promise);
                };
                crash::point("before_answered");
                match self.store.save(&pk, std::slice::from_ref(&*told)).await {
                    Ok(()) => {
                        crash::point("after_answered");
                        return Ok(*told);
                    }
                    Err(StoreError::Conflict) => {}
                    Err(error) => return Err(error.into()),
                }
            } else if !answer::awaits_answer(&promise) || Instant::now() >= until {
                return Ok(promise);
            } else {
                tokio::time::sleep(HOLD_LOOK).await;
            }
            let newest = self.store.promise(&pk, &promise_key(promise.epoch)).await?;
            promise = newest.unwrap_or(promise);
        }
    }
}

/// What of a body may be kept.
fn storable(body: &Json, incoming: &Incoming) -> Json {
    redact::storable(body, redact::is_of_payout_method(body), incoming.path_token)
}

/// The exact bytes of the body.
fn body_bytes(request: &ApiGatewayV2httpRequest) -> Result<Cow<'_, [u8]>, Stop> {
    let body = request.body.as_deref().unwrap_or_default().as_bytes();
    if !request.is_base64_encoded {
        return Ok(Cow::Borrowed(body));
    }
    match STANDARD.decode(body) {
        Ok(bytes) => Ok(Cow::Owned(bytes)),
        // API Gateway encodes it; whoever does not is nobody we know.
        Err(_) => Err(Outcome::Unauthorized.into()),
    }
}

/// Reads an authenticated body. The outer error refuses the request, the inner
/// one sends its bytes to quarantine, with the body as far as it is JSON.
#[expect(clippy::type_complexity, reason = "two kinds of failure, told apart by the caller")]
fn read(
    route: &Route,
    authenticated: &Authenticated,
    sha256: &str,
    received: Timestamp,
) -> Result<Result<(Event, Json, String), (Malformed, Option<Json>)>, Refusal> {
    if let Some(event) = route.event {
        authenticated.allow(event)?;
    }
    let Flawed { json: body, flaw } = match json::read(authenticated.bytes()) {
        Ok(read) => read,
        Err(error) => return Ok(Err((Malformed::new("body", error.to_string()), None))),
    };
    // What is missing where the body has a flaw, the flaw may have cost.
    let malformed = |other: Malformed| {
        flaw.as_ref().map_or(other, |flaw| Malformed::new("body", flaw.to_string()))
    };
    let event_type = match route.provider.event_type(route, &body) {
        Ok(event_type) => event_type,
        Err(error) => return Ok(Err((malformed(error), Some(body)))),
    };
    let secret = authenticated.allow(&event_type)?;
    Ok(match route.provider.event(event_type, &body, sha256, received) {
        Ok(mut event) => {
            // Where it is, only the paths of what is read can tell.
            event.unread.extend(flaw.map(|flaw| format!("body: {flaw}")));
            Ok((event, body, secret))
        }
        Err(error) => Err((malformed(error), Some(body))),
    })
}

fn recorded(event: &Event) -> Outcome {
    match event.content {
        Content::Change(_) => Outcome::Recorded,
        Content::Unknown => Outcome::Archived,
        Content::Test => Outcome::Test,
    }
}

fn describe(event: &Event, route: &Route, secret: &str, line: &mut Line) {
    line.event_type = Some(event.event_type.clone());
    line.secret = Some(secret.to_owned());
    line.identity = Some(match &event.identity {
        Identity::Given(id) => id.as_str().to_owned(),
        Identity::Transition(transition) => transition.clone(),
    });
    if let Content::Change(change) = &event.content {
        let subject = &change.subject;
        line.subject = Some(format!("{}#{}", subject.kind.name(), subject.id.as_str()));
    }
    line.unread.clone_from(&event.unread);
    if let Some(format) = event.other_format {
        let path = path_of(format, event.family.unwrap_or(route.family), &event.event_type);
        line.other_format = Some(format!("{format}: to be sent to {path}"));
        return;
    }
    line.misrouted = event
        .family
        .filter(|family| *family != route.family)
        .map(|family| path_of(event.provider, family, &event.event_type));
}

fn described(route: &Route, malformed: &Malformed) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("provider", route.provider.name().to_owned()),
        ("route", path_of(route.provider, route.family, route.event.unwrap_or_default())),
        ("problem", malformed.to_string()),
    ])
}

fn note_promise(promise: Option<&Promise>, line: &mut Line) {
    if let Some(promise) = promise {
        line.promise = Some(promise.key.clone());
        line.promise_state = Some(promise.state.name());
    }
}

fn kept_headers(incoming: &Incoming) -> BTreeMap<String, String> {
    let kept = KEPT_HEADERS.iter().filter_map(|name| {
        let value = incoming.header(name)?;
        Some(((*name).to_owned(), value.chars().take(MAX_HEADER).collect()))
    });
    kept.collect()
}

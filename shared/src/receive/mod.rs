//! The handler of the HTTP functions: route, authenticate, read, commit, answer.

pub mod answer;
pub mod authenticate;
mod await_delivery;
pub mod body;
mod commit;
mod contention;
pub mod decide;
mod entry;
pub mod examine;
pub mod gateway;
mod keep;
pub mod log;
mod read;
pub mod redact;
mod rejection;
pub mod route;
pub mod secrets;
pub mod settings;
#[cfg(test)]
mod tests;

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use http::StatusCode;
use lambda_http::Error;

use crate::aws::Aws;
use crate::aws::secrets_manager::SecretsCache;
use crate::aws::store::Store;
use crate::function;
use crate::ledger::Event;
use crate::provider::definition::Providers;
use crate::provider::signature::{Incoming, Refusal};
use crate::receive::authenticate::{Authenticated, has_form, verify};
use crate::receive::entry::Entry;
use crate::receive::gateway::{Request, Response};
use crate::receive::keep::Kept;
use crate::receive::log::{Outcome, RequestLog};
use crate::receive::read::Reading;
use crate::receive::rejection::Rejection;
use crate::receive::route::Route;
use crate::receive::secrets::WebhookSecrets;
use crate::receive::settings::Settings;
use crate::settings::Env;
use crate::wire::Timestamp;

/// Shortest time between two fetches of newer secrets after failed verifications,
/// so that forged requests cannot turn into calls of Secrets Manager.
const REFRESH_PAUSE: Duration = Duration::from_mins(1);

/// The parts of a receiving function that live as long as its instance.
pub struct Receiver {
    providers: Providers,
    settings: Settings,
    secrets: SecretsCache<WebhookSecrets>,
    store: Store,
}

/// Runs an HTTP function that receives the webhooks of these providers, until its
/// instance ends.
///
/// # Errors
/// A setting is missing or wrong; the function then does not start.
pub async fn run(providers: Providers) -> Result<(), Error> {
    // The function takes API Gateway's event as it is: lambda_http's own request
    // type panics on base64 or host headers that are no part of a URI, before any
    // answer of ours.
    function::start(
        |env| Receiver::from_env(providers, env),
        |receiver, request| async { Ok(receiver.handle(request).await) },
    )
    .await
}

impl Receiver {
    /// A receiver of the webhooks of these providers.
    ///
    /// # Errors
    /// A setting is missing or wrong.
    pub fn from_env(providers: Providers, env: Env) -> Result<Self, Error> {
        let settings = Settings::read(providers, env)?;
        let aws = Aws::from_env(env)?;
        let ttl = Duration::from_secs(settings.secrets_ttl_seconds);
        let id = settings.webhook_secrets.clone();
        let read = move |text: &str| WebhookSecrets::read(providers, text);
        Ok(Self {
            providers,
            secrets: SecretsCache::new(aws.secrets_manager(), id, ttl, read),
            store: Store::new(aws.dynamodb(), settings.table.clone()),
            settings,
        })
    }

    /// Answers one request and prints its log line.
    pub async fn handle(&self, request: Request) -> Response {
        let started = Instant::now();
        let mut line = RequestLog::default();
        // A panic is a defect, and still no reason to lose the instance or to
        // answer anything but "not recorded, try again".
        let result = AssertUnwindSafe(self.process(&request, &mut line)).catch_unwind().await;
        let (status, outcome, malformed) = match result {
            Ok(Ok((status, outcome))) => (status, outcome, None),
            Ok(Err(rejection)) => {
                line.reason = rejection.reason;
                (answer::refused(rejection.outcome), rejection.outcome, rejection.malformed)
            }
            Err(_) => (StatusCode::SERVICE_UNAVAILABLE, Outcome::Unavailable, None),
        };
        line.outcome = Some(outcome);
        line.status = status.as_u16();
        line.duplicate = outcome == Outcome::Duplicate;
        line.problem = malformed.as_ref().map(ToString::to_string);
        line.print(started);
        answer::response(status, &answer::body(outcome, malformed.as_ref()))
    }

    /// Routes, authenticates, reads and records one request, and waits for its
    /// delivery where the answer has to.
    async fn process(
        &self,
        request: &Request,
        line: &mut RequestLog,
    ) -> Result<(StatusCode, Outcome), Rejection> {
        let now = Timestamp::now();
        let entry = Entry::read(self.providers, request, line)?;
        if entry.is_ping() {
            return Ok((StatusCode::OK, Outcome::Ping));
        }
        let (route, incoming) = (&entry.route, entry.incoming());
        let secrets = self.secrets.get().await.map_err(|_| Outcome::Unavailable)?;
        let newer;
        let mut authenticated = self.authenticate(route, &incoming, &secrets, now);
        if matches!(authenticated, Err(Refusal::Unauthorized(_) | Refusal::NotConfigured)) {
            // The secret may have been filled or rotated a moment ago.
            newer = self.secrets.newer_than(&secrets, REFRESH_PAUSE).await;
            if let Some(newer) = &newer {
                authenticated = self.authenticate(route, &incoming, newer, now);
            }
        }
        if authenticated.as_ref().is_err_and(|refusal| *refusal == Refusal::NotConfigured) {
            line.has_form = has_form(route.definition, &incoming);
        }
        let authenticated = authenticated?;
        let arrived = Instant::now();
        let kept = Kept::new(self.providers, &incoming, authenticated.bytes(), now);
        let reading = read::read(self.providers, route, &authenticated, &kept)?;
        let (event, body, secret) = match reading {
            Reading::Event { event, body, secret } => (event, body, secret),
            Reading::Malformed { malformed, body } => {
                let secret = authenticated.names();
                line.secret = Some(secret.clone());
                let stored = kept.malformed(body.as_ref(), &secret).ok_or(Outcome::TooLarge)?;
                self.quarantine(route, &malformed, &stored).await?;
                return Err(Rejection::quarantined(malformed));
            }
        };
        line.describe(self.providers, &event, route, &secret);
        let kept = kept.event(&event, &body, &secret, self.settings.event_retention_days);
        let (outcome, promise) = self.commit(&event, &kept, line).await?;
        let promise = match promise {
            Some(promise) => Some(self.await_delivery(route, &event, promise, arrived).await?),
            None => None,
        };
        line.note_promise(promise.as_ref());
        Ok((answer::accepted(self.providers, route, &event, promise.as_ref()), outcome))
    }

    fn authenticate<'r>(
        &self,
        route: &Route,
        incoming: &Incoming<'r>,
        secrets: &'r WebhookSecrets,
        now: Timestamp,
    ) -> Result<Authenticated<'r>, Refusal> {
        let provider = route.definition.provider;
        let tolerance = self.settings.past_tolerance_seconds(provider);
        verify(route.definition, secrets.of(provider), incoming, tolerance, now)
    }
}

fn recorded(event: &Event) -> Outcome {
    use crate::ledger::Content;
    match event.content {
        Content::Change(_) => Outcome::Recorded,
        Content::Unknown => Outcome::Archived,
        Content::Test => Outcome::Test,
    }
}

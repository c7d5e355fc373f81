//! The webhook secrets as Secrets Manager holds them, cached.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use tokio::sync::Mutex;

use crate::secrets::WebhookSecrets;

/// A failed verification asks for newer secrets at most this often, so that
/// forged requests cannot turn into calls of Secrets Manager.
const REFRESH_PAUSE: Duration = Duration::from_secs(60);

/// The secrets cannot be had: never fetched, and the service does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the webhook secrets cannot be fetched")]
pub struct SecretsUnavailable;

/// The webhook secrets, fetched when first needed and again after their time.
pub struct SecretsCache {
    client: Client,
    id: String,
    ttl: Duration,
    cached: Mutex<Cached>,
}

#[derive(Default)]
struct Cached {
    secrets: Option<Arc<WebhookSecrets>>,
    /// When the service was last asked, whatever it answered.
    asked: Option<Instant>,
}

impl SecretsCache {
    /// A cache of the secret `id` (name or ARN) that asks again after `ttl`.
    #[must_use]
    pub fn new(client: Client, id: String, ttl: Duration) -> Self {
        Self {
            client,
            id,
            ttl,
            cached: Mutex::default(),
        }
    }

    /// The secrets, at most their time old. The last known ones serve while
    /// the service is down.
    ///
    /// # Errors
    /// [`SecretsUnavailable`] when there are no last known ones either.
    pub async fn get(&self) -> Result<Arc<WebhookSecrets>, SecretsUnavailable> {
        let mut cached = self.cached.lock().await;
        if let Some(secrets) = &cached.secrets
            && cached.asked.is_some_and(|asked| asked.elapsed() < self.ttl)
        {
            return Ok(secrets.clone());
        }
        self.refresh(&mut cached).await;
        cached.secrets.clone().ok_or(SecretsUnavailable)
    }

    /// The secrets anew, because `used` did not verify a request; `None` when
    /// they were asked for within the last minute or have not changed.
    pub async fn newer_than(&self, used: &Arc<WebhookSecrets>) -> Option<Arc<WebhookSecrets>> {
        let mut cached = self.cached.lock().await;
        if cached
            .asked
            .is_none_or(|asked| asked.elapsed() >= REFRESH_PAUSE)
        {
            self.refresh(&mut cached).await;
        }
        cached.secrets.clone().filter(|secrets| secrets != used)
    }

    async fn refresh(&self, cached: &mut Cached) {
        let asked = cached.asked.replace(Instant::now());
        match self.fetch().await {
            Ok(secrets) => {
                for problem in &secrets.problems {
                    tracing::error!(%problem, "webhook secrets: a provider is closed or a value ignored");
                }
                cached.secrets = Some(Arc::new(secrets));
            }
            Err(problem) => {
                tracing::error!(%problem, "webhook secrets: not fetched");
                if cached.secrets.is_none() {
                    // Nothing to serve meanwhile: ask again at the next request.
                    cached.asked = asked;
                }
            }
        }
    }

    async fn fetch(&self) -> Result<WebhookSecrets, String> {
        match self
            .client
            .get_secret_value()
            .secret_id(&self.id)
            .send()
            .await
        {
            Ok(value) => Ok(WebhookSecrets::parse(
                value.secret_string().unwrap_or_default(),
            )),
            Err(error) => match error.as_service_error() {
                // Created without a value, and not filled yet.
                Some(e) if e.is_resource_not_found_exception() => Ok(WebhookSecrets::default()),
                Some(e) => Err(e.meta().code().unwrap_or("service error").to_owned()),
                None => Err(DisplayErrorContext(&error).to_string()),
            },
        }
    }
}

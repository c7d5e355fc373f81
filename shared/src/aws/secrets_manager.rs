//! Secrets as Secrets Manager holds them, cached.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use tokio::sync::Mutex;

use crate::wire::secret::SecretDocument;

/// The secrets cannot be had: never fetched, and the service does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secrets cannot be fetched")]
pub struct SecretsUnavailable;

/// One secret, fetched when first needed and again after its time.
pub struct SecretsCache<T> {
    client: Client,
    id: String,
    ttl: Duration,
    read: Box<dyn Fn(&str) -> T + Send + Sync>,
    cached: Mutex<Cached<T>>,
}

struct Cached<T> {
    secrets: Option<Arc<T>>,
    /// When the service was last asked, whatever it answered.
    asked: Option<Instant>,
}

impl<T: SecretDocument> SecretsCache<T> {
    /// A cache of the secret `id` (name or ARN) that asks again after `ttl`. `read`
    /// reads its text.
    #[must_use]
    pub fn new(
        client: Client,
        id: String,
        ttl: Duration,
        read: impl Fn(&str) -> T + Send + Sync + 'static,
    ) -> Self {
        let cached = Mutex::new(Cached { secrets: None, asked: None });
        Self { client, id, ttl, read: Box::new(read), cached }
    }

    /// The secrets, at most their time old. The last known ones serve while
    /// the service is down.
    ///
    /// # Errors
    /// [`SecretsUnavailable`] when there are no last known ones either.
    pub async fn get(&self) -> Result<Arc<T>, SecretsUnavailable> {
        let mut cached = self.cached.lock().await;
        if let Some(secrets) = &cached.secrets
            && cached.asked.is_some_and(|asked| asked.elapsed() < self.ttl)
        {
            return Ok(secrets.clone());
        }
        self.refresh(&mut cached).await;
        cached.secrets.clone().ok_or(SecretsUnavailable)
    }

    /// The secrets anew, because `used` did not serve; `None` when they have
    /// not changed, or were asked for within `pause`.
    pub async fn newer_than(&self, used: &Arc<T>, pause: Duration) -> Option<Arc<T>> {
        let mut cached = self.cached.lock().await;
        if cached.asked.is_none_or(|asked| asked.elapsed() >= pause) {
            self.refresh(&mut cached).await;
        }
        cached.secrets.clone().filter(|secrets| secrets != used)
    }

    async fn refresh(&self, cached: &mut Cached<T>) {
        let asked = cached.asked.replace(Instant::now());
        match self.fetch().await {
            Ok(secrets) => {
                for problem in secrets.problems() {
                    tracing::error!(%problem, "secrets: a part is not used");
                }
                cached.secrets = Some(Arc::new(secrets));
            }
            Err(problem) => {
                tracing::error!(%problem, "secrets: not fetched");
                if cached.secrets.is_none() {
                    // Nothing to serve meanwhile: ask again at the next request.
                    cached.asked = asked;
                }
            }
        }
    }

    async fn fetch(&self) -> Result<T, String> {
        match self.client.get_secret_value().secret_id(&self.id).send().await {
            Ok(value) => Ok((self.read)(value.secret_string().unwrap_or_default())),
            Err(error) => match error.as_service_error() {
                // Created without a value, and not filled yet.
                Some(e) if e.is_resource_not_found_exception() => Ok(T::default()),
                Some(_) => Err(crate::aws::code(&error)),
                None => Err(cause(&error)),
            },
        }
    }
}

/// Why there was no answer to read. Only a failed connection says more than its kind:
/// the SDK describes an unreadable response by quoting it, and it holds the secret.
fn cause<E: ProvideErrorMetadata + Error + 'static>(error: &SdkError<E>) -> String {
    match error {
        SdkError::DispatchFailure(_) => DisplayErrorContext(error).to_string(),
        _ => crate::aws::code(error),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::config::http::HttpResponse;
    use aws_sdk_secretsmanager::error::BoxError;
    use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;

    use super::*;

    #[test]
    fn an_unreadable_answer_is_not_quoted() {
        let cut_off = r#"{"SecretString": "whsec_0123"#;
        let raw = HttpResponse::new(200.try_into().unwrap(), cut_off.into());
        let error: SdkError<GetSecretValueError> =
            SdkError::response_error(BoxError::from("cut off"), raw);
        assert!(DisplayErrorContext(&error).to_string().contains("whsec_0123"));
        assert_eq!(cause(&error), "unreadable response");
    }
}

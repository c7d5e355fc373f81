//! The AWS clients, lean enough for a cold start.
//!
//! Region and credentials come from the variables that Lambda sets, without
//! the default provider chain. Trusting the five roots that Amazon's services
//! chain to, and no others, spares parsing some 140 system certificates.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use lambda_runtime::Error;

use crate::settings::Env;

/// Amazon Root CA 1 to 4 and Starfield Services G2, as of the Mozilla bundle.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// A call may take this long to connect.
const CONNECT: Duration = Duration::from_secs(1);
/// One attempt of a call.
const ATTEMPT: Duration = Duration::from_secs(2);
/// A call with its retries, well under the functions' time-out.
const CALL: Duration = Duration::from_secs(4);
/// Attempts per call.
const ATTEMPTS: u32 = 3;

/// Everything that the clients have in common.
pub struct Aws<'a> {
    env: Env<'a>,
    http: aws_smithy_runtime_api::client::http::SharedHttpClient,
    credentials: Credentials,
    region: Region,
}

impl<'a> Aws<'a> {
    /// Reads region, credentials and trust from the environment.
    ///
    /// # Errors
    /// Names the variable that is missing or the certificate problem.
    pub fn from_env(env: Env<'a>) -> Result<Self, Error> {
        let required = |name: &str| env(name).ok_or_else(|| format!("{name} is not set"));
        let credentials = Credentials::new(
            required("AWS_ACCESS_KEY_ID")?,
            required("AWS_SECRET_ACCESS_KEY")?,
            env("AWS_SESSION_TOKEN"),
            None,
            "lambda",
        );
        let system = env("TLS_ROOTS").as_deref() == Some("system");
        let trust = if system {
            TrustStore::empty().with_native_roots(true)
        } else {
            TrustStore::empty().with_pem_certificate(AMAZON_ROOTS)
        };
        let tls = TlsContext::builder().with_trust_store(trust).build()?;
        let http = Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(tls)
            .build_https();
        let region = Region::new(required("AWS_REGION")?);
        Ok(Self { env, http, credentials, region })
    }

    /// A DynamoDB client.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(self.region.clone())
            .credentials_provider(self.credentials.clone())
            .http_client(self.http.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts());
        config.set_endpoint_url(self.endpoint("AWS_ENDPOINT_URL_DYNAMODB"));
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// A Secrets Manager client.
    #[must_use]
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        let mut config = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(self.region.clone())
            .credentials_provider(self.credentials.clone())
            .http_client(self.http.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts());
        config.set_endpoint_url(self.endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER"));
        aws_sdk_secretsmanager::Client::from_conf(config.build())
    }

    /// An SQS client.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let mut config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(self.region.clone())
            .credentials_provider(self.credentials.clone())
            .http_client(self.http.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts());
        config.set_endpoint_url(self.endpoint("AWS_ENDPOINT_URL_SQS"));
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    /// The override for local use; without the default chain it is read here.
    fn endpoint(&self, name: &str) -> Option<String> {
        let set = |name: &str| (self.env)(name).filter(|url| !url.is_empty());
        set(name).or_else(|| set("AWS_ENDPOINT_URL"))
    }
}

/// The code of a failed call and nothing of its message, which may quote what
/// was sent.
pub(crate) fn code<E: ProvideErrorMetadata>(error: &SdkError<E>) -> String {
    let kind = match error {
        SdkError::TimeoutError(_) => "time-out",
        SdkError::DispatchFailure(_) => "no connection",
        SdkError::ResponseError(_) => "unreadable response",
        SdkError::ConstructionFailure(_) => "unsendable request",
        _ => "service error",
    };
    error.code().unwrap_or(kind).to_owned()
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(CALL)
        .build()
}

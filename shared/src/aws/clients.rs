//! The AWS clients, lean enough for a cold start.
//!
//! Region and credentials come from the variables that Lambda sets, without
//! the default provider chain. Trusting the five roots that Amazon's services
//! chain to, and no others, spares parsing some 140 system certificates.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_types::SdkConfig;
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

/// The configuration that the clients have in common, and the environment with
/// their endpoints.
pub struct Aws<'a> {
    env: Env<'a>,
    config: SdkConfig,
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
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(CALL)
            .build();
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(required("AWS_REGION")?))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts)
            .build();
        Ok(Self { env, config })
    }

    /// A DynamoDB client.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config_for("AWS_ENDPOINT_URL_DYNAMODB"))
    }

    /// A Secrets Manager client.
    #[must_use]
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.config_for("AWS_ENDPOINT_URL_SECRETS_MANAGER"))
    }

    /// An SQS client.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config_for("AWS_ENDPOINT_URL_SQS"))
    }

    /// The configuration with the endpoint that this variable names, or the general
    /// one, for local use. Without the default chain they are read here.
    fn config_for(&self, variable: &str) -> SdkConfig {
        let set = |name: &str| (self.env)(name).filter(|url| !url.is_empty());
        let mut config = self.config.to_builder();
        config.set_endpoint_url(set(variable).or_else(|| set("AWS_ENDPOINT_URL")));
        config.build()
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

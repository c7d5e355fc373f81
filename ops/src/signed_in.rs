//! Calls to AWS as whoever the operator is signed in as.

use std::error::Error;
use std::time::Duration;

use crate::OpsError;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::imds;
use aws_config::imds::client::error::ImdsError;
use aws_config::imds::region::ImdsRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

/// The longest time for one call, retries included.
const CALL: Duration = Duration::from_secs(30);
/// The longest time for a question to the instance's own service, which answers in
/// milliseconds where there is one.
const INSTANCE: Duration = Duration::from_millis(500);

/// The text of an error and of its causes, each once.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut causes: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if causes.last().is_none_or(|last| !last.contains(&text)) {
            causes.push(text);
        }
        next = error.source();
    }
    causes.join(": ")
}

/// Region and credentials from wherever the AWS CLI has them. The calls use the
/// same TLS as the functions, with the system's certificates: an operator may sit
/// behind a proxy.
///
/// # Errors
/// [`OpsError::Failed`] at once where there are none.
pub(crate) async fn signed_in() -> Result<SdkConfig, OpsError> {
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let providers = ProviderConfig::default().with_http_client(http.clone());
    // On a machine that is no instance nobody answers, and the usual waits add up.
    let instance = imds::Client::builder()
        .configure(&providers)
        .connect_timeout(INSTANCE)
        .read_timeout(INSTANCE)
        .operation_attempt_timeout(INSTANCE)
        .operation_timeout(INSTANCE)
        .max_attempts(1)
        .build();
    let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(ProfileFileRegionProvider::new())
        .or_else(ImdsRegionProvider::builder().imds_client(instance.clone()).build());
    let region = region.region().await.ok_or_else(|| {
        OpsError::Failed(
            "no region: set AWS_REGION, or AWS_PROFILE to a profile that has one".into(),
        )
    })?;
    let credentials = DefaultCredentialsChain::builder()
        .configure(providers)
        .region(region.clone())
        .imds_client(instance)
        .build()
        .await;
    if let Err(error) = credentials.provide_credentials().await {
        return Err(OpsError::Failed(not_signed_in(&error)));
    }
    let config = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http)
        .region(region)
        .credentials_provider(credentials)
        .retry_config(RetryConfig::standard())
        .timeout_config(TimeoutConfig::builder().operation_timeout(CALL).build());
    Ok(config.load().await)
}

fn not_signed_in(error: &CredentialsError) -> String {
    if matches!(error, CredentialsError::CredentialsNotLoaded(_)) || is_of_instance(error) {
        return "no AWS credentials found: set AWS_PROFILE, or sign in with `aws sso login`".into();
    }
    format!("the AWS credentials cannot be used: {}", causes(error))
}

/// True of an error of the instance's own service: it is asked last, when nobody
/// else had credentials.
fn is_of_instance(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(cause) = next {
        if cause.is::<ImdsError>() {
            return true;
        }
        next = cause.source();
    }
    false
}

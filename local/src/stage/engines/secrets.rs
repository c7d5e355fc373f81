//! Secrets Manager: rustack's engine, which keeps nothing, so that every start
//! creates the secrets anew.

use std::sync::Arc;

use rustack_secretsmanager_core::config::SecretsManagerConfig;
use rustack_secretsmanager_core::handler::RustackSecretsManagerHandler;
use rustack_secretsmanager_core::provider::RustackSecretsManager;
use rustack_secretsmanager_http::{SecretsManagerHttpConfig, SecretsManagerHttpService};
use rustack_secretsmanager_model::input::{CreateSecretInput, PutSecretValueInput};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::error::LocalError;
use crate::stage::server::serve;
use crate::stage::template::REGION;

/// The secrets.
#[derive(Clone)]
pub(crate) struct Secrets {
    provider: Arc<RustackSecretsManager>,
}

fn engine(error: impl std::fmt::Display) -> LocalError {
    LocalError::Engine { engine: "Secrets Manager", problem: error.to_string() }
}

impl Secrets {
    pub(crate) fn new() -> Self {
        let config = SecretsManagerConfig {
            default_region: REGION.to_owned(),
            ..SecretsManagerConfig::default()
        };
        Self { provider: Arc::new(RustackSecretsManager::new(config)) }
    }

    /// Creates a secret; without a value it exists and is empty, as
    /// `CloudFormation` leaves it.
    pub(crate) fn create(&self, name: &str, value: Option<String>) -> Result<(), LocalError> {
        let input = CreateSecretInput {
            name: name.to_owned(),
            secret_string: value,
            ..CreateSecretInput::default()
        };
        self.provider.handle_create_secret(input).map(drop).map_err(engine)
    }

    /// Gives a secret a new current value.
    pub(crate) fn put(&self, name: &str, value: String) -> Result<(), LocalError> {
        let input = PutSecretValueInput {
            secret_id: name.to_owned(),
            secret_string: Some(value),
            ..PutSecretValueInput::default()
        };
        self.provider.handle_put_secret_value(input).map(drop).map_err(engine)
    }

    /// Serves Secrets Manager's API until `closed` resolves.
    pub(crate) async fn serve(self, listener: TcpListener, closed: oneshot::Receiver<()>) {
        let config = SecretsManagerHttpConfig {
            region: REGION.to_owned(),
            ..SecretsManagerHttpConfig::default()
        };
        let service = SecretsManagerHttpService::new(
            Arc::new(RustackSecretsManagerHandler::new(self.provider)),
            config,
        );
        serve(listener, service, closed).await;
    }
}

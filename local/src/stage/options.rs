//! The settings of a stack.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::stage::binaries;
use crate::stage::lambda::Logs;
use crate::stage::observer::Observer;

/// The settings of a stack. The default takes free ports, keeps nothing, captures
/// logs, has no secrets and finds template and binaries in the workspace.
#[derive(Debug, Clone)]
pub struct Options {
    /// Port of the HTTP front; 0 takes any free one, as it does for every port.
    pub http_port: u16,
    /// Port of DynamoDB.
    pub dynamodb_port: u16,
    /// Port of SQS.
    pub sqs_port: u16,
    /// Port of Secrets Manager.
    pub secretsmanager_port: u16,
    /// Folder that keeps the table; without one the table is thrown away.
    pub data: Option<PathBuf>,
    /// Values of secrets: an object whose parts are given out by
    /// `parts_of_secrets`.
    pub secrets: Value,
    /// The part of `secrets` that a secret of the template gets, by the secret's
    /// logical id. A secret whose part is absent or null is created without a
    /// value.
    pub parts_of_secrets: BTreeMap<String, String>,
    /// Template parameters by name.
    pub parameters: BTreeMap<String, String>,
    /// Values for template parameters that `parameters` does not give. One that
    /// the template does not declare is left out.
    pub default_parameters: BTreeMap<String, String>,
    /// Environment variables for every function, over the template's.
    pub env: BTreeMap<String, String>,
    /// The time between two invocations by a schedule, instead of the template's.
    pub schedules_every: Option<Duration>,
    /// The most processes per function.
    pub instances: usize,
    /// The place for the functions' output.
    pub logs: Logs,
    /// Somebody who looks on while the front takes requests.
    pub observer: Option<Arc<dyn Observer>>,
    /// The file of the template.
    pub template: PathBuf,
    /// The folder of the function binaries.
    pub bin_dir: PathBuf,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            http_port: 0,
            dynamodb_port: 0,
            sqs_port: 0,
            secretsmanager_port: 0,
            data: None,
            secrets: Value::Null,
            parts_of_secrets: BTreeMap::new(),
            parameters: BTreeMap::new(),
            default_parameters: BTreeMap::new(),
            env: BTreeMap::new(),
            schedules_every: None,
            instances: 10,
            logs: Logs::default(),
            observer: None,
            // Without a workspace the message about the file says where it was sought.
            template: binaries::workspace().unwrap_or_default().join("template.yaml"),
            bin_dir: binaries::own_folder().unwrap_or_default(),
        }
    }
}

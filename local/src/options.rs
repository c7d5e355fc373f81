//! What a stack can be told, and what can go wrong with it.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::binaries;
use crate::lambda::{InvokeError, Logs};
use crate::sign::SignError;
use crate::template::TemplateError;

/// How a stack is run. The default takes free ports, keeps nothing, captures
/// logs and finds template, binaries and development secrets in the workspace.
#[derive(Debug, Clone)]
pub struct Options {
    /// Port of the HTTP front; 0 takes any free one, as with the others.
    pub http_port: u16,
    /// Port of DynamoDB.
    pub dynamodb_port: u16,
    /// Port of SQS.
    pub sqs_port: u16,
    /// Port of Secrets Manager.
    pub secretsmanager_port: u16,
    /// Folder the table is kept in; without one it is thrown away.
    pub data: Option<PathBuf>,
    /// Secrets: an object with `webhooks` and `credentials`. What is absent or
    /// null is created without a value.
    pub secrets: Value,
    /// Template parameters by name. Those the template needs and that are
    /// missing here get a value for development.
    pub parameters: BTreeMap<String, String>,
    /// Environment variables for every function, over the template's.
    pub env: BTreeMap<String, String>,
    /// How often schedules invoke their functions, instead of what the template
    /// says.
    pub schedules_every: Option<Duration>,
    /// Most processes per function.
    pub instances: usize,
    /// What happens to the functions' output.
    pub logs: Logs,
    /// The template.
    pub template: PathBuf,
    /// Where the function binaries are.
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
            secrets: dev_secrets(),
            parameters: BTreeMap::new(),
            env: BTreeMap::new(),
            schedules_every: None,
            instances: 10,
            logs: Logs::default(),
            template: binaries::workspace().join("template.yaml"),
            bin_dir: binaries::own_folder().unwrap_or_default(),
        }
    }
}

/// Parameters for development: what the samples in events/ expect.
pub(crate) const DEV_PARAMETERS: [(&str, &str); 4] = [
    // Everything that is called from here is on this machine.
    ("AllowPlainHttp", "yes"),
    ("FulfilFrom", "2026-01-01T00:00:00Z"),
    ("FulfilmentSourceByCampaign", "7731=v1"),
    ("RewardRecipient", "promoter"),
];

/// The development secrets the samples are signed for.
#[must_use]
pub fn dev_secrets() -> Value {
    // A unit test reads it, so that it cannot be broken.
    serde_json::from_str(include_str!("../dev-secrets.json")).unwrap_or_default()
}

/// Why a stack cannot run.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// A port is taken.
    #[error(
        "port {port} cannot be used ({source}); choose another with {flag}, 0 takes any free one"
    )]
    Port {
        /// The flag that changes it.
        flag: &'static str,
        /// The port.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// The template cannot be used.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A file or folder cannot be used.
    #[error("{what}: {source}")]
    Io {
        /// Which.
        what: String,
        /// What the system says.
        source: io::Error,
    },
    /// The data folder is another process's.
    #[error("data folder {0} is in use by another cargo local")]
    DataInUse(PathBuf),
    /// An engine refused.
    #[error("{engine}: {problem}")]
    Engine {
        /// Which.
        engine: &'static str,
        /// Its words.
        problem: String,
    },
    /// A function has no binary.
    #[error("{function} has no binary at {}; build it with cargo build --workspace --bins", binary.display())]
    NoBinary {
        /// Logical id.
        function: String,
        /// Where it should be.
        binary: PathBuf,
    },
    /// The binaries could not be built.
    #[error("the functions could not be built: {0}")]
    Build(String),
    /// A function could not be invoked.
    #[error(transparent)]
    Invoke(#[from] InvokeError),
    /// A file does not hold what it must.
    #[error("{file}: {problem}")]
    Content {
        /// Which.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// A sample cannot be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// A request got no answer.
    #[error("no answer: {0}")]
    NoAnswer(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_development_secrets_are_json() {
        assert!(dev_secrets()["webhooks"]["uppromote"]["hmac"].is_array());
    }
}

//! Everything that can go wrong here. It stands below both wings, as both give
//! and pass on these errors.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// The reason why a stack cannot run or a command cannot be done.
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
        /// The system's own error.
        source: io::Error,
    },
    /// The template cannot be used.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A file or folder cannot be used.
    #[error("{what}: {source}")]
    Io {
        /// The file or folder, as messages name it.
        what: String,
        /// The system's own error.
        source: io::Error,
    },
    /// The data folder is another process's.
    #[error("data folder {0} is in use by another cargo local")]
    DataInUse(PathBuf),
    /// The folder of a run is another process's.
    #[error("{} is in use by another cargo local; choose another port with --dynamodb-port", .0.display())]
    RunInUse(PathBuf),
    /// More runs than one may be meant; what tells them apart.
    #[error("more than one cargo local runs here: {0}")]
    SeveralRun(String),
    /// A log is another process's.
    #[error("log file {} is in use by another cargo local; choose another with --log", .0.display())]
    LogInUse(PathBuf),
    /// An engine refused.
    #[error("{engine}: {problem}")]
    Engine {
        /// The AWS service that the engine stands for.
        engine: &'static str,
        /// The engine's own message.
        problem: String,
    },
    /// A function has no binary.
    #[error("{function} has no binary at {}; build it with cargo build --workspace --bins", binary.display())]
    NoBinary {
        /// Logical id of the function.
        function: String,
        /// The file that should be there.
        binary: PathBuf,
    },
    /// Neither the folder that it was started in nor one above it is a workspace.
    #[error("{} is not in a clone of this project: no folder above it has a template.yaml beside its Cargo.toml", .0.display())]
    NoWorkspace(PathBuf),
    /// The binaries could not be built.
    #[error("the functions could not be built: {0}")]
    Build(String),
    /// A function could not be invoked.
    #[error(transparent)]
    Invoke(#[from] InvokeError),
    /// A file does not hold what it must.
    #[error("{file}: {problem}")]
    Content {
        /// The file, as messages name it.
        file: String,
        /// The mistake in it.
        problem: String,
    },
    /// A sample cannot be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// A sample cannot be changed in the way that was asked for.
    #[error("{sample}: {problem}")]
    Edit {
        /// Name of the sample.
        sample: String,
        /// The reason.
        problem: String,
    },
    /// An event that is to be sent lacks what a payload 2.0 event has.
    #[error("the event has no {0}")]
    Incomplete(&'static str),
    /// Nobody takes connections there; the address without its path.
    #[error("nobody listens at {0}")]
    NotConnected(String),
    /// A request got no answer.
    #[error("no answer: {0}")]
    NoAnswer(String),
}

/// A template that cannot be used, with the place in it.
#[derive(Debug, thiserror::Error)]
#[error("template: {path} {problem}")]
pub struct TemplateError {
    path: String,
    problem: String,
}

impl TemplateError {
    pub(crate) fn new(path: &str, problem: &str) -> Self {
        Self { path: path.to_owned(), problem: problem.to_owned() }
    }
}

/// The reason why an invocation has no response.
#[derive(Debug, Clone, thiserror::Error)]
pub enum InvokeError {
    /// The template has no such function.
    #[error("there is no function {0}")]
    Unknown(String),
    /// The payload is more than Lambda takes.
    #[error("the payload of {0} bytes is more than Lambda takes")]
    TooLarge(usize),
    /// The process could not be started.
    #[error("could not start {0}")]
    Start(String),
    /// The process ended or reported an error before it was ready.
    #[error("the function did not get ready: {0}")]
    Init(String),
    /// The function reported an error.
    #[error("the function failed: {kind}: {message}")]
    Function {
        /// `errorType`.
        kind: String,
        /// `errorMessage`.
        message: String,
    },
    /// The process ended in the middle.
    #[error("the function's process ended: {0}")]
    Crashed(String),
    /// The time-out of the template was over.
    #[error("the function took more than {0:?}")]
    TimedOut(Duration),
}

/// The reason why a request could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The event lacks what a payload 2.0 event has.
    #[error("the event has no {0}")]
    Incomplete(&'static str),
    /// The path is none of a provider's.
    #[error("{0} is not the path of a provider's webhook")]
    UnknownPath(String),
    /// The secrets have none for this request; the provider, as they name it.
    #[error("the secrets have none of {0} that signs this")]
    NoSecret(String),
    /// A path token makes another path than one with a token in it. The text is
    /// what a token may hold beside letters and digits.
    #[error(
        "a path_token is one segment of a path: letters, digits and any of {0} are all it may hold"
    )]
    NoSegment(&'static str),
}

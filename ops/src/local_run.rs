//! What a running `cargo local` says of itself: its address, its settings, its log, and
//! the place of its secrets.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File, TryLockError};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::OpsError;

/// The folder in the workspace for what runs leave. The usual one, whose DynamoDB has port
/// 8000, has its files there, each other in a folder within.
const FOLDER: &str = ".local";
/// The file in which a run says how it is wired.
const FILE: &str = "wiring.json";
/// The file that a run holds locked for as long as it lives.
const LOCK: &str = "run.lock";
/// The file that is locked, among the folders of a workspace, by whoever looks at their locks.
const LOOKING: &str = "looking.lock";

/// A running `cargo local`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct LocalRun {
    /// The address that takes webhooks.
    pub(crate) http: String,
    /// The endpoint of its DynamoDB.
    dynamodb: String,
    /// The file of what its functions print.
    pub(crate) log: PathBuf,
    /// The file of secrets that it was given; none for the development ones.
    #[serde(default)]
    pub(crate) secrets: Option<PathBuf>,
    /// The parameters of the template, with their values.
    pub(crate) parameters: BTreeMap<String, String>,
}

/// The folders in which a workspace may be: the one that this was started in, the one whose
/// package cargo runs, and those that they are in.
fn folders() -> Vec<PathBuf> {
    let cargos = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let starts = env::current_dir().ok().into_iter().chain(cargos);
    starts.flat_map(|start| start.ancestors().map(Path::to_path_buf).collect::<Vec<_>>()).collect()
}

impl LocalRun {
    /// The one of this workspace that has its DynamoDB at that endpoint.
    ///
    /// # Errors
    /// [`OpsError::Failed`] when there is none, in words.
    pub(crate) fn at(dynamodb: &str) -> Result<Self, OpsError> {
        let found = folders().into_iter().find_map(|folder| Self::within(&folder, dynamodb));
        found.ok_or_else(|| {
            OpsError::Failed(format!(
                "no cargo local that has its DynamoDB at {dynamodb} runs in this folder or above \
                 it: start this where it runs"
            ))
        })
    }

    /// The one in a folder that may be a workspace.
    fn within(workspace: &Path, dynamodb: &str) -> Option<Self> {
        let root = workspace.join(FOLDER);
        let looking = File::open(root.join(LOOKING)).ok()?;
        // While a run takes its folder, it is not to find it held by who only looks.
        looking.lock_shared().ok()?;
        let within = fs::read_dir(&root).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
        let mut runs = within.chain([root]).filter(|folder| is_held(folder));
        runs.find_map(|folder| {
            Self::read(&fs::read(folder.join(FILE)).ok()?).filter(|run| run.is_at(dynamodb))
        })
    }

    /// True when its DynamoDB is at an endpoint, however that is written.
    fn is_at(&self, dynamodb: &str) -> bool {
        let own = place(&self.dynamodb);
        own.is_some() && own == place(dynamodb)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// True while a run holds the lock of a folder. One that was killed does not.
fn is_held(folder: &Path) -> bool {
    let tried = File::open(folder.join(LOCK)).map(|lock| lock.try_lock_shared());
    matches!(tried, Ok(Err(TryLockError::WouldBlock)))
}

/// The host and the port of an endpoint; all names of this machine are one.
fn place(endpoint: &str) -> Option<(String, u16)> {
    let (scheme, rest) = endpoint.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let usual = if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, usual),
    };
    let host = host.to_ascii_lowercase();
    let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let is_here = host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback());
    Some((if is_here { "localhost".to_owned() } else { host }, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_such_file_is_none() {
        let text =
            br#"{"http":"http://a","dynamodb":"http://b","log":"/l","parameters":{"A":"b"}}"#;
        let run = LocalRun::read(text).unwrap();
        assert_eq!((run.http.as_str(), run.parameters["A"].as_str()), ("http://a", "b"));
        assert_eq!(run.secrets, None);
        assert_eq!(LocalRun::read(b"{}"), None);
        assert_eq!(LocalRun::read(b"\xff"), None);
    }

    #[test]
    fn an_endpoint_is_the_same_however_it_is_written() {
        let run = LocalRun {
            http: String::new(),
            dynamodb: "http://127.0.0.1:8200".into(),
            log: PathBuf::new(),
            secrets: None,
            parameters: BTreeMap::new(),
        };
        for (endpoint, is) in [
            ("http://127.0.0.1:8200", true),
            ("http://localhost:8200/", true),
            ("HTTP://LocalHost:8200", true),
            ("http://[::1]:8200", true),
            ("http://127.0.0.1:8201", false),
            ("http://127.0.0.1", false),
            ("http://dynamodb.example:8200", false),
            ("127.0.0.1:8200", false),
            ("", false),
        ] {
            assert_eq!(run.is_at(endpoint), is, "{endpoint}");
        }
        assert_eq!(place("http://[::1]"), Some(("localhost".to_owned(), 80)));
        assert_eq!(place("https://a.example/x"), Some(("a.example".to_owned(), 443)));
    }
}

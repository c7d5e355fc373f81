//! What a running `cargo local` says of itself: its address, its settings, its log.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The file, within the workspace.
const FILE: &str = ".local/wiring.json";

/// A running `cargo local`.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct LocalRun {
    /// The address that takes webhooks.
    pub(crate) http: String,
    /// The endpoint of its DynamoDB.
    dynamodb: String,
    /// The file of what its functions print.
    pub(crate) log: PathBuf,
    /// The parameters of the template, with their values.
    pub(crate) parameters: BTreeMap<String, String>,
}

/// The folders in which a workspace may be: the one that this was started in, the one whose
/// package cargo runs, and those that they are in.
pub(crate) fn folders() -> Vec<PathBuf> {
    let cargos = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let starts = env::current_dir().ok().into_iter().chain(cargos);
    starts.flat_map(|start| start.ancestors().map(Path::to_path_buf).collect::<Vec<_>>()).collect()
}

impl LocalRun {
    /// The one of this workspace, if it has its DynamoDB at that endpoint.
    pub(crate) fn at(dynamodb: &str) -> Option<Self> {
        let read = |folder: PathBuf| Self::read(&fs::read(folder.join(FILE)).ok()?);
        folders().into_iter().filter_map(read).find(|run| run.dynamodb == dynamodb)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
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
        assert_eq!(LocalRun::read(b"{}"), None);
        assert_eq!(LocalRun::read(b"\xff"), None);
    }
}

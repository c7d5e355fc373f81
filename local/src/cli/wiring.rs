//! What `cargo local` leaves for whoever looks at it from outside: its addresses, its
//! settings, and where its functions' log and its secrets are.

use std::fs;
use std::path::Path;

use regex_lite::Regex;
use serde_json::{Map, Value, json};

use super::run_folder::{NOTE, RunFolder};
use crate::error::LocalError;
use crate::stage::Stack;

/// An address, with who may call it and where it leads: both may hold a token.
const URL: &str = r"(https?://)(?:[^/@\s,]*@)?([^/?#\s,]+)[^\s,]*";

/// Writes the file into the folder of a run. `endpoint` is the reward endpoint of one's own;
/// `secrets` is the file of them that the run was given, of which only the place is told.
///
/// # Errors
/// [`LocalError::Io`] when it cannot be written.
pub fn note(
    folder: &RunFolder,
    stack: &Stack,
    log: &Path,
    endpoint: Option<&str>,
    secrets: Option<&Path>,
) -> Result<(), LocalError> {
    let file = folder.path().join(NOTE);
    let io = |source| LocalError::Io { what: file.display().to_string(), source };
    let log = std::path::absolute(log).map_err(io)?;
    let secrets = secrets.map(std::path::absolute).transpose().map_err(io)?;
    let text = format!("{:#}\n", content(stack, &log, endpoint, secrets.as_deref()));
    fs::write(&file, text).map_err(io)
}

fn content(stack: &Stack, log: &Path, endpoint: Option<&str>, secrets: Option<&Path>) -> Value {
    let mut parameters: Map<String, Value> =
        stack.parameters.iter().map(|(name, value)| (name.clone(), hosts(value).into())).collect();
    // The functions call it through a relay.
    if let Some(own) = endpoint {
        parameters.insert("RewardEndpointUrl".to_owned(), hosts(own).into());
    }
    json!({
        "http": stack.http,
        "dynamodb": stack.dynamodb,
        "log": log,
        "secrets": secrets,
        "parameters": parameters,
    })
}

/// A value with every address in it cut down to its host.
fn hosts(value: &str) -> String {
    // The pattern is one that is read; without it nothing is told.
    Regex::new(URL)
        .map_or_else(|_| String::new(), |url| url.replace_all(value, "$1$2").into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_only_the_host_is_left() {
        for (value, left) in [
            ("", ""),
            ("v2", "v2"),
            ("points=10,*=5", "points=10,*=5"),
            ("https://user:pass@a.example:8443/hook/t0ken?k=v#x", "https://a.example:8443"),
            (
                "points=https://a.example/t0ken,credits=http://127.0.0.1:1?t0ken",
                "points=https://a.example,credits=http://127.0.0.1:1",
            ),
        ] {
            assert_eq!(hosts(value), left);
        }
    }
}

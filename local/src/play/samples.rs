//! The samples in events/, which are read and signed anew.

use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::Value;

use crate::error::LocalError;
use crate::play::sign::{body, sign};
use crate::stage::binaries::workspace;

/// The samples and the answers that are expected.
#[derive(Debug)]
pub(crate) struct Samples {
    folder: PathBuf,
    expected: Vec<Expected>,
}

/// One line of answers.json.
#[derive(Debug, Deserialize)]
pub(crate) struct Expected {
    pub(crate) sample: String,
    pub(crate) answer: u16,
    /// A state to wait for before the sample is sent.
    #[serde(default)]
    pub(crate) after: Option<After>,
}

/// A state that a sample waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum After {
    /// Every promise is settled or parked.
    Settled,
}

/// The answer to a sample that is to be refused.
const UNAUTHORIZED: u16 = 401;

impl Samples {
    /// The samples in events/ of the workspace.
    pub(crate) fn of_workspace() -> Result<Self, LocalError> {
        Self::load(workspace()?.join("events"))
    }

    /// Reads `answers.json` of `folder`.
    pub(crate) fn load(folder: PathBuf) -> Result<Self, LocalError> {
        let file = folder.join("answers.json");
        let expected =
            serde_json::from_str(&read(&file)?).map_err(|error| content(&file, &error))?;
        Ok(Self { folder, expected })
    }

    /// The names of all samples, each once, in playing order.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for Expected { sample, .. } in &self.expected {
            if !names.contains(&sample.as_str()) {
                names.push(sample);
            }
        }
        names
    }

    /// The lines of answers.json, in playing order.
    pub(crate) fn expected(&self) -> &[Expected] {
        &self.expected
    }

    /// The bodies that are JSON and meant to be taken, in playing order.
    pub(crate) fn bodies(&self) -> Result<Vec<Value>, LocalError> {
        let taken = self.expected.iter().filter(|sample| sample.answer < 300);
        let mut bodies = Vec::new();
        for Expected { sample, .. } in taken {
            let file = self.file(sample);
            let event: Value =
                serde_json::from_str(&read(&file)?).map_err(|error| content(&file, &error))?;
            bodies.extend(serde_json::from_slice::<Value>(&body(&event)?));
        }
        Ok(bodies)
    }

    /// A sample as a request, signed now.
    pub(crate) fn request(&self, name: &str, secrets: &Value) -> Result<Value, LocalError> {
        let (_, mut before, event) = self.event(name, secrets)?;
        // Without a secret the function answers "unavailable" to every request of a
        // provider, so a sample that is to be refused is skipped as well.
        sign(&mut before, secrets, 0)?;
        Ok(event)
    }

    /// A sample as it is, to be changed and signed.
    pub(crate) fn unsigned(&self, name: &str) -> Result<Value, LocalError> {
        let file = self.file(name);
        serde_json::from_str(&read(&file)?).map_err(|error| content(&file, &error))
    }

    /// True if a sample is there to be refused, and so keeps its signature.
    pub(crate) fn is_refused(&self, name: &str) -> bool {
        let refused = |one: &Expected| one.sample == name && one.answer == UNAUTHORIZED;
        self.expected.iter().any(refused)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }

    /// The text of a sample, the sample, and the sample signed now. One that is to
    /// be refused stays as it is.
    fn event(&self, name: &str, secrets: &Value) -> Result<(String, Value, Value), LocalError> {
        let file = self.file(name);
        let text = read(&file)?;
        let before: Value = serde_json::from_str(&text).map_err(|error| content(&file, &error))?;
        let mut event = before.clone();
        if !self.is_refused(name) {
            sign(&mut event, secrets, now())?;
        }
        Ok((text, before, event))
    }

    /// The text of a sample, signed now: only what the signature changes differs.
    pub(crate) fn freshly_signed(&self, name: &str, secrets: &Value) -> Result<String, LocalError> {
        let (mut text, before, event) = self.event(name, secrets)?;
        let mut changes = Vec::new();
        if !changed_texts(&before, &event, &mut changes) {
            // The signature added a header, so the layout of the file cannot be kept.
            return serde_json::to_string_pretty(&event)
                .map_err(|error| content(&self.file(name), &error));
        }
        for (old, new) in changes {
            text = text.replace(&Value::from(old).to_string(), &Value::from(new).to_string());
        }
        Ok(text)
    }
}

/// Unix seconds.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn read(file: &PathBuf) -> Result<String, LocalError> {
    fs::read_to_string(file)
        .map_err(|source| LocalError::Io { what: file.display().to_string(), source })
}

fn content(file: &std::path::Path, problem: &dyn std::fmt::Display) -> LocalError {
    LocalError::Content { file: file.display().to_string(), problem: problem.to_string() }
}

/// Collects the texts that differ; `false` when anything else differs, too.
fn changed_texts(before: &Value, after: &Value, changes: &mut Vec<(String, String)>) -> bool {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            old.len() == new.len()
                && old.iter().all(|(key, old)| {
                    new.get(key).is_some_and(|new| changed_texts(old, new, changes))
                })
        }
        (Value::String(old), Value::String(new)) => {
            if old != new {
                changes.push((old.clone(), new.clone()));
            }
            true
        }
        (old, new) => old == new,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_changed_texts_are_listed() {
        let mut changes = Vec::new();
        assert!(changed_texts(
            &json!({ "a": "1", "b": [2] }),
            &json!({ "a": "3", "b": [2] }),
            &mut changes
        ));
        assert_eq!(changes, [("1".to_owned(), "3".to_owned())]);
        assert!(!changed_texts(&json!({}), &json!({ "a": "3" }), &mut changes));
    }
}

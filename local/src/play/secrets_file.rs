//! The secrets that the functions get and the samples are signed with: the
//! development ones, or those of a file.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::error::LocalError;
use crate::play::development::dev_secrets;
use crate::play::sign::check_tokens;

/// Secrets, with the name of their file.
#[derive(Debug)]
pub(crate) struct SecretsFile {
    /// The file, as messages name it.
    pub(crate) name: String,
    /// An object with `webhooks` and `credentials`.
    pub(crate) content: Value,
}

impl SecretsFile {
    /// Reads `file`; the development secrets without one.
    pub(crate) fn read(file: Option<&Path>) -> Result<Self, LocalError> {
        let Some(file) = file else {
            return Ok(Self { name: "local/dev-secrets.json".to_owned(), content: dev_secrets() });
        };
        let name = file.display().to_string();
        let text = fs::read_to_string(file)
            .map_err(|source| LocalError::Io { what: format!("secrets file {name}"), source })?;
        Self::parse(&name, &text).map_err(|problem| LocalError::Content {
            file: format!("secrets file {name}"),
            problem,
        })
    }

    fn parse(name: &str, text: &str) -> Result<Self, String> {
        let mut content: Value =
            serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
        let webhooks = content.get("webhooks").filter(|part| part.is_object());
        let webhooks = webhooks.ok_or("needs an object `webhooks`, and may have `credentials`")?;
        check_tokens(webhooks).map_err(|error| error.to_string())?;
        // Credentials only serve to call the fakes: a person who tries webhook
        // secrets of their own need not invent any.
        if let Some(parts) = content.as_object_mut() {
            let ours = || dev_secrets().get("credentials").cloned().unwrap_or_default();
            parts.entry("credentials").or_insert_with(ours);
        }
        Ok(Self { name: name.to_owned(), content })
    }

    /// The secrets that sign webhooks.
    pub(crate) fn webhooks(&self) -> &Value {
        self.part("webhooks")
    }

    /// The keys that open the external systems.
    pub(crate) fn credentials(&self) -> &Value {
        self.part("credentials")
    }

    fn part(&self, name: &str) -> &Value {
        self.content.get(name).unwrap_or(&Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_must_hold_is_said() {
        for (text, expected) in [
            ("{", "is not JSON"),
            ("{}", "needs an object `webhooks`"),
            (r#"{"webhooks": []}"#, "needs an object `webhooks`"),
            (
                r#"{"webhooks": {"firstpromoter_v1": {"path_token": ["ab", {"key": "a/b"}]}}}"#,
                "one segment of a path",
            ),
        ] {
            let problem = SecretsFile::parse("f", text).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        }
    }

    #[test]
    fn credentials_are_the_development_ones_only_when_there_are_none() {
        let credentials = |text: &str| SecretsFile::parse("f", text).unwrap().credentials().clone();
        let without = credentials(r#"{"webhooks": {}}"#);
        assert_eq!(without, dev_secrets()["credentials"]);
        let empty = credentials(r#"{"webhooks": {}, "credentials": {}}"#);
        assert_eq!(empty, serde_json::json!({}));
    }
}

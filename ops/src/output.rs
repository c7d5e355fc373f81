//! The forms in which a command answers.

use serde::Serialize;

use crate::OpsError;

/// One JSON document, or the text.
///
/// # Errors
/// [`OpsError::Failed`] when the value cannot be written as JSON.
pub(crate) fn shown(
    json: bool,
    value: &impl Serialize,
    text: impl Fn() -> String,
) -> Result<String, OpsError> {
    if json {
        serde_json::to_string(value).map_err(|error| OpsError::Failed(error.to_string()))
    } else {
        Ok(text())
    }
}

/// A no: with JSON the document that says so, otherwise the reason.
pub(crate) fn refused(json: bool, value: &impl Serialize, text: impl Fn() -> String) -> OpsError {
    match shown(json, value, text) {
        Ok(document) if json => OpsError::Found(document),
        Ok(text) => OpsError::No(text),
        Err(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_no_is_a_document_too_where_json_is_asked_for() {
        let no = |json| refused(json, &["a"], || "not that".into());
        assert_eq!(no(true), OpsError::Found("[\"a\"]".into()));
        assert_eq!(no(false), OpsError::No("not that".into()));
    }
}

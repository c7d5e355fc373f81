//! Partial batch responses.

use serde_json::Value;

/// The result of a batch, as the function reports it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Every record is done.
    Done,
    /// These records are not done: message ids or sequence numbers, at least one.
    Failed(Vec<String>),
    /// No record is done.
    AllFailed,
}

/// Reads the response of a function that reports failures. As AWS: an empty or
/// `null` list, or no response, is success; a broken one is complete failure.
pub(super) fn read(payload: &[u8], identifiers: &[&str]) -> Verdict {
    let Ok(value) = serde_json::from_slice::<Value>(payload) else {
        return Verdict::AllFailed;
    };
    let failures = match value.get("batchItemFailures") {
        None | Some(Value::Null) => return Verdict::Done,
        Some(Value::Array(failures)) => failures,
        Some(_) => return Verdict::AllFailed,
    };
    let mut failed = Vec::new();
    for failure in failures {
        match failure.get("itemIdentifier").and_then(Value::as_str) {
            Some(id) if identifiers.contains(&id) => failed.push(id.to_owned()),
            _ => return Verdict::AllFailed,
        }
    }
    if failed.is_empty() { Verdict::Done } else { Verdict::Failed(failed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_are_read_as_aws_reads_them() {
        for (payload, expected) in [
            (r#"{"batchItemFailures":[]}"#, Verdict::Done),
            (r#"{"batchItemFailures":null}"#, Verdict::Done),
            ("{}", Verdict::Done),
            ("null", Verdict::Done),
            (
                r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#,
                Verdict::Failed(vec!["b".to_owned()]),
            ),
            (r#"{"batchItemFailures":[{"itemIdentifier":"z"}]}"#, Verdict::AllFailed),
            (r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#, Verdict::AllFailed),
            (r#"{"batchItemFailures":[{}]}"#, Verdict::AllFailed),
            (r#"{"batchItemFailures":"b"}"#, Verdict::AllFailed),
            ("", Verdict::AllFailed),
        ] {
            assert_eq!(read(payload.as_bytes(), &["a", "b"]), expected, "{payload}");
        }
    }
}

//! The answer to a webhook.

use std::fmt;

use local::Answer;
use serde_json::{Value, json};

/// An answer, with the request that it answers for the words of a failure.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The body; null where that is no JSON.
    pub body: Value,
    request: String,
}

#[expect(clippy::must_use_candidate, reason = "to assert is enough")]
impl Response {
    /// The answer to a payload 2.0 event.
    pub fn new(event: &Value, answer: &Answer) -> Self {
        let [method, path] =
            [&event["requestContext"]["http"]["method"], &event["rawPath"]].map(Value::as_str);
        Self {
            status: answer.status,
            body: serde_json::from_slice(&answer.body).unwrap_or_default(),
            request: format!("{} {}", method.unwrap_or_default(), path.unwrap_or_default()),
        }
    }

    /// Asserts the status code.
    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// Asserts that the body names this outcome and nothing else.
    #[track_caller]
    pub fn outcome(&self, outcome: &str) -> &Self {
        assert_eq!(self.body, json!({ "result": outcome }), "{self}");
        self
    }

    /// Asserts that the body names this error and nothing else.
    #[track_caller]
    pub fn error(&self, error: &str) -> &Self {
        assert_eq!(self.body, json!({ "error": error }), "{self}");
        self
    }
}

impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is answered {} {}", self.request, self.status, self.body)
    }
}

//! A client that sends a payload 2.0 event as the HTTP request it stands for.

use axum::body::{Body, Bytes, to_bytes};
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::error::LocalError;

/// Headers that the front or the connection sets.
const NOT_SENT: [&str; 3] = ["content-length", "host", "x-amzn-trace-id"];
/// The largest answer that is read, more than any function gives.
const MAX_ANSWER: usize = 16 * 1_024 * 1_024;

/// The answer to an HTTP request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Bytes,
}

/// An HTTP client for one front.
#[derive(Debug, Clone)]
pub struct Sender {
    client: Client<HttpConnector, Body>,
    base: String,
    host: Option<String>,
}

impl Sender {
    /// A client for the front at a base URL without a slash at its end.
    #[must_use]
    pub fn new(base: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { client, base: base.to_owned(), host: None }
    }

    /// The same, for a front that goes by another name than its address.
    #[must_use]
    pub fn with_host(self, host: &str) -> Self {
        Self { host: Some(host.to_owned()), ..self }
    }

    /// Sends a payload 2.0 event as the HTTP request it stands for, and waits for
    /// the answer.
    ///
    /// # Errors
    /// [`LocalError::NoAnswer`] when there is none; [`LocalError::Incomplete`] when
    /// the event is no request.
    pub async fn send(&self, event: &Value) -> Result<Answer, LocalError> {
        let no_answer = |problem: &dyn std::fmt::Display| LocalError::NoAnswer(problem.to_string());
        let text =
            |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let query = match text("/rawQueryString") {
            "" => String::new(),
            query => format!("?{query}"),
        };
        let mut request = Request::builder()
            .method(text("/requestContext/http/method"))
            .uri(format!("{}{}{query}", self.base, text("/rawPath")));
        if let Some(host) = &self.host {
            request = request.header("host", host);
        }
        for (name, value) in event.get("headers").and_then(Value::as_object).into_iter().flatten() {
            if !NOT_SENT.contains(&name.as_str()) && !name.starts_with("x-forwarded-") {
                request = request.header(name, value.as_str().unwrap_or_default());
            }
        }
        let body = body(event).ok_or(LocalError::Incomplete("base64 in its body"))?;
        let request = request.body(Body::from(body)).map_err(|error| no_answer(&error))?;
        let response = self.client.request(request).await.map_err(|error| no_answer(&error))?;
        let (parts, incoming) = response.into_parts();
        let headers = parts.headers.iter().map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: headers.collect(),
            body: to_bytes(Body::new(incoming), MAX_ANSWER)
                .await
                .map_err(|error| no_answer(&error))?,
        })
    }
}

/// The body of a payload 2.0 event, decoded; `None` when the event calls it
/// base64 and it is not.
pub(crate) fn body(event: &Value) -> Option<Vec<u8>> {
    let text = event.get("body").and_then(Value::as_str).unwrap_or_default();
    if event.get("isBase64Encoded") == Some(&Value::Bool(true)) {
        return STANDARD.decode(text).ok();
    }
    Some(text.as_bytes().to_vec())
}

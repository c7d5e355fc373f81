//! A client that sends a payload 2.0 event as the HTTP request it stands for.

use std::io;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
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
pub struct Sender<C = HttpConnector> {
    client: Client<C, Body>,
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
}

/// An HTTP client that also speaks TLS, for what may be anywhere.
pub(crate) type Anywhere = Sender<HttpsConnector<HttpConnector>>;

impl Anywhere {
    /// A client for the front at `base`, which trusts the system's roots. Each of its
    /// calls has a connection of its own.
    pub(crate) fn anywhere(base: &str) -> io::Result<Self> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let tls = HttpsConnectorBuilder::new().with_native_roots()?;
        let tls = tls.https_or_http().enable_http1().wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(tls);
        Ok(Self { client, base: base.to_owned(), host: None })
    }
}

impl<C: Connect + Clone + Send + Sync + 'static> Sender<C> {
    /// Sends a payload 2.0 event as the HTTP request it stands for, and waits for
    /// the answer.
    ///
    /// # Errors
    /// [`LocalError::NotConnected`] and [`LocalError::NoAnswer`] when there is none;
    /// [`LocalError::Incomplete`] when the event is no request.
    pub async fn send(&self, event: &Value) -> Result<Answer, LocalError> {
        let method = text(event, "/requestContext/http/method");
        let body = body(event).ok_or(LocalError::Incomplete("base64 in its body"))?;
        let host = self.host.iter().map(|host| ("host", host.as_str()));
        self.call(method, &url(event, &self.base), headers(event).chain(host), body).await
    }

    /// Sends a request to any URL and waits for the answer.
    pub(crate) async fn call<'h>(
        &self,
        method: &str,
        url: &str,
        headers: impl IntoIterator<Item = (&'h str, &'h str)>,
        body: impl Into<Body>,
    ) -> Result<Answer, LocalError> {
        let no_answer = |problem: &dyn std::fmt::Display| LocalError::NoAnswer(problem.to_string());
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(body.into()).map_err(|error| no_answer(&error))?;
        let response = self.client.request(request).await.map_err(|error| {
            if error.is_connect() {
                return LocalError::NotConnected(origin(url).to_owned());
            }
            no_answer(&error)
        })?;
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

/// A URL without its path, which may hold a secret.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| host + at);
    url.get(..end).unwrap_or_default()
}

fn text<'e>(event: &'e Value, pointer: &str) -> &'e str {
    event.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The URL of a payload 2.0 event at the front at `base`.
pub(crate) fn url(event: &Value, base: &str) -> String {
    let query = match text(event, "/rawQueryString") {
        "" => String::new(),
        query => format!("?{query}"),
    };
    format!("{base}{}{query}", text(event, "/rawPath"))
}

/// The headers of a payload 2.0 event that a client sends.
pub(crate) fn headers(event: &Value) -> impl Iterator<Item = (&str, &str)> {
    let headers = event.get("headers").and_then(Value::as_object).into_iter().flatten();
    headers
        .filter(|(name, _)| !NOT_SENT.contains(&name.as_str()) && !name.starts_with("x-forwarded-"))
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
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

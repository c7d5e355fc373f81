//! The platforms' own APIs, as far as fulfilment calls them.

mod api;
pub mod credentials;
pub mod firstpromoter;
pub mod firstpromoter_v1;
pub mod http;

use std::fmt;
use std::time::{Duration, Instant};

use ::http::Request;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::platform::http::{Http, Reply};
use crate::wire::json;
use crate::wire::json::{Flawed, Json};

pub use api::{ADDRESSES, AT_ONCE, Api, ApiAddress, PlatformSettings, takes_several};

/// Spaces the calls of one worker, so that two workers together stay under
/// FirstPromoter's 400 calls a minute and account.
pub struct Pacer {
    spacing: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pacer {
    /// A pacer of calls at least `spacing` apart.
    #[must_use]
    pub fn new(spacing: Duration) -> Self {
        Self { spacing, next: Mutex::new(None) }
    }

    /// Waits until the next call may begin.
    pub async fn turn(&self) {
        let mut next = self.next.lock().await;
        if let Some(at) = *next {
            tokio::time::sleep(at.saturating_duration_since(Instant::now())).await;
        }
        *next = Some(Instant::now() + self.spacing);
    }
}

/// A connection to a platform's API.
#[derive(Clone, Copy)]
pub struct Connection<'a> {
    /// The HTTP client.
    pub http: &'a Http,
    /// The address of the API, or of a stand-in for it.
    pub base: &'a str,
    /// The pacer of the calls.
    pub pacer: &'a Pacer,
    /// The name of its credentials, for the operator who has to mend them.
    pub credentials: &'static str,
}

impl Connection<'_> {
    /// Calls the API with these headers.
    async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<Reply, NoAnswer> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("accept", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let request = request.body(body);
        let request = request.map_err(|_| {
            NoAnswer::refused(&format!("the {} is no header value", self.credentials))
        })?;
        self.pacer.turn().await;
        Ok(self.http.send(request).await)
    }
}

/// A query or path value, percent-encoded.
fn encode(text: &str) -> impl fmt::Display {
    utf8_percent_encode(text, &UNRESERVED)
}

/// Everything but RFC 3986's unreserved characters.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The reason why the platform did not answer a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoAnswer {
    /// The seconds that the platform asks to be left alone.
    pub retry_after: Option<i64>,
    /// The key is refused or missing: the promise is not at fault, and another try
    /// is of no use until the operator has mended it.
    pub refused: bool,
    /// A short label of what came instead of an answer.
    pub cause: String,
}

impl NoAnswer {
    /// No answer, because the key is refused or missing.
    fn refused(cause: &str) -> Self {
        Self { retry_after: None, refused: true, cause: cause.into() }
    }

    /// No usable answer now; another try may get one.
    fn not_now(cause: &str) -> Self {
        Self { retry_after: None, refused: false, cause: cause.into() }
    }
}

impl From<&Reply> for NoAnswer {
    fn from(reply: &Reply) -> Self {
        Self {
            retry_after: reply.retry_after(),
            refused: matches!(reply, Reply::Answer { status: 401 | 403, .. }),
            cause: reply.label(),
        }
    }
}

/// The list in a reply, bare or under `data`. As with a webhook, a flaw in one
/// place of it costs nothing elsewhere.
fn list(reply: &Reply) -> Result<Vec<Json>, NoAnswer> {
    let Reply::Answer { status: 200, body, .. } = reply else {
        return Err(reply.into());
    };
    let json = json::read(body).map(|Flawed { json, .. }| json);
    let list = match json {
        Ok(Json::Object(members)) => {
            members.into_iter().find_map(|(name, value)| (name == "data").then_some(value))
        }
        other => other.ok(),
    };
    match list {
        Some(Json::Array(items)) => Ok(items),
        _ => Err(NoAnswer::not_now("an answer that is no list")),
    }
}

/// The text of an id, an amount or a name, which may be sent as a number.
fn scalar(json: Option<&Json>) -> Option<&str> {
    match json? {
        Json::Number(text) | Json::Text(text) => Some(text),
        _ => None,
    }
}

/// The result of a change that the platform was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteResult {
    /// All changes were made.
    Done,
    /// The platform works on the changes, in the batch of this id.
    Accepted(String),
    /// Some changes were not made, or the platform refused for a reason that a look
    /// at each reward explains.
    CheckEach,
    /// No change was made; try again.
    NotYet(NoAnswer),
    /// Nobody knows whether the changes were made; with the cause.
    Unknown(String),
}

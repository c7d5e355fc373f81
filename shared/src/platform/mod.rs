//! The platforms' own APIs, as far as fulfilment speaks to them.

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

pub use api::{AT_ONCE, Api, PlatformSettings, takes_several};

/// Spaces the calls of one worker, so that two workers together stay under
/// FirstPromoter's 400 calls a minute and account.
pub struct Pacer {
    spacing: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pacer {
    /// Calls at least `spacing` apart.
    #[must_use]
    pub fn new(spacing: Duration) -> Self {
        Self { spacing, next: Mutex::new(None) }
    }

    /// Waits for its turn.
    pub async fn turn(&self) {
        let mut next = self.next.lock().await;
        if let Some(at) = *next {
            tokio::time::sleep(at.saturating_duration_since(Instant::now())).await;
        }
        *next = Some(Instant::now() + self.spacing);
    }
}

/// A platform's API, as it is reached.
#[derive(Clone, Copy)]
pub struct Connection<'a> {
    /// Speaks HTTP.
    pub http: &'a Http,
    /// The address of the API, or of a stand-in.
    pub base: &'a str,
    /// Keeps the rate.
    pub pacer: &'a Pacer,
}

impl Connection<'_> {
    /// Calls it, with these headers.
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
        let request = request
            .map_err(|_| NoAnswer::refused("a part of the credentials is no header value"))?;
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

/// Why a question was not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoAnswer {
    /// The seconds that the platform wants to be left alone for.
    pub retry_after: Option<i64>,
    /// Whether the key is refused or missing: nothing of it is the promise's
    /// fault, and trying again is of no use until that is mended.
    pub refused: bool,
    /// A short label of what came instead.
    pub cause: String,
}

impl NoAnswer {
    /// The key is refused or missing.
    fn refused(cause: &str) -> Self {
        Self { retry_after: None, refused: true, cause: cause.into() }
    }

    /// What came is of no use; another try may be.
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

/// The list in a reply, which is bare or under `data`. What is wrong in one place
/// of it costs nothing elsewhere, as with a webhook.
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
    /// All of it happened.
    Done,
    /// It is being worked on, under this id.
    Accepted(String),
    /// Some of it did not happen, or it was refused for a reason that a look
    /// at each reward explains.
    CheckEach,
    /// It did not happen; try again.
    NotYet(NoAnswer),
    /// Nobody knows.
    Unknown(String),
}

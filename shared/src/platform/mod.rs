//! The platforms' own APIs, as far as fulfilment speaks to them.

pub mod credentials;
pub mod firstpromoter;
pub mod firstpromoter_v1;
pub mod http;

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::platform::http::Reply;
use crate::wire::json;
use crate::wire::json::{Flawed, Json};

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

/// Why a question was not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoAnswer {
    /// The seconds that the platform wants to be left alone for.
    pub retry_after: Option<i64>,
    /// Whether the key is refused or missing: nothing of it is the promise's
    /// fault, and trying again is of no use until that is mended.
    pub refused: bool,
    /// What came instead.
    pub word: String,
}

impl NoAnswer {
    /// The key is refused or missing.
    fn refused(word: &str) -> Self {
        Self { retry_after: None, refused: true, word: word.into() }
    }

    /// What came is of no use; another try may be.
    fn not_now(word: &str) -> Self {
        Self { retry_after: None, refused: false, word: word.into() }
    }
}

impl From<&Reply> for NoAnswer {
    fn from(reply: &Reply) -> Self {
        Self {
            retry_after: reply.retry_after(),
            refused: matches!(reply, Reply::Answer { status: 401 | 403, .. }),
            word: reply.word(),
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
fn text(json: Option<&Json>) -> Option<&str> {
    match json? {
        Json::Number(text) | Json::Text(text) => Some(text),
        _ => None,
    }
}

/// What a change asked of the platform came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// All of it happened.
    Done,
    /// It is being worked on, under this id.
    Accepted(String),
    /// Some of it did not happen, or it was refused for a reason that a look
    /// at each reward explains.
    LookEach,
    /// It did not happen; try again.
    NotYet(NoAnswer),
    /// Nobody knows.
    Unknown(String),
}

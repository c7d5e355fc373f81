//! The platforms' own APIs, as far as fulfilment speaks to them.

pub mod firstpromoter;
pub mod firstpromoter_v1;

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

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

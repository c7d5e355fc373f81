//! Somebody who looks on while the front takes requests.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde_json::Value;

/// A request that the front answered.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The front's own id of the request, which the answer has as `apigw-requestid`.
    pub id: String,
    /// The time when the request came in.
    pub at: SystemTime,
    /// Method.
    pub method: String,
    /// Path, decoded.
    pub path: String,
    /// The event that the function got; `None` where no route led to one.
    pub event: Option<Value>,
    /// Status code of the answer.
    pub status: u16,
    /// The time from the whole request to its answer.
    pub took: Duration,
    /// The lines that the function wrote on standard output meanwhile.
    pub lines: Vec<String>,
}

/// An observer of the front. Its methods are called between a request and its answer,
/// so they must be quick.
pub trait Observer: fmt::Debug + Send + Sync {
    /// A request came in, of this id and as the event that the function is about to
    /// get. What the function does is yet to come.
    fn arrived(&self, id: &str, event: &Value);

    /// A request is about to be answered.
    fn answered(&self, exchange: Exchange);
}

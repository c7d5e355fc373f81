//! Calls of the external systems, as the console reports them.

use serde_json::Value;
use time::OffsetDateTime;

use super::announced::text;
use crate::play::fakes::{endpoint, firstpromoter};
use crate::play::relay;

/// A call of an external system, as the console reports it.
pub(crate) struct CallLine {
    /// The time of its arrival, in milliseconds since 1970.
    pub(crate) at: i64,
    /// The system, and the request that it got.
    pub(crate) what: String,
    /// The status code, or `none` without a reply.
    pub(crate) answer: String,
    /// The commission, payout or reward of the call, and the fault that struck it.
    pub(crate) detail: String,
}

impl CallLine {
    fn new(
        at: OffsetDateTime,
        what: String,
        status: Option<u16>,
        subject: &str,
        fault: Option<&str>,
    ) -> Self {
        let answer = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
        let fault = fault.map_or_else(String::new, |fault| format!("  fault: {fault}"));
        Self {
            at: i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default(),
            what,
            answer,
            detail: format!("{subject}{fault}"),
        }
    }

    pub(super) fn of_platform(call: &firstpromoter::Call) -> Self {
        let path = call.path.trim_start_matches("/api/v2/company");
        let path = path.trim_start_matches("/api");
        let what = format!("FirstPromoter: {} {path}", call.method);
        let ids: Vec<String> = call.ids.iter().map(ToString::to_string).collect();
        Self::new(call.at, what, call.status, &ids.join(" "), call.fault)
    }

    pub(super) fn of_endpoint(call: &endpoint::Call) -> Self {
        let what = format!("reward endpoint: {}", reward(&call.body));
        let key = call.id.as_deref().unwrap_or_default();
        Self::new(call.at, what, call.status, key, call.fault)
    }

    pub(super) fn of_own_endpoint(call: &relay::Call) -> Self {
        let what = format!("your endpoint: {}", reward(&call.body));
        let detail = match call.problem {
            Some(problem) => format!("{}  {problem}", call.id),
            None => format!("{} · {} ms", call.id, call.took.as_millis()),
        };
        Self::new(call.at, what, call.status, &detail, None)
    }
}

/// The type of a reward's body, with how much of what.
fn reward(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let kind = text(&body, "/type").unwrap_or_else(|| "no reward".to_owned());
    match (text(&body, "/data/amount"), text(&body, "/data/unit")) {
        (Some(amount), Some(unit)) => format!("{kind} {amount} {unit}"),
        _ => kind,
    }
}

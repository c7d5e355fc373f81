//! A call in the API's terms.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::Method;
use serde::Deserialize;
use time::OffsetDateTime;

use crate::play::fakes::server::Received;

pub(super) const V2: &str = "/api/v2/company";
pub(super) const V1: &str = "/api/v1";

/// An operation of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `GET /commissions`
    ListCommissions,
    /// `POST /commissions/approve`
    Approve,
    /// `POST /commissions/deny`
    Deny,
    /// `POST /commissions/mark_fulfilled`
    MarkFulfilled,
    /// `POST /commissions/mark_unfulfilled`
    MarkUnfulfilled,
    /// `GET /batch_processes/{id}`
    BatchProcess,
    /// `GET /payouts/list` of v1
    ListPayouts,
    /// `PUT /payouts/update` of v1
    UpdatePayout,
}

impl Operation {
    fn find(method: &Method, path: &str) -> Option<Self> {
        if let Some(path) = path.strip_prefix(V2) {
            return match (method.as_str(), path) {
                ("GET", "/commissions") => Some(Self::ListCommissions),
                ("POST", "/commissions/approve") => Some(Self::Approve),
                ("POST", "/commissions/deny") => Some(Self::Deny),
                ("POST", "/commissions/mark_fulfilled") => Some(Self::MarkFulfilled),
                ("POST", "/commissions/mark_unfulfilled") => Some(Self::MarkUnfulfilled),
                ("GET", path) if path.starts_with("/batch_processes/") => Some(Self::BatchProcess),
                _ => None,
            };
        }
        match (method.as_str(), path.strip_prefix(V1)?) {
            ("GET", "/payouts/list") => Some(Self::ListPayouts),
            ("PUT", "/payouts/update") => Some(Self::UpdatePayout),
            _ => None,
        }
    }

    /// True for operations of v1.
    #[must_use]
    pub fn is_v1(self) -> bool {
        matches!(self, Self::ListPayouts | Self::UpdatePayout)
    }

    /// True for operations that change several commissions at once.
    #[must_use]
    pub fn is_batch(self) -> bool {
        matches!(self, Self::Approve | Self::Deny | Self::MarkFulfilled | Self::MarkUnfulfilled)
    }
}

/// One call, as it arrived and as it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The time when the call had arrived whole.
    pub at: OffsetDateTime,
    /// The operation; `None` for a path that the API does not have.
    pub operation: Option<Operation>,
    /// Method.
    pub method: String,
    /// Path, without the query.
    pub path: String,
    /// Query as sent.
    pub query: String,
    /// Ids of the commissions or payouts that the call names.
    pub ids: Vec<u64>,
    /// Names of the headers, in lower case.
    pub headers: BTreeSet<String>,
    /// The fault that struck the call.
    pub fault: Option<&'static str>,
    /// The status code of the reply. `None` while there is none, and for good
    /// where the connection was closed, by either side.
    pub status: Option<u16>,
}

impl Call {
    pub(super) fn new(request: &Received, parameters: &Parameters, at: OffsetDateTime) -> Self {
        let operation = Operation::find(&request.method, &request.path);
        Self {
            at,
            operation,
            method: request.method.to_string(),
            path: request.path.clone(),
            query: request.query.clone(),
            ids: if operation.is_some_and(Operation::is_batch) {
                body_ids(&request.body)
            } else {
                parameters.ids()
            },
            headers: request.headers.keys().map(ToString::to_string).collect(),
            fault: None,
            status: None,
        }
    }
}

/// The ids of a body `{"ids": [1, 2]}`; none when the body is anything else.
fn body_ids(body: &Bytes) -> Vec<u64> {
    #[derive(Deserialize)]
    struct Ids {
        ids: Vec<u64>,
    }
    serde_json::from_slice(body).map_or_else(|_| Vec::new(), |Ids { ids }| ids)
}

/// Query and form parameters, decoded, in the order given.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// v1 takes its parameters as a form, too.
    pub(super) fn read(request: &Received) -> Self {
        let form = request
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        let body: &[u8] = if form { &request.body } else { &[] };
        let query = form_urlencoded::parse(request.query.as_bytes()).into_owned();
        let pairs = query.chain(form_urlencoded::parse(body).into_owned());
        Self(pairs.collect())
    }

    /// The value under the first of these names that is there; an empty one
    /// counts as none.
    pub(super) fn get(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.all(name).next()).filter(|value| !value.is_empty())
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.get(&[name])?.parse().ok()
    }

    fn ids(&self) -> Vec<u64> {
        ["ids[]", "id"]
            .iter()
            .flat_map(|name| self.all(name))
            .filter_map(|id| id.parse().ok())
            .collect()
    }

    fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let named = self.0.iter().filter(move |(key, _)| key == name);
        named.map(|(_, value)| value.as_str())
    }
}

/// The most calls in any window of this length; they are in order of time.
pub(super) fn busiest(calls: &[Call], window: Duration) -> usize {
    let mut most = 0;
    for (first, call) in calls.iter().enumerate() {
        let rest = calls.iter().skip(first);
        let within = rest.take_while(|later| later.at - call.at < window).count();
        most = most.max(within);
        // Later windows can only hold fewer.
        if first + within == calls.len() {
            break;
        }
    }
    most
}

//! The record of a call that reached the endpoint.

use axum::body::Bytes;
use time::OffsetDateTime;

use super::Unverified;
use super::signature::ID;
use crate::play::fakes::server::Received;

/// One call, as it arrived and as it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The time when the call had arrived whole.
    pub at: OffsetDateTime,
    /// Method.
    pub method: String,
    /// Path.
    pub path: String,
    /// The `webhook-id`, trusted or not: the idempotency key.
    pub id: Option<String>,
    /// Headers as sent, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body as sent.
    pub body: Bytes,
    /// The check of the signature.
    pub verification: Result<(), Unverified>,
    /// The fault that struck the call.
    pub fault: Option<&'static str>,
    /// The status code of the reply. `None` while there is none, and for good
    /// where the connection was closed, by either side.
    pub status: Option<u16>,
}

impl Call {
    pub(super) fn new(
        request: Received,
        verification: Result<(), Unverified>,
        at: OffsetDateTime,
    ) -> Self {
        let headers = request.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.as_str().to_owned(), value.into_owned())
        });
        Self {
            at,
            method: request.method.to_string(),
            id: request.header(ID).map(str::to_owned),
            headers: headers.collect(),
            path: request.path,
            body: request.body,
            verification,
            fault: None,
            status: None,
        }
    }

    /// True if the signature is right.
    #[must_use]
    pub fn verified(&self) -> bool {
        self.verification.is_ok()
    }

    /// A header's value, by its name in lower case; the first if repeated.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

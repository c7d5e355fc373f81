//! The parts of a request that are kept beside its effect.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use crate::aws::store::StoredRequest;
use crate::ledger::{Content, Event};
use crate::provider::definition::Providers;
use crate::provider::signature::Incoming;
use crate::receive::body::{clip, compress};
use crate::receive::redact;
use crate::wire::Timestamp;
use crate::wire::digest::sha256_hex;
use crate::wire::json::Json;

/// The days for which quarantined bytes are kept.
const QUARANTINE_DAYS: i64 = 14;
const DAY_SECONDS: i64 = 86_400;
/// The headers kept with an event. None of them carries a credential.
const KEPT_HEADERS: [&str; 4] = ["content-type", "user-agent", "x-event-id", "x-event-type"];
/// Longest header value kept, in characters.
const MAX_HEADER: usize = 256;

/// A request that is to be kept in part.
pub(super) struct Kept<'a> {
    all: Providers,
    incoming: &'a Incoming<'a>,
    bytes: &'a [u8],
    /// SHA-256 of the exact bytes, in hex.
    pub(super) sha256: String,
    /// The time of arrival.
    pub(super) received: Timestamp,
}

impl<'a> Kept<'a> {
    pub(super) fn new(
        all: Providers,
        incoming: &'a Incoming<'a>,
        bytes: &'a [u8],
        received: Timestamp,
    ) -> Self {
        Self { all, incoming, bytes, sha256: sha256_hex(bytes), received }
    }

    /// The request as the event that it was read as. `secret` vouched for it; it is
    /// kept for so many days.
    pub(super) fn event(
        &'a self,
        event: &'a Event,
        body: &'a Json,
        secret: &'a str,
        days: i64,
    ) -> KeptEvent<'a> {
        KeptEvent { kept: self, event, body, secret, days, stored: OnceCell::new() }
    }

    /// A body that is no event, as it is kept. JSON is redacted; other bytes are
    /// kept as they came.
    pub(super) fn malformed(&self, body: Option<&Json>, secret: &str) -> Option<StoredRequest> {
        let redacted = body.map(|body| self.storable(body).to_text());
        let bytes = redacted.as_deref().map_or(self.bytes, str::as_bytes);
        self.stored(bytes, false, secret, QUARANTINE_DAYS)
    }

    /// The body without the parts that may not be kept.
    fn storable(&self, body: &Json) -> Json {
        let payment_data = self.all.iter().any(|definition| (definition.is_payment_data)(body));
        redact::storable(body, payment_data, self.incoming.path_token)
    }

    fn stored(&self, body: &[u8], whole: bool, secret: &str, days: i64) -> Option<StoredRequest> {
        let kept = if whole { body } else { clip(body) };
        Some(StoredRequest {
            truncated: kept.len() < body.len(),
            body: compress(kept)?,
            sha256: self.sha256.clone(),
            length: self.bytes.len(),
            headers: kept_headers(self.incoming),
            secret: secret.to_owned(),
            received: self.received,
            expires: self.received.plus_seconds(days * DAY_SECONDS),
        })
    }
}

/// An event's request that may be kept. What is written of it is made when it is
/// first asked for: of duplicates nothing is.
pub(super) struct KeptEvent<'a> {
    kept: &'a Kept<'a>,
    event: &'a Event,
    body: &'a Json,
    secret: &'a str,
    days: i64,
    stored: OnceCell<Option<StoredRequest>>,
}

impl KeptEvent<'_> {
    /// SHA-256 of the exact bytes, in hex.
    pub(super) fn sha256(&self) -> &str {
        &self.kept.sha256
    }

    /// The time of arrival.
    pub(super) fn received(&self) -> Timestamp {
        self.kept.received
    }

    /// The request as it is written: whole where its event changes a record, else
    /// its beginning. `None` when it is too large.
    pub(super) fn stored(&self) -> Option<&StoredRequest> {
        let stored = self.stored.get_or_init(|| {
            let text = self.kept.storable(self.body).to_text();
            let whole = matches!(self.event.content, Content::Change(_));
            self.kept.stored(text.as_bytes(), whole, self.secret, self.days)
        });
        stored.as_ref()
    }
}

fn kept_headers(incoming: &Incoming) -> BTreeMap<String, String> {
    let kept = KEPT_HEADERS.iter().filter_map(|name| {
        let value = incoming.header(name)?;
        Some(((*name).to_owned(), value.chars().take(MAX_HEADER).collect()))
    });
    kept.collect()
}

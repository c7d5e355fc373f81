//! The providers: what each sends, how it signs, what it means for the ledger.

pub mod affonso;
pub mod firstpromoter;
pub mod firstpromoter_v1;
pub mod uppromote;

mod mapping;

use std::fmt;

use crate::event::{Event, Malformed};
use crate::json::Json;
use crate::route::Route;
use crate::secrets::{ProviderSecrets, WebhookSecrets};
use crate::timestamp::Timestamp;

/// An affiliate platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provider {
    /// UpPromote, public API v2.
    UpPromote,
    /// Affonso.
    Affonso,
    /// FirstPromoter, webhooks v2.
    FirstPromoter,
    /// FirstPromoter, legacy webhooks v1.
    FirstPromoterV1,
}

impl Provider {
    /// The name in routes, table keys and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Provider::UpPromote => "uppromote",
            Provider::Affonso => "affonso",
            Provider::FirstPromoter => "firstpromoter",
            Provider::FirstPromoterV1 => "firstpromoter-v1",
        }
    }

    /// The provider's part of the webhook secrets.
    #[must_use]
    pub fn secrets(self, secrets: &WebhookSecrets) -> &ProviderSecrets {
        match self {
            Provider::UpPromote => &secrets.uppromote,
            Provider::Affonso => &secrets.affonso,
            Provider::FirstPromoter => &secrets.firstpromoter,
            Provider::FirstPromoterV1 => &secrets.firstpromoter_v1,
        }
    }

    /// The event's type, before anything else of it is read: where the secret
    /// that matched is bound to events, it decides whether the rest counts.
    ///
    /// # Errors
    /// [`Malformed`] when the body does not name its type where it must.
    pub fn event_type(self, route: &Route, body: &Json) -> Result<String, Malformed> {
        match self {
            Provider::UpPromote => uppromote::event_type(route),
            Provider::Affonso => mapping::type_at(body, &["type"]),
            Provider::FirstPromoter => mapping::type_at(body, &["event_type"]),
            Provider::FirstPromoterV1 => mapping::type_at(body, &["event", "type"]),
        }
    }

    /// Reads an authenticated body as an event of this type, received at that
    /// time.
    ///
    /// # Errors
    /// [`Malformed`] naming the field that is missing or wrong.
    pub fn event(
        self,
        event_type: String,
        body: &Json,
        sha256: &str,
        received: Timestamp,
    ) -> Result<Event, Malformed> {
        match self {
            Provider::UpPromote => uppromote::event(event_type, body, sha256, received),
            Provider::Affonso => affonso::event(event_type, body, sha256),
            Provider::FirstPromoter => firstpromoter::event(event_type, body, sha256),
            Provider::FirstPromoterV1 => firstpromoter_v1::event(event_type, body, sha256),
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

//! The providers: what each sends, how it signs, what it means for the ledger.

pub mod affonso;
pub mod firstpromoter;
pub mod firstpromoter_v1;
pub mod secrets;
pub mod signature;
pub mod uppromote;

mod mapping;

use crate::ledger::{Event, Malformed, Provider};
use crate::provider::secrets::ProviderSecrets;
use crate::receive::route::Route;
use crate::receive::secrets::WebhookSecrets;
use crate::wire::Timestamp;
use crate::wire::json::Json;

impl Provider {
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
            Provider::FirstPromoter => firstpromoter::event_type(body),
            Provider::FirstPromoterV1 => firstpromoter_v1::event_type(body),
        }
    }

    /// The vendor's name of an event in any spelling: `Payment_Paid` and
    /// `payment-paid` are `payment.paid`. `None` for one that nobody knows.
    #[must_use]
    pub fn event_named(self, spelling: &str) -> Option<&'static str> {
        let is_it = |name: &&str| same_event(name, spelling);
        match self {
            Provider::UpPromote => uppromote::EVENTS.iter().map(|(name, _)| *name).find(is_it),
            Provider::Affonso => affonso::EVENTS.into_iter().find(is_it),
            Provider::FirstPromoter => firstpromoter::EVENTS.into_iter().find(is_it),
            Provider::FirstPromoterV1 => firstpromoter_v1::EVENTS.into_iter().find(is_it),
        }
    }

    /// The other names that the vendor has, or had, for this event.
    pub(crate) fn other_names(self, event: &str) -> impl Iterator<Item = &'static str> {
        let groups: &[&[&str]] = match self {
            Provider::FirstPromoterV1 => &firstpromoter_v1::ALIASES,
            _ => &[],
        };
        let group = groups.iter().find(|names| names.contains(&event)).copied().unwrap_or_default();
        group.iter().copied().filter(move |name| *name != event)
    }

    /// The ways of the webhook secrets in which its requests are authenticated.
    pub(crate) fn methods(self) -> &'static [&'static str] {
        match self {
            Provider::UpPromote | Provider::Affonso => &["hmac"],
            Provider::FirstPromoter => &["hmac", "header", "basic"],
            Provider::FirstPromoterV1 => &["path_token", "basic"],
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

/// Whether two spellings mean one event, whatever stands between their words.
#[must_use]
pub fn same_event(one: &str, other: &str) -> bool {
    let letter = |b: u8| if matches!(b, b'.' | b'_') { b'-' } else { b.to_ascii_lowercase() };
    one.bytes().map(letter).eq(other.bytes().map(letter))
}

/// Whether the body names something other than `null` at `path`.
fn named(body: &Json, path: &[&str]) -> bool {
    let found = path.iter().try_fold(body, |json, name| json.get(name));
    found.is_some_and(|json| *json != Json::Null)
}

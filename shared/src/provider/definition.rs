//! The definition of a provider: everything that the rest of the program knows
//! of it.

use std::fmt;

use http::StatusCode;
use serde_json::{Value, json};

use crate::fulfilment::{Promise, Rewards};
use crate::ledger::{Change, Content, Event, Family, Identity, Kind, Malformed, Provider};
use crate::provider::secrets::{Method, ProviderSecrets};
use crate::provider::signature::{Incoming, MethodMatches, Refusal};
use crate::wire::json::Json;
use crate::wire::{Timestamp, Unread};

/// A provider of webhooks.
pub struct Definition {
    /// Its name in routes, table keys and logs.
    pub provider: Provider,
    /// The vendor's name, for people. Definitions of one vendor may get each
    /// other's events.
    pub vendor: &'static str,
    /// The addresses at which its webhooks are received.
    pub routes: Routes,
    /// The event types of the vendor's pages.
    pub catalogue: &'static [EventType],
    /// The family of an event type that the catalogue does not have.
    pub family: fn(&str) -> Option<Family>,
    /// How its requests are authenticated.
    pub authentication: Authentication,
    /// The event type that a body names; none where the route names it.
    pub event_type: fn(&Json) -> Result<String, Malformed>,
    /// Whether a body has this provider's format.
    pub has_format: fn(&Json) -> bool,
    /// Whether a body is what the dashboard's test button sends.
    pub is_test: fn(&Json) -> bool,
    /// Whether the objects of a body are themselves payment data.
    pub is_payment_data: fn(&Json) -> bool,
    /// The identity of an event that is only archived.
    pub archived: fn(&Delivered) -> Result<Identity, Malformed>,
    /// How its rewards are promised, where it announces any.
    pub rewards: Option<&'static Rewards>,
    /// Whether a request without signature is the one that it sends when an
    /// address is subscribed, and that is to be answered 200.
    pub is_ping: Option<fn(&Incoming) -> bool>,
    /// Its own way to read our answers, where it has one.
    pub answers: Option<Answers>,
}

/// How a provider's requests are authenticated.
pub struct Authentication {
    /// The provider's section of the webhook secrets.
    pub section: &'static str,
    /// The methods that its section may configure.
    pub methods: &'static [Method],
    /// The secrets that match a request, by method. `i64` is how old, in seconds,
    /// a signed time-stamp may be.
    pub matches: Matches,
    /// The setting for how old a signed time-stamp may be, where one is signed.
    pub tolerance: Option<Tolerance>,
    /// The form of its signature, for whoever signs as it does.
    pub signing: Signing,
}

/// Finds the secrets that match a request.
pub type Matches = for<'a> fn(
    &'a ProviderSecrets,
    &Incoming,
    i64,
    Timestamp,
) -> Result<Vec<MethodMatches<'a>>, Refusal>;

/// The setting for how old, in seconds, a signed time-stamp may be.
pub struct Tolerance {
    /// The variable.
    pub variable: &'static str,
    /// Its default.
    pub default: i64,
    /// Its largest value.
    pub largest: i64,
}

/// The form of a signature. It says nothing of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    /// HMAC-SHA256 of the body, in hex.
    Body {
        /// The header that has it.
        header: &'static str,
    },
    /// HMAC-SHA256 of `{Unix seconds}.{body}`: `t={seconds},v1={hex}`, or the hex
    /// alone beside a header with the seconds.
    Timestamped {
        /// The header that has it.
        header: &'static str,
        /// The header with the seconds, where there is one.
        timestamp_header: &'static str,
    },
    /// None: a token in the path, or Basic credentials.
    Unsigned,
}

/// The addresses of a provider, below `/webhooks/{provider}/`.
pub enum Routes {
    /// A segment for each family.
    Families(&'static [(&'static str, Family)]),
    /// A token, and a segment for each family.
    TokenAndFamilies(&'static [(&'static str, Family)]),
    /// A segment for each event: the body does not name it.
    Events,
}

/// A row of a catalogue.
pub struct EventType {
    /// The vendor's name.
    pub name: &'static str,
    /// Other names that the vendor's pages give it, or gave it.
    pub aliases: &'static [&'static str],
    /// The family.
    pub family: Family,
    /// The kind of object that it changes, and its reading as that change; none:
    /// it is archived.
    pub read: Option<(Kind, ReadEvent)>,
}

/// Reads an event as a change. What of it cannot be read is noted.
pub type ReadEvent = fn(&Delivered, &mut Unread) -> Result<(Identity, Change), Malformed>;

impl EventType {
    /// A row of an event that is archived.
    #[must_use]
    pub const fn archived(name: &'static str, family: Family) -> Self {
        Self { name, aliases: &[], family, read: None }
    }

    /// A row of an event that changes the ledger.
    #[must_use]
    pub const fn read(name: &'static str, family: Family, kind: Kind, read: ReadEvent) -> Self {
        Self { name, aliases: &[], family, read: Some((kind, read)) }
    }

    /// The row, with other names for the same event.
    #[must_use]
    pub const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// Every name of it.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

/// An authenticated body with what else is known of its delivery.
pub struct Delivered<'a> {
    /// The event's type.
    pub event_type: &'a str,
    /// The body.
    pub body: &'a Json,
    /// SHA-256 of its exact bytes, in hex.
    pub sha256: &'a str,
    /// When it came in.
    pub received: Timestamp,
}

/// A provider's own way to read our answers.
pub struct Answers {
    /// The status code of an event that is durably recorded or archived.
    pub accepted: fn(&Accepted) -> StatusCode,
    /// Whether the answer to an event waits for the delivery of its reward.
    pub awaits_delivery: fn(&Event) -> bool,
}

/// What an answer depends on.
pub struct Accepted<'a> {
    /// The family of the address at which the event came in.
    pub family: Family,
    /// The event.
    pub event: &'a Event,
    /// Its promise.
    pub promise: Option<&'a Promise>,
}

impl Definition {
    /// The description by which somebody else signs as this provider does: JSON, and
    /// nothing in it is secret.
    #[must_use]
    pub fn signing(&self) -> Value {
        let path = match self.routes {
            Routes::Events => "event",
            Routes::Families(_) => "family",
            Routes::TokenAndFamilies(_) => "token/family",
        };
        let methods = self.authentication.methods.iter().map(|method| method.name());
        let signature = match self.authentication.signing {
            Signing::Body { header } => json!({ "header": header }),
            Signing::Timestamped { header, timestamp_header } => {
                json!({ "header": header, "timestamp_header": timestamp_header })
            }
            Signing::Unsigned => Value::Null,
        };
        json!({
            "provider": self.provider.name(),
            "section": self.authentication.section,
            "path": path,
            "methods": methods.collect::<Vec<_>>(),
            "signature": signature,
            "ping": self.is_ping.is_some(),
        })
    }

    /// The row of an event, by its exact name.
    fn row(&self, event_type: &str) -> Option<&EventType> {
        self.catalogue.iter().find(|row| row.names().any(|name| name == event_type))
    }

    /// The family of an event type, known or to come.
    #[must_use]
    pub fn family_of(&self, event_type: &str) -> Option<Family> {
        self.row(event_type).map(|row| row.family).or_else(|| (self.family)(event_type))
    }

    /// The vendor's name of an event in any spelling: `Payment_Paid` and
    /// `payment-paid` are `payment.paid`. `None` for one that nobody knows.
    #[must_use]
    pub fn event_named(&self, spelling: &str) -> Option<&'static str> {
        let mut names = self.catalogue.iter().flat_map(EventType::names);
        names.find(|name| same_event(name, spelling))
    }

    /// The other names that the vendor has, or had, for an event.
    pub fn other_names(&self, event: &str) -> impl Iterator<Item = &'static str> {
        let row = self.row(event);
        row.into_iter().flat_map(EventType::names).filter(move |name| *name != event)
    }

    /// The definition, of the same vendor, whose format a body has instead of this
    /// one's.
    fn other_format(&self, all: Providers, body: &Json) -> Option<&'static Definition> {
        if (self.has_format)(body) {
            return None;
        }
        let mut siblings = all.iter().copied().filter(|other| other.vendor == self.vendor);
        siblings.find(|other| other.provider != self.provider && (other.has_format)(body))
    }

    /// The event's type, before anything else of it is read: where the secret
    /// that matched is bound to events, it decides whether the rest counts.
    /// `routed` is the event that the route names, `all` the providers that are
    /// received.
    ///
    /// # Errors
    /// [`Malformed`] when the body does not name its type where it must.
    pub fn event_type(
        &self,
        all: Providers,
        routed: Option<&str>,
        body: &Json,
    ) -> Result<String, Malformed> {
        match routed {
            Some(event) => Ok(event.to_owned()),
            None => (self.other_format(all, body).unwrap_or(self).event_type)(body),
        }
    }

    /// Reads an authenticated body as an event of its type. `all` are the
    /// providers that are received.
    ///
    /// # Errors
    /// [`Malformed`] naming the field that is missing or wrong.
    pub fn event(&self, all: Providers, delivered: &Delivered) -> Result<Event, Malformed> {
        let mut unread = Unread::default();
        let other = self.other_format(all, delivered.body);
        let format = other.unwrap_or(self);
        let is_test = (self.is_test)(delivered.body);
        let row = self.row(delivered.event_type).filter(|_| !is_test && other.is_none());
        let (identity, content) = if let Some((_, read)) = row.and_then(|row| row.read) {
            let (identity, change) = read(delivered, &mut unread)?;
            (identity, Content::Change(change.into()))
        } else {
            let content = if is_test { Content::Test } else { Content::Unknown };
            ((format.archived)(delivered)?, content)
        };
        Ok(Event {
            provider: self.provider,
            event_type: delivered.event_type.to_owned(),
            family: format.family_of(delivered.event_type),
            identity,
            content,
            unread: unread.into_paths(),
            other_format: other.map(|other| other.provider),
        })
    }
}

/// The providers that are received.
pub type Providers = &'static [&'static Definition];

/// The definition of a provider among others.
#[must_use]
pub fn find(all: Providers, name: &str) -> Option<&'static Definition> {
    all.iter().copied().find(|definition| definition.provider.name() == name)
}

/// Whether two spellings mean one event, whatever stands between their words.
#[must_use]
pub fn same_event(one: &str, other: &str) -> bool {
    let letter = |b: u8| if matches!(b, b'.' | b'_') { b'-' } else { b.to_ascii_lowercase() };
    one.bytes().map(letter).eq(other.bytes().map(letter))
}

impl PartialEq for Definition {
    fn eq(&self, other: &Self) -> bool {
        self.provider == other.provider
    }
}

impl Eq for Definition {}

impl fmt::Display for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.provider.fmt(f)
    }
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.provider.fmt(f)
    }
}

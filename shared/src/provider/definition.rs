//! The definition of a provider: everything that the rest of the program knows
//! about it.

use std::fmt;

use http::StatusCode;
use serde_json::{Value, json};

use crate::fulfilment::{Promise, Rewards};
use crate::ledger::{Content, Event, Family, Identity, Kind, Malformed, Provider, Record, Status};
use crate::provider::object::{EventType, Reading, Understood};
use crate::provider::secrets::{Method, ProviderSecrets};
use crate::provider::signature::{Incoming, MethodMatches, Refusal};
use crate::wire::json::Json;
use crate::wire::{Timestamp, Unread};

/// A provider of webhooks, as its module defines it.
pub struct Definition {
    /// The provider's name in routes, table keys and logs.
    pub provider: Provider,
    /// The vendor's name, for people. Providers of one vendor may get each other's
    /// events.
    pub vendor: &'static str,
    /// The addresses at which the provider's webhooks are received.
    pub routes: Routes,
    /// The event types that the vendor's pages list.
    pub catalogue: &'static [EventType],
    /// The families of event types that the catalogue does not have.
    pub unlisted: &'static [Unlisted],
    /// The authentication of the provider's requests.
    pub authentication: Authentication,
    /// Reads the event type that a body names. Fails where the route names it
    /// instead.
    pub event_type: fn(&Json) -> Result<String, Malformed>,
    /// Tells whether a body has this provider's format.
    pub has_format: fn(&Json) -> bool,
    /// Tells whether a body comes from the dashboard's test button.
    pub is_test: fn(&Json) -> bool,
    /// Tells whether the objects of a body are themselves payment data.
    pub is_payment_data: fn(&Json) -> bool,
    /// The identity of an event that is only archived.
    pub archived: fn(&Delivered) -> Result<Identity, Malformed>,
    /// The provider's rewards, where its webhooks announce any.
    pub rewards: Option<&'static Rewards>,
    /// Tells whether an unsigned request is the one that the provider sends when an
    /// address is subscribed. Such a request is answered 200.
    pub is_ping: Option<fn(&Incoming) -> bool>,
    /// The provider's own way to read our answers, where it has one.
    pub answers: Option<Answers>,
}

/// The authentication of a provider's requests.
pub struct Authentication {
    /// The provider's section of the webhook secrets.
    pub section: &'static str,
    /// The methods that the section may configure.
    pub methods: &'static [Method],
    /// Finds the secrets that match a request, by method.
    pub matches: Matches,
    /// The setting for the age of a signed time-stamp, where the provider signs
    /// one.
    pub tolerance: Option<Tolerance>,
    /// The form of the signature, for test senders that sign like the provider.
    pub signing: Signing,
}

/// Finds the secrets that match a request. The `i64` is the largest age, in
/// seconds, of a signed time-stamp; the [`Timestamp`] is the present.
pub type Matches = for<'a> fn(
    &'a ProviderSecrets,
    &Incoming,
    i64,
    Timestamp,
) -> Result<Vec<MethodMatches<'a>>, Refusal>;

/// The setting for the largest age, in seconds, of a signed time-stamp.
pub struct Tolerance {
    /// The name of the environment variable.
    pub variable: &'static str,
    /// The default, in seconds.
    pub default: i64,
    /// The largest value allowed, in seconds.
    pub largest: i64,
}

/// The form of a signature, without any secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    /// HMAC-SHA256 of the body, in hex.
    Body {
        /// The header that carries the signature.
        header: &'static str,
    },
    /// HMAC-SHA256 of `{Unix seconds}.{body}`: `t={seconds},v1={hex}`, or the hex
    /// alone beside a header with the seconds.
    Timestamped {
        /// The header that carries the signature.
        header: &'static str,
        /// The header with the seconds, where there is one.
        timestamp_header: &'static str,
    },
    /// No signature: a token in the path, or Basic credentials.
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

/// The event types that begin alike, and that no page of the vendor lists.
pub struct Unlisted {
    /// Their first words, without the dot that follows.
    pub begins: &'static str,
    /// Their family.
    pub family: Family,
    /// The row by which they are applied, if their body names an object; none: they
    /// are archived.
    pub update: Option<&'static EventType>,
}

/// An authenticated body and the facts of its delivery.
#[derive(Clone, Copy)]
pub struct Delivered<'a> {
    /// The event's type.
    pub event_type: &'a str,
    /// The body.
    pub body: &'a Json,
    /// SHA-256 of the exact bytes, in hex.
    pub sha256: &'a str,
    /// The time of arrival.
    pub received: Timestamp,
}

impl<'a> Delivered<'a> {
    /// The body as an event of the type of this row.
    fn reading(&self, row: &'static EventType) -> Reading<'a> {
        Reading { row, body: self.body, sha256: self.sha256 }
    }
}

/// A provider's own way to read our answers.
pub struct Answers {
    /// The status code of an event that is durably recorded or archived.
    pub accepted: fn(&Accepted) -> StatusCode,
    /// Tells whether the answer to an event waits for the delivery of its reward.
    pub awaits_delivery: fn(&Event) -> bool,
}

/// The facts that the status code of an answer depends on.
pub struct Accepted<'a> {
    /// The family of the address at which the event came in.
    pub family: Family,
    /// The event.
    pub event: &'a Event,
    /// The promise that the event is about.
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
    fn row(&self, event_type: &str) -> Option<&'static EventType> {
        self.catalogue.iter().find(|row| row.names().any(|name| name == event_type))
    }

    /// True when the provider has an address for a family.
    #[must_use]
    pub fn has_address(&self, family: Family) -> bool {
        match &self.routes {
            Routes::Families(families) | Routes::TokenAndFamilies(families) => {
                families.iter().any(|(_, of)| *of == family)
            }
            Routes::Events => self.catalogue.iter().any(|row| row.family() == family),
        }
    }

    /// The family of an event type, in the catalogue or not.
    #[must_use]
    pub fn family_of(&self, event_type: &str) -> Option<Family> {
        let row = self.row(event_type).map(EventType::family);
        row.or_else(|| self.unlisted(event_type).map(|unlisted| unlisted.family))
    }

    /// What is known of an event type that is not in the catalogue.
    fn unlisted(&self, event_type: &str) -> Option<&'static Unlisted> {
        self.unlisted.iter().find(|unlisted| {
            let rest = event_type.strip_prefix(unlisted.begins);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// The status, in the ledger's words, of a record of this kind.
    #[must_use]
    pub fn status(&self, kind: Kind, record: &Record) -> Option<Status> {
        let objects = self
            .catalogue
            .iter()
            .flat_map(|row| std::iter::once(row.object).chain(row.object.also.iter().copied()));
        let mut words = objects.filter(|object| object.kind == kind).map(|object| object.words);
        words.next().and_then(|words| record.ledger_status(words))
    }

    /// The vendor's name of an event in any spelling: `Payment_Paid` and
    /// `payment-paid` are `payment.paid`. `None` for one that is not in the
    /// catalogue.
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
    /// provider's.
    fn other_format(&self, all: Providers, body: &Json) -> Option<&'static Definition> {
        if (self.has_format)(body) {
            return None;
        }
        let mut siblings = all.iter().copied().filter(|other| other.vendor == self.vendor);
        siblings.find(|other| other.provider != self.provider && (other.has_format)(body))
    }

    /// The type of an event, read before anything else of it: where the secret that
    /// matched is bound to events, the type decides whether the rest counts.
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
        let other = self.other_format(all, delivered.body);
        let format = other.unwrap_or(self);
        let is_test = (self.is_test)(delivered.body);
        let mut unread = Unread::default();
        let mut understood = None;
        let mut is_unlisted = false;
        if !is_test && other.is_none() {
            if let Some(row) = self.row(delivered.event_type) {
                understood = Some((row.object.read)(&delivered.reading(row), &mut unread)?);
            } else if let Some(row) = self.unlisted(delivered.event_type).and_then(|of| of.update) {
                // One that names no object of its family is archived, as any type
                // that nobody knows.
                understood = (row.object.read)(&delivered.reading(row), &mut unread).ok();
                is_unlisted = true;
            }
        }
        let (identity, content, others) = match understood {
            Some(Understood { identity, changes }) if !changes.is_empty() => {
                let mut changes = changes.into_iter();
                let first = changes.next().map(|change| Content::Change(Box::new(change)));
                (identity, first.unwrap_or(Content::Unknown), changes.collect())
            }
            _ => {
                let content = if is_test { Content::Test } else { Content::Unknown };
                ((format.archived)(delivered)?, content, Vec::new())
            }
        };
        Ok(Event {
            provider: self.provider,
            event_type: delivered.event_type.to_owned(),
            family: format.family_of(delivered.event_type),
            identity,
            content,
            others,
            is_unlisted,
            unread: unread.paths().to_vec(),
            over: unread.over().to_vec(),
            other_format: other.map(|other| other.provider),
        })
    }
}

/// The providers that are received.
pub type Providers = &'static [&'static Definition];

/// The definition of the provider named `name`.
#[must_use]
pub fn find(all: Providers, name: &str) -> Option<&'static Definition> {
    all.iter().copied().find(|definition| definition.provider.name() == name)
}

/// True when two spellings mean one event, whatever stands between their words.
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

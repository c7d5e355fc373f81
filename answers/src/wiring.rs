//! How a stack is wired: what is to be pasted where, what came in last, how it is set,
//! and what is missing.

use serde::Serialize;
use shared::provider::definition::Routes;
use shared::provider::{ALL, Definition};
use shared::receive::log::Outcome;
use shared::receive::route::path_of;
use shared::wire::Timestamp;

use crate::settings::{Saying, Settings, name_of};
use crate::words::{counted, span};

/// The word in the place of a token.
const TOKEN: &str = "TOKEN";

/// A request as its log line tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// The time.
    pub at: Timestamp,
    /// The name of the provider, where the address was one of its.
    #[serde(skip)]
    pub provider: Option<String>,
    /// The status code of the answer.
    pub status: u16,
    /// The outcome.
    pub outcome: String,
    /// The type of the event.
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// What was wrong with its signature, token or credential.
    pub reason: Option<String>,
    /// What was wrong with it otherwise.
    pub problem: Option<String>,
    /// The name of the secret that vouched for it.
    pub secret: Option<String>,
}

/// What became of a request, as far as the wiring goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is an event, and kept.
    Event,
    /// It is no event, and rightly so.
    NoEvent,
    /// It was refused.
    Refused,
}

/// What became of a request of this outcome.
fn taken(outcome: Outcome) -> Taken {
    match outcome {
        Outcome::Recorded | Outcome::Duplicate | Outcome::Archived | Outcome::Test => Taken::Event,
        Outcome::Ping => Taken::NoEvent,
        Outcome::Quarantined
        | Outcome::Unauthorized
        | Outcome::StaleValid
        | Outcome::NotFound
        | Outcome::MethodNotAllowed
        | Outcome::TooLarge
        | Outcome::NotConfigured
        | Outcome::Unavailable => Taken::Refused,
    }
}

/// Every outcome.
const OUTCOMES: [Outcome; 13] = [
    Outcome::Recorded,
    Outcome::Duplicate,
    Outcome::Archived,
    Outcome::Test,
    Outcome::Ping,
    Outcome::Quarantined,
    Outcome::Unauthorized,
    Outcome::StaleValid,
    Outcome::NotFound,
    Outcome::MethodNotAllowed,
    Outcome::TooLarge,
    Outcome::NotConfigured,
    Outcome::Unavailable,
];

/// The names, as logs have them, of the outcomes of what was taken so.
#[must_use]
pub fn outcomes(of: Taken) -> Vec<String> {
    let own = OUTCOMES.into_iter().filter(|outcome| taken(*outcome) == of);
    let names = own.filter_map(|outcome| serde_json::to_value(outcome).ok());
    names.filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// How far the logs were looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// The time that was looked at, in words: "in the last 7 days".
    pub period: String,
    /// True when all of it was read.
    pub complete: bool,
}

/// An address to be pasted at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Address {
    /// The address, with a word in the place of a token.
    pub url: String,
    /// The types of events that belong there.
    pub takes: Vec<&'static str>,
}

/// The wiring of one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderWiring {
    /// The provider's name in logs and keys.
    pub provider: &'static str,
    /// Its name for people.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<Address>,
    /// The place of the token that stands in its addresses, where they have one.
    pub token: Option<String>,
    /// The last event that was kept.
    pub event: Option<Seen>,
    /// The last request that was refused.
    pub refusal: Option<Seen>,
    /// The last request for which a secret vouched.
    pub vouched: Option<Seen>,
    /// True when all that came in was read: of what is not there, none came. Else that is
    /// not known.
    pub complete: bool,
}

/// How a stack is wired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wiring {
    /// The time.
    #[serde(skip)]
    pub at: Timestamp,
    /// The providers.
    pub providers: Vec<ProviderWiring>,
    /// The settings as sentences; none where they are not known.
    pub settings: Vec<Saying>,
    /// What is missing, or works only in part.
    pub missing: Vec<String>,
    /// What could not be read.
    pub gaps: Vec<String>,
    #[serde(skip)]
    looked: Looked,
}

impl Seen {
    /// What became of it.
    #[must_use]
    pub fn taken(&self) -> Taken {
        let known = serde_json::from_value::<Outcome>(self.outcome.as_str().into());
        match known {
            Ok(outcome) => taken(outcome),
            // Of another version: its status tells as much.
            Err(_) if self.status < 400 => Taken::Event,
            Err(_) => Taken::Refused,
        }
    }

    /// The outcome, and what was wrong, in a few words.
    #[must_use]
    pub fn words(&self) -> String {
        let parts = [Some(&self.outcome), self.reason.as_ref(), self.problem.as_ref()];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        parts.join(", ")
    }
}

impl ProviderWiring {
    fn of(
        own: &'static Definition,
        (base, secrets): (&str, &str),
        seen: &[Seen],
        complete: bool,
    ) -> Self {
        let provider = own.provider.name();
        let last = |is: &dyn Fn(&Seen) -> bool| {
            let own = seen.iter().filter(|seen| seen.provider.as_deref() == Some(provider));
            own.filter(|seen| is(seen)).max_by_key(|seen| seen.at).cloned()
        };
        let has_token = matches!(own.routes, Routes::TokenAndFamilies(_));
        let section = own.authentication.section;
        Self {
            provider,
            name: name_of(own),
            addresses: addresses(own, base),
            token: has_token.then(|| {
                format!("{TOKEN} stands for the text in {section}.path_token of the {secrets}.")
            }),
            event: last(&|seen| seen.taken() == Taken::Event),
            refusal: last(&|seen| seen.taken() == Taken::Refused),
            vouched: last(&|seen| seen.secret.is_some()),
            complete,
        }
    }

    /// What is said of the last request of a sort of which none was found.
    #[must_use]
    pub fn none(&self) -> &'static str {
        if self.complete { "none" } else { "not known" }
    }

    /// True when nothing was kept since something was refused.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        let at = |seen: &Option<Seen>| seen.as_ref().map(|seen| seen.at);
        self.refusal.is_some() && at(&self.refusal) > at(&self.event)
    }

    fn missing(&self, looked: &Looked) -> Option<String> {
        let Self { name, .. } = self;
        let none = self.event.is_none() && looked.complete;
        let refused = self.refusal.as_ref().filter(|_| self.is_refused()).map(Seen::words);
        match (none, refused) {
            (true, None) => Some(format!("No event of {name} {}.", looked.period)),
            (true, Some(why)) => Some(format!(
                "No event of {name} {}; the last request was refused: {why}.",
                looked.period
            )),
            (false, Some(why)) => Some(format!("The last request of {name} was refused: {why}.")),
            (false, None) => None,
        }
    }
}

/// The addresses of a provider, each with the types that belong there.
fn addresses(own: &Definition, base: &str) -> Vec<Address> {
    let mut addresses: Vec<Address> = Vec::new();
    for row in own.catalogue {
        for name in row.names() {
            let path = path_of(own, row.family(), name).replace("{token}", TOKEN);
            let url = format!("{base}{path}");
            match addresses.iter_mut().find(|address| address.url == url) {
                Some(address) => address.takes.push(name),
                None => addresses.push(Address { url, takes: vec![name] }),
            }
        }
    }
    addresses
}

impl Wiring {
    /// The wiring as it is at a time. `places` are the address of the API and the name of the
    /// webhook secrets, as they are to be shown; `settings` are those of the stack,
    /// where they could be read; `seen` are the requests that were found.
    #[must_use]
    pub fn of(
        at: Timestamp,
        places: (&str, &str),
        settings: Option<&Settings>,
        seen: &[Seen],
        looked: &Looked,
    ) -> Self {
        let of = |own: &&'static Definition| ProviderWiring::of(own, places, seen, looked.complete);
        let providers: Vec<ProviderWiring> = ALL.iter().map(of).collect();
        let mut missing = settings.map(|settings| settings.missing(at)).unwrap_or_default();
        missing.extend(providers.iter().filter_map(|of| of.missing(looked)));
        let astray = seen.iter().filter(|seen| seen.provider.is_none());
        let astray = astray.filter(|seen| seen.taken() == Taken::Refused);
        if let Some(last) = astray.max_by_key(|seen| seen.at) {
            let ago = span(at.seconds().saturating_sub(last.at.seconds()));
            missing.push(format!(
                "Somebody asked for an address that there is not, last {ago} ago ({}).",
                last.words()
            ));
        }
        let settings = settings.map(Settings::sayings).unwrap_or_default();
        Self { at, providers, settings, missing, gaps: Vec::new(), looked: looked.clone() }
    }

    /// The answer in one line.
    #[must_use]
    pub fn sentence(&self) -> String {
        let (sent, all) =
            (self.providers.iter().filter(|of| of.event.is_some()).count(), self.providers.len());
        let refused = self.providers.iter().filter(|of| of.is_refused()).count();
        let refused = match refused {
            0 => String::new(),
            count => format!(" The last request of {count} was refused."),
        };
        let Looked { period, complete } = &self.looked;
        let missing = match self.missing.len() {
            0 if *complete => " Nothing is missing.".to_owned(),
            0 => String::new(),
            count => format!(" {} to look at.", counted(count, "thing", "things")),
        };
        let unread = if *complete { "" } else { " Not all that came in could be read." };
        let events = match (sent, complete) {
            (0, false) => {
                format!("Whether events came from any of {all} providers {period} is not known.")
            }
            (sent, false) if sent < all => {
                format!("Events came from at least {sent} of {all} providers {period}.")
            }
            (sent, _) => format!("Events came from {sent} of {all} providers {period}."),
        };
        format!("{events}{refused}{missing}{unread}")
    }
}

#[cfg(test)]
mod tests;

//! The log line of one request.

use serde::{Deserialize, Serialize};

use crate::fulfilment::{Promise, State};
use crate::ledger::{Content, Event, Identity};
use crate::observe::{Metrics, print};
use crate::provider::definition::{Providers, find};
use crate::provider::signature::Reason;
use crate::receive::route::{Route, path_of};

/// The outcome of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The event is recorded.
    Recorded,
    /// The event was recorded before.
    Duplicate,
    /// The event is of an unknown type, and archived.
    Archived,
    /// The provider's test event, archived.
    Test,
    /// UpPromote's request when an address is subscribed.
    Ping,
    /// The body is authenticated and not the JSON it must be; its bytes are kept.
    Quarantined,
    /// The request has no valid signature, token or credential.
    Unauthorized,
    /// The signature is valid and its time-stamp too old.
    StaleValid,
    /// The path is no route.
    NotFound,
    /// The method is not POST.
    MethodNotAllowed,
    /// The body is over a size limit.
    TooLarge,
    /// The provider has no secret.
    NotConfigured,
    /// The event could not be recorded.
    Unavailable,
}

/// How an event stands with its promise.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
pub enum PromiseState {
    /// It has one, in this state.
    Of(State),
    /// The event has none, for this reason, though it announced a reward or may have.
    NotPromised(&'static str),
}

/// The log line of one request.
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the line")]
#[derive(Debug, Clone, Default, Serialize)]
pub struct RequestLog {
    /// The provider's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<&'static str>,
    /// The event's type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// The event's identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// The object that the event is about: `kind#id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The outcome of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The answer's status code.
    pub status: u16,
    /// The event was recorded before.
    pub duplicate: bool,
    /// The event was recorded before with other bytes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub duplicate_differs: bool,
    /// The event's time is too far ahead of its arrival to count.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub clock_ahead: bool,
    /// The names of the facts whose value before the change, as the event states it,
    /// is not the one that was held: an event before it has not come.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gap: Vec<String>,
    /// The names of the facts that are too large for a record, and kept in the event
    /// alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub over: Vec<&'static str>,
    /// The event's type is in no list of the vendor's, and its name speaks of a family
    /// that is known: it is understood by that, or archived.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unlisted: bool,
    /// What was wrong with the signature, token or credential of a refused request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The request has its provider's form, and nothing could vouch for it: it is over
    /// the limit that is read, or the provider has no secret.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub has_form: bool,
    /// The names of the secrets that vouched for the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The path where the event belongs, when it was sent to another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub misrouted: Option<String>,
    /// The format of the body and the address where it is read, when it was sent to
    /// another format's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_format: Option<String>,
    /// The paths of the fields that could not be read: names only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
    /// The key of the promise that the event is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise: Option<String>,
    /// The promise's state or, without a promise, the reason why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise_state: Option<PromiseState>,
    /// The problem with the request, without any value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl RequestLog {
    /// Notes what is known of an event before it is recorded.
    pub(super) fn describe(&mut self, all: Providers, event: &Event, route: &Route, secret: &str) {
        self.event_type = Some(event.event_type.clone());
        self.secret = Some(secret.to_owned());
        self.identity = Some(match &event.identity {
            Identity::Given(id) => id.as_str().to_owned(),
            Identity::Transition(transition) => transition.clone(),
        });
        if let Content::Change(change) = &event.content {
            let subject = &change.subject;
            self.subject = Some(format!("{}#{}", subject.kind.name(), subject.id.as_str()));
        }
        self.unread.clone_from(&event.unread);
        self.over.clone_from(&event.over);
        let archived = matches!(event.content, Content::Unknown) && event.other_format.is_none();
        self.unlisted = event.is_unlisted || archived && event.family.is_some();
        if let Some(format) = event.other_format {
            let family = event.family.unwrap_or(route.family);
            let own = find(all, format.name()).filter(|own| own.has_address(family));
            let path = own.map(|own| path_of(own, family, &event.event_type));
            let path = path.unwrap_or_else(|| format!("/webhooks/{format}/…"));
            self.other_format = Some(format!("{format}: to be sent to {path}"));
            return;
        }
        self.misrouted = event
            .family
            .filter(|family| *family != route.family)
            .map(|family| path_of(route.definition, family, &event.event_type));
    }

    /// Notes the promise that the event is about.
    pub(super) fn note_promise(&mut self, promise: Option<&Promise>) {
        if let Some(promise) = promise {
            self.promise = Some(promise.key.clone());
            self.promise_state = Some(PromiseState::Of(promise.state));
        }
    }

    /// True where somebody has to know of the request, and it is not a stranger's: it has
    /// its provider's form, or is verified.
    fn wakes(&self) -> bool {
        match self.outcome {
            Some(Outcome::NotConfigured) => self.has_form,
            Some(Outcome::TooLarge) => self.has_form || self.secret.is_some(),
            _ => false,
        }
    }

    /// Prints the line on standard output.
    pub fn print(&self, started: std::time::Instant) {
        if self.outcome == Some(Outcome::Ping) {
            // Each set and each metric of it is paid for by the month, also in a stack
            // that receives nothing but its own pings.
            print("webhook", self, &[(&[&["outcome"]], &[("Events", "Count", 1.0)])]);
            return;
        }
        let mut dimensions: Vec<&[&str]> = vec![&["outcome"]];
        if self.provider.is_some() {
            dimensions.push(&["provider", "outcome"]);
        }
        if self.provider.is_some() && self.secret.is_some() {
            dimensions.push(&["provider", "secret"]);
        }
        let count = |happened: bool| f64::from(u8::from(happened));
        let unread = f64::from(u32::try_from(self.unread.len()).unwrap_or(u32::MAX));
        let ms = started.elapsed().as_secs_f64() * 1000.0;
        let rare = [
            ("Misrouted", count(self.misrouted.is_some())),
            ("OtherFormat", count(self.other_format.is_some())),
            ("Unread", unread),
            ("DuplicateDiffers", count(self.duplicate_differs)),
            ("ClockAhead", count(self.clock_ahead)),
            ("Gaps", count(!self.gap.is_empty())),
            ("Unlisted", count(self.unlisted)),
        ];
        let duration = (ms * 1000.0).round() / 1000.0;
        let mut metrics = vec![("Events", "Count", 1.0), ("DurationMs", "Milliseconds", duration)];
        // What did not happen is not said: a line is paid for by its length.
        let happened = rare.into_iter().filter(|(_, count)| *count > 0.0);
        metrics.extend(happened.map(|(name, count)| (name, "Count", count)));
        let of_rewards = [("RewardEvents", "Count", 1.0)];
        let mut all: Vec<Metrics> = vec![(&dimensions, &metrics)];
        if self.promise_state.is_some() {
            all.push((&[&["promise_state"]], &of_rewards));
        }
        let from_senders = [("FromSenders", "Count", 1.0)];
        if self.wakes() {
            all.push((&[&["outcome"]], &from_senders));
        }
        let of_refusals = [("Refusals", "Count", 1.0)];
        let of_senders = [("SenderRefusals", "Count", 1.0)];
        if let Some(reason) = self.reason {
            all.push((&[&["provider", "reason"]], &of_refusals));
            if reason.is_of_a_sender() {
                all.push((&[&["provider"]], &of_senders));
            }
        }
        print("webhook", self, &all);
    }
}

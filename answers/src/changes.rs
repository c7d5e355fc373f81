//! The values before and after each event of a partition, from the bodies that are kept.

use serde::Serialize;
use shared::aws::store::StoredEvent;
use shared::ledger::{Change, Content, Event, Partition, Record};
use shared::provider::ALL;
use shared::provider::definition::{Delivered, find};
use shared::wire::json;

use crate::private::{NOTHING, is_impersonal, shown};

/// A fact that an event changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactChange {
    /// The name of the fact.
    pub fact: String,
    /// The value before, in one line; `None` where it is not known or personal.
    pub old: Option<String>,
    /// The value after, in one line; `None` where it is not known or personal.
    pub new: Option<String>,
    /// True when the values are left out because they may be personal.
    pub personal: bool,
}

/// A record that is built up anew, event by event, to see what each changed. It is what
/// was recorded but for what is not kept: expired events, and what was redacted.
#[derive(Debug)]
pub struct Replay {
    partition: Partition,
    record: Record,
    /// True until an event is missing.
    whole: bool,
    personal: bool,
}

impl Replay {
    /// A replay of a partition from its first event on; values that may be personal only
    /// if `personal`.
    #[must_use]
    pub fn new(partition: &Partition, personal: bool) -> Self {
        Self { partition: partition.clone(), record: Record::default(), whole: true, personal }
    }

    /// What the next event changed, as its item names the facts. `body` is the body that
    /// is kept, as text; without it, the names are all that is told. Events have to come
    /// in the order in which they were recorded.
    pub fn next(&mut self, event: &StoredEvent, body: Option<&[u8]>) -> Vec<FactChange> {
        // A version is passed over where a promise's next epoch was noted.
        let version = event.version.unwrap_or_default();
        self.whole &= self.record.version > 0 || version <= 1;
        self.record.version = version.saturating_sub(1);
        let before = self.record.clone();
        let read = body.and_then(|body| self.change(event, body));
        let is_read = read.is_some();
        if let Some(change) = read {
            self.take(&change, event);
        }
        self.whole &= is_read;
        self.record.version = version;
        let change = |fact: &String| {
            if !self.personal && !is_impersonal(fact) {
                return FactChange { fact: fact.clone(), old: None, new: None, personal: true };
            }
            let value = |record: &Record| match (fact.as_str(), record.facts.get(fact)) {
                ("deleted", _) => {
                    Some(if record.deleted_at.is_some() { "yes" } else { "no" }.into())
                }
                (_, Some(register)) => Some(shown(fact, &register.value, record.text("currency"))),
                // Not stated by any event so far.
                (_, None) => None,
            };
            let new = value(&self.record).filter(|_| is_read);
            let old = value(&before).filter(|_| self.whole || before.facts.contains_key(fact));
            FactChange { fact: fact.clone(), old, new, personal: false }
        };
        event.changed.iter().map(change).collect()
    }

    /// What the body states for the object of this partition.
    fn change(&self, event: &StoredEvent, body: &[u8]) -> Option<Change> {
        let own = find(ALL, self.partition.provider())?;
        let body = json::parse(body).ok()?;
        let event_type = event.event_type.as_deref()?;
        let received = event.received_at;
        let delivered = Delivered { event_type, body: &body, sha256: "", received };
        let Event { content, others, .. } = own.event(ALL, &delivered).ok()?;
        let first = match content {
            Content::Change(change) => Some(*change),
            Content::Unknown | Content::Test => None,
        };
        let is_own = |change: &Change| {
            change.subject.kind.name() == self.partition.kind()
                && change.subject.id.as_str() == self.partition.id()
        };
        first.into_iter().chain(others).find(is_own)
    }

    fn take(&mut self, change: &Change, event: &StoredEvent) {
        let identity = event.identity.clone().unwrap_or_default();
        drop(self.record.take_in(change, &identity, event.received_at));
    }
}

impl FactChange {
    /// True when nothing was known and nothing is: the event states the fact as null.
    #[must_use]
    pub fn says_nothing(&self) -> bool {
        self.old.is_none() && self.new.as_deref() == Some(NOTHING)
    }

    /// The change in words: `status pending -> approved`.
    #[must_use]
    pub fn words(&self) -> String {
        let fact = self.fact.as_str();
        match (&self.old, &self.new) {
            _ if self.personal => format!("{fact} (personal)"),
            (Some(old), Some(new)) if old != new => format!("{fact} {old} -> {new}"),
            (_, Some(new)) => format!("{fact} {new}"),
            (Some(old), None) => format!("{fact}, was {old}"),
            (None, None) => fact.to_owned(),
        }
    }
}

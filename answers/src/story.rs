//! What happened to one object, in the order in which it happened here.

mod telling;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use shared::aws::store::{StoredEvent, StoredRecord};
use shared::fulfilment::{Actor, LogEntry, OperatorDecision, ParkReason, Promise, State};
use shared::ledger::{InboxReason, Partition};
use shared::wire::Timestamp;

use crate::changes::{FactChange, Replay};
use crate::money::Money;
use crate::private::{is_impersonal, shown};
use crate::reward::{Party, Reward};

/// The facts that say what is promised, and to whom.
const TERMS: [&str; 3] = ["affiliate_id", "amount", "customer_id"];

/// The story of one partition.
#[derive(Debug, Serialize)]
pub struct Story {
    /// The partition.
    pub partition: Partition,
    /// What happened, earliest first.
    pub timeline: Vec<Happening>,
    /// The record as it is now.
    pub record: Option<RecordNow>,
    /// The promises, by epoch.
    pub promises: Vec<StoryPromise>,
}

/// Something that happened.
#[derive(Debug, Serialize)]
pub struct Happening {
    /// The time.
    pub at: Timestamp,
    /// What it was.
    #[serde(flatten)]
    pub what: What,
}

/// The kinds of what can happen.
#[derive(Debug, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// An event came in.
    Event(StoryEvent),
    /// A reward was promised.
    Promised {
        /// The key.
        key: String,
        /// What was promised; `None` where an event changed it since: only what is
        /// promised now is kept.
        #[serde(flatten)]
        terms: Option<Promised>,
    },
    /// The promise went on, or a try came to nothing.
    Tried(Try),
    /// Transitions that the promise's log has no room for any more.
    LeftOut {
        /// The key.
        key: String,
        /// Their number.
        count: u32,
    },
    /// An operator decided.
    #[serde(rename = "word")]
    Decided {
        /// The key.
        key: String,
        /// The decision.
        #[serde(rename = "word")]
        decision: OperatorDecision,
    },
    /// It was delivered, of which the log does not tell.
    Delivered {
        /// The key.
        key: String,
    },
    /// It was confirmed, of which the log does not tell.
    Confirmed {
        /// The key.
        key: String,
    },
    /// It came into its present state, of which the log does not tell.
    Entered {
        /// The key.
        key: String,
        /// The state.
        state: State,
        /// The reason, if it is parked.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<ParkReason>,
    },
}

/// What is promised, and to whom.
#[derive(Debug, Serialize)]
pub struct Promised {
    /// The amount.
    pub amount: Money,
    /// The recipient.
    pub recipient: Option<Party>,
}

/// An event with what it changed.
#[derive(Debug, Serialize)]
pub struct StoryEvent {
    /// The type; none for quarantined bytes.
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// The identity.
    pub identity: Option<String>,
    /// The facts that it changed.
    pub changes: Vec<FactChange>,
    /// The version of the record that it made.
    pub version: Option<u64>,
    /// The name of the secret that vouched for it.
    pub secret: String,
    /// The reason for which it made no promise, though it announced a reward.
    pub no_promise: Option<String>,
    /// What is wrong with quarantined bytes.
    pub problem: Option<String>,
    /// The reason for which it is in the inbox.
    pub inbox: Option<InboxReason>,
    /// The names of the facts whose value before it is not the one that was held.
    pub gap: Vec<String>,
    /// The names of the facts that are too large for the record.
    pub over: Vec<String>,
    /// The partition that has its body, where that is another one.
    pub kept_with: Option<String>,
}

/// An entry of a promise's log.
#[derive(Debug, Serialize)]
pub struct Try {
    /// The key.
    pub key: String,
    /// The platform's name.
    #[serde(skip)]
    pub vendor: String,
    /// The entry.
    #[serde(flatten)]
    pub entry: LogEntry,
}

/// A record as it is now.
#[derive(Debug, Serialize)]
pub struct RecordNow {
    /// The status in the ledger's words.
    pub status: Option<String>,
    /// The status in the provider's words.
    pub provider_status: Option<String>,
    /// The version.
    pub version: u64,
    /// True when its events contradict each other.
    pub contested: bool,
    /// The time at which the object was deleted.
    pub deleted_at: Option<Timestamp>,
    /// The time of the latest announcement of a reward.
    pub announced: Option<Timestamp>,
    /// The facts that are shown.
    pub facts: BTreeMap<String, Value>,
    /// The number of facts that are not shown.
    pub hidden: usize,
}

/// A promise as it is now, without its personal parts unless asked for.
#[derive(Debug, Serialize)]
pub struct StoryPromise {
    /// The promise.
    #[serde(flatten)]
    pub promise: Promise,
    /// How it stands.
    pub reward: Reward,
    /// How it stands, in a sentence.
    pub now: String,
    /// What comes next, in a sentence, if anything does.
    pub next: Option<Next>,
}

/// What comes next.
#[derive(Debug, Serialize)]
pub struct Next {
    /// The sentence.
    pub says: String,
    /// The time at which it is parked if nothing helps; `None` where nothing is due or
    /// the longest age is not known.
    pub gives_up_at: Option<Timestamp>,
}

impl Story {
    /// The story of what was read. `bodies` has the kept body of each event that has
    /// one, by its sort key, as text; `max_age_seconds` is the longest time that a
    /// promise may be open, where that is known.
    #[must_use]
    pub fn of(
        partition: &Partition,
        mut events: Vec<StoredEvent>,
        bodies: &BTreeMap<String, Vec<u8>>,
        record: Option<&StoredRecord>,
        promises: Vec<Promise>,
        max_age_seconds: Option<i64>,
        personal: bool,
    ) -> Self {
        // Events of one moment in the order in which they were recorded.
        events.sort_by_key(|event| (event.received_at, event.version));
        let mut replay = Replay::new(partition, personal);
        let mut timeline: Vec<Happening> = events
            .into_iter()
            .map(|event| {
                let body = bodies.get(&event.sk).map(Vec::as_slice);
                let changes = replay.next(&event, body);
                Happening::event(event, changes)
            })
            .collect();
        for promise in &promises {
            let changed = timeline.iter().any(|event| event.changes_terms(promise.created_at));
            timeline.extend(Happening::of(partition, promise, changed, personal));
        }
        timeline.sort_by_key(|happening| happening.at);
        let promises = promises.into_iter();
        let promises =
            promises.map(|promise| StoryPromise::of(partition, promise, max_age_seconds, personal));
        Self {
            partition: partition.clone(),
            timeline,
            record: record.map(|record| RecordNow::of(record, personal)),
            promises: promises.collect(),
        }
    }
}

impl Happening {
    fn event(event: StoredEvent, changes: Vec<FactChange>) -> Self {
        let told = StoryEvent {
            event_type: event.event_type,
            identity: event.identity,
            changes,
            version: event.version,
            secret: event.secret,
            no_promise: event.no_promise,
            problem: event.problem,
            inbox: event.inbox,
            gap: event.gap,
            over: event.over,
            kept_with: event.kept_with,
        };
        Self { at: event.received_at, what: What::Event(told) }
    }

    /// True for an event from after that time that changed what is promised, or to whom.
    fn changes_terms(&self, since: Timestamp) -> bool {
        let What::Event(event) = &self.what else { return false };
        self.at > since && event.changes.iter().any(|of| TERMS.contains(&of.fact.as_str()))
    }

    /// What a promise tells of its own life: its log, the decisions, and of what is
    /// older than the log its time stamps.
    fn of(partition: &Partition, promise: &Promise, changed: bool, personal: bool) -> Vec<Self> {
        let key = || promise.key.clone();
        let Reward { amount, recipient, vendor, .. } = Reward::of(partition, promise, personal);
        let entries = &promise.log.entries;
        let logged = |at: Timestamp| entries.iter().any(|entry| entry.at == at);
        let terms = (!changed).then_some(Promised { amount, recipient });
        let mut told = vec![(promise.created_at, What::Promised { key: key(), terms })];
        if let (Some(first), 1..) = (entries.first(), promise.log.left_out) {
            told.push((first.at, What::LeftOut { key: key(), count: promise.log.left_out }));
        }
        // A decision is told with its words.
        let by_function = |entry: &&LogEntry| !matches!(entry.by, Actor::Operator(_));
        for entry in entries.iter().filter(by_function) {
            let tried = Try { key: key(), vendor: vendor.clone(), entry: entry.clone() };
            told.push((entry.at, What::Tried(tried)));
        }
        for decision in &promise.decisions {
            told.push((decision.at, What::Decided { key: key(), decision: decision.clone() }));
        }
        for (at, what) in [
            (promise.delivered_at, What::Delivered { key: key() }),
            (promise.confirmed_at, What::Confirmed { key: key() }),
        ] {
            if let Some(at) = at.filter(|at| !logged(*at)) {
                told.push((at, what));
            }
        }
        let at = promise.changed_at;
        if !logged(at) && at != promise.created_at {
            let reason = promise.parked.as_ref().map(|parked| parked.reason.clone());
            told.push((at, What::Entered { key: key(), state: promise.state, reason }));
        }
        told.into_iter().map(|(at, what)| Self { at, what }).collect()
    }
}

impl RecordNow {
    /// The facts that are shown, each with its value for people.
    pub fn shown(&self) -> impl Iterator<Item = (&str, String)> {
        let currency = self.facts.get("currency").and_then(Value::as_str);
        let shown = move |(name, value): (&'_ String, &'_ Value)| shown(name, value, currency);
        self.facts.iter().map(move |fact| (fact.0.as_str(), shown(fact)))
    }

    fn of(stored: &StoredRecord, personal: bool) -> Self {
        let record = &stored.record;
        let facts: BTreeMap<String, Value> = record
            .facts
            .iter()
            .filter(|(name, _)| personal || is_impersonal(name))
            .map(|(name, register)| (name.clone(), register.value.clone()))
            .collect();
        Self {
            status: stored.status.clone(),
            provider_status: record.text("status").map(str::to_owned),
            version: record.version,
            contested: record.is_contested(),
            deleted_at: record.deleted_at,
            announced: record.announcement(),
            hidden: record.facts.len().saturating_sub(facts.len()),
            facts,
        }
    }
}

impl StoryPromise {
    fn of(
        partition: &Partition,
        mut promise: Promise,
        max_age_seconds: Option<i64>,
        personal: bool,
    ) -> Self {
        let reward = Reward::of(partition, &promise, personal);
        let again = promise.withdrawal.next_epoch.as_mut().map(|again| &mut again.terms);
        let all = [Some(&mut promise.terms), promise.terms_change.new_terms.as_mut(), again];
        let recipients = all.into_iter().flatten().filter_map(|terms| terms.recipient.as_mut());
        for recipient in recipients.filter(|_| !personal) {
            recipient.reference = None;
            recipient.email = None;
        }
        let ages = promise.due.is_some() || promise.lease.is_some();
        let until = max_age_seconds.filter(|_| ages && promise.state != State::Parked);
        let gives_up_at = until.map(|seconds| promise.open_at.plus_seconds(seconds));
        let next = reward.next(gives_up_at).map(|says| Next { says, gives_up_at });
        Self { now: reward.sentence(), next, reward, promise }
    }
}

#[cfg(test)]
mod tests;

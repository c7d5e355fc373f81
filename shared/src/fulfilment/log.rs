//! The log of a promise: its latest transitions and tries, with what came of each.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::fulfilment::reason::ParkReason;
use crate::fulfilment::state::State;
use crate::wire::Timestamp;

/// Most entries that a log keeps. An older one becomes a number.
pub const MAX_ENTRIES: usize = 20;
/// Longest outcome kept, in characters.
const MAX_OUTCOME: usize = 120;
/// What the names of operators begin with, so that none is taken for a function.
const OPERATOR: &str = "operator ";

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
pub(super) fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The log of a promise, written together with each transition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// The latest entries, earliest first.
    #[serde(default)]
    pub entries: Vec<LogEntry>,
    /// The number of entries that were left out to make room.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub left_out: u32,
}

/// A transition of a promise, or a try that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// The time of the transition.
    pub at: Timestamp,
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// The one who caused it.
    pub by: Actor,
    /// The outcome of the call, or the cause of the transition, without any personal
    /// data.
    pub outcome: String,
    /// The reason for which the promise was parked by this.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<ParkReason>,
    /// Milliseconds from the lease to the outcome, where a worker called out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ms: Option<u64>,
}

impl Log {
    /// True when nothing was ever logged.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.left_out == 0
    }

    /// Adds an entry. Where there are too many, the earliest goes that no operator
    /// made: what people decided is told longest.
    pub(super) fn push(&mut self, mut entry: LogEntry) {
        if let Some((end, _)) = entry.outcome.char_indices().nth(MAX_OUTCOME) {
            entry.outcome.truncate(end);
        }
        self.entries.push(entry);
        while self.entries.len() > MAX_ENTRIES {
            let by_function = |entry: &LogEntry| !matches!(entry.by, Actor::Operator(_));
            let first = self.entries.iter().position(by_function).unwrap_or_default();
            self.entries.remove(first);
            self.left_out = self.left_out.saturating_add(1);
        }
    }
}

/// The one who causes a transition: a function, or an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// An event, by the record that it changed.
    Event,
    /// The worker that calls the company's own system.
    Deliver,
    /// The worker that calls the platform.
    Confirm,
    /// The sweep.
    Sweep,
    /// The answer to a request of the platform, which tells it of the delivery (v1
    /// without API key).
    Answer,
    /// A function that this version does not know.
    Other(String),
    /// An operator, by name.
    Operator(String),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Event => f.write_str("event"),
            Actor::Deliver => f.write_str("deliver"),
            Actor::Confirm => f.write_str("confirm"),
            Actor::Sweep => f.write_str("sweep"),
            Actor::Answer => f.write_str("answer"),
            Actor::Other(name) => f.write_str(name),
            Actor::Operator(name) => write!(f, "{OPERATOR}{name}"),
        }
    }
}

impl From<String> for Actor {
    fn from(text: String) -> Self {
        if let Some(name) = text.strip_prefix(OPERATOR) {
            return Actor::Operator(name.to_owned());
        }
        let mut functions =
            [Actor::Event, Actor::Deliver, Actor::Confirm, Actor::Sweep, Actor::Answer].into_iter();
        let known = functions.find(|function| function.to_string() == text);
        known.unwrap_or(Actor::Other(text))
    }
}

impl Serialize for Actor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: i64, by: Actor) -> LogEntry {
        LogEntry {
            at: Timestamp::from_ms(n),
            from: State::Requested,
            to: State::Requested,
            by,
            outcome: "no answer".into(),
            reason: None,
            ms: Some(7),
        }
    }

    #[test]
    fn a_full_log_counts_what_it_leaves_out_and_keeps_what_people_decided() {
        let mut log = Log::default();
        assert!(log.is_empty());
        log.push(entry(0, Actor::Operator("jane".into())));
        (1..=30).for_each(|n| log.push(entry(n, Actor::Deliver)));
        assert_eq!((log.entries.len(), log.left_out), (MAX_ENTRIES, 11));
        let times: Vec<_> = log.entries.iter().map(|entry| entry.at.ms()).collect();
        assert_eq!((times[0], times[1], times[19]), (0, 12, 30));
        (31..=60).for_each(|n| log.push(entry(n, Actor::Operator("joe".into()))));
        assert_eq!((log.entries.len(), log.left_out), (MAX_ENTRIES, 41));
        assert_eq!(log.entries[0].at.ms(), 41);
    }

    #[test]
    fn an_outcome_is_cut_between_characters() {
        let mut log = Log::default();
        let outcome = "é".repeat(MAX_OUTCOME + 1);
        log.push(LogEntry { outcome, ..entry(1, Actor::Sweep) });
        assert_eq!(log.entries[0].outcome, "é".repeat(MAX_OUTCOME));
    }

    #[test]
    fn an_entry_reads_back_whoever_made_it() {
        for (by, text) in [
            (Actor::Event, "event"),
            (Actor::Deliver, "deliver"),
            (Actor::Confirm, "confirm"),
            (Actor::Sweep, "sweep"),
            (Actor::Answer, "answer"),
            (Actor::Other("later".into()), "later"),
            (Actor::Operator("sweep".into()), "operator sweep"),
        ] {
            let json = serde_json::to_value(entry(1, by.clone())).unwrap();
            assert_eq!(json["by"], text);
            assert_eq!(serde_json::from_value::<LogEntry>(json).unwrap().by, by);
        }
    }
}

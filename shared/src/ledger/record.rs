//! The current state of a business object, merged from its events.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::event::{Change, Clock};
use crate::fulfilment::Sources;
use crate::timestamp::Timestamp;

/// Most transitions remembered for a source without event ids. More distinct
/// bodies than this for one status of one object have not been seen anywhere.
const MAX_TRANSITIONS: usize = 64;

/// One fact with the place in time of the event that stated it.
#[derive(Debug, Clone, PartialEq)]
pub struct Register {
    /// What was stated.
    pub value: Value,
    /// When.
    pub clock: Clock,
}

impl Register {
    /// Later time wins, then higher rank. What is still equal is decided by
    /// the value, so that no order of arrival can show.
    fn loses_to(&self, other: &Register) -> bool {
        (self.clock, self.value.to_string()) < (other.clock, other.value.to_string())
    }
}

/// The record of one object.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// Rises with every event recorded.
    pub version: u64,
    /// What is known, by field name.
    pub facts: BTreeMap<String, Register>,
    /// When it was deleted at the provider; terminal.
    pub deleted_at: Option<Timestamp>,
    /// Whether events contradicted each other and no clock could settle it.
    pub contested: bool,
    /// For a source without event ids: what was applied since the status last
    /// changed, and at which version.
    pub transitions: BTreeMap<String, u64>,
    /// When a reward was announced for it, by the latest event that did.
    pub announced: Option<Timestamp>,
    /// Which sources were to promise rewards whenever it was announced, each
    /// setting once. What another one gave is not given again because the
    /// settings changed.
    pub sources: Vec<Sources>,
    /// The epoch of its latest promise; 0 without one.
    pub epoch: u32,
}

impl Record {
    /// A record that states these facts, without a history.
    #[must_use]
    pub fn of_facts(facts: crate::event::Facts) -> Self {
        let clock = Clock { time: Timestamp::ZERO, rank: 0 };
        let registers = facts.into_iter().map(|(name, value)| (name, Register { value, clock }));
        Self { facts: registers.collect(), ..Self::default() }
    }

    /// Whether events contradict each other and no clock can settle it.
    #[must_use]
    pub fn is_contested(&self) -> bool {
        self.contested
    }

    /// The value of a fact; `None` when unknown or stated as null.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&Value> {
        self.facts.get(name).map(|r| &r.value).filter(|value| !value.is_null())
    }

    /// The text of a fact.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fact(name).and_then(Value::as_str)
    }

    /// The status, `deleted` once deleted.
    #[must_use]
    pub fn status(&self) -> Option<&str> {
        if self.deleted_at.is_some() {
            return Some("deleted");
        }
        self.text("status")
    }

    /// The latest place in time of any fact.
    #[must_use]
    pub fn as_of(&self) -> Option<Clock> {
        self.facts.values().map(|register| register.clock).max()
    }

    /// Takes in an event of a source with a clock. Returns the names of the
    /// facts that changed. The result depends on the set of events taken in
    /// and not on their order (invariant `OnceApplied`).
    pub(super) fn merge(&mut self, change: &Change, clock: Clock) -> Vec<String> {
        let mut changed = Vec::new();
        for (name, value) in &change.facts {
            let stated = Register { value: value.clone(), clock };
            let known = self.facts.get(name);
            if known.is_none_or(|known| known.loses_to(&stated)) {
                if known.is_none_or(|known| known.value != stated.value) {
                    changed.push(name.clone());
                }
                self.facts.insert(name.clone(), stated);
            }
        }
        if change.announces {
            self.announced = self.announced.max(Some(clock.time));
        }
        if change.deletes {
            let before = self.deleted_at;
            self.deleted_at = Some(before.map_or(clock.time, |at| at.max(clock.time)));
            if before.is_none() {
                changed.push("deleted".into());
            }
        }
        changed
    }

    /// Takes in an event of a source without a clock, in the order of arrival.
    /// One that contradicts what is known marks the record as contested.
    pub(super) fn apply(&mut self, change: &Change, transition: &str) -> Vec<String> {
        let clock = Clock { time: Timestamp::ZERO, rank: 0 };
        let status = self.text("status").map(str::to_owned);
        let mut changed = Vec::new();
        for (name, value) in &change.facts {
            let known = self.facts.get(name).map(|register| &register.value);
            if known == Some(value) {
                continue;
            }
            self.contested |= known.is_some();
            changed.push(name.clone());
            self.facts.insert(name.clone(), Register { value: value.clone(), clock });
        }
        if self.text("status") != status.as_deref() {
            // What came before the change may rightly come again.
            self.transitions.clear();
        }
        if self.transitions.len() >= MAX_TRANSITIONS {
            let oldest = self.transitions.iter().min_by_key(|(_, version)| **version);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                self.transitions.remove(&oldest);
            }
        }
        self.transitions.insert(transition.to_owned(), self.version.saturating_add(1));
        changed
    }
}

//! Merging the events of a source without a clock (UpPromote), in the order of their
//! arrival.
//!
//! No order of arrival may end in another record unless it is marked as contested
//! (invariant `OnceApplied`). So an event is taken for the next one only where
//! nothing else can be meant; what else comes is applied, and the record marked.

use serde_json::Value;

use crate::ledger::record::DECIDING;
use crate::ledger::{Action, Change, Clock, Record, Register};

/// Most transitions remembered for a source without event ids. More distinct
/// bodies than this for one object have not been seen anywhere.
const MAX_TRANSITIONS: usize = 64;
/// Most statuses remembered that no change of status has confirmed.
const MAX_UNCONFIRMED: usize = 8;

impl Record {
    /// True when this transition was applied and the status has not changed since:
    /// its event is a repeated delivery.
    #[must_use]
    pub fn is_repeat(&self, transition: &str) -> bool {
        self.transitions.get(transition).is_some_and(|at| *at >= self.status_since)
    }

    /// Takes in an event of a source without a clock, in the order of arrival.
    /// Returns the names of the facts that changed. An event that contradicts the
    /// record, or whose place among the others cannot be told, marks the record as
    /// contested.
    pub(crate) fn apply(&mut self, change: &Change, transition: &str) -> Vec<String> {
        // The same body again after the status has changed: a delivery that was
        // repeated late, or the same transition once more.
        self.contested |= self.transitions.contains_key(transition);
        self.contested |= change.undated.contradicts_itself;
        let action = if change.undated.creates { Action::Created } else { Action::Updated };
        let clock = Clock { action, ..Clock::UNKNOWN };
        let mut changed = Vec::new();
        for (name, value) in change.facts.iter().filter(|(name, _)| *name != "status") {
            if self.take(name, value, clock) {
                changed.push(name.clone());
            }
        }
        let next = self.version.saturating_add(1);
        if let Some(Value::String(status)) = change.facts.get("status") {
            let before = self.text("status").map(str::to_owned);
            self.take_status(change, status, clock);
            if self.text("status") != before.as_deref() {
                changed.push("status".to_owned());
                self.status_since = next;
            }
        }
        self.remember(transition, next);
        changed
    }

    /// Takes in a fact other than the status; true when it changed. What the event of
    /// the creation says is older than anything else.
    fn take(&mut self, name: &str, value: &Value, clock: Clock) -> bool {
        let Some(known) = self.facts.get_mut(name) else {
            self.facts.insert(name.to_owned(), Register::new(value.clone(), clock));
            return true;
        };
        let before = known.value.clone();
        if DECIDING.contains(&name) && known.clock.action == clock.action {
            self.contested |= known.value != *value;
            *known = Register::new(value.clone(), clock);
        } else {
            known.decorate(clock, value.clone());
        }
        known.value != before
    }

    fn take_status(&mut self, change: &Change, status: &str, clock: Clock) {
        let was = change.was.get("status").and_then(Value::as_str);
        let Some(held) = self.facts.get("status").cloned() else {
            self.status_before = was.map(str::to_owned);
            return self.set_status(change, status, clock);
        };
        let is_held = held.value == status;
        let of_creation = held.clock.action == Action::Created;
        match was {
            _ if change.undated.creates => {
                self.contested |= of_creation && !is_held;
                if of_creation && !is_held {
                    self.set_status(change, status, clock);
                } else if change.undated.is_initial && !of_creation {
                    // The life began here: a way back to this status closes no circle
                    // of which nobody knows the beginning.
                    self.status_before.take_if(|before| before == status);
                }
            }
            Some(was) => {
                let confirms = self.unconfirmed.remove(status);
                let closes_circle = self.status_before.as_deref() == Some(status);
                let follows = held.value == was && !confirms && !closes_circle;
                let repeats = is_held && (confirms || was == status);
                self.contested |= !follows && !repeats;
                if !is_held {
                    self.set_status(change, status, clock);
                }
            }
            None => {
                self.contested |= !is_held && !of_creation;
                if !is_held {
                    self.set_status(change, status, clock);
                }
            }
        }
    }

    fn set_status(&mut self, change: &Change, status: &str, clock: Clock) {
        self.facts.insert("status".to_owned(), Register::new(status.into(), clock));
        if !change.was.contains_key("status") && !change.undated.is_initial {
            self.unconfirmed.insert(status.to_owned());
            if self.unconfirmed.len() > MAX_UNCONFIRMED {
                self.unconfirmed.pop_first();
                self.contested = true;
            }
        }
    }

    fn remember(&mut self, transition: &str, version: u64) {
        if self.transitions.len() >= MAX_TRANSITIONS {
            let oldest = self.transitions.iter().min_by_key(|(_, version)| **version);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                self.transitions.remove(&oldest);
            }
        }
        self.transitions.insert(transition.to_owned(), version);
    }
}

//! Merging the events of a source without a clock (UpPromote), in the order of their
//! arrival.
//!
//! No order of arrival may end in another record unless it is marked as contested
//! (invariant `OnceApplied`). So an event is taken for the next one only where
//! nothing else can be meant; what else comes is applied, and the record marked.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ledger::record::DECIDING;
use crate::ledger::{Action, Change, Clock, Record, Register};

/// Most transitions remembered for a source without event ids. More distinct
/// bodies than this for one object have not been seen anywhere.
const MAX_TRANSITIONS: usize = 64;
/// Most statuses remembered that no change of status has confirmed.
const MAX_UNCONFIRMED: usize = 8;

/// What a record of a source without a clock remembers of the order in which its
/// events came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Arrivals {
    /// The version at which the status last changed.
    pub status_since: u64,
    /// The statuses stated by events that do not say which one was before, and of
    /// which no event that says so has come yet.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub unconfirmed: BTreeSet<String>,
    /// The status that the event of the creation stated, once that has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// The first change of status that was heard of, before and after, while the
    /// creation is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_change: Option<[String; 2]>,
}

impl Record {
    /// True when this transition was applied and the status has not changed since:
    /// its event is a repeated delivery.
    #[must_use]
    pub fn is_repeat(&self, transition: &str) -> bool {
        self.transitions.get(transition).is_some_and(|at| *at >= self.arrivals.status_since)
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
                self.arrivals.status_since = next;
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
        let held = self.facts.get("status").cloned();
        if change.undated.creates {
            return self.take_creation(change, status, clock, held.as_ref());
        }
        match (was, held) {
            (Some(was), None) => {
                self.begin(was, status);
                self.set_status(change, status, clock);
            }
            (None, None) => self.set_status(change, status, clock),
            (Some(was), Some(held)) => {
                let is_held = held.value == status;
                let confirms = self.arrivals.unconfirmed.remove(status);
                let begins = self.arrivals.first_change.as_ref().map(|[before, _]| before);
                // Of a circle of changes nobody knows where it began.
                let closes_circle = begins.is_some_and(|before| before == status);
                let follows = held.value == was && !confirms && !closes_circle;
                let repeats = is_held && (confirms || was == status);
                self.contested |= !follows && !repeats;
                if confirms {
                    self.begin(was, status);
                }
                self.hold_status(change, status, clock, is_held);
            }
            (None, Some(held)) => {
                let is_held = held.value == status;
                self.contested |= !is_held && held.clock.action != Action::Created;
                self.hold_status(change, status, clock, is_held);
            }
        }
    }

    /// Takes in the status of the creation, which is older than any other.
    fn take_creation(
        &mut self,
        change: &Change,
        status: &str,
        clock: Clock,
        held: Option<&Register>,
    ) {
        let other = self.arrivals.created.replace(status.to_owned());
        self.contested |= other.is_some_and(|other| other != status);
        match held.map(|held| held.clock.action) {
            None => self.set_status(change, status, clock),
            Some(Action::Created) => {
                if held.is_some_and(|held| held.value != status) {
                    self.set_status(change, status, clock);
                }
            }
            Some(_) => {
                // The life began here. The first change heard of begins with this
                // status, or led to it as the object came to be.
                let is_initial = change.undated.is_initial;
                let first = self.arrivals.first_change.take();
                let led_here = first.as_ref().is_some_and(|[_, after]| after == status);
                let begins_here = first.as_ref().is_none_or(|[before, _]| before == status);
                self.contested |= !begins_here && (is_initial || !led_here);
                if is_initial {
                    // An event that stated it may have stated the creation's.
                    self.arrivals.unconfirmed.remove(status);
                } else if !led_here {
                    self.arrivals.unconfirmed.insert(status.to_owned());
                }
            }
        }
    }

    /// Remembers the first change of status while the creation is unknown.
    fn begin(&mut self, was: &str, status: &str) {
        if self.arrivals.created.is_none() && self.arrivals.first_change.is_none() {
            self.arrivals.first_change = Some([was.to_owned(), status.to_owned()]);
        }
    }

    /// Sets a status that is later than the creation; one that is held already is from
    /// then on no longer that of the creation alone.
    fn hold_status(&mut self, change: &Change, status: &str, clock: Clock, is_held: bool) {
        if is_held {
            self.facts.insert("status".to_owned(), Register::new(status.into(), clock));
        } else {
            self.set_status(change, status, clock);
        }
    }

    fn set_status(&mut self, change: &Change, status: &str, clock: Clock) {
        self.facts.insert("status".to_owned(), Register::new(status.into(), clock));
        if !change.was.contains_key("status") && !change.undated.is_initial {
            self.arrivals.unconfirmed.insert(status.to_owned());
            if self.arrivals.unconfirmed.len() > MAX_UNCONFIRMED {
                self.arrivals.unconfirmed.pop_first();
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

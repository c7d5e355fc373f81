//! Merging the events of a source without a clock (UpPromote).
//!
//! No order of arrival may end in another record unless it is marked as contested
//! (invariant `OnceApplied`). So the status is a function of the set of events that
//! have come: a path from the status of the creation that takes each change once. Where
//! there is no such path, or several that end differently, the last event to arrive is
//! applied, and the record marked until the events that are missing come.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ledger::record::DECIDING;
use crate::ledger::{Action, Change, Clock, Record, Register};

/// Most transitions remembered for a source without event ids. More distinct
/// bodies than this for one object have not been seen anywhere.
const MAX_TRANSITIONS: usize = 64;
/// Most statuses and changes of status remembered; with more nobody can tell.
const MAX_REMEMBERED: usize = 16;
/// Most statuses of which it is remembered what was stated with them.
const MAX_STATED: usize = 6;

/// What a record of a source without a clock remembers of its events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Arrivals {
    /// The version at which the status last changed.
    pub status_since: u64,
    /// The status that the event of the creation stated, once that has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// True when that status may be the result of a change that is told besides: the
    /// object was approved as it came to be.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub created_changed: bool,
    /// The statuses stated by events that do not say which one was before.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub named: BTreeSet<String>,
    /// The changes of status, each as the status before and after.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub changes: BTreeSet<[String; 2]>,
    /// What events that name a status state of the facts that decide, by fact and by
    /// that status.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub stated: BTreeMap<String, BTreeMap<String, Value>>,
    /// Events contradict each other, or themselves, in a way that no other event can
    /// settle.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub torn: bool,
}

impl Arrivals {
    /// The one status in which these events end; `None` when nobody can tell.
    fn end(&self) -> Option<&str> {
        if self.changes.is_empty() {
            let mut named = self.named.iter();
            return match (named.next(), named.next()) {
                (None, _) => self.created.as_deref(),
                (Some(one), None) => Some(one),
                _ => None,
            };
        }
        let changes = self.changes.iter().map(|[was, is]| (was.as_str(), is.as_str()));
        let changes: Vec<_> = changes.chain(self.untold()).collect();
        let mut ends = self.ends(&changes).into_iter();
        match (ends.next(), ends.next()) {
            (Some(end), None) if self.named.iter().all(|named| self.passes(named)) => Some(end),
            _ => None,
        }
    }

    /// The change from the creation to a status that an event named, and from which other
    /// changes go on, where no event told of the change itself.
    fn untold(&self) -> Option<(&str, &str)> {
        let created = self.created.as_deref()?;
        let is_untold = |named: &&String| {
            *named != created
                && self.changes.iter().all(|[_, is]| is != *named)
                && self.changes.iter().any(|[was, _]| was == *named)
        };
        let mut untold = self.named.iter().filter(is_untold);
        match (untold.next(), untold.next()) {
            (Some(one), None) => Some((created, one)),
            _ => None,
        }
    }

    /// Remembers what an event that names a status states of a fact.
    fn state(&mut self, fact: &str, status: &str, value: &Value) {
        let by_status = self.stated.entry(fact.to_owned()).or_default();
        let other = by_status.insert(status.to_owned(), value.clone());
        self.torn |= other.is_some_and(|other| other != *value);
        self.torn |= by_status.len() > MAX_STATED;
        while by_status.len() > MAX_STATED {
            by_status.pop_first();
        }
    }

    /// The value of a fact: as it was stated with the last status, or always. `None`
    /// when nobody can tell.
    fn value(&self, fact: &str) -> Option<&Value> {
        let by_status = self.stated.get(fact)?;
        let last = self.end().and_then(|end| by_status.get(end));
        let first = by_status.values().next();
        last.or_else(|| first.filter(|first| by_status.values().all(|value| value == *first)))
    }

    /// True when somebody has to be asked for the status, or for a fact that decides.
    fn is_uncertain(&self) -> bool {
        self.torn
            || self.end().is_none()
            || self.stated.keys().any(|fact| self.value(fact).is_none())
    }

    /// True when the creation or a change says that the object had this status.
    fn passes(&self, status: &str) -> bool {
        self.created.as_deref() == Some(status)
            || self.changes.iter().any(|change| change.iter().any(|one| one == status))
    }

    /// True when some event says that the object had this status.
    pub(super) fn has(&self, status: &str) -> bool {
        self.passes(status) || self.named.contains(status)
    }

    /// The ends of all paths that take each of these changes once.
    fn ends<'a>(&'a self, changes: &[(&'a str, &'a str)]) -> BTreeSet<&'a str> {
        let Some(created) = self.created.as_deref() else {
            // It may have begun at any of them.
            let starts = changes.iter().map(|(was, _)| *was);
            return starts.filter_map(|start| path_end(changes, start)).collect();
        };
        // A change that led to the status of the creation may have been part of it.
        let led_here = changes.iter().filter(|(_, is)| self.created_changed && *is == created);
        let after = |first: &(&str, &str)| {
            let others = changes.iter().filter(|change| *change != first).copied();
            path_end(&others.collect::<Vec<_>>(), created)
        };
        led_here.filter_map(after).chain(path_end(changes, created)).collect()
    }

    fn remember(&mut self, change: &Change, status: &str) {
        let was = change.was.get("status").and_then(Value::as_str);
        if change.undated.creates {
            let other = self.created.replace(status.to_owned());
            self.torn |= other.is_some_and(|other| other != status);
            self.created_changed = !change.undated.is_initial;
        } else if let Some(was) = was {
            if was != status {
                self.changes.insert([was.to_owned(), status.to_owned()]);
            }
        } else {
            self.named.insert(status.to_owned());
        }
        for full in [self.changes.len() > MAX_REMEMBERED, self.named.len() > MAX_REMEMBERED] {
            self.torn |= full;
        }
        while self.changes.len() > MAX_REMEMBERED {
            self.changes.pop_first();
        }
        while self.named.len() > MAX_REMEMBERED {
            self.named.pop_first();
        }
    }
}

/// The end of a path that begins at `start` and takes each edge once; `None` when
/// there is no such path. All such paths end at the same place.
fn path_end<'a>(edges: &[(&'a str, &'a str)], start: &'a str) -> Option<&'a str> {
    // Whatever is left as often as it is reached is passed through. The start is left
    // once more than it is reached, the end reached once more than it is left.
    let mut left_more = vec![(start, -1_i32)];
    let mut count =
        |status: &'a str, by: i32| match left_more.iter_mut().find(|(other, _)| *other == status) {
            Some((_, more)) => *more += by,
            None => left_more.push((status, by)),
        };
    for (was, is) in edges {
        count(was, 1);
        count(is, -1);
    }
    let mut uneven = left_more.iter().filter(|(_, more)| *more != 0);
    let (Some((end, -1)), None) = (uneven.next(), uneven.next()) else { return None };
    // All of it hangs together.
    let mut reached = BTreeSet::from([start]);
    let mut before = 0;
    while before != reached.len() {
        before = reached.len();
        for (was, is) in edges {
            if reached.contains(was) || reached.contains(is) {
                reached.extend([*was, *is]);
            }
        }
    }
    edges.iter().all(|(was, _)| reached.contains(was)).then_some(*end)
}

impl Record {
    /// True when this transition was applied and the status has not changed since:
    /// its event is a repeated delivery.
    #[must_use]
    pub fn is_repeat(&self, transition: &str) -> bool {
        self.transitions.get(transition).is_some_and(|at| *at >= self.arrivals.status_since)
    }

    /// Takes in an event of a source without a clock. Returns the names of the facts
    /// that changed.
    pub(crate) fn apply(&mut self, change: &Change, transition: &str) -> Vec<String> {
        // Records written before any of this was remembered.
        self.arrivals.torn |= self.contested && self.arrivals == Arrivals::default();
        // The same body again after the status has changed: a delivery that was
        // repeated late, or the same transition once more.
        self.arrivals.torn |= self.transitions.contains_key(transition);
        self.arrivals.torn |= change.undated.contradicts_itself;
        let action = if change.undated.creates { Action::Created } else { Action::Updated };
        let clock = Clock { action, ..Clock::UNKNOWN };
        let status = change.facts.get("status").and_then(Value::as_str);
        let named = status.filter(|_| !change.undated.creates);
        let mut changed = Vec::new();
        for (name, value) in change.facts.iter().filter(|(name, _)| *name != "status") {
            match named.filter(|_| DECIDING.contains(&name.as_str())) {
                Some(status) => self.arrivals.state(name, status, value),
                None if self.take(name, value, clock) => changed.push(name.clone()),
                None => {}
            }
        }
        let next = self.version.saturating_add(1);
        if status.is_some_and(|status| self.take_status(change, status, clock)) {
            changed.push("status".to_owned());
            self.arrivals.status_since = next;
        }
        changed.extend(self.settle(change));
        self.contested =
            self.arrivals.torn || self.facts.contains_key("status") && self.arrivals.is_uncertain();
        self.remember(transition, next);
        changed
    }

    /// Takes in the facts that were stated with a status, by the status that there is
    /// now. Returns the names of those that changed.
    fn settle(&mut self, change: &Change) -> Vec<String> {
        let clock = Clock { action: Action::Updated, ..Clock::UNKNOWN };
        let facts = self.arrivals.stated.keys();
        let settled = facts.filter_map(|fact| {
            // What nobody can tell is as the last event says, if it is no creation.
            let said = || change.facts.get(fact).filter(|_| !change.undated.creates);
            let value = self.arrivals.value(fact).or_else(said)?;
            Some((fact.clone(), value.clone()))
        });
        let mut changed = Vec::new();
        for (fact, value) in settled.collect::<Vec<_>>() {
            if self.facts.get(&fact).is_none_or(|known| known.value != value) {
                changed.push(fact.clone());
            }
            self.facts.insert(fact, Register::new(value, clock));
        }
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
            self.arrivals.torn |= known.value != *value;
            *known = Register::new(value.clone(), clock);
        } else {
            known.decorate(clock, value.clone());
        }
        known.value != before
    }

    /// Takes in a status; true when it changed.
    fn take_status(&mut self, change: &Change, status: &str, clock: Clock) -> bool {
        let before = self.text("status").map(str::to_owned);
        self.arrivals.remember(change, status);
        let only_created = self.arrivals.named.is_empty() && self.arrivals.changes.is_empty();
        let action = if only_created { Action::Created } else { Action::Updated };
        let is_late = change.undated.creates && !only_created;
        let now = match self.arrivals.end() {
            Some(end) => end.to_owned(),
            // The creation is older than what is there.
            None if is_late => before.clone().unwrap_or_else(|| status.to_owned()),
            None => status.to_owned(),
        };
        let register = Register::new(now.as_str().into(), Clock { action, ..clock });
        self.facts.insert("status".to_owned(), register);
        before.as_ref() != Some(&now)
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

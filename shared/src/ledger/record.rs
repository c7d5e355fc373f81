//! The current state of a business object, merged from its events.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::ledger::register::{Register, Statement};
use crate::ledger::status::{ByFact, DELETED, FactIs, Status, StatusWords, With};
use crate::ledger::undated::Arrivals;
use crate::ledger::{Action, Change, Clock, Kind, Sources};
use crate::wire::Timestamp;

/// The facts that decide a reward: what is given, to whom, or whether.
/// Contradictions in them are not settled by picking one value.
pub(super) const DECIDING: [&str; 5] =
    ["status", "amount", "affiliate_id", "customer_id", "campaign_id"];

/// A fact of which equally late events say what was before, besides those that
/// decide a reward: a commission is taken out of one payout and put into another in
/// the same second.
const FOLLOWED: &str = "payout_id";

/// The facts that are the id of another object, each with the kind of that object.
const LINKS: [(&str, Kind); 6] = [
    ("affiliate_id", Kind::Affiliate),
    ("customer_id", Kind::Customer),
    ("enrolment_id", Kind::Enrolment),
    ("payout_id", Kind::Payout),
    ("payout_batch_id", Kind::PayoutBatch),
    ("payout_method_id", Kind::PayoutMethod),
];

/// The record of one object.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Record {
    /// The version, which rises with every event recorded.
    pub version: u64,
    /// The known facts, by field name.
    pub facts: BTreeMap<String, Register>,
    /// The time at which the object was deleted at the provider, or at which the
    /// event arrived where it gives no time. Terminal: nothing undoes it.
    pub deleted_at: Option<Timestamp>,
    /// The deciding facts that some event stated with a value and that are null
    /// now; an amount by its parts (`amount.value`).
    pub named: BTreeSet<String>,
    /// Events of a source without a clock contradicted each other.
    /// [`Record::is_contested`] answers this for every source.
    pub contested: bool,
    /// The transitions that were applied, each with the version at which it applied
    /// last; for a source without event ids.
    pub transitions: BTreeMap<String, u64>,
    /// What is remembered of the order of arrival, for a source without a clock.
    pub arrivals: Arrivals,
    /// The time of the latest announcement of a reward, among those that state a
    /// time.
    pub announced: Option<Timestamp>,
    /// The time of arrival of the latest announcement that states no time.
    pub announced_undated: Option<Timestamp>,
    /// The settings of the sources in force when a reward was announced, each once.
    /// A reward that another source gave is not given again because the settings
    /// changed.
    pub sources: Vec<Sources>,
    /// The epoch of the latest promise; 0 without one.
    pub epoch: u32,
}

impl Record {
    /// A record that states these facts and has no history.
    #[must_use]
    pub fn of_facts(facts: crate::ledger::Facts) -> Self {
        let register = |value| Register::new(value, Clock::UNKNOWN);
        let registers = facts.into_iter().map(|(name, value)| (name, register(value)));
        Self { facts: registers.collect(), ..Self::default() }
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

    /// The value of a fact that no two events contradict each other in (see
    /// [`Record::is_contested`]).
    #[must_use]
    pub fn settled(&self, name: &str) -> Option<&Value> {
        let contested = self.facts.get(name).is_some_and(Register::is_contested);
        self.fact(name).filter(|_| !contested)
    }

    /// The text of a fact that no two events contradict each other in.
    #[must_use]
    pub fn settled_text(&self, name: &str) -> Option<&str> {
        self.settled(name).and_then(Value::as_str)
    }

    /// The links to other objects: the kind and the id of each. Nothing is said of
    /// whether the ledger has heard of that object.
    pub fn links(&self) -> impl Iterator<Item = (Kind, &str)> {
        LINKS.into_iter().filter_map(|(fact, kind)| Some((kind, self.text(fact)?)))
    }

    /// The status in the provider's words, `deleted` once deleted.
    #[must_use]
    pub fn status(&self) -> Option<&str> {
        if self.deleted_at.is_some() {
            return Some(DELETED);
        }
        self.text("status")
    }

    /// The status in the ledger's words, by the meaning of the provider's. `None`
    /// where nothing says anything of it.
    #[must_use]
    pub fn ledger_status(&self, words: &StatusWords) -> Option<Status> {
        if self.deleted_at.is_some() {
            return Some(DELETED);
        }
        let word = self.text("status");
        let holds = |rule: &&ByFact| {
            let fact = self.facts.get(rule.fact);
            let null = fact.filter(|fact| fact.value.is_null());
            let is = match rule.is {
                FactIs::Stated => fact.is_some_and(|fact| !fact.value.is_null()),
                FactIs::Null => null.is_some(),
                FactIs::NullBesideWord => {
                    let word = self.facts.get("status");
                    null.is_some_and(|null| word.is_none_or(|word| word.clock <= null.clock))
                }
                FactIs::Text(text) => fact.is_some_and(|fact| fact.value == text),
                FactIs::OfCreation => fact.is_some_and(|fact| fact.clock.action == Action::Created),
            };
            is && match rule.with {
                With::Any => true,
                With::NoWord => word.is_none(),
                With::Word(with) => word == Some(with),
            }
        };
        let by_fact = words.by_fact.iter().find(holds).map(|rule| rule.status);
        by_fact.or_else(|| word.map(|word| words.meaning(word))).or(words.otherwise)
    }

    /// True when events contradict each other in a fact that decides a reward
    /// (status, amount, affiliate, customer, campaign) and nothing tells which came
    /// last: the platform or the operator has to be asked. A later event ends this
    /// where there is a clock; a deletion always does.
    #[must_use]
    pub fn is_contested(&self) -> bool {
        let deciding = DECIDING.iter().filter_map(|name| self.facts.get(*name));
        self.deleted_at.is_none()
            && (self.contested || deciding.clone().any(Register::is_contested))
    }

    /// The time of the latest announcement of a reward. An announcement that states
    /// no time counts as of its arrival.
    #[must_use]
    pub fn announcement(&self) -> Option<Timestamp> {
        self.announced.max(self.announced_undated)
    }

    /// The latest place in time of any fact.
    #[must_use]
    pub fn as_of(&self) -> Option<Clock> {
        self.facts.values().map(|register| register.clock).max()
    }

    /// Takes in an event. `identity` is its own, or, without an id, its transition;
    /// `received` is its arrival. Returns the names of the facts that changed.
    pub fn take_in(&mut self, change: &Change, identity: &str, received: Timestamp) -> Vec<String> {
        match change.clock {
            Some(clock) => self.merge(change, clock, received),
            None => self.apply(change, identity),
        }
    }

    /// Takes in an event of a source with a clock: `clock` is its place in time,
    /// `received` its arrival. Returns the names of the facts that changed. The
    /// result depends on the set of events taken in and not on their order
    /// (invariant `OnceApplied`).
    pub(crate) fn merge(
        &mut self,
        change: &Change,
        clock: Clock,
        received: Timestamp,
    ) -> Vec<String> {
        let mut changed = Vec::new();
        for (name, value) in &change.facts {
            let before = self.facts.get(name).map(|known| known.value.clone());
            self.state(change, name, value, clock);
            self.note_named(name, [before.as_ref(), Some(value)]);
            if self.facts.get(name).map(|known| &known.value) != before.as_ref() {
                changed.push(name.clone());
            }
        }
        if change.announces {
            let at = if clock.time.is_some() {
                &mut self.announced
            } else {
                &mut self.announced_undated
            };
            *at = (*at).max(Some(clock.time.unwrap_or(received)));
        }
        if change.deletes {
            let at = clock.time.unwrap_or(received);
            if self.deleted_at.is_none() {
                changed.push("deleted".into());
            }
            self.deleted_at = self.deleted_at.max(Some(at));
        }
        changed
    }

    /// Keeps [`Record::named`] up to date for one fact, whatever the order of
    /// arrival.
    fn note_named(&mut self, name: &str, values: [Option<&Value>; 2]) {
        if !DECIDING.contains(&name) {
            return;
        }
        self.named.extend(values.into_iter().flatten().flat_map(|value| named(name, value)));
        if let Some(now) = self.facts.get(name) {
            let now = named(name, &now.value);
            self.named.retain(|part| !now.contains(part));
        }
    }

    /// True when events have taken away what one of them had stated: a fact, or a
    /// part of it (`amount.unit`), is null and once had a value.
    #[must_use]
    pub fn is_taken_away(&self, name: &str) -> bool {
        let (fact, part) = name.split_once('.').unwrap_or((name, ""));
        let null = self.facts.get(fact).is_some_and(|fact| match &fact.value {
            Value::Object(parts) => parts.get(part).is_none_or(Value::is_null),
            value => value.is_null(),
        });
        null && self.named.contains(name)
    }

    /// The names of the facts whose value before the change, as the event states it,
    /// is not the one that is held: an event in between has not come. An event that
    /// is not later than what is held proves nothing, nor does one that changes a
    /// fact into what is held. Without a clock, an event may be late whose value
    /// before some other event has told.
    #[must_use]
    pub fn gaps(&self, change: &Change) -> Vec<String> {
        let is_gap = |name: &str, was: &Value| {
            let (fact, part) = part_of(name);
            let Some(held) = self.facts.get(fact) else { return false };
            // That a commission was in no payout before is not said, but thought.
            if fact == FOLLOWED && was.is_null() {
                return false;
            }
            let of = |value: &Value| match part {
                Some(part) => value.get(part).cloned().unwrap_or_default(),
                None => value.clone(),
            };
            let now = change.facts.get(fact).map(of);
            let held_value = of(&held.value);
            let may_be_late = || was.as_str().is_some_and(|was| self.arrivals.has(was));
            change.clock.map_or_else(|| !may_be_late(), |clock| held.clock < clock)
                && !held.is_contested()
                && !is_same(&held_value, was)
                && now.as_ref() != Some(&held_value)
        };
        let gaps = change.was.iter().filter(|(name, was)| is_gap(name, was));
        gaps.map(|(name, _)| name.clone()).collect()
    }

    fn state(&mut self, change: &Change, name: &str, value: &Value, clock: Clock) {
        if !DECIDING.contains(&name) && name != FOLLOWED {
            let register = || Register::new(value.clone(), clock);
            let known = self.facts.entry(name.to_owned()).or_insert_with(register);
            known.decorate(clock, value.clone());
            return;
        }
        let statement = Statement { value: value.clone(), was: was(change, name) };
        if let Some(known) = self.facts.get_mut(name) {
            known.state(clock, statement);
        } else {
            let register = Register::of_statements(clock, vec![statement]);
            self.facts.extend(register.map(|register| (name.to_owned(), register)));
        }
    }
}

/// The names of a fact, or of its parts, that have a value.
fn named(name: &str, value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Object(parts) => {
            let parts = parts.iter().filter(|(_, value)| !value.is_null());
            parts.map(|(part, _)| format!("{name}.{part}")).collect()
        }
        _ => vec![name.to_owned()],
    }
}

/// True when a value that is held and one that a list of changes names may be the same:
/// such lists write times more exactly than objects do, and say `null` or nothing of what
/// is blank. What is kept in the event alone is not known here.
fn is_same(held: &Value, was: &Value) -> bool {
    let time = |value: &Value| value.as_str().and_then(Timestamp::parse).map(Timestamp::seconds);
    let is_blank =
        |value: &Value| value.as_str().map_or(value.is_null(), |text| text.trim().is_empty());
    held == was
        || held.is_object()
        || is_blank(held) && is_blank(was)
        || time(held).is_some_and(|held| time(was) == Some(held))
}

/// The fact that a name of [`Change::was`] stands for, and the part of it.
fn part_of(name: &str) -> (&str, Option<&'static str>) {
    match name {
        "amount" => ("amount", Some("value")),
        "unit" => ("amount", Some("unit")),
        name => (name, None),
    }
}

/// The value before the change that an event states for a fact. An amount and its
/// unit are one fact, and each may have changed alone.
fn was(change: &Change, name: &str) -> Option<Value> {
    if name != "amount" {
        return change.was.get(name).cloned();
    }
    let parts = [("value", "amount"), ("unit", "unit")].into_iter();
    let parts = parts.filter_map(|(part, name)| Some((part, change.was.get(name)?)));
    let parts: Map<_, _> = parts.map(|(part, was)| (part.to_owned(), was.clone())).collect();
    (!parts.is_empty()).then_some(Value::Object(parts))
}

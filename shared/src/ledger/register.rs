//! One fact of a record, merged from the statements of its events.

use std::cmp::Ordering;

use serde_json::Value;

use crate::ledger::Clock;

/// Most statements kept of one fact at one place in time. With this many, the fact
/// counts as contested.
pub const MAX_STATEMENTS: usize = 8;

/// The statement of one event about a fact.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// The value; null takes an earlier value away.
    pub value: Value,
    /// The value before, as far as the event states it. Of an object (an amount),
    /// the parts that the event names.
    pub was: Option<Value>,
}

impl Statement {
    /// True when the statement names `value` as the value before.
    fn follows(&self, value: &Value) -> bool {
        match &self.was {
            Some(Value::Object(parts)) => {
                let part = |name: &String| value.get(name).unwrap_or(&Value::Null);
                parts.iter().all(|(name, was)| part(name) == was)
            }
            Some(was) => was == value,
            None => false,
        }
    }

    fn sort_key(&self) -> (String, Option<String>) {
        (self.value.to_string(), self.was.as_ref().map(Value::to_string))
    }
}

/// One fact with the place in time of the events that stated it last.
#[derive(Debug, Clone, PartialEq)]
pub struct Register {
    /// The value that counts. Of a contested fact it is one of the stated values,
    /// and the same one whatever came first.
    pub value: Value,
    /// The place in time of the value.
    pub clock: Clock,
    /// All statements of that place in time, sorted; empty where `value` says it
    /// all.
    statements: Vec<Statement>,
}

impl Register {
    /// A fact that one event states without a value before.
    #[must_use]
    pub fn new(value: Value, clock: Clock) -> Self {
        Self { value, clock, statements: Vec::new() }
    }

    /// A fact from all statements of one place in time; `None` without any.
    #[must_use]
    pub fn of_statements(clock: Clock, mut statements: Vec<Statement>) -> Option<Self> {
        statements.sort_by_cached_key(Statement::sort_key);
        statements.dedup();
        // The least statements are kept, so that no order of arrival shows.
        statements.truncate(MAX_STATEMENTS);
        let value = latest(&statements).or(statements.last().map(|last| &last.value))?.clone();
        if let [Statement { was: None, .. }] = statements.as_slice() {
            statements.clear();
        }
        Some(Self { value, clock, statements })
    }

    /// All statements of the register's place in time; empty where the value says
    /// it all.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// True when events of one place in time contradict each other, and nothing
    /// that they state tells which came last.
    #[must_use]
    pub fn is_contested(&self) -> bool {
        self.statements.len() >= MAX_STATEMENTS
            || (!self.statements.is_empty() && latest(&self.statements).is_none())
    }

    /// Takes in a statement of a fact that decides a reward. A later statement
    /// wins; those of the same place in time are all kept.
    pub(super) fn state(&mut self, clock: Clock, statement: Statement) {
        if clock < self.clock {
            return;
        }
        let mut statements = vec![statement];
        if clock == self.clock {
            if self.statements.is_empty() {
                statements.push(Statement { value: self.value.clone(), was: None });
            }
            statements.append(&mut self.statements);
        }
        if let Some(stated) = Self::of_statements(clock, statements) {
            *self = stated;
        }
    }

    /// Takes in a statement of a fact that decides nothing. A later statement wins;
    /// of the same place in time, any, but always the same one.
    pub(super) fn decorate(&mut self, clock: Clock, value: Value) {
        let text = |value: &Value| value.to_string();
        let wins = match self.clock.cmp(&clock) {
            Ordering::Less => true,
            Ordering::Equal => self.value != value && text(&self.value) < text(&value),
            Ordering::Greater => false,
        };
        if wins {
            *self = Self::new(value, clock);
        }
    }
}

/// The one value that all others lead up to, by the values before that the events
/// state; `None` when there is no such value, or several.
fn latest(statements: &[Statement]) -> Option<&Value> {
    let mut values: Vec<&Value> = Vec::new();
    for statement in statements {
        if !values.contains(&&statement.value) {
            values.push(&statement.value);
        }
    }
    let mut latest = values.iter().filter(|value| precede(statements, value) == values.len());
    match (latest.next(), latest.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

/// The number of values that came before this one, itself included.
fn precede(statements: &[Statement], value: &Value) -> usize {
    let mut reached = vec![value];
    let mut looked_at = 0;
    while let Some(value) = reached.get(looked_at).copied() {
        let steps = statements.iter().filter(|statement| statement.value == *value);
        for step in steps {
            for before in statements.iter().map(|statement| &statement.value) {
                if step.follows(before) && !reached.contains(&before) {
                    reached.push(before);
                }
            }
        }
        looked_at += 1;
    }
    reached.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stated(value: &Value, was: Option<Value>) -> Statement {
        Statement { value: value.clone(), was }
    }

    /// All orders of the same statements.
    fn orders(statements: &[Statement]) -> Vec<Vec<Statement>> {
        if statements.len() < 2 {
            return vec![statements.to_vec()];
        }
        let mut all = Vec::new();
        for first in 0..statements.len() {
            let mut rest = statements.to_vec();
            let first = rest.remove(first);
            for mut order in orders(&rest) {
                order.insert(0, first.clone());
                all.push(order);
            }
        }
        all
    }

    fn merged(order: Vec<Statement>) -> Register {
        let mut order = order.into_iter();
        let first = order.next().unwrap();
        let mut register = Register::of_statements(Clock::UNKNOWN, vec![first]).unwrap();
        order.for_each(|statement| register.state(Clock::UNKNOWN, statement));
        register
    }

    #[test]
    fn equal_clocks_are_settled_by_what_was_before_or_not_at_all() {
        let [low, high, third] =
            ["700", "1000", "900"].map(|n| json!({"value": n, "unit": "points"}));
        let was = |value: &str| Some(json!({ "value": value }));
        let text = json!("b");
        for (statements, latest) in [
            (vec![stated(&low, None), stated(&high, was("700"))], Some(&high)),
            (vec![stated(&high, None), stated(&low, was("1000"))], Some(&low)),
            (vec![stated(&low, None), stated(&high, None)], None),
            (vec![stated(&low, was("500")), stated(&high, was("500"))], None),
            // The same value twice, with and without the value before.
            (vec![stated(&low, None), stated(&low, was("500"))], Some(&low)),
            // One value after the other.
            (
                vec![stated(&low, None), stated(&high, was("700")), stated(&third, was("1000"))],
                Some(&third),
            ),
            // Values back and forth.
            (vec![stated(&low, was("1000")), stated(&high, was("700"))], None),
            (
                vec![stated(&low, was("1000")), stated(&high, was("700")), stated(&third, None)],
                None,
            ),
            // Two values that follow the same one.
            (vec![stated(&low, None), stated(&high, was("700")), stated(&third, was("700"))], None),
            // A value without parts: compared as a whole.
            (vec![stated(&json!("a"), None), stated(&json!("b"), Some(json!("a")))], Some(&text)),
            (vec![stated(&json!("a"), None), stated(&json!("b"), Some(json!("c")))], None),
            // The same number in another unit is another amount.
            (
                vec![
                    stated(&low, None),
                    stated(&high, Some(json!({"value": "700", "unit": "credits"}))),
                ],
                None,
            ),
            // A value that was null before.
            (
                vec![
                    stated(&Value::Null, None),
                    stated(&low, was("x")),
                    stated(&low, Some(json!({"value": null}))),
                ],
                Some(&low),
            ),
        ] {
            let registers: Vec<_> = orders(&statements).into_iter().map(merged).collect();
            for register in &registers {
                assert_eq!(register, &registers[0], "{statements:?}");
                assert_eq!(register.is_contested(), latest.is_none(), "{statements:?}");
                assert!(latest.is_none_or(|latest| *latest == register.value), "{statements:?}");
            }
        }
    }

    #[test]
    fn a_later_statement_settles_what_was_contested() {
        let mut register = merged(vec![stated(&json!("a"), None), stated(&json!("b"), None)]);
        assert!(register.is_contested());
        let later = Clock { rank: 1, ..Clock::UNKNOWN };
        register.state(later, stated(&json!("a"), None));
        assert_eq!(register, Register::new(json!("a"), later));
        register.state(Clock::UNKNOWN, stated(&json!("c"), None));
        assert_eq!(register, Register::new(json!("a"), later));
    }

    #[test]
    fn too_many_to_tell_apart_are_contested_and_bounded() {
        let mut all: Vec<_> = (0..12)
            .map(|n| {
                stated(&json!(format!("{n:02}")), (n > 0).then(|| json!(format!("{:02}", n - 1))))
            })
            .collect();
        let forth = merged(all.clone());
        all.reverse();
        assert_eq!(forth, merged(all));
        assert_eq!(forth.statements().len(), MAX_STATEMENTS);
        assert!(forth.is_contested());
    }
}

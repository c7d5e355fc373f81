//! The settings of a stack as sentences.

mod sayings;

use std::collections::BTreeMap;

use serde::Serialize;
use shared::wire::Timestamp;

use sayings::SAYINGS;
pub use sayings::UNSAID;
pub(crate) use sayings::name_of;

/// The parameters of a stack by name, with their values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    values: BTreeMap<String, String>,
    is_local: bool,
}

/// What a sentence is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// Which rewards are promised, and to whom.
    Rewards,
    /// How they are given, and how the platform learns of it.
    Delivery,
    /// What is let in, and how long it is kept.
    Receiving,
    /// Who is told when something goes wrong.
    Watching,
}

/// A sentence about some parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Saying {
    /// What it is about.
    pub about: About,
    /// The sentence.
    pub says: String,
    /// The names of the parameters, as the template has them.
    pub parameters: Vec<String>,
}

/// What makes a sentence of parameters.
struct Row {
    about: About,
    /// The names of the parameters; some are made of a provider's.
    names: fn() -> Vec<String>,
    /// True where `cargo local` does as the parameters say.
    is_for_local: bool,
    says: fn(&Settings) -> Option<String>,
}

impl About {
    /// Every subject, in the order in which they are told.
    pub const ALL: [Self; 4] = [Self::Rewards, Self::Delivery, Self::Receiving, Self::Watching];

    /// The subject as a heading.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Rewards => "Which rewards, and for whom",
            Self::Delivery => "How they are given and confirmed",
            Self::Receiving => "What is let in",
            Self::Watching => "Who is told",
        }
    }
}

impl Settings {
    /// The settings of a deployed stack.
    #[must_use]
    pub fn deployed(values: BTreeMap<String, String>) -> Self {
        Self { values, is_local: false }
    }

    /// The settings that `cargo local` runs with.
    #[must_use]
    pub fn local(values: BTreeMap<String, String>) -> Self {
        Self { values, is_local: true }
    }

    /// The value of a parameter; `None` for an empty one.
    fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Days for which logs are kept, where that is known.
    #[must_use]
    pub fn log_days(&self) -> Option<i64> {
        self.value("LogRetentionDays")?.parse().ok()
    }

    fn is(&self, name: &str, word: &str) -> bool {
        self.value(name) == Some(word)
    }

    /// The pairs of a value such as `points=10,*=5`.
    fn pairs(&self, name: &str) -> Vec<(&str, &str)> {
        let parts = self.value(name).unwrap_or_default().split(',');
        parts.filter_map(|part| part.trim().split_once('=')).collect()
    }

    /// The settings as sentences. What a stack of another version has not, or
    /// `CloudFormation` hides (`NoEcho`), is not told of.
    #[must_use]
    pub fn sayings(&self) -> Vec<Saying> {
        let is_hidden = |name: &String| self.value(name).is_some_and(|of| of.starts_with("****"));
        let known = |row: &&Row| {
            let names = (row.names)();
            names.iter().any(|name| self.values.contains_key(name)) && !names.iter().any(is_hidden)
        };
        let here = |row: &&Row| row.is_for_local || !self.is_local;
        let rows = SAYINGS.iter().filter(here).filter(known);
        let told = rows.filter_map(|row| {
            let says = (row.says)(self)?;
            Some(Saying { about: row.about, says, parameters: (row.names)() })
        });
        told.collect()
    }

    /// What is set so that something does not work, or nobody learns of it.
    #[must_use]
    pub fn missing(&self, now: Timestamp) -> Vec<String> {
        let all = [
            sayings::without_endpoint(self),
            sayings::without_limit(self),
            sayings::from_later_on(self, now),
            sayings::without_witness(self).filter(|_| !self.is_local),
            sayings::for_local_use(self).filter(|_| !self.is_local),
        ];
        all.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests;

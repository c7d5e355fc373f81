//! The settings: environment variables that template.yaml declares.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// A variable that is missing or out of range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct SettingsError {
    variable: &'static str,
    problem: String,
}

/// The environment: the value of a variable by its name.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A list of `key=value`, separated by commas.
pub(crate) fn pairs<T>(
    env: Env,
    name: &'static str,
    read: fn(&'static str, &str) -> Result<T, SettingsError>,
) -> Result<BTreeMap<String, T>, SettingsError> {
    let text = env(name).unwrap_or_default();
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries
        .map(|entry| {
            let (key, value) =
                entry.split_once('=').ok_or_else(|| problem(name, "is not a list of key=value"))?;
            Ok((key.trim().to_owned(), read(name, value.trim())?))
        })
        .collect()
}

/// The value of a variable that must be set.
pub(crate) fn required(env: Env, name: &'static str) -> Result<String, SettingsError> {
    optional(env, name).ok_or_else(|| problem(name, "is not set"))
}

/// A setting that is a whole number in a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// The variable.
    pub variable: &'static str,
    /// The value of a variable that is not set.
    pub default: i64,
    /// The values that are taken.
    pub range: RangeInclusive<i64>,
}

impl Number {
    /// The setting of that variable.
    #[must_use]
    pub const fn new(variable: &'static str, default: i64, range: RangeInclusive<i64>) -> Self {
        Self { variable, default, range }
    }

    /// The value of the variable, or the default.
    pub(crate) fn read(&self, env: Env) -> Result<i64, SettingsError> {
        let Some(text) = optional(env, self.variable) else {
            return Ok(self.default);
        };
        let number = text.parse().ok().filter(|number| self.range.contains(number));
        number.ok_or_else(|| {
            let (least, most) = (self.range.start(), self.range.end());
            problem(self.variable, &format!("is not a whole number from {least} to {most}"))
        })
    }

    /// The value of a setting whose range begins at 0 or above.
    pub(crate) fn read_unsigned(&self, env: Env) -> Result<u64, SettingsError> {
        self.read(env).map(i64::unsigned_abs)
    }
}

/// A setting that is one of a few words, each of which stands for a value.
#[derive(Debug, Clone, Copy)]
pub struct Choice<T: 'static> {
    /// The variable.
    pub variable: &'static str,
    /// The value of a variable that is not set; `None` where it must be set.
    pub default: Option<T>,
    /// The words that are taken.
    pub words: &'static [(&'static str, T)],
}

impl<T: Copy + PartialEq> Choice<T> {
    /// The value of the variable, or the default.
    pub(crate) fn read(&self, env: Env) -> Result<T, SettingsError> {
        match (optional(env, self.variable), self.default) {
            (Some(text), _) => one_of_words(self.variable, self.words, &text),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(problem(self.variable, "is not set")),
        }
    }

    /// What it declares.
    #[must_use]
    pub fn declared(&self) -> Declared {
        let is_default = |(_, value): &&(&str, T)| Some(*value) == self.default;
        let default = self.words.iter().find(is_default).map(|(word, _)| *word);
        let words = self.words.iter().map(|(word, _)| *word).collect();
        Declared::Choice { variable: self.variable, default, words }
    }
}

impl Choice<bool> {
    /// The setting of that variable, `yes` or `no`.
    #[must_use]
    pub const fn yes_or_no(variable: &'static str, default: bool) -> Self {
        Self { variable, default: Some(default), words: &[("yes", true), ("no", false)] }
    }
}

/// The bounds of a setting, to be compared with the template's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declared {
    /// A whole number.
    Number(Number),
    /// One of a few words.
    Choice {
        /// The variable.
        variable: &'static str,
        /// The word of a variable that is not set, unless it must be set.
        default: Option<&'static str>,
        /// The words that are taken.
        words: Vec<&'static str>,
    },
}

/// The seconds for which fetched secrets are used without asking again.
pub(crate) const SECRETS_TTL: Number = Number::new("SECRETS_TTL_SECONDS", 300, 1..=86_400);

pub(crate) fn problem(variable: &'static str, problem: &str) -> SettingsError {
    SettingsError { variable, problem: problem.to_owned() }
}

/// The value that one of these words stands for.
pub(crate) fn one_of_words<T: Copy>(
    name: &'static str,
    words: &[(&str, T)],
    text: &str,
) -> Result<T, SettingsError> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let mut words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let last = words.pop().unwrap_or_default();
        let before = words.join(", ");
        problem(name, &format!("is not {before} or {last}"))
    })
}

/// The value of a variable, unless it is empty.
pub(crate) fn optional(env: Env, name: &str) -> Option<String> {
    env(name).filter(|value| !value.is_empty())
}

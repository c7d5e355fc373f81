//! The settings: environment variables that template.yaml declares.

use std::collections::BTreeMap;

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

/// A whole number in a range, or its default.
pub(crate) fn number(
    env: Env,
    name: &'static str,
    default: i64,
    range: std::ops::RangeInclusive<i64>,
) -> Result<i64, SettingsError> {
    let Some(text) = optional(env, name) else {
        return Ok(default);
    };
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        problem(name, &format!("is not a whole number from {} to {}", range.start(), range.end()))
    })
}

pub(crate) fn problem(variable: &'static str, problem: &str) -> SettingsError {
    SettingsError { variable, problem: problem.to_owned() }
}

/// `yes` or `no`, or its default.
pub(crate) fn yes(env: Env, name: &'static str, default: bool) -> Result<bool, SettingsError> {
    one_of(env, name, &[("yes", true), ("no", false)], default)
}

/// The value that one of these words stands for, or its default.
pub(crate) fn one_of<T: Copy>(
    env: Env,
    name: &'static str,
    words: &[(&str, T)],
    default: T,
) -> Result<T, SettingsError> {
    match optional(env, name) {
        None => Ok(default),
        Some(text) => one_of_words(name, words, &text),
    }
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

/// A whole number from 0 in a range, or its default.
pub(crate) fn positive(
    env: Env,
    name: &'static str,
    default: i64,
    range: std::ops::RangeInclusive<i64>,
) -> Result<u64, SettingsError> {
    number(env, name, default, range).map(i64::unsigned_abs)
}

/// The value of a variable, unless it is empty.
pub(crate) fn optional(env: Env, name: &str) -> Option<String> {
    env(name).filter(|value| !value.is_empty())
}

//! The settings: environment variables that template.yaml declares.

use std::collections::BTreeMap;

/// A variable that is missing or out of range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct SettingsError {
    variable: &'static str,
    problem: String,
}

/// Reads variables by name.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A list of `key=value`, separated by commas.
pub(crate) fn pairs<T>(
    variable: Lookup,
    name: &'static str,
    read: fn(&'static str, &str) -> Result<T, SettingsError>,
) -> Result<BTreeMap<String, T>, SettingsError> {
    let text = variable(name).unwrap_or_default();
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
pub(crate) fn text(variable: Lookup, name: &'static str) -> Result<String, SettingsError> {
    variable(name).filter(|value| !value.is_empty()).ok_or_else(|| problem(name, "is not set"))
}

/// A whole number in a range, or its default.
pub(crate) fn number(
    variable: Lookup,
    name: &'static str,
    default: i64,
    range: std::ops::RangeInclusive<i64>,
) -> Result<i64, SettingsError> {
    let Some(text) = variable(name).filter(|value| !value.is_empty()) else {
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

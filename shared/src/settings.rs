//! The settings: environment variables that template.yaml declares.

use std::collections::BTreeMap;
use std::str::FromStr;

use bigdecimal::{BigDecimal, Zero};

use crate::fulfilment::{MaxAmounts, Policy, Reversals, Rule, Source, Sources, V1Confirm};
use crate::provider::firstpromoter::unit_name;
use crate::timestamp::Timestamp;
use crate::wire::Decimal;

/// A variable that is missing or out of range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct SettingsError {
    variable: &'static str,
    problem: String,
}

/// What an intake function is told at its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The table.
    pub table: String,
    /// Name or ARN of the webhook secrets.
    pub webhook_secrets: String,
    /// Seconds for which fetched secrets are used without asking again.
    pub secrets_ttl_seconds: u64,
    /// How old Affonso's signed time-stamp may be, in seconds.
    pub past_tolerance_seconds: i64,
    /// Days for which events are kept.
    pub event_retention_days: i64,
    /// Seconds for which a v1 fulfilment's answer waits for its delivery.
    pub v1_hold_seconds: i64,
    /// Which rewards become promises, and to whom.
    pub policy: Policy,
}

/// Reads variables by name.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`SettingsError`] naming the first variable that is missing or wrong.
    pub fn read(variable: Lookup) -> Result<Self, SettingsError> {
        Ok(Self {
            table: text(variable, "TABLE_NAME")?,
            webhook_secrets: text(variable, "WEBHOOK_SECRETS_ID")?,
            secrets_ttl_seconds: u64::try_from(number(
                variable,
                "SECRETS_TTL_SECONDS",
                300,
                1..=86_400,
            )?)
            .unwrap_or(300),
            // Affonso's longest described retry schedule ends within 72 h.
            past_tolerance_seconds: number(
                variable,
                "AFFONSO_PAST_TOLERANCE_SECONDS",
                300,
                0..=259_200,
            )?,
            // Longer than any tolerance, so that a replay always meets its record.
            event_retention_days: number(variable, "EVENT_RETENTION_DAYS", 400, 7..=36_500)?,
            // FirstPromoter waits 15 s, the function runs for 12.
            v1_hold_seconds: number(variable, "V1_HOLD_SECONDS", 6, 0..=8)?,
            policy: policy(variable)?,
        })
    }
}

pub(crate) fn policy(variable: Lookup) -> Result<Policy, SettingsError> {
    Ok(Policy {
        sources: Sources {
            default: source("FULFILMENT_SOURCE", &text(variable, "FULFILMENT_SOURCE")?)?,
            by_campaign: pairs(variable, "FULFILMENT_SOURCE_BY_CAMPAIGN", source)?,
        },
        from: {
            let from = text(variable, "FULFIL_FROM")?;
            Timestamp::parse(&from)
                .ok_or_else(|| problem("FULFIL_FROM", "is not an ISO 8601 time"))?
        },
        recipient: recipient("REWARD_RECIPIENT", &text(variable, "REWARD_RECIPIENT")?)?,
        recipient_rules: pairs(variable, "REWARD_RECIPIENT_RULES", rule)?
            .into_iter()
            .map(|(of, rule)| match of.split_once(':') {
                Some((campaign, unit)) => (format!("{campaign}:{}", unit_name(unit)), rule),
                None => (of, rule),
            })
            .collect(),
        reversals: match variable("REVERSALS").as_deref() {
            None | Some("" | "park") => Reversals::Park,
            Some("deliver") => Reversals::Deliver,
            Some("deliver_and_unmark") => Reversals::DeliverAndUnmark,
            Some(_) => {
                return Err(problem("REVERSALS", "is not park, deliver or deliver_and_unmark"));
            }
        },
        auto_approve: match variable("AUTO_APPROVE").as_deref() {
            None | Some("" | "no") => false,
            Some("yes") => true,
            Some(_) => return Err(problem("AUTO_APPROVE", "is not yes or no")),
        },
        max_amount: max_amounts(variable)?,
        v1_confirm: match variable("V1_CONFIRM").as_deref() {
            None | Some("" | "response") => V1Confirm::Response,
            Some("api") => V1Confirm::Api,
            Some(_) => return Err(problem("V1_CONFIRM", "is not response or api")),
        },
    })
}

/// `points=10000,*=500`: the largest amounts that are given without a person.
fn max_amounts(variable: Lookup) -> Result<MaxAmounts, SettingsError> {
    let limits = pairs(variable, "MAX_AMOUNT", |name, text| {
        let limit = Decimal::new(text).and_then(|limit| BigDecimal::from_str(limit.as_str()).ok());
        let limit = limit.filter(|limit| *limit >= BigDecimal::zero());
        limit.ok_or_else(|| problem(name, "is not a list of unit=amount"))
    })?;
    let mut by_unit: BTreeMap<String, BigDecimal> = BTreeMap::new();
    for (unit, limit) in limits {
        // One unit in two spellings: the smaller limit holds.
        let held = by_unit.entry(unit_name(&unit)).or_insert_with(|| limit.clone());
        *held = limit.min(held.clone());
    }
    Ok(MaxAmounts(by_unit))
}

fn source(variable: &'static str, text: &str) -> Result<Source, SettingsError> {
    match text {
        "v2" => Ok(Source::V2),
        "v1" => Ok(Source::V1),
        "off" => Ok(Source::Off),
        _ => Err(problem(variable, "is not v2, v1 or off")),
    }
}

fn recipient(variable: &'static str, text: &str) -> Result<Rule, SettingsError> {
    match text {
        "promoter" => Ok(Rule::Promoter),
        "referral" => Ok(Rule::Referral),
        "rules" => Ok(Rule::ByRules),
        _ => Err(problem(variable, "is not promoter, referral or rules")),
    }
}

fn rule(variable: &'static str, text: &str) -> Result<Rule, SettingsError> {
    match recipient(variable, text)? {
        Rule::ByRules => Err(problem(variable, "a rule names promoter or referral")),
        rule => Ok(rule),
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(changes: &[(&str, &str)]) -> Result<Settings, String> {
        let mut all: BTreeMap<&str, &str> = [
            ("TABLE_NAME", "ledger"),
            ("WEBHOOK_SECRETS_ID", "webhooks"),
            ("FULFILMENT_SOURCE", "v2"),
            ("FULFIL_FROM", "2026-01-01T00:00:00Z"),
            ("REWARD_RECIPIENT", "rules"),
            ("REWARD_RECIPIENT_RULES", "7731:points=referral, *:discount_mon=promoter"),
            ("FULFILMENT_SOURCE_BY_CAMPAIGN", "7731=v1,5=off"),
        ]
        .into();
        all.extend(changes.iter().copied());
        Settings::read(&|name| all.get(name).map(|v| (*v).to_owned())).map_err(|e| e.to_string())
    }

    #[test]
    fn reads_maps_and_defaults() {
        let settings = settings(&[]).unwrap();
        assert_eq!(settings.event_retention_days, 400);
        assert_eq!(settings.policy.sources.by_campaign["7731"], Source::V1);
        assert_eq!(settings.policy.recipient_rules["7731:points"], Rule::Referral);
        // As v1 spells it.
        let rules = &settings.policy.recipient_rules;
        assert_eq!(rules["*:mon_discount"], Rule::Promoter);
    }

    #[test]
    fn limits_are_decimals_by_unit_in_any_spelling() {
        let exceeds = |limits: &str, amount: &str, unit: &str| {
            let settings = settings(&[("MAX_AMOUNT", limits)]);
            settings.map(|settings| settings.policy.max_amount.is_exceeded_by(amount, unit))
        };
        for (limits, amount, unit, over) in [
            ("points=10.5, *=1e2", "10.5", "points", false),
            ("points=10.5, *=1e2", "10.51", "points", true),
            ("points=10.5, *=1e2", "100", "credits", false),
            ("points=10.5, *=1e2", "101", "credits", true),
            ("discount_mon=5,*=9", "6", "mon_discount", true),
            ("discount_mon=5,mon_discount=7", "6", "mon_discount", true),
            ("mon_discount=5,discount_mon=7", "6", "mon_discount", true),
            ("points=0", "0.1", "points", true),
            ("", "1000000000", "points", false),
            ("", "1000000000.1", "points", true),
            ("", "many", "points", true),
        ] {
            assert_eq!(exceeds(limits, amount, unit), Ok(over), "{limits}: {amount} {unit}");
        }
        for odd in ["points=-1", "points=", "points=ten", "points", "points=1e999999999"] {
            assert!(exceeds(odd, "1", "points").is_err(), "{odd}");
        }
    }

    #[test]
    fn refuses_what_is_missing_or_out_of_range() {
        for (name, value, message) in [
            ("TABLE_NAME", "", "TABLE_NAME: is not set"),
            (
                "EVENT_RETENTION_DAYS",
                "6",
                "EVENT_RETENTION_DAYS: is not a whole number from 7 to 36500",
            ),
            ("FULFILMENT_SOURCE", "both", "FULFILMENT_SOURCE: is not v2, v1 or off"),
            ("FULFIL_FROM", "soon", "FULFIL_FROM: is not an ISO 8601 time"),
            (
                "REWARD_RECIPIENT_RULES",
                "x=rules",
                "REWARD_RECIPIENT_RULES: a rule names promoter or referral",
            ),
        ] {
            assert_eq!(settings(&[(name, value)]).unwrap_err(), message);
        }
    }
}

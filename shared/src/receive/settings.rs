//! The settings of the receiving functions.

use crate::fulfilment::{Policy, policy};
use crate::ledger::Provider;
use crate::provider::definition::{Providers, Tolerance};
use crate::settings::{Declared, Env, Number, SECRETS_TTL, SettingsError, required};

/// Longer than any tolerance, so that a replay always meets its record.
const EVENT_RETENTION: Number = Number::new("EVENT_RETENTION_DAYS", 400, 7..=3_650);
/// FirstPromoter waits 15 s, the function runs for 12.
const V1_HOLD: Number = Number::new("V1_HOLD_SECONDS", 6, 0..=8);

/// The bounds of the settings that the receiving functions alone have.
#[must_use]
pub fn declared(all: Providers) -> Vec<Declared> {
    let numbers = [SECRETS_TTL, EVENT_RETENTION, V1_HOLD].into_iter();
    let tolerances = all.iter().filter_map(|own| own.authentication.tolerance.as_ref());
    numbers.chain(tolerances.map(tolerance)).map(Declared::Number).collect()
}

/// The settings that a receiving function reads at its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The name of the table.
    pub table: String,
    /// The name or ARN of the webhook secrets.
    pub webhook_secrets: String,
    /// Seconds for which fetched secrets are used without fetching again.
    pub secrets_ttl_seconds: u64,
    /// The largest age, in seconds, of the time-stamps that a provider signs.
    past_tolerance_seconds: Vec<(Provider, i64)>,
    /// Days for which events are kept.
    pub event_retention_days: i64,
    /// Seconds for which the answer to a v1 fulfilment waits for its delivery.
    pub v1_hold_seconds: i64,
    /// The rules by which rewards become promises.
    pub policy: Policy,
}

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`SettingsError`] naming the first variable that is missing or wrong.
    pub fn read(all: Providers, env: Env) -> Result<Self, SettingsError> {
        Ok(Self {
            table: required(env, "TABLE_NAME")?,
            webhook_secrets: required(env, "WEBHOOK_SECRETS_ID")?,
            secrets_ttl_seconds: SECRETS_TTL.read_unsigned(env)?,
            past_tolerance_seconds: tolerances(all, env)?,
            event_retention_days: EVENT_RETENTION.read(env)?,
            v1_hold_seconds: V1_HOLD.read(env)?,
            policy: policy(env)?,
        })
    }

    /// The largest age, in seconds, of the time-stamps that this provider signs.
    #[must_use]
    pub fn past_tolerance_seconds(&self, provider: Provider) -> i64 {
        let own = self.past_tolerance_seconds.iter().find(|(of, _)| *of == provider);
        own.map_or(0, |(_, seconds)| *seconds)
    }
}

fn tolerances(all: Providers, env: Env) -> Result<Vec<(Provider, i64)>, SettingsError> {
    let mut tolerances = Vec::new();
    for definition in all {
        if let Some(own) = &definition.authentication.tolerance {
            tolerances.push((definition.provider, tolerance(own).read(env)?));
        }
    }
    Ok(tolerances)
}

fn tolerance(own: &Tolerance) -> Number {
    Number::new(own.variable, own.default, 0..=own.largest)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::fulfilment::Rule;
    use crate::ledger::Source;

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
        Settings::read(crate::provider::ALL, &|name| all.get(name).map(|v| (*v).to_owned()))
            .map_err(|e| e.to_string())
    }

    #[test]
    fn reads_maps_and_defaults() {
        let settings = settings(&[]).unwrap();
        assert_eq!(settings.event_retention_days, 400);
        assert_eq!(settings.policy.sources.by_campaign["7731"], Source::V1);
        assert_eq!(settings.policy.recipient_rules["7731:points"], Rule::Referral);
        // The unit in v1's spelling.
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
                "EVENT_RETENTION_DAYS: is not a whole number from 7 to 3650",
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

//! The workers' settings.

use std::collections::BTreeMap;

use crate::fulfilment::policy;
use crate::fulfilment::{Endpoint, Policy};
use crate::ledger::unit_name;
use crate::settings::{Lookup, SettingsError, number, pairs, problem, text};
use crate::wire::digest::sha256_hex;
use crate::work::sweep::Limits;

/// What a worker is told at its start.
#[derive(Debug, Clone)]
pub struct WorkSettings {
    /// The table.
    pub table: String,
    /// Name or ARN of the API credentials.
    pub credentials: String,
    /// Seconds for which fetched credentials are used without asking again.
    pub secrets_ttl_seconds: u64,
    /// Which rewards become promises, and to whom.
    pub policy: Policy,
    /// Where rewards are delivered; empty when not configured yet.
    pub endpoint: String,
    /// Where those of some units are delivered instead.
    pub endpoint_by_unit: BTreeMap<String, String>,
    /// Whether the endpoint takes `webhook-id` as an idempotency key.
    pub endpoint_idempotent: bool,
    /// FirstPromoter's API v2.
    pub firstpromoter_url: String,
    /// FirstPromoter's API v1.
    pub firstpromoter_v1_url: String,
    /// Milliseconds between two calls of FirstPromoter.
    pub spacing_ms: u64,
    /// Seconds to wait for an answer.
    pub timeout_seconds: u64,
    /// How long a worker's claim holds: longer than the function may run.
    pub lease_seconds: i64,
    /// The first pause before a repetition; it doubles.
    pub retry_first_ms: i64,
    /// The longest pause before a repetition, in milliseconds.
    pub retry_max_ms: i64,
    /// The pause, in milliseconds, before what a person has to mend is tried again.
    pub retry_slow_ms: i64,
    /// Milliseconds by which a platform's API is thought to be behind its events,
    /// where nothing has a clock.
    pub platform_lag_ms: i64,
    /// Seconds after which a look-up asks for no more pages.
    pub look_up_seconds: u64,
    /// Seconds after which an open promise waits for a person.
    pub max_age_seconds: i64,
    /// Seconds that something due may lie untouched before the sweep sends it again.
    pub untouched_seconds: i64,
    /// Whether plain HTTP is allowed, for use without AWS.
    pub local: bool,
}

impl WorkSettings {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`SettingsError`] naming the first variable that is missing or wrong.
    pub fn read(variable: Lookup) -> Result<Self, SettingsError> {
        let or = |name: &str, default: &str| {
            variable(name).filter(|value| !value.is_empty()).unwrap_or_else(|| default.to_owned())
        };
        let positive = |name, default, range| {
            number(variable, name, default, range).map(|number| u64::try_from(number).unwrap_or(1))
        };
        Ok(Self {
            table: text(variable, "TABLE_NAME")?,
            credentials: text(variable, "API_CREDENTIALS_ID")?,
            secrets_ttl_seconds: positive("SECRETS_TTL_SECONDS", 300, 1..=86_400)?,
            policy: policy(variable)?,
            endpoint: or("REWARD_ENDPOINT_URL", ""),
            endpoint_by_unit: pairs(variable, "REWARD_ENDPOINT_BY_UNIT", |_, url| {
                Ok(url.to_owned())
            })?
            .into_iter()
            .map(|(unit, url)| (unit_name(&unit), url))
            .collect(),
            endpoint_idempotent: yes(variable, "REWARD_ENDPOINT_IDEMPOTENT", true)?,
            firstpromoter_url: or(
                "FIRSTPROMOTER_API_URL",
                "https://api.firstpromoter.com/api/v2/company",
            ),
            firstpromoter_v1_url: or(
                "FIRSTPROMOTER_V1_API_URL",
                "https://firstpromoter.com/api/v1",
            ),
            // 400 calls a minute and account, and two workers at once.
            spacing_ms: positive("FIRSTPROMOTER_SPACING_MS", 320, 0..=60_000)?,
            timeout_seconds: positive("CALL_TIMEOUT_SECONDS", 10, 1..=25)?,
            lease_seconds: number(variable, "LEASE_SECONDS", 90, 1..=900)?,
            retry_first_ms: number(variable, "RETRY_FIRST_MS", 5_000, 1..=900_000)?,
            retry_max_ms: number(variable, "RETRY_MAX_MS", 900_000, 1..=900_000)?,
            retry_slow_ms: number(variable, "RETRY_SLOW_MS", 900_000, 1..=900_000)?,
            platform_lag_ms: number(variable, "PLATFORM_LAG_MS", 60_000, 0..=3_600_000)?,
            look_up_seconds: positive("LOOK_UP_SECONDS", 30, 1..=60)?,
            max_age_seconds: number(variable, "MAX_AGE_SECONDS", 86_400, 1..=31_536_000)?,
            untouched_seconds: number(variable, "UNTOUCHED_SECONDS", 120, 0..=86_400)?,
            local: yes(variable, "ALLOW_PLAIN_HTTP", false)?,
        })
    }
}

impl WorkSettings {
    /// For how long the sweep leaves what is open alone.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits { max_age_seconds: self.max_age_seconds, untouched_seconds: self.untouched_seconds }
    }

    /// The URL that rewards of a unit are posted to; empty when not configured.
    #[must_use]
    pub fn url_of(&self, unit: Option<&str>) -> &str {
        let of_unit = unit.and_then(|unit| self.endpoint_by_unit.get(unit));
        of_unit.unwrap_or(&self.endpoint)
    }

    /// How rewards of a unit are posted, as a promise remembers it.
    #[must_use]
    pub fn endpoint_of(&self, unit: Option<&str>) -> Endpoint {
        let mut id = sha256_hex(self.url_of(unit).as_bytes());
        id.truncate(16);
        Endpoint { id, idempotent: self.endpoint_idempotent }
    }
}

fn yes(variable: Lookup, name: &'static str, default: bool) -> Result<bool, SettingsError> {
    match variable(name).as_deref() {
        None | Some("") => Ok(default),
        Some("yes") => Ok(true),
        Some("no") => Ok(false),
        Some(_) => Err(problem(name, "is not yes or no")),
    }
}

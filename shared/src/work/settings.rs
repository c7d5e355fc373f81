//! The workers' settings.

use std::collections::BTreeMap;

use crate::fulfilment::{Endpoint, Policy, policy};
use crate::ledger::unit_name;
use crate::platform::PlatformSettings;
use crate::settings::{
    Choice, Declared, Env, Number, SECRETS_TTL, SettingsError, optional, pairs, required,
};
use crate::wire::digest::sha256_hex;
use crate::work::sweep::Limits;

const ENDPOINT_IDEMPOTENT: Choice<bool> = Choice::yes_or_no("REWARD_ENDPOINT_IDEMPOTENT", true);
const ALLOW_PLAIN_HTTP: Choice<bool> = Choice::yes_or_no("ALLOW_PLAIN_HTTP", false);
const CALL_TIMEOUT: Number = Number::new("CALL_TIMEOUT_SECONDS", 10, 1..=25);
const LEASE: Number = Number::new("LEASE_SECONDS", 90, 1..=900);
const RETRY_FIRST: Number = Number::new("RETRY_FIRST_MS", 5_000, 1..=900_000);
const RETRY_MAX: Number = Number::new("RETRY_MAX_MS", 900_000, 1..=900_000);
const RETRY_SLOW: Number = Number::new("RETRY_SLOW_MS", 900_000, 1..=900_000);
const PLATFORM_LAG: Number = Number::new("PLATFORM_LAG_MS", 60_000, 0..=3_600_000);
/// From a second on, where the template asks for ten minutes: tests cannot wait.
const MAX_AGE: Number = Number::new("MAX_AGE_SECONDS", 86_400, 1..=31_536_000);
const UNTOUCHED: Number = Number::new("UNTOUCHED_SECONDS", 120, 0..=86_400);

/// The bounds of the settings that the workers alone have.
#[must_use]
pub fn declared() -> Vec<Declared> {
    let numbers =
        [CALL_TIMEOUT, LEASE, RETRY_FIRST, RETRY_MAX, RETRY_SLOW, PLATFORM_LAG, MAX_AGE, UNTOUCHED];
    let choices = [ENDPOINT_IDEMPOTENT, ALLOW_PLAIN_HTTP].map(|choice| choice.declared());
    numbers.into_iter().map(Declared::Number).chain(choices).collect()
}

/// The settings that a worker reads at its start.
#[derive(Debug, Clone)]
pub struct WorkSettings {
    /// The name of the table.
    pub table: String,
    /// The name or ARN of the API credentials.
    pub credentials: String,
    /// Seconds for which fetched credentials are used without fetching again.
    pub secrets_ttl_seconds: u64,
    /// The rules by which rewards become promises.
    pub policy: Policy,
    /// The URL that rewards are posted to; empty when not configured yet.
    pub endpoint: String,
    /// The URLs for rewards of some units, in place of the general one.
    pub endpoint_by_unit: BTreeMap<String, String>,
    /// True when the endpoint takes `webhook-id` as an idempotency key.
    pub endpoint_idempotent: bool,
    /// The settings of the platforms' APIs.
    pub platforms: PlatformSettings,
    /// Seconds to wait for an answer to a call.
    pub timeout_seconds: u64,
    /// Seconds for which a worker's claim holds: longer than the function may run.
    pub lease_seconds: i64,
    /// The first pause before a repetition, in milliseconds; it doubles.
    pub retry_first_ms: i64,
    /// The longest pause before a repetition, in milliseconds.
    pub retry_max_ms: i64,
    /// The pause, in milliseconds, before another try where the operator has to
    /// mend something first.
    pub retry_slow_ms: i64,
    /// Milliseconds by which a platform's API is thought to be behind its events,
    /// where its answer has no clock.
    pub platform_lag_ms: i64,
    /// Seconds after which an open promise is parked for the operator.
    pub max_age_seconds: i64,
    /// Seconds that a due task may lie untouched before the sweep queues it again.
    pub untouched_seconds: i64,
    /// True when plain HTTP is allowed, for use without AWS.
    pub local: bool,
}

impl WorkSettings {
    /// Reads the settings.
    ///
    /// # Errors
    /// [`SettingsError`] naming the first variable that is missing or wrong.
    pub fn read(env: Env) -> Result<Self, SettingsError> {
        Ok(Self {
            table: required(env, "TABLE_NAME")?,
            credentials: required(env, "API_CREDENTIALS_ID")?,
            secrets_ttl_seconds: SECRETS_TTL.read_unsigned(env)?,
            policy: policy(env)?,
            endpoint: optional(env, "REWARD_ENDPOINT_URL").unwrap_or_default(),
            endpoint_by_unit: pairs(env, "REWARD_ENDPOINT_BY_UNIT", |_, url| Ok(url.to_owned()))?
                .into_iter()
                .map(|(unit, url)| (unit_name(&unit), url))
                .collect(),
            endpoint_idempotent: ENDPOINT_IDEMPOTENT.read(env)?,
            platforms: PlatformSettings::read(env)?,
            timeout_seconds: CALL_TIMEOUT.read_unsigned(env)?,
            lease_seconds: LEASE.read(env)?,
            retry_first_ms: RETRY_FIRST.read(env)?,
            retry_max_ms: RETRY_MAX.read(env)?,
            retry_slow_ms: RETRY_SLOW.read(env)?,
            platform_lag_ms: PLATFORM_LAG.read(env)?,
            max_age_seconds: MAX_AGE.read(env)?,
            untouched_seconds: UNTOUCHED.read(env)?,
            local: ALLOW_PLAIN_HTTP.read(env)?,
        })
    }
}

impl WorkSettings {
    /// The sweep's limits.
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

    /// The reward endpoint for a unit, in the form that a promise remembers.
    #[must_use]
    pub fn endpoint_of(&self, unit: Option<&str>) -> Endpoint {
        let mut id = sha256_hex(self.url_of(unit).as_bytes());
        id.truncate(16);
        Endpoint { id, idempotent: self.endpoint_idempotent }
    }
}

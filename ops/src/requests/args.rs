//! The choice of requests.

use std::path::PathBuf;
use std::str::FromStr;

use crate::requests::line::RequestSeen;
use clap::Args;
use serde_json::Value;
use shared::receive::log::Outcome;
use shared::wire::Timestamp;

/// The requests that are asked for.
#[derive(Debug, Clone, Args)]
pub(crate) struct RequestsArgs {
    /// From when on: 30m, 2h, 1d, or a time, 2026-01-31T00:00:00Z
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = since)]
    pub(crate) since: Since,
    /// Only those with this outcome, such as unauthorized; several with commas
    #[arg(long, value_name = "OUTCOME", value_delimiter = ',', value_parser = outcome)]
    pub(crate) outcome: Vec<String>,
    /// Only those of this provider
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,
    /// The most that are shown, the last ones
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: u32,
    /// With --local: the functions' log [default: that of the running `cargo local`]
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
}

impl RequestsArgs {
    /// The latest requests of so many seconds.
    pub(crate) fn of_last(seconds: i64, limit: u32) -> Self {
        let since = Since::Ago(seconds);
        Self { since, outcome: Vec::new(), provider: None, limit, log: None }
    }

    /// All requests of these outcomes, for whoever says when.
    pub(crate) fn of_outcomes(outcome: Vec<String>) -> Self {
        Self { outcome, ..Self::of_last(0, u32::MAX) }
    }

    /// True of a request that is asked for.
    pub(crate) fn takes(&self, request: &RequestSeen) -> bool {
        let provider = self.provider.as_deref();
        (self.outcome.is_empty() || self.outcome.contains(&request.outcome))
            && provider.is_none_or(|name| request.provider.as_deref() == Some(name))
    }
}

/// The outcome of requests that no function saw.
pub(crate) const GATEWAY: &str = "gateway";

fn outcome(text: &str) -> Result<String, String> {
    if text == GATEWAY {
        return Ok(text.to_owned());
    }
    let known = serde_json::from_value::<Outcome>(Value::from(text));
    known.map(|_| text.to_owned()).map_err(|error| format!("{error}, `{GATEWAY}`"))
}

/// A time to begin with that has been.
pub(crate) fn since(text: &str) -> Result<Since, String> {
    let since: Since = text.parse()?;
    let now = Timestamp::now();
    if since.before(now) > now {
        return Err(format!("is still to come: it is {} now", now.to_rfc3339()));
    }
    Ok(since)
}

/// A time to begin with: so long ago, or then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    Ago(i64),
    At(Timestamp),
}

impl Since {
    /// The time, as seen from `now`.
    pub(crate) fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(seconds) => now.plus_seconds(-seconds),
            Self::At(at) => at,
        }
    }
}

impl FromStr for Since {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "must be a number with s, m, h or d, or a time in RFC 3339";
        if let Some(at) = Timestamp::parse(text) {
            return Ok(Self::At(at));
        }
        let unit = text.chars().last().ok_or(FORM)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return Err(FORM),
        };
        let number = text.strip_suffix(unit).filter(|n| n.bytes().all(|b| b.is_ascii_digit()));
        let number = number.and_then(|number| number.parse::<u32>().ok()).ok_or(FORM)?;
        Ok(Self::Ago(i64::from(number) * seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_so_long_ago_or_then() {
        let then = Timestamp::parse("2026-01-31T00:00:00Z").unwrap();
        for (text, since) in [
            ("90s", Some(Since::Ago(90))),
            ("30m", Some(Since::Ago(1_800))),
            ("2h", Some(Since::Ago(7_200))),
            ("1d", Some(Since::Ago(86_400))),
            ("2026-01-31T00:00:00Z", Some(Since::At(then))),
            ("30", None),
            ("m", None),
            ("-5m", None),
            ("5 m", None),
            ("99999999999d", None),
            ("5ü", None),
            ("", None),
        ] {
            assert_eq!(text.parse().ok(), since, "{text}");
        }
        assert_eq!(since("2026-01-31T00:00:00Z"), Ok(Since::At(then)));
        let refused = since("9999-01-31T00:00:00Z").unwrap_err();
        assert!(refused.starts_with("is still to come: it is 20"), "{refused}");
        assert_eq!(Since::Ago(60).before(then), then.plus_seconds(-60));
    }

    #[test]
    fn an_outcome_is_one_that_the_log_knows() {
        assert_eq!(outcome("stale_valid").unwrap(), "stale_valid");
        assert_eq!(outcome(GATEWAY).unwrap(), GATEWAY);
        let refused = outcome("lost").unwrap_err();
        assert!(refused.contains("`unauthorized`") && refused.ends_with("`gateway`"), "{refused}");
    }
}

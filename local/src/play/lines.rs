//! The lines that functions print: what they say, for a person.

use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A line that a function printed.
#[derive(Debug)]
pub(crate) enum Line {
    /// One for each request.
    Request(Box<Request>),
    /// One for each transition of a promise.
    Step(Step),
    /// Any other line of JSON, such as an error.
    Other(Other),
}

/// The line of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Request {
    pub(crate) provider: Option<String>,
    #[serde(rename = "type")]
    event_type: Option<String>,
    subject: Option<String>,
    /// The outcome's name.
    pub(crate) outcome: String,
    /// Status code of the answer.
    pub(crate) status: u16,
    pub(crate) reason: Option<String>,
    pub(crate) secret: Option<String>,
    promise_state: Option<String>,
    misrouted: Option<String>,
    other_format: Option<String>,
    unread: Vec<String>,
    problem: Option<String>,
    #[serde(rename = "DurationMs")]
    duration_ms: Option<f64>,
    #[serde(rename = "_aws")]
    aws: Aws,
}

/// The line of a transition.
#[derive(Debug, Deserialize)]
pub(crate) struct Step {
    promise: String,
    from: String,
    to: String,
    #[serde(default)]
    attempts: u32,
    last: Option<String>,
    reason: Option<String>,
    #[serde(rename = "_aws", default)]
    aws: Aws,
}

/// A line of another kind.
#[derive(Debug)]
pub(crate) struct Other {
    at: Option<OffsetDateTime>,
    level: String,
    text: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Aws {
    #[serde(default)]
    timestamp: i64,
}

impl Aws {
    fn at(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.timestamp) * 1_000_000).ok()
    }
}

impl Line {
    /// Reads a line; `None` when it is no line of JSON.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut value: Value = serde_json::from_str(text).ok()?;
        let line = match value.get("message").and_then(Value::as_str) {
            Some("webhook") => Request::deserialize(&value).ok().map(Box::new).map(Self::Request),
            Some("step") => Step::deserialize(&value).ok().map(Self::Step),
            _ => None,
        };
        line.or_else(|| Other::of(&mut value).map(Self::Other))
    }

    /// The line as a person reads it, with the time of day in UTC.
    pub(crate) fn told(&self) -> String {
        let (at, told) = match self {
            Self::Request(request) => {
                let provider = request.provider.as_deref().unwrap_or("no provider");
                let took = request.duration_ms.map(|ms| format!(" · {ms:.0} ms"));
                let took = took.unwrap_or_default();
                let told = format!("{} {provider} {}{took}", request.status, request.told());
                (request.aws.at(), told)
            }
            Self::Step(step) => (step.aws.at(), step.told()),
            Self::Other(other) => (other.at, format!("{} {}", other.level, other.text)),
        };
        format!("{}  {told}", at.map_or_else(|| " ".repeat(12), time_of_day))
    }
}

impl Request {
    /// The request among the lines that a function printed for it.
    pub(crate) fn among(lines: &[String]) -> Option<Self> {
        lines.iter().find_map(|line| match Line::parse(line)? {
            Line::Request(request) => Some(*request),
            _ => None,
        })
    }

    /// The outcome, and the reason of a refusal.
    pub(crate) fn outcome_with_reason(&self) -> String {
        let reason = self.reason.as_deref().or(self.problem.as_deref());
        let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
        format!("{}{reason}", self.outcome)
    }

    /// The outcome, with its reason, what it is about, and the secret that vouched.
    pub(crate) fn told(&self) -> String {
        let what = [self.event_type.as_deref(), self.subject.as_deref()];
        let what: Vec<&str> = what.into_iter().flatten().collect();
        let what = (!what.is_empty()).then(|| what.join(" "));
        let mut told = self.outcome_with_reason();
        let unread = (!self.unread.is_empty()).then(|| self.unread.join(" "));
        let more = [
            (": ", what.as_ref()),
            (", promise ", self.promise_state.as_ref()),
            (", belongs to ", self.misrouted.as_ref()),
            (", in the format of ", self.other_format.as_ref()),
            (", cannot be read: ", unread.as_ref()),
            (" · secret ", self.secret.as_ref()),
        ];
        for (before, said) in more {
            told.push_str(&said.map_or_else(String::new, |said| format!("{before}{said}")));
        }
        told
    }
}

impl Step {
    fn told(&self) -> String {
        let Self { promise, from, to, attempts, .. } = self;
        let tries = (*attempts > 0).then(|| format!("try {attempts}"));
        let why = [tries.as_ref(), self.last.as_ref(), self.reason.as_ref()];
        let why: Vec<&str> = why.into_iter().flatten().map(String::as_str).collect();
        let why = if why.is_empty() { String::new() } else { format!(" ({})", why.join(", ")) };
        format!("{promise} {from} → {to}{why}")
    }
}

impl Other {
    fn of(value: &mut Value) -> Option<Self> {
        let line = value.as_object_mut()?;
        let at = line
            .remove("timestamp")
            .and_then(|at| OffsetDateTime::parse(at.as_str()?, &Rfc3339).ok());
        let aws = line.remove("_aws").and_then(|aws| Aws::deserialize(&aws).ok());
        let mut take = |name: &str| match line.remove(name) {
            Some(Value::String(text)) => text,
            other => other.map(|other| other.to_string()).unwrap_or_default(),
        };
        let (level, message) = (take("level"), take("message"));
        let _ = take("target");
        let rest = line.iter().map(|(name, value)| match value {
            Value::String(text) => format!("{name}={text}"),
            value => format!("{name}={value}"),
        });
        let text = std::iter::once(message).chain(rest).filter(|part| !part.is_empty());
        let text = text.collect::<Vec<_>>().join(" ");
        Some(Self { at: at.or_else(|| aws?.at()), level, text })
    }
}

fn time_of_day(at: OffsetDateTime) -> String {
    let (hour, minute, second, ms) = at.to_hms_milli();
    format!("{hour:02}:{minute:02}:{second:02}.{ms:03}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        Line::parse(text).unwrap().told()
    }

    #[test]
    fn a_line_is_told_in_a_persons_words() {
        for (line, expected) in [
            (
                r#"{"level":"INFO","message":"webhook","provider":"affonso","type":"payout.paid",
                    "identity":"evt_1","subject":"payout#pay_1","outcome":"recorded","status":200,
                    "duplicate":false,"secret":"hmac[0]","promise_state":"requested",
                    "Events":1.0,"DurationMs":14.4,"_aws":{"Timestamp":1795170668123}}"#,
                "10:31:08.123  200 affonso recorded: payout.paid payout#pay_1, promise requested \
                 · secret hmac[0] · 14 ms",
            ),
            (
                r#"{"message":"webhook","provider":"uppromote","outcome":"unauthorized",
                    "status":401,"reason":"no_secret_matches","DurationMs":1.2,
                    "_aws":{"Timestamp":1795170668000}}"#,
                "10:31:08.000  401 uppromote unauthorized: no_secret_matches · 1 ms",
            ),
            (
                r#"{"message":"webhook","outcome":"recorded","status":200,"unread":["a","b"]}"#,
                "00:00:00.000  200 no provider recorded, cannot be read: a b",
            ),
            (
                r#"{"message":"step","promise":"firstpromoter:1:1","from":"delivering",
                    "to":"requested","attempts":2,"last":"503","_aws":{"Timestamp":1}}"#,
                "00:00:00.001  firstpromoter:1:1 delivering → requested (try 2, 503)",
            ),
            (
                r#"{"timestamp":"2026-11-20T10:31:07.5Z","level":"ERROR","message":"panic",
                    "place":"a.rs:1:2","target":"shared"}"#,
                "10:31:07.500  ERROR panic place=a.rs:1:2",
            ),
            (
                r#"{"level":"INFO","message":"backlog","parked":3,"_aws":{"Timestamp":2}}"#,
                "00:00:00.002  INFO backlog parked=3",
            ),
        ] {
            assert_eq!(told(line), expected);
        }
        assert!(Line::parse("thread panicked").is_none());
    }

    #[test]
    fn the_line_of_the_request_is_found_among_others() {
        let lines = [
            r#"{"level":"WARN","message":"slow"}"#,
            r#"{"message":"webhook","outcome":"ping","status":200}"#,
        ];
        let request = Request::among(&lines.map(str::to_owned)).unwrap();
        assert_eq!((request.outcome.as_str(), request.status), ("ping", 200));
        assert!(Request::among(&[]).is_none());
    }
}

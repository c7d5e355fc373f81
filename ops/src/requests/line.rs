//! One request as a line of a log tells of it.

use crate::requests::args::GATEWAY;
use serde::{Deserialize, Serialize};
use shared::ledger::{INBOX, Partition};
use shared::wire::Timestamp;

/// A request, as its log line tells of it. Nothing in it is personal: the line is
/// not, either.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct RequestSeen {
    pub(super) at: Timestamp,
    pub(super) status: u16,
    pub(super) outcome: String,
    pub(super) provider: Option<String>,
    #[serde(rename = "type")]
    pub(super) event_type: Option<String>,
    /// The event's identity.
    pub(super) identity: Option<String>,
    /// The object that the event is about, kind#id.
    pub(super) subject: Option<String>,
    /// What was wrong with the signature, token or credential of a refused one.
    pub(super) reason: Option<String>,
    /// What was wrong with it otherwise.
    pub(super) problem: Option<String>,
    pub(super) secret: Option<String>,
    pub(super) promise: Option<String>,
    pub(super) promise_state: Option<String>,
    pub(super) misrouted: Option<String>,
    pub(super) ms: Option<f64>,
}

/// The line of a function, as far as it is read.
#[derive(Deserialize)]
struct OfFunction {
    message: String,
    status: u16,
    outcome: String,
    #[serde(default)]
    provider: Option<String>,
    #[serde(rename = "type", default)]
    event_type: Option<String>,
    #[serde(default)]
    identity: Option<String>,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    problem: Option<String>,
    #[serde(default)]
    secret: Option<String>,
    #[serde(default)]
    promise: Option<String>,
    #[serde(default)]
    promise_state: Option<String>,
    #[serde(default)]
    misrouted: Option<String>,
    #[serde(rename = "DurationMs", default)]
    ms: Option<f64>,
    #[serde(rename = "_aws", default)]
    aws: Declared,
}

#[derive(Default, Deserialize)]
struct Declared {
    #[serde(rename = "Timestamp", default)]
    timestamp: Option<i64>,
}

/// The line of API Gateway's access log, as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfGateway {
    route_key: String,
    status: u16,
    integration_status: String,
    #[serde(default)]
    integration_error: Option<String>,
}

impl RequestSeen {
    /// Reads a function's line; `None` for one that tells of no request. `at` is the
    /// time at which it was logged, where that is known.
    pub(super) fn of_function(line: &str, at: Option<Timestamp>) -> Option<Self> {
        // A log may put a name before what the function printed.
        let json = line.get(line.find('{')?..)?;
        let line: OfFunction = serde_json::from_str(json).ok()?;
        let at = line.aws.timestamp.map(Timestamp::from_ms).or(at)?;
        (line.message == "webhook").then_some(Self {
            at,
            status: line.status,
            outcome: line.outcome,
            provider: line.provider,
            event_type: line.event_type,
            identity: line.identity,
            subject: line.subject,
            reason: line.reason,
            problem: line.problem,
            secret: line.secret,
            promise: line.promise,
            promise_state: line.promise_state,
            misrouted: line.misrouted,
            ms: line.ms,
        })
    }

    /// Reads a line of the access log; `None` for a request that a function answered,
    /// and tells of itself.
    pub(super) fn of_gateway(line: &str, at: Timestamp) -> Option<Self> {
        let line: OfGateway = serde_json::from_str(line).ok()?;
        // "-" is the gateway's word for what there was none of; 200 is Lambda's own word,
        // whatever the function answered.
        let said = |text: &str| !matches!(text, "" | "-");
        let failed = line.integration_error.is_some_and(|text| said(&text));
        if line.integration_status == "200" && !failed {
            return None;
        }
        let route = if said(&line.route_key) { line.route_key } else { "no route".to_owned() };
        let problem = match (line.status, said(&line.integration_status) || failed) {
            (_, true) => format!("{route}: the function crashed, ran out of time or was throttled"),
            (429, false) => format!("{route}: more requests than ApiRateLimit allows"),
            (404, false) => "no route of this API".to_owned(),
            (_, false) => format!("{route}: no function was asked"),
        };
        Some(Self {
            at,
            status: line.status,
            outcome: GATEWAY.to_owned(),
            provider: None,
            event_type: None,
            identity: None,
            subject: None,
            reason: None,
            problem: Some(problem),
            secret: None,
            promise: None,
            promise_state: None,
            misrouted: None,
            ms: None,
        })
    }

    /// The time at which it was answered.
    pub(crate) fn at(&self) -> Timestamp {
        self.at
    }

    /// Its outcome, as the log names it.
    pub(crate) fn outcome(&self) -> &str {
        &self.outcome
    }

    /// The identity of the event that it brought.
    pub(crate) fn identity(&self) -> Option<&str> {
        self.identity.as_deref()
    }

    /// The type of the event that it brought.
    pub(crate) fn event_type(&self) -> Option<&str> {
        self.event_type.as_deref()
    }

    /// The partition of the event that it brought: that of the object, or of the inbox
    /// where there is none. `None` where no event was read.
    pub(crate) fn partition(&self) -> Option<Partition> {
        let (kind, id) = match &self.subject {
            Some(subject) => subject.split_once('#')?,
            None => (INBOX, self.identity.as_deref()?),
        };
        Partition::new(self.provider.as_deref()?, kind, id).ok()
    }

    /// What is worth knowing of it, in a few words.
    pub(super) fn detail(&self) -> String {
        let named = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| format!("{name} {value}"))
        };
        let promise = self.promise.as_deref().unwrap_or("no promise:");
        let details = [
            self.reason.clone(),
            self.problem.clone(),
            self.subject.clone(),
            self.promise_state.as_ref().map(|state| format!("{promise} {state}")),
            named("belongs to", &self.misrouted),
            named("secret", &self.secret),
            self.ms.map(|ms| format!("{ms:.0} ms")),
        ];
        details.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

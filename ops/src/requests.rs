//! The requests that came in, refused ones with the reason, from the log lines.

pub(crate) mod args;
pub(crate) mod latest;
mod line;
mod logs;
pub(crate) mod of_event;
mod sweeps;

use std::collections::BTreeMap;
use std::error::Error;

use crate::OpsError;
use crate::layout::wrapped;
use crate::paragraph::{counted, span};
use crate::signed_in::causes;
use crate::table::{or_dash, plain, table};
use crate::target::TargetArgs;
pub(crate) use line::RequestSeen;
pub(crate) use sweeps::last_sweep;

use args::RequestsArgs;
use aws_sdk_cloudwatchlogs::error::ProvideErrorMetadata;
use serde::Serialize;
use shared::wire::Timestamp;

const DAY_SECONDS: i64 = 86_400;

/// A log that could not be read, or only in part. The rest of the answer stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Gap {
    log: String,
    problem: String,
}

/// The requests of some time, earliest first.
#[derive(Debug, Serialize)]
pub(crate) struct Requests {
    since: Timestamp,
    until: Timestamp,
    requests: Vec<RequestSeen>,
    /// The number of earlier ones that were left out, as there were more than the
    /// limit.
    left_out: usize,
    /// The number by outcome, of all of them.
    outcomes: BTreeMap<String, usize>,
    gaps: Vec<Gap>,
    /// False when none of the logs was read.
    #[serde(skip)]
    is_read: bool,
}

impl Requests {
    /// Reads the logs.
    ///
    /// # Errors
    /// [`OpsError::Failed`] when none of them can be read.
    pub(crate) async fn read(target: &TargetArgs, asked: &RequestsArgs) -> Result<Self, OpsError> {
        let found = Self::as_far_as_read(target, asked).await?;
        if found.is_read {
            return Ok(found);
        }
        let gaps: Vec<String> = found.gaps.iter().map(Gap::text).collect();
        Err(OpsError::Failed(gaps.join("\n")))
    }

    /// Reads the logs, of which perhaps none can be read.
    ///
    /// # Errors
    /// [`OpsError::Failed`] when there are none to ask for.
    pub(crate) async fn as_far_as_read(
        target: &TargetArgs,
        asked: &RequestsArgs,
    ) -> Result<Self, OpsError> {
        let until = Timestamp::now();
        let since = asked.since.before(until);
        let read = match target.stack_name() {
            Some(stack) => logs::deployed(&logs::groups(stack, asked), since).await?,
            None => match &asked.log {
                Some(log) => logs::local(log)?,
                None => logs::local(&logs::local_log(target).map_err(or_a_file)?)?,
            },
        };
        Ok(Self::of(read, asked, since, until))
    }

    fn of(read: logs::Logs, asked: &RequestsArgs, since: Timestamp, until: Timestamp) -> Self {
        let is_read = read.is_read();
        let logs::Logs { mut requests, gaps, .. } = read;
        requests.retain(|request| request.at >= since && asked.takes(request));
        requests.sort_by_key(|request| request.at);
        let outcomes = outcomes(&requests);
        let limit = usize::try_from(asked.limit).unwrap_or(usize::MAX);
        let left_out = requests.len().saturating_sub(limit);
        requests.drain(..left_out);
        Self { since, until, requests, left_out, outcomes, gaps, is_read }
    }

    fn sentence(&self) -> String {
        let all = self.requests.len().saturating_add(self.left_out);
        let time = span(self.until.seconds().saturating_sub(self.since.seconds()));
        let outcomes = by_outcome(&self.outcomes);
        let requests = counted(all, "request", "requests");
        format!("{requests} in the last {time}{outcomes}.")
    }

    /// Which are shown, where not all are: what is counted may not be among them.
    fn shown(&self) -> Option<String> {
        let outcomes = by_outcome(&outcomes(&self.requests));
        (self.left_out > 0).then(|| format!("The last {} are shown{outcomes}", self.requests.len()))
    }

    /// What a page shows of them, latest first; nothing where no log was read.
    pub(crate) fn view(&self) -> Option<page::Requests> {
        if !self.is_read {
            return None;
        }
        let shown = self.shown().map(|shown| format!(" {shown}."));
        let rows = self.requests.iter().rev().map(RequestSeen::view);
        let sentence = format!("{}{}", self.sentence(), shown.unwrap_or_default());
        Some(page::Requests { sentence, rows: rows.collect() })
    }

    /// The logs that could not be read, and why.
    pub(crate) fn gaps(&self) -> impl Iterator<Item = String> {
        self.gaps.iter().map(Gap::words)
    }

    /// One sentence, the requests, what each reason means, and what could not be read.
    pub(crate) fn text(&self) -> String {
        let mut parts = vec![wrapped(&self.sentence(), 0)];
        let shown = self.shown().map(|shown| format!("{shown}; --limit shows more."));
        parts.extend(shown.map(|shown| wrapped(&shown, 0)));
        if !self.requests.is_empty() {
            let same_day = self.until.seconds().saturating_sub(self.since.seconds()) < DAY_SECONDS;
            let rows: Vec<_> = self.requests.iter().map(|one| one.row(same_day)).collect();
            let head = [
                if same_day { "UTC" } else { "TIME" },
                "STATUS",
                "OUTCOME",
                "PROVIDER",
                "TYPE",
                "DETAIL",
            ];
            parts.push(format!("\n{}", table(head, &rows)));
        }
        let mut reasons: Vec<&str> =
            self.requests.iter().filter_map(|request| request.reason.as_deref()).collect();
        reasons.sort_unstable();
        reasons.dedup();
        let explained = |reason: &str| {
            let sentence = answers::refusal(reason)?;
            Some(wrapped(&format!("{reason}: {sentence}"), 0))
        };
        let explained: Vec<String> = reasons.into_iter().filter_map(explained).collect();
        if !explained.is_empty() {
            parts.push(format!("\n{}", explained.concat()));
        }
        if !self.gaps.is_empty() {
            let gaps = self.gaps.iter().map(|gap| wrapped(&gap.text(), 0));
            parts.push(format!("\n{}", gaps.collect::<String>()));
        }
        parts.concat()
    }
}

/// The number of requests by outcome.
fn outcomes(requests: &[RequestSeen]) -> BTreeMap<String, usize> {
    let mut outcomes = BTreeMap::new();
    for request in requests {
        *outcomes.entry(request.outcome.clone()).or_insert(0) += 1;
    }
    outcomes
}

/// Such numbers behind a sentence, if there are any.
fn by_outcome(outcomes: &BTreeMap<String, usize>) -> String {
    let told: Vec<String> =
        outcomes.iter().map(|(name, count)| format!("{count} {name}")).collect();
    if told.is_empty() { String::new() } else { format!(": {}", told.join(", ")) }
}

/// What may be done where no log is at hand.
fn or_a_file(error: OpsError) -> OpsError {
    match error {
        OpsError::Failed(problem) => {
            OpsError::Failed(format!("{problem}, or say --log FILE for what one left"))
        }
        other => other,
    }
}

impl Gap {
    pub(crate) fn new(log: &str, problem: impl Into<String>) -> Self {
        Self { log: log.to_owned(), problem: problem.into() }
    }

    /// A log group that could not be read for this error.
    fn of<E: ProvideErrorMetadata + Error + 'static>(group: &str, error: &E) -> Self {
        let problem = match error.code() {
            Some("ResourceNotFoundException") => "there is no such log group".into(),
            Some("AccessDeniedException") => "not allowed: logs:FilterLogEvents".into(),
            Some(code) => code.to_owned(),
            None => causes(error),
        };
        Self::new(group, problem)
    }

    /// The log and its problem.
    pub(crate) fn words(&self) -> String {
        format!("{}: {}", self.log, self.problem)
    }

    fn text(&self) -> String {
        plain(&format!("NOT READ {}", self.words()))
    }
}

impl RequestSeen {
    fn view(&self) -> page::RequestRow {
        page::RequestRow {
            at: self.at,
            status: self.status,
            outcome: self.outcome.clone(),
            provider: self.provider.clone(),
            event_type: self.event_type.clone(),
            detail: self.detail(),
        }
    }

    /// The row, with the time of day alone where that is clear.
    fn row(&self, same_day: bool) -> [String; 6] {
        let at = self.at.to_rfc3339();
        // Milliseconds help nobody here.
        let at = at.split('.').next().unwrap_or(&at);
        let time = at.split_once('T').map_or(at, |(_, time)| time);
        [
            if same_day { time.to_owned() } else { format!("{at}Z") },
            self.status.to_string(),
            self.outcome.clone(),
            or_dash(self.provider.as_deref()),
            or_dash(self.event_type.as_deref()),
            self.detail(),
        ]
    }
}

#[cfg(test)]
mod tests;

//! The `Events` of a function.

use std::time::Duration;

use serde_json::Value;

use super::{Filter, Node, TemplateError};

/// Something that invokes a function.
#[derive(Debug, Clone)]
pub enum Source {
    /// A route of the HTTP API: upper-case method (or `ANY`) and path.
    Http {
        /// Method.
        method: String,
        /// Path with `{name}` segments.
        path: String,
    },
    /// A queue.
    Queue(QueueSource),
    /// A table's stream.
    Stream(StreamSource),
    /// A clock.
    Schedule(Schedule),
}

/// An SQS event source mapping.
#[derive(Debug, Clone)]
pub struct QueueSource {
    /// Name of the queue.
    pub queue: String,
    /// Most messages in one invocation.
    pub batch_size: usize,
    /// Most invocations at once.
    pub concurrency: usize,
    /// True if the function names the messages that failed.
    pub reports_failures: bool,
    /// Patterns of the messages that count; the others are deleted.
    pub filter: Filter,
}

/// A DynamoDB stream event source mapping.
#[derive(Debug, Clone)]
pub struct StreamSource {
    /// Name of the table.
    pub table: String,
    /// `TRIM_HORIZON` or `LATEST`.
    pub start: String,
    /// Most records in one invocation.
    pub batch_size: usize,
    /// True if a failed batch is halved.
    pub bisects: bool,
    /// Attempts after the first; `None` repeats without end.
    pub retries: Option<u32>,
    /// True if the function names the record that failed.
    pub reports_failures: bool,
    /// Name of the queue that gets a notice of records given up.
    pub on_failure: Option<String>,
    /// Patterns of the records that count.
    pub filter: Filter,
}

/// A schedule.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Time between two invocations.
    pub every: Duration,
    /// The payload, if the template gives one.
    pub input: Option<String>,
}

/// AWS's defaults for event source mappings.
const DEFAULT_STREAM_BATCH: usize = 100;
const DEFAULT_QUEUE_BATCH: usize = 10;
/// The concurrency at which AWS begins when no maximum is set.
const DEFAULT_QUEUE_CONCURRENCY: usize = 5;

pub(super) fn read(events: &Node) -> Result<Vec<Source>, TemplateError> {
    events.entries()?.iter().map(|(_, event)| source(event)).collect()
}

fn source(event: &Node) -> Result<Source, TemplateError> {
    let kind = event.require("Type")?;
    let properties = event.require("Properties")?;
    match kind.text()?.as_str() {
        "HttpApi" => Ok(Source::Http {
            method: properties.require("Method")?.text()?.to_ascii_uppercase(),
            path: properties.require("Path")?.text()?,
        }),
        "SQS" => queue(&properties).map(Source::Queue),
        "DynamoDB" => stream(&properties).map(Source::Stream),
        "Schedule" => schedule(&properties, "Schedule").map(Source::Schedule),
        "ScheduleV2" => schedule(&properties, "ScheduleExpression").map(Source::Schedule),
        other => Err(kind.error(&format!("{other} has no local counterpart"))),
    }
}

fn queue(properties: &Node) -> Result<QueueSource, TemplateError> {
    let scaling = properties.get("ScalingConfig");
    Ok(QueueSource {
        queue: name_in_arn(&properties.require("Queue")?)?,
        batch_size: properties.count("BatchSize", DEFAULT_QUEUE_BATCH)?,
        concurrency: scaling.map_or(Ok(DEFAULT_QUEUE_CONCURRENCY), |node| {
            node.count("MaximumConcurrency", DEFAULT_QUEUE_CONCURRENCY)
        })?,
        reports_failures: reports_failures(properties),
        filter: filter(properties)?,
    })
}

fn stream(properties: &Node) -> Result<StreamSource, TemplateError> {
    let stream = properties.require("Stream")?;
    let start = properties.require("StartingPosition")?;
    if !matches!(start.text()?.as_str(), "TRIM_HORIZON" | "LATEST") {
        return Err(start.error("must be TRIM_HORIZON or LATEST"));
    }
    let arn = stream.text()?;
    let table = arn.split('/').nth(1).ok_or_else(|| stream.error("is not the ARN of a stream"))?;
    let bisects = properties.get("BisectBatchOnFunctionError");
    let on_failure = properties.at(&["DestinationConfig", "OnFailure", "Destination"]);
    Ok(StreamSource {
        table: table.to_owned(),
        start: start.text()?,
        batch_size: properties.count("BatchSize", DEFAULT_STREAM_BATCH)?,
        bisects: bisects.is_some_and(|node| node.value == Value::Bool(true)),
        retries: u32::try_from(properties.count("MaximumRetryAttempts", -1_i64)?).ok(),
        reports_failures: reports_failures(properties),
        on_failure: on_failure.map(|node| name_in_arn(&node)).transpose()?,
        filter: filter(properties)?,
    })
}

fn schedule(properties: &Node, key: &str) -> Result<Schedule, TemplateError> {
    let expression = properties.require(key)?;
    let every = rate(&expression.text()?).ok_or_else(|| {
        expression.error("must be rate(N minutes), rate(N hours) or rate(N days)")
    })?;
    Ok(Schedule { every, input: properties.get("Input").map(|node| node.text()).transpose()? })
}

fn rate(expression: &str) -> Option<Duration> {
    let (count, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let seconds = match unit {
        "minute" | "minutes" => 60,
        "hour" | "hours" => 3_600,
        "day" | "days" => 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(count.parse::<u64>().ok()?.checked_mul(seconds)?))
}

fn name_in_arn(node: &Node) -> Result<String, TemplateError> {
    let arn = node.text()?;
    match arn.rsplit_once(':') {
        Some((_, name)) if arn.starts_with("arn:") => Ok(name.to_owned()),
        _ => Err(node.error("must be the ARN of a queue")),
    }
}

fn reports_failures(properties: &Node) -> bool {
    properties
        .get("FunctionResponseTypes")
        .and_then(|node| node.value.as_array().cloned())
        .is_some_and(|types| types.contains(&Value::from("ReportBatchItemFailures")))
}

fn filter(properties: &Node) -> Result<Filter, TemplateError> {
    let Some(filters) = properties.at(&["FilterCriteria", "Filters"]) else {
        return Ok(Filter::default());
    };
    let mut patterns = Vec::new();
    for entry in filters.items()? {
        let node = entry.require("Pattern")?;
        let pattern = node.text()?;
        let parsed = serde_json::from_str(&pattern)
            .map_err(|error| node.error(&format!("is not JSON: {error}")))?;
        patterns.push(parsed);
    }
    Filter::new(patterns).map_err(|problem| filters.error(&problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates() {
        assert_eq!(rate("rate(5 minutes)"), Some(Duration::from_mins(5)));
        assert_eq!(rate("rate(1 hour)"), Some(Duration::from_hours(1)));
        assert_eq!(rate("cron(0 10 * * ? *)"), None);
        assert_eq!(rate("rate(x minutes)"), None);
    }
}

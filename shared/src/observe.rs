//! The output for operators: one JSON line for each event, which CloudWatch also
//! reads as metrics, and the log of what went wrong.
//!
//! Only names, types, ids and counts are fields here (invariant
//! `NothingLeaks`).

use std::io::Write;
use std::sync::OnceLock;

use serde::{Serialize, Serializer};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::settings::{Env, optional};
use crate::wire::Timestamp;

/// The metrics' namespace where none is set. A stack has one of its own, so that two in
/// one account do not ring each other's alarms.
const NAMESPACE: &str = "AffiliateWebhooks";

/// The metrics' namespace, once it is read.
static OWN_NAMESPACE: OnceLock<String> = OnceLock::new();

/// Dimension sets, and their metrics by name, unit and value.
pub(crate) type Metrics<'a> = (&'a [&'a [&'a str]], &'a [(&'a str, &'a str, f64)]);

/// A line with metrics. Fields, members of `_aws` and values of metrics have names
/// that differ.
#[derive(Serialize)]
struct Line<'a, T> {
    level: &'static str,
    message: &'a str,
    #[serde(flatten)]
    fields: &'a T,
    #[serde(flatten, serialize_with = "values")]
    values: &'a [Metrics<'a>],
    #[serde(rename = "_aws")]
    aws: Declared<'a>,
}

/// What the values of a line are to CloudWatch.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Declared<'a> {
    timestamp: i64,
    cloud_watch_metrics: Vec<MetricSet<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MetricSet<'a> {
    namespace: &'static str,
    dimensions: &'a [&'a [&'a str]],
    metrics: Vec<Metric<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric<'a> {
    name: &'a str,
    unit: &'a str,
}

fn values<S: Serializer>(sets: &&[Metrics], serializer: S) -> Result<S::Ok, S::Error> {
    let metrics = sets.iter().flat_map(|(_, metrics)| *metrics);
    serializer.collect_map(metrics.map(|(name, _, value)| (name, value)))
}

impl<'a> Declared<'a> {
    fn now(sets: &'a [Metrics<'a>]) -> Self {
        let namespace = OWN_NAMESPACE.get().map_or(NAMESPACE, String::as_str);
        let set = |(dimensions, metrics): &Metrics<'a>| {
            let metrics = metrics.iter().map(|(name, unit, _)| Metric { name, unit }).collect();
            MetricSet { namespace, dimensions, metrics }
        };
        let cloud_watch_metrics = sets.iter().map(set).collect();
        Self { timestamp: Timestamp::now().ms(), cloud_watch_metrics }
    }
}

/// Prints a line with metrics, in CloudWatch's embedded metric format.
pub(crate) fn print<T: Serialize>(message: &str, fields: &T, metrics: &[Metrics]) {
    let aws = Declared::now(metrics);
    let line = Line { level: "INFO", message, fields, values: metrics, aws };
    let Ok(mut line) = serde_json::to_vec(&line) else {
        return;
    };
    line.push(b'\n');
    // A closed standard output cannot be helped.
    drop(std::io::stdout().lock().write_all(&line));
}

/// Starts the log: JSON lines, at the level of `RUST_LOG` for this project's code.
/// Foreign crates log errors only, whatever the level, because at finer levels they
/// print requests with their headers and bodies. `METRICS_NAMESPACE` names the metrics'
/// namespace.
pub fn start(env: Env) {
    if let Some(namespace) = optional(env, "METRICS_NAMESPACE") {
        // A second start, in tests, keeps the first.
        drop(OWN_NAMESPACE.set(namespace));
    }
    let rust_log = env("RUST_LOG");
    let level = rust_log.and_then(|text| text.trim().parse().ok()).unwrap_or(LevelFilter::INFO);
    let targets = Targets::new().with_default(LevelFilter::ERROR).with_target("shared", level);
    let layer = tracing_subscriber::fmt::layer().json().flatten_event(true).with_ansi(false);
    // As above.
    drop(tracing_subscriber::registry().with(targets).with(layer).try_init());
    // The default hook prints the message, which may quote what was being read.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(%place, "panic");
    }));
}

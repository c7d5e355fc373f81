//! The output for operators: one JSON line for each event, which CloudWatch also
//! reads as metrics, and the log of what went wrong.
//!
//! Only names, types, ids and counts are fields here (invariant
//! `NothingLeaks`).

use std::io::Write;

use serde::Serialize;
use serde_json::json;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::wire::Timestamp;

/// The metrics' namespace.
pub const NAMESPACE: &str = "AffiliateWebhooks";

/// Dimension sets, and their metrics by name, unit and value.
pub(crate) type Metrics<'a> = (serde_json::Value, &'a [(&'a str, &'a str, f64)]);

/// Prints a line with metrics, in CloudWatch's embedded metric format.
pub(crate) fn print<T: Serialize>(message: &str, fields: &T, metrics: &[Metrics]) {
    let Ok(serde_json::Value::Object(mut line)) = serde_json::to_value(fields) else {
        return;
    };
    line.insert("level".into(), "INFO".into());
    line.insert("message".into(), message.into());
    for (name, _, value) in metrics.iter().flat_map(|(_, metrics)| *metrics) {
        line.insert((*name).into(), json!(value));
    }
    let metrics = metrics.iter().map(|(dimensions, metrics)| {
        let units = metrics.iter();
        let units = units.map(|(name, unit, _)| json!({ "Name": name, "Unit": unit }));
        let units: Vec<_> = units.collect();
        json!({ "Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": units })
    });
    let metrics: Vec<_> = metrics.collect();
    let now = Timestamp::now().ms();
    line.insert("_aws".into(), json!({ "Timestamp": now, "CloudWatchMetrics": metrics }));
    // A closed standard output cannot be helped.
    drop(writeln!(std::io::stdout().lock(), "{}", serde_json::Value::Object(line)));
}

/// Starts the log: JSON lines, at the level of `RUST_LOG` for this project's code.
/// Foreign crates log errors only, whatever the level, because at finer levels they
/// print requests with their headers and bodies.
pub fn start(rust_log: Option<&str>) {
    let level = rust_log.and_then(|text| text.trim().parse().ok()).unwrap_or(LevelFilter::INFO);
    let targets = Targets::new().with_default(LevelFilter::ERROR).with_target("shared", level);
    let layer = tracing_subscriber::fmt::layer().json().flatten_event(true).with_ansi(false);
    // A second start, in tests, keeps the first.
    drop(tracing_subscriber::registry().with(targets).with(layer).try_init());
    // The default hook prints the message, which may quote what was being read.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(%place, "panic");
    }));
}

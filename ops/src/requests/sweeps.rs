//! The last complete sweep, from its log.

use std::fs;

use answers::Sweep;
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use serde_json::Value;
use shared::wire::Timestamp;

use crate::requests::Gap;
use crate::requests::logs::local_log;
use crate::signed_in::signed_in;
use crate::target::TargetArgs;

/// Seconds that are looked at: a sweep is due every five minutes, and the alarm
/// `sweep-stopped` waits for thirty.
const BACK_SECONDS: i64 = 35 * 60;
/// The lines of sweeps that were complete.
const PATTERN: &str = r#"{ $.message = "sweep" && $.outcome = "complete" }"#;

/// Finds the last complete sweep of a stack, or of the `cargo local` of this workspace;
/// `None` where nothing is there to be read.
///
/// # Errors
/// [`Gap`] when the log cannot be read.
pub(crate) async fn last_sweep(target: &TargetArgs, now: Timestamp) -> Result<Option<Sweep>, Gap> {
    let since = now.plus_seconds(-BACK_SECONDS);
    let Some(stack) = target.stack_name() else {
        let log = local_log().filter(|_| target.is_usual_local());
        let text = log.and_then(|log| fs::read(log).ok());
        return Ok(text.map(|text| of_lines(&String::from_utf8_lossy(&text), since)));
    };
    let group = format!("/aws/lambda/{stack}-sweep");
    let config = signed_in().await.map_err(|error| Gap::new(&group, error.to_string()))?;
    let call = Client::new(&config)
        .filter_log_events()
        .log_group_name(&group)
        .start_time(since.ms())
        .filter_pattern(PATTERN);
    let (mut last, mut token) = (None, None);
    loop {
        let page = call.clone().set_next_token(token).send().await;
        let page = page.map_err(|error| Gap::of(&group, &error))?;
        let times = page.events().iter().filter_map(FilteredLogEvent::timestamp);
        last = last.max(times.max());
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            return Ok(Some(Sweep { last: last.map(Timestamp::from_ms), since }));
        }
    }
}

/// The last complete sweep in the lines of a log.
fn of_lines(text: &str, since: Timestamp) -> Sweep {
    let at = |line: &str| {
        let line: Value = serde_json::from_str(line).ok()?;
        let is = |name: &str, text: &str| line.get(name).and_then(Value::as_str) == Some(text);
        let is_sweep = is("message", "sweep") && is("outcome", "complete");
        line.pointer("/_aws/Timestamp").and_then(Value::as_i64).filter(|_| is_sweep)
    };
    let times = text.lines().filter(|line| line.contains("sweep")).filter_map(at);
    Sweep { last: times.max().map(Timestamp::from_ms), since }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_that_is_not_complete_is_none() {
        let line = |ms: i64, outcome: &str| {
            format!(
                "{{\"message\":\"sweep\",\"outcome\":\"{outcome}\",\
                 \"_aws\":{{\"Timestamp\":{ms}}}}}\n"
            )
        };
        let text = [line(5, "complete"), line(9, "complete"), line(12, "other")].concat();
        let text = format!("no JSON of a sweep\n{text}");
        assert_eq!(of_lines(&text, Timestamp::ZERO).last, Some(Timestamp::from_ms(9)));
        assert_eq!(of_lines("", Timestamp::ZERO).last, None);
    }
}

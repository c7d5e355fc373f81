//! The last complete sweep, and what it saw, from its log.

use std::collections::BTreeMap;

use answers::{Oldest, Sweep};
use aws_sdk_cloudwatchlogs::Client;
use serde_json::Value;
use shared::fulfilment::State;
use shared::wire::Timestamp;

use crate::requests::Gap;
use crate::requests::logs::{local_log, text};
use crate::signed_in::signed_in;
use crate::target::TargetArgs;

/// Seconds that are looked at: a sweep is due every five minutes, and the alarm
/// `sweep-stopped` waits for thirty.
const BACK_SECONDS: i64 = 35 * 60;
/// The lines of sweeps that were complete, and of what they saw of each state.
const PATTERN: &str =
    r#"{ ($.message = "sweep" && $.outcome = "complete") || $.message = "backlog" }"#;

/// Finds the last complete sweep of a stack, or of `cargo local`.
///
/// # Errors
/// The problem in words, when the log cannot be read or is not at hand.
pub(crate) async fn last_sweep(target: &TargetArgs, now: Timestamp) -> Result<Sweep, String> {
    let since = now.plus_seconds(-BACK_SECONDS);
    let Some(stack) = target.stack_name() else {
        let text = local_log(target).and_then(|log| text(&log));
        let text = text.map_err(|error| error.to_string())?;
        // Where it was started a moment ago, none is due.
        let began = text.lines().find_map(at).unwrap_or(since);
        return Ok(of_lines(text.lines(), since.max(began)));
    };
    let group = format!("/aws/lambda/{stack}-sweep");
    let config = signed_in().await.map_err(|error| format!("{group}: {error}"))?;
    let call = Client::new(&config)
        .filter_log_events()
        .log_group_name(&group)
        .start_time(since.ms())
        .filter_pattern(PATTERN);
    let (mut lines, mut token) = (Vec::new(), None);
    loop {
        let page = call.clone().set_next_token(token).send().await;
        let page = page.map_err(|error| Gap::of(&group, &error).words())?;
        lines.extend(page.events().iter().filter_map(|event| event.message().map(str::to_owned)));
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            return Ok(of_lines(lines.iter().map(String::as_str), since));
        }
    }
}

/// The time of a line of any function.
fn at(line: &str) -> Option<Timestamp> {
    let line: Value = serde_json::from_str(line.get(line.find('{')?..)?).ok()?;
    line.pointer("/_aws/Timestamp").and_then(Value::as_i64).map(Timestamp::from_ms)
}

/// What a line tells.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    /// The oldest promise of a state was open for so many seconds; `None`: there is none.
    Backlog(State, Option<i64>),
    /// The sweep was complete.
    Complete,
}

/// Reads a line of the sweep's, with its time in milliseconds since 1970.
fn told(line: &str) -> Option<(i64, Told)> {
    // A log may put a name before what the function printed.
    let line: Value = serde_json::from_str(line.get(line.find('{')?..)?).ok()?;
    let text = |name: &str| line.get(name).and_then(Value::as_str);
    let told = match (text("message")?, text("outcome")) {
        ("sweep", Some("complete")) => Told::Complete,
        ("backlog", _) => {
            let state = text("state")?;
            let state = State::ALL.into_iter().find(|of| of.name() == state)?;
            #[expect(clippy::cast_possible_truncation, reason = "printed as a whole number")]
            let seconds = line.get("OldestSeconds").and_then(Value::as_f64).map(|of| of as i64);
            Told::Backlog(state, seconds)
        }
        _ => return None,
    };
    Some((line.pointer("/_aws/Timestamp").and_then(Value::as_i64)?, told))
}

/// The last complete sweep in the lines of a log.
fn of_lines<'a>(lines: impl Iterator<Item = &'a str>, since: Timestamp) -> Sweep {
    let lines = lines.filter(|line| line.contains("sweep") || line.contains("backlog"));
    let mut all: Vec<(i64, Told)> = lines.filter_map(told).collect();
    // It says that it is complete after what it saw.
    all.sort_by_key(|(at, told)| (*at, *told == Told::Complete));
    let mut sweep = Sweep { last: None, oldest: None, since };
    let mut seen = BTreeMap::new();
    for (at, told) in all {
        match told {
            Told::Backlog(state, seconds) => {
                seen.insert(state.name(), seconds.map(|seconds| Oldest { state, seconds }));
            }
            Told::Complete => {
                let work = seen.values().flatten().filter(|of| of.state != State::Parked);
                sweep.oldest = work.max_by_key(|of| of.seconds).copied();
                sweep.last = Some(Timestamp::from_ms(at));
            }
        }
    }
    sweep
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
        let sweep = of_lines(text.lines(), Timestamp::ZERO);
        assert_eq!((sweep.last, sweep.oldest), (Some(Timestamp::from_ms(9)), None));
        assert_eq!(of_lines("".lines(), Timestamp::ZERO).last, None);
    }

    #[test]
    fn a_line_has_a_time() {
        let line = r#"PayoutsFunction {"message":"webhook","_aws":{"Timestamp":7}}"#;
        assert_eq!(at(line), Some(Timestamp::from_ms(7)));
        assert_eq!((at("START"), at("{}")), (None, None));
    }

    #[test]
    fn the_oldest_work_is_that_of_the_last_complete_sweep() {
        let backlog = |ms: i64, state: State, oldest: &str| {
            let state = state.name();
            format!(
                "SweepFunction {{\"message\":\"backlog\",\"state\":\"{state}\"{oldest},\
                 \"_aws\":{{\"Timestamp\":{ms}}}}}"
            )
        };
        let complete = |ms: i64| {
            format!(r#"{{"message":"sweep","outcome":"complete","_aws":{{"Timestamp":{ms}}}}}"#)
        };
        let old = |seconds: i64| format!(",\"Open\":1.0,\"OldestSeconds\":{seconds}.0");
        let mut lines = [
            backlog(1, State::Requested, &old(900)),
            backlog(1, State::Parked, &old(9_000)),
            complete(2),
            backlog(4, State::Requested, ",\"empty\":0"),
            backlog(4, State::Delivered, &old(70)),
            backlog(4, State::Confirming, &old(60)),
            complete(4),
            // Of one that is not complete yet.
            backlog(8, State::Requested, &old(5_000)),
        ];
        let expected = Oldest { state: State::Delivered, seconds: 70 };
        for _ in 0..lines.len() {
            lines.rotate_left(1);
            let sweep = of_lines(lines.iter().map(String::as_str), Timestamp::ZERO);
            assert_eq!((sweep.last, sweep.oldest), (Some(Timestamp::from_ms(4)), Some(expected)));
        }
    }
}

//! Tests of the requests that came in.

use clap::Parser;
use serde_json::json;

use super::*;

fn now() -> Timestamp {
    Timestamp::from_ms(1_790_000_000_000)
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    asked: RequestsArgs,
}

fn asked(words: &str) -> RequestsArgs {
    Line::parse_from(["x"].into_iter().chain(words.split_whitespace())).asked
}

fn line(outcome: &str, status: u16, minutes_ago: i64, more: &serde_json::Value) -> String {
    let at = now().plus_seconds(-60 * minutes_ago).ms();
    let mut line = json!({
        "level": "INFO", "message": "webhook", "provider": "p", "outcome": outcome,
        "status": status, "duplicate": false, "Events": 1.0, "DurationMs": 3.4,
        "_aws": { "Timestamp": at, "CloudWatchMetrics": [] },
    });
    line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    line.to_string()
}

fn logs(lines: &[String]) -> logs::Logs {
    let requests = lines.iter().filter_map(|line| RequestSeen::of_function(line, None));
    logs::Logs { requests: requests.collect(), complete: 1, gaps: Vec::new() }
}

fn some() -> logs::Logs {
    logs(&[
        line("unauthorized", 401, 1, &json!({ "reason": "no_secret_matches" })),
        line(
            "recorded",
            200,
            5,
            &json!({
                "type": "commission.updated", "subject": "commission#88901", "secret": "hmac[0]",
                "promise": "p:88901:1", "promise_state": "requested",
            }),
        ),
        line("unauthorized", 401, 40, &json!({ "reason": "missing" })),
        "not a line".into(),
        json!({ "level": "INFO", "message": "step", "status": 1, "outcome": "x" }).to_string(),
        format!("PayoutsFunction {}", line("ping", 200, 2, &json!({ "secret": "\u{1b}[31m" }))),
    ])
}

#[test]
fn what_came_in_and_why_it_was_refused_is_told_in_order() {
    let asked = asked("");
    let requests = Requests::of(some(), &asked, asked.since.before(now()), now());
    let text = requests.text();
    assert!(
        text.starts_with("3 requests in the last 30 min: 1 ping, 1 recorded, 1 unauthorized.\n"),
        "{text}"
    );
    let rows: Vec<&str> = text.lines().skip(3).take(3).collect();
    for (row, parts) in rows.iter().zip([
        &[
            "14:08:20  200",
            "recorded",
            "commission.updated",
            "3 ms",
            "commission#88901; p:88901:1 requested; secret hmac[0]",
        ][..],
        &["200", "ping", "secret \u{fffd}[31m"],
        &["401", "unauthorized", "no_secret_matches; 3 ms"],
    ]) {
        assert!(parts.iter().all(|part| row.contains(part)), "{parts:?} are not in {row}");
    }
    assert!(text.contains("\nno_secret_matches: a signature of the right form"), "{text}");
    assert!(!text.contains("\nmissing: "), "{text}");
}

#[test]
fn what_is_asked_for_is_shown_and_the_rest_counted() {
    let of = |words: &str| {
        let asked = asked(words);
        Requests::of(some(), &asked, asked.since.before(now()), now())
    };
    for (words, count) in [
        ("--since 1h", 4),
        ("--since 1h --outcome unauthorized", 2),
        ("--since 1h --outcome unauthorized,ping --provider p", 3),
        ("--provider q", 0),
    ] {
        assert_eq!(of(words).requests.len(), count, "{words}");
    }
    let limited = of("--since 1h --limit 1");
    assert_eq!((limited.requests.len(), limited.left_out), (1, 3));
    assert!(limited.text().contains("4 requests in the last 60 min"));
    assert!(limited.text().contains("The last 1 are shown: 1 unauthorized; --limit shows more."));
    assert!(limited.view().unwrap().sentence.ends_with(". The last 1 are shown: 1 unauthorized."));
    assert_eq!(of("--provider q").text(), "0 requests in the last 30 min.\n");
}

#[test]
fn a_log_that_cannot_be_read_is_named_beside_the_rest() {
    let mut read = some();
    read.gaps.push(Gap::new("/aws/lambda/s-payouts", "there is no such log group"));
    let asked = asked("");
    let requests = Requests::of(read, &asked, asked.since.before(now()), now());
    assert!(
        requests.text().ends_with("\nNOT READ /aws/lambda/s-payouts: there is no such log group\n")
    );
    assert_eq!(serde_json::to_value(&requests).unwrap()["gaps"][0]["log"], "/aws/lambda/s-payouts");
}

#[test]
fn the_access_log_tells_of_what_no_function_did() {
    let line = |status: u16, integration: &str, error: &str, route: &str| {
        let line = json!({
            "requestId": "x", "routeKey": route, "status": status,
            "integrationStatus": integration, "integrationError": error,
        });
        RequestSeen::of_gateway(&line.to_string(), now()).map(|seen| seen.problem.unwrap())
    };
    let route = "POST /webhooks/{provider}";
    assert_eq!(line(200, "200", "-", route), None);
    assert_eq!(line(401, "200", "-", route), None);
    for (line, problem) in [
        (line(404, "-", "-", "-"), "no route of this API"),
        (line(429, "-", "-", route), "more requests than ApiRateLimit allows"),
        (line(500, "200", "Internal Server Error", route), "the function crashed"),
        (line(503, "429", "-", route), "was throttled"),
        (line(400, "-", "-", route), "no function was asked"),
    ] {
        assert!(line.as_deref().is_some_and(|line| line.contains(problem)), "{line:?} {problem}");
    }
}

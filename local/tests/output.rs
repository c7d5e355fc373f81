//! What `cargo local` prints of a play.
#![expect(clippy::unwrap_used, reason = "a play that cannot be started fails the test")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Plays the samples on free ports, and gives standard output and standard error.
fn play(flags: &[&str]) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(["--exit", "--http-port=0", "--dynamodb-port=0", "--sqs-port=0"]).args(flags);
    let played = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&played.stdout), text(&played.stderr));
    assert!(played.status.success(), "{out}{err}");
    (out, err)
}

/// The names of the samples, in playing order.
fn samples() -> Vec<String> {
    let answers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/answers.json");
    let answers: Value = serde_json::from_slice(&std::fs::read(answers).unwrap()).unwrap();
    let names = answers.as_array().unwrap().iter().map(|line| line["sample"].as_str().unwrap());
    names.map(str::to_owned).collect()
}

/// True if a sample has a line of its own.
fn has_line(report: &str, sample: &str) -> bool {
    let of_sample = |line: &str| line.split_whitespace().nth(1) == Some(sample);
    report.lines().any(of_sample)
}

/// The words of the line that begins so; none without one.
fn words<'r>(report: &'r str, begin: &str) -> Vec<&'r str> {
    let line = report.lines().find(|line| line.starts_with(begin));
    line.unwrap_or_default().split_whitespace().collect()
}

fn assert_narrow(report: &str) {
    for line in report.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn a_play_tells_of_rewards_and_trouble_and_sums_up_the_rest() {
    let (report, _) = play(&[]);
    assert_narrow(&report);
    for told in ["uppromote-bad-signature", "firstpromoter-commission-updated"] {
        assert!(has_line(&report, told), "{told}: {report}");
    }
    assert!(!has_line(&report, "affonso-payout-paid"), "{report}");
    let all = samples().len();
    let all = format!("{all} samples, {all} answered as expected, in");
    assert!(report.contains(&all), "{report}");
    assert!(report.contains("\n2 promises, 2 confirmed\n"), "{report}");

    let summary = report.split("by provider and kind\n").nth(1).unwrap();
    let affonso = summary.split("\nfirstpromoter").next().unwrap();
    assert_eq!(words(affonso, "affonso").get(2), Some(&"events,"));
    let payouts = ["payout", "5", "events", "2", "records", "(1", "completed,", "1", "deleted)"];
    assert_eq!(words(affonso, "  payout "), payouts);
    let uppromote = words(summary, "uppromote").join(" ");
    assert!(uppromote.contains("events, 1 duplicate, "), "{uppromote}");
    assert!(uppromote.ends_with(", 1 refused"), "{uppromote}");
}

#[test]
fn every_sample_has_a_line_where_that_is_asked_for() {
    let (verbose, _) = play(&["--verbose"]);
    let (json, beside_json) = play(&["--json"]);
    let addresses: Value = serde_json::from_str(&json).unwrap();
    assert!(addresses["http"].is_string() && json.lines().count() == 1, "{json}");
    assert_narrow(&verbose);
    for sample in samples() {
        assert!(has_line(&verbose, &sample), "{sample}");
        assert!(has_line(&beside_json, &sample), "{sample}");
    }
}

//! What `cargo local` prints of a play.
#![expect(clippy::unwrap_used, reason = "a play that cannot be started fails the test")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Plays the samples on free ports, and gives standard output and standard error.
fn play(flags: &[&str]) -> (String, String) {
    play_at(100, flags)
}

/// [`play`], for a terminal of so many columns.
fn play_at(columns: usize, flags: &[&str]) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(["--exit", "--http-port=0", "--dynamodb-port=0", "--sqs-port=0"]).args(flags);
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("played-{columns}.log"));
    command.arg("--log").arg(log).env("COLUMNS", columns.to_string());
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

fn assert_narrow(report: &str, columns: usize) {
    for line in report.lines() {
        let one_word = line.split_whitespace().count() == 1;
        assert!(one_word || line.chars().count() <= columns, "{line}");
    }
}

#[test]
fn a_play_tells_of_rewards_and_trouble_and_sums_up_the_rest() {
    let (report, _) = play(&[]);
    assert_narrow(&report, 100);
    let refused = report.lines().find(|line| line.contains("uppromote-bad-signature"));
    assert!(refused.unwrap().ends_with("401 ok  unauthorized: no_secret_matches"), "{report}");
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
    assert_narrow(&verbose, 100);
    for sample in samples() {
        assert!(has_line(&verbose, &sample), "{sample}");
        assert!(has_line(&beside_json, &sample), "{sample}");
    }
    assert!(verbose.contains(" · secret hmac[1] · "), "{verbose}");

    let lines: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (addresses, verdicts) = lines.split_first().unwrap();
    assert!(addresses["http"].is_string(), "{addresses}");
    let of =
        |name: &str| verdicts.iter().filter(|line| line.get(name).is_some()).collect::<Vec<_>>();
    let sent: Vec<_> = of("sample").iter().map(|line| line["sample"].as_str().unwrap()).collect();
    assert_eq!(sent, samples());
    assert!(verdicts.iter().all(|line| line["right"] == true), "{json}");
    let refused = of("sample").into_iter().find(|line| line["answer"] == 401).unwrap();
    assert_eq!(refused["outcome"], "unauthorized");
    assert_eq!(refused["reason"], "no_secret_matches");
    assert!(refused["ms"].is_u64() && refused["expected"] == 401, "{refused}");
    let promises = of("promise");
    assert!(
        promises.len() == 2 && promises.iter().all(|one| one["state"] == "confirmed"),
        "{json}"
    );
    assert_eq!(verdicts.last().unwrap()["samples"], sent.len());
}

/// Nobody takes the rewards, so the promises get nowhere.
#[test]
fn a_play_says_what_it_waits_for_and_ends_when_it_is_asked_to() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(["--exit", "--json", "--http-port=0", "--dynamodb-port=0", "--sqs-port=0"]);
    command.args(["--endpoint", "http://127.0.0.1:1/", "--log"]);
    command.arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("unsettled.log"));
    let mut play = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(play.stderr.take().unwrap()).lines().map_while(Result::ok);
    let waiting = lines.find(|line| line.contains("  waiting  "));
    assert!(waiting.is_some_and(|line| line.contains("firstpromoter")));
    let stopped = Command::new("kill").args(["-TERM", &play.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    // The rest is read, so that it can be written.
    lines.for_each(drop);
    assert!(!play.wait().unwrap().success());
}

#[test]
fn no_line_is_wider_than_the_terminal_and_none_has_colours_in_a_pipe() {
    for columns in [80, 120] {
        let (report, banner) = play_at(columns, &["--verbose", "--sweep", "60"]);
        for text in [&report, &banner] {
            // What cargo says of its build is cargo's.
            let own = text
                .lines()
                .filter(|line| !line.starts_with("    ") || line.contains("/webhooks/"));
            assert_narrow(&own.collect::<Vec<_>>().join("\n"), columns);
            assert!(!text.contains('\x1b'), "{text}");
        }
    }
}

#[test]
fn a_sample_that_cannot_be_written_is_no_success() {
    let written = |out: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
        command.args(["event", "affonso-payout-paid"]).stdout(out).stderr(Stdio::null());
        command.status().unwrap().success()
    };
    assert!(!written(std::fs::File::create("/dev/full").unwrap().into()));
    // Whoever closed the pipe has seen enough.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert!(written(writer.into()));
}

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::stage::{Served, local, ran};

/// The lines of the banner that are commands of the shell.
fn example(served: &Served) -> String {
    let lines = served.lines_so_far.iter().skip_while(|line| !line.contains("takes the webhooks"));
    let lines = lines.skip(2).take_while(|line| !line.is_empty());
    lines.map(String::as_str).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_banner_begins_with_a_signed_request_that_works() {
    let mut served = Served::start(&[]);
    served.until(&["takes the webhooks. A signed one:", "cargo local send affonso-payout-paid"]);
    let first = served.lines_so_far.iter().position(|line| line.contains("takes the webhooks"));
    let addresses = served.lines_so_far.iter().position(|line| line.contains("table Ledger"));
    assert!(first < addresses || addresses.is_none(), "{:?}", served.lines_so_far);
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("The command itself is not tried, as this machine has no curl.");
        return;
    }
    let (_, answer) = ran(Command::new("sh").args(["-c", &example(&served)]));
    assert!(answer.contains("HTTP/1.1 200"), "{}\n{answer}", example(&served));
    served.until(&["POST /webhooks/uppromote/payment-paid 200 recorded: payment.paid"]);
}

#[test]
fn the_line_for_programs_has_the_address_of_the_page() {
    let mut served = Served::start(&[]);
    let page = served.page();
    assert!(page.starts_with("http://127.0.0.1:") && page.contains("/?key="), "{page}");
    served.until(&[&format!("page {page} (good for one browser)")]);
}

#[test]
fn the_log_is_read_by_a_person() {
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("read-by-a-person.log");
    let log = log.to_str().unwrap();
    let mut served = Served::start(&["--log", log]);
    assert!(served.send(&["firstpromoter-commission-updated"]).0);
    assert!(!served.send(&["uppromote-bad-signature"]).0);
    served.until(&["firstpromoter:301881:1 confirmed"]);
    let logs =
        |more: &[&str]| ran(local(&["logs", "--file", log]).args(more).env("COLUMNS", "120"));
    let (done, all) = logs(&[]);
    assert!(done && all.lines().all(|line| line.chars().count() <= 120), "{all}");
    for told in [
        "  200 firstpromoter recorded: commission.updated commission#301881, promise requested",
        "  401 uppromote unauthorized: no_secret_matches · ",
        "  firstpromoter:301881:1 delivering → delivered",
        "  firstpromoter:301881:1 confirming → confirmed",
    ] {
        assert!(all.contains(told), "{told}: {all}");
    }
    let (done, refused) = logs(&["--outcome", "unauthorized"]);
    assert!(done && refused.lines().count() == 1, "{refused}");
    let (done, none) = logs(&["--outcome", "refused"]);
    assert!(!done && none.contains(" recorded, 1 unauthorized"), "{none}");
    let (done, missing) = ran(&mut local(&["logs", "--file", "/nowhere/functions.log"]));
    assert!(
        !done && missing.contains("/nowhere/functions.log (cargo local writes it)"),
        "{missing}"
    );
}

/// Two runs of one clone have a log each, which neither empties for the other.
#[test]
fn each_of_two_runs_has_its_own_log() {
    let mut one = Served::start(&[]);
    assert!(one.send(&["affonso-payout-paid"]).0);
    one.until(&["200 recorded: payout.paid"]);
    let mut two = Served::start(&[]);
    assert!(!two.send(&["uppromote-bad-signature"]).0);
    two.until(&["401 unauthorized: no_secret_matches"]);
    let logs = |served: &Served| {
        let (_, port) = served.address("dynamodb").rsplit_once(':').unwrap();
        let (done, logs) = ran(&mut local(&["logs", "--port", port]));
        assert!(done, "{logs}");
        served_has(served, &format!("(cargo local logs --port {port})"));
        logs
    };
    let (first, second) = (logs(&one), logs(&two));
    assert!(first.contains(" affonso recorded") && !first.contains("unauthorized"), "{first}");
    assert!(second.contains(" unauthorized: ") && !second.contains("affonso"), "{second}");
    let (done, several) = ran(&mut local(&["logs"]));
    assert!(!done && several.contains("more than one cargo local runs here: "), "{several}");
    // What a run left that was killed goes when the next one starts.
    let own = own_folder(&two);
    two.kill();
    assert!(own.join("functions.log").is_file());
    let _next = Served::start(&[]);
    assert!(!own.exists(), "{}", own.display());
    assert_eq!(logs(&one), first);
}

/// The banner of a run has this text.
fn served_has(served: &Served, text: &str) {
    assert!(served.report.contains(text), "{text}: {}", served.report);
}

/// The folder of the log that the banner names.
fn own_folder(served: &Served) -> PathBuf {
    let (_, log) = served.report.split_once("function logs ").unwrap();
    let log = log.split_whitespace().next().unwrap();
    Path::new(log).parent().unwrap().to_path_buf()
}

#[test]
fn one_log_is_not_written_by_two() {
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("of-one.log");
    let log = log.to_str().unwrap();
    let one = Served::start(&["--log", log]);
    assert!(one.send(&["affonso-payout-paid"]).0);
    let ports = ["--serve", "--http-port=0", "--dynamodb-port=0", "--sqs-port=0", "--log", log];
    let (done, said) = ran(&mut local(&ports));
    assert!(!done && said.contains("is in use by another cargo local"), "{said}");
    assert!(std::fs::read_to_string(log).unwrap().contains("\"webhook\""));
}

#[test]
fn the_log_is_followed_into_the_next_run() {
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("followed.log");
    let path = log.to_str().unwrap();
    std::fs::write(&log, "an older line, longer than what comes after it\n").unwrap();
    let mut following = Following::start(path);
    assert_eq!(following.next(), "an older line, longer than what comes after it");
    std::fs::write(&log, "of the next run\n").unwrap();
    assert_eq!(following.next(), "of the next run");
}

/// `cargo local logs -f`. Dropping it ends it.
struct Following(
    std::process::Child,
    std::io::Lines<std::io::BufReader<std::process::ChildStdout>>,
);

impl Following {
    fn start(path: &str) -> Self {
        let mut command = local(&["logs", "-f", "--file", path]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
        Self(child, lines)
    }

    fn next(&mut self) -> String {
        self.1.next().unwrap().unwrap()
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn a_run_leaves_the_place_of_its_secrets_and_nothing_of_them() {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).join("secrets-of-a-run.json");
    let secrets = r#"{ "webhooks": { "affonso": { "hmac": ["a-key-that-stays-there"] } } }"#;
    std::fs::write(&own, secrets).unwrap();
    let served = Served::start(&["--secrets", own.to_str().unwrap()]);
    let note = served.note();
    let told: serde_json::Value = serde_json::from_str(&note).unwrap();
    assert_eq!(told["secrets"].as_str(), own.to_str(), "{note}");
    assert!(!note.contains("stays-there"), "{note}");
}

//! The receivers of examples/ do what docs/rewards.md demands, as `check-endpoint` sees it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a receiver that cannot be started fails the test"
)]
#![expect(clippy::print_stdout, reason = "what is not tried is told to who runs the tests")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The development secret, as `check-endpoint` signs by it, behind one that is gone.
const SIGNING: &str =
    "whsec_b25lIHRoYXQgaXMgZ29uZQ== whsec_ZGV2LXJld2FyZC1lbmRwb2ludC1zaWduaW5nLWtleQ==";

fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/receivers").join(name)
}

/// A receiver that runs. Dropping it kills it, as a crash would.
struct Receiver(Child, String);

impl Receiver {
    /// Starts it on a free port, with its books in `store`.
    fn start(command: &mut Command, store: &Path) -> Self {
        command.env("SIGNING", SIGNING).env("PORT", "0").env("STORE", store);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let Some(url) = ready.trim().strip_prefix("listening on ") else {
            panic!("{ready:?}");
        };
        Self(child, format!("{url}/rewards"))
    }

    /// `check-endpoint`, with rewards from this number on.
    fn check(&self, first: &str) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
        command.args(["check-endpoint", &self.1, "--first-id", first, "--timeout", "120"]);
        let checked = command.env("COLUMNS", "200").output().unwrap();
        let said = [checked.stdout, checked.stderr].concat();
        (checked.status.success(), String::from_utf8(said).unwrap())
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Tries a receiver, kills it, and sees that it knows what it gave.
fn assert_right(name: &str, command: &mut Command) {
    let store = scratch(&format!("rewards-of-{name}"));
    // What an earlier run left behind.
    for more in ["", "-wal", "-shm"] {
        drop(fs::remove_file(format!("{}{more}", store.display())));
    }
    let receiver = Receiver::start(command, &store);
    let (right, said) = receiver.check("5000");
    assert!(right, "{name}: {said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("ok ")).count(), 9, "{name}: {said}");
    drop(receiver);
    let (right, said) = Receiver::start(command, &store).check("5000");
    assert!(!right, "{name}: {said}");
    let given = "WRONG  right signature              200: it was not given";
    assert!(said.starts_with(given), "{name} gave it again: {said}");
}

/// True if a runtime is on this machine.
fn is_here(runtime: &str, version: &str) -> bool {
    let here = Command::new(runtime).arg(version).stdout(Stdio::null()).status();
    let here = here.is_ok_and(|status| status.success());
    if !here {
        println!("The receiver for {runtime} is not tried, as this machine does not have it.");
    }
    here
}

#[test]
fn the_receiver_in_python() {
    if is_here("python3", "--version") {
        assert_right("python", Command::new("python3").arg(source("python/receiver.py")));
    }
}

#[test]
fn the_receiver_in_node() {
    if is_here("node", "--version") {
        assert_right("node", Command::new("node").arg(source("node/receiver.mjs")));
    }
}

#[test]
fn the_receiver_in_go() {
    if is_here("go", "version") {
        let binary = scratch("receiver-in-go");
        let mut build = Command::new("go");
        build.args(["build", "-o"]).arg(&binary).arg(source("go/receiver.go"));
        assert!(build.status().unwrap().success());
        assert_right("go", &mut Command::new(binary));
    }
}

#[test]
fn the_receiver_in_rust() {
    // Where only this test is asked for, cargo has not built the examples.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--package", "local", "--example", "receiver"]);
    build.arg("--target-dir").arg(target);
    let profile = if cfg!(debug_assertions) {
        "debug"
    } else {
        build.arg("--release");
        "release"
    };
    assert!(build.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success());
    let binary = target.join(profile).join("examples/receiver");
    assert_right("rust", &mut Command::new(binary));
}

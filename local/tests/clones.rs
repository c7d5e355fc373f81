//! Two clones that share a target folder: the program serves the one that it runs in.
#![expect(clippy::unwrap_used, reason = "a command that cannot be started fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with what makes a clone, and one sample of its own.
struct Checkout(PathBuf);

impl Checkout {
    fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        // What an earlier run left behind.
        drop(fs::remove_dir_all(&root));
        fs::create_dir_all(root.join("events")).unwrap();
        fs::create_dir_all(root.join("local")).unwrap();
        for file in ["Cargo.toml", "template.yaml"] {
            fs::write(root.join(file), "").unwrap();
        }
        let answers = format!(r#"[{{ "sample": "{name}", "answer": 200 }}]"#);
        fs::write(root.join("events/answers.json"), answers).unwrap();
        let sample = r#"{ "rawPath": "/webhooks/affonso/payouts", "headers": {}, "body": "{}" }"#;
        fs::write(root.join(format!("events/{name}.json")), sample).unwrap();
        Self(root)
    }

    /// `cargo local event NAME`, started in a folder; what it printed, and whether it
    /// succeeded. Cargo's variable is that of the package, if it is to have one.
    fn event(name: &str, started_in: &Path, package: Option<&Path>) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
        command.args(["event", name]).current_dir(started_in).env_remove("CARGO_MANIFEST_DIR");
        if let Some(package) = package {
            command.env("CARGO_MANIFEST_DIR", package);
        }
        let ran = command.output().unwrap();
        let text = [ran.stdout, ran.stderr].concat();
        (ran.status.success(), String::from_utf8(text).unwrap())
    }
}

#[test]
fn the_samples_are_those_of_the_clone_it_runs_in() {
    let (one, two) = (Checkout::new("clone-one"), Checkout::new("clone-two"));
    let package = two.0.join("local");
    for (name, started_in, package) in [
        ("clone-one", one.0.as_path(), None),
        ("clone-one", &one.0.join("events"), None),
        ("clone-two", &package, None),
        // `cargo run --manifest-path`, from another clone.
        ("clone-two", &one.0, Some(package.as_path())),
        // A variable that some other program's cargo left.
        ("clone-one", &one.0, Some(Path::new("/"))),
    ] {
        let (done, said) = Checkout::event(name, started_in, package);
        assert!(done && said.contains("x-affonso-signature"), "{name}: {said}");
    }
    let (done, said) = Checkout::event("clone-two", &one.0, None);
    assert!(!done && said.contains("no such sample, only\n  clone-one"), "{said}");
}

#[test]
fn outside_of_a_clone_it_says_so() {
    let (done, said) = Checkout::event("affonso-payout-paid", Path::new("/"), None);
    assert!(!done && said.contains("/ is not in a clone of this project"), "{said}");
}

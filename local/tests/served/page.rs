//! The operator's page beside a run, and what is built for it.
#![cfg(unix)]

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::stage::{Served, local, ran};

/// The time after which a process that should have ended is taken for one that stays.
const PATIENCE: Duration = Duration::from_mins(2);

/// A cargo that writes down what it is asked for.
struct Cargo {
    script: PathBuf,
    log: PathBuf,
}

impl Cargo {
    /// `before` is done in front of a build of the page, in the shell.
    fn new(name: &str, before: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        // What an earlier run left behind.
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).unwrap();
        let (script, log) = (folder.join("cargo"), folder.join("asked"));
        let text = format!(
            "#!/bin/sh\necho \"$*\" >> '{}'\ncase \"$*\" in *affiliate-ops*) {before};; esac\n\
             exec '{}' \"$@\"\n",
            log.display(),
            env!("CARGO")
        );
        fs::write(&script, text).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
        Self { script, log }
    }

    /// The builds so far.
    fn builds(&self) -> Vec<String> {
        fs::read_to_string(&self.log).unwrap().lines().map(str::to_owned).collect()
    }
}

#[test]
fn a_run_that_ends_by_itself_builds_the_functions_alone() {
    let cargo = Cargo::new("build-for-exit", ":");
    let log = cargo.log.with_file_name("functions.log");
    let ports = ["--exit", "--http-port=0", "--dynamodb-port=0", "--sqs-port=0", "--log"];
    let (done, said) = ran(local(&ports).arg(log).env("CARGO", &cargo.script));
    assert!(done && !said.contains("\npage "), "{said}");
    let builds = cargo.builds();
    assert_eq!(builds.len(), 1, "{builds:?}");
    for (part, is_there) in [("--bin receive ", true), ("--bins", false), ("-ops", false)] {
        assert_eq!(builds.concat().contains(part), is_there, "{part}: {builds:?}");
    }
}

/// Whatever its build takes: the run is there before.
#[test]
fn the_page_is_built_beside_the_run_and_ends_with_it() {
    let cargo = Cargo::new("build-beside", "until [ -e \"$GO_ON\" ]; do sleep 0.1; done");
    let go_on = cargo.log.with_file_name("go-on");
    let mut served = Served::start_with(&[], &[("CARGO", &cargo.script), ("GO_ON", &go_on)]);
    served.until(&["serving until Ctrl-C"]);
    assert!(served.send(&["affonso-payout-paid"]).0);
    assert!(!served.report.contains("page http://"), "{}", served.report);
    if !served.report.contains("building the page … (") {
        served.until(&["building the page … ("]);
    }
    fs::write(&go_on, "").unwrap();
    served.until(&["page http://127.0.0.1:", "(good for one browser)"]);
    let (_, address) = served.report.split_once("page http://").unwrap();
    let host = address.split('/').next().unwrap().to_owned();
    assert!(TcpStream::connect(&host).is_ok(), "{host}");
    let builds = cargo.builds();
    assert!(builds.last().unwrap().contains("--bin affiliate-ops --quiet"), "{builds:?}");
    drop(served);
    let since = Instant::now();
    while TcpStream::connect(&host).is_ok() {
        assert!(since.elapsed() < PATIENCE, "the page at {host} stays");
        sleep(Duration::from_millis(50));
    }
}

/// However the run ends: the page has no other way to learn of a kill.
#[test]
fn the_page_ends_with_a_run_that_is_killed() {
    let mut served = Served::start(&[]);
    served.until(&["page http://127.0.0.1:", "(good for one browser)"]);
    let (_, address) = served.report.split_once("page http://").unwrap();
    let host = address.split('/').next().unwrap().to_owned();
    assert!(TcpStream::connect(&host).is_ok(), "{host}");
    served.kill();
    let since = Instant::now();
    while TcpStream::connect(&host).is_ok() {
        assert!(since.elapsed() < PATIENCE, "the page at {host} stays");
        sleep(Duration::from_millis(50));
    }
}

#[test]
fn no_line_about_the_page_is_wider_than_the_terminal() {
    let mut served = Served::start_with(&[], &[("COLUMNS", Path::new("80"))]);
    served.until(&["page http://127.0.0.1:", "(good for one browser)"]);
    let lines = served.lines_so_far.iter();
    let page: Vec<_> = lines.skip_while(|line| !line.starts_with("page ")).take(2).collect();
    assert!(page.iter().all(|line| line.chars().count() <= 80), "{page:?}");
}

#[test]
fn where_the_page_cannot_be_built_the_command_that_shows_it_is_told() {
    let cargo = Cargo::new("build-fails", "exit 1");
    let mut served = Served::start_with(&[], &[("CARGO", &cargo.script)]);
    served.until(&["page cargo ops --local --dynamodb http://127.0.0.1:", " serve "]);
    assert!(served.send(&["affonso-payout-paid"]).0);
}

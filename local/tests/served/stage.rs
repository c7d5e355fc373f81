//! A `cargo local` that serves on free ports, and what it reports.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// The time without any line after which a report is given up.
const PATIENCE: Duration = Duration::from_mins(2);

/// The program, ready for requests. Dropping it lets it end by itself.
pub struct Served {
    child: Child,
    /// Its line of `--json`.
    pub addresses: Value,
    out: BufReader<ChildStdout>,
    lines: Receiver<String>,
    /// The report so far, and its lines as they came.
    pub report: String,
    pub lines_so_far: Vec<String>,
}

/// `cargo local` with these arguments.
pub fn local(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(arguments);
    command
}

/// What a command printed on standard output, and whether it succeeded.
pub fn ran(command: &mut Command) -> (bool, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = String::from_utf8([stdout, stderr].concat()).unwrap();
    (status.success(), text)
}

impl Served {
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    /// With these variables in its environment.
    pub fn start_with(arguments: &[&str], variables: &[(&str, &Path)]) -> Self {
        let ports = ["--http-port=0", "--dynamodb-port=0", "--sqs-port=0"];
        let mut command = local(&["--serve", "--json"]);
        command
            .envs(variables.iter().copied())
            .args(ports)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                // Who asked for lines may have seen enough.
                drop(sender.send(line));
            }
        });
        let mut ready = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut ready).unwrap();
        let Ok(addresses) = serde_json::from_str(&ready) else {
            panic!("{ready}{}", lines.iter().collect::<Vec<_>>().join("\n"));
        };
        Self { child, addresses, out, lines, report: String::new(), lines_so_far: Vec::new() }
    }

    /// One of its addresses.
    pub fn address(&self, name: &str) -> &str {
        self.addresses.get(name).and_then(Value::as_str).unwrap()
    }

    /// The address of its page, which may come later than the others.
    pub fn page(&mut self) -> String {
        let of = |line: &Value| line.get("page").and_then(Value::as_str).map(str::to_owned);
        of(&self.addresses).unwrap_or_else(|| {
            let mut line = String::new();
            self.out.read_line(&mut line).unwrap();
            of(&serde_json::from_str(&line).unwrap()).unwrap()
        })
    }

    /// What it left for whoever looks at it from outside.
    pub fn note(&self) -> String {
        let folder = format!("../.local/free-{}", self.child.id());
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join("wiring.json");
        std::fs::read_to_string(file).unwrap()
    }

    /// `cargo local send` to it, with these arguments.
    pub fn send(&self, arguments: &[&str]) -> (bool, String) {
        ran(local(&["send", "--to", self.address("http")]).args(arguments))
    }

    /// The part of the report, up to where it has all of these texts in this order.
    pub fn until(&mut self, texts: &[&str]) {
        let mut from = self.report.len();
        for text in texts {
            loop {
                if let Some(at) = self.report.get(from..).and_then(|rest| rest.find(text)) {
                    from += at + text.len();
                    break;
                }
                match self.lines.recv_timeout(PATIENCE) {
                    Ok(line) => {
                        // Lines are folded at words.
                        self.report
                            .push_str(&line.split_whitespace().collect::<Vec<_>>().join(" "));
                        self.report.push(' ');
                        self.lines_so_far.push(line);
                    }
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                        panic!("no {text:?}: {}", self.report)
                    }
                }
            }
        }
    }
}

impl Served {
    /// Asks it to stop, as Ctrl-C does.
    pub fn stop(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }
}

impl Served {
    /// Ends it as nobody can look ahead to.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
            return;
        }
        // It ends the functions, which it could not if it were killed.
        let ended = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        if ended.is_ok_and(|status| status.success()) {
            drop(self.child.wait());
        }
        drop(self.child.kill());
    }
}

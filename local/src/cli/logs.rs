//! `cargo local logs`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::run_folder::{LOCAL, Running, last_log, port_of, running};
use crate::error::LocalError;
use crate::play::fold::{fold, width};
use crate::play::lines::Line;
use crate::play::paint::Paint;
use crate::say::{print, say};
use crate::stage::binaries::workspace;

/// The time between two looks at the file.
const PAUSE: Duration = Duration::from_millis(200);
/// What the rest of a line is indented by that does not fit into one.
const HANG: usize = 14;

#[derive(Debug, Args)]
pub(super) struct Show {
    /// Go on with what is printed from now on, until Ctrl-C
    #[arg(short, long)]
    follow: bool,
    /// Only requests with this outcome, such as `unauthorized`; may be given several times
    #[arg(long = "outcome", value_name = "OUTCOME")]
    outcomes: Vec<String>,
    /// The run whose DynamoDB, or HTTP front, has this port; without, the only one
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// A log by its file
    #[arg(long, value_name = "FILE", conflicts_with = "port")]
    file: Option<PathBuf>,
}

/// The log of the run of a port, or of the only run; where none lives, the one that the
/// last left, with what is to be said of that.
fn place(
    local: &Path,
    running: &[Running],
    port: Option<u16>,
) -> Result<(PathBuf, Option<String>), LocalError> {
    let is_meant = |run: &&Running| {
        let has =
            |port: u16| [&run.dynamodb, &run.http].iter().any(|url| port_of(url) == Some(port));
        port.is_none_or(has)
    };
    let meant: Vec<&Running> = running.iter().filter(is_meant).collect();
    match meant.as_slice() {
        [run] => Ok((run.log.clone(), None)),
        [] => {
            let log = last_log(local, port);
            let of = port.map(|port| format!(" of port {port}")).unwrap_or_default();
            let says =
                format!("no cargo local{of} runs here; {} is of the last one", log.display());
            Ok((log, Some(says)))
        }
        several => {
            let mut ports: Vec<u16> =
                several.iter().filter_map(|run| port_of(&run.dynamodb)).collect();
            ports.sort_unstable();
            let ports: Vec<String> = ports.iter().map(|port| format!("--port {port}")).collect();
            Err(LocalError::SeveralRun(ports.join(", ")))
        }
    }
}

impl Show {
    /// Prints the log; `false` when no request had one of the outcomes.
    pub(super) async fn run(self) -> Result<bool, LocalError> {
        let place = if let Some(file) = self.file {
            file
        } else {
            let local = workspace()?.join(LOCAL);
            let (place, says) = place(&local, &running(&local), self.port)?;
            if let Some(says) = says {
                say(&says);
            }
            place
        };
        let io = |source: io::Error| LocalError::Io {
            what: format!("{} (cargo local writes it)", place.display()),
            source,
        };
        let mut file = File::open(&place).map_err(io)?;
        let mut filter = Filter { wanted: self.outcomes, ..Filter::default() };
        let (columns, paint) = (width(), Paint::on(io::stdout().is_terminal()));
        let mut unfinished = Vec::new();
        loop {
            file.read_to_end(&mut unfinished).map_err(io)?;
            for line in whole_lines(&mut unfinished) {
                let Some(told) = filter.told(&line) else { continue };
                let told = paint.line(&fold(&told, HANG, columns));
                if !print(&told)? {
                    // Who read it has seen enough.
                    return Ok(true);
                }
            }
            if !self.follow {
                break;
            }
            tokio::time::sleep(PAUSE).await;
            // The next run writes the file anew.
            let length = std::fs::metadata(&place).map_err(io)?.len();
            if length < file.stream_position().map_err(io)? {
                file.seek(SeekFrom::Start(0)).map_err(io)?;
                unfinished.clear();
            }
        }
        if let Some(seen) = filter.instead() {
            say(&seen);
            return Ok(false);
        }
        Ok(true)
    }
}

/// Takes the lines that have an end.
fn whole_lines(bytes: &mut Vec<u8>) -> Vec<String> {
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let whole: Vec<u8> = bytes.drain(..end).collect();
    String::from_utf8_lossy(&whole).lines().map(str::to_owned).collect()
}

/// What is shown of a log, and how many requests there were of each outcome.
#[derive(Debug, Default)]
struct Filter {
    wanted: Vec<String>,
    seen: BTreeMap<String, usize>,
    shown: usize,
}

impl Filter {
    /// A line as a person reads it, if it is one of those that are wanted.
    fn told(&mut self, text: &str) -> Option<String> {
        let line = Line::parse(text);
        let outcome = match &line {
            Some(Line::Request(request)) => Some(&request.outcome),
            _ => None,
        };
        if let Some(outcome) = outcome {
            *self.seen.entry(outcome.clone()).or_default() += 1;
        }
        let wanted =
            self.wanted.is_empty() || outcome.is_some_and(|outcome| self.wanted.contains(outcome));
        self.shown += usize::from(wanted);
        wanted.then(|| line.map_or_else(|| text.to_owned(), |line| line.told()))
    }

    /// The outcomes that there are, where none of those that are wanted is among them.
    fn instead(&self) -> Option<String> {
        if self.wanted.is_empty() || self.shown > 0 {
            return None;
        }
        let seen: Vec<String> =
            self.seen.iter().map(|(outcome, times)| format!("{times} {outcome}")).collect();
        let seen = if seen.is_empty() { "no request at all".to_owned() } else { seen.join(", ") };
        Some(format!("no request with the outcome {}; there are: {seen}", self.wanted.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(port: u16) -> Running {
        Running {
            http: format!("http://127.0.0.1:{}", port + 1),
            dynamodb: format!("http://127.0.0.1:{port}"),
            log: format!("/{port}.log").into(),
            secrets: None,
        }
    }

    #[test]
    fn the_log_is_that_of_the_only_run_or_of_the_one_that_is_named() {
        let of = |running: &[Running], port| {
            place(Path::new("/clone/.local"), running, port)
                .map(|(log, says)| (log.display().to_string(), says.is_some()))
                .map_err(|error| error.to_string())
        };
        let two = [run(8000), run(8200)];
        for (running, port, log) in [
            (&two[1..], None, "/8200.log"),
            (&two, Some(8000), "/8000.log"),
            (&two, Some(8200), "/8200.log"),
            (&two, Some(8201), "/8200.log"),
        ] {
            assert_eq!(of(running, port), Ok((log.to_owned(), false)), "{port:?}");
        }
        for (port, log) in [(None, "functions.log"), (Some(8300), "8300/functions.log")] {
            assert_eq!(of(&[], port), Ok((format!("/clone/.local/{log}"), true)));
        }
        let several = of(&two, None).unwrap_err();
        assert!(several.ends_with("--port 8000, --port 8200"), "{several}");
    }

    const RECORDED: &str = r#"{"message":"webhook","outcome":"recorded","status":200}"#;
    const PING: &str = r#"{"message":"webhook","outcome":"ping","status":200}"#;

    fn filter(wanted: &[&str]) -> Filter {
        let wanted = wanted.iter().map(|outcome| (*outcome).to_owned()).collect();
        Filter { wanted, ..Filter::default() }
    }

    #[test]
    fn all_lines_are_shown_or_the_requests_of_an_outcome() {
        let lines = [RECORDED, r#"{"level":"ERROR","message":"panic"}"#, "not JSON", PING];
        let shown = |wanted: &[&str]| {
            let mut filter = filter(wanted);
            lines.iter().filter(|line| filter.told(line).is_some()).count()
        };
        assert_eq!((shown(&[]), shown(&["ping"]), shown(&["ping", "recorded"])), (4, 1, 2));
        assert_eq!(filter(&[]).told("not JSON").as_deref(), Some("not JSON"));
    }

    #[test]
    fn an_outcome_that_no_request_had_is_answered_by_those_that_there_are() {
        let mut filter = filter(&["duplicates"]);
        for line in [RECORDED, PING, RECORDED] {
            assert!(filter.told(line).is_none());
        }
        let expected = "no request with the outcome duplicates; there are: 1 ping, 2 recorded";
        assert_eq!(filter.instead().as_deref(), Some(expected));
        let mut filter = Filter { wanted: vec!["ping".to_owned()], ..filter };
        assert!(filter.told(PING).is_some() && filter.instead().is_none());
    }

    #[test]
    fn a_line_that_is_being_written_waits_for_its_end() {
        let mut bytes = b"one\ntwo\nthr".to_vec();
        assert_eq!(whole_lines(&mut bytes), ["one", "two"]);
        bytes.extend(b"ee\n");
        assert_eq!(whole_lines(&mut bytes), ["three"]);
        assert!(whole_lines(&mut bytes).is_empty());
    }
}

//! The operator's page beside the running bundle: a program of its own, so that this
//! one knows nothing of what it shows.

use std::collections::BTreeSet;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::banner::tool;
use super::waiting::{FIRST_BUILD, LONG, for_it};
use crate::play::fold::{fold, width};
use crate::say::{print, say};
use crate::stage::Stack;
use crate::stage::binaries::{Bins, Progress, build};

/// The program. The functions do without it, so it is built when they are up.
const PROGRAM: &str = "affiliate-ops";
/// The port of DynamoDB that the program takes for the usual one.
const USUAL: &str = "http://127.0.0.1:8000";
/// It ends with `cargo local`, not by itself: a year, in minutes. That may be killed, so
/// it is the end of a pipe between the two that tells.
const UNTIL_THEN: [&str; 4] = ["serve", "--until-eof", "--idle", "525600"];

/// What the rest of its line is indented by where that does not fit into one.
const HANG: usize = 19;

/// A page that is being made ready, or runs. It ends with this.
#[derive(Debug)]
pub(super) struct Page {
    task: JoinHandle<()>,
    /// The address, where it was there in time.
    pub(super) address: Option<String>,
    /// What is said later, where it was not.
    later: Option<oneshot::Receiver<Said>>,
}

/// What is said of a page.
#[derive(Debug)]
struct Said {
    line: String,
    address: Option<String>,
}

impl Page {
    /// Builds the program and starts it, and says its address where that is there at once.
    /// Where the build takes long, nothing waits for it.
    pub(super) async fn start(stack: &Stack) -> Self {
        let words = words(&stack.dynamodb, &stack.table);
        let (ready, mut is_ready) = oneshot::channel();
        let task = tokio::spawn(async move {
            let page = for_it("building the page", FIRST_BUILD, built(&words)).await;
            let (process, address) = page.unzip();
            let line = match &address {
                Some(address) => {
                    let line = format!("page             {address}  (good for one browser)");
                    fold(&line, HANG, width())
                }
                None => tool("page", &format!("cargo ops {} serve", words.join(" ")), width()),
            };
            // Whoever does not listen any more is about to end.
            drop(ready.send(Said { line, address }));
            if let Some(mut process) = process {
                // It runs for as long as this task does. To wait for it would let go of
                // its input, if that were left in it.
                let _input = process.stdin.take();
                drop(process.wait().await);
            }
        });
        match timeout(LONG, &mut is_ready).await {
            Ok(said) => {
                let said = said.ok();
                if let Some(said) = &said {
                    say(&said.line);
                }
                Self { task, address: said.and_then(|said| said.address), later: None }
            }
            Err(_) => Self { task, address: None, later: Some(is_ready) },
        }
    }

    /// Says the address when it is there, if it was not in time; with `json` also in a
    /// line of standard output.
    pub(super) fn follow(&mut self, json: bool) {
        let Some(later) = self.later.take() else { return };
        tokio::spawn(async move {
            let Ok(Said { line, address }) = later.await else { return };
            say(&line);
            if let Some(address) = address.filter(|_| json) {
                // It is said above, too.
                let _ = print(&json!({ "page": address }).to_string());
            }
        });
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Builds the program by the profile of this one, and starts it; `None` where either
/// fails.
async fn built(words: &[String]) -> Option<(Child, String)> {
    let program = BTreeSet::from([PROGRAM.to_owned()]);
    let folder = build(Bins::Named(&program), None, Progress::Hidden).await.ok()?;
    start(Command::new(folder.join(PROGRAM)).args(words)).await
}

/// The words that choose the table.
fn words(dynamodb: &str, table: &str) -> Vec<String> {
    let mut words = vec!["--local".to_owned()];
    // The usual place is where it looks without.
    if dynamodb != USUAL {
        words.extend(["--dynamodb", dynamodb, "--table", table].map(str::to_owned));
    }
    words
}

async fn start(command: &mut Command) -> Option<(Child, String)> {
    command.arg("--json").args(UNTIL_THEN);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut process = command.spawn().ok()?;
    let mut line = String::new();
    BufReader::new(process.stdout.take()?).read_line(&mut line).await.ok()?;
    let said: Value = serde_json::from_str(&line).ok()?;
    let address = said.get("address").and_then(Value::as_str)?.to_owned();
    Some((process, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_place_needs_no_address() {
        assert_eq!(words(USUAL, "Ledger"), ["--local"]);
        let other = words("http://127.0.0.1:4711", "Ledger").join(" ");
        assert_eq!(other, "--local --dynamodb http://127.0.0.1:4711 --table Ledger");
    }

    #[tokio::test]
    async fn what_says_no_address_is_no_page() {
        assert!(start(&mut Command::new("true")).await.is_none());
        assert!(start(&mut Command::new("no-such-program")).await.is_none());
    }
}

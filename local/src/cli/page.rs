//! The operator's page beside the running bundle: a program of its own, so that this
//! one knows nothing of what it shows.

use std::collections::BTreeSet;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::waiting::{FIRST_BUILD, LONG, for_it};
use crate::play::fold::{fold, width};
use crate::say::say;
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
}

impl Page {
    /// Builds the program and starts it, and says its address: at once, or, where the
    /// build takes long, when it is there. Nothing waits for it.
    pub(super) async fn start(stack: &Stack) -> Self {
        let words = words(&stack.dynamodb, &stack.table);
        let (ready, is_ready) = oneshot::channel();
        let task = tokio::spawn(async move {
            let page = for_it("building the page", FIRST_BUILD, built(&words)).await;
            let says = match &page {
                Some((_, address)) => {
                    let says = format!("page             {address}  (good for one browser)");
                    fold(&says, HANG, width())
                }
                None => format!("page             cargo ops {} serve", words.join(" ")),
            };
            if let Err(says) = ready.send(says) {
                say(&says);
            }
            if let Some((mut process, _)) = page {
                // It runs for as long as this task does. To wait for it would let go of
                // its input, if that were left in it.
                let _input = process.stdin.take();
                drop(process.wait().await);
            }
        });
        if let Ok(Ok(says)) = timeout(LONG, is_ready).await {
            say(&says);
        }
        Self { task }
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
    // What is at the usual place has its log at the usual place, too.
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

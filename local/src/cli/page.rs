//! The operator's page beside the running bundle: a program of its own, so that this
//! one knows nothing of what it shows.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::stage::Stack;
use crate::stage::binaries::own_folder;

/// The program, which is built with the functions.
const PROGRAM: &str = "affiliate-ops";
/// The port of DynamoDB that the program takes for the usual one.
const USUAL: &str = "http://127.0.0.1:8000";
/// It ends with `cargo local`, not by itself: a year, in minutes.
const IDLE: &str = "525600";

/// A running page. It ends with this.
#[derive(Debug)]
pub(super) struct Page {
    _process: Child,
}

impl Page {
    /// Starts the page, and gives what is to be said of it. Without the program, that
    /// is the command that shows it.
    pub(super) async fn start(stack: &Stack, release: bool) -> (Option<Self>, String) {
        let words = words(&stack.dynamodb, &stack.table);
        // Functions as they are shipped are built without the tools beside them.
        let program = own_folder().map(|folder| folder.join(PROGRAM)).filter(|_| !release);
        let started = match program.filter(|program| program.exists()) {
            Some(program) => start(Command::new(program).args(&words)).await,
            None => None,
        };
        match started {
            Some((process, address)) => {
                let says = format!("page             {address}  (good for one browser)");
                (Some(Self { _process: process }), says)
            }
            None => (None, format!("page             cargo ops {} serve", words.join(" "))),
        }
    }
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
    command.args(["--json", "serve", "--idle", IDLE]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
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

//! Runs the whole bundle on this machine: what template.yaml declares, over
//! engines embedded in one process.
//!
//! [`Stack::start`] brings up DynamoDB, SQS and Secrets Manager, the functions'
//! binaries as child processes behind the Lambda Runtime API, their event
//! sources, and an HTTP front that speaks API Gateway's payload 2.0. The
//! program `cargo local` and the tests are two users of it.

mod binaries;
pub mod cli;
mod client;
mod engines;
mod front;
mod lambda;
mod options;
mod samples;
pub mod sign;
mod sources;
mod stack;
pub mod template;

use std::io::Write;

pub use binaries::build_functions;
pub use client::Answer;
pub use lambda::{InvokeError, Logs};
pub use options::{LocalError, Options, dev_secrets};
pub use stack::{Cursor, Stack};

/// Says something to the person at the terminal.
fn say(line: &str) {
    // Without a terminal nobody is there to read it.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

#![doc = include_str!("../README.md")]

mod binaries;
pub mod cli;
mod client;
mod engines;
pub mod fakes;
mod front;
mod lambda;
mod options;
mod outside;
mod play;
mod samples;
mod secrets_file;
mod show;
pub mod sign;
mod sources;
mod stack;
mod start;
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

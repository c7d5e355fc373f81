//! Progress on standard error, for whoever waits at a terminal.

use std::io::{IsTerminal, Write};

/// The number of things read between two reports.
const BETWEEN: usize = 250;

/// A report of how much has been read.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    read: usize,
    reported: usize,
}

impl Progress {
    /// Takes note of `more` things that were read.
    pub(crate) fn add(&mut self, more: usize, what: &str) {
        self.read += more;
        let mut out = std::io::stderr();
        if self.read - self.reported >= BETWEEN && out.is_terminal() {
            self.reported = self.read;
            // A report that cannot be written is dropped.
            let _ = writeln!(out, "{} {what} read", self.read);
        }
    }
}

//! Words for the person at the terminal, who reads standard error.

use std::io::Write;

/// Writes a line to standard error.
pub(crate) fn say(line: &str) {
    // Without a terminal nobody is there to read it.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

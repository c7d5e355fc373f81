//! Words for the person at the terminal, who reads standard error, and answers for whoever
//! reads standard output.

use std::io::{self, ErrorKind, Write};

use crate::error::LocalError;

/// Writes a line to standard error.
pub(crate) fn say(line: &str) {
    // Without a terminal nobody is there to read it.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Writes a line to standard output. `false` when the pipe is closed, which is the
/// reader's choice and no error.
///
/// # Errors
/// [`LocalError::Io`] when it cannot be written.
pub(crate) fn print(line: &str) -> Result<bool, LocalError> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(source) => Err(LocalError::Io { what: "standard output".to_owned(), source }),
    }
}

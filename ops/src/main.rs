//! The operator's command, `cargo ops` in the workspace. See `--help`.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use ops::OpsError;
use ops::cli::Cli;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let (printed, code) = match Cli::read().run().await {
        Ok(text) => (print(io::stdout().lock(), &text), 0),
        Err(error @ OpsError::Found(_)) => {
            (print(io::stdout().lock(), &error.to_string()), error.code())
        }
        Err(error) => {
            // Without standard error nobody is there to be told.
            let _ = print(io::stderr().lock(), &format!("error: {error}"));
            (Ok(()), error.code())
        }
    };
    match printed {
        Ok(()) => ExitCode::from(code),
        Err(error) => {
            let error = OpsError::Failed(format!("the answer cannot be written: {error}"));
            let _ = print(io::stderr().lock(), &format!("error: {error}"));
            ExitCode::from(error.code())
        }
    }
}

/// Writes a text. A closed pipe is the reader's choice, and no error.
fn print(mut out: impl Write, text: &str) -> io::Result<()> {
    let written = writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

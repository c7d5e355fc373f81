//! The operator's command, `cargo ops` in the workspace. See `--help`.

use std::io::Write;
use std::process::ExitCode;

use ops::OpsError;
use ops::cli::Cli;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match Cli::read().run().await {
        Ok(text) => {
            // A closed pipe is the reader's choice, and no error.
            let _ = writeln!(std::io::stdout().lock(), "{}", text.trim_end());
            ExitCode::SUCCESS
        }
        Err(error @ OpsError::Found(_)) => {
            let _ = writeln!(std::io::stdout().lock(), "{}", error.to_string().trim_end());
            ExitCode::from(error.code())
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr().lock(), "error: {}", error.to_string().trim_end());
            ExitCode::from(error.code())
        }
    }
}

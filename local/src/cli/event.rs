//! `cargo local event`.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use crate::error::LocalError;
use crate::play::samples::Samples;
use crate::play::secrets_file::SecretsFile;
use crate::say::print;

#[derive(Debug, Args)]
pub(super) struct Event {
    /// A sample: the name of its file in events/, without .json
    #[arg(required_unless_present = "all", value_parser = sample)]
    name: Option<String>,
    /// Every sample, in place
    #[arg(long, requires = "write", conflicts_with = "name")]
    all: bool,
    /// Write into the file instead of printing
    #[arg(long)]
    write: bool,
    /// Secrets to sign with, instead of the development ones
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
}

/// Parses the name of a sample.
pub(super) fn sample(text: &str) -> Result<String, String> {
    let samples = Samples::of_workspace().map_err(|error| error.to_string())?;
    let names = samples.names();
    if names.contains(&text) {
        return Ok(text.to_owned());
    }
    let names = names.join("\n  ");
    Err(format!("there is no such sample, only\n  {names}"))
}

impl Event {
    pub(super) fn run(self) -> Result<(), LocalError> {
        let secrets = SecretsFile::read(self.secrets.as_deref())?;
        let samples = Samples::of_workspace()?;
        let name = self.name.as_deref();
        for name in name.map_or_else(|| samples.names(), |name| vec![name]) {
            let text = samples.freshly_signed(name, secrets.webhooks())?;
            if self.write {
                let file = samples.file(name);
                fs::write(&file, text).map_err(|source| LocalError::Io {
                    what: file.display().to_string(),
                    source,
                })?;
            } else {
                print(text.trim_end())?;
            }
        }
        Ok(())
    }
}

//! `cargo local send`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use clap::Args;
use serde_json::Value;

use super::event::sample;
use super::run_folder::{LOCAL, Running, running};
use super::values::{at_least_one, url};
use crate::error::LocalError;
use crate::play::curl::curl;
use crate::play::edit::{Edit, edit};
use crate::play::samples::{Samples, now};
use crate::play::secrets_file::SecretsFile;
use crate::play::sign::sign;
use crate::say::{print, say};
use crate::stage::binaries::workspace;
use crate::stage::client::Anywhere;

/// Where `cargo local` listens unless it is told otherwise.
const USUAL: &str = "http://127.0.0.1:3000";
/// The longest part of an answer that is shown, in characters.
const SHOWN: usize = 200;

#[derive(Debug, Args)]
pub(super) struct SendSample {
    /// A sample: the name of its file in events/, without .json
    #[arg(value_parser = sample)]
    name: String,
    /// Base URL to send it to; without it, the `cargo local` that was started last here
    #[arg(long, value_name = "URL", value_parser = base)]
    to: Option<String>,
    /// A member of the body, as in `data.amount=5`; may be given several times
    #[arg(long = "set", value_name = "PATH=VALUE")]
    edits: Vec<Edit>,
    /// Make it another event: with an id that has not come before
    #[arg(long)]
    new_id: bool,
    /// Send it so often, one after the other
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = at_least_one::<u32>)]
    times: u32,
    /// Secrets of the one who receives it [default: those of the `cargo local` that has the
    /// address, or the development ones]
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// Print it as a curl command, and send nothing
    #[arg(long, conflicts_with = "times")]
    curl: bool,
}

/// Parses the base URL: up to what the samples' own paths begin with.
fn base(text: &str) -> Result<String, String> {
    let text = url(text)?;
    let base = text.split("/webhooks").next().unwrap_or_default();
    Ok(base.trim_end_matches('/').to_owned())
}

/// Notes the address of a stack for those who send to it later.
pub(super) fn note_address(folder: &Path, http: &str) -> Result<(), LocalError> {
    let file = folder.join("http");
    let io = |source| LocalError::Io { what: file.display().to_string(), source };
    fs::create_dir_all(folder).and_then(|()| fs::write(&file, http)).map_err(io)
}

/// Forgets the address of a stack that ends, unless another one was noted since.
pub(super) fn forget_address(folder: &Path, http: &str) {
    let file = folder.join("http");
    if fs::read_to_string(&file).is_ok_and(|noted| noted == http) {
        // One that stays leads to a message that names it.
        drop(fs::remove_file(file));
    }
}

/// The address to send to where none is said: that of the run that was started last, or the
/// only one that is left.
///
/// # Errors
/// [`LocalError::SeveralRun`] where several are left.
fn usual_address(noted: Option<String>, runs: &[Running]) -> Result<String, LocalError> {
    let noted = noted.filter(|noted| runs.is_empty() || runs.iter().any(|run| run.http == *noted));
    match (noted, runs) {
        (Some(noted), _) => Ok(noted),
        (None, []) => Ok(USUAL.to_owned()),
        (None, [only]) => Ok(only.http.clone()),
        (None, several) => {
            let all: Vec<String> = several.iter().map(|run| format!("--to {}", run.http)).collect();
            Err(LocalError::SeveralRun(all.join(", ")))
        }
    }
}

impl SendSample {
    /// Sends it; `false` unless every answer is a 2xx.
    pub(super) async fn run(self) -> Result<bool, LocalError> {
        let samples = Samples::of_workspace()?;
        let left = workspace().ok().map(|root| root.join(LOCAL));
        let runs = left.as_deref().map(running).unwrap_or_default();
        let noted = left.and_then(|folder| fs::read_to_string(folder.join("http")).ok());
        let to = self.to.clone().map_or_else(|| usual_address(noted, &runs), Ok)?;
        // A run takes what is signed by its own secrets.
        let own = runs.iter().find(|run| run.http == to).and_then(|run| run.secrets.as_deref());
        let secrets = SecretsFile::read(self.secrets.as_deref().or(own))?;
        if self.curl {
            let command = curl(&self.event(&samples, secrets.webhooks(), 0)?, &to)?;
            print(&command)?;
            return Ok(true);
        }
        let sender = Anywhere::anywhere(&to).map_err(|source| LocalError::Io {
            what: "the certificates that this machine trusts".to_owned(),
            source,
        })?;
        let mut taken = true;
        for time in 0..self.times {
            let event = self.event(&samples, secrets.webhooks(), time)?;
            let began = Instant::now();
            let answer = sender.send(&event).await.inspect_err(|error| {
                if matches!(error, LocalError::NotConnected(_)) && self.to.is_none() {
                    say("Start `cargo local` first, or say --to URL.");
                }
            })?;
            taken &= (200..300).contains(&answer.status);
            let body: String = String::from_utf8_lossy(&answer.body).chars().take(SHOWN).collect();
            let ms = began.elapsed().as_millis();
            print(&format!("{} {} · {ms} ms  {body}", answer.status, self.name))?;
        }
        Ok(taken)
    }

    /// The sample as it is sent, signed now.
    fn event(&self, samples: &Samples, secrets: &Value, time: u32) -> Result<Value, LocalError> {
        let mut event = samples.unsigned(&self.name)?;
        let seed = self.new_id.then(|| seed(time));
        edit(&mut event, &self.edits, seed).map_err(|problem| LocalError::Edit {
            sample: self.name.clone(),
            problem: problem.to_string(),
        })?;
        if !samples.is_refused(&self.name) {
            sign(&mut event, secrets, now())?;
        }
        Ok(event)
    }
}

/// A number that was not given out before: the time, with room for as many in one
/// millisecond as are sent. It stays exact where numbers are binary fractions.
fn seed(time: u32) -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let ms = u64::try_from(since.as_millis()).unwrap_or_default();
    ms * 1_000 + u64::from(time % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_ends_where_the_paths_of_webhooks_begin() {
        for (given, expected) in [
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("https://h.example/", "https://h.example"),
            ("https://h.example/prod/webhooks/affonso/payouts", "https://h.example/prod"),
        ] {
            assert_eq!(base(given).as_deref(), Ok(expected));
        }
        assert!(base("127.0.0.1:3000").unwrap_err().contains("must be a URL"));
    }

    #[test]
    fn it_goes_to_the_run_that_was_started_last_or_the_only_one_left() {
        let run = |port: u16| Running {
            http: format!("http://127.0.0.1:{port}"),
            dynamodb: String::new(),
            log: PathBuf::new(),
            secrets: None,
        };
        let to = |noted: Option<&str>, ports: &[u16]| {
            let runs: Vec<Running> = ports.iter().map(|port| run(*port)).collect();
            usual_address(noted.map(str::to_owned), &runs).map_err(|error| error.to_string())
        };
        let address = |port: u16| Ok(run(port).http);
        assert_eq!(to(None, &[]), Ok(USUAL.to_owned()));
        assert_eq!(to(Some("http://127.0.0.1:5"), &[]), address(5));
        assert_eq!(to(Some("http://127.0.0.1:5"), &[4, 5]), address(5));
        assert_eq!(to(Some("http://127.0.0.1:5"), &[4]), address(4));
        let several = to(None, &[4, 6]).unwrap_err();
        assert!(
            several.ends_with(": --to http://127.0.0.1:4, --to http://127.0.0.1:6"),
            "{several}"
        );
    }

    #[test]
    fn ids_that_are_sent_at_once_differ() {
        assert_ne!(seed(0), seed(1));
        assert!(seed(0) < 1 << 53);
    }
}

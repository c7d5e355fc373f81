//! The command line of `cargo local`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use serde_json::{Value, json};

use crate::binaries::{build_functions, workspace};
use crate::samples::Samples;
use crate::template::REGION;
use crate::{LocalError, Logs, Options, Stack, dev_secrets, say};

/// Runs the webhooks on this machine: the functions of template.yaml over
/// embedded DynamoDB, SQS and Secrets Manager. Plays the samples in events/,
/// then serves until Ctrl-C.
#[derive(Debug, Parser)]
#[command(
    name = "cargo local",
    bin_name = "cargo local",
    version,
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: Run,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prints a sample signed now, for `sam local invoke FUNCTION -e -`
    Event {
        /// A sample: the name of its file in events/, without .json
        #[arg(required_unless_present = "all")]
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
    },
}

#[derive(Debug, Args)]
struct Run {
    /// Port of the HTTP front; 0 takes any free one, as with the others
    #[arg(long, value_name = "PORT", default_value_t = 3000)]
    http_port: u16,
    /// Port of DynamoDB
    #[arg(long, value_name = "PORT", default_value_t = 8000)]
    dynamodb_port: u16,
    /// Port of SQS
    #[arg(long, value_name = "PORT", default_value_t = 9324)]
    sqs_port: u16,
    /// Port of Secrets Manager
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    secretsmanager_port: u16,
    /// Folder to keep the table in; without it nothing is kept
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Secrets instead of the development ones: JSON with `webhooks` and `credentials`
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// A parameter of the template
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// Most processes per function
    #[arg(long, value_name = "N", default_value_t = 10)]
    instances: usize,
    /// Print one line of JSON on standard output when ready
    #[arg(long)]
    json: bool,
    /// Serve only, without playing the samples; logs go to standard error
    #[arg(long, conflicts_with = "exit")]
    serve: bool,
    /// Stop after the samples; success only if every answer was right
    #[arg(long)]
    exit: bool,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Cli {
    /// Does what was asked for; `false` when samples were not answered as
    /// expected.
    ///
    /// # Errors
    /// [`LocalError`] when it could not be done.
    pub async fn run(self) -> Result<bool, LocalError> {
        match self.command {
            Some(Command::Event {
                name,
                write,
                secrets,
                ..
            }) => {
                events(name.as_deref(), write, &read_secrets(secrets.as_deref())?)?;
                Ok(true)
            }
            None => self.run.run().await,
        }
    }
}

fn events(name: Option<&str>, write: bool, secrets: &Value) -> Result<(), LocalError> {
    let samples = Samples::load(workspace().join("events"))?;
    let names = name.map_or_else(|| samples.names(), |name| vec![name]);
    for name in names {
        let text = samples.fresh(name, webhooks(secrets))?;
        if write {
            let file = samples.file(name);
            fs::write(&file, text).map_err(|source| LocalError::Io {
                what: file.display().to_string(),
                source,
            })?;
        } else {
            // A closed pipe is the reader's choice.
            let _ = writeln!(io::stdout().lock(), "{}", text.trim_end());
        }
    }
    Ok(())
}

fn webhooks(secrets: &Value) -> &Value {
    secrets.get("webhooks").unwrap_or(&Value::Null)
}

fn read_secrets(file: Option<&Path>) -> Result<Value, LocalError> {
    let Some(file) = file else {
        return Ok(dev_secrets());
    };
    let what = file.display().to_string();
    let text = fs::read_to_string(file).map_err(|source| LocalError::Io {
        what: what.clone(),
        source,
    })?;
    let content = |problem: String| LocalError::Content {
        file: what.clone(),
        problem,
    };
    let secrets: Value = serde_json::from_str(&text).map_err(|error| content(error.to_string()))?;
    if !secrets.get("webhooks").is_some_and(Value::is_object) {
        return Err(content(
            "needs an object `webhooks`, and may have `credentials`".to_owned(),
        ));
    }
    Ok(secrets)
}

impl Run {
    async fn run(self) -> Result<bool, LocalError> {
        let secrets = read_secrets(self.secrets.as_deref())?;
        let log = workspace().join(".local/functions.log");
        let options = Options {
            http_port: self.http_port,
            dynamodb_port: self.dynamodb_port,
            sqs_port: self.sqs_port,
            secretsmanager_port: self.secretsmanager_port,
            data: self.data.clone(),
            secrets: secrets.clone(),
            parameters: self.parameters.iter().cloned().collect(),
            instances: self.instances,
            logs: if self.serve {
                Logs::Inherit
            } else {
                Logs::File(log.clone())
            },
            bin_dir: build_functions(None).await?,
            ..Options::default()
        };
        let stack = Stack::start(options).await?;
        introduce(&stack, (!self.serve).then_some(log.as_path()))?;
        if self.json {
            let line = json!({
                "http": stack.http,
                "dynamodb": stack.dynamodb,
                "sqs": stack.sqs,
                "table": stack.table,
                "secretsmanager": stack.secretsmanager,
            });
            // Whoever asked for it and does not read it has changed their mind.
            let _ = writeln!(io::stdout().lock(), "{line}");
        }
        let mut stopped = std::pin::pin!(asked_to_stop());
        let mut right = true;
        if !self.serve {
            tokio::select! {
                played = play(&stack, &secrets, self.json) => right = played?,
                () = &mut stopped => return stop(stack, false).await,
            }
        }
        if !self.exit {
            say("\nserving until Ctrl-C");
            stopped.await;
            right = true;
        }
        stop(stack, right).await
    }
}

async fn stop(stack: Stack, right: bool) -> Result<bool, LocalError> {
    stack.stop().await;
    Ok(right)
}

async fn play(stack: &Stack, secrets: &Value, json: bool) -> Result<bool, LocalError> {
    // With --json, standard output carries that one line only.
    let mut out: Box<dyn Write + Send> = if json {
        Box::new(io::stderr())
    } else {
        Box::new(io::stdout())
    };
    Samples::load(workspace().join("events"))?
        .play(stack, webhooks(secrets), out.as_mut())
        .await
}

/// Says where everything is and how to reach it with the usual tools.
fn introduce(stack: &Stack, log: Option<&Path>) -> Result<(), LocalError> {
    let env = workspace().join(".local/env.json");
    let variables = json!({ "Parameters": {
        "AWS_ENDPOINT_URL_DYNAMODB": stack.dynamodb,
        "AWS_ENDPOINT_URL_SQS": stack.sqs,
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": stack.secretsmanager,
    } });
    let io = |source| LocalError::Io {
        what: env.display().to_string(),
        source,
    };
    fs::create_dir_all(workspace().join(".local")).map_err(io)?;
    fs::write(&env, format!("{variables:#}\n")).map_err(io)?;

    say(&format!("HTTP             {}", stack.http));
    for (method, path, function) in &stack.routes {
        say(&format!("                 {method} {path}  {function}"));
    }
    say(&format!(
        "DynamoDB         {}  table {}",
        stack.dynamodb, stack.table
    ));
    say(&format!("SQS              {}", stack.sqs));
    say(&format!("Secrets Manager  {}", stack.secretsmanager));
    if let Some(log) = log {
        say(&format!("function logs    {}", log.display()));
    }
    say(&format!(
        "AWS CLI          AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_REGION={REGION} \
         AWS_ENDPOINT_URL_DYNAMODB={} aws dynamodb scan --table-name {}",
        stack.dynamodb, stack.table
    ));
    say(&format!(
        "SAM CLI          cargo local event affonso-payout-paid | sam local invoke PayoutsFunction -e - \
         --env-vars {} --docker-network host \
         --parameter-overrides FulfilFrom=2026-01-01T00:00:00Z RewardRecipient=promoter",
        env.display()
    ));
    Ok(())
}

/// Resolves on SIGINT or SIGTERM.
async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Where it cannot be waited for, the default action still ends the process.
    let _ = tokio::signal::ctrl_c().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn flags_and_events_are_told_apart() {
        let cli = Cli::parse_from([
            "local",
            "--exit",
            "--parameter",
            "A=b=c",
            "--http-port",
            "0",
        ]);
        assert_eq!(cli.run.parameters, [("A".to_owned(), "b=c".to_owned())]);
        assert!(Cli::try_parse_from(["local", "event"]).is_err());
        assert!(Cli::try_parse_from(["local", "event", "--all"]).is_err());
        assert!(Cli::try_parse_from(["local", "event", "--all", "--write"]).is_ok());
        assert!(Cli::try_parse_from(["local", "--serve", "--exit"]).is_err());
    }
}

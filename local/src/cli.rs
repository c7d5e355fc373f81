//! The command line of `cargo local`.

mod event;
mod page;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use serde_json::{Value, json};

use crate::error::LocalError;
use crate::play::console::Console;
use crate::play::dev_options;
use crate::play::external_systems::{ExternalSystems, FaultPreset};
use crate::play::playing::play;
use crate::play::samples::Samples;
use crate::play::secrets_file::SecretsFile;
use crate::say::say;
use crate::stage::binaries::workspace;
use crate::stage::start::check;
use crate::stage::template::REGION;
use crate::stage::{Logs, Options, Stack, build_functions};
use event::Event;

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
    Event(Event),
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
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
    /// Port of the fake FirstPromoter API, v2 and v1
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    firstpromoter_port: u16,
    /// Port of the sample reward endpoint
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    reward_endpoint_port: u16,
    /// Let something go wrong with the fakes, once for every call that matters
    #[arg(long = "fault", value_name = "PRESET", value_enum)]
    faults: Vec<FaultPreset>,
    /// Run schedules (the sweep) every so many seconds, and let the sweep take
    /// up what has lain for as long
    #[arg(long, value_name = "SECONDS", value_parser = at_least_one::<u32>)]
    sweep: Option<u32>,
    /// Folder to keep the table in; without it nothing is kept
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Secrets instead of the development ones: JSON with `webhooks` and, unless
    /// those for the fakes are to do, `credentials`
    #[arg(long, value_name = "FILE")]
    secrets: Option<PathBuf>,
    /// A parameter of the template
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// Most processes per function
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = at_least_one::<usize>)]
    instances: usize,
    /// Build the functions as they are shipped: optimised, and by themselves
    #[arg(long)]
    release: bool,
    /// Report on every sample: its answer, and what it wrote
    #[arg(long)]
    verbose: bool,
    /// Print one line of JSON on standard output when ready; the report goes to
    /// standard error then, with every sample
    #[arg(long)]
    json: bool,
    /// Serve only, without playing the samples; logs go to standard error
    #[arg(long, conflicts_with = "exit")]
    serve: bool,
    /// Stop after the samples; success only if every answer was right and every
    /// promise confirmed
    #[arg(long)]
    exit: bool,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("must be NAME=VALUE".to_owned()),
    }
}

fn at_least_one<N: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<N, String> {
    let number = text.parse().ok().filter(|number| *number >= N::from(1));
    number.ok_or_else(|| "must be a whole number, and at least 1".to_owned())
}

impl Cli {
    /// Runs the command; `false` when samples were not answered as expected.
    ///
    /// # Errors
    /// [`LocalError`] when the command could not be done.
    pub async fn run(self) -> Result<bool, LocalError> {
        match self.command {
            Some(Command::Event(event)) => event.run().map(|()| true),
            None => self.run.run().await,
        }
    }
}

impl Run {
    async fn run(self) -> Result<bool, LocalError> {
        let secrets = SecretsFile::read(self.secrets.as_deref())?;
        let mut external = ExternalSystems::start(
            secrets.credentials(),
            self.firstpromoter_port,
            self.reward_endpoint_port,
        )
        .await?;
        self.faults.iter().for_each(|fault| external.inject(*fault));
        let samples = Samples::load(workspace().join("events"))?;
        samples.bodies()?.iter().for_each(|body| external.seed(body));
        let log = workspace().join(".local/functions.log");
        let mut options = self.options(&secrets, &external, &log);
        // The first build takes minutes, so mistakes are reported before it.
        check(&options).await?;
        options.bin_dir = build_functions(self.release.then_some("release")).await?;
        let v1_confirm = options.parameters.get("V1Confirm").cloned();
        let stack = Stack::start(options).await?;
        introduce(&stack, &external, (!self.serve).then_some(log.as_path()));
        if !self.exit {
            introduce_tools(&stack)?;
        }
        if self.json {
            // A closed pipe is the choice of the one who asked for the line.
            let _ = writeln!(io::stdout().lock(), "{}", addresses(&stack, &external));
        }
        let right = {
            let _page = self.page(&stack).await;
            let console = Console::start(
                &stack,
                &mut external,
                &secrets,
                self.out(),
                self.verbose || self.json,
            )
            .await?;
            let early = console.has_promises() || v1_confirm.is_none_or(|how| how != "api");
            self.follow(console, &samples, early).await
        };
        stack.stop().await;
        right
    }

    /// Shows the operator's page for as long as there is somebody to look at it.
    async fn page(&self, stack: &Stack) -> Option<page::Page> {
        if self.exit {
            return None;
        }
        let (page, says) = page::Page::start(stack, self.release).await;
        say(&says);
        page
    }

    /// Plays the samples and serves, each if the flags ask for it.
    async fn follow(
        &self,
        mut console: Console<'_>,
        samples: &Samples,
        early: bool,
    ) -> Result<bool, LocalError> {
        let mut stopped = std::pin::pin!(asked_to_stop());
        if !self.serve {
            let right = tokio::select! {
                played = play(&mut console, samples, early) => played?,
                () = &mut stopped => return Ok(false),
            };
            if self.exit {
                return Ok(right);
            }
        }
        say("\nserving until Ctrl-C");
        tokio::select! {
            failed = console.follow() => failed?,
            () = &mut stopped => {}
        }
        if self.serve {
            console.sum_up();
        }
        Ok(true)
    }

    fn options(&self, secrets: &SecretsFile, external: &ExternalSystems, log: &Path) -> Options {
        let mut env: BTreeMap<String, String> = external.environment().into_iter().collect();
        if let Some(seconds) = self.sweep {
            env.insert("UNTOUCHED_SECONDS".to_owned(), seconds.to_string());
        }
        let ours = external.parameters().into_iter();
        Options {
            http_port: self.http_port,
            dynamodb_port: self.dynamodb_port,
            sqs_port: self.sqs_port,
            secretsmanager_port: self.secretsmanager_port,
            data: self.data.clone(),
            secrets: secrets.content.clone(),
            parameters: ours.chain(self.parameters.iter().cloned()).collect(),
            env,
            schedules_every: self.sweep.map(|seconds| Duration::from_secs(seconds.into())),
            instances: self.instances,
            logs: if self.serve { Logs::Inherit } else { Logs::File(log.to_path_buf()) },
            ..dev_options()
        }
    }

    /// The place for the live report. With --json, standard output carries that
    /// one line only.
    fn out(&self) -> Box<dyn Write + Send> {
        if self.json || self.serve { Box::new(io::stderr()) } else { Box::new(io::stdout()) }
    }
}

/// The addresses of everything, for the line of `--json`.
fn addresses(stack: &Stack, external: &ExternalSystems) -> Value {
    json!({
        "http": stack.http,
        "dynamodb": stack.dynamodb,
        "sqs": stack.sqs,
        "table": stack.table,
        "secretsmanager": stack.secretsmanager,
        "firstpromoter": external.firstpromoter.v2_url(),
        "firstpromoter_v1": external.firstpromoter.v1_url(),
        "reward_endpoint": external.endpoint.url(),
    })
}

/// Prints the addresses of everything.
fn introduce(stack: &Stack, external: &ExternalSystems, log: Option<&Path>) {
    say(&format!("HTTP             {}", stack.http));
    for (method, path, function) in &stack.routes {
        say(&format!("                 {method} {path}  {function}"));
    }
    say(&format!("DynamoDB         {}  table {}", stack.dynamodb, stack.table));
    say(&format!("SQS              {}", stack.sqs));
    say(&format!("Secrets Manager  {}", stack.secretsmanager));
    say(&format!(
        "FirstPromoter    {}  (a fake; v1 at {})",
        external.firstpromoter.v2_url(),
        external.firstpromoter.v1_url()
    ));
    say(&format!("reward endpoint  {}", external.endpoint.url()));
    if let Some(log) = log {
        say(&format!("function logs    {}", log.display()));
    }
}

/// Prints how the usual tools reach everything, and writes the addresses for one of
/// them.
fn introduce_tools(stack: &Stack) -> Result<(), LocalError> {
    let env = workspace().join(".local/env.json");
    let variables = json!({ "Parameters": {
        "AWS_ENDPOINT_URL_DYNAMODB": stack.dynamodb,
        "AWS_ENDPOINT_URL_SQS": stack.sqs,
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": stack.secretsmanager,
    } });
    let io = |source| LocalError::Io { what: env.display().to_string(), source };
    fs::create_dir_all(workspace().join(".local")).map_err(io)?;
    fs::write(&env, format!("{variables:#}\n")).map_err(io)?;
    say_command(
        "AWS CLI",
        &[
            &format!("AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_REGION={REGION}"),
            &format!("AWS_ENDPOINT_URL_DYNAMODB={}", stack.dynamodb),
            &format!("aws dynamodb scan --table-name {}", stack.table),
        ],
    );
    say_command(
        "SAM CLI",
        &[
            "cargo local event affonso-payout-paid | sam local invoke PayoutsFunction -e -",
            &format!("--env-vars {} --docker-network host", env.display()),
            "--parameter-overrides FulfilFrom=2026-01-01T00:00:00Z RewardRecipient=promoter",
            "V1Confirm=api",
        ],
    );
    Ok(())
}

/// Prints a command of the shell, a line for each of its parts.
fn say_command(what: &str, parts: &[&str]) {
    say(&format!("{what:<17}{}", parts.join(&format!(" \\\n{:17}", ""))));
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
    // Where the signal cannot be waited for, its default action ends the process.
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
    fn readme_lists_options_that_there_are() {
        let readme = include_str!("../README.md");
        let rows = readme.lines().filter_map(|line| line.strip_prefix("| `--"));
        let listed = rows.map(|row| row.split(['`', ' ']).next().unwrap());
        let mut command = <Cli as clap::CommandFactory>::command();
        command.build();
        let has = |name: &str| command.get_arguments().any(|one| one.get_long() == Some(name));
        let unknown: Vec<&str> = listed.clone().filter(|name| !has(name)).collect();
        assert!(listed.count() > 5 && unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn flags_and_events_are_told_apart() {
        let cli = Cli::parse_from(["local", "--exit", "--parameter", "A=b=c", "--http-port", "0"]);
        assert_eq!(cli.run.parameters, [("A".to_owned(), "b=c".to_owned())]);
        let refused = |arguments: &[&str]| {
            let arguments = ["local"].iter().chain(arguments);
            Cli::try_parse_from(arguments).unwrap_err().to_string()
        };
        for name in ["nope", "answers", "../README"] {
            let refusal = refused(&["event", name]);
            assert!(refusal.contains("no such sample, only\n"), "{refusal}");
            assert!(refusal.contains("\n  affonso-payout-paid\n"), "{refusal}");
        }
        assert!(Cli::try_parse_from(["local", "event", "affonso-payout-paid"]).is_ok());
        for wrong in ["--instances=0", "--sweep=0", "--instances=-1", "--sweep=x"] {
            assert!(refused(&[wrong]).contains("at least 1"), "{wrong}");
        }
        assert!(refused(&["--parameter", "=b"]).contains("must be NAME=VALUE"));
        assert!(Cli::try_parse_from(["local", "event"]).is_err());
        assert!(Cli::try_parse_from(["local", "event", "--all"]).is_err());
        assert!(Cli::try_parse_from(["local", "event", "--all", "--write"]).is_ok());
        assert!(Cli::try_parse_from(["local", "--serve", "--exit"]).is_err());
    }
}

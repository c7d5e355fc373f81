//! The command line of `cargo local`.

mod banner;
mod check_endpoint;
mod containers;
mod event;
mod logs;
mod page;
pub mod run_folder;
mod send;
mod values;
mod waiting;
pub mod wiring;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::error::LocalError;
use crate::play::console::{Console, Out};
use crate::play::dev_options;
use crate::play::external_systems::{ExternalSystems, FaultPreset};
use crate::play::fold::width;
use crate::play::paint::Paint;
use crate::play::playing::play;
use crate::play::samples::Samples;
use crate::play::secrets_file::SecretsFile;
use crate::say::{print, say};
use crate::stage::binaries::{Bins, Progress, build, workspace};
use crate::stage::start::check;
use crate::stage::{Doors, Logs, Options, Stack};
use check_endpoint::CheckEndpoint;
use event::Event;
use run_folder::{LOCAL, RunFolder, USUAL_PORT};
use send::SendSample;
use values::{at_least_one, parameter, url};

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
    /// Shows what the functions print, as a person reads it
    Logs(logs::Show),
    /// Tries whether a reward endpoint of your own does what docs/rewards.md demands
    CheckEndpoint(CheckEndpoint),
    /// Sends a sample, signed now, to `cargo local` or to any other address
    Send(SendSample),
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
struct Run {
    /// Port of the HTTP front; 0 takes any free one, as with the others
    #[arg(long, value_name = "PORT", default_value_t = 3000)]
    http_port: u16,
    /// Port of DynamoDB
    #[arg(long, value_name = "PORT", default_value_t = USUAL_PORT)]
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
    /// Post rewards to an endpoint of your own, and show its calls
    #[arg(long, value_name = "URL", value_parser = url, conflicts_with = "reward_endpoint_port")]
    endpoint: Option<String>,
    /// Let what runs in containers in, too, at this address of the machine, such as
    /// that of docker0. Nothing asks for a password
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST),
        value_parser = containers::one_address
    )]
    bind: IpAddr,
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
    /// File for what the functions print, instead of the one that the run has in .local
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
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
    /// Print one line of JSON on standard output when ready, and with --exit one for each
    /// verdict; the report goes to standard error then, with every sample
    #[arg(long)]
    json: bool,
    /// Serve only, without playing the samples
    #[arg(long, conflicts_with = "exit")]
    serve: bool,
    /// Stop after the samples; success only if every answer was right and every
    /// promise confirmed
    #[arg(long)]
    exit: bool,
}

impl Cli {
    /// Runs the command; `false` when samples were not answered as expected.
    ///
    /// # Errors
    /// [`LocalError`] when the command could not be done.
    pub async fn run(self) -> Result<bool, LocalError> {
        match self.command {
            Some(Command::Event(event)) => event.run().map(|()| true),
            Some(Command::Logs(show)) => show.run().await,
            Some(Command::CheckEndpoint(check)) => check.run().await,
            Some(Command::Send(send)) => send.run().await,
            None => self.run.run().await,
        }
    }
}

impl Run {
    async fn run(self) -> Result<bool, LocalError> {
        let workspace = workspace()?;
        let secrets = SecretsFile::read(self.secrets.as_deref())?;
        let mut external = ExternalSystems::start(
            secrets.credentials(),
            self.firstpromoter_port,
            self.reward_endpoint_port,
            self.endpoint.as_deref(),
        )
        .await?;
        self.faults.iter().for_each(|fault| external.inject(*fault));
        let samples = Samples::load(workspace.join("events"))?;
        samples.bodies()?.iter().for_each(|body| external.seed(body));
        let mut options = self.options(&secrets, &external);
        // The first build takes minutes, so mistakes are reported before it.
        let functions = check(&options).await?;
        let profile = self.release.then_some("release");
        let building = build(Bins::Named(&functions), profile, Progress::Shown);
        options.bin_dir =
            waiting::for_it("building the functions", waiting::FIRST_BUILD, building).await?;
        let local = workspace.join(LOCAL);
        let folder = RunFolder::take(&local, self.dynamodb_port)?;
        let log = self.log.clone().unwrap_or_else(|| folder.log());
        options.logs = Logs::File(log.clone());
        let v1_confirm = options.parameters.get("V1Confirm").cloned();
        let stack = Stack::start(options).await?;
        let _open = self.doors(&stack, &external).await?;
        let columns = width();
        for line in banner::lines(&stack, &external, secrets.webhooks(), &log, columns) {
            say(&line);
        }
        wiring::note(&folder, &stack, &log, external.own_endpoint(), self.secrets.as_deref())?;
        if !self.exit {
            containers::write(&local, &stack)?;
            send::note_address(&local, &stack.http)?;
            for line in banner::tools(&stack, columns) {
                say(&line);
            }
        }
        let right = {
            let console = Console::start(
                &stack,
                &mut external,
                &secrets,
                self.out(),
                self.verbose || self.json,
            )
            .await?;
            // Beside the console, which sees what comes in meanwhile, and shown for as
            // long as there is somebody to look at it.
            let mut page = if self.exit { None } else { Some(page::Page::start(&stack).await) };
            if self.json {
                let page = page.as_ref().and_then(|page| page.address.as_deref());
                print(&banner::addresses(&stack, console.external, page).to_string())?;
            }
            if let Some(page) = &mut page {
                page.follow(self.json);
            }
            let early = console.has_promises() || v1_confirm.is_none_or(|how| how != "api");
            self.follow(console, &samples, early).await
        };
        send::forget_address(&local, &stack.http);
        stack.stop().await;
        right
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
            let account = std::sync::Arc::clone(&console.external.account);
            account.set_playing(true);
            let right = tokio::select! {
                played = play(&mut console, samples, early) => played?,
                () = &mut stopped => return Ok(false),
            };
            account.set_playing(false);
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

    fn options(&self, secrets: &SecretsFile, external: &ExternalSystems) -> Options {
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
            observer: Some(external.observer()),
            ..dev_options()
        }
    }

    /// Opens every server to containers, if there is an address for that.
    async fn doors(
        &self,
        stack: &Stack,
        external: &ExternalSystems,
    ) -> Result<Option<Doors>, LocalError> {
        let Some(warning) = containers::warning(self.bind) else {
            return Ok(None);
        };
        say(&warning);
        let urls = [&stack.http, &stack.dynamodb, &stack.sqs, &stack.secretsmanager];
        let fakes = [external.firstpromoter.v2_url(), external.endpoint_url()];
        let urls = urls.into_iter().chain(&fakes);
        let servers: Vec<_> = urls.filter_map(|url| containers::server(url)).collect();
        Doors::open(self.bind, &servers).await.map(Some)
    }

    /// The place for the live report. With --json, standard output carries that
    /// one line only.
    fn out(&self) -> Out {
        let (to, terminal): (Box<dyn Write + Send>, bool) = if self.json || self.serve {
            (Box::new(io::stderr()), io::stderr().is_terminal())
        } else {
            (Box::new(io::stdout()), io::stdout().is_terminal())
        };
        // With --exit, whoever reads the line of addresses reads the verdicts, too.
        let verdicts: Option<Box<dyn Write + Send>> =
            if self.json && self.exit { Some(Box::new(io::stdout())) } else { None };
        Out { to, columns: width(), paint: Paint::on(terminal), verdicts }
    }
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
        let mut all = <Cli as clap::CommandFactory>::command();
        all.build();
        for (section, name) in [
            ("Options", None),
            ("Send a request of your own", Some("send")),
            ("Your own endpoint", Some("check-endpoint")),
        ] {
            let readme = include_str!("../README.md");
            let section = readme.split("\n## ").find(|text| text.starts_with(section)).unwrap();
            let rows = section.lines().filter_map(|line| line.strip_prefix("| `--"));
            let listed = rows.map(|row| row.split(['`', ' ']).next().unwrap());
            let command = name.map_or(&all, |name| all.find_subcommand(name).unwrap());
            let has = |name: &str| command.get_arguments().any(|one| one.get_long() == Some(name));
            let unknown: Vec<&str> = listed.clone().filter(|name| !has(name)).collect();
            assert!(listed.count() > 3 && unknown.is_empty(), "{unknown:?}");
        }
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
        assert!(refused(&["--bind", "0.0.0.0"]).contains("must be one address"));
        assert!(refused(&["--parameter", "=b"]).contains("must be NAME=VALUE"));
        assert!(Cli::try_parse_from(["local", "event"]).is_err());
        assert!(Cli::try_parse_from(["local", "event", "--all"]).is_err());
        assert!(Cli::try_parse_from(["local", "event", "--all", "--write"]).is_ok());
        assert!(Cli::try_parse_from(["local", "--serve", "--exit"]).is_err());
    }
}

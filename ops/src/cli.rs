//! The command line of `cargo ops`.

use std::path::Path;

use crate::OpsError;
use crate::affiliate::AffiliateArgs;
use crate::doctor::DoctorArgs;
use crate::find::FindArgs;
use crate::inbox::{Inbox, InboxArgs};
use crate::install::{CompletionsArgs, ManArgs, completions, man};
use crate::invocation::program;
use crate::now::{NowArgs, overview};
use crate::output::shown;
use crate::page::{frame, write};
use crate::parked::args::ParkedArgs;
use crate::parked::{self, causes, parked};
use crate::requests::Requests;
use crate::requests::args::RequestsArgs;
use crate::resume::args::ResumeArgs;
use crate::serve::ServeArgs;
use crate::show::{ShowArgs, Shown};
use crate::story::StoryArgs;
use crate::target::TargetArgs;
use crate::wiring::{WiringArgs, wired};
use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use serde::Serialize;
use serde_json::json;
use shared::provider;
use shared::wire::Timestamp;

/// The names of the providers as they stand in keys.
pub(crate) fn providers() -> PossibleValuesParser {
    PossibleValuesParser::new(provider::ALL.iter().map(|known| known.provider.name()))
}

/// Shows what came in, what was refused and what waits for a person, and lets it go on.
///
/// Exit codes: 0 done; 1 the answer is no, and nothing was written; 2 the
/// question could not be asked.
#[derive(Debug, Parser)]
#[command(name = "cargo ops", bin_name = "cargo ops", version)]
pub struct Cli {
    /// One JSON document instead of text
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    target: TargetArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tells in one look what waits for a person, what is late, and what is open
    Now(NowArgs),
    /// Tells what an affiliate, or a customer, was promised and has got
    Affiliate(AffiliateArgs),
    /// Finds what has an id, whatever it is an id of
    Find(FindArgs),
    /// Tells why promises are parked, by cause, and what to do about it
    Parked(ParkedArgs),
    /// Lets a parked promise go on, or all that are parked for one cause
    Resume(ResumeArgs),
    /// Lists the requests that came in, refused ones with the reason
    Requests(RequestsArgs),
    /// Tells how it is wired: addresses to paste, what came in last, settings in words
    Wiring(WiringArgs),
    /// Tells which secret fits a captured request, or what comes near
    Doctor(DoctorArgs),
    /// Lists what came in rightly signed and changed nothing, with what to do
    Inbox(InboxArgs),
    /// Shows an event as it is kept, with its body
    Show(ShowArgs),
    /// Prints what happened to one object as a time line
    Story(StoryArgs),
    /// Serves pages with all of this to your browser, on this machine only
    Serve(ServeArgs),
    /// Prints the script that completes this command in a shell
    Completions(CompletionsArgs),
    /// Prints the man page
    Man(ManArgs),
}

impl Command {
    /// True where there is no table to look at.
    fn needs_no_target(&self) -> bool {
        match self {
            // With secrets of its own it looks nowhere else.
            Self::Doctor(asked) => asked.secrets.is_some(),
            Self::Completions(_) | Self::Man(_) => true,
            _ => false,
        }
    }
}

impl Cli {
    /// The command line by the name under which it was called.
    fn named() -> clap::Command {
        Self::command().name(program()).bin_name(program())
    }

    /// Reads the command line. One that makes no sense ends the program with exit
    /// code 2.
    #[must_use]
    pub fn read() -> Self {
        let matches = Self::named().get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// Does what was asked for and returns the text to print. A command line that
    /// makes no sense ends the program with exit code 2.
    ///
    /// # Errors
    /// [`OpsError`] with the reason why not.
    pub async fn run(self) -> Result<String, OpsError> {
        let needs_target = !self.command.needs_no_target();
        if let Some(problem) = self.target.problem().filter(|_| needs_target) {
            Self::named().error(ErrorKind::MissingRequiredArgument, problem).exit();
        }
        match &self.command {
            Command::Parked(asked) => {
                let filter = asked.filter();
                let found = parked(&self.target.open().await?.store).await?.only(&filter)?;
                let (waiting, gaps) = (found.shown(), found.gaps);
                let causes = causes::of(&waiting);
                self.shown(&json!({ "causes": causes, "parked": waiting, "gaps": gaps }), || {
                    let told = if asked.rows {
                        parked::rows(&waiting)
                    } else {
                        causes::text(&causes, &self.target, &filter, Timestamp::now())
                    };
                    parked::with_gaps(&told, &gaps)
                })
            }
            Command::Resume(asked) => asked.run(&self.target, self.json).await,
            Command::Now(asked) => {
                let now = overview(&self.target, &self.target.open().await?.store).await?;
                if let Some(path) = &asked.html {
                    let page = now.page(&self.target, &frame(&self.target, false)?).await;
                    return self.written(path, &page);
                }
                self.shown(&now, || now.text(&self.target))
            }
            Command::Affiliate(of) => {
                let answer = of.answer(&self.target, &self.target.open().await?).await?;
                if let Some(path) = &of.html {
                    let frame = frame(&self.target, false)?;
                    return self.written(path, &answer.page(&self.target, &frame));
                }
                if of.is_csv() && !self.json {
                    return Ok(answer.csv());
                }
                self.shown(&answer.person, || answer.text())
            }
            Command::Wiring(asked) => {
                let wired = wired(&self.target).await?;
                if let Some(path) = &asked.html {
                    return self.written(path, &wired.page(&frame(&self.target, false)?));
                }
                self.shown(&wired, || wired.text())
            }
            Command::Find(of) => {
                let found = of.findings(&self.target, &self.target.open().await?.store).await?;
                self.shown(&found, || found.text(&self.target))
            }
            Command::Doctor(asked) => {
                let found = asked.diagnose(&self.target).await?;
                let text = self.shown(&found, || found.text())?;
                if found.fits() { Ok(text) } else { Err(OpsError::Found(text)) }
            }
            Command::Inbox(asked) => {
                let inbox = Inbox::read(&self.target.open().await?.store, asked).await?;
                self.shown(&inbox, || inbox.text())
            }
            Command::Show(asked) => {
                let shown =
                    Shown::read(&self.target, &self.target.open().await?.store, asked).await?;
                self.shown(&shown, || shown.text())
            }
            Command::Completions(asked) => {
                let script = completions(Self::command(), asked)?;
                self.shown(&json!({ "script": script }), || script.clone())
            }
            Command::Man(asked) => {
                let text = man(Self::command(), asked)?;
                let told = match &asked.out {
                    Some(folder) => json!({ "written": folder.display().to_string() }),
                    None => json!({ "page": text }),
                };
                self.shown(&told, || text.clone())
            }
            Command::Requests(asked) => {
                let requests = Requests::read(&self.target, asked).await?;
                self.shown(&requests, || requests.text())
            }
            Command::Serve(asked) => asked.serve(&self.target, self.json).await,
            Command::Story(of) => {
                let told = of.told(&self.target, &self.target.open().await?).await?;
                if let Some(path) = &of.html {
                    return self.written(path, &told.page(&frame(&self.target, false)?));
                }
                self.shown(&told, || told.text(&self.target))
            }
        }
    }

    /// The place to look.
    #[cfg(test)]
    pub(crate) fn target(&self) -> &TargetArgs {
        &self.target
    }

    /// Writes a page into a file, and says so.
    fn written(&self, path: &Path, page: &str) -> Result<String, OpsError> {
        let says = write(path, page)?;
        self.shown(&json!({ "written": path.display().to_string() }), || says.clone())
    }

    fn shown(&self, value: &impl Serialize, text: impl Fn() -> String) -> Result<String, OpsError> {
        shown(self.json, value, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Cli, ErrorKind> {
        let words = ["cargo ops"].into_iter().chain(line.split_whitespace());
        Cli::try_parse_from(words).map_err(|error| error.kind())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn where_to_look_may_stand_before_or_after_the_command() {
        for (line, problem) in [
            ("--local parked", None),
            ("parked --local --json", None),
            ("parked --stack x", None),
            ("--local --dynamodb http://127.0.0.1:1 parked --table x", None),
            ("parked", Some("say where: --local or --stack NAME")),
            ("--local parked --stack x", Some("--local and --stack exclude each other")),
            (
                "parked --stack x --table y",
                Some("--dynamodb, --table and --reversals go with --local only"),
            ),
        ] {
            assert_eq!(parse(line).unwrap().target.problem(), problem, "{line}");
        }
    }

    #[test]
    fn a_decision_without_reason_or_against_itself_is_refused() {
        for (line, kind) in [
            ("resume", ErrorKind::MissingRequiredArgument),
            ("resume --yes", ErrorKind::MissingRequiredArgument),
            ("resume nokey", ErrorKind::ValueValidation),
            ("resume --where reason=over_age", ErrorKind::ValueValidation),
            (
                "resume firstpromoter:1:1 --where reason=over_age,from=requested",
                ErrorKind::ArgumentConflict,
            ),
            ("resume firstpromoter:1:1 --dry-run", ErrorKind::ArgumentConflict),
            ("resume firstpromoter:1:1 --limit 5", ErrorKind::ArgumentConflict),
            ("resume --dry-run", ErrorKind::MissingRequiredArgument),
            ("parked --from here", ErrorKind::InvalidValue),
            ("resume firstpromoter:1:1 --granted", ErrorKind::MissingRequiredArgument),
            ("resume firstpromoter:1:1 --granted --because WHY", ErrorKind::ValueValidation),
            ("resume firstpromoter:1:1 --not-granted", ErrorKind::MissingRequiredArgument),
            (
                "resume firstpromoter:1:1 --granted --not-granted --because x",
                ErrorKind::ArgumentConflict,
            ),
            ("resume firstpromoter:1:1 --close", ErrorKind::MissingRequiredArgument),
            ("resume firstpromoter:1:1 --close --granted", ErrorKind::MissingRequiredArgument),
            ("story", ErrorKind::MissingRequiredArgument),
            ("affiliate nobody 1", ErrorKind::InvalidValue),
        ] {
            assert_eq!(parse(line).err(), Some(kind), "{line}");
        }
    }
}

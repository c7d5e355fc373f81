//! The command line of `cargo ops`.

use crate::OpsError;
use crate::key::Key;
use crate::parked::{self, parked};
use crate::resume::resume;
use crate::story::Story;
use crate::target::TargetArgs;
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand};
use serde::Serialize;
use serde_json::json;
use shared::fulfilment::{OperatorDecision, Resolution};
use shared::ledger::Partition;
use shared::provider;
use shared::wire::Timestamp;

/// The names of the providers as they stand in keys.
fn providers() -> PossibleValuesParser {
    PossibleValuesParser::new(provider::ALL.iter().map(|known| known.provider.name()))
}

/// Shows the promises that wait for the operator and lets them go on.
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
    /// Lists the promises that are parked, longest first
    Parked,
    /// Lets a parked promise go on
    Resume(Resume),
    /// Prints what happened to one object as a time line
    Story(StoryArgs),
}

#[derive(Debug, Args)]
struct Resume {
    /// The promise, PROVIDER:ID:EPOCH, as `parked` shows it
    key: Key,
    /// The call whose outcome is unknown had its effect: the reward was given,
    /// or taken back if that was the question
    #[arg(long, requires = "because", conflicts_with = "not_granted")]
    granted: bool,
    /// The call whose outcome is unknown had no effect
    #[arg(long, requires = "because")]
    not_granted: bool,
    /// Settles the promise as it stands: what was given is kept, what was not
    /// given is not. Where the outcome is unknown, say which
    #[arg(long, requires = "because")]
    close: bool,
    /// Your evidence; kept with the promise for good
    #[arg(long, value_name = "WHY", value_parser = said())]
    because: Option<String>,
    /// The operator who decides [default: $USER]
    #[arg(long, value_name = "NAME", value_parser = said())]
    by: Option<String>,
}

#[derive(Debug, Args)]
struct StoryArgs {
    #[arg(value_parser = providers())]
    provider: String,
    /// commission, payout, customer, fulfilment; inbox for what has no object
    kind: String,
    /// The provider's id of the object
    id: String,
    /// Shows personal data as well
    #[arg(long, action = ArgAction::SetTrue)]
    personal: bool,
}

fn said() -> impl TypedValueParser<Value = String> {
    NonEmptyStringValueParser::new().try_map(|text| match text.trim() {
        "" => Err("says nothing"),
        trimmed => Ok(trimmed.to_owned()),
    })
}

impl Resume {
    fn decision(&self) -> Result<OperatorDecision, OpsError> {
        let user = || {
            let user = std::env::var("USER").ok()?;
            Some(user).filter(|user| !user.trim().is_empty())
        };
        let by = self.by.clone().or_else(user);
        let granted = self.granted.then_some(true).or(self.not_granted.then_some(false));
        Ok(OperatorDecision {
            by: by.ok_or_else(|| OpsError::Failed("say who you are: --by NAME".into()))?,
            resolution: Resolution::of(granted, self.close),
            because: self.because.clone().unwrap_or_default(),
            at: Timestamp::now(),
        })
    }
}

impl Cli {
    /// Does what was asked for and returns the text to print. A command line that
    /// makes no sense ends the program with exit code 2.
    ///
    /// # Errors
    /// [`OpsError`] with the reason why not.
    pub async fn run(self) -> Result<String, OpsError> {
        if let Some(problem) = self.target.problem() {
            Self::command().error(ErrorKind::MissingRequiredArgument, problem).exit();
        }
        match &self.command {
            Command::Parked => {
                let waiting = parked(&self.target.open().await?.store).await?;
                self.shown(&json!({ "parked": waiting }), || parked::text(&waiting))
            }
            Command::Resume(asked) => {
                let decision = asked.decision()?;
                let target = self.target.open().await?;
                let resumed = resume(&target, &asked.key, decision).await?;
                self.shown(&resumed, || resumed.text())
            }
            Command::Story(of) => {
                let pk = Partition::new(&of.provider, &of.kind, &of.id);
                let pk = pk.map_err(|_| OpsError::No("no kind has a # in its name".into()))?;
                let store = self.target.open().await?.store;
                let told = Story::read(&store, &pk, of.personal).await?;
                self.shown(&told, || told.text())
            }
        }
    }

    fn shown(&self, value: &impl Serialize, text: impl Fn() -> String) -> Result<String, OpsError> {
        if self.json {
            serde_json::to_string(value).map_err(|error| OpsError::Failed(error.to_string()))
        } else {
            Ok(text())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Cli, ErrorKind> {
        let words = ["cargo ops"].into_iter().chain(line.split_whitespace());
        Cli::try_parse_from(words).map_err(|error| error.kind())
    }

    fn decision(line: &str) -> OperatorDecision {
        match parse(line).unwrap().command {
            Command::Resume(resume) => resume.decision().unwrap(),
            other => panic!("{other:?}"),
        }
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
    fn a_decision_is_what_was_said() {
        for (said, resolution) in [
            ("", Resolution::GoOn),
            ("--granted", Resolution::Granted),
            ("--not-granted", Resolution::NotGranted),
            ("--close", Resolution::Close),
            ("--close --granted", Resolution::CloseGranted),
            ("--close --not-granted", Resolution::CloseNotGranted),
        ] {
            let line = format!("resume firstpromoter:1:1 {said} --because seen --by jane");
            let decision = decision(&line);
            assert_eq!(decision.resolution, resolution, "{said}");
            assert_eq!((decision.by.as_str(), decision.because.as_str()), ("jane", "seen"));
        }
        assert_eq!(decision("resume firstpromoter:1:1 --by jane").because, "");
    }

    #[test]
    fn a_decision_without_reason_or_against_itself_is_refused() {
        for (line, kind) in [
            ("resume", ErrorKind::MissingRequiredArgument),
            ("resume nokey", ErrorKind::ValueValidation),
            ("resume firstpromoter:1:1 --granted", ErrorKind::MissingRequiredArgument),
            ("resume firstpromoter:1:1 --not-granted", ErrorKind::MissingRequiredArgument),
            (
                "resume firstpromoter:1:1 --granted --not-granted --because x",
                ErrorKind::ArgumentConflict,
            ),
            ("resume firstpromoter:1:1 --close", ErrorKind::MissingRequiredArgument),
            ("resume firstpromoter:1:1 --close --granted", ErrorKind::MissingRequiredArgument),
            ("story nobody commission 1", ErrorKind::InvalidValue),
        ] {
            assert_eq!(parse(line).err(), Some(kind), "{line}");
        }
    }
}

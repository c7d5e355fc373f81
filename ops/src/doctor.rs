//! A captured request against the webhook secrets: which fits, and if none does,
//! what comes near.

mod capture;
mod diagnosis;
mod json_forms;
mod json_order;
mod limits;
mod near;
mod reasons;
mod remarks;
mod search;
mod secrets;
mod tokens;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::OpsError;
use crate::layout::wrapped;
use crate::local_run::LocalRun;
use crate::paragraph::span;
use crate::signed_in::causes;
use crate::target::{Described, TargetArgs};
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use clap::Args;
use diagnosis::{Diagnosis, diagnose, name};
use limits::{Limits, Source};
use serde_json::Value;
use shared::provider::signature::Reason;
use shared::receive::log::Outcome;
use shared::wire::Timestamp;

/// The secrets that `cargo local` signs and verifies with, unless it is given others.
const DEVELOPMENT: &str = include_str!("../../local/dev-secrets.json");
/// The output of the stack that names the webhook secrets.
const WEBHOOK_SECRETS: &str = "WebhookSecretsArn";

/// A captured request and the secrets to hold it to.
#[derive(Debug, Clone, Args)]
pub(crate) struct DoctorArgs {
    /// The captured request, - for standard input: an event of API Gateway, a HAR, a
    /// curl command, the output of `curl -v`, a dump of `curl --trace`, or headers, an
    /// empty line and the body
    file: PathBuf,
    /// The secrets, as they stand in Secrets Manager, instead of those of the stack
    /// or, with --local, of the running `cargo local`
    #[arg(long, value_name = "FILE")]
    pub(crate) secrets: Option<PathBuf>,
    /// When it came in, 2026-01-31T00:00:00Z, where the capture does not say
    /// [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
}

fn time(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse(text).ok_or("must be a time in RFC 3339")
}

impl DoctorArgs {
    /// Diagnoses the request.
    ///
    /// # Errors
    /// [`OpsError::Failed`] when the request or the secrets cannot be read.
    pub(crate) async fn diagnose(&self, target: &TargetArgs) -> Result<Diagnosis, OpsError> {
        let name = self.file.display().to_string();
        let bytes = read(&self.file)?;
        let mut captured = capture::read(&bytes)
            .map_err(|problem| OpsError::Failed(format!("{name} {problem}")))?;
        captured.at = self.at.or(captured.at);
        let place = Place::of(target).await;
        let webhooks = self.webhooks(&place).await?;
        let mut found = diagnose(&captured, &webhooks, &place.limits(), Timestamp::now());
        self.say_gap(&mut found, &place);
        Ok(found)
    }

    /// Says what is not known of a place, where something else stands for it.
    fn say_gap(&self, found: &mut Diagnosis, place: &Place) {
        let has_limit = found.age_limit.is_some();
        match place {
            // With secrets of its own it needs no stack, which may still say more.
            Place::Stack(Err(gap)) if has_limit => {
                found.notes.push(format!("the age limit of the stack is not read: {gap}"));
            }
            Place::Run(Err(gap)) => {
                let secrets = self.secrets.is_none().then_some("the development secrets");
                let limit = has_limit.then_some("the default age limit");
                let taken: Vec<&str> = secrets.into_iter().chain(limit).collect();
                if !taken.is_empty() {
                    found.assumed.push(format!("{}, as {gap}", taken.join(" and ")));
                }
            }
            _ => {}
        }
    }

    async fn webhooks(&self, place: &Place) -> Result<Value, OpsError> {
        let (name, document) = match (&self.secrets, place) {
            (Some(file), _) => (file.display().to_string(), text(file)?),
            (None, Place::Stack(stack)) => {
                let stack = stack.as_ref().map_err(|error| OpsError::Failed(error.to_string()))?;
                (format!("the secret of {}", stack.name), of_stack(stack).await?)
            }
            (None, Place::Run(Ok(LocalRun { secrets: Some(file), .. }))) => {
                let name = "the secrets that cargo local was given";
                let text = text(file).map_err(|error| {
                    OpsError::Failed(format!(
                        "{name}: {error} (--secrets FILE takes them from another file)"
                    ))
                })?;
                (format!("{name}: {}", file.display()), text)
            }
            (None, _) => ("the development secrets".to_owned(), DEVELOPMENT.to_owned()),
        };
        // Not in the words of a JSON reader, which may quote what it read.
        secrets::webhooks(&document)
            .ok_or_else(|| OpsError::Failed(format!("{name}: not a JSON object")))
    }
}

/// What a request is held to, where no file says it.
enum Place {
    Stack(Result<Box<Described>, OpsError>),
    /// The running `cargo local`, or why none is at hand.
    Run(Result<LocalRun, OpsError>),
    /// Neither was named.
    Nowhere,
}

impl Place {
    async fn of(target: &TargetArgs) -> Self {
        match target.stack_name() {
            Some(stack) => Self::Stack(Described::read(stack).await.map(Box::new)),
            None if target.problem().is_none() => Self::Run(LocalRun::at(target.local_dynamodb())),
            None => Self::Nowhere,
        }
    }

    fn limits(&self) -> Limits {
        match self {
            Self::Stack(Ok(stack)) => Limits::of(stack.parameters(), Source::Stack),
            Self::Run(Ok(run)) => Limits::of(run.parameters.clone(), Source::Run),
            _ => Limits::default(),
        }
    }
}

fn text(file: &Path) -> Result<String, OpsError> {
    Ok(String::from_utf8_lossy(&read(file)?).into_owned())
}

fn read(file: &Path) -> Result<Vec<u8>, OpsError> {
    let read = if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(file)
    };
    read.map_err(|error| OpsError::Failed(format!("{}: {error}", file.display())))
}

/// The webhook secrets of a deployed stack.
async fn of_stack(described: &Described) -> Result<String, OpsError> {
    let stack = &described.name;
    let id = described.output(WEBHOOK_SECRETS)?;
    let client = aws_sdk_secretsmanager::Client::new(&described.config);
    let value = client.get_secret_value().secret_id(id).send().await.map_err(|error| {
        let problem = match error.code() {
            Some("AccessDeniedException") => {
                "not allowed: secretsmanager:GetSecretValue (--secrets FILE takes them from a file)"
                    .to_owned()
            }
            Some(code) => code.to_owned(),
            // Only a failed connection is told in its own words: others may quote.
            None if matches!(
                error,
                aws_sdk_secretsmanager::error::SdkError::DispatchFailure(_)
            ) =>
            {
                causes(&error)
            }
            None => "no readable answer".to_owned(),
        };
        OpsError::Failed(format!("the secret of {stack}: {problem}"))
    })?;
    Ok(value.secret_string().unwrap_or_default().to_owned())
}

impl Diagnosis {
    /// True when the request would be let in.
    pub(crate) fn fits(&self) -> bool {
        self.fits
    }

    /// The diagnosis in sentences.
    pub(crate) fn text(&self) -> String {
        let provider = self.provider.as_deref().unwrap_or("no provider");
        let event = self.event.as_deref().map_or_else(String::new, |event| format!(", {event}"));
        let (secret, status) = (self.secret.as_deref().unwrap_or("none"), self.status);
        let head = match (self.outcome, &self.problem) {
            (Outcome::Ping, _) => {
                format!(
                    "It fits: {provider}, a ping, which needs no secret. The answer is {status}, \
                     and nothing is recorded."
                )
            }
            (_, Some(problem)) => format!(
                "It is refused: {provider}{event}. It is let in by the secret {secret}, and its \
                 body cannot be read: {problem}. The answer is {status}, and the body is kept in \
                 quarantine."
            ),
            _ if self.fits => format!(
                "It fits: {provider}{event}, by the secret {secret}. The answer is {status}."
            ),
            (outcome, None) => {
                let why = self.reason.and_then(name).or_else(|| name(outcome));
                let why = why.unwrap_or_default();
                format!("It is refused: {provider}{event}, {why}. The answer is {status}.")
            }
        };
        let mut parts = vec![wrapped(&head, 0)];
        parts.extend(self.scheme.as_ref().map(|scheme| wrapped(&format!("Scheme: {scheme}."), 0)));
        if let Some(age) = self.age_seconds {
            let age = match age {
                0.. => format!("Signed {age} s ({}) before it came in.", span(age)),
                _ => format!("Signed {} s after it came in.", -age),
            };
            let limit =
                self.age_limit.as_ref().map(|limit| format!(" Let in are {}.", limit.words()));
            parts.push(wrapped(&format!("{age}{}", limit.unwrap_or_default()), 0));
        }
        for near in &self.near {
            let misses: Vec<&str> = near.misses.iter().map(|miss| miss.text()).collect();
            let near = format!("NEAR with {}: {}.", near.secret, misses.join("; and "));
            parts.push(format!("\n{}", wrapped(&near, 0)));
        }
        if !self.notes.is_empty() {
            parts.push("\n".to_owned());
        }
        parts.extend(self.notes.iter().map(|note| {
            let end = if note.ends_with('?') { "" } else { "." };
            wrapped(&format!("Note: {note}{end}"), 0)
        }));
        parts.extend(self.assumed.iter().map(|one| wrapped(&format!("Assumed: {one}."), 0)));
        let is_unmatched = self.reason == Some(Reason::NoSecretMatches);
        if is_unmatched && self.near.is_empty() && self.notes.is_empty() {
            parts.push(format!(
                "\n{}",
                wrapped(
                    "Nothing comes near: it was signed with a key that is not here, or its body \
                     is not what was signed, byte for byte.",
                    0
                )
            ));
        }
        parts.concat()
    }
}

#[cfg(test)]
mod tests;

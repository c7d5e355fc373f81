//! How a stack is wired: for whoever has just deployed it, or wires a provider.

use std::path::PathBuf;

use ::page::Frame;
use answers::{About, Looked, ProviderWiring, Seen, Settings, UNSAID, Wiring, refusal, span};
use clap::Args;
use futures_util::future::join;
use serde::Serialize;
use shared::wire::Timestamp;

use crate::OpsError;
use crate::layout::lines;
use crate::local_run::LocalRun;
use crate::paragraph::age;
use crate::requests::latest::Latest;
use crate::target::{Described, TargetArgs};

/// The output of the stack with the address of its API.
const API_URL: &str = "ApiUrl";
/// The place of the secrets of `cargo local`.
const SECRETS_OF_LOCAL: &str = "file that cargo local was given, or local/dev-secrets.json";
/// What stands for an address that is not known.
const UNKNOWN: &str = "https://…";
/// Days that are looked at.
const DAYS: i64 = 7;

#[derive(Debug, Args)]
pub(crate) struct WiringArgs {
    /// Writes a page to look at into a file, instead of text
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

/// The answer.
#[derive(Debug, Serialize)]
pub(crate) struct Wired {
    sentence: String,
    #[serde(flatten)]
    wiring: Wiring,
}

/// Reads how a stack, or `cargo local`, is wired.
///
/// # Errors
/// [`OpsError::Failed`] when nothing at all can be read.
pub(crate) async fn wired(target: &TargetArgs) -> Result<Wired, OpsError> {
    let wiring = match target.stack_name() {
        Some(stack) => deployed(stack).await?,
        None => local(target)?,
    };
    Ok(Wired { sentence: wiring.sentence(), wiring })
}

async fn deployed(stack: &str) -> Result<Wiring, OpsError> {
    let now = Timestamp::now();
    let (described, latest) =
        join(Box::pin(Described::read(stack)), Box::pin(Latest::deployed(stack, now))).await;
    let described = described.and_then(|of| Ok((of.output(API_URL)?, of.parameters())));
    let (latest, mut gaps) = match latest {
        Ok(latest) => {
            let gaps = latest.gaps.iter().map(crate::requests::Gap::words).collect();
            (latest, gaps)
        }
        Err(error) => (Latest::default(), vec![format!("the logs: {error}")]),
    };
    let (base, settings) = match described {
        Ok((base, parameters)) => (base, Some(Settings::deployed(parameters))),
        // Without either there is nothing to tell.
        Err(error) if !latest.is_read => return Err(error),
        Err(error) => {
            gaps.push(format!("addresses and settings: {error}"));
            (UNKNOWN.to_owned(), None)
        }
    };
    let days = settings.as_ref().and_then(Settings::log_days).map_or(DAYS, |days| days.min(DAYS));
    let looked = Looked {
        period: format!("in the last {}", span(days * 86_400)),
        complete: gaps.is_empty(),
    };
    let secret = format!("secret {stack}/webhooks");
    let seen = &latest.seen;
    let mut wiring = Wiring::of(now, (&base, &secret), settings.as_ref(), seen, &looked);
    wiring.gaps = gaps;
    Ok(wiring)
}

fn local(target: &TargetArgs) -> Result<Wiring, OpsError> {
    let run = LocalRun::at(target.local_dynamodb())?;
    let mut gaps = Vec::new();
    let latest = Latest::local(&run.log).unwrap_or_else(|error| {
        gaps.push(format!("the log: {error}"));
        Latest::default()
    });
    let settings = Settings::local(run.parameters);
    let looked = Looked { period: "since it was started".into(), complete: latest.is_read };
    let place = (run.http.as_str(), SECRETS_OF_LOCAL);
    let mut wiring = Wiring::of(Timestamp::now(), place, Some(&settings), &latest.seen, &looked);
    wiring.gaps = gaps;
    Ok(wiring)
}

impl Wired {
    /// The answer as a page.
    pub(crate) fn page(&self, frame: &Frame) -> String {
        ::page::wiring(frame, &self.wiring)
    }

    /// The answer for people.
    pub(crate) fn text(&self) -> String {
        let Wiring { at, providers, settings, missing, gaps, .. } = &self.wiring;
        let mut text = lines(&self.sentence, 0);
        if !missing.is_empty() {
            text.push_str("\nTo look at\n");
        }
        text.extend(missing.iter().map(|says| lines(says, 2)));
        text.extend(providers.iter().map(|of| provider(of, *at)));
        for about in About::ALL {
            let of: Vec<_> = settings.iter().filter(|saying| saying.about == about).collect();
            if !of.is_empty() {
                text.extend(["\n", about.words(), "\n"]);
            }
            text.extend(of.iter().map(|saying| lines(&saying.says, 2)));
        }
        if !settings.is_empty() {
            let unsaid = UNSAID.join(", ");
            text.push('\n');
            text.push_str(&lines(
                &format!("Nothing is said of {unsaid}: they change no event."),
                0,
            ));
        }
        for gap in gaps {
            text.push_str(&lines(&format!("Not read: {gap}. The rest stands."), 0));
        }
        text
    }
}

fn provider(of: &ProviderWiring, now: Timestamp) -> String {
    let told = |name: &str, seen: &Option<Seen>, what: fn(&Seen) -> String| {
        let says = match seen {
            Some(seen) => format!("{} ago, {}", age(seen.at, now), what(seen)),
            None => of.none().to_owned(),
        };
        lines(&format!("{name}: {says}"), 2)
    };
    let answered = |seen: &Seen| {
        let event = seen.event_type.as_ref().map(|event| format!("{event}: "));
        let event = event.unwrap_or_default();
        format!("answered {}: {event}{}", seen.status, seen.words())
    };
    let mut text = format!("\n{}\n", of.name);
    text.push_str(&told("last event", &of.event, answered));
    text.push_str(&told("last refusal", &of.refusal, answered));
    let reason = of.refusal.as_ref().and_then(|seen| refusal(seen.reason.as_deref()?));
    text.extend(reason.map(|says| lines(says, 4)));
    let name = |seen: &Seen| seen.secret.clone().unwrap_or_default();
    text.push_str(&told("secret that vouched last", &of.vouched, name));
    for address in &of.addresses {
        text.push_str(&lines(&address.url, 2));
        text.push_str(&lines(&address.takes.join(", "), 6));
    }
    text.extend(of.token.iter().map(|says| lines(says, 2)));
    text
}

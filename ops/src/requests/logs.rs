//! The logs that tell of requests: CloudWatch's for a stack, a file for `cargo local`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::OpsError;
use crate::local_run::LocalRun;
use crate::requests::Gap;
use crate::requests::args::{GATEWAY, RequestsArgs};
use crate::requests::line::RequestSeen;
use crate::signed_in::signed_in;
use crate::target::TargetArgs;
use aws_sdk_cloudwatchlogs::Client;
use futures_util::future::join_all;
use shared::wire::Timestamp;

/// The functions that receive, as the template names their log groups.
pub(super) const FUNCTIONS: [&str; 5] =
    ["payouts", "commissions", "customers", "affiliates", "fulfilments"];
/// Most pages read of one log group, some thousands of lines each at best.
const PAGES: usize = 40;
/// The problem of a group that has more.
pub(super) const TOO_MUCH: &str = "too much to read to its end; choose a later --since";

/// The requests that were found, and what could not be read.
#[derive(Debug, Default)]
pub(super) struct Logs {
    pub(super) requests: Vec<RequestSeen>,
    /// The number of logs that were read to their end.
    pub(super) complete: usize,
    pub(super) gaps: Vec<Gap>,
}

impl Logs {
    /// True when some log was read, to its end or not, or there was none to read.
    pub(super) fn is_read(&self) -> bool {
        self.complete > 0 || !self.requests.is_empty() || self.gaps.is_empty()
    }
}

/// A log group and the lines that are asked of it.
pub(super) struct Group {
    name: String,
    pattern: Option<String>,
    read: fn(&str, Timestamp) -> Option<RequestSeen>,
}

/// The log groups of the functions that receive, and the lines that are asked of them.
pub(super) fn of_functions(stack: &str, pattern: &str) -> [Group; FUNCTIONS.len()] {
    FUNCTIONS.map(|function| Group {
        name: format!("/aws/lambda/{stack}-{function}"),
        pattern: Some(pattern.to_owned()),
        read: |line, at| RequestSeen::of_function(line, Some(at)),
    })
}

/// The log groups of a stack that tell of these requests.
pub(super) fn groups(stack: &str, asked: &RequestsArgs) -> Vec<Group> {
    let any = |field: &str, values: &[String]| {
        let values: Vec<String> =
            values.iter().map(|value| format!("$.{field} = \"{value}\"")).collect();
        format!("({})", values.join(" || "))
    };
    let outcomes: Vec<String> =
        asked.outcome.iter().filter(|outcome| *outcome != GATEWAY).cloned().collect();
    let mut conditions = vec!["$.message = \"webhook\"".to_owned()];
    if !outcomes.is_empty() {
        conditions.push(any("outcome", &outcomes));
    }
    // A name with a quotation mark would end the pattern; it is no provider's.
    if let Some(provider) = asked.provider.clone().filter(|name| !name.contains('"')) {
        conditions.push(any("provider", &[provider]));
    }
    let pattern = format!("{{ {} }}", conditions.join(" && "));
    let mut groups = Vec::new();
    if asked.outcome.is_empty() || !outcomes.is_empty() {
        groups.extend(of_functions(stack, &pattern));
    }
    let gateway = asked.outcome.is_empty() || asked.outcome.len() > outcomes.len();
    if gateway && asked.provider.is_none() {
        groups.push(Group {
            name: format!("/aws/vendedlogs/{stack}-api"),
            pattern: None,
            read: RequestSeen::of_gateway,
        });
    }
    groups
}

/// The requests of log groups of a deployed stack. A log group that is missing, or may not be
/// read, costs no other.
///
/// # Errors
/// [`OpsError::Failed`] without credentials or region.
pub(super) async fn deployed(groups: &[Group], since: Timestamp) -> Result<Logs, OpsError> {
    let client = Client::new(&signed_in().await?);
    Ok(between(&client, groups, &Span { since, until: None, pages: PAGES }).await)
}

/// A time to look at, and how much of it at most.
pub(super) struct Span {
    pub(super) since: Timestamp,
    /// `None`: up to now.
    pub(super) until: Option<Timestamp>,
    /// Most pages read of one log group.
    pub(super) pages: usize,
}

/// The requests of log groups within a time.
pub(super) async fn between(client: &Client, groups: &[Group], span: &Span) -> Logs {
    let read = join_all(groups.iter().map(|group| group.lines(client, span))).await;
    let mut logs = Logs::default();
    for (requests, gap) in read {
        logs.requests.extend(requests);
        match gap {
            Some(gap) => logs.gaps.push(gap),
            None => logs.complete += 1,
        }
    }
    logs
}

impl Group {
    /// The requests of the group, as far as it can be read.
    async fn lines(&self, client: &Client, span: &Span) -> (Vec<RequestSeen>, Option<Gap>) {
        let call = client
            .filter_log_events()
            .log_group_name(&self.name)
            .start_time(span.since.ms())
            .set_end_time(span.until.map(Timestamp::ms))
            .set_filter_pattern(self.pattern.clone());
        let (mut requests, mut token) = (Vec::new(), None);
        for _ in 0..span.pages {
            let page = match call.clone().set_next_token(token).send().await {
                Ok(page) => page,
                Err(error) => {
                    return (requests, Some(Gap::of(&self.name, &error)));
                }
            };
            for event in page.events() {
                let at = Timestamp::from_ms(event.timestamp().unwrap_or_default());
                requests.extend(event.message().and_then(|line| (self.read)(line, at)));
            }
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return (requests, None);
            }
        }
        let gap = Gap::new(&self.name, TOO_MUCH);
        (requests, Some(gap))
    }
}

/// The functions' log of the `cargo local` whose table is looked at: of that one alone, and
/// of no other that runs, or ran, beside it.
///
/// # Errors
/// [`OpsError::Failed`] when there is none at hand.
pub(super) fn local_log(target: &TargetArgs) -> Result<PathBuf, OpsError> {
    LocalRun::at(target.local_dynamodb()).map(|run| run.log)
}

/// All that a log of `cargo local` says.
///
/// # Errors
/// [`OpsError::Failed`] when it cannot be read.
pub(super) fn text(log: &Path) -> Result<String, OpsError> {
    let bytes =
        fs::read(log).map_err(|error| OpsError::Failed(format!("{}: {error}", log.display())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The requests in the functions' log of `cargo local`.
///
/// # Errors
/// [`OpsError::Failed`] when it cannot be read.
pub(super) fn local(log: &Path) -> Result<Logs, OpsError> {
    let text = text(log)?;
    let requests = text.lines().filter_map(|line| RequestSeen::of_function(line, None));
    Ok(Logs { requests: requests.collect(), complete: 1, gaps: Vec::new() })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        asked: RequestsArgs,
    }

    fn asked(words: &str) -> RequestsArgs {
        Line::parse_from(["x"].into_iter().chain(words.split_whitespace())).asked
    }

    #[test]
    fn a_group_is_asked_for_what_is_asked_of_it() {
        let patterns = |words: &str| {
            let groups = groups("s", &asked(words)).into_iter();
            groups.map(|group| (group.name, group.pattern)).collect::<Vec<_>>()
        };
        let all = patterns("");
        assert_eq!(all.len(), FUNCTIONS.len() + 1);
        assert_eq!(all[0].0, "/aws/lambda/s-payouts");
        assert_eq!(all[0].1.as_deref(), Some("{ $.message = \"webhook\" }"));
        assert_eq!(all[5], ("/aws/vendedlogs/s-api".to_owned(), None));
        let some = patterns("--outcome unauthorized,stale_valid --provider p");
        assert_eq!(some.len(), FUNCTIONS.len());
        assert_eq!(
            some[0].1.as_deref(),
            Some(
                "{ $.message = \"webhook\" && ($.outcome = \"unauthorized\" || $.outcome = \
                 \"stale_valid\") && ($.provider = \"p\") }"
            )
        );
        assert_eq!(patterns("--outcome gateway").len(), 1);
        assert_eq!(patterns("--outcome gateway,ping").len(), FUNCTIONS.len() + 1);
    }

    #[test]
    fn the_template_has_these_log_groups() {
        let template = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
        let template = fs::read_to_string(template).unwrap();
        let names = FUNCTIONS.map(|function| format!("/aws/lambda/${{AWS::StackName}}-{function}"));
        for name in names.into_iter().chain(["/aws/vendedlogs/${AWS::StackName}-api".to_owned()]) {
            assert!(template.contains(&format!("LogGroupName: !Sub {name}\n")), "{name}");
        }
    }
}

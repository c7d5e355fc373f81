//! The last event and the last refusal of each provider, from the logs.

use std::path::Path;

use answers::{Seen, Taken, outcomes};
use aws_sdk_cloudwatchlogs::Client;
use shared::provider::ALL;
use shared::wire::Timestamp;

use crate::OpsError;
use crate::requests::Gap;
use crate::requests::args::RequestsArgs;
use crate::requests::line::RequestSeen;
use crate::requests::logs::{self, Logs, Span, TOO_MUCH};
use crate::signed_in::signed_in;

/// The times to look at, in seconds back from now, one after the other: a busy stack is
/// answered by the first, and a quiet one has not much to read in the last.
const BACK: [i64; 4] = [600, 3_600, 86_400, 7 * 86_400];
/// Most pages read of one log group in one of these times.
const PAGES: usize = 10;
/// What is said of a group that has more.
const NOT_THE_LAST: &str = "too much to read to its end, so what is told may not be the last";

/// The requests among which the last ones are, and what could not be read.
#[derive(Debug, Default)]
pub(crate) struct Latest {
    pub(crate) seen: Vec<Seen>,
    pub(crate) gaps: Vec<Gap>,
    /// True when some log was read, to its end or not.
    pub(crate) is_read: bool,
}

impl Latest {
    /// Looks through the logs of a stack, back to a week ago.
    ///
    /// # Errors
    /// [`OpsError::Failed`] without credentials or region.
    pub(crate) async fn deployed(stack: &str, now: Timestamp) -> Result<Self, OpsError> {
        let client = Client::new(&signed_in().await?);
        let mut found = Self::default();
        let mut until = None;
        for back in BACK {
            let wanted = found.wanted();
            if wanted.is_empty() {
                break;
            }
            let since = now.plus_seconds(-back);
            let asked = RequestsArgs::of_outcomes(wanted);
            let span = Span { since, until, pages: PAGES };
            found.add(logs::between(&client, &logs::groups(stack, &asked), &span).await);
            if !found.is_read {
                // What may not be read may not be read further back, either.
                break;
            }
            until = Some(since);
        }
        Ok(found)
    }

    /// Reads the functions' log of `cargo local`.
    ///
    /// # Errors
    /// [`OpsError::Failed`] when there is none.
    pub(crate) fn local(log: &Path) -> Result<Self, OpsError> {
        let mut found = Self::default();
        found.add(logs::local(log)?);
        Ok(found)
    }

    /// The outcomes of which some provider has none yet.
    fn wanted(&self) -> Vec<String> {
        let has = |name: &str, of: Taken| {
            let mut seen = self.seen.iter();
            seen.any(|seen| seen.provider.as_deref() == Some(name) && seen.taken() == of)
        };
        let lacks = |of: &Taken| ALL.iter().any(|own| !has(own.provider.name(), *of));
        [Taken::Event, Taken::Refused].into_iter().filter(lacks).flat_map(outcomes).collect()
    }

    fn add(&mut self, logs: Logs) {
        self.is_read |= logs.is_read();
        self.seen.extend(logs.requests.into_iter().map(Seen::from));
        for mut gap in logs.gaps {
            if gap.problem == TOO_MUCH {
                NOT_THE_LAST.clone_into(&mut gap.problem);
            }
            if !self.gaps.contains(&gap) {
                self.gaps.push(gap);
            }
        }
    }
}

impl From<RequestSeen> for Seen {
    fn from(of: RequestSeen) -> Self {
        Self {
            at: of.at,
            provider: of.provider,
            status: of.status,
            outcome: of.outcome,
            event_type: of.event_type,
            reason: of.reason,
            problem: of.problem,
            secret: of.secret,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(provider: &str, outcome: &str) -> RequestSeen {
        let line = json!({
            "message": "webhook", "provider": provider, "outcome": outcome, "status": 200,
            "_aws": { "Timestamp": 1_790_000_000_000_i64 },
        });
        RequestSeen::of_function(&line.to_string(), None).unwrap()
    }

    #[test]
    fn what_every_provider_has_is_not_asked_for_again() {
        let of = |outcomes: &[&str]| {
            let mut found = Latest::default();
            let each = |own: &'static shared::provider::Definition| {
                outcomes.iter().map(|outcome| line(own.provider.name(), outcome))
            };
            let requests = ALL.iter().flat_map(|own| each(own)).collect();
            found.add(Logs { requests, complete: 1, gaps: Vec::new() });
            found.wanted()
        };
        assert_eq!(of(&["recorded", "unauthorized"]), [""; 0]);
        assert_eq!(of(&["recorded"]), outcomes(Taken::Refused));
        assert_eq!(of(&["unauthorized", "ping"]), outcomes(Taken::Event));
        assert_eq!(of(&[]).len(), 12);
    }

    #[test]
    fn a_gap_is_told_once_and_in_other_words_where_there_is_more() {
        let mut found = Latest::default();
        for problem in ["there is no such log group", TOO_MUCH, TOO_MUCH] {
            found.add(Logs { gaps: vec![Gap::new("a", problem)], ..Logs::default() });
        }
        let told: Vec<String> = found.gaps.iter().map(Gap::words).collect();
        assert_eq!(told, ["a: there is no such log group", &format!("a: {NOT_THE_LAST}")]);
        assert!(!found.is_read);
    }
}

//! The decisions that would do for a promise whose last call's outcome nobody knows.

use crate::invocation::line;
use crate::layout::wrapped;
use crate::paragraph::{age, counted};
use crate::parked::amount;
use crate::resume::{Resumed, decided};
use crate::target::TargetArgs;
use answers::Party;
use serde::Serialize;
use shared::fulfilment::{OperatorDecision, Promise, Resolution, Rules, State};
use shared::wire::Timestamp;

/// The words of a resolution on the command line.
fn words(resolution: Resolution) -> &'static [&'static str] {
    match resolution {
        Resolution::GoOn => &[],
        Resolution::Granted => &["--granted"],
        Resolution::NotGranted => &["--not-granted"],
        Resolution::Close => &["--close"],
        Resolution::CloseGranted => &["--close", "--granted"],
        Resolution::CloseNotGranted => &["--close", "--not-granted"],
    }
}

/// A promise of whose last call nobody knows what it came to, and the decisions that
/// would do.
#[derive(Debug, Serialize)]
pub(super) struct Ways {
    key: String,
    ways: Vec<Way>,
    /// What has to be known, as the end of "whether it was …".
    #[serde(skip)]
    question: &'static str,
}

/// A decision that would do.
#[derive(Debug, Serialize)]
struct Way {
    /// The whole command, to be copied.
    command: String,
    #[serde(flatten)]
    resumed: Resumed,
    /// True where it says that the call had its effect.
    #[serde(skip)]
    granted: bool,
}

impl Ways {
    /// The decisions that would do; `by` is the operator, where the commands have to
    /// name one.
    pub(super) fn of(args: &TargetArgs, rules: Rules, promise: &Promise, by: Option<&str>) -> Self {
        let from = promise.parked.as_ref().map_or(promise.state, |parked| parked.from);
        let question = if from == State::ReversalDue { "taken back" } else { "given" };
        let way = |resolution: Resolution| {
            let tried = OperatorDecision {
                by: by.unwrap_or_default().to_owned(),
                resolution,
                because: String::new(),
                at: Timestamp::now(),
            };
            let next = decided(promise, &tried, rules).ok()?;
            let mut command = vec!["resume", promise.key.as_str()];
            command.extend(words(resolution));
            command.extend(["--because", "WHY"]);
            command.extend(by.into_iter().flat_map(|by| ["--by", by]));
            Some(Way {
                command: line(args, &command),
                resumed: Resumed::of(promise, next.last()?),
                granted: resolution.granted() == Some(true),
            })
        };
        let ways = Resolution::ALL.into_iter().filter_map(way).collect();
        Self { key: promise.key.clone(), ways, question }
    }

    /// One message: the promise, and each whole command that would do, with what comes
    /// of it.
    pub(super) fn text(&self, promise: &Promise) -> String {
        let Self { key, ways, question } = self;
        let parked = promise.parked.as_ref();
        let terms = &promise.terms;
        let to = terms.recipient.as_ref().map(|to| Party::of(to, false).words());
        let since = parked.map_or(promise.changed_at, |parked| parked.at);
        let last = promise.retry.last_outcome.as_deref().unwrap_or("no answer");
        let tries = usize::try_from(promise.retry.attempts).unwrap_or_default();
        let asked = wrapped(
            &format!(
                "{key}: say whether it was {question}. {} to {}, parked {} ago: nobody knows what \
                 the last call came to ({last}, {}). Look in your own system whether this key was \
                 {question}, then one of:",
                amount(terms.amount.as_deref(), terms.unit.as_deref()),
                to.as_deref().unwrap_or("nobody known"),
                age(since, Timestamp::now()),
                counted(tries, "try", "tries"),
            ),
            0,
        );
        let way = |way: &Way| {
            let was = if way.granted { "was" } else { "was not" };
            let becomes = format!("if it {was} {question}, then {}", way.resumed.sentence);
            // A command stays on one line, however long, so that it can be copied.
            format!("\n  {}\n{}", way.command, wrapped(&becomes, 6))
        };
        let ways: String = ways.iter().map(way).collect();
        format!("{asked}{ways}").trim_end().to_owned()
    }
}

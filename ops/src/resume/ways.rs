//! The decisions that would do for a promise whose last call's outcome nobody knows.

use crate::invocation::line;
use crate::layout::wrapped;
use crate::paragraph::{age, counted};
use crate::parked::amount;
use crate::resume::{Resumed, decided};
use crate::target::TargetArgs;
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

/// One message: the promise, and each whole command that would do, with what comes
/// of it.
pub(super) fn text(args: &TargetArgs, rules: Rules, promise: &Promise, by: Option<&str>) -> String {
    let now = Timestamp::now();
    let parked = promise.parked.as_ref();
    let from = parked.map_or(promise.state, |parked| parked.from);
    let question = if from == State::ReversalDue { "taken back" } else { "given" };
    let terms = &promise.terms;
    let to = terms.recipient.as_ref().map_or("nobody known", |to| to.role.as_str());
    let since = parked.map_or(promise.changed_at, |parked| parked.at);
    let last = promise.retry.last_outcome.as_deref().unwrap_or("no answer");
    let asked = wrapped(
        &format!(
            "{}: say whether it was granted. {} to {to}, parked {} ago: nobody knows what the \
             last call came to ({last}, {}). Look in your own system whether this key was \
             {question}, then one of:",
            promise.key,
            amount(terms.amount.as_deref(), terms.unit.as_deref()),
            age(since, now),
            counted(usize::try_from(promise.retry.attempts).unwrap_or_default(), "try", "tries"),
        ),
        0,
    );
    let way = |resolution: Resolution| {
        let tried = OperatorDecision {
            by: by.unwrap_or_default().to_owned(),
            resolution,
            because: String::new(),
            at: now,
        };
        let next = decided(promise, &tried, rules).ok()?;
        let last = next.last()?;
        let was = if resolution.granted() == Some(true) { "it was" } else { "it was not" };
        let mut command = vec!["resume", promise.key.as_str()];
        command.extend(words(resolution));
        command.extend(["--because", "WHY"]);
        command.extend(by.into_iter().flat_map(|by| ["--by", by]));
        let becomes = format!("{was} {question}: {}", Resumed::of(promise, last).stands());
        // A command stays on one line, however long, so that it can be copied.
        Some(format!("\n  {}\n{}", line(args, &command), wrapped(&becomes, 6)))
    };
    let ways: String = Resolution::ALL.into_iter().filter_map(way).collect();
    format!("{asked}{ways}").trim_end().to_owned()
}

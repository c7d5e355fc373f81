//! The promises that wait for the operator.

use std::io::{IsTerminal, Write};

use crate::OpsError;
use crate::table::{or_dash, table};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use shared::aws::store::{OpenPromise, Store};
use shared::fulfilment::{Promise, State};
use shared::wire::Timestamp;

/// Most promises read at the same time.
const AT_ONCE: usize = 16;
/// The number of promises read between two reports of progress.
const PROGRESS: usize = 250;

/// A parked promise, without anything personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Waiting {
    key: String,
    since: Timestamp,
    from: State,
    reason: String,
    unknown: bool,
    withdrawn: bool,
    last: Option<String>,
    attempts: u32,
    amount: Option<String>,
    unit: Option<String>,
    recipient: Option<Recipient>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Recipient {
    role: String,
    id: Option<String>,
}

impl Waiting {
    fn of(promise: Promise) -> Option<Self> {
        let parked = promise.parked.filter(|_| promise.state == State::Parked)?;
        let recipient = promise.terms.recipient.map(|to| Recipient { role: to.role, id: to.id });
        Some(Self {
            key: promise.key,
            since: parked.at,
            from: parked.from,
            reason: parked.reason.to_string(),
            unknown: parked.unknown,
            withdrawn: promise.withdrawal.pending,
            last: promise.retry.last_outcome,
            attempts: promise.retry.attempts,
            amount: promise.terms.amount,
            unit: promise.terms.unit,
            recipient,
        })
    }

    fn row(&self) -> [String; 9] {
        let notes = [
            self.unknown.then_some("outcome unknown"),
            self.withdrawn.then_some("withdrawn meanwhile"),
        ];
        let notes: Vec<&str> = notes.into_iter().flatten().collect();
        let recipient = self.recipient.as_ref();
        [
            self.key.clone(),
            self.since.to_rfc3339(),
            self.from.name().to_owned(),
            self.reason.clone(),
            or_dash(Some(&notes.join(", "))),
            or_dash(self.last.as_deref()),
            self.attempts.to_string(),
            amount(self.amount.as_deref(), self.unit.as_deref()),
            recipient.map_or_else(|| "-".to_owned(), Recipient::text),
        ]
    }
}

impl Recipient {
    fn text(&self) -> String {
        format!("{} {}", self.role, or_dash(self.id.as_deref()))
    }
}

/// An amount with its unit, as text.
pub(crate) fn amount(amount: Option<&str>, unit: Option<&str>) -> String {
    format!("{} {}", or_dash(amount), or_dash(unit))
}

/// Finds the parked promises, longest parked first.
pub(crate) async fn parked(store: &Store) -> Result<Vec<Waiting>, OpsError> {
    let mut open: Vec<OpenPromise> = Vec::new();
    let mut page = None;
    loop {
        let (found, next) = store.open(State::Parked, page).await?;
        open.extend(found);
        page = next;
        if page.is_none() {
            break;
        }
    }
    let total = open.len();
    let promises = stream::iter(open)
        .map(|open| async move { store.promise(&open.keys).await })
        .buffered(AT_ONCE);
    let mut waiting: Vec<Waiting> = promises
        .enumerate()
        .map(|(n, promise)| {
            progress(n, total);
            promise
        })
        // The index may still show a promise that was resumed just now.
        .try_filter_map(|promise| async { Ok(promise.and_then(Waiting::of)) })
        .try_collect()
        .await?;
    waiting.sort_by(|a, b| (a.since, &a.key).cmp(&(b.since, &b.key)));
    Ok(waiting)
}

fn progress(done: usize, total: usize) {
    let mut out = std::io::stderr();
    if done > 0 && done.is_multiple_of(PROGRESS) && out.is_terminal() {
        // A progress report that cannot be written is dropped.
        let _ = writeln!(out, "{done} of {total} read");
    }
}

/// The table of parked promises for people.
pub(crate) fn text(waiting: &[Waiting]) -> String {
    if waiting.is_empty() {
        return "nothing is parked".into();
    }
    let head = ["KEY", "SINCE", "FROM", "REASON", "NOTE", "LAST", "TRIES", "AMOUNT", "RECIPIENT"];
    let rows: Vec<_> = waiting.iter().map(Waiting::row).collect();
    table(head, &rows)
}

#[cfg(test)]
mod tests {
    use shared::fulfilment::{ParkReason, Parked, Terms};

    use super::*;

    fn promise() -> Promise {
        let terms = Terms {
            amount: Some("500".into()),
            unit: Some("points".into()),
            recipient: Some(shared::fulfilment::Recipient {
                role: "promoter".into(),
                id: Some("660412".into()),
                reference: Some("secret-reference".into()),
                email: Some("jane@example.com".into()),
            }),
            ..Terms::default()
        };
        let at = Timestamp::from_ms(1_790_000_000_000);
        let mut promise = Promise::new("firstpromoter:1:1".into(), 1, State::Parked, terms, at);
        promise.retry.attempts = 3;
        promise.retry.last_outcome = Some("no answer".into());
        promise.parked = Some(Parked {
            from: State::Requested,
            reason: ParkReason::UnknownOutcome,
            unknown: true,
            at,
        });
        promise
    }

    #[test]
    fn a_row_says_what_a_person_needs_and_nothing_personal() {
        let waiting = [Waiting::of(promise()).unwrap()];
        let text = text(&waiting);
        let mut lines = text.lines();
        assert_eq!(
            lines.next().unwrap().split_whitespace().collect::<Vec<_>>(),
            ["KEY", "SINCE", "FROM", "REASON", "NOTE", "LAST", "TRIES", "AMOUNT", "RECIPIENT"]
        );
        assert_eq!(
            lines.next().unwrap(),
            "firstpromoter:1:1  2026-09-21T14:13:20.000Z  requested  unknown_outcome  \
             outcome unknown  no answer  3      500 points  promoter 660412"
        );
        let json = serde_json::to_string(&waiting).unwrap();
        for personal in ["jane", "secret-reference"] {
            assert!(!text.contains(personal) && !json.contains(personal));
        }
    }

    #[test]
    fn what_is_not_parked_any_more_is_left_out() {
        let mut promise = promise();
        promise.state = State::Requested;
        assert_eq!(Waiting::of(promise), None);
        assert_eq!(text(&[]), "nothing is parked");
    }

    #[test]
    fn what_is_missing_shows_as_missing() {
        let mut promise = promise();
        promise.terms = Terms::default();
        promise.retry.last_outcome = None;
        promise.withdrawal.pending = true;
        let row = Waiting::of(promise).unwrap().row();
        assert_eq!(row[4..6], ["outcome unknown, withdrawn meanwhile", "-"]);
        assert_eq!(row[7..], ["- -", "-"]);
    }
}

//! The promises that wait for the operator.

pub(crate) mod args;
pub(crate) mod causes;

use std::fmt;

use crate::OpsError;
use crate::gaps::Gaps;
use crate::gather::together;
use crate::progress::Progress;
use crate::table::{or_dash, plain, table};
use answers::{Money, Party};
use serde::Serialize;
use shared::aws::store::{MOST_KEYS, Store, StoreError};
use shared::fulfilment::{Promise, State};
use shared::ledger::ItemKeys;
use shared::wire::Timestamp;

/// The answer where no promise waits.
const NOTHING: &str = "nothing is parked";

/// What is wrong with a promise in state parked without what it was parked for.
pub(crate) const UNEXPLAINED: &str = "in state parked, but its item does not say why";

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
    campaign: Option<String>,
    recipient: Option<Recipient>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Recipient {
    role: String,
    id: Option<String>,
}

/// The parked promises that are meant. What is not said is not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) reason: Option<String>,
    pub(crate) from: Option<State>,
    pub(crate) unit: Option<String>,
    pub(crate) campaign: Option<String>,
}

impl Filter {
    fn takes(&self, waiting: &Waiting) -> bool {
        let is = |asked: &Option<String>, value: Option<&str>| {
            asked.as_ref().is_none_or(|asked| Some(asked.as_str()) == value)
        };
        is(&self.reason, Some(&waiting.reason))
            && self.from.is_none_or(|from| from == waiting.from)
            && is(&self.unit, waiting.unit.as_deref())
            && is(&self.campaign, waiting.campaign.as_deref())
    }
}

/// What is parked, longest parked first, and what could not be read of it.
#[derive(Debug, Default)]
pub(crate) struct ParkedPromises {
    pub(crate) waiting: Vec<(Promise, Waiting)>,
    pub(crate) gaps: Gaps,
}

impl ParkedPromises {
    /// Each as it is shown.
    pub(crate) fn shown(&self) -> Vec<Waiting> {
        self.waiting.iter().map(|(_, one)| one.clone()).collect()
    }

    /// Keeps what is meant, be it nothing.
    pub(crate) fn keep(&mut self, filter: &Filter) {
        self.waiting.retain(|(_, one)| filter.takes(one));
    }

    /// Keeps what is meant.
    ///
    /// # Errors
    /// [`OpsError::No`] when others wait, and none of these.
    pub(crate) fn only(mut self, filter: &Filter) -> Result<Self, OpsError> {
        let all = self.waiting.len();
        let reasons = self.waiting.iter().map(|(_, one)| one.reason.clone());
        let mut reasons: Vec<String> = reasons.collect();
        self.keep(filter);
        if *filter == Filter::default() || !self.waiting.is_empty() {
            return Ok(self);
        }
        reasons.sort();
        reasons.dedup();
        let others = match all {
            0 => "nothing is".to_owned(),
            1 => format!("1 is, for {}", reasons.concat()),
            _ => format!("{all} are, for {}", reasons.join(", ")),
        };
        let gaps = self.gaps.lines().iter().map(|gap| format!("; not read: {gap}"));
        let gaps: String = gaps.collect();
        Err(OpsError::No(plain(&format!("nothing is parked with {filter}; {others}{gaps}"))))
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = self.from.map(|from| from.name().to_owned());
        let parts = [
            ("reason", &self.reason),
            ("from", &from),
            ("unit", &self.unit),
            ("campaign", &self.campaign),
        ];
        let said = parts.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let said: Vec<String> = said.map(|(name, value)| format!("{name}={value}")).collect();
        f.write_str(&said.join(","))
    }
}

impl Waiting {
    fn of(promise: &Promise) -> Option<Self> {
        let parked = promise.parked.as_ref().filter(|_| promise.state == State::Parked)?;
        let promise = promise.clone();
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
            campaign: promise.campaign_id,
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
    /// The recipient in the words of the other answers: `customer 7120055`.
    fn text(&self) -> String {
        let Self { role, id } = self.clone();
        Party { role, id, reference: None, email: None }.words()
    }
}

/// An amount with its unit in the words of the other answers: `2 free months`.
pub(crate) fn amount(amount: Option<&str>, unit: Option<&str>) -> String {
    match (amount, unit) {
        (None, None) => "-".to_owned(),
        (amount, unit) => Money::new(amount, unit, None).to_string(),
    }
}

/// Finds the parked promises.
///
/// # Errors
/// [`OpsError::Failed`] when nothing at all can be read.
pub(crate) async fn parked(store: &Store) -> Result<ParkedPromises, OpsError> {
    let mut open: Vec<ItemKeys> = Vec::new();
    let (mut page, mut gaps) = (None, Gaps::default());
    loop {
        match store.open(State::Parked, page).await {
            Ok((found, next)) => {
                open.extend(found.into_iter().map(|one| one.keys));
                page = next;
            }
            Err(error) if open.is_empty() => return Err(error.into()),
            Err(error) => {
                gaps.add("the rest of index open-work", &error);
                page = None;
            }
        }
        if page.is_none() {
            break;
        }
    }
    let calls = open.chunks(MOST_KEYS).map(|of| async move { store.promises_at(of).await });
    let found = together(calls, "promises", &mut Progress::default()).await;
    let mut errors = found.unread.iter().map(|unread| &unread.error);
    let failed = errors.find(|error| matches!(error, StoreError::Unavailable(_)));
    if let (true, Some(error)) = (found.items.is_empty(), failed) {
        return Err(error.clone().into());
    }
    gaps.items("promise", &found.unread);
    let promises = found.items.iter().map(|(_, promise)| promise);
    let unexplained =
        promises.filter(|promise| promise.state == State::Parked && promise.parked.is_none());
    let unexplained: Vec<&str> = unexplained.map(|promise| promise.key.as_str()).collect();
    gaps.promises(&unexplained, UNEXPLAINED);
    // The index may still show a promise that was resumed just now.
    let parked = found.items.into_iter();
    let parked =
        parked.filter_map(|(_, promise)| Waiting::of(&promise).map(|waiting| (promise, waiting)));
    let mut waiting: Vec<(Promise, Waiting)> = parked.collect();
    waiting.sort_by(|(_, a), (_, b)| (a.since, &a.key).cmp(&(b.since, &b.key)));
    Ok(ParkedPromises { waiting, gaps })
}

/// The table of parked promises for people, a row for each.
pub(crate) fn rows(waiting: &[Waiting]) -> String {
    if waiting.is_empty() {
        return NOTHING.to_owned();
    }
    let head = ["KEY", "SINCE", "FROM", "REASON", "NOTE", "LAST", "TRIES", "AMOUNT", "RECIPIENT"];
    let rows: Vec<_> = waiting.iter().map(Waiting::row).collect();
    table(head, &rows)
}

/// What is told, with what could not be read.
pub(crate) fn with_gaps(told: &str, gaps: &Gaps) -> String {
    if gaps.is_empty() {
        return told.to_owned();
    }
    // That nothing is parked is not known where not all could be read.
    let told = if told == NOTHING { "nothing that can be read is parked" } else { told };
    format!("{}\n\n{}", told.trim_end(), gaps.text())
}

#[cfg(test)]
pub(crate) mod tests;

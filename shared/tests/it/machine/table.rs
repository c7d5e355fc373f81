//! The tables of the machine: where each input leads from each situation, computed
//! by the machine itself.

use super::situations::{Situation, name, parked, unparked};
use super::{again, at, decision, denied_there, stated, terms, unknown};
use crate::providers::transition;
use shared::fulfilment::{
    Assessment, Input, ParkReason, Promise, Resolution, Start, State, Terms, Transition,
};
use std::collections::{BTreeMap, BTreeSet};

/// One entry of a table: where an input leads from a situation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    pub situation: String,
    pub input: &'static str,
    pub leads: Leads,
}

/// The end of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leads {
    /// To another state.
    To(State),
    /// To the state in which the next epoch begins.
    NewEpoch(State),
    /// Nowhere yet: it is noted, and decides what the outcome of a call leads to.
    Noted,
    /// Nowhere: the operator must say more.
    Refused,
    /// Nowhere, and nothing is noted.
    Nowhere,
}

impl Leads {
    pub fn shown(self) -> String {
        match self {
            Leads::To(state) => state.name().into(),
            Leads::NewEpoch(state) => format!("{} of a new epoch", state.name()),
            Leads::Noted => "noted".into(),
            Leads::Refused => "refused".into(),
            Leads::Nowhere => "no change".into(),
        }
    }
}

/// The senders of inputs, each with its file under machine/.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sender {
    Record,
    Worker,
    Platform,
    Operator,
    Sweep,
}

impl Sender {
    pub const ALL: [Self; 5] =
        [Self::Record, Self::Worker, Self::Platform, Self::Operator, Self::Sweep];

    fn of(input: &Input) -> Self {
        match input {
            Input::Approved(_) | Input::Askable(_) | Input::Withdrawn => Self::Record,
            Input::Leased(_)
            | Input::LeasedFor { .. }
            | Input::Done
            | Input::Refused(_)
            | Input::RetryLater { .. }
            | Input::Unknown { .. }
            | Input::WorkerLost { .. } => Self::Worker,
            Input::ApprovalRequested(_)
            | Input::Found { .. }
            | Input::Contradicted { .. }
            | Input::DeniedThere { .. }
            | Input::ConfirmedByResponse => Self::Platform,
            Input::Resumed(_) => Self::Operator,
            Input::OverAge | Input::Redispatched | Input::Unwitnessed => Self::Sweep,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Worker => "worker",
            Self::Platform => "platform",
            Self::Operator => "operator",
            Self::Sweep => "sweep",
        }
    }
}

/// The name of an input in the tables.
fn input_name(promise: &Promise, input: &Input) -> &'static str {
    match input {
        Input::Approved(now) => match now.entry {
            Start::Deliver if promise.terms.differs(&now.terms) => "approved (other terms)",
            Start::Deliver => "approved",
            Start::LookUp | Start::Ask => "approved (to be asked)",
            Start::Park(_) => "approved (to be parked)",
            Start::Nothing => "approved (nothing to give)",
        },
        Input::Askable(_) => "askable",
        Input::Withdrawn => "withdrawn",
        Input::Leased(_) | Input::LeasedFor { .. } => "leased",
        Input::Done => "done",
        Input::Refused(_) => "refused",
        Input::RetryLater { .. } => "retry later",
        Input::Unknown { repeatable: true, .. } | Input::WorkerLost { repeatable: true, .. } => {
            "unknown (repeatable)"
        }
        Input::Unknown { .. } | Input::WorkerLost { .. } => "unknown",
        Input::ApprovalRequested(_) => "approval requested",
        Input::Found { entry, .. } => match entry {
            Start::Deliver | Start::Ask => "found",
            Start::LookUp => "found (still lacking)",
            Start::Park(_) => "found (to be parked)",
            Start::Nothing => "found (nothing to give)",
        },
        Input::Contradicted { .. } => "contradicted",
        Input::DeniedThere { .. } => "denied there",
        Input::ConfirmedByResponse => "confirmed by response",
        Input::Resumed(decision) => decision.resolution.name(),
        Input::OverAge => "over age",
        Input::Redispatched => "redispatched",
        Input::Unwitnessed => "unwitnessed",
    }
}

fn found(entry: Start) -> Input {
    Input::Found {
        since: None,
        asked_at: at(1),
        terms: Box::new(Terms::default()),
        campaign_id: None,
        entry,
    }
}

/// Every input that is not the operator's.
pub fn inputs() -> Vec<Input> {
    let park = || Start::Park(ParkReason::UnknownUnit);
    vec![
        stated(terms("500"), Start::Deliver),
        stated(terms("700"), Start::Deliver),
        stated(terms("500"), Start::LookUp),
        stated(terms("500"), park()),
        stated(terms("500"), Start::Nothing),
        Input::Askable(Box::new(Assessment::of(terms("500"), Start::Deliver))),
        Input::Withdrawn,
        Input::Leased(at(90)),
        Input::Done,
        Input::Refused("422".into()),
        again(),
        unknown(true),
        unknown(false),
        Input::ApprovalRequested(at(9)),
        found(Start::Deliver),
        found(Start::LookUp),
        found(park()),
        found(Start::Nothing),
        Input::Contradicted { asked_at: at(1), not_before: at(9), last: "shown otherwise".into() },
        denied_there(at(9)),
        Input::ConfirmedByResponse,
        Input::OverAge,
        Input::Redispatched,
        Input::Unwitnessed,
    ]
}

/// The row that an input and its result are.
pub fn row(promise: &Promise, input: &Input, result: &Transition) -> Row {
    let leads = match result {
        Transition::Changed(next) if next.state != promise.state => Leads::To(next.state),
        Transition::NewEpoch { next, .. } => Leads::NewEpoch(next.state),
        Transition::Changed(next) if notes(promise, next) => Leads::Noted,
        Transition::Invalid(_)
            if promise.parked.is_some() && Sender::of(input) == Sender::Operator =>
        {
            Leads::Refused
        }
        _ => Leads::Nowhere,
    };
    Row { situation: name(promise), input: input_name(promise, input), leads }
}

/// True if something is noted that was not before.
fn notes(before: &Promise, after: &Promise) -> bool {
    after.withdrawal.pending && !before.withdrawal.pending
        || after.terms_change.in_flight && !before.terms_change.in_flight
        || after.withdrawal.next_epoch.is_some() && before.withdrawal.next_epoch.is_none()
}

/// A situation of a table with the rows that are its own.
pub struct Entry {
    pub state: State,
    pub due: Option<String>,
    pub name: String,
    pub rows: Vec<(Sender, Row)>,
}

/// The entries of these situations and inputs. The plain situation of a state comes
/// first, with the rows that lead anywhere; one that follows it has only the rows
/// in which it differs.
fn entries(situations: Vec<Situation>, inputs: &[Input]) -> Vec<Entry> {
    let mut plain: BTreeMap<String, Vec<(&'static str, Leads)>> = BTreeMap::new();
    let mut entries = Vec::new();
    for Situation { promise, reversals } in situations {
        let name = name(&promise);
        let of = name.split(',').next().unwrap_or(&name).to_owned();
        let mut rows: Vec<(Sender, Row)> = inputs
            .iter()
            .map(|input| {
                let result = transition(&promise, input, reversals, at(5));
                (Sender::of(input), row(&promise, input, &result))
            })
            .collect();
        if let Some(known) = plain.get(&of) {
            rows.retain(|(_, row)| !known.contains(&(row.input, row.leads)));
        } else {
            let all = rows.iter().map(|(_, row)| (row.input, row.leads));
            plain.insert(of, all.collect());
            rows.retain(|(_, row)| row.leads != Leads::Nowhere);
        }
        let due = promise.due.as_deref().and_then(|due| Some(due.split_once('#')?.0.to_owned()));
        entries.push(Entry { state: promise.state, due, name, rows });
    }
    entries
}

/// The first table: every state but `parked`.
pub fn transitions() -> Vec<Entry> {
    entries(unparked(), &inputs())
}

/// The second table: what ends a parking.
pub fn resolutions() -> Vec<Entry> {
    let record =
        inputs().into_iter().filter(|input| matches!(input, Input::Approved(_) | Input::Withdrawn));
    let operator = Resolution::ALL.map(|resolution| Input::Resumed(decision(resolution, "x")));
    entries(parked(), &record.chain(operator).collect::<Vec<_>>())
}

/// The rows of both tables that lead anywhere.
pub fn rows() -> BTreeSet<Row> {
    let entries = transitions().into_iter().chain(resolutions());
    let rows = entries.flat_map(|entry| entry.rows.into_iter().map(|(_, row)| row));
    rows.filter(|row| row.leads != Leads::Nowhere).collect()
}

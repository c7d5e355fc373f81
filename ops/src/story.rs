//! The story of one object, in the order in which it happened here.

use std::collections::BTreeMap;

use crate::OpsError;
use crate::parked::amount;
use crate::table::{or_dash, plain, table};
use serde::Serialize;
use serde_json::Value;
use shared::aws::store::{Store, StoredEvent};
use shared::fulfilment::{OperatorDecision, ParkReason, Promise, Resolution, State};
use shared::ledger::{Kind, Partition, Record};
use shared::wire::Timestamp;

/// The facts that name no person.
const IMPERSONAL: [&str; 21] = [
    "affiliate_id",
    "amount",
    "archived_at",
    "campaign_id",
    "commission_type",
    "currency",
    "customer_id",
    "customer_since",
    "earning_type",
    "enrolment_id",
    "is_paid",
    "method",
    "occurred_at",
    "paid_at",
    "payout_batch_id",
    "payout_id",
    "payout_method_id",
    "sale_amount",
    "sale_currency",
    "sale_status",
    "status",
];

/// The story of one partition.
#[derive(Debug, Serialize)]
pub struct Story {
    partition: Partition,
    timeline: Vec<TimelineEntry>,
    record: Option<RecordNow>,
    promises: Vec<PromiseNow>,
}

#[derive(Debug, Serialize)]
struct TimelineEntry {
    at: Timestamp,
    #[serde(flatten)]
    what: TimelineKind,
}

#[derive(Debug, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum TimelineKind {
    Event(EventSeen),
    Promised {
        key: String,
    },
    Delivered {
        key: String,
    },
    #[serde(rename = "word")]
    Decided {
        key: String,
        #[serde(rename = "word")]
        decision: OperatorDecision,
    },
    Confirmed {
        key: String,
    },
    Parked {
        key: String,
        reason: ParkReason,
    },
    Entered {
        key: String,
        state: State,
    },
}

#[derive(Debug, Serialize)]
struct EventSeen {
    #[serde(rename = "type")]
    event_type: Option<String>,
    identity: Option<String>,
    changed: Vec<String>,
    version: Option<u64>,
    secret: String,
    no_promise: Option<String>,
    problem: Option<String>,
    gap: Vec<String>,
    over: Vec<String>,
    kept_with: Option<String>,
}

#[derive(Debug, Serialize)]
struct RecordNow {
    /// The status in the ledger's words.
    status: Option<String>,
    /// The status in the provider's words.
    provider_status: Option<String>,
    version: u64,
    contested: bool,
    deleted_at: Option<Timestamp>,
    announced: Option<Timestamp>,
    facts: BTreeMap<String, Value>,
    /// The number of facts that are not shown.
    hidden: usize,
}

/// A promise without its personal parts.
#[derive(Debug, Serialize)]
struct PromiseNow(Promise);

impl Story {
    /// Reads a partition. `personal` shows personal data as well.
    ///
    /// # Errors
    /// [`OpsError`] when there is nothing, or it cannot be read.
    pub async fn read(store: &Store, pk: &Partition, personal: bool) -> Result<Self, OpsError> {
        let events = store.events(pk).await?;
        let known = store.read(pk, None, &[]).await?;
        let promises = store.promises(pk).await?;
        if events.is_empty() && known.record.is_none() && promises.is_empty() {
            let kinds = Kind::ALL.map(Kind::name).join(", ");
            return Err(OpsError::No(format!(
                "nothing is recorded under {pk}; kinds are {kinds}, and inbox for what has no \
                 object"
            )));
        }
        let record = known.record.as_ref().map(|record| (record, known.status.as_deref()));
        Ok(Self::of(pk, events, record, promises, personal))
    }

    fn of(
        pk: &Partition,
        events: Vec<StoredEvent>,
        record: Option<(&Record, Option<&str>)>,
        promises: Vec<Promise>,
        personal: bool,
    ) -> Self {
        let mut timeline: Vec<TimelineEntry> =
            events.into_iter().map(TimelineEntry::event).collect();
        timeline.extend(promises.iter().flat_map(entries));
        timeline.sort_by_key(|moment| moment.at);
        let promises = promises.into_iter();
        Self {
            partition: pk.clone(),
            timeline,
            record: record.map(|(record, status)| RecordNow::of(record, status, personal)),
            promises: promises.map(|promise| PromiseNow::of(promise, personal)).collect(),
        }
    }

    /// The time line for people, then the present state of the record and its
    /// promises.
    #[must_use]
    pub fn text(&self) -> String {
        let rows: Vec<_> = self.timeline.iter().map(TimelineEntry::row).collect();
        let mut parts = vec![table(["TIME", "WHAT", "WHICH", "DETAIL"], &rows)];
        if let Some(record) = &self.record {
            parts.push(record.text());
        }
        parts.extend(self.promises.iter().map(PromiseNow::text));
        format!("{}\n\n{}", plain(&self.partition.to_string()), parts.join("\n"))
    }
}

impl TimelineEntry {
    fn event(event: StoredEvent) -> Self {
        let seen = EventSeen {
            event_type: event.event_type,
            identity: event.identity,
            changed: event.changed,
            version: event.version,
            secret: event.secret,
            no_promise: event.no_promise,
            gap: event.gap,
            over: event.over,
            kept_with: event.kept_with,
            problem: event.problem,
        };
        Self { at: event.received_at, what: TimelineKind::Event(seen) }
    }

    fn row(&self) -> [String; 4] {
        let (what, which, detail) = match &self.what {
            TimelineKind::Event(event) => return event.row(self.at),
            TimelineKind::Promised { key } => ("promised", key, String::new()),
            TimelineKind::Delivered { key } => ("delivered", key, String::new()),
            TimelineKind::Confirmed { key } => ("confirmed", key, String::new()),
            TimelineKind::Parked { key, reason } => ("parked", key, reason.to_string()),
            TimelineKind::Entered { key, state } => ("state", key, state.name().to_owned()),
            TimelineKind::Decided { key, decision } => ("word", key, decided(decision)),
        };
        [self.at.to_rfc3339(), what.to_owned(), which.clone(), detail]
    }
}

fn decided(decision: &OperatorDecision) -> String {
    let resolution = match decision.resolution {
        Resolution::GoOn => "",
        Resolution::Granted => ", had its effect",
        Resolution::NotGranted => ", had no effect",
        Resolution::Close | Resolution::CloseGranted | Resolution::CloseNotGranted => {
            " to close it as it stands"
        }
    };
    let because = match decision.because.as_str() {
        "" => String::new(),
        because => format!(": {because}"),
    };
    format!("{} resumed it{resolution}{because}", decision.by)
}

impl EventSeen {
    fn row(&self, at: Timestamp) -> [String; 4] {
        let mut detail = Vec::new();
        if let Some(problem) = &self.problem {
            detail.push(format!("quarantined, {problem}"));
        }
        if let Some(identity) = &self.identity {
            detail.push(identity.clone());
        }
        if !self.changed.is_empty() {
            detail.push(format!("changed {}", self.changed.join(", ")));
        }
        if let Some(reason) = &self.no_promise {
            detail.push(format!("no promise: {reason}"));
        }
        if !self.gap.is_empty() {
            detail.push(format!("an event before it is missing: {}", self.gap.join(", ")));
        }
        if !self.over.is_empty() {
            detail.push(format!("only in the event: {}", self.over.join(", ")));
        }
        if let Some(with) = &self.kept_with {
            detail.push(format!("kept with {with}"));
        }
        detail.push(format!("secret {}", self.secret));
        [
            at.to_rfc3339(),
            "event".to_owned(),
            or_dash(self.event_type.as_deref()),
            detail.join("; "),
        ]
    }
}

/// The entries of a promise's own time stamps and decisions.
fn entries(promise: &Promise) -> Vec<TimelineEntry> {
    let key = || promise.key.clone();
    let mut moments = vec![(promise.created_at, TimelineKind::Promised { key: key() })];
    if let Some(at) = promise.delivered_at {
        moments.push((at, TimelineKind::Delivered { key: key() }));
    }
    for decision in &promise.decisions {
        let decided = TimelineKind::Decided { key: key(), decision: decision.clone() };
        moments.push((decision.at, decided));
    }
    if let Some(at) = promise.confirmed_at {
        moments.push((at, TimelineKind::Confirmed { key: key() }));
    }
    let last = match &promise.parked {
        Some(parked) => TimelineKind::Parked { key: key(), reason: parked.reason.clone() },
        None => TimelineKind::Entered { key: key(), state: promise.state },
    };
    moments.push((promise.changed_at, last));
    let moment = |(at, what)| TimelineEntry { at, what };
    moments.into_iter().map(moment).collect()
}

impl RecordNow {
    fn of(record: &Record, status: Option<&str>, personal: bool) -> Self {
        let shown = |name: &str| personal || IMPERSONAL.contains(&name);
        let facts: BTreeMap<String, Value> = record
            .facts
            .iter()
            .filter(|(name, _)| shown(name))
            .map(|(name, register)| (name.clone(), register.value.clone()))
            .collect();
        Self {
            status: status.map(str::to_owned),
            provider_status: record.text("status").map(str::to_owned),
            version: record.version,
            contested: record.is_contested(),
            deleted_at: record.deleted_at,
            announced: record.announcement(),
            hidden: record.facts.len().saturating_sub(facts.len()),
            facts,
        }
    }

    fn text(&self) -> String {
        // What the provider says is worth a word where it says it otherwise.
        let word = self.provider_status.as_ref().filter(|word| Some(*word) != self.status.as_ref());
        let word = word.map_or_else(String::new, |word| format!(" (\"{word}\")"));
        let status = or_dash(self.status.as_deref());
        let mut line = format!("record: {status}{word}, version {}", self.version);
        if self.contested {
            line.push_str(", contested");
        }
        let mut lines = vec![line];
        for (name, value) in &self.facts {
            lines.push(format!("  {name} {}", value_text(value)));
        }
        if self.hidden > 0 {
            lines.push(format!("  {} more with --personal", self.hidden));
        }
        lines.iter().map(|line| plain(line) + "\n").collect()
    }
}

fn value_text(value: &Value) -> String {
    let part = |name: &str| value.get(name).and_then(Value::as_str);
    match (value, part("value"), part("unit")) {
        (Value::String(text), _, _) => text.clone(),
        (_, Some(number), unit @ Some(_)) => amount(Some(number), unit),
        _ => value.to_string(),
    }
}

impl PromiseNow {
    fn of(mut promise: Promise, personal: bool) -> Self {
        let again = promise.withdrawal.next_epoch.as_mut().map(|again| &mut again.terms);
        let all = [Some(&mut promise.terms), promise.terms_change.new_terms.as_mut(), again];
        let recipients = all.into_iter().flatten().filter_map(|terms| terms.recipient.as_mut());
        for recipient in recipients.filter(|_| !personal) {
            recipient.reference = None;
            recipient.email = None;
        }
        Self(promise)
    }

    fn text(&self) -> String {
        let promise = &self.0;
        let terms = &promise.terms;
        let mut lines = vec![format!("promise {}: {}", promise.key, promise.state.name())];
        let given = amount(terms.amount.as_deref(), terms.unit.as_deref());
        lines.push(match &terms.recipient {
            Some(to) => {
                let who = [&to.id, &to.reference, &to.email].into_iter().flatten();
                let who: Vec<&str> = who.map(String::as_str).collect();
                format!("  {given} to {} {}", to.role, or_dash(Some(&who.join(" "))))
            }
            None => format!("  {given} to nobody known"),
        });
        if let Some(parked) = &promise.parked {
            let unknown = if parked.unknown { ", outcome unknown" } else { "" };
            let (from, reason) = (parked.from.name(), &parked.reason);
            lines.push(format!("  parked from {from}: {reason}{unknown}"));
        }
        if promise.withdrawal.pending {
            lines.push("  its approval was withdrawn meanwhile".to_owned());
        }
        if let Some(due) = &promise.due {
            let from = promise.retry.not_before.map(Timestamp::to_rfc3339);
            let from = from.map_or(String::new(), |at| format!(", not before {at}"));
            lines.push(format!("  {due} is due{from}"));
        }
        if let Some(lease) = &promise.lease {
            lines.push(format!("  worked on until {} at most", lease.until.to_rfc3339()));
        }
        let last = or_dash(promise.retry.last_outcome.as_deref());
        lines.push(format!("  tries {}, last outcome {last}", promise.retry.attempts));
        lines.iter().map(|line| plain(line) + "\n").collect()
    }
}

#[cfg(test)]
mod tests;

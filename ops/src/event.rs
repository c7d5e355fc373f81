//! Where an event is kept of which nothing but the id is known.
//!
//! An event lies in the partition of its object, and no index tells which that is. An
//! identity that was made for it names the object; else the log of requests does.

use std::collections::BTreeMap;

use serde::Serialize;
use shared::aws::store::{Store, StoredEvent};
use shared::ledger::{Partition, event_key};
use shared::wire::Timestamp;

use crate::OpsError;
use crate::gaps::Gaps;
use crate::invocation::line;
use crate::neighbours::of_id;
use crate::paragraph::counted;
use crate::requests::RequestSeen;
use crate::requests::of_event::{LogArgs, is_of, object_of, of_event};
use crate::target::TargetArgs;

/// The outcome of the request that recorded an event.
const RECORDED: &str = "recorded";

/// An event that was found by its id.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Located {
    /// The partition of its object, or of the inbox.
    pub(crate) partition: Partition,
    #[serde(rename = "type")]
    pub(crate) event_type: Option<String>,
    /// The identity under which it is kept; else that of the log.
    pub(crate) identity: String,
    /// The time at which it was recorded; `None` where the table does not have it, or it
    /// cannot be read there.
    pub(crate) received: Option<Timestamp>,
    /// True where the table has it and it cannot be read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_unread: bool,
    /// The time of the last request that brought it, by the log.
    pub(crate) last_seen: Option<Timestamp>,
    /// The number of requests that brought it, by their outcome; empty where the log was
    /// not read.
    pub(crate) requests: BTreeMap<String, usize>,
}

/// What the log tells of an id.
#[derive(Debug, Default)]
pub(crate) struct InLog {
    pub(crate) events: Vec<Located>,
    /// The time from which on the log was read; `None` where nothing of it was.
    pub(crate) since: Option<Timestamp>,
    /// True when it was read only in part.
    pub(crate) is_part: bool,
    pub(crate) gaps: Gaps,
}

/// The events whose identity names their object, by point reads.
///
/// # Errors
/// [`OpsError::Failed`] when the table does not answer.
pub(crate) async fn by_points(
    store: &Store,
    id: &str,
    gaps: &mut Gaps,
) -> Result<Vec<Located>, OpsError> {
    let mut found = Vec::new();
    let Some(object) = object_of(id) else { return Ok(found) };
    let records = of_id(store, object).await;
    gaps.items("record", &records.unread);
    let unread = records.unread.into_iter().map(|unread| unread.keys.pk);
    for pk in records.items.into_iter().map(|record| record.pk).chain(unread) {
        found.extend(kept(store, &pk, id, gaps).await?.0);
    }
    Ok(found)
}

/// The events that the log of requests names, as the table has them.
///
/// # Errors
/// [`OpsError::Failed`] when the table does not answer.
pub(crate) async fn by_log(
    target: &TargetArgs,
    store: &Store,
    id: &str,
    log: &LogArgs,
) -> Result<InLog, OpsError> {
    let told = of_event(target, id, log).await;
    let mut places: BTreeMap<Partition, Vec<&RequestSeen>> = BTreeMap::new();
    for request in &told.requests {
        if let Some(partition) = request.partition() {
            places.entry(partition).or_default().push(request);
        }
    }
    let is_part = !told.gaps.is_empty();
    let (mut events, mut gaps) = (Vec::new(), Gaps::default());
    told.gaps.into_iter().for_each(|gap| gaps.say(gap));
    for (partition, requests) in places {
        let (mut here, unread) = kept(store, &partition, id, &mut gaps).await?;
        if let (true, Some(last)) = (here.is_empty(), requests.last()) {
            here.push(Located::gone(partition, last, &unread));
        }
        for event in &mut here {
            event.came_by(&requests);
        }
        events.extend(here);
    }
    Ok(InLog { events, since: told.since, is_part, gaps })
}

/// The events of a partition that have this id, and the sort keys of those that cannot be
/// read.
async fn kept(
    store: &Store,
    pk: &Partition,
    id: &str,
    gaps: &mut Gaps,
) -> Result<(Vec<Located>, Vec<String>), OpsError> {
    let events = store.events(pk).await?;
    gaps.items("event", &events.unread);
    let unread = events.unread.into_iter().map(|unread| unread.keys.sk).collect();
    let events = events.items.into_iter();
    Ok((events.filter_map(|event| Located::of(pk, event, id)).collect(), unread))
}

impl Located {
    fn of(partition: &Partition, event: StoredEvent, id: &str) -> Option<Self> {
        let StoredEvent { identity, event_type, received_at, .. } = event;
        let identity = identity.filter(|one| is_of(one, id, event_type.as_deref()))?;
        Some(Self {
            partition: partition.clone(),
            event_type,
            identity,
            received: Some(received_at),
            is_unread: false,
            last_seen: None,
            requests: BTreeMap::new(),
        })
    }

    /// An event that a request brought and that the table does not have, but perhaps among
    /// what cannot be read, by its sort keys.
    fn gone(partition: Partition, request: &RequestSeen, unread: &[String]) -> Self {
        let identity = request.identity().unwrap_or_default().to_owned();
        Self {
            partition,
            event_type: request.event_type().map(str::to_owned),
            is_unread: unread.contains(&event_key(&identity)),
            identity,
            received: None,
            last_seen: None,
            requests: BTreeMap::new(),
        }
    }

    /// Notes the requests that brought it, earliest first. The line of a repeated one has
    /// the identity before it was made its own, by type or version.
    fn came_by(&mut self, requests: &[&RequestSeen]) {
        for request in requests {
            let event_type = self.event_type.as_deref();
            let identity = request.identity().unwrap_or_default();
            if request.event_type() == event_type && is_of(&self.identity, identity, event_type) {
                *self.requests.entry(request.outcome().to_owned()).or_insert(0) += 1;
                self.last_seen = Some(request.at());
            }
        }
    }

    /// The command that shows it.
    pub(crate) fn show(&self, target: &TargetArgs) -> String {
        let (pk, identity) = (self.partition.to_string(), self.identity.as_str());
        if identity.starts_with('-') {
            return line(target, &["show", "--", &pk, identity]);
        }
        line(target, &["show", &pk, identity])
    }

    /// The event in a few words: its type, its time, and how it came.
    pub(crate) fn says(&self) -> String {
        let event_type = self.event_type.clone().unwrap_or_else(|| "no type".to_owned());
        let received = match (self.received, self.requests.contains_key(RECORDED)) {
            (Some(at), _) => format!("received {}", at.to_rfc3339()),
            (None, _) if self.is_unread => "kept, and cannot be read".to_owned(),
            (None, true) => "not kept any more".to_owned(),
            (None, false) => "not in the table".to_owned(),
        };
        let count = self.requests.values().sum();
        let outcomes: Vec<String> =
            self.requests.iter().map(|(name, count)| format!("{count} {name}")).collect();
        let requests = (count > 0).then(|| {
            let requests = counted(count, "request", "requests");
            let last = self.last_seen.map(|at| format!(", the last at {}", at.to_rfc3339()));
            format!("{requests} in the log: {}{}", outcomes.join(", "), last.unwrap_or_default())
        });
        let parts = [Some(event_type), Some(received), requests];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl InLog {
    /// Where was looked, in words, for whom nothing was found.
    pub(crate) fn nothing(&self, target: &TargetArgs) -> String {
        if let Some(since) = self.since {
            let log = if self.is_part { "what could be read of the log" } else { "the log" };
            return format!(
                "no request in {log} brought an event of that id since {} (--since looks further \
                 back)",
                since.to_rfc3339()
            );
        }
        // A stack's log is no file.
        let file = if target.stack_name().is_some() { "" } else { " (--log FILE)" };
        format!(
            "the id of an event alone does not say which object it is about: `story` of that \
             object tells its events, and the line of its request in the log names both{file}"
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_told_with_how_it_came() {
        let event = json!({
            "sk": "event#evt_1", "type": "payout.paid", "identity": "evt_1", "secret": "hmac[0]",
            "received_at": "2026-01-31T00:00:00Z",
        });
        let pk: Partition = "p#payout#1".parse().unwrap();
        let event: StoredEvent = serde_json::from_value(event).unwrap();
        assert!(Located::of(&pk, event.clone(), "evt_2").is_none());
        let mut located = Located::of(&pk, event, "evt_1").unwrap();
        assert_eq!(located.says(), "payout.paid, received 2026-01-31T00:00:00.000Z");
        located.requests = BTreeMap::from([("recorded".into(), 1), ("duplicate".into(), 2)]);
        located.last_seen = Timestamp::parse("2026-01-31T00:05:00Z");
        assert_eq!(
            located.says(),
            "payout.paid, received 2026-01-31T00:00:00.000Z, 3 requests in the log: 2 duplicate, 1 \
             recorded, the last at 2026-01-31T00:05:00.000Z"
        );
        located.received = None;
        assert!(located.says().starts_with("payout.paid, not kept any more, 3 requests"));
        located.requests = BTreeMap::from([("unavailable".into(), 1)]);
        assert!(located.says().starts_with("payout.paid, not in the table, 1 request in the log"));
    }

    #[test]
    fn where_nothing_was_found_it_is_said_where_was_looked() {
        let local = TargetArgs::default();
        let nothing = InLog::default().nothing(&local);
        assert!(nothing.contains("`story` of that object") && nothing.ends_with("(--log FILE)"));
        let read = InLog { since: Some(Timestamp::ZERO), ..InLog::default() };
        assert!(
            read.nothing(&local).contains("the log brought an event of that id since 1970-01-01T")
        );
        assert!(read.nothing(&local).contains("00:00:00.000Z (--since"));
        let part = InLog { is_part: true, ..read };
        assert!(
            part.nothing(&local).starts_with("no request in what could be read of the log brought")
        );
    }
}

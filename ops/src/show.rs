//! An event as it is kept, with its body.

use std::collections::BTreeMap;

use crate::OpsError;
use crate::event::{InLog, Located, by_log, by_points};
use crate::gaps::Gaps;
use crate::layout::wrapped;
use crate::masked::{masked, whole};
use crate::paragraph::counted;
use crate::requests::of_event::LogArgs;
use crate::table::{or_dash, plain, table};
use crate::target::TargetArgs;
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use shared::aws::store::{Found, KeptRequest, Store, StoredEvent};
use shared::ledger::{InboxReason, ItemKeys, Partition, event_key};
use shared::provider::ALL;
use shared::receive::body::decompress;
use shared::wire::Timestamp;
use shared::wire::json;

/// The event to show.
#[derive(Debug, Clone, Args)]
pub(crate) struct ShowArgs {
    /// The id of an event, or an object as PROVIDER#KIND#ID
    event: String,
    /// The identity of the object's event, as `story` tells it, where it has several
    identity: Option<String>,
    #[command(flatten)]
    log: LogArgs,
    /// Shows personal data as well
    #[arg(long)]
    personal: bool,
}

/// A kept event. Bodies are kept redacted; without being asked for, nothing in them
/// that may name a person is shown.
#[derive(Debug, Serialize)]
pub(crate) struct Shown {
    object: Partition,
    #[serde(rename = "type")]
    event_type: Option<String>,
    identity: Option<String>,
    received: Timestamp,
    secret: String,
    inbox: Option<InboxReason>,
    problem: Option<String>,
    length: Option<u64>,
    sha256: Option<String>,
    truncated: bool,
    headers: BTreeMap<String, String>,
    /// The body, where it is JSON.
    body: Option<Value>,
    /// The body as text, where it is not.
    text: Option<String>,
    /// The number of values that are not shown.
    hidden: usize,
    /// Why there is no body.
    no_body: Option<String>,
}

impl Shown {
    /// Reads the event that is asked for.
    ///
    /// # Errors
    /// [`OpsError::No`] when there is none of that name, or several.
    pub(crate) async fn read(
        target: &TargetArgs,
        store: &Store,
        asked: &ShowArgs,
    ) -> Result<Self, OpsError> {
        let object: Option<Partition> = asked.event.parse().ok();
        let inboxes = ALL.iter().map(|known| Partition::inbox(known.provider, &asked.event));
        for pk in object.into_iter().chain(inboxes) {
            let events = events(store, &pk).await?;
            if !events.items.is_empty() {
                return Self::among(store, pk, &events, asked.identity.as_deref(), asked.personal)
                    .await;
            }
        }
        let Located { partition, identity, .. } = located(target, store, asked).await?;
        Self::at(store, partition, Some(&identity), asked.personal).await
    }

    /// Reads an event of a partition, by its identity where there are several.
    ///
    /// # Errors
    /// [`OpsError::No`] when there is none of that identity, or several.
    pub(crate) async fn at(
        store: &Store,
        pk: Partition,
        identity: Option<&str>,
        personal: bool,
    ) -> Result<Self, OpsError> {
        let events = events(store, &pk).await?;
        if events.items.is_empty() {
            return Err(OpsError::No(plain(&format!("nothing is kept under {pk}"))));
        }
        Self::among(store, pk, &events, identity, personal).await
    }

    async fn among(
        store: &Store,
        pk: Partition,
        events: &Found<StoredEvent>,
        identity: Option<&str>,
        personal: bool,
    ) -> Result<Self, OpsError> {
        let wanted = |event: &&StoredEvent| match identity {
            Some(identity) => {
                event.sk == event_key(identity) || event.identity.as_deref() == Some(identity)
            }
            None => true,
        };
        let fitting: Vec<&StoredEvent> = events.items.iter().filter(wanted).collect();
        let asked = identity.map(event_key);
        let unread = events.unread.iter().find(|of| Some(&of.keys.sk) == asked.as_ref());
        let event = match (fitting.as_slice(), unread) {
            // Without an identity, one that cannot be read may be the one that is meant.
            ([event], _) if identity.is_some() || events.unread.is_empty() => event,
            ([], Some(unread)) => return Err(unread.error.clone().into()),
            _ => return Err(OpsError::No(which(&pk, events, identity.is_some()))),
        };
        let keys = ItemKeys { pk, sk: event.sk.clone() };
        let kept = store.kept_request(&keys).await?;
        let kept = kept.ok_or_else(|| OpsError::No("it is gone by now".into()))?;
        Ok(Self::of(keys.pk, kept, personal))
    }

    fn of(object: Partition, kept: KeptRequest, personal: bool) -> Self {
        let KeptRequest { event, headers, sha256, body, truncated } = kept;
        let mut shown = Self {
            object,
            event_type: event.event_type,
            identity: event.identity,
            received: event.received_at,
            secret: event.secret,
            inbox: event.inbox,
            problem: event.problem,
            length: event.length,
            sha256,
            truncated,
            headers,
            body: None,
            text: None,
            hidden: 0,
            no_body: None,
        };
        let bytes = body.as_deref().map(decompress);
        match (bytes, event.kept_with) {
            (Some(Some(bytes)), _) => shown.put(&bytes, personal),
            (Some(None), _) => shown.no_body = Some("its body cannot be unpacked".into()),
            (None, Some(with)) => shown.no_body = Some(format!("its body is kept with {with}")),
            (None, None) => shown.no_body = Some("it has no body".into()),
        }
        shown
    }

    fn put(&mut self, bytes: &[u8], personal: bool) {
        match json::read(bytes) {
            Ok(read) if personal => self.body = Some(whole(&read.json)),
            Ok(read) => {
                let (body, hidden) = masked(&read.json);
                self.body = Some(body);
                self.hidden = hidden;
            }
            Err(_) if personal => {
                self.text = Some(String::from_utf8_lossy(bytes).into_owned());
            }
            Err(_) => {
                let bytes = counted(bytes.len(), "byte", "bytes");
                self.no_body = Some(format!(
                    "{bytes} that are no JSON, kept as they came; --personal shows them"
                ));
            }
        }
    }

    /// The event as a page.
    pub(crate) fn page(&self, frame: &page::Frame) -> String {
        let named = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut about: Vec<(String, String)> = Vec::new();
        about.extend(self.identity.as_ref().map(|identity| named("Identity", identity)));
        about.push(named("Secret", &self.secret));
        about.extend(self.problem.as_ref().map(|problem| named("Quarantined", problem)));
        about.extend(self.headers.iter().map(|(name, value)| named(name, value)));
        let notes = [self.size(), self.no_body.clone(), self.hides()];
        let body = self.body.as_ref().map(written).or_else(|| self.text.clone());
        let kept = page::KeptEvent {
            partition: self.object.clone(),
            event_type: self.event_type.clone(),
            received: self.received,
            about,
            notes: notes.into_iter().flatten().map(|note| sentence(&note)).collect(),
            body,
        };
        page::show(frame, &kept)
    }

    /// The length of what came, and whether all of it is kept.
    fn size(&self) -> Option<String> {
        let rest = if self.truncated { ", of which the beginning is kept" } else { "" };
        self.length.map(|length| format!("{length} bytes{rest}"))
    }

    /// How much is hidden, where anything is.
    fn hides(&self) -> Option<String> {
        let hidden = counted(self.hidden, "value is", "values are");
        (self.hidden > 0).then(|| format!("{hidden} hidden; --personal shows them"))
    }

    /// The event in a few lines, then its body.
    pub(crate) fn text(&self) -> String {
        let event_type = or_dash(self.event_type.as_deref());
        let received = self.received.to_rfc3339();
        let mut lines = vec![
            self.object.to_string(),
            format!("{event_type}, received {received}, secret {}", self.secret),
        ];
        let identity = self.identity.as_ref().map(|identity| format!("identity {identity}"));
        lines.extend(identity);
        lines.extend(self.problem.as_ref().map(|problem| format!("quarantined: {problem}")));
        lines.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        lines.extend(self.size());
        lines.extend(self.no_body.clone());
        let mut text: String = lines.iter().map(|line| wrapped(line, 0)).collect();
        if let Some(body) = &self.body {
            text.push('\n');
            text.push_str(&written(body));
            text.push('\n');
        }
        if let Some(body) = &self.text {
            text.push('\n');
            text.extend(body.lines().flat_map(|line| [plain(line), "\n".to_owned()]));
        }
        text.extend(self.hides().map(|hidden| wrapped(&hidden, 0)));
        text
    }
}

/// The events of a partition, with what cannot be read.
///
/// # Errors
/// [`OpsError::Failed`] when there are some, and none can be.
async fn events(store: &Store, pk: &Partition) -> Result<Found<StoredEvent>, OpsError> {
    let events = store.events(pk).await?;
    match events.unread.first() {
        Some(unread) if events.items.is_empty() => Err(unread.error.clone().into()),
        _ => Ok(events),
    }
}

/// A body to be read.
fn written(body: &Value) -> String {
    serde_json::to_string_pretty(body).unwrap_or_default()
}

/// A note as a sentence.
fn sentence(note: &str) -> String {
    let mut chars = note.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}

/// The event of an object that has the id.
///
/// # Errors
/// [`OpsError::No`] when there is none, or several.
async fn located(
    target: &TargetArgs,
    store: &Store,
    asked: &ShowArgs,
) -> Result<Located, OpsError> {
    let id = &asked.event;
    let mut gaps = Gaps::default();
    let named = by_points(store, id, &mut gaps).await?;
    let mut told = match named.as_slice() {
        [] => by_log(target, store, id, &asked.log).await?,
        _ => InLog { events: named, ..InLog::default() },
    };
    told.gaps.extend(&gaps);
    let (kept, gone): (Vec<Located>, Vec<Located>) =
        told.events.iter().cloned().partition(|event| event.received.is_some());
    let problem = match (kept.as_slice(), gone.as_slice()) {
        ([one], _) => return Ok(one.clone()),
        ([], []) => {
            let gaps = told.gaps.lines().iter().map(|gap| format!("; not read: {gap}"));
            let gaps = gaps.collect::<String>();
            format!(
                "nothing is kept under {id}, and {}{gaps}. Name an event by its object, \
                 PROVIDER#KIND#ID",
                told.nothing(target)
            )
        }
        ([], [one, ..]) => format!("{id} of {}: {}", one.partition, one.says()),
        (several, _) => {
            let commands = several.iter().map(|event| format!("\n  {}", event.show(target)));
            return Err(OpsError::No(format!(
                "several events have the id {}{}",
                plain(id),
                commands.collect::<String>()
            )));
        }
    };
    Err(OpsError::No(plain(&problem)))
}

/// The answer where not one event is meant.
fn which(pk: &Partition, events: &Found<StoredEvent>, named: bool) -> String {
    let rows: Vec<[String; 3]> = events
        .items
        .iter()
        .map(|event| {
            let identity = event.identity.as_deref().or(event.sk.strip_prefix("event#"));
            [
                event.received_at.to_rfc3339(),
                or_dash(event.event_type.as_deref()),
                or_dash(identity),
            ]
        })
        .collect();
    let problem = match (named, events.unread.is_empty()) {
        (true, true) => "has no such event",
        (true, false) => "has no such event that can be read",
        (false, _) => "has several events, which one?",
    };
    let table = table(["RECEIVED", "TYPE", "IDENTITY"], &rows);
    let mut gaps = Gaps::default();
    gaps.items("event", &events.unread);
    let gaps = gaps.lines().iter().map(|gap| wrapped(&format!("Not read: {gap}."), 0));
    format!("{} {problem}\n\n{table}{}", plain(&pk.to_string()), gaps.collect::<String>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::receive::body::compress;

    use super::*;

    fn kept(body: Option<&[u8]>) -> KeptRequest {
        let event = json!({
            "sk": "event#e1", "type": "payout.paid", "identity": "e1", "secret": "hmac[0]",
            "received_at": "2026-01-31T00:00:00Z", "length": 70,
        });
        KeptRequest {
            event: serde_json::from_value(event).unwrap(),
            headers: BTreeMap::from([("user-agent".into(), "sender/1".into())]),
            sha256: None,
            body: body.map(|body| compress(body).unwrap()),
            truncated: false,
        }
    }

    fn shown(kept: KeptRequest, personal: bool) -> Shown {
        Shown::of("p#payout#1".parse().unwrap(), kept, personal)
    }

    #[test]
    fn a_body_names_nobody_unless_asked() {
        let body = br#"{"id":1,"email":"jane@orchid.example"}"#;
        let text = shown(kept(Some(body)), false).text();
        assert!(
            text.starts_with(
                "p#payout#1\npayout.paid, received 2026-01-31T00:00:00.000Z, secret hmac[0]\n\
                 identity e1\nuser-agent: sender/1\n70 bytes\n\n{\n"
            ),
            "{text}"
        );
        assert!(text.ends_with("}\n1 value is hidden; --personal shows them\n"), "{text}");
        assert!(!text.contains("jane"));
        let text = shown(kept(Some(body)), true).text();
        assert!(text.contains("\"email\": \"jane@orchid.example\"") && !text.contains("hidden"));
        // What is no JSON may be anything.
        let odd = b"{\"email\":\"jane@orchid.example\"\x1b";
        let text = shown(kept(Some(odd)), false).text();
        assert!(text.contains("31 bytes that are no JSON") && !text.contains("jane"), "{text}");
        let text = shown(kept(Some(odd)), true).text();
        assert!(text.contains("jane@orchid.example\"\u{fffd}\n"), "{text}");
    }

    #[test]
    fn a_body_that_is_elsewhere_or_spoilt_is_said_to_be() {
        let mut elsewhere = kept(None);
        elsewhere.event.kept_with = Some("p#payout#2".into());
        assert!(shown(elsewhere, false).text().contains("its body is kept with p#payout#2\n"));
        assert!(shown(kept(None), false).text().contains("it has no body"));
        let spoilt = KeptRequest { body: Some(b"\xff\xff".to_vec()), ..kept(None) };
        assert!(shown(spoilt, false).text().contains("cannot be unpacked"));
    }
}

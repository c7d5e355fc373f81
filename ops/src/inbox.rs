//! The inbox: what came in rightly signed and changed no record.

use std::collections::BTreeMap;

use crate::OpsError;
use crate::gaps::Gaps;
use crate::layout::wrapped;
use crate::paragraph::counted;
use crate::table::{or_dash, table};
use clap::Args;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use shared::aws::store::{InboxItem, Store, StoredEvent};
use shared::ledger::{InboxReason, Partition};
use shared::wire::Timestamp;

/// Most items read at the same time.
const AT_ONCE: usize = 16;

/// The part of the inbox to list.
#[derive(Debug, Clone, Args)]
pub(crate) struct InboxArgs {
    /// The most that are listed, latest first
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

/// The inbox, latest first.
#[derive(Debug, Serialize)]
pub(crate) struct Inbox {
    items: Vec<Kept>,
    /// True when there is more than is listed.
    more: bool,
    /// What could not be read.
    #[serde(skip_serializing_if = "Gaps::is_empty")]
    gaps: Gaps,
}

/// An item of the inbox, without its body.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Kept {
    received: Timestamp,
    why: InboxReason,
    provider: String,
    #[serde(rename = "type")]
    event_type: Option<String>,
    /// What is wrong with it.
    problem: Option<String>,
    /// The address at which it came in, without a token.
    route: Option<String>,
    length: Option<u64>,
    secret: String,
    /// The id by which `show` shows it.
    id: String,
    #[serde(skip)]
    partition: Partition,
    #[serde(skip)]
    identity: Option<String>,
}

impl InboxArgs {
    /// The latest.
    pub(crate) fn of(limit: u32) -> Self {
        Self { limit }
    }
}

impl Inbox {
    /// Lists the inbox by the index.
    ///
    /// # Errors
    /// [`OpsError::Failed`] when it cannot be read.
    pub(crate) async fn read(store: &Store, asked: &InboxArgs) -> Result<Self, OpsError> {
        let limit = usize::try_from(asked.limit).unwrap_or(usize::MAX);
        let (mut listed, mut page) = store.inbox(None).await?;
        while let Some(next) = page.take_if(|_| listed.len() <= limit) {
            let (found, after) = store.inbox(Some(next)).await?;
            listed.extend(found);
            page = after;
        }
        let more = page.is_some() || listed.len() > limit;
        listed.truncate(limit);
        let read = stream::iter(listed)
            .map(
                |item| async move { Ok::<_, OpsError>((store.events(&item.keys.pk).await?, item)) },
            )
            .buffered(AT_ONCE);
        let read: Vec<_> = read.try_collect().await?;
        let (mut items, mut gaps) = (Vec::new(), Gaps::default());
        for (events, item) in read {
            gaps.items("event", &events.unread);
            items.extend(Kept::of(&item, events.items));
        }
        Ok(Self { items, more, gaps })
    }

    fn sorts(&self) -> BTreeMap<&'static str, (usize, InboxReason)> {
        let mut sorts = BTreeMap::new();
        for item in &self.items {
            sorts.entry(item.why.name()).or_insert((0, item.why)).0 += 1;
        }
        sorts
    }

    /// The items and their sorts in one sentence; `how` says how more of them are shown.
    fn sentence(&self, how: &str) -> String {
        let parts: Vec<String> =
            self.sorts().iter().map(|(name, (count, _))| format!("{count} {name}")).collect();
        let items = counted(self.items.len(), "item", "items");
        let more = if self.more { format!("; there are more, {how}") } else { String::new() };
        format!("{items} in the inbox, latest first: {}{more}.", parts.join(", "))
    }

    /// The inbox as a page.
    pub(crate) fn page(&self, frame: &page::Frame) -> String {
        let rows: Vec<page::InboxRow> = self.items.iter().map(Kept::view).collect();
        let sorts = self.sorts().into_iter();
        let advice: Vec<(String, String)> = sorts
            .map(|(name, (_, why))| (name.replace('_', " "), what_to_do(why).replace('`', "")))
            .collect();
        let sentence = match self.items.as_slice() {
            [] if self.gaps.is_empty() => "Nothing is in the inbox.".to_owned(),
            _ => self.sentence("`inbox --limit` lists them").replace('`', ""),
        };
        page::inbox(frame, &sentence, &rows, &advice, self.gaps.lines())
    }

    /// One sentence, the items, and what to do with each sort of them.
    pub(crate) fn text(&self) -> String {
        if self.items.is_empty() && self.gaps.is_empty() {
            return "nothing is in the inbox".to_owned();
        }
        let counts = self.sorts();
        let sentence = self.sentence("--limit lists them");
        let rows: Vec<_> = self.items.iter().map(Kept::row).collect();
        let table = table(["RECEIVED", "WHY", "PROVIDER", "WHAT", "ID, FOR show"], &rows);
        let advice = counts
            .iter()
            .map(|(name, (_, why))| wrapped(&format!("{name}: {}", what_to_do(*why)), 0));
        let advice = advice.chain([self.gaps.text()]);
        format!("{}\n{table}\n{}", wrapped(&sentence, 0), advice.collect::<String>())
    }
}

impl Kept {
    /// `None` for an item that is gone by now.
    fn of(item: &InboxItem, events: Vec<StoredEvent>) -> Option<Self> {
        let event = events.into_iter().find(|event| event.sk == item.keys.sk)?;
        Some(Self {
            received: event.received_at,
            // An item from before it was said is one that could not be read.
            why: event.inbox.unwrap_or(InboxReason::Quarantined),
            provider: item.keys.pk.provider().to_owned(),
            event_type: event.event_type,
            problem: event.problem,
            route: event.route,
            length: event.length,
            secret: event.secret,
            id: item.keys.pk.id().to_owned(),
            partition: item.keys.pk.clone(),
            identity: event.identity,
        })
    }

    /// The type and what is wrong.
    fn what(&self) -> String {
        let what = [&self.event_type, &self.problem];
        let what: Vec<&str> = what.into_iter().flatten().map(String::as_str).collect();
        what.join("; ")
    }

    fn view(&self) -> page::InboxRow {
        page::InboxRow {
            partition: self.partition.clone(),
            identity: self.identity.clone(),
            received: self.received,
            why: self.why.name().replace('_', " "),
            what: self.what(),
            route: self.route.clone(),
        }
    }

    fn row(&self) -> [String; 5] {
        let received = self.received.to_rfc3339();
        let seconds = received.split('.').next().unwrap_or(&received);
        [
            format!("{seconds}Z"),
            self.why.name().to_owned(),
            self.provider.clone(),
            or_dash(Some(&self.what())),
            self.id.clone(),
        ]
    }
}

/// What to do with an item.
fn what_to_do(why: InboxReason) -> &'static str {
    match why {
        InboxReason::Quarantined => {
            "rightly signed, and not to be read: WHAT names the field. It was answered 400. One is \
             a hiccup, and the provider's next try succeeds. Every event of a type means that the \
             provider changed its format: adapt its folder, deploy, and let it be sent again. Kept \
             for 14 days."
        }
        InboxReason::UnknownType => {
            "recorded and answered 200, and nothing was done with it: its type is in no list, or \
             its body has the format of another address of the vendor. Look what it is with \
             `show`; where it matters, give the webhook the address of its format, or add the type \
             to the provider's folder."
        }
        InboxReason::Test => {
            "the provider's test button; its address and its secret are right. Nothing to do."
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::ledger::ItemKeys;

    use super::*;

    fn kept(sk: &str, more: &serde_json::Value) -> Option<Kept> {
        let pk: Partition = "p#inbox#e#1".parse().unwrap();
        let keys = ItemKeys { pk, sk: "event#e#1".into() };
        let mut event = json!({
            "sk": sk, "secret": "hmac[0]", "received_at": "2026-01-31T00:00:00Z",
        });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let events = vec![serde_json::from_value(event).unwrap()];
        Kept::of(&InboxItem { keys, received: None }, events)
    }

    #[test]
    fn each_item_is_listed_with_what_to_do() {
        let items = [
            json!({ "type": "x.y", "inbox": "unknown_type" }),
            json!({ "problem": "data.id: is missing" }),
            json!({ "type": "x.test", "inbox": "test" }),
            json!({ "type": "x.test", "inbox": "test" }),
        ];
        let items = items.iter().filter_map(|more| kept("event#e#1", more)).collect();
        let text = Inbox { items, more: true, gaps: Gaps::default() }.text();
        for part in [
            "4 items in the inbox, latest first: 1 quarantined, 2 test, 1 unknown_type; there are more",
            "2026-01-31T00:00:00Z  unknown_type  p         x.y                  e#1\n",
            "  data.id: is missing  e#1\n",
            "\ntest: the provider's test button",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        assert_eq!(text.matches("test: the provider's").count(), 1);
        assert_eq!(kept("event#other", &json!({})), None);
        assert_eq!(
            Inbox { items: Vec::new(), more: false, gaps: Gaps::default() }.text(),
            "nothing is in the inbox"
        );
    }
}

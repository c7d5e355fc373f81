//! What has an id, whatever it is an id of: by point reads, and an event by the log of
//! requests too.

use answers::{Money, Reward, Role};
use clap::Args;
use futures_util::{StreamExt, stream};
use serde::Serialize;
use shared::aws::store::{Found, Store, StoreError, StoredEvent, StoredRecord, Unread};
use shared::ledger::{ItemKeys, Kind, Partition};
use shared::provider::ALL;
use shared::wire::Timestamp;

use crate::OpsError;
use crate::event::{InLog, Located, by_log, by_points};
use crate::gaps::Gaps;
use crate::gather::rewards_of;
use crate::invocation::line;
use crate::key::Key;
use crate::layout::lines;
use crate::neighbours::{affiliates_of_id, best, of_id};
use crate::requests::of_event::LogArgs;
use crate::table::plain;
use crate::target::TargetArgs;

/// What is said of an affiliate who is only known by what belongs to them.
const UNRECORDED: &str = "not recorded, but named by others";
/// What the `webhook-id` of a reversal ends with, after the key.
const REVERSAL: &str = ":reverse";
/// Most calls at the same time.
const AT_ONCE: usize = 8;

#[derive(Debug, Args)]
pub(crate) struct FindArgs {
    /// A key or webhook-id, or the provider's id of a commission, payout, customer,
    /// affiliate, fulfilment or anything else that is recorded, or of an event
    id: String,
    #[command(flatten)]
    log: LogArgs,
    /// Shows personal data as well
    #[arg(long)]
    personal: bool,
}

/// All that has an id.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Findings {
    id: String,
    objects: Vec<Object>,
    /// The events of that id, but for those in the inbox.
    events: Vec<Located>,
    /// The time from which on the log of requests was read, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    log_since: Option<Timestamp>,
    /// The rewards that were promised to a customer of that id.
    rewards: Vec<Reward>,
    /// That customer, of each provider who promised any.
    #[serde(skip)]
    customers: Vec<Partition>,
    /// What could not be read.
    gaps: Gaps,
}

/// An object, or something in the inbox.
#[derive(Debug, Serialize)]
struct Object {
    partition: Partition,
    /// False of an affiliate who is only known by what belongs to them.
    is_recorded: bool,
    status: Option<String>,
    amount: Option<Money>,
    rewards: Vec<Reward>,
    /// What is in the inbox under that id.
    #[serde(skip_serializing_if = "Option::is_none")]
    inbox: Option<String>,
}

impl FindArgs {
    /// Looks everywhere.
    ///
    /// # Errors
    /// [`OpsError::No`] when nothing has the id.
    pub(crate) async fn findings(
        &self,
        target: &TargetArgs,
        store: &Store,
    ) -> Result<Findings, OpsError> {
        findings(target, store, &self.id, &self.log, self.personal).await
    }
}

/// Looks everywhere for an id.
///
/// # Errors
/// [`OpsError::No`] when nothing has it.
pub(crate) async fn findings(
    target: &TargetArgs,
    store: &Store,
    id: &str,
    log: &LogArgs,
    personal: bool,
) -> Result<Findings, OpsError> {
    let asked = id.trim();
    let mut found = Findings { id: asked.to_owned(), ..Findings::default() };
    let key = asked.strip_suffix(REVERSAL).unwrap_or(asked);
    if let Ok(key) = key.parse::<Key>() {
        found.key(store, &key, personal).await?;
    }
    if let Ok(pk) = asked.parse::<Partition>() {
        let records = store.records(std::slice::from_ref(&pk)).await;
        found.objects(store, records, personal).await?;
    }
    let records = of_id(store, asked).await;
    found.objects(store, records, personal).await?;
    found.affiliates(store, asked).await;
    found.inbox(store, asked).await?;
    found.customer(store, asked, personal).await;
    found.events = by_points(store, asked, &mut found.gaps).await?;
    if log.since.is_some() || found.is_nothing() {
        let told = by_log(target, store, asked, log).await?;
        found.gaps.extend(&told.gaps);
        if told.events.is_empty() && found.is_nothing() {
            let read = if found.gaps.is_empty() { "" } else { " that can be read" };
            let gaps = found.gaps.lines().iter().map(|gap| format!("; not read: {gap}"));
            let gaps = gaps.collect::<String>();
            return Err(OpsError::No(plain(&format!(
                "nothing{read} has the id {asked}; {}{gaps}",
                told.nothing(target)
            ))));
        }
        found.in_log(told);
    }
    let of_events: Vec<Partition> =
        found.events.iter().map(|event| event.partition.clone()).collect();
    let records = store.records(&of_events).await;
    found.objects(store, records, personal).await?;
    Ok(found)
}

impl Findings {
    fn is_nothing(&self) -> bool {
        self.objects.is_empty() && self.rewards.is_empty() && self.events.is_empty()
    }

    /// Takes in what the log tells, of which some may be there already.
    fn in_log(&mut self, told: InLog) {
        self.log_since = told.since;
        for event in told.events {
            // What is in the inbox is told with it.
            if self.objects.iter().any(|of| of.inbox.is_some() && of.partition == event.partition) {
                continue;
            }
            let is_same = |known: &Located| {
                (&known.partition, &known.identity) == (&event.partition, &event.identity)
            };
            self.events.retain(|known| !is_same(known));
            self.events.push(event);
        }
    }

    /// Names what could not be read.
    ///
    /// # Errors
    /// [`OpsError::Failed`] when the table does not answer: nothing would be found.
    fn unread(&mut self, what: &str, unread: &[Unread]) -> Result<(), OpsError> {
        let mut errors = unread.iter().map(|unread| &unread.error);
        if let Some(error) = errors.find(|error| matches!(error, StoreError::Unavailable(_))) {
            return Err(error.clone().into());
        }
        self.gaps.items(what, unread);
        Ok(())
    }

    async fn key(&mut self, store: &Store, key: &Key, personal: bool) -> Result<(), OpsError> {
        let keys = key.item();
        let records = store.records(std::slice::from_ref(&keys.pk)).await;
        let promises = store.promises_at(std::slice::from_ref(&keys)).await;
        self.unread("record", &records.unread)?;
        self.unread("promise", &promises.unread)?;
        let Some((_, promise)) = promises.items.first() else {
            // It is there all the same, and its object may be read.
            let object = if promises.unread.is_empty() { Found::default() } else { records };
            return self.objects(store, object, personal).await;
        };
        let reward = Reward::of(&keys.pk, promise, personal);
        let record = records.items.first();
        self.objects.push(Object {
            partition: keys.pk,
            is_recorded: true,
            status: record.and_then(|record| record.status.clone()),
            amount: record.and_then(|record| Money::of_record(&record.record)),
            rewards: vec![reward],
            inbox: None,
        });
        Ok(())
    }

    async fn objects(
        &mut self,
        store: &Store,
        records: Found<StoredRecord>,
        personal: bool,
    ) -> Result<(), OpsError> {
        self.unread("record", &records.unread)?;
        for found in records.items {
            if self.objects.iter().any(|object| object.partition == found.pk) {
                continue;
            }
            let is_reward = rewards_of(found.pk.provider())
                .is_some_and(|rewards| rewards.kind.name() == found.pk.kind());
            let promises =
                if is_reward { store.promises(&found.pk).await? } else { Found::default() };
            self.unread("promise", &promises.unread)?;
            let rewards =
                promises.items.iter().map(|promise| Reward::of(&found.pk, promise, personal));
            self.objects.push(Object {
                rewards: rewards.collect(),
                amount: Money::of_record(&found.record),
                is_recorded: true,
                status: found.status,
                partition: found.pk,
                inbox: None,
            });
        }
        Ok(())
    }

    /// Affiliates of whom there is no record, but something that belongs to them.
    async fn affiliates(&mut self, store: &Store, id: &str) {
        let (affiliates, gaps) = affiliates_of_id(store, id).await;
        self.gaps.extend(&gaps);
        for partition in affiliates {
            if self.objects.iter().all(|object| object.partition != partition) {
                self.objects.push(Object {
                    partition,
                    is_recorded: false,
                    status: None,
                    amount: None,
                    rewards: Vec::new(),
                    inbox: None,
                });
            }
        }
    }

    /// The inbox of every provider, which is by the identity of the event.
    async fn inbox(&mut self, store: &Store, id: &str) -> Result<(), OpsError> {
        let inboxes = ALL.iter().map(|own| Partition::inbox(own.provider, id));
        let calls = inboxes.map(|pk| async move {
            let events = store.events(&pk).await;
            events.map(|events| (pk, events))
        });
        let mut calls = stream::iter(calls.collect::<Vec<_>>()).buffered(AT_ONCE);
        while let Some(found) = calls.next().await {
            let (partition, events) = found?;
            self.unread("event", &events.unread)?;
            if let Some(event) = events.items.first() {
                let inbox = Some(in_inbox(event));
                let object = Object {
                    partition,
                    is_recorded: true,
                    status: None,
                    amount: None,
                    rewards: Vec::new(),
                    inbox,
                };
                self.objects.push(object);
            }
        }
        Ok(())
    }

    /// The rewards to a customer of that id, by the index: their commissions are
    /// others' objects.
    async fn customer(&mut self, store: &Store, id: &str, personal: bool) {
        let mut keys: Vec<ItemKeys> = Vec::new();
        for rewards in ALL.iter().filter_map(|own| own.rewards) {
            let provider = rewards.provider.name();
            match store.rewarded(provider, Role::Customer.name(), id, None, None).await {
                Ok((found, _)) => {
                    if !found.is_empty() {
                        let customer = Partition::of_object(rewards.provider, Kind::Customer, id);
                        self.customers.push(customer);
                    }
                    keys.extend(found);
                }
                Err(error) => self.gaps.add("index by-recipient", &error),
            }
        }
        let promises = store.promises_at(&keys).await;
        self.gaps.items("promise", &promises.unread);
        let told = promises.items.iter();
        self.rewards = told.map(|(of, promise)| Reward::of(&of.pk, promise, personal)).collect();
    }

    /// What was found as a page.
    pub(crate) fn page(&self, frame: &page::Frame) -> String {
        let found: Vec<page::Finding> = self.objects.iter().map(Object::view).collect();
        let events: Vec<page::FoundEvent> = self.events.iter().map(Located::view).collect();
        let gaps = self.gaps.lines();
        page::findings(frame, &self.id, (&found, &events), &self.rewards, gaps)
    }

    /// What was found, for people, each with the command that tells more.
    pub(crate) fn text(&self, target: &TargetArgs) -> String {
        let mut text = String::new();
        for event in &self.events {
            let (pk, identity) = (&event.partition, event.identity.as_str());
            let (provider, kind, id) = (pk.provider(), pk.kind(), pk.id());
            let says = event.says();
            text.push_str(&lines(
                &format!("event {identity} of {provider} {kind} {id}: {says}"),
                0,
            ));
            if event.received.is_some() {
                text.extend([format!("  {}\n", plain(&event.show(target)))]);
            }
        }
        for object in &self.objects {
            let pk = &object.partition;
            let (provider, kind, id) = (pk.provider(), pk.kind(), pk.id());
            let says = object.says();
            let colon = if says.is_empty() { "" } else { ": " };
            text.push_str(&lines(&format!("{provider} {kind} {id}{colon}{says}"), 0));
            for reward in &object.rewards {
                text.push_str(&lines(&format!("{}: {}", reward.key, reward.sentence()), 2));
            }
            let story = line(target, &["story", provider, kind, id]);
            let mut commands = vec![best(target, pk)];
            if !commands.contains(&story) && object.is_recorded {
                commands.push(story);
            }
            // To be copied, so it stays in one line.
            text.extend(commands.iter().map(|command| format!("  {}\n", plain(command))));
        }
        if !self.rewards.is_empty() {
            text.push_str(&lines(&format!("rewards to customer {}:", self.id), 0));
            for reward in &self.rewards {
                let told = format!("{}: {}. {}", reward.key, reward.amount, reward.sentence());
                text.push_str(&lines(&told, 2));
            }
            // Who is recorded stands above.
            let is_told = |pk: &Partition| self.objects.iter().any(|of| of.partition == *pk);
            let commands = self.customers.iter().filter(|pk| !is_told(pk));
            text.extend(commands.map(|pk| format!("  {}\n", plain(&best(target, pk)))));
        }
        text.push_str(&self.gaps.text());
        text
    }
}

impl Located {
    fn view(&self) -> page::FoundEvent {
        page::FoundEvent {
            partition: self.partition.clone(),
            identity: self.identity.clone(),
            says: self.says(),
            kept: self.received.is_some(),
        }
    }
}

impl Object {
    fn says(&self) -> String {
        let amount = self.amount.as_ref().map(ToString::to_string);
        let unrecorded = (!self.is_recorded).then(|| UNRECORDED.to_owned());
        let parts = [self.status.clone(), unrecorded, amount, self.inbox.clone()];
        parts.into_iter().flatten().collect::<Vec<String>>().join(", ")
    }

    fn view(&self) -> page::Finding {
        page::Finding {
            partition: self.partition.clone(),
            says: self.says(),
            rewards: self.rewards.clone(),
        }
    }
}

/// Something in the inbox, in a few words.
fn in_inbox(event: &StoredEvent) -> String {
    let what = event.event_type.as_deref().unwrap_or("no event");
    let reason = event.inbox.map_or("kept only", shared::ledger::InboxReason::name);
    let problem = event.problem.as_ref().map(|problem| format!(", {problem}"));
    format!("{what}, {}{}", reason.replace('_', " "), problem.unwrap_or_default())
}

//! The story of one object, in the order in which it happened here.

mod text;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use futures_util::{StreamExt, stream};
use page::Frame;
use shared::aws::store::{Store, StoredEvent};
use shared::ledger::{INBOX, ItemKeys, Kind, Partition, event_key};
use shared::receive::body::decompress;

use crate::OpsError;
use crate::gaps::Gaps;
use crate::invocation::line;
use crate::key::Key;
use crate::neighbours::did_you_mean;
use crate::target::{Target, TargetArgs};

/// Most bodies read at the same time.
const AT_ONCE: usize = 16;

#[derive(Debug, Args)]
pub(crate) struct StoryArgs {
    /// A promise's key; or the provider, the kind of the object (commission, payout,
    /// customer, …; inbox for what has no object) and the provider's id of it
    #[arg(num_args = 1..=3, required = true, value_names = ["KEY|PROVIDER", "KIND", "ID"])]
    which: Vec<String>,
    /// Shows personal data as well
    #[arg(long)]
    pub(crate) personal: bool,
    /// Writes a page to look at into a file, instead of text
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

/// The story of one partition, and what could not be read of it.
#[derive(Debug, serde::Serialize)]
pub struct Story {
    #[serde(flatten)]
    told: answers::Story,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gaps: Vec<String>,
}

impl Story {
    /// Reads a partition; `None` when there is nothing. `personal` shows personal data
    /// as well; `max_age_seconds` is the longest time that a promise may be open, where
    /// that is known.
    ///
    /// # Errors
    /// [`OpsError`] when it cannot be read.
    pub async fn read(
        store: &Store,
        pk: &Partition,
        max_age_seconds: Option<i64>,
        personal: bool,
    ) -> Result<Option<Self>, OpsError> {
        let events = store.events(pk).await?;
        let records = store.records(std::slice::from_ref(pk)).await;
        let promises = store.promises(pk).await?;
        let mut gaps = Gaps::default();
        gaps.items("event", &events.unread);
        gaps.items("record", &records.unread);
        gaps.items("promise", &promises.unread);
        let (events, promises) = (events.items, promises.items);
        let record = records.items.first();
        let nothing = events.is_empty() && record.is_none() && promises.is_empty();
        match gaps.lines().first() {
            None if nothing => return Ok(None),
            Some(gap) if nothing => return Err(OpsError::Failed(gap.clone())),
            _ => {}
        }
        let bodies = bodies(store, pk, &events, &mut gaps).await;
        let age = max_age_seconds;
        let told = answers::Story::of(pk, events, &bodies, record, promises, age, personal);
        Ok(Some(Self { told, gaps: gaps.into_lines() }))
    }

    /// The story as a page.
    pub(crate) fn page(&self, frame: &Frame) -> String {
        page::story(frame, &self.told, &self.gaps)
    }
}

impl StoryArgs {
    /// The partition that is meant.
    ///
    /// # Errors
    /// [`OpsError::Failed`] when the words mean none.
    fn partition(&self) -> Result<Partition, OpsError> {
        match self.which.as_slice() {
            [one] => {
                let key = one.parse::<Key>().map(|key| key.item().pk);
                key.or_else(|problem| {
                    let pk = one.parse::<Partition>();
                    pk.map_err(|_| {
                        OpsError::Failed(format!("{one}: {problem}, or PROVIDER KIND ID"))
                    })
                })
            }
            [provider, kind, id] => Partition::new(provider, kind, id)
                .map_err(|_| OpsError::No("no provider and no kind has a # in its name".into())),
            _ => Err(OpsError::Failed("say a key, or PROVIDER KIND ID".into())),
        }
    }

    /// The story, if the promise is in it that the key names.
    ///
    /// # Errors
    /// [`OpsError::No`] when another one is.
    fn has_promise(&self, args: &TargetArgs, story: Story) -> Result<Story, OpsError> {
        let [key] = self.which.as_slice() else { return Ok(story) };
        let promises = &story.told.promises;
        let is_it = |of: &answers::StoryPromise| of.promise.key == *key;
        if key.parse::<Key>().is_err() || !story.gaps.is_empty() || promises.iter().any(is_it) {
            return Ok(story);
        }
        let pk = &story.told.partition;
        let other = match promises.last() {
            Some(of) => line(args, &["story", &of.promise.key]),
            None => line(args, &["story", pk.provider(), pk.kind(), pk.id()]),
        };
        Err(OpsError::No(format!("there is no promise {key}; did you mean\n  {other}")))
    }

    /// Reads the story.
    ///
    /// # Errors
    /// [`OpsError`] when there is nothing, or it cannot be read.
    pub(crate) async fn told(&self, args: &TargetArgs, target: &Target) -> Result<Story, OpsError> {
        let pk = self.partition()?;
        let store = &target.store;
        if let Some(story) = Story::read(store, &pk, target.max_age_seconds, self.personal).await? {
            return self.has_promise(args, story);
        }
        let kinds = Kind::ALL.map(Kind::name);
        let kind = pk.kind();
        let nothing = if kinds.contains(&kind) || kind == INBOX {
            format!("nothing is recorded under {pk}")
        } else {
            let kinds = kinds.join(", ");
            format!("{kind} is no kind; kinds are {kinds}, and {INBOX} for what has no object")
        };
        Err(did_you_mean(args, store, &nothing, &pk).await)
    }
}

/// The kept bodies of events as text, by their sort keys.
async fn bodies(
    store: &Store,
    pk: &Partition,
    events: &[StoredEvent],
    gaps: &mut Gaps,
) -> BTreeMap<String, Vec<u8>> {
    let calls = events.iter().map(|event| async move {
        let with = event.kept_with.as_deref().and_then(|with| with.parse().ok());
        let sk = match (&event.kept_with, &event.identity) {
            (Some(_), Some(identity)) => event_key(identity),
            _ => event.sk.clone(),
        };
        let keys = ItemKeys { pk: with.unwrap_or_else(|| pk.clone()), sk };
        (event.sk.clone(), store.kept_request(&keys).await)
    });
    let mut calls = stream::iter(calls.collect::<Vec<_>>()).buffered(AT_ONCE);
    let mut bodies = BTreeMap::new();
    while let Some((sk, body)) = calls.next().await {
        match body {
            Ok(kept) => {
                let body = kept.and_then(|kept| kept.body);
                if let Some(body) = body.and_then(|body| decompress(&body)) {
                    bodies.insert(sk, body);
                }
            }
            Err(error) => gaps.add("kept bodies, and so the values before and after", &error),
        }
    }
    bodies
}

#[cfg(test)]
mod tests;

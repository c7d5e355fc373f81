//! The key of a promise, and its place in the table.

use std::fmt;
use std::str::FromStr;

use shared::fulfilment::Rewards;
use shared::ledger::{ItemKeys, Partition};
use shared::provider::ALL;

/// The key of a promise, `{provider}:{id}:{epoch}`, as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    rewards: &'static Rewards,
    id: String,
    epoch: u32,
}

impl Key {
    /// The definition of the provider's rewards.
    pub(crate) fn rewards(&self) -> &'static Rewards {
        self.rewards
    }

    /// The keys of the promise's item.
    pub(crate) fn item(&self) -> ItemKeys {
        let Rewards { provider, kind, .. } = *self.rewards;
        ItemKeys::of_promise(Partition::of_object(provider, kind, &self.id), self.epoch)
    }
}

impl FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = || {
            let (provider, rest) = text.split_once(':')?;
            // The id may itself hold a colon.
            let (id, epoch) = rest.rsplit_once(':')?;
            Some((provider, id, epoch))
        };
        let (provider, id, epoch) = parts().ok_or("must be PROVIDER:ID:NUMBER")?;
        let mut known = ALL.iter().filter_map(|definition| definition.rewards);
        let rewards = known.clone().find(|rewards| rewards.provider.name() == provider);
        let rewards = rewards.ok_or_else(|| {
            let first = known.next().map_or("", |rewards| rewards.provider.name());
            known.fold(format!("must begin with {first}"), |text, rewards| {
                format!("{text} or {}", rewards.provider)
            })
        })?;
        if id.is_empty() {
            return Err("has no id".into());
        }
        let is_plain = epoch.bytes().all(|b| b.is_ascii_digit()) && !epoch.starts_with('0');
        let epoch = epoch.parse().ok().filter(|_| is_plain);
        Ok(Self {
            rewards,
            id: id.to_owned(),
            epoch: epoch.ok_or("must end with a number from 1")?,
        })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.rewards.provider, self.id, self.epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_where_its_promise_is_kept() {
        for (text, pk, sk) in [
            ("firstpromoter:301881:1", "firstpromoter#commission#301881", "fulfilment#1"),
            ("firstpromoter-v1:3180442:12", "firstpromoter-v1#fulfilment#3180442", "fulfilment#12"),
            ("firstpromoter:a:b#c:2", "firstpromoter#commission#a:b#c", "fulfilment#2"),
        ] {
            let key: Key = text.parse().unwrap();
            let keys = key.item();
            assert_eq!((keys.pk.to_string().as_str(), keys.sk.as_str()), (pk, sk));
            assert_eq!(key.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_key_is_refused_in_words() {
        for (text, problem) in [
            ("", "must be PROVIDER:ID:NUMBER"),
            ("firstpromoter:301881", "must be PROVIDER:ID:NUMBER"),
            ("affonso:1:1", "must begin with firstpromoter or firstpromoter-v1"),
            ("firstpromoter::1", "has no id"),
            ("firstpromoter:1:0", "must end with a number from 1"),
            ("firstpromoter:1:+1", "must end with a number from 1"),
            ("firstpromoter:1:01", "must end with a number from 1"),
            ("firstpromoter:1:", "must end with a number from 1"),
            ("firstpromoter:1:99999999999", "must end with a number from 1"),
        ] {
            assert_eq!(text.parse::<Key>().unwrap_err(), problem, "{text}");
        }
    }
}

//! The key of a promise, and where it is kept.

use std::fmt;
use std::str::FromStr;

use shared::ledger::{Kind, Provider, promise_key};

/// The sources of promises, and what their ids are ids of.
const SOURCES: [(Provider, Kind); 2] =
    [(Provider::FirstPromoter, Kind::Commission), (Provider::FirstPromoterV1, Kind::Fulfilment)];

/// `{provider}:{id}:{epoch}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    provider: Provider,
    kind: Kind,
    id: String,
    epoch: u32,
}

impl Key {
    /// The partition.
    pub(crate) fn pk(&self) -> String {
        partition(self.provider.name(), self.kind.name(), &self.id)
    }

    /// The sort key.
    pub(crate) fn sk(&self) -> String {
        promise_key(self.epoch)
    }
}

/// The partition of an object, or of the inbox.
pub(crate) fn partition(provider: &str, kind: &str, id: &str) -> String {
    format!("{provider}#{kind}#{id}")
}

impl FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = || {
            let (provider, rest) = text.split_once(':')?;
            // An id may hold a colon itself.
            let (id, epoch) = rest.rsplit_once(':')?;
            Some((provider, id, epoch))
        };
        let (provider, id, epoch) = parts().ok_or("must be PROVIDER:ID:EPOCH")?;
        let source = SOURCES.iter().find(|(known, _)| known.name() == provider);
        let (provider, kind) = *source.ok_or_else(|| {
            let known = SOURCES.map(|(known, _)| known.name()).join(" or ");
            format!("must begin with {known}")
        })?;
        if id.is_empty() {
            return Err("has no id".into());
        }
        let is_plain = epoch.bytes().all(|b| b.is_ascii_digit()) && !epoch.starts_with('0');
        let epoch = epoch.parse().ok().filter(|_| is_plain);
        Ok(Self {
            provider,
            kind,
            id: id.to_owned(),
            epoch: epoch.ok_or("must end with its epoch, a number from 1")?,
        })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.provider, self.id, self.epoch)
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
            assert_eq!((key.pk().as_str(), key.sk().as_str()), (pk, sk));
            assert_eq!(key.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_key_is_refused_in_words() {
        for (text, problem) in [
            ("", "must be PROVIDER:ID:EPOCH"),
            ("firstpromoter:301881", "must be PROVIDER:ID:EPOCH"),
            ("affonso:1:1", "must begin with firstpromoter or firstpromoter-v1"),
            ("firstpromoter::1", "has no id"),
            ("firstpromoter:1:0", "must end with its epoch, a number from 1"),
            ("firstpromoter:1:+1", "must end with its epoch, a number from 1"),
            ("firstpromoter:1:01", "must end with its epoch, a number from 1"),
            ("firstpromoter:1:", "must end with its epoch, a number from 1"),
            ("firstpromoter:1:99999999999", "must end with its epoch, a number from 1"),
        ] {
            assert_eq!(text.parse::<Key>(), Err(problem.to_owned()), "{text}");
        }
    }
}

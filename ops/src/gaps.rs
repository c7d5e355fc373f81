//! What could not be read, in words: the rest of an answer stands.

use serde::Serialize;
use shared::aws::store::{StoreError, Unread};

use crate::layout::lines;

/// The most items of one problem that are named.
const NAMED: usize = 3;

/// What an answer lacks, each problem once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Gaps(Vec<String>);

impl Gaps {
    /// Takes note that something could not be read.
    pub(crate) fn add(&mut self, what: &str, error: &StoreError) {
        self.say(format!("{what}: {error}"));
    }

    /// Takes note of a problem in words.
    pub(crate) fn say(&mut self, gap: String) {
        if !self.0.contains(&gap) {
            self.0.push(gap);
        }
    }

    /// Takes note of what was noted elsewhere.
    pub(crate) fn extend(&mut self, other: &Self) {
        other.0.iter().cloned().for_each(|gap| self.say(gap));
    }

    /// Takes note of items that were not read, which are of this kind: each problem
    /// names the first of them, as `story` takes an object.
    pub(crate) fn items(&mut self, what: &str, unread: &[Unread]) {
        let mut problems: Vec<(&StoreError, Vec<&Unread>)> = Vec::new();
        for one in unread {
            match problems.iter_mut().find(|(error, _)| **error == one.error) {
                Some((_, items)) => items.push(one),
                None => problems.push((&one.error, vec![one])),
            }
        }
        for (error, items) in problems {
            let named = items.iter().take(NAMED).map(|one| {
                let pk = &one.keys.pk;
                format!("{} {} {}", pk.provider(), pk.kind(), pk.id())
            });
            let names: Vec<String> = named.chain(more(items.len())).collect();
            self.add(&format!("{what} of {}", names.join(", of ")), error);
        }
    }

    /// Takes note of what is wrong with promises, and names the first of them by key.
    pub(crate) fn promises(&mut self, keys: &[&str], problem: &str) {
        if keys.is_empty() {
            return;
        }
        let named = keys.iter().take(NAMED).map(|key| (*key).to_owned());
        let names: Vec<String> = named.chain(more(keys.len())).collect();
        self.say(format!("{}: {problem}", names.join(", ")));
    }

    /// True when everything could be read.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        text(&self.0)
    }

    /// Each of them.
    pub(crate) fn lines(&self) -> &[String] {
        &self.0
    }

    /// Each of them, to keep.
    pub(crate) fn into_lines(self) -> Vec<String> {
        self.0
    }
}

/// How many there are beyond those that are named.
fn more(count: usize) -> Option<String> {
    let more = count.saturating_sub(NAMED);
    (more > 0).then(|| format!("{more} more"))
}

/// What could not be read, for people.
pub(crate) fn text(gaps: &[String]) -> String {
    gaps.iter().map(|gap| lines(&format!("Not read: {gap}. The rest stands."), 0)).collect()
}

#[cfg(test)]
mod tests {
    use shared::ledger::ItemKeys;

    use super::*;

    fn unread(id: &str, error: StoreError) -> Unread {
        let pk = format!("p#commission#{id}").parse().unwrap();
        Unread { keys: ItemKeys { pk, sk: "record".into() }, error }
    }

    #[test]
    fn each_problem_is_said_once_and_names_the_first_items() {
        let busy = || StoreError::Unavailable("unprocessed keys".into());
        let corrupt = StoreError::Corrupt { item: "a record", field: "version".into() };
        let mut all: Vec<Unread> = (1..=5).map(|n| unread(&n.to_string(), busy())).collect();
        all.insert(2, unread("a#b", corrupt));
        let mut gaps = Gaps::default();
        gaps.items("record", &all);
        gaps.items("record", &all);
        gaps.items("promise", &[]);
        gaps.promises(&[], "it is spoilt");
        gaps.promises(&["p:1:1", "p:2:1", "p:3:1", "p:4:1"], "it is spoilt");
        assert_eq!(
            gaps.into_lines(),
            [
                "record of p commission 1, of p commission 2, of p commission 3, of 2 more: \
                 table unavailable: unprocessed keys",
                "record of p commission a#b: corrupt item: a record cannot be read because of \
                 its attribute version",
                "p:1:1, p:2:1, p:3:1, 1 more: it is spoilt",
            ]
        );
    }
}

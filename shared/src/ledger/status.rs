//! The status sets: the words that the ledger has for the state of an object, by
//! kind, whatever its provider calls it.

use crate::ledger::Kind;

/// A status in the ledger's words.
pub type Status = &'static str;

/// The status of an object whose provider uses a word that the ledger does not know.
/// The word itself is kept beside it.
pub const UNKNOWN: Status = "unknown";
/// The status of an object that its provider deleted. It is of every kind.
pub const DELETED: Status = "deleted";

/// The status set of a kind, each with its rank: how far along the object's life it
/// stands. The rank orders events of the same time, and nothing else.
#[must_use]
pub const fn status_set(kind: Kind) -> &'static [(Status, u8)] {
    match kind {
        Kind::Commission => &[
            // A sale without an earning.
            ("none", 0),
            ("pending", 0),
            ("approved", 1),
            ("processing", 2),
            ("paid", 3),
            ("denied", 4),
            ("refunded", 5),
            ("disputed", 6),
        ],
        Kind::Payout => {
            &[("pending", 0), ("processing", 1), ("failed", 2), ("cancelled", 3), ("completed", 4)]
        }
        Kind::Customer => &[
            ("click", 0),
            ("subscriber", 1),
            ("lead", 2),
            ("pending", 2),
            ("trial", 3),
            ("customer", 4),
            ("moved", 4),
            ("cancelled", 5),
            ("refunded", 6),
            ("rejected", 7),
        ],
        Kind::Affiliate => &[
            ("pending", 0),
            ("active", 1),
            ("inactive", 2),
            ("rejected", 3),
            ("blocked", 4),
            ("archived", 5),
        ],
        Kind::Enrolment => {
            &[("pending", 0), ("accepted", 1), ("inactive", 2), ("rejected", 3), ("blocked", 4)]
        }
        Kind::PayoutMethod => &[("active", 0), ("disabled", 1)],
        Kind::PayoutBatch => &[
            ("awaiting_confirmation", 0),
            ("pending", 1),
            ("processing", 2),
            ("failed", 3),
            ("completed", 4),
        ],
        Kind::Document => &[("pending", 0), ("signed", 1)],
        Kind::Coupon => &[("active", 0), ("archived", 1)],
        Kind::Fulfilment => {
            &[("pending", 0), ("processing", 1), ("cancelled", 3), ("completed", 4)]
        }
    }
}

/// A provider's words for the status of one kind of object, and their meaning.
pub struct StatusWords {
    /// The provider's words, in small letters, each with the ledger's.
    pub words: &'static [(&'static str, Status)],
    /// What other facts say of the status. The first that holds counts, before any
    /// word.
    pub by_fact: &'static [ByFact],
    /// The status of a record for which its provider has no word.
    pub otherwise: Option<Status>,
}

/// A status that follows from another fact than the provider's word for it.
pub struct ByFact {
    /// The name of the fact.
    pub fact: &'static str,
    /// The state of the fact.
    pub is: FactIs,
    /// The word of the provider that has to hold besides.
    pub with: With,
    /// The status then.
    pub status: Status,
}

/// The provider's word that a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum With {
    /// Any, or none at all.
    Any,
    /// No word.
    NoWord,
    /// This word.
    Word(&'static str),
}

/// The state of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactIs {
    /// The fact has a value.
    Stated,
    /// The fact was taken away, or stated as null.
    Null,
    /// The same, and not before the word was stated: an older null says nothing of it.
    NullBesideWord,
    /// The fact has this text.
    Text(&'static str),
    /// The fact is from the event by which the object came to be.
    OfCreation,
}

impl StatusWords {
    /// Words with a meaning, and nothing else that says anything of the status.
    #[must_use]
    pub const fn of(words: &'static [(&'static str, Status)]) -> Self {
        Self { words, by_fact: &[], otherwise: None }
    }

    /// The ledger's status for a provider's word, [`UNKNOWN`] for one that is not
    /// known.
    #[must_use]
    pub fn meaning(&self, word: &str) -> Status {
        let known = self.words.iter().find(|(known, _)| *known == word);
        known.map_or(UNKNOWN, |(_, status)| status)
    }

    /// The rank of a provider's word among those of its kind, from 1; 0 without a
    /// word.
    #[must_use]
    pub fn rank(&self, kind: Kind, word: Option<&str>) -> u8 {
        let Some(word) = word else {
            return 0;
        };
        let status = self.meaning(word);
        let rank = status_set(kind).iter().find(|(known, _)| *known == status);
        rank.map_or(1, |(_, rank)| rank + 1)
    }
}

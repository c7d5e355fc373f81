//! How the rewards of one provider are promised.

use crate::ledger::{Kind, Provider, Source};

/// How the rewards of one provider are promised: what its webhooks vouch for,
/// where its records say what decides, and what its platform can be asked and
/// told.
#[expect(clippy::struct_excessive_bools, reason = "each is an independent ability")]
#[derive(Debug)]
pub struct Rewards {
    /// The provider.
    pub provider: Provider,
    /// The setting of `FulfilmentSource` under which its rewards are promised.
    pub source: Source,
    /// The kind of object that a promise is made of.
    pub kind: Kind,
    /// The name of that object's id in what is delivered.
    pub id_field: &'static str,
    /// Whether its webhooks are signed. If not, its API is asked before anything
    /// is given, as far as there is a key.
    pub is_signed: bool,
    /// Whether its API tells what a payload lacks.
    pub can_be_asked: bool,
    /// Whether its API can be asked to approve a pending reward.
    pub can_approve: bool,
    /// Whether its API says when a status changed.
    pub dates_status: bool,
    /// Whether it can be told that a reward is not fulfilled any more.
    pub can_unmark: bool,
    /// Whether it can learn of a delivery from the answer to its next request.
    pub confirms_by_response: bool,
    /// The reward's status by its record's, which is never `deleted`.
    pub status: fn(Option<&str>) -> RewardStatus,
    /// Where a record names the affiliate.
    pub promoter: Party,
    /// Where a record names the customer.
    pub referral: Party,
}

/// Where a record names somebody.
#[derive(Debug)]
pub struct Party {
    /// The fact that is their id.
    pub id: &'static str,
    /// The fact that says more of them.
    pub fact: &'static str,
    /// The path to them in that fact.
    pub path: &'static [&'static str],
    /// The member that is the company's own id of them.
    pub reference: Option<&'static str>,
}

/// A reward's status, as its record states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RewardStatus {
    /// Approved.
    Approved,
    /// Not approved yet, not any more, or denied.
    Withdrawn,
    /// In a status that nobody knows.
    Unclear,
    /// Equally late events state different ones.
    Contested,
}

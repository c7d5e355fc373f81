//! The definition of a provider's rewards.

use crate::ledger::{Kind, Provider, Source};

/// The definition of a provider's rewards: the worth of its webhooks, the places in
/// its records where the deciding facts stand, and the abilities of its platform.
#[expect(clippy::struct_excessive_bools, reason = "each is an independent ability")]
#[derive(Debug)]
pub struct Rewards {
    /// The provider.
    pub provider: Provider,
    /// The setting of `FulfilmentSource` under which its rewards are promised.
    pub source: Source,
    /// The kind of object that a promise is made of.
    pub kind: Kind,
    /// The name of the object's id in a delivery.
    pub id_field: &'static str,
    /// True when the webhooks are signed. If not, the platform's API is asked
    /// before anything is given, as far as there is a key.
    pub is_signed: bool,
    /// True when the platform's API states what a payload lacks.
    pub can_be_asked: bool,
    /// True when the platform's API can be asked to approve a pending reward.
    pub can_approve: bool,
    /// True when the platform's API states when a status changed.
    pub dates_status: bool,
    /// True when the platform can be told that a reward is not fulfilled any more.
    pub can_unmark: bool,
    /// True when the platform can learn of a delivery from the answer to its next
    /// request.
    pub confirms_by_response: bool,
    /// Reads the reward's status from its record's, which is never `deleted`.
    pub status: fn(Option<&str>) -> RewardStatus,
    /// The affiliate's place in a record.
    pub promoter: Party,
    /// The customer's place in a record.
    pub referral: Party,
}

/// The place of a party in a record.
#[derive(Debug)]
pub struct Party {
    /// The name of the fact that is the party's id.
    pub id: &'static str,
    /// The name of the fact that describes the party.
    pub fact: &'static str,
    /// The path to the party in that fact.
    pub path: &'static [&'static str],
    /// The name of the member that is the company's own id of the party.
    pub reference: Option<&'static str>,
}

/// A reward's status, as its record states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RewardStatus {
    /// The reward is approved.
    Approved,
    /// The reward is not approved yet, not any more, or denied.
    Withdrawn,
    /// The status is unknown to this program.
    Unclear,
    /// Equally late events state different statuses.
    Contested,
}

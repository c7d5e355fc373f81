//! The settings that decide about promises.

use std::collections::BTreeMap;

use crate::timestamp::Timestamp;

/// Which FirstPromoter source may create promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `commission.*` of webhooks v2.
    V2,
    /// `fulfilment_pending` of webhooks v1.
    V1,
    /// None.
    Off,
}

/// Who is rewarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The affiliate.
    Promoter,
    /// The customer who was referred.
    Referral,
    /// What the rules say of the campaign and the unit.
    ByRules,
}

/// What happens to a reward that is withdrawn after it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reversals {
    /// A person decides.
    Park,
    /// The company's system is told to take it back.
    Deliver,
    /// So it is, and then the platform is told that it is not fulfilled.
    DeliverAndUnmark,
}

/// How FirstPromoter v1 learns that a reward was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum V1Confirm {
    /// By the answer to its webhook: there is no API key.
    Response,
    /// By a call of its API.
    Api,
}

/// The settings that decide about promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The source, unless the campaign has its own.
    pub source: Source,
    /// Sources by campaign id.
    pub source_by_campaign: BTreeMap<String, Source>,
    /// Announcements before this are history and not promised again.
    pub from: Timestamp,
    /// Who is rewarded.
    pub recipient: Rule,
    /// Recipients by `campaign:unit`; either may be `*`.
    pub recipient_rules: BTreeMap<String, Rule>,
    /// What happens to what was given and withdrawn.
    pub reversals: Reversals,
    /// How v1 is told.
    pub v1_confirm: V1Confirm,
    /// Whether v2 is asked to approve pending non-monetary commissions.
    pub auto_approve: bool,
}

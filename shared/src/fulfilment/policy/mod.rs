//! The settings that decide about promises.

pub(crate) mod settings;

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::ledger::Sources;
use crate::wire::Timestamp;
use bigdecimal::BigDecimal;

/// The recipient of rewards, or how it is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The affiliate.
    Promoter,
    /// The customer who was referred.
    Referral,
    /// The party that the recipient rules name for the campaign and the unit.
    ByRules,
}

/// The treatment of a reward that is withdrawn after it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reversals {
    /// The operator decides.
    Park,
    /// The company's system is told to take the reward back.
    Deliver,
    /// The company's system is told to take the reward back, and then the platform
    /// is told that it is not fulfilled.
    DeliverAndUnmark,
}

/// The way in which FirstPromoter v1 learns that a reward was given.
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
    /// The sources that promise rewards.
    pub sources: Sources,
    /// The time before which announcements are history and not promised again.
    pub from: Timestamp,
    /// The recipient of rewards.
    pub recipient: Rule,
    /// Recipients by `campaign:unit`; either may be `*`.
    pub recipient_rules: BTreeMap<String, Rule>,
    /// The treatment of rewards that were given and then withdrawn.
    pub reversals: Reversals,
    /// The way in which v1 learns that a reward was given.
    pub v1_confirm: V1Confirm,
    /// True when v2 is asked to approve pending non-monetary commissions.
    pub auto_approve: bool,
    /// The amounts above which the operator is asked first.
    pub max_amount: MaxAmounts,
}

/// The largest amounts, by unit, that are given without asking the operator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MaxAmounts(pub BTreeMap<String, BigDecimal>);

impl MaxAmounts {
    /// The word for every unit that is not named.
    const ANY: &str = "*";
    /// The limit of a unit for which none is set: no larger amount can be meant.
    const CEILING: i64 = 1_000_000_000;

    /// True when a limit is set for a unit.
    #[must_use]
    pub fn limits(&self, unit: &str) -> bool {
        self.of(unit).is_some()
    }

    /// True when this decimal amount is above the unit's limit, or is no decimal.
    #[must_use]
    pub fn is_exceeded_by(&self, amount: &str, unit: &str) -> bool {
        let ceiling = BigDecimal::from(Self::CEILING);
        let limit = self.of(unit).unwrap_or(&ceiling);
        BigDecimal::from_str(amount).map_or(true, |amount| amount > *limit)
    }

    fn of(&self, unit: &str) -> Option<&BigDecimal> {
        self.0.get(unit).or_else(|| self.0.get(Self::ANY))
    }
}

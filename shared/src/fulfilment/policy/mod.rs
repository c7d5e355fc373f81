//! The settings that decide about promises.

pub(crate) mod settings;

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::ledger::Sources;
use crate::wire::Timestamp;
use bigdecimal::BigDecimal;

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
    /// Which source promises rewards.
    pub sources: Sources,
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
    /// Above which amount a person is asked first.
    pub max_amount: MaxAmounts,
}

/// The largest amounts, by unit, that are given without asking a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MaxAmounts(pub BTreeMap<String, BigDecimal>);

impl MaxAmounts {
    /// Stands for every unit that is not named.
    const ANY: &str = "*";
    /// The limit of a unit for which none is set: nobody means more than that.
    const CEILING: i64 = 1_000_000_000;

    /// Whether a limit is set for a unit.
    #[must_use]
    pub fn limits(&self, unit: &str) -> bool {
        self.of(unit).is_some()
    }

    /// Whether this decimal amount is above the unit's limit; so is what is no
    /// decimal.
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

//! The names that everything shares: providers, kinds, families, sources, units.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A provider of webhooks, by its name in routes, table keys and logs. Each is
/// defined in a folder of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Provider(&'static str);

impl Provider {
    /// The provider named `name`.
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }

    /// The name of the provider.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The kinds of business object in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An affiliate's earning from one sale.
    Commission,
    /// A payment to an affiliate.
    Payout,
    /// A lead or customer whom an affiliate brought.
    Customer,
    /// A partner who brings customers.
    Affiliate,
    /// An affiliate's part in one campaign.
    Enrolment,
    /// A way in which an affiliate is paid.
    PayoutMethod,
    /// Payouts that are paid together.
    PayoutBatch,
    /// A contract document of an affiliate.
    Document,
    /// A discount code of an affiliate.
    Coupon,
    /// A FirstPromoter v1 fulfilment.
    Fulfilment,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Commission,
        Self::Payout,
        Self::Customer,
        Self::Affiliate,
        Self::Enrolment,
        Self::PayoutMethod,
        Self::PayoutBatch,
        Self::Document,
        Self::Coupon,
        Self::Fulfilment,
    ];

    /// The name of the kind in table keys and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Commission => "commission",
            Kind::Payout => "payout",
            Kind::Customer => "customer",
            Kind::Affiliate => "affiliate",
            Kind::Enrolment => "enrolment",
            Kind::PayoutMethod => "payout_method",
            Kind::PayoutBatch => "payout_batch",
            Kind::Document => "document",
            Kind::Coupon => "coupon",
            Kind::Fulfilment => "fulfilment",
        }
    }
}

/// The families of events; each has its function and its routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Payments to affiliates.
    Payouts,
    /// Sales and the commissions on them.
    Commissions,
    /// Leads and customers.
    Customers,
    /// Affiliates and what belongs to them.
    Affiliates,
    /// Rewards that the company must fulfil (FirstPromoter v1).
    Fulfilments,
}

/// The reason for which something is in the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InboxReason {
    /// Authenticated bytes that cannot be read as an event.
    Quarantined,
    /// An event of a type that is only archived.
    UnknownType,
    /// An event of the provider's test button.
    Test,
}

impl InboxReason {
    /// The name in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            InboxReason::Quarantined => "quarantined",
            InboxReason::UnknownType => "unknown_type",
            InboxReason::Test => "test",
        }
    }
}

/// The FirstPromoter source that may create promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// `commission.*` of webhooks v2.
    V2,
    /// `fulfilment_pending` of webhooks v1.
    V1,
    /// No source.
    Off,
}

/// The sources that promise rewards, by campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    /// The source of a campaign for which no other is set.
    pub default: Source,
    /// The exceptions, by campaign id.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub by_campaign: BTreeMap<String, Source>,
}

impl Sources {
    /// The source of a campaign; every possible one while the campaign is unknown.
    #[must_use]
    pub fn of(&self, campaign: Option<&str>) -> Vec<Source> {
        let Some(campaign) = campaign else {
            let mut sources = vec![self.default];
            let others = self.by_campaign.values().copied();
            sources.extend(others.filter(|source| *source != self.default));
            sources.dedup();
            return sources;
        };
        let by_campaign = self.by_campaign.get(campaign);
        vec![by_campaign.copied().unwrap_or(self.default)]
    }
}

/// FirstPromoter's unit in the ledger's words: its cash is counted in cents, and v1
/// spells two units differently from v2 (`free_month` on its help pages).
#[must_use]
pub fn unit_name(unit: &str) -> String {
    match unit.to_ascii_lowercase().as_str() {
        "cash" => "cash_cents".to_owned(),
        "discount_mon" => "mon_discount".to_owned(),
        "free_month" => "free_months".to_owned(),
        other => other.to_owned(),
    }
}

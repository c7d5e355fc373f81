//! What somebody was promised and has got: rewards, money, payouts.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;
use shared::aws::store::StoredRecord;
use shared::fulfilment::Promise;
use shared::ledger::{Kind, Partition};

use crate::given::Given;
use crate::money::{Money, Total, totals};
use crate::reward::{Reward, Standing};
use crate::words::counted;

/// A commission or a payout of an affiliate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Earning {
    /// The provider's id of it.
    pub id: String,
    /// The status in the ledger's words.
    pub status: Option<String>,
    /// The amount, where one is stated.
    pub amount: Option<Money>,
    /// The time at which it came to be, as the provider states it.
    pub occurred_at: Option<String>,
    /// The payout that a commission is in, or the batch that a payout is in.
    pub part_of: Option<Link>,
    /// The number of commissions here that are in this payout.
    pub commissions: usize,
}

/// A link to another object of the same provider, with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The kind of the object.
    pub kind: &'static str,
    /// The provider's id of it.
    pub id: String,
    /// Its status in the ledger's words; `None` when it is not recorded here.
    pub status: Option<String>,
}

/// The role of somebody in rewards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// An affiliate, who has records of their own.
    Affiliate,
    /// A customer who was referred.
    Customer,
}

/// What an affiliate, or a customer, was promised and has got.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Person {
    /// The provider.
    pub provider: String,
    /// The provider's id of them.
    pub id: String,
    /// True where there is a record of them.
    #[serde(skip)]
    pub is_recorded: bool,
    /// The status of that in the ledger's words.
    pub status: Option<String>,
    /// The rewards that were promised for their commissions, or to them, latest first.
    pub rewards: Vec<Reward>,
    /// The commissions that promise no reward, such as money, latest first.
    pub commissions: Vec<Earning>,
    /// The payouts, latest first.
    pub payouts: Vec<Earning>,
    /// The number of other objects, by kind.
    pub others: BTreeMap<&'static str, usize>,
    /// The number of the rewards for their commissions that are to customers.
    pub to_customers: usize,
    /// The number of those that are to other affiliates: to whom a commission belonged
    /// when its reward was given.
    pub to_other_affiliates: usize,
    /// The sums of the rewards to them, by whether they are given.
    pub rewarded: BTreeMap<Given, Vec<Total>>,
    /// The sums of the commissions that are no reward, by status.
    pub earned: BTreeMap<String, Vec<Total>>,
    /// The sums of the payouts, by status.
    pub paid: BTreeMap<String, Vec<Total>>,
    /// The number of the latest objects that all of this is about, where there are more
    /// than were read; `None` where it is about all of them.
    pub latest: Option<usize>,
    /// What could not be read.
    pub gaps: Vec<String>,
}

/// The records of somebody, as one of them is looked up by another.
struct Links<'a> {
    /// The status of each record, by kind and id.
    statuses: HashMap<(&'a str, &'a str), Option<&'a str>>,
    /// The number of commissions in each payout.
    commissions: HashMap<&'a str, usize>,
}

impl<'a> Links<'a> {
    fn of(records: &'a [StoredRecord]) -> Self {
        let (mut statuses, mut commissions) = (HashMap::new(), HashMap::new());
        for of in records {
            statuses.entry((of.pk.kind(), of.pk.id())).or_insert(of.status.as_deref());
            if of.pk.kind() == Kind::Commission.name() {
                // A record may state the same link twice, and is in the payout once.
                let payouts = of.record.links().filter(|(kind, _)| *kind == Kind::Payout);
                for payout in payouts.map(|(_, id)| id).collect::<HashSet<_>>() {
                    *commissions.entry(payout).or_default() += 1;
                }
            }
        }
        Self { statuses, commissions }
    }
}

/// The status of what has none that is known.
const UNSTATED: &str = "no status";

impl Role {
    /// The kind of the records of people in that role.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Role::Affiliate => Kind::Affiliate,
            Role::Customer => Kind::Customer,
        }
    }

    /// The name of the role in promises.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::Affiliate => "promoter",
            Role::Customer => "referral",
        }
    }
}

impl Person {
    /// The answer for the records and promises that were found for somebody, both
    /// latest first. `gaps` says what could not be read.
    #[must_use]
    pub fn of(
        provider: &str,
        id: &str,
        role: Role,
        records: &[StoredRecord],
        promises: &[(Partition, Promise)],
        gaps: Vec<String>,
        personal: bool,
    ) -> Self {
        let of_kind = |kind: Kind| records.iter().filter(move |of| of.pk.kind() == kind.name());
        let rewards: Vec<Reward> =
            promises.iter().map(|(pk, promise)| Reward::of(pk, promise, personal)).collect();
        let (links, rewarded_for) = (Links::of(records), partitions(&rewards));
        // A reward whose promise could not be read is one still, and a gap.
        let is_reward = |of: &&StoredRecord| of.record.epoch > 0 || rewarded_for.contains(&of.pk);
        let earnings = of_kind(Kind::Commission).filter(|of| !is_reward(of));
        let commissions: Vec<_> = earnings.map(|of| Earning::of(of, &links)).collect();
        let payouts: Vec<_> = of_kind(Kind::Payout).map(|of| Earning::of(of, &links)).collect();
        let told = [Kind::Commission, Kind::Payout, Kind::Affiliate, Kind::Fulfilment];
        let mut others = BTreeMap::new();
        let is_own = |of: &&StoredRecord| of.pk.kind() == role.kind().name() && of.pk.id() == id;
        for kind in Kind::ALL.into_iter().filter(|kind| !told.contains(kind)) {
            let count = of_kind(kind).filter(|of| !is_own(of)).count();
            if count > 0 {
                others.insert(kind.name(), count);
            }
        }
        let own = records.iter().find(is_own);
        let mut given: BTreeMap<Given, Vec<&Money>> = BTreeMap::new();
        let (mut to_customers, mut to_other_affiliates) = (0, 0);
        for reward in &rewards {
            match &reward.recipient {
                // The ids of the two roles are two counts, and may be equal.
                Some(to) if to.role == role.name() && to.id.as_deref() == Some(id) => {
                    given.entry(reward.given).or_default().push(&reward.amount);
                }
                Some(to) if to.role == Role::Customer.name() => to_customers += 1,
                Some(_) => to_other_affiliates += 1,
                None => {}
            }
        }
        let rewarded = given.into_iter().map(|(given, amounts)| (given, totals(amounts))).collect();
        Self {
            provider: provider.to_owned(),
            id: id.to_owned(),
            is_recorded: own.is_some(),
            status: own.and_then(|own| own.status.clone()),
            earned: by_status(&commissions),
            paid: by_status(&payouts),
            to_customers,
            to_other_affiliates,
            rewarded,
            rewards,
            commissions,
            payouts,
            others,
            latest: None,
            gaps,
        }
    }

    /// True when nothing at all is recorded of them.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        !self.is_recorded
            && self.rewards.is_empty()
            && self.commissions.is_empty()
            && self.payouts.is_empty()
            && self.others.is_empty()
            // What cannot be read may be theirs.
            && self.gaps.is_empty()
    }

    /// The answer in one sentence: "Promised 3 rewards: 1 given and confirmed, 1 waits
    /// for a person, 1 denied." Where there is more than was read, it begins "Of the
    /// latest 200:".
    #[must_use]
    pub fn sentence(&self) -> String {
        let begin = |first: &str, lower: &str| match self.latest {
            Some(latest) => format!("Of the latest {latest}: {lower}"),
            None => first.to_owned(),
        };
        if self.rewards.is_empty() {
            let read = if self.gaps.is_empty() { "" } else { " that can be read" };
            return format!("{} reward{read} was promised.", begin("No", "no"));
        }
        let mut standings: BTreeMap<Standing, usize> = BTreeMap::new();
        for reward in &self.rewards {
            *standings.entry(reward.standing).or_default() += 1;
        }
        let parts = standings.into_iter();
        let parts = parts.map(|(standing, count)| format!("{count} {}", standing.words(count)));
        let parts: Vec<String> = parts.collect();
        let promised = counted(self.rewards.len(), "reward", "rewards");
        let doubt = self.rewards.iter().filter(|reward| reward.given == Given::NobodyKnows).count();
        let doubt = match doubt {
            0 => String::new(),
            doubt => format!(" Of {doubt} nobody knows whether it is given."),
        };
        let others = [
            (self.to_customers, "a customer", "customers"),
            (self.to_other_affiliates, "another affiliate", "other affiliates"),
        ];
        let others: String = others
            .into_iter()
            .map(|(count, one, many)| match count {
                0 => String::new(),
                1 => format!(" 1 of them is for {one}, not for them."),
                _ => format!(" {count} of them are for {many}, not for them."),
            })
            .collect();
        let begin = begin("Promised", "promised");
        format!("{begin} {promised}: {}.{others}{doubt}", parts.join(", "))
    }
}

/// The objects that rewards are for.
fn partitions(rewards: &[Reward]) -> HashSet<&Partition> {
    rewards.iter().map(|reward| &reward.partition).collect()
}

impl Earning {
    fn of(stored: &StoredRecord, links: &Links<'_>) -> Self {
        let record = &stored.record;
        let (outer, commissions) = match stored.pk.kind() {
            kind if kind == Kind::Payout.name() => {
                (Kind::PayoutBatch, links.commissions.get(stored.pk.id()).copied())
            }
            _ => (Kind::Payout, None),
        };
        let link = record.links().find(|(kind, _)| *kind == outer);
        Self {
            id: stored.pk.id().to_owned(),
            status: stored.status.clone(),
            amount: Money::of_record(record),
            occurred_at: record.text("occurred_at").map(str::to_owned),
            part_of: link.map(|(kind, id)| Link::of(kind, id, links)),
            commissions: commissions.unwrap_or_default(),
        }
    }
}

impl Link {
    fn of(kind: Kind, id: &str, links: &Links<'_>) -> Self {
        let status = links.statuses.get(&(kind.name(), id)).copied().flatten();
        Self { kind: kind.name(), id: id.to_owned(), status: status.map(str::to_owned) }
    }

    /// The link in words: `payout 90 (completed)`.
    #[must_use]
    pub fn words(&self) -> String {
        let kind = self.kind.replace('_', " ");
        match &self.status {
            Some(status) => format!("{kind} {} ({status})", self.id),
            None => format!("{kind} {}", self.id),
        }
    }
}

fn by_status(earnings: &[Earning]) -> BTreeMap<String, Vec<Total>> {
    let mut by_status: BTreeMap<&str, Vec<&Money>> = BTreeMap::new();
    for earning in earnings {
        let status = earning.status.as_deref().unwrap_or(UNSTATED);
        by_status.entry(status).or_default().extend(&earning.amount);
    }
    let sums = by_status.into_iter();
    let sums = sums.map(|(status, amounts)| (status.to_owned(), totals(amounts)));
    sums.filter(|(_, totals)| !totals.is_empty()).collect()
}

#[cfg(test)]
mod tests;

//! The eligibility of a reward: the start of its promise, its terms and its
//! recipient.

use crate::fulfilment::assessment::Start;
use crate::fulfilment::policy::{Policy, Rule, V1Confirm};
use crate::fulfilment::reason::ParkReason;
use crate::fulfilment::rewards::{Party, Rewards};
use crate::fulfilment::terms::{Recipient, Terms};
use crate::ledger::{Record, Source};

/// The units of rewards that are not money. FirstPromoter's API names these five.
const NON_MONETARY: [&str; 5] =
    ["points", "credits", "free_months", "mon_discount", "discount_per"];
/// FirstPromoter's money, in the ledger's words.
const CASH: &str = "cash_cents";
/// The word for every campaign or every unit in a recipient rule.
const ANY: &str = "*";

/// The reason why there is nothing to promise: `cash`, `not_source`, …
pub(super) struct NotEligible(pub(super) &'static str);

/// The facts that decide where a promise starts.
struct Reward<'a> {
    policy: &'a Policy,
    rewards: &'static Rewards,
    record: &'a Record,
    terms: &'a Terms,
    campaign: Option<&'a str>,
    /// The reasons for parking that the operator has waived.
    waived: &'a [ParkReason],
}

/// Decides where a promise on these terms starts. It is not parked for a waived
/// reason.
pub(super) fn assess_eligibility(
    policy: &Policy,
    rewards: &'static Rewards,
    record: &Record,
    terms: &Terms,
    campaign: Option<&str>,
    waived: &[ParkReason],
) -> Result<Start, NotEligible> {
    let reward = Reward { policy, rewards, record, terms, campaign, waived };
    reward.entry()
}

impl Reward<'_> {
    fn entry(&self) -> Result<Start, NotEligible> {
        let source = self.source()?;
        if self.terms.unit.as_deref() == Some(CASH) {
            return Err(NotEligible("cash"));
        }
        let entry = source
            .or_else(|| self.campaign_decides())
            .or_else(|| self.contested())
            .or_else(|| self.amount())
            .or_else(|| self.parties());
        // v1 is unsigned: with a key, its API is asked before anything is given.
        let ask = !self.rewards.is_signed && self.policy.v1_confirm == V1Confirm::Api;
        Ok(entry.unwrap_or(if ask { Start::Ask } else { Start::Deliver }))
    }

    fn park(&self, reason: ParkReason) -> Option<Start> {
        (!self.waived.contains(&reason)).then_some(Start::Park(reason))
    }

    /// The start while a part of the payload is missing. Nothing can go out without
    /// it, whatever is waived: the platform is asked for it or, where it cannot be,
    /// the operator.
    fn ask_or_park(&self, reason: ParkReason) -> Start {
        if self.rewards.can_be_asked { Start::LookUp } else { Start::Park(reason) }
    }

    /// The start that the source decides. The source of a reward follows from its
    /// history: from every setting under which it was announced. Where the present
    /// setting contradicts the history, the operator decides.
    fn source(&self) -> Result<Option<Start>, NotEligible> {
        let ours = self.rewards.source;
        let may_be = |sources: Vec<Source>| sources.contains(&ours);
        let history: Vec<bool> =
            self.record.sources.iter().map(|then| may_be(then.of(self.campaign))).collect();
        let now = may_be(self.policy.sources.of(self.campaign));
        let was = history.iter().any(|ours| *ours);
        let always = history.iter().all(|ours| *ours);
        match (was, always, now) {
            // Never announced (then all of nothing are ours), or always as another
            // source's.
            (false, true, false) | (false, false, _) => Err(NotEligible("not_source")),
            (_, true, true) => Ok(None),
            _ => Ok(self.park(ParkReason::SourceChanged)),
        }
    }

    /// The start while the reward's source or recipient depends on a campaign that
    /// the payload does not name.
    fn campaign_decides(&self) -> Option<Start> {
        let by_source = self.policy.sources.of(self.campaign).len() > 1;
        let by_rules = self.campaign.is_none()
            && self.policy.recipient == Rule::ByRules
            && rules_name_campaigns(self.policy);
        let open = by_rules || by_source && !self.waived.contains(&ParkReason::CampaignUnknown);
        open.then(|| self.ask_or_park(ParkReason::CampaignUnknown))
    }

    /// The start while equally late events contradict each other, and the terms
    /// lack the fact in which they do.
    fn contested(&self) -> Option<Start> {
        let open = self.record.is_contested() && !self.terms.is_complete();
        open.then(|| self.ask_or_park(ParkReason::Contested))
    }

    fn amount(&self) -> Option<Start> {
        let unit = self.terms.unit.as_deref();
        let amount = self.terms.amount.as_deref();
        let nothing = |amount: &str| amount == "0" || amount.starts_with('-');
        let over = |amount: &str| {
            unit.is_some_and(|unit| self.policy.max_amount.is_exceeded_by(amount, unit))
        };
        let by_response =
            self.rewards.confirms_by_response && self.policy.v1_confirm == V1Confirm::Response;
        // Without a limit, one leaked path token could mint any amount.
        let unlimited = unit.is_some_and(|unit| !self.policy.max_amount.limits(unit));
        [
            (unit.is_some_and(|unit| !NON_MONETARY.contains(&unit)), ParkReason::UnknownUnit),
            (amount.is_some_and(nothing), ParkReason::AmountNotPositive),
            (amount.is_some_and(over), ParkReason::AmountOverLimit),
            (by_response && unlimited, ParkReason::AmountWithoutLimit),
        ]
        .into_iter()
        .find_map(|(holds, reason)| holds.then(|| self.park(reason)).flatten())
    }

    fn parties(&self) -> Option<Start> {
        if self.terms.unit.is_some() && self.terms.recipient.is_none() {
            return Some(Start::Park(ParkReason::NoRecipientRule));
        }
        let open = !self.terms.is_complete();
        open.then(|| self.ask_or_park(ParkReason::RecipientOrAmountUnknown))
    }
}

/// True when a reward without a campaign may be another source's.
pub(super) fn waits_without_looking(policy: &Policy, record: &Record) -> bool {
    policy.sources.of(record.settled_text("campaign_id")).len() > 1
}

fn rules_name_campaigns(policy: &Policy) -> bool {
    policy.recipient_rules.keys().any(|rule| !rule.starts_with("*:"))
}

/// The terms that a record states without contradiction. `campaign` is the one that
/// the record names or the platform was asked for; `found_unit` is a unit that the
/// platform was asked for, and only helps to decide the recipient.
#[must_use]
pub fn terms(
    policy: &Policy,
    rewards: &'static Rewards,
    record: &Record,
    campaign: Option<&str>,
    found_unit: Option<&str>,
) -> Terms {
    let amount = record.settled("amount");
    let part = |name: &str| Some(amount?.get(name)?.as_str()?.to_owned());
    let unit = part("unit");
    let role = role(policy, campaign, unit.as_deref().or(found_unit));
    Terms {
        amount: part("value"),
        unit,
        recipient: role.map(|rule| recipient(rewards, record, rule)),
        affiliate_id: record.settled_text("affiliate_id").map(str::to_owned),
        customer_id: record.settled_text("customer_id").map(str::to_owned),
    }
}

/// The rule for the recipient. A referral in the payload is no evidence: it names
/// the customer who caused the commission.
fn role(policy: &Policy, campaign: Option<&str>, unit: Option<&str>) -> Option<Rule> {
    if policy.recipient != Rule::ByRules {
        return Some(policy.recipient);
    }
    // The most exact rule wins: campaign and unit, campaign, unit, any.
    let (campaign, unit) = (campaign.unwrap_or(ANY), unit.unwrap_or(ANY));
    let candidates = [(campaign, unit), (campaign, ANY), (ANY, unit), (ANY, ANY)];
    candidates.into_iter().find_map(|(campaign, unit)| {
        policy.recipient_rules.get(&format!("{campaign}:{unit}")).copied()
    })
}

pub(super) fn recipient(rewards: &'static Rewards, record: &Record, rule: Rule) -> Recipient {
    let text = |fact: &str, path: &[&str]| {
        let found = path.iter().try_fold(record.fact(fact)?, |value, name| value.get(name));
        Some(found?.as_str()?.to_owned()).filter(|text| !text.is_empty())
    };
    let (role, party) = match rule {
        Rule::Referral => ("referral", &rewards.referral),
        _ => ("promoter", &rewards.promoter),
    };
    let Party { id: id_fact, fact, path, reference } = *party;
    let id = record.settled_text(id_fact).map(str::to_owned);
    let known_as = |name| text(fact, &[path, &[name]].concat());
    // A later event may have named another recipient, by the id alone.
    let clock = |name: &str| record.facts.get(name).map(|stated| stated.clock);
    let theirs = match known_as("id") {
        Some(known) => Some(known) == id,
        // The recipient is the one described, if one event stated both description
        // and id.
        None => clock(fact) == clock(id_fact),
    };
    let known_as = |name| known_as(name).filter(|_| theirs);
    let reference = reference.and_then(known_as);
    Recipient { role: role.into(), id, reference, email: known_as("email") }
}

/// True when FirstPromoter says of a reward that it may be fraud (`fraud_check`) or
/// a purchase of the affiliate's own (`is_self_referral`).
#[must_use]
pub fn suspected(record: &Record) -> bool {
    // A value that is neither a denial nor "left open" is not known to be innocent.
    let suspects =
        |name: &str, innocent: &[&str]| record.text(name).is_some_and(|v| !innocent.contains(&v));
    suspects("fraud_check", &["no_suspicion"])
        || suspects("is_self_referral", &["false", "0", "no", ""])
}

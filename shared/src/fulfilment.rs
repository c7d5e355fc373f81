//! Promises: rewards that were announced and must be given exactly once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{Announcement, Party, Subject};
use crate::provider::Provider;
use crate::timestamp::Timestamp;

/// The rewards that are not money. FirstPromoter's API names these five.
const NON_MONETARY: [&str; 5] = [
    "points",
    "credits",
    "free_months",
    "mon_discount",
    "discount_per",
];
/// FirstPromoter's money, in the ledger's words.
const CASH: &str = "cash_cents";
/// Stands for every campaign or every unit in a recipient rule.
const ANY: &str = "*";

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
}

/// How far a promise has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The payload lacks an id that the delivery needs.
    LookupDue,
    /// To be delivered.
    Requested,
    /// A delivery is under way.
    Delivering,
    /// Given; the platform is to be told.
    Delivered,
    /// The platform is being told.
    Confirming,
    /// Given, and the platform knows.
    Confirmed,
    /// Withdrawn before it was given.
    Denied,
    /// Waits for a person.
    Parked,
}

impl State {
    /// The name in the table and in logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            State::LookupDue => "lookup_due",
            State::Requested => "requested",
            State::Delivering => "delivering",
            State::Delivered => "delivered",
            State::Confirming => "confirming",
            State::Confirmed => "confirmed",
            State::Denied => "denied",
            State::Parked => "parked",
        }
    }

    /// Whether the delivery is durably recorded, so that the platform may be
    /// told (invariant `DeliverThenConfirm`).
    #[must_use]
    pub fn is_delivered(self) -> bool {
        matches!(
            self,
            State::Delivered | State::Confirming | State::Confirmed
        )
    }

    /// The step that is owed in this state.
    fn step(self) -> Option<&'static str> {
        match self {
            State::LookupDue => Some("lookup"),
            State::Requested => Some("deliver"),
            State::Delivered => Some("confirm"),
            _ => None,
        }
    }
}

/// Who receives a reward.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// `promoter` or `referral`.
    pub role: String,
    /// The provider's id.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// The company's own id; personal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reference: Option<String>,
    /// Personal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub email: Option<String>,
}

/// One reward to be given: one key, whatever events announced it (invariant
/// `OnePromise`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// `{provider}:{commission or v1 fulfilment id}:{epoch}`; the idempotency
    /// key of everything done for it.
    pub key: String,
    /// From 1; rises when a reversed reward is approved again.
    pub epoch: u32,
    /// How far it has come.
    pub state: State,
    /// Rises with every change of state.
    pub seq: u64,
    /// `{step}#{seq}` while a step is owed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub due: Option<String>,
    /// How much, exact.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub amount: Option<String>,
    /// Of what.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unit: Option<String>,
    /// The campaign.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub campaign_id: Option<String>,
    /// To whom.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub recipient: Option<Recipient>,
    /// Why it waits for a person.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parked: Option<Parked>,
    /// When the announcing event happened.
    pub announced_at: String,
    /// When it was recorded here.
    pub created_at: String,
}

/// Why and from where a promise was parked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// The state it goes on from when resumed.
    pub from: State,
    /// What stopped it.
    pub reason: String,
}

/// What an announcement comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Announced {
    /// A promise to be recorded with the event.
    Promise(Box<Promise>),
    /// No promise, and why: `cash`, `not_source`, `not_announced`, `not_approved`.
    Nothing(&'static str),
}

/// When something is announced.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The event's own time.
    pub announced: Timestamp,
    /// When it came in.
    pub received: Timestamp,
}

/// Decides whether an announcement makes a promise. `status` is that of the
/// merged record, which may already know of a withdrawal.
#[must_use]
pub fn announce(
    policy: &Policy,
    provider: Provider,
    subject: &Subject,
    announcement: &Announcement,
    status: Option<&str>,
    moment: Moment,
) -> Announced {
    if announcement.unit.as_deref() == Some(CASH) {
        return Announced::Nothing("cash");
    }
    if source_for(policy, announcement) != source_of(provider) {
        return Announced::Nothing("not_source");
    }
    if moment.announced < policy.from {
        return Announced::Nothing("not_announced");
    }
    if !is_approved(provider, status) {
        return Announced::Nothing("not_approved");
    }
    let plan = plan(policy, provider, announcement);
    let mut promise = Promise {
        key: format!("{provider}:{}:1", subject.id.as_str()),
        epoch: 1,
        state: plan.state,
        seq: 1,
        due: None,
        amount: announcement.amount.as_ref().map(|a| a.as_str().to_owned()),
        unit: announcement.unit.clone(),
        campaign_id: announcement
            .campaign_id
            .as_ref()
            .map(|id| id.as_str().to_owned()),
        recipient: plan.recipient,
        parked: plan.reason.map(|reason| Parked {
            from: State::Requested,
            reason: reason.into(),
        }),
        announced_at: moment.announced.text(),
        created_at: moment.received.text(),
    };
    promise.due = promise
        .state
        .step()
        .map(|step| format!("{step}#{}", promise.seq));
    Announced::Promise(Box::new(promise))
}

fn source_for(policy: &Policy, announcement: &Announcement) -> Source {
    let campaign = announcement.campaign_id.as_ref();
    let by_campaign = campaign.and_then(|id| policy.source_by_campaign.get(id.as_str()));
    by_campaign.copied().unwrap_or(policy.source)
}

fn source_of(provider: Provider) -> Source {
    match provider {
        Provider::FirstPromoter => Source::V2,
        Provider::FirstPromoterV1 => Source::V1,
        Provider::UpPromote | Provider::Affonso => Source::Off,
    }
}

/// A v1 fulfilment is pending because its reward was approved; a v2 commission
/// says so in its status.
fn is_approved(provider: Provider, status: Option<&str>) -> bool {
    match provider {
        Provider::FirstPromoterV1 => matches!(status, None | Some("pending" | "processing")),
        _ => status == Some("approved"),
    }
}

struct Plan {
    state: State,
    recipient: Option<Recipient>,
    reason: Option<&'static str>,
}

impl Plan {
    fn parked(reason: &'static str, recipient: Option<Recipient>) -> Self {
        Self {
            state: State::Parked,
            recipient,
            reason: Some(reason),
        }
    }
}

fn plan(policy: &Policy, provider: Provider, announcement: &Announcement) -> Plan {
    let Some(unit) = announcement
        .unit
        .as_deref()
        .filter(|unit| NON_MONETARY.contains(unit))
    else {
        return Plan::parked("unknown_unit", None);
    };
    let Some((role, party)) = recipient(policy, announcement, unit) else {
        return Plan::parked("no_recipient_rule", None);
    };
    let to = Recipient {
        role: role.to_owned(),
        id: party.map(|party| party.id.as_str().to_owned()),
        reference: party
            .and_then(|p| p.reference.as_ref())
            .map(|r| r.reveal().to_owned()),
        email: party
            .and_then(|p| p.email.as_ref())
            .map(|e| e.reveal().to_owned()),
    };
    let complete = party.is_some() && announcement.amount.is_some();
    match (complete, provider) {
        (true, _) => Plan {
            state: State::Requested,
            recipient: Some(to),
            reason: None,
        },
        // Only v2's API can be asked for what the payload lacks.
        (false, Provider::FirstPromoter) => Plan {
            state: State::LookupDue,
            recipient: Some(to),
            reason: None,
        },
        (false, _) => Plan::parked("recipient_or_amount_unknown", Some(to)),
    }
}

/// Who is rewarded is a rule. That a payload names a referral is no evidence:
/// it names who caused the commission.
fn recipient<'a>(
    policy: &Policy,
    announcement: &'a Announcement,
    unit: &str,
) -> Option<(&'static str, Option<&'a Party>)> {
    let rule = match policy.recipient {
        Rule::ByRules => rule_for(policy, announcement, unit)?,
        rule => rule,
    };
    match rule {
        Rule::Promoter => Some(("promoter", announcement.promoter.as_ref())),
        Rule::Referral => Some(("referral", announcement.referral.as_ref())),
        Rule::ByRules => None,
    }
}

/// The most exact rule: campaign and unit, campaign, unit, any.
fn rule_for(policy: &Policy, announcement: &Announcement, unit: &str) -> Option<Rule> {
    let campaign = announcement
        .campaign_id
        .as_ref()
        .map_or(ANY, |id| id.as_str());
    let candidates = [(campaign, unit), (campaign, ANY), (ANY, unit), (ANY, ANY)];
    candidates.into_iter().find_map(|(campaign, unit)| {
        policy
            .recipient_rules
            .get(&format!("{campaign}:{unit}"))
            .copied()
    })
}

//! Which approved rewards are promised, on which terms, and what an event
//! does to a promise that is there.

use crate::event::Subject;
use crate::fulfilment::machine::{Entry, Input, Stepped, step};
use crate::fulfilment::policy::{Policy, Rule, Source, V1Confirm};
use crate::fulfilment::promise::{Parked, Promise, State};
use crate::fulfilment::terms::{Recipient, Terms};
use crate::ledger::Record;
use crate::provider::Provider;
use crate::timestamp::Timestamp;

/// The rewards that are not money. FirstPromoter's API names these five.
const NON_MONETARY: [&str; 5] =
    ["points", "credits", "free_months", "mon_discount", "discount_per"];
/// FirstPromoter's money, in the ledger's words.
const CASH: &str = "cash_cents";
/// Stands for every campaign or every unit in a recipient rule.
const ANY: &str = "*";
/// Seconds that an event's time, which may be in whole seconds, and our clock
/// are thought to differ at most.
const CLOCKS_APART: i64 = 2;
/// Seconds that a platform's API is thought to be behind its events at most.
const BEHIND: i64 = 60;

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

/// Decides whether an announcement makes a promise. `record` is the merged
/// one, which may already know of a withdrawal or of other terms.
#[must_use]
pub fn announce(
    policy: &Policy,
    provider: Provider,
    subject: &Subject,
    record: &Record,
    moment: Moment,
) -> Announced {
    let campaign = record.text("campaign_id");
    let terms = terms(policy, provider, record, campaign, None);
    let (entry, why) = assess(policy, provider, &terms, campaign, None);
    if entry == Entry::Nothing {
        return Announced::Nothing(why);
    }
    if was_anothers(provider, record, campaign) {
        return Announced::Nothing("not_source");
    }
    if moment.announced < policy.from {
        return Announced::Nothing("not_announced");
    }
    let (state, reason) = match (standing(provider, record.status()), entry) {
        (Standing::Approved, Entry::Park(reason)) => (State::Parked, Some(reason)),
        (Standing::Approved, Entry::LookUp | Entry::Ask) => (State::LookupDue, None),
        (Standing::Approved, _) => (State::Requested, None),
        _ if policy.auto_approve && record.status() == Some("pending") => {
            let open = match entry {
                // Only the recipient is not known yet.
                Entry::LookUp => terms.unit.is_none() || policy.sources.of(campaign).len() > 1,
                entry => matches!(entry, Entry::Park(_)),
            };
            if open {
                // What may be money, or another source's, is not ours to approve.
                return Announced::Nothing("not_approved");
            }
            let since = record.text("occurred_at").and_then(Timestamp::parse);
            if since.is_some_and(|since| since < policy.from) {
                // An edit of it now does not make it any younger.
                return Announced::Nothing("not_announced");
            }
            (State::ApprovalDue, None)
        }
        _ => return Announced::Nothing("not_approved"),
    };
    let key = format!("{provider}:{}:1", subject.id.as_str());
    let mut promise = Promise::new(key, 1, state, terms, moment.received);
    promise.announced_at = moment.announced;
    promise.campaign_id = campaign.map(str::to_owned);
    promise.by_response =
        provider == Provider::FirstPromoterV1 && policy.v1_confirm == V1Confirm::Response;
    promise.parked = reason.map(|reason| Parked {
        from: State::Requested,
        reason: reason.to_owned(),
        unknown: false,
        at: moment.received,
    });
    Announced::Promise(Box::new(promise))
}

/// What the present state of the record says to its promise; `None`: nothing.
#[must_use]
pub fn restate(
    policy: &Policy,
    provider: Provider,
    promise: &Promise,
    record: &Record,
) -> Option<Input> {
    match standing(provider, record.status()) {
        Standing::Approved if denied_since(promise, record) => None,
        Standing::Approved => {
            let found = promise.campaign_id.as_deref().filter(|_| promise.looked_up);
            let campaign = record.text("campaign_id").or(found);
            let unit = promise.terms.unit.as_deref().filter(|_| promise.looked_up);
            let mut terms = terms(policy, provider, record, campaign, unit);
            if let Some(given) = promise.given_to() {
                // Who is rewarded by the settings of now is no change of this one.
                terms.recipient = Some(recipient(provider, record, given));
            }
            let known = promise.known(&terms);
            let entry = entry(policy, provider, promise, record, &known, campaign);
            Some(Input::Approved(terms, entry))
        }
        Standing::Withdrawn if still_pending(promise, record) => None,
        Standing::Withdrawn if found_since(promise, record) => None,
        Standing::Withdrawn => Some(Input::Withdrawn),
        // A status that nobody knows is no reason to take anything away.
        Standing::Unclear => None,
    }
}

/// Whether the platform itself, or a person, said no since it was announced.
fn denied_since(promise: &Promise, record: &Record) -> bool {
    let older = |at: Timestamp, denied| at.plus_seconds(CLOCKS_APART) < denied;
    promise.denied_at.is_some_and(|denied| record.announced.is_none_or(|at| older(at, denied)))
}

/// Whether it waits for its approval, and no event says anything else.
fn still_pending(promise: &Promise, record: &Record) -> bool {
    let waits = |state| matches!(state, State::ApprovalDue | State::AwaitingApproval);
    let parked = promise.parked.as_ref();
    let asked = waits(promise.state) || parked.is_some_and(|parked| waits(parked.from));
    asked && record.status() == Some("pending")
}

/// Whether the platform was asked well after the status was stated, and showed
/// it as approved. It may not have known of a denial yet: while nothing went out,
/// that counts.
fn found_since(promise: &Promise, record: &Record) -> bool {
    let denied = record.status() != Some("pending");
    let unknown_there = denied && promise.delivered_at.is_none();
    let apart = if unknown_there { BEHIND } else { CLOCKS_APART };
    let status = record.facts.get("status");
    let before = |at: Timestamp, found| at.plus_seconds(apart) < found;
    let older = |found| {
        status.is_some_and(|status| status.clock.time.is_none_or(|stated| before(stated, found)))
    };
    record.deleted_at.is_none() && promise.found_at.is_some_and(older)
}

/// What the present state of the record does to its promise.
#[must_use]
pub fn reconcile(
    policy: &Policy,
    provider: Provider,
    promise: &Promise,
    record: &Record,
    now: Timestamp,
) -> Stepped {
    let Some(input) = restate(policy, provider, promise, record) else {
        return Stepped::Unchanged;
    };
    let mut stepped = step(promise, &input, policy.reversals, now);
    let announced = record.announced.unwrap_or(now);
    match &mut stepped {
        Stepped::NewEpoch { next, .. } => next.announced_at = announced,
        Stepped::Changed(next) if promise.denied_at.is_some() => {
            next.denied_at = None;
            next.announced_at = announced;
        }
        _ => {}
    }
    stepped
}

/// How a record stands with its reward.
enum Standing {
    Approved,
    Withdrawn,
    Unclear,
}

/// A v1 fulfilment is pending because its reward was approved; a v2 commission
/// says so in its status.
fn standing(provider: Provider, status: Option<&str>) -> Standing {
    match (provider, status) {
        (_, Some("denied" | "rejected" | "cancelled" | "deleted")) => Standing::Withdrawn,
        (Provider::FirstPromoterV1, None | Some("pending" | "processing")) => Standing::Approved,
        (Provider::FirstPromoter, Some("approved")) => Standing::Approved,
        (Provider::FirstPromoter, Some("pending")) => Standing::Withdrawn,
        _ => Standing::Unclear,
    }
}

/// Where this promise goes on, on these terms: a person may have waived what it
/// would be parked for.
#[must_use]
pub fn entry(
    policy: &Policy,
    provider: Provider,
    promise: &Promise,
    record: &Record,
    known: &Terms,
    campaign: Option<&str>,
) -> Entry {
    if was_anothers(provider, record, campaign) {
        return Entry::Nothing;
    }
    // A waiver is of the terms that were seen.
    let waived = promise.waived.as_deref();
    let waived = waived.filter(|_| !promise.terms.differs(known));
    assess(policy, provider, known, campaign, waived).0
}

/// Whether it was announced when another source had to promise it.
fn was_anothers(provider: Provider, record: &Record, campaign: Option<&str>) -> bool {
    let then = record.sources.as_ref();
    then.is_some_and(|then| !then.of(campaign).contains(&source_of(provider)))
}

/// Where a promise on these terms begins, and why if there is none. It is not
/// parked for the reason that was waived.
fn assess(
    policy: &Policy,
    provider: Provider,
    terms: &Terms,
    campaign: Option<&str>,
    waived: Option<&str>,
) -> (Entry, &'static str) {
    let waives = |reason| waived == Some(reason);
    let unit = terms.unit.as_deref();
    let v2 = provider == Provider::FirstPromoter;
    let sources = policy.sources.of(campaign);
    if !sources.contains(&source_of(provider)) {
        return (Entry::Nothing, "not_source");
    }
    if unit == Some(CASH) {
        return (Entry::Nothing, "cash");
    }
    // Only v2's API can be asked for what the payload lacks.
    let unknown = |reason| {
        if v2 { (Entry::LookUp, "") } else { (Entry::Park(reason), "") }
    };
    if sources.len() > 1 && !waives("campaign_unknown") {
        // Whose reward it is hangs on a campaign that the payload does not name.
        return unknown("campaign_unknown");
    }
    if unit.is_some_and(|unit| !NON_MONETARY.contains(&unit)) && !waives("unknown_unit") {
        return (Entry::Park("unknown_unit"), "");
    }
    let nothing = |amount: &str| amount == "0" || amount.starts_with('-');
    if terms.amount.as_deref().is_some_and(nothing) && !waives("amount_not_positive") {
        return (Entry::Park("amount_not_positive"), "");
    }
    if unit.is_some() && terms.recipient.is_none() {
        let hangs = campaign.is_none() && rules_name_campaigns(policy);
        return if hangs {
            unknown("campaign_unknown")
        } else {
            (Entry::Park("no_recipient_rule"), "")
        };
    }
    if campaign.is_none() && policy.recipient == Rule::ByRules && rules_name_campaigns(policy) {
        return unknown("campaign_unknown");
    }
    if !terms.is_complete() {
        return unknown("recipient_or_amount_unknown");
    }
    // v1 is unsigned: with a key its API is asked before anything is given.
    let ask = provider == Provider::FirstPromoterV1 && policy.v1_confirm == V1Confirm::Api;
    (if ask { Entry::Ask } else { Entry::Deliver }, "")
}

fn rules_name_campaigns(policy: &Policy) -> bool {
    policy.recipient_rules.keys().any(|rule| !rule.starts_with("*:"))
}

fn source_of(provider: Provider) -> Source {
    match provider {
        Provider::FirstPromoter => Source::V2,
        Provider::FirstPromoterV1 => Source::V1,
        // They announce no rewards.
        Provider::UpPromote | Provider::Affonso => Source::Off,
    }
}

/// The terms that a record states, in the campaign that it names or that the
/// platform was asked for; so with the unit, which only decides the recipient.
#[must_use]
pub fn terms(
    policy: &Policy,
    provider: Provider,
    record: &Record,
    campaign: Option<&str>,
    found_unit: Option<&str>,
) -> Terms {
    let amount = record.fact("amount");
    let part = |name: &str| Some(amount?.get(name)?.as_str()?.to_owned());
    let unit = part("unit");
    let role = role(policy, campaign, unit.as_deref().or(found_unit));
    Terms {
        amount: part("value"),
        unit,
        recipient: role.map(|rule| recipient(provider, record, rule)),
        affiliate_id: record.text("affiliate_id").map(str::to_owned),
        customer_id: record.text("customer_id").map(str::to_owned),
    }
}

/// Who is rewarded is a rule. That a payload names a referral is no evidence:
/// it names who caused the commission.
fn role(policy: &Policy, campaign: Option<&str>, unit: Option<&str>) -> Option<Rule> {
    if policy.recipient != Rule::ByRules {
        return Some(policy.recipient);
    }
    // The most exact rule: campaign and unit, campaign, unit, any.
    let (campaign, unit) = (campaign.unwrap_or(ANY), unit.unwrap_or(ANY));
    let candidates = [(campaign, unit), (campaign, ANY), (ANY, unit), (ANY, ANY)];
    candidates.into_iter().find_map(|(campaign, unit)| {
        policy.recipient_rules.get(&format!("{campaign}:{unit}")).copied()
    })
}

fn recipient(provider: Provider, record: &Record, rule: Rule) -> Recipient {
    let text = |fact: &str, path: &[&str]| {
        let found = path.iter().try_fold(record.fact(fact)?, |value, name| value.get(name));
        Some(found?.as_str()?.to_owned()).filter(|text| !text.is_empty())
    };
    let (role, id, fact, path): (_, _, _, &[&str]) = match (rule, provider) {
        (Rule::Referral, _) => ("referral", "customer_id", "customer", &[]),
        (_, Provider::FirstPromoterV1) => ("promoter", "affiliate_id", "affiliate", &[]),
        (_, _) => ("promoter", "affiliate_id", "enrolment", &["promoter"]),
    };
    let id = record.text(id).map(str::to_owned);
    let known_as = |name| text(fact, &[path, &[name]].concat());
    // A later event may have named somebody else, by the id alone.
    let theirs = known_as("id").is_none_or(|known| Some(known) == id);
    let known_as = |name| known_as(name).filter(|_| theirs);
    let reference = match (rule, provider) {
        (Rule::Referral, _) => known_as("uid"),
        (_, Provider::FirstPromoterV1) => known_as("cust_id"),
        (_, _) => None,
    };
    Recipient { role: role.into(), id, reference, email: known_as("email") }
}

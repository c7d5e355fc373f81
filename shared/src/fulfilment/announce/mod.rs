//! Which approved rewards are promised, on which terms, and what an event
//! does to a promise that is there.

mod eligibility;
mod stated;

pub use eligibility::terms;
use eligibility::{NotEligible, assess, recipient, waits_without_looking};
use stated::{is_older, newer_than_found, other_than_given};

use crate::fulfilment::machine::{Entry, Input, Stepped, step};
use crate::fulfilment::policy::{Policy, V1Confirm};
use crate::fulfilment::promise::{Parked, Promise};
use crate::fulfilment::state::State;
use crate::fulfilment::terms::Terms;
use crate::fulfilment::view::suspected;
use crate::ledger::{Kind, Provider, Record, Register, Subject};
use crate::wire::Timestamp;

/// Why a promise is parked whose record has a status that nobody knows.
const UNKNOWN_STATUS: &str = "unknown_status";
/// Why one of v1 is parked in what equally late events contradict each other.
const CONTESTED: &str = "contested";
/// Seconds that an event's time, which may be in whole seconds, and our clock
/// are thought to differ at most.
pub(super) const CLOCKS_APART: i64 = 2;

/// What an event comes to for a reward without a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Announced {
    /// A promise to be recorded with the event.
    Promise(Box<Promise>),
    /// No promise, and why: `cash`, `not_source`, `not_announced`, `not_approved`.
    Nothing(&'static str),
}

/// A reward as its record states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// On which terms, with what a look-up has added to them.
    pub terms: Terms,
    /// Of which campaign.
    pub campaign_id: Option<String>,
    /// When it was announced last, where an announcement says so.
    pub announced_at: Option<Timestamp>,
    /// Where a promise of it begins.
    pub entry: Entry,
    /// Whether an event took away what the platform had been asked for.
    pub ask_anew: bool,
}

impl Assessment {
    /// An assessment of these terms alone.
    #[must_use]
    pub fn of(terms: Terms, entry: Entry) -> Self {
        Self { terms, campaign_id: None, announced_at: None, entry, ask_anew: false }
    }
}

/// Decides whether the merged record makes a promise, at the arrival of one of
/// its events. Two things make one: it is announced and approved, or
/// FirstPromoter may be asked to approve it, which never comes to more than
/// `approval_due`.
#[must_use]
pub fn announce(
    policy: &Policy,
    provider: Provider,
    subject: &Subject,
    record: &Record,
    received: Timestamp,
) -> Announced {
    let campaign = record.settled_text("campaign_id");
    let terms = terms(policy, provider, record, campaign, None);
    let entry = match assess(policy, provider, record, &terms, campaign, &[]) {
        Ok(entry) => entry,
        Err(NotEligible(why)) => return Announced::Nothing(why),
    };
    let begun = match record.announcement() {
        Some(at) => announced(policy, provider, record, at, entry),
        None if subject.kind == Kind::Commission => may_be_asked(policy, record, &terms, entry),
        None => Err(NotEligible("not_approved")),
    };
    let (state, reason) = match begun {
        Ok(begun) => begun,
        Err(NotEligible(why)) => return Announced::Nothing(why),
    };
    let key = format!("{provider}:{}:1", subject.id.as_str());
    let mut promise = Promise::new(key, 1, state, terms, received);
    promise.announced_at = record.announcement().unwrap_or(received);
    promise.campaign_id = campaign.map(str::to_owned);
    promise.by_response =
        provider == Provider::FirstPromoterV1 && policy.v1_confirm == V1Confirm::Response;
    promise.parked = reason.map(|reason| Parked {
        from: State::Requested,
        reason: reason.to_owned(),
        unknown: false,
        at: received,
    });
    Announced::Promise(Box::new(promise))
}

type Begun = Result<(State, Option<&'static str>), NotEligible>;

/// Where the promise of an announced reward begins.
fn announced(
    policy: &Policy,
    provider: Provider,
    record: &Record,
    at: Timestamp,
    entry: Entry,
) -> Begun {
    if at < policy.from {
        return Err(NotEligible("not_announced"));
    }
    match (standing(provider, record), entry) {
        (Standing::Withdrawn, _) => Err(NotEligible("not_approved")),
        (Standing::Unclear, _) => Ok((State::Parked, Some(UNKNOWN_STATUS))),
        (Standing::Contested, _) if provider == Provider::FirstPromoter => {
            Ok((State::LookupDue, None))
        }
        (Standing::Contested, _) => Ok((State::Parked, Some(CONTESTED))),
        (_, Entry::Park(reason)) => Ok((State::Parked, Some(reason))),
        (_, Entry::LookUp | Entry::Ask) => Ok((State::LookupDue, None)),
        _ => Ok((State::Requested, None)),
    }
}

/// Whether FirstPromoter may be asked to approve what no event has announced:
/// pending, unsuspected, no money, this source's, not older than `FulfilFrom`.
fn may_be_asked(policy: &Policy, record: &Record, terms: &Terms, entry: Entry) -> Begun {
    let open = match entry {
        // Only the recipient is not known yet.
        Entry::LookUp => terms.unit.is_none() || waits_without_looking(policy, record),
        entry => matches!(entry, Entry::Park(_) | Entry::Nothing),
    };
    if !policy.auto_approve || open || record.status() != Some("pending") || suspected(record) {
        return Err(NotEligible(if record.status() == Some("approved") {
            "not_announced"
        } else {
            "not_approved"
        }));
    }
    // An edit of it now does not make an old commission any younger.
    let created = record.text("occurred_at").and_then(Timestamp::parse);
    let stated = record.facts.get("status").and_then(|status| status.clock.time);
    match created.or(stated) {
        Some(since) if since >= policy.from => Ok((State::ApprovalDue, None)),
        _ => Err(NotEligible("not_announced")),
    }
}

/// What the present state of the record says to its promise; `None`: nothing.
#[must_use]
pub fn restate(
    policy: &Policy,
    provider: Provider,
    promise: &Promise,
    record: &Record,
) -> Option<Input> {
    match standing(provider, record) {
        Standing::Withdrawn if found_since(promise, record) => None,
        Standing::Withdrawn if is_asked(promise) && still_pending(record) => None,
        Standing::Withdrawn => Some(match askable(policy, provider, promise, record) {
            Some(now) => Input::Askable(Box::new(now)),
            None => Input::Withdrawn,
        }),
        _ if unannounced(promise, record) || denied_since(promise, record) => None,
        // A status that nobody knows takes away nothing that was given.
        Standing::Unclear | Standing::Contested if promise.may_be_given() => None,
        Standing::Approved | Standing::Unclear | Standing::Contested => {
            let now = assessment(policy, provider, promise, record);
            Some(Input::Approved(Box::new(now)))
        }
    }
}

/// The reward of a promise as its record states it now.
pub(super) fn assessment(
    policy: &Policy,
    provider: Provider,
    promise: &Promise,
    record: &Record,
) -> Assessment {
    let found = promise.campaign_id.clone().filter(|_| promise.looked_up);
    let found = found.filter(|_| !taken_away(promise, record, "campaign_id"));
    let stated = record.settled_text("campaign_id");
    let stated = stated.filter(|_| found.is_none() || !is_older(promise, record, "campaign_id"));
    let campaign = stated.or(found.as_deref());
    let unit = promise.terms.unit.as_deref().filter(|_| promise.looked_up);
    let mut stated = terms(policy, provider, record, campaign, unit);
    if let Some(given) = promise.given_to() {
        // Who is rewarded by the settings of now is no change of this one.
        stated.recipient = Some(recipient(provider, record, given));
    }
    if stays_given(promise) {
        other_than_given(promise, record, &mut stated);
    }
    let (terms, ask_anew) = known(promise, record, stated);
    let entry = entry_of(policy, provider, promise, record, &terms, campaign);
    let campaign_id = campaign.map(str::to_owned);
    let announced_at = record.announcement();
    Assessment { terms, campaign_id, announced_at, entry, ask_anew }
}

/// Whether it is given, or being given, and not taken back, as far as anybody
/// knows: then what is stated is only compared with it, and never promised.
fn stays_given(promise: &Promise) -> bool {
    let parked = promise.parked.as_ref();
    match parked.map_or(promise.state, |parked| parked.from) {
        State::Delivering | State::Delivered | State::Confirming | State::Confirmed => true,
        State::ReversalDue => !parked.map_or(promise.check, |parked| parked.unknown),
        _ => false,
    }
}

/// The stated terms, completed by what the platform was asked for: only that
/// outlives the record, and only until an event takes it away. Then it is to be
/// asked anew.
fn known(promise: &Promise, record: &Record, stated: Terms) -> (Terms, bool) {
    if !promise.looked_up {
        return (stated, false);
    }
    let mut found = promise.terms.clone();
    let gone = |name: &str| taken_away(promise, record, name);
    let (affiliate, customer) = (gone("affiliate_id"), gone("customer_id"));
    let rewarded = found.recipient.as_ref().is_some_and(|to| match to.role.as_str() {
        "referral" => customer,
        _ => affiliate,
    });
    found.recipient = found.recipient.filter(|_| !rewarded);
    found.affiliate_id = found.affiliate_id.filter(|_| !affiliate);
    found.customer_id = found.customer_id.filter(|_| !customer);
    found.amount = found.amount.filter(|_| !gone("amount.value"));
    found.unit = found.unit.filter(|_| !gone("amount.unit"));
    let known = found.with(&newer_than_found(promise, record, &found, stated));
    let open = !known.is_complete() && promise.terms.is_complete();
    (known, open || gone("status"))
}

/// Whether events have taken a fact away, or a part of it, or contradicted each
/// other in it, since the platform was asked.
fn taken_away(promise: &Promise, record: &Record, name: &str) -> bool {
    let fact = record.facts.get(name.split('.').next().unwrap_or(name));
    fact.is_some_and(|fact| {
        let open = record.is_taken_away(name) || fact.is_contested();
        open && promise.found_at.is_none_or(|found| Some(found) <= fact.clock.time)
    })
}

/// Whether no event ever announced it, and it is not known to be approved
/// otherwise: what was only to be approved by asking is asked about.
fn unannounced(promise: &Promise, record: &Record) -> bool {
    let ended = matches!(promise.state, State::Denied | State::Reversed);
    record.announcement().is_none() && (promise.found_at.is_none() || ended)
}

/// Whether the platform itself, or a person, said no since it was announced.
fn denied_since(promise: &Promise, record: &Record) -> bool {
    promise.denied_at.is_some_and(|denied| record.announcement().is_none_or(|at| at < denied))
}

/// Whether FirstPromoter was asked to approve it, and has not yet.
fn is_asked(promise: &Promise) -> bool {
    promise.parked.as_ref().map_or(promise.state, |parked| parked.from) == State::AwaitingApproval
}

/// Whether no event says of it but that it is pending.
fn still_pending(record: &Record) -> bool {
    record.announcement().is_none() && record.status() == Some("pending")
}

/// The reward that FirstPromoter may be asked to approve, as the record and the
/// settings are now: it may have become money, or somebody else's, meanwhile.
fn askable(
    policy: &Policy,
    provider: Provider,
    promise: &Promise,
    record: &Record,
) -> Option<Assessment> {
    let unheard = promise.denied_at.is_none() && promise.found_at.is_none();
    if provider != Provider::FirstPromoter || !still_pending(record) || !unheard {
        return None;
    }
    let now = assessment(policy, provider, promise, record);
    may_be_asked(policy, record, &now.terms, now.entry).is_ok().then_some(now)
}

/// Whether the platform showed it as approved, by a status that is newer than
/// the one the record states. Where it gives no time for that, it outweighs only
/// the "pending" in which it was asked for its approval, never a denial.
fn found_since(promise: &Promise, record: &Record) -> bool {
    let status = record.facts.get("status");
    let since = |found: Option<Timestamp>, apart: i64| {
        // Without a time it is older than anything that was found.
        let older = |stated: Timestamp, found| stated.plus_seconds(apart) < found;
        found.zip(status).is_some_and(|(found, status)| {
            status.clock.time.is_none_or(|stated| older(stated, found))
        })
    };
    let by_its_clock = since(promise.found_since, 0);
    let untimed = promise.found_since.is_none() && record.status() == Some("pending");
    let asked_later = untimed && since(promise.found_at, CLOCKS_APART);
    record.deleted_at.is_none() && (by_its_clock || asked_later)
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
    match restate(policy, provider, promise, record) {
        Some(input) => step(promise, &input, policy.reversals, now),
        None => Stepped::Unchanged,
    }
}

/// How a record stands with its reward.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Approved,
    Withdrawn,
    /// In a status that nobody knows.
    Unclear,
    /// Equally late events state different ones.
    Contested,
}

/// A v1 fulfilment is pending because its reward was approved; a v2 commission
/// says so in its status.
fn standing(provider: Provider, record: &Record) -> Standing {
    let contested = record.facts.get("status").is_some_and(Register::is_contested);
    match (provider, record.status()) {
        (_, status) if contested && status != Some("deleted") => Standing::Contested,
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
pub fn entry_of(
    policy: &Policy,
    provider: Provider,
    promise: &Promise,
    record: &Record,
    known: &Terms,
    campaign: Option<&str>,
) -> Entry {
    // A waiver is of the terms that were seen.
    let waived = if promise.terms.differs(known) { &[] } else { promise.waived.as_slice() };
    let waives = |reason: &str| waived.iter().any(|waived| waived == reason);
    match assess(policy, provider, record, known, campaign, waived) {
        Err(_) => Entry::Nothing,
        Ok(entry) => match standing(provider, record) {
            Standing::Unclear if !waives(UNKNOWN_STATUS) => Entry::Park(UNKNOWN_STATUS),
            // v1's API does not tell which of them counts.
            Standing::Contested if provider != Provider::FirstPromoter => {
                if waives(CONTESTED) {
                    entry
                } else {
                    Entry::Park(CONTESTED)
                }
            }
            Standing::Contested if taken_away(promise, record, "status") => Entry::LookUp,
            _ => entry,
        },
    }
}

//! The announcement of rewards: which approved ones are promised, on which terms,
//! and what an event does to a promise that exists.

mod eligibility;
mod stated;

use eligibility::{NotEligible, assess_eligibility, recipient, waits_without_looking};
pub use eligibility::{suspected, terms};
use stated::{is_older, newer_than_found, other_than_given};

use crate::fulfilment::assessment::{Assessment, CLOCKS_APART, Start};
use crate::fulfilment::machine::{Input, Rules, Transition, transition};
use crate::fulfilment::policy::{Policy, V1Confirm};
use crate::fulfilment::promise::{Parked, Promise};
use crate::fulfilment::reason::ParkReason;
use crate::fulfilment::rewards::{RewardStatus, Rewards};
use crate::fulfilment::state::State;
use crate::fulfilment::terms::Terms;
use crate::ledger::{Record, Register, Subject};
use crate::wire::Timestamp;

/// The result of an event for a reward without a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Announced {
    /// A promise to be recorded with the event.
    Promise(Box<Promise>),
    /// No promise, with the reason: `cash`, `not_source`, `not_announced`,
    /// `not_approved`.
    Nothing(&'static str),
}

/// Decides whether the merged record makes a promise, at the arrival of one of its
/// events. There are two ways: the reward is announced and approved, or
/// FirstPromoter may be asked to approve it, and then the promise begins at
/// `approval_due` at most.
#[must_use]
pub fn announce(
    policy: &Policy,
    rewards: &'static Rewards,
    subject: &Subject,
    record: &Record,
    received: Timestamp,
) -> Announced {
    let campaign = record.settled_text("campaign_id");
    let terms = terms(policy, rewards, record, campaign, None);
    let entry = match assess_eligibility(policy, rewards, record, &terms, campaign, &[]) {
        Ok(entry) => entry,
        Err(NotEligible(why)) => return Announced::Nothing(why),
    };
    // A refund makes a commission of less than nothing, which is no reward.
    if terms.amount.as_deref().is_some_and(|amount| amount.starts_with('-')) {
        return Announced::Nothing("negative_amount");
    }
    let begun = match record.announcement() {
        Some(at) => announced(policy, rewards, record, at, entry),
        None if rewards.can_approve && subject.kind == rewards.kind => {
            may_be_asked(policy, record, &terms, &entry)
        }
        None => Err(NotEligible("not_approved")),
    };
    let (state, reason) = match begun {
        Ok(begun) => begun,
        Err(NotEligible(why)) => return Announced::Nothing(why),
    };
    let key = format!("{}:{}:1", rewards.provider, subject.id.as_str());
    let mut promise = Promise::new(key, 1, state, terms, received);
    promise.announced_at = record.announcement().unwrap_or(received);
    promise.campaign_id = campaign.map(str::to_owned);
    promise.by_response = rewards.confirms_by_response && policy.v1_confirm == V1Confirm::Response;
    promise.parked = reason.map(|reason| Parked {
        from: State::Requested,
        reason,
        unknown: false,
        at: received,
    });
    Announced::Promise(Box::new(promise))
}

type Begun = Result<(State, Option<ParkReason>), NotEligible>;

/// The first state of the promise of an announced reward.
fn announced(
    policy: &Policy,
    rewards: &'static Rewards,
    record: &Record,
    at: Timestamp,
    entry: Start,
) -> Begun {
    if at < policy.from {
        return Err(NotEligible("not_announced"));
    }
    match (reward_status(rewards, record), entry) {
        (RewardStatus::Withdrawn, _) => Err(NotEligible("not_approved")),
        (RewardStatus::Unclear, _) => Ok((State::Parked, Some(ParkReason::UnknownStatus))),
        (RewardStatus::Contested, _) if rewards.can_be_asked => Ok((State::LookupDue, None)),
        (RewardStatus::Contested, _) => Ok((State::Parked, Some(ParkReason::Contested))),
        (_, Start::Park(reason)) => Ok((State::Parked, Some(reason))),
        (_, Start::LookUp | Start::Ask) => Ok((State::LookupDue, None)),
        _ => Ok((State::Requested, None)),
    }
}

/// The first state of a promise for which FirstPromoter is asked to approve the
/// reward, though no event has announced it. The reward must be pending,
/// unsuspected, no money, this source's and not older than `FulfilFrom`.
fn may_be_asked(policy: &Policy, record: &Record, terms: &Terms, entry: &Start) -> Begun {
    let open = match entry {
        // A look-up may start it only where nothing but the recipient is unknown.
        Start::LookUp => terms.unit.is_none() || waits_without_looking(policy, record),
        entry => matches!(entry, Start::Park(_) | Start::Nothing),
    };
    if !policy.auto_approve || open || record.status() != Some("pending") || suspected(record) {
        return Err(NotEligible(if record.status() == Some("approved") {
            "not_announced"
        } else {
            "not_approved"
        }));
    }
    // An edit today does not make an old commission younger.
    let created = record.text("occurred_at").and_then(Timestamp::parse);
    let stated = record.facts.get("status").and_then(|status| status.clock.time);
    match created.or(stated) {
        Some(since) if since >= policy.from => Ok((State::ApprovalDue, None)),
        _ => Err(NotEligible("not_announced")),
    }
}

/// The input that the present state of the record has for its promise; `None` when
/// it has none.
#[must_use]
pub fn input_from_record(
    policy: &Policy,
    rewards: &'static Rewards,
    promise: &Promise,
    record: &Record,
) -> Option<Input> {
    match reward_status(rewards, record) {
        RewardStatus::Withdrawn if found_since(promise, record) => None,
        RewardStatus::Withdrawn if is_asked(promise) && still_pending(record) => None,
        RewardStatus::Withdrawn => Some(match askable(policy, rewards, promise, record) {
            Some(now) => Input::Askable(Box::new(now)),
            None => Input::Withdrawn,
        }),
        _ if unannounced(promise, record) || denied_since(promise, record) => None,
        // An unknown status takes back nothing that was given.
        RewardStatus::Unclear | RewardStatus::Contested if promise.may_be_given() => None,
        RewardStatus::Approved | RewardStatus::Unclear | RewardStatus::Contested => {
            let now = assess_existing(policy, rewards, promise, record);
            Some(Input::Approved(Box::new(now)))
        }
    }
}

/// The reward of a promise as its record states it now.
pub(super) fn assess_existing(
    policy: &Policy,
    rewards: &'static Rewards,
    promise: &Promise,
    record: &Record,
) -> Assessment {
    let found = promise.campaign_id.clone().filter(|_| promise.platform.counts());
    let found = found.filter(|_| !taken_away(promise, record, "campaign_id"));
    let stated = record.settled_text("campaign_id");
    let stated = stated.filter(|_| found.is_none() || !is_older(promise, record, "campaign_id"));
    let campaign = stated.or(found.as_deref());
    let unit = promise.terms.unit.as_deref().filter(|_| promise.platform.counts());
    let mut stated = terms(policy, rewards, record, campaign, unit);
    if let Some(given) = promise.rewarded_role() {
        // A change of the recipient rule does not change whom this reward was given
        // to.
        stated.recipient = Some(recipient(rewards, record, given));
    }
    if stays_given(promise) {
        other_than_given(promise, record, &mut stated);
    }
    let (terms, ask_anew) = complete_with_lookup(promise, record, stated);
    let entry = entry_of(policy, rewards, promise, record, &terms, campaign);
    let campaign_id = campaign.map(str::to_owned);
    let announced_at = record.announcement();
    Assessment { terms, campaign_id, announced_at, entry, ask_anew }
}

/// True when the reward is given, or being given, and not taken back, as far as is
/// known. Stated terms are then only compared with those given, and never promised.
fn stays_given(promise: &Promise) -> bool {
    let parked = promise.parked.as_ref();
    match parked.map_or(promise.state, |parked| parked.from) {
        State::Delivering | State::Delivered | State::Confirming | State::Confirmed => true,
        State::ReversalDue => !parked.map_or(promise.effect_uncertain, |parked| parked.unknown),
        _ => false,
    }
}

/// The stated terms, completed by what the platform was asked for. Only that
/// outlives the record, and only until an event takes it away. `true` when the
/// platform has to be asked anew.
fn complete_with_lookup(promise: &Promise, record: &Record, stated: Terms) -> (Terms, bool) {
    if !promise.platform.counts() {
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

/// True when events have taken a fact away, or a part of it, or contradicted each
/// other in it, since the platform was asked.
fn taken_away(promise: &Promise, record: &Record, name: &str) -> bool {
    let fact = record.facts.get(name.split('.').next().unwrap_or(name));
    fact.is_some_and(|fact| {
        let open = record.is_taken_away(name) || fact.is_contested();
        open && promise.platform.found_at.is_none_or(|found| Some(found) <= fact.clock.time)
    })
}

/// True when no event ever announced the reward, and it is not known to be approved
/// otherwise. The record then has no say: the platform, which was to be asked for
/// its approval, decides.
fn unannounced(promise: &Promise, record: &Record) -> bool {
    let ended = matches!(promise.state, State::Denied | State::Reversed);
    record.announcement().is_none() && (promise.platform.found_at.is_none() || ended)
}

/// True when the platform itself, or the operator, denied the reward after its
/// latest announcement.
fn denied_since(promise: &Promise, record: &Record) -> bool {
    promise
        .platform
        .denied_at
        .is_some_and(|denied| record.announcement().is_none_or(|at| at < denied))
}

/// True when FirstPromoter was asked to approve the reward, and is not known to
/// have.
fn is_asked(promise: &Promise) -> bool {
    promise.parked.as_ref().map_or(promise.state, |parked| parked.from) == State::AwaitingApproval
}

/// True when events say of the reward only that it is pending.
fn still_pending(record: &Record) -> bool {
    record.announcement().is_none() && record.status() == Some("pending")
}

/// The reward as record and settings state it now, if FirstPromoter may still be
/// asked to approve it. It may have become money, or another source's, meanwhile.
fn askable(
    policy: &Policy,
    rewards: &'static Rewards,
    promise: &Promise,
    record: &Record,
) -> Option<Assessment> {
    let unheard = promise.platform.denied_at.is_none() && promise.platform.found_at.is_none();
    if !rewards.can_approve || !still_pending(record) || !unheard {
        return None;
    }
    let now = assess_existing(policy, rewards, promise, record);
    may_be_asked(policy, record, &now.terms, &now.entry).is_ok().then_some(now)
}

/// True when the platform showed the reward as approved, by a status newer than the
/// one that the record states. An approval without a time outweighs only the
/// "pending" in which the platform was asked for it, never a denial.
fn found_since(promise: &Promise, record: &Record) -> bool {
    let status = record.facts.get("status");
    let since = |found: Option<Timestamp>, apart: i64| {
        // A status without a time is older than anything the platform showed.
        let older = |stated: Timestamp, found| stated.plus_seconds(apart) < found;
        found.zip(status).is_some_and(|(found, status)| {
            status.clock.time.is_none_or(|stated| older(stated, found))
        })
    };
    let by_its_clock = since(promise.platform.found_since, 0);
    let untimed = promise.platform.found_since.is_none() && record.status() == Some("pending");
    let asked_later = untimed && since(promise.platform.found_at, CLOCKS_APART);
    record.deleted_at.is_none() && (by_its_clock || asked_later)
}

/// Applies the present state of the record to its promise.
#[must_use]
pub fn reconcile(
    policy: &Policy,
    rewards: &'static Rewards,
    promise: &Promise,
    record: &Record,
    now: Timestamp,
) -> Transition {
    match input_from_record(policy, rewards, promise, record) {
        Some(input) => {
            let rules = Rules { reversals: policy.reversals, rewards };
            transition(promise, &input, rules, now)
        }
        None => Transition::Unchanged,
    }
}

/// The status of a reward that its record states.
fn reward_status(rewards: &Rewards, record: &Record) -> RewardStatus {
    let contested = record.facts.get("status").is_some_and(Register::is_contested);
    match record.status() {
        Some("deleted") => RewardStatus::Withdrawn,
        _ if contested => RewardStatus::Contested,
        status => (rewards.status)(status),
    }
}

/// The start from which this promise goes on, on these terms. The operator may have
/// waived the reason for which it would be parked.
#[must_use]
pub fn entry_of(
    policy: &Policy,
    rewards: &'static Rewards,
    promise: &Promise,
    record: &Record,
    known: &Terms,
    campaign: Option<&str>,
) -> Start {
    // A waiver is good only for the terms that the operator saw.
    let waived = if promise.terms.differs(known) { &[] } else { promise.waived.as_slice() };
    let waives = |reason: &ParkReason| waived.contains(reason);
    match assess_eligibility(policy, rewards, record, known, campaign, waived) {
        Err(_) => Start::Nothing,
        Ok(entry) => match reward_status(rewards, record) {
            RewardStatus::Unclear if !waives(&ParkReason::UnknownStatus) => {
                Start::Park(ParkReason::UnknownStatus)
            }
            // v1's API does not tell which of the contradicting events counts.
            RewardStatus::Contested if !rewards.can_be_asked => {
                if waives(&ParkReason::Contested) {
                    entry
                } else {
                    Start::Park(ParkReason::Contested)
                }
            }
            RewardStatus::Contested if taken_away(promise, record, "status") => Start::LookUp,
            _ => entry,
        },
    }
}

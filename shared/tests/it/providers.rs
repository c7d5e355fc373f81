//! The providers as the tests name them, and the functions of fulfilment for a
//! provider's rewards.

use serde_json::Value;
use shared::fulfilment::{
    Announced, Input, Policy, Promise, Reversals, Rewards, Rules, Snapshot, Start, Terms,
    Transition,
};
use shared::ledger::{Event, Malformed, Record, Subject};
use shared::provider::definition::{Delivered, find};
use shared::provider::{ALL, Definition};
use shared::receive::decide::Decision;
use shared::receive::route::Route;
use shared::wire::Timestamp;
use shared::wire::json::Json;

pub const UPPROMOTE: &Definition = &shared::provider::uppromote::DEFINITION;
pub const AFFONSO: &Definition = &shared::provider::affonso::DEFINITION;
pub const FIRSTPROMOTER: &Definition = &shared::provider::firstpromoter::DEFINITION;
pub const FIRSTPROMOTER_V1: &Definition = &shared::provider::firstpromoter_v1::DEFINITION;

/// The definition of an event's provider.
pub fn provider_of(event: &Event) -> &'static Definition {
    find(ALL, event.provider.name()).unwrap()
}

pub fn route(path: &str) -> Route<'_> {
    Route::of_path(ALL, path).unwrap()
}

pub fn decide(known: &Snapshot, event: &Event, policy: &Policy, received: Timestamp) -> Decision {
    let rewards = provider_of(event).rewards;
    shared::receive::decide::decide(known, event, policy, rewards, received)
}

/// Reads a body as an event that came in at `received`.
pub fn read(
    of: &Definition,
    event_type: &str,
    body: &Json,
    sha256: &str,
    received: Timestamp,
) -> Result<Event, Malformed> {
    of.event(ALL, &Delivered { event_type, body, sha256, received })
}

pub fn rewards(of: &Definition) -> &'static Rewards {
    of.rewards.unwrap()
}

/// The rules for a promise, whose key names its provider.
pub fn rules(promise: &Promise, reversals: Reversals) -> Rules {
    let v1 = promise.key.starts_with("firstpromoter-v1:");
    let of = if v1 { FIRSTPROMOTER_V1 } else { FIRSTPROMOTER };
    Rules { reversals, rewards: rewards(of) }
}

pub fn transition(
    promise: &Promise,
    input: &Input,
    reversals: Reversals,
    now: Timestamp,
) -> Transition {
    shared::fulfilment::transition(promise, input, rules(promise, reversals), now)
}

pub fn announce(
    policy: &Policy,
    of: &Definition,
    subject: &Subject,
    record: &Record,
    received: Timestamp,
) -> Announced {
    shared::fulfilment::announce(policy, rewards(of), subject, record, received)
}

pub fn input_from_record(
    policy: &Policy,
    of: &Definition,
    promise: &Promise,
    record: &Record,
) -> Option<Input> {
    shared::fulfilment::input_from_record(policy, rewards(of), promise, record)
}

pub fn reconcile(
    policy: &Policy,
    of: &Definition,
    promise: &Promise,
    record: &Record,
    now: Timestamp,
) -> Transition {
    shared::fulfilment::reconcile(policy, rewards(of), promise, record, now)
}

pub fn entry_of(
    policy: &Policy,
    of: &Definition,
    promise: &Promise,
    record: &Record,
    known: &Terms,
    campaign: Option<&str>,
) -> Start {
    shared::fulfilment::entry_of(policy, rewards(of), promise, record, known, campaign)
}

pub fn stated_terms(
    policy: &Policy,
    of: &Definition,
    record: &Record,
    campaign: Option<&str>,
    unit: Option<&str>,
) -> Terms {
    shared::fulfilment::terms(policy, rewards(of), record, campaign, unit)
}

pub fn reward(promise: &Promise, of: &Definition, subject_id: &str) -> Option<Value> {
    shared::fulfilment::reward(promise, rewards(of), subject_id)
}

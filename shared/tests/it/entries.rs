//! Where a promise goes on after a person, or newer settings, had a say.

use crate::machine::{at, word};
use crate::promises::{commission, first, fulfilment, policy};
use crate::providers::{FIRSTPROMOTER, FIRSTPROMOTER_V1, input_from_record, transition};
use shared::fulfilment::{
    Input, ParkReason, Policy, Promise, Rule, Start, State, Transition, V1Confirm,
};
use shared::ledger::Record;
use shared::provider::Definition;
use std::collections::BTreeMap;

use serde_json::{Value, json};

const NOW: &str = "2026-10-01T00:00:00Z";

/// The record and the promise that the first event of an object leaves behind.
fn made(policy: &Policy, provider: &'static Definition, body: &Value) -> (Record, Promise) {
    let write = first(policy, provider, body);
    let promise = write.promises.into_iter().next().unwrap();
    (write.record.unwrap(), promise)
}

fn resumed(promise: &Promise, policy: &Policy) -> Promise {
    match transition(promise, &word(None), policy.reversals, at(5)) {
        Transition::Changed(next) => *next,
        other => panic!("{other:?}"),
    }
}

fn by_api() -> Policy {
    Policy { v1_confirm: V1Confirm::Api, ..policy() }
}

fn cookies(mut body: Value) -> Value {
    body["data"]["unit"] = json!("cookies");
    body
}

#[test]
fn what_a_person_waived_is_not_asked_again() {
    let odd = cookies(commission(5104, "points", "approved", NOW));
    let (record, parked) = made(&policy(), FIRSTPROMOTER, &odd);
    assert_eq!(parked.parked.as_ref().unwrap().reason, ParkReason::UnknownUnit);
    let going = resumed(&parked, &policy());
    assert_eq!(going.state, State::Requested);
    let restated = input_from_record(&policy(), FIRSTPROMOTER, &going, &record);
    assert!(matches!(restated, Some(Input::Approved(now)) if now.entry == Start::Deliver));

    // v1 by API is asked first all the same.
    let (record, parked) = made(&by_api(), FIRSTPROMOTER_V1, &cookies(fulfilment(7731)));
    let going = resumed(&parked, &by_api());
    assert_eq!(going.state, State::LookupDue);
    let restated = input_from_record(&by_api(), FIRSTPROMOTER_V1, &going, &record);
    assert!(matches!(restated, Some(Input::Approved(now)) if now.entry == Start::Ask));
}

#[test]
fn a_rule_that_was_added_counts_when_it_is_resumed() {
    let rules = |rule: &str| Policy {
        recipient: Rule::ByRules,
        recipient_rules: BTreeMap::from([(rule.to_owned(), Rule::Promoter)]),
        ..policy()
    };
    let (without, with) = (rules("*:credits"), rules("*:points"));
    let (record, parked) = made(&without, FIRSTPROMOTER_V1, &fulfilment(7731));
    assert_eq!(parked.parked.as_ref().unwrap().reason, ParkReason::NoRecipientRule);
    let going = resumed(&parked, &with);
    assert_eq!(going.state, State::LookupDue);
    let Some(input @ Input::Approved(..)) =
        input_from_record(&with, FIRSTPROMOTER_V1, &going, &record)
    else {
        panic!("nothing restated")
    };
    let Transition::Changed(next) = transition(&going, &input, with.reversals, at(6)) else {
        panic!("nothing changed")
    };
    assert_eq!(next.state, State::Requested);
    assert_eq!(next.terms.recipient.unwrap().id.as_deref(), Some("31"));
    // Without it, it waits again.
    let again = input_from_record(&without, FIRSTPROMOTER_V1, &going, &record);
    assert!(
        matches!(again, Some(Input::Approved(now)) if now.entry == Start::Park(ParkReason::NoRecipientRule))
    );
}

#[test]
fn an_old_pending_commission_is_not_approved_for_being_edited() {
    let mut auto = policy();
    auto.auto_approve = true;
    let mut pending = commission(5104, "points", "pending", NOW);
    pending["event_type"] = json!("commission.updated");
    for (created, promised) in [("2025-12-31T23:59:59Z", false), ("2026-01-01T00:00:00Z", true)] {
        pending["data"]["created_at"] = json!(created);
        let write = first(&auto, FIRSTPROMOTER, &pending);
        assert_eq!(write.promises.len() == 1, promised, "{created}");
    }
}

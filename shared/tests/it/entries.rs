//! Where a promise goes on after a person, or newer settings, had a say.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::fulfilment::{
    Entry, Input, Policy, Promise, Rule, State, Stepped, V1Confirm, restate, step,
};
use shared::ledger::Provider;
use shared::ledger::Provider::{FirstPromoter, FirstPromoterV1};
use shared::ledger::Record;

use crate::machine::{at, word};
use crate::promises::{commission, first, fulfilment, policy};

const NOW: &str = "2026-10-01T00:00:00Z";

/// What the first event of an object leaves behind: its record and its promise.
fn made(policy: &Policy, provider: Provider, body: &Value) -> (Record, Promise) {
    let write = first(policy, provider, body);
    let promise = write.promises.into_iter().next().unwrap();
    (write.record.unwrap(), promise)
}

fn resumed(promise: &Promise, policy: &Policy) -> Promise {
    match step(promise, &word(None), policy.reversals, at(5)) {
        Stepped::Changed(next) => *next,
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
    let (record, parked) = made(&policy(), FirstPromoter, &odd);
    assert_eq!(parked.parked.as_ref().unwrap().reason, "unknown_unit");
    let going = resumed(&parked, &policy());
    assert_eq!(going.state, State::Requested);
    let restated = restate(&policy(), FirstPromoter, &going, &record);
    assert!(matches!(restated, Some(Input::Approved(now)) if now.entry == Entry::Deliver));

    // v1 by API is asked first all the same.
    let (record, parked) = made(&by_api(), FirstPromoterV1, &cookies(fulfilment(7731)));
    let going = resumed(&parked, &by_api());
    assert_eq!(going.state, State::LookupDue);
    let restated = restate(&by_api(), FirstPromoterV1, &going, &record);
    assert!(matches!(restated, Some(Input::Approved(now)) if now.entry == Entry::Ask));
}

#[test]
fn a_rule_that_was_added_counts_when_it_is_resumed() {
    let rules = |rule: &str| Policy {
        recipient: Rule::ByRules,
        recipient_rules: BTreeMap::from([(rule.to_owned(), Rule::Promoter)]),
        ..policy()
    };
    let (without, with) = (rules("*:credits"), rules("*:points"));
    let (record, parked) = made(&without, FirstPromoterV1, &fulfilment(7731));
    assert_eq!(parked.parked.as_ref().unwrap().reason, "no_recipient_rule");
    let going = resumed(&parked, &with);
    assert_eq!(going.state, State::LookupDue);
    let Some(input @ Input::Approved(..)) = restate(&with, FirstPromoterV1, &going, &record) else {
        panic!("nothing restated")
    };
    let Stepped::Changed(next) = step(&going, &input, with.reversals, at(6)) else {
        panic!("nothing changed")
    };
    assert_eq!(next.state, State::Requested);
    assert_eq!(next.terms.recipient.unwrap().id.as_deref(), Some("31"));
    // Without it, it waits again.
    let again = restate(&without, FirstPromoterV1, &going, &record);
    assert!(
        matches!(again, Some(Input::Approved(now)) if now.entry == Entry::Park("no_recipient_rule"))
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
        let write = first(&auto, FirstPromoter, &pending);
        assert_eq!(write.promises.len() == 1, promised, "{created}");
    }
}

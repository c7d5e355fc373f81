//! What a record states beside what the platform showed, and what was given.

use serde_json::Value;

use crate::fulfilment::promise::Promise;
use crate::fulfilment::terms::{Recipient, Terms};
use crate::ledger::Record;

/// What events state after the platform's own clock, or a person who believed its
/// list, let what it showed count; of what it did not show, all.
pub(super) fn newer_than_found(
    promise: &Promise,
    record: &Record,
    found: &Terms,
    stated: Terms,
) -> Terms {
    let newer = |name: &str| !is_older(promise, record, name);
    // A rule of now is nothing that the platform knows.
    let same_rule = |to: &Recipient| {
        found.recipient.as_ref().is_some_and(|found| found.role == to.role && found.id.is_some())
    };
    let kept = |found: &Option<String>, name: &str| found.is_none() || newer(name);
    Terms {
        amount: stated.amount.filter(|_| kept(&found.amount, "amount")),
        unit: stated.unit.filter(|_| kept(&found.unit, "amount")),
        recipient: stated.recipient.filter(|to| !same_rule(to) || newer(whose(to))),
        affiliate_id: stated.affiliate_id.filter(|_| kept(&found.affiliate_id, "affiliate_id")),
        customer_id: stated.customer_id.filter(|_| kept(&found.customer_id, "customer_id")),
    }
}

/// Whether the events that state a fact are from before what the platform showed
/// came to count.
pub(super) fn is_older(promise: &Promise, record: &Record, name: &str) -> bool {
    let counts = promise.platform.found_since.max(promise.platform.believed_at);
    record.facts.get(name).is_some_and(|fact| fact.clock.time < counts)
}

/// Where equally late events contradict each other, and none of them states what
/// was given, it changed for sure: any of them says so.
pub(super) fn other_than_given(promise: &Promise, record: &Record, stated: &mut Terms) {
    let given = &promise.terms;
    let none_is = |name: &str, is: &dyn Fn(&Value) -> bool| {
        let fact = record.facts.get(name).filter(|fact| fact.is_contested());
        fact.is_some_and(|fact| !fact.statements().iter().any(|stated| is(&stated.value)))
    };
    let part = |amount: &Value, name: &str| amount.get(name)?.as_str().map(str::to_owned);
    let same = |amount: &Value| {
        part(amount, "value") == given.amount && part(amount, "unit") == given.unit
    };
    if let Some(amount) = record.fact("amount").filter(|_| none_is("amount", &same)) {
        stated.amount = part(amount, "value");
        stated.unit = part(amount, "unit");
    }
    if let Some(to) = stated.recipient.as_mut() {
        let (id, whose) = (given.recipient.as_ref().and_then(|to| to.id.as_deref()), whose(to));
        if none_is(whose, &|stated| stated.as_str() == id) {
            to.id = record.text(whose).map(str::to_owned);
        }
    }
}

/// The fact that names a recipient.
fn whose(to: &Recipient) -> &'static str {
    if to.role == "referral" { "customer_id" } else { "affiliate_id" }
}

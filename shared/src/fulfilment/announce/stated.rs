//! The terms that a record states, beside those that the platform showed and those
//! that were given.

use serde_json::Value;

use crate::fulfilment::promise::Promise;
use crate::fulfilment::terms::{Recipient, Terms};
use crate::ledger::Record;

/// The stated terms without those older than what the platform showed. What it
/// showed counts from its own clock on, or from when the operator believed its
/// list; a term that it did not show is always the stated one.
pub(super) fn newer_than_found(
    promise: &Promise,
    record: &Record,
    found: &Terms,
    stated: Terms,
) -> Terms {
    let newer = |name: &str| !is_older(promise, record, name);
    // A change of the recipient rule is nothing that the platform knows of.
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

/// True when the events that state a fact are older than what the platform showed.
pub(super) fn is_older(promise: &Promise, record: &Record, name: &str) -> bool {
    let counts = promise.platform.found_since.max(promise.platform.believed_at);
    record.facts.get(name).is_some_and(|fact| fact.clock.time < counts)
}

/// Puts terms that differ from those given into `stated` where equally late events
/// contradict each other and none of them states the given ones. The terms have
/// changed for sure then, and any of those events shows it.
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

/// The name of the fact that is the recipient's id.
fn whose(to: &Recipient) -> &'static str {
    if to.role == "referral" { "customer_id" } else { "affiliate_id" }
}

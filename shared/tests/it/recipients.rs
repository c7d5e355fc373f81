//! Who is rewarded, in the promise and in what goes out.

use crate::certain::{after, feed, told};
use crate::machine::{at, run};
use crate::promises::{fulfilment, policy};
use crate::providers::{FIRSTPROMOTER, FIRSTPROMOTER_V1, reward};
use serde_json::{Value, json};
use shared::fulfilment::{Input, Policy, Promise, Reversals, Rule, Snapshot, State};
use shared::provider::Definition;

fn by(recipient: Rule) -> Policy {
    Policy { recipient, ..policy() }
}

fn role_and_id(provider: &'static Definition, promise: &Promise) -> (Value, Value) {
    let sent = reward(promise, provider, "88").unwrap();
    let to = &sent["data"]["recipient"];
    (to["role"].clone(), to["id"].clone())
}

#[test]
fn v1_rewards_its_promoter_under_that_name() {
    let promise =
        after(&by(Rule::Promoter), FIRSTPROMOTER_V1, &[fulfilment(7731)]).promise.unwrap();
    assert_eq!(role_and_id(FIRSTPROMOTER_V1, &promise), (json!("promoter"), json!("31")));
}

/// Given by the rule of then: an edit under another rule is no change of who was
/// rewarded, whichever of the two it was.
#[test]
fn who_was_rewarded_stays_rewarded_when_the_rule_changes() {
    let lease = || Input::Leased(at(90));
    for (then, now, given) in [
        (Rule::Promoter, Rule::Referral, (json!("promoter"), json!("31"))),
        (Rule::Referral, Rule::Promoter, (json!("referral"), json!("77"))),
    ] {
        let approved = told("commission.approved", "approved", "10:00:00");
        let mut known = after(&by(then), FIRSTPROMOTER, &[approved]);
        give(&mut known, &[lease(), Input::Done, lease(), Input::Done]);
        let edit = told("commission.updated", "approved", "11:00:00");
        feed(&by(now), FIRSTPROMOTER, &mut known, 1, &edit);
        let promise = known.promise.unwrap();
        assert_eq!(
            (promise.state, promise.terms_change.new_terms.as_ref()),
            (State::Confirmed, None)
        );
        assert_eq!(role_and_id(FIRSTPROMOTER, &promise), given);
    }
}

fn give(known: &mut Snapshot, inputs: &[Input]) {
    known.promise = known.promise.take().map(|promise| run(promise, inputs, Reversals::Deliver));
}

//! Who is rewarded, in the promise and in what goes out.

use serde_json::{Value, json};
use shared::fulfilment::Known;
use shared::fulfilment::{Input, Policy, Promise, Reversals, Rule, State, reward};
use shared::ledger::Provider;
use shared::ledger::Provider::{FirstPromoter, FirstPromoterV1};

use crate::certain::{after, feed, told};
use crate::machine::{at, run};
use crate::promises::{fulfilment, policy};

fn by(recipient: Rule) -> Policy {
    Policy { recipient, ..policy() }
}

fn role_and_id(provider: Provider, promise: &Promise) -> (Value, Value) {
    let sent = reward(promise, provider, "88").unwrap();
    let to = &sent["data"]["recipient"];
    (to["role"].clone(), to["id"].clone())
}

#[test]
fn v1_rewards_its_promoter_under_that_name() {
    let promise = after(&by(Rule::Promoter), FirstPromoterV1, &[fulfilment(7731)]).promise.unwrap();
    assert_eq!(role_and_id(FirstPromoterV1, &promise), (json!("promoter"), json!("31")));
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
        let mut known = after(&by(then), FirstPromoter, &[approved]);
        give(&mut known, &[lease(), Input::Done, lease(), Input::Done]);
        let edit = told("commission.updated", "approved", "11:00:00");
        feed(&by(now), FirstPromoter, &mut known, 1, &edit);
        let promise = known.promise.unwrap();
        assert_eq!((promise.state, promise.stated.as_ref()), (State::Confirmed, None));
        assert_eq!(role_and_id(FirstPromoter, &promise), given);
    }
}

fn give(known: &mut Known, inputs: &[Input]) {
    known.promise = known.promise.take().map(|promise| run(promise, inputs, Reversals::Deliver));
}

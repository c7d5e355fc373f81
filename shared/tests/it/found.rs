//! What a look-up found, beside events that take it away.

use crate::certain::{after, edited, feed, told};
use crate::contradicted::{question, shown};
use crate::machine::{at, run};
use crate::promises::policy;
use crate::providers::FIRSTPROMOTER;
use serde_json::{Value, json};
use shared::fulfilment::{
    Input, PlatformStatus, Policy, Promise, Reversals, Rule, Snapshot, State,
};

/// Approved at ten by an event that leaves one thing out, and found to be complete
/// by asking at half past ten.
fn found(policy: &Policy, lacks: &str) -> Snapshot {
    let mut body = told("commission.approved", "approved", "10:00:00");
    let (parent, name) = lacks.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name);
    let mut known = after(policy, FIRSTPROMOTER, &[body]);
    assert_eq!(known.promise.as_ref().unwrap().state, State::LookupDue, "{lacks}");
    let mut view = shown(PlatformStatus::Approved, None);
    if policy.recipient == Rule::Referral {
        let to = view.terms.recipient.as_mut().unwrap();
        (to.role, to.id) = ("referral".into(), Some("77".into()));
    }
    let found = question(&known, policy, FIRSTPROMOTER).looked_up(&view);
    let promise = known.promise.take().unwrap();
    known.promise = Some(run(promise, &[Input::Leased(at(90)), found], Reversals::Park));
    assert_eq!(known.promise.as_ref().unwrap().state, State::Requested, "{lacks}");
    known
}

/// The promise after an event of that time that states null.
fn after_null(policy: &Policy, lacks: &str, null: &str, time: &str) -> Promise {
    let mut known = found(policy, lacks);
    let mut event = edited("approved", time);
    *event.pointer_mut(null).unwrap() = Value::Null;
    feed(policy, FIRSTPROMOTER, &mut known, 1, &event);
    known.promise.unwrap()
}

const PROMOTER: &str = "/data/promoter_campaign/promoter";
const UNIT: &str = "/data/unit";
const AMOUNT: &str = "/data/amount";
const REFERRAL: &str = "/data/referral";

/// Statements from before the platform was asked are older than what it showed; those
/// made since, or in the same second, are not.
#[test]
fn what_was_found_stands_until_an_event_takes_it_away() {
    let promoter = policy();
    let referral = Policy { recipient: Rule::Referral, ..policy() };
    for (policy, lacks, null) in [
        (&promoter, UNIT, AMOUNT),
        (&promoter, UNIT, PROMOTER),
        (&promoter, PROMOTER, UNIT),
        (&promoter, PROMOTER, AMOUNT),
        (&referral, UNIT, REFERRAL),
        (&referral, UNIT, AMOUNT),
    ] {
        for (time, state) in [
            ("10:29:59", State::Requested),
            ("10:30:00", State::LookupDue),
            ("10:40:00", State::LookupDue),
        ] {
            let promise = after_null(policy, lacks, null, time);
            assert_eq!(promise.state, state, "{lacks} found, {null} taken away at {time}");
            assert_eq!(promise.platform.looked_up, state == State::Requested);
            if state == State::Requested {
                assert!(promise.terms.is_complete(), "{:?}", promise.terms);
            }
        }
    }
}

/// The other party is taken away, whom nothing is given to.
#[test]
fn who_is_not_rewarded_may_go_and_the_reward_stands() {
    let promoter = policy();
    let referral = Policy { recipient: Rule::Referral, ..policy() };
    for (time, stays) in [("10:20:00", true), ("10:40:00", false)] {
        let promise = after_null(&promoter, UNIT, REFERRAL, time);
        assert_eq!((promise.state, promise.platform.looked_up), (State::Requested, true), "{time}");
        assert_eq!(promise.terms.customer_id.is_some(), stays, "{time}");
        assert_eq!(promise.terms.affiliate_id.as_deref(), Some("31"));

        let promise = after_null(&referral, UNIT, PROMOTER, time);
        assert_eq!((promise.state, promise.platform.looked_up), (State::Requested, true), "{time}");
        assert_eq!(promise.terms.affiliate_id.is_some(), stays, "{time}");
        assert_eq!(promise.terms.customer_id.as_deref(), Some("77"));
    }
}

/// Two events of one second contradict each other in what was found.
#[test]
fn what_was_found_is_asked_for_anew_once_it_is_contested() {
    for (time, state) in [("10:20:00", State::Requested), ("10:40:00", State::LookupDue)] {
        let mut known = found(&policy(), PROMOTER);
        for (n, amount) in [(1, 600), (2, 700)] {
            let mut event = edited("approved", time);
            event["data"]["amount"] = json!(amount);
            event["data"]["promoter_campaign"]["promoter"] = Value::Null;
            let promise = known.promise.clone();
            feed(&policy(), FIRSTPROMOTER, &mut known, n, &event);
            if n == 1 {
                known.promise = promise;
            }
        }
        assert!(known.record.as_ref().unwrap().is_contested());
        assert_eq!(known.promise.unwrap().state, state, "{time}");
    }
}

/// The same of the status, of which only v2's API can be asked.
#[test]
fn what_was_found_approved_is_asked_for_anew_once_its_status_is_contested() {
    for (time, state) in [("10:20:00", State::Requested), ("10:40:00", State::LookupDue)] {
        let mut known = found(&policy(), PROMOTER);
        let promise = known.promise.clone();
        for (n, status) in [(1, "odd"), (2, "other")] {
            known.promise.clone_from(&promise);
            let mut event = edited(status, time);
            event["data"]["promoter_campaign"]["promoter"] = Value::Null;
            feed(&policy(), FIRSTPROMOTER, &mut known, n, &event);
        }
        assert_eq!(known.promise.unwrap().state, state, "{time}");
    }
}

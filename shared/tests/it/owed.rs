//! Whose a reward is, and how much.

use crate::certain::{after, approved, edited, feed, told};
use crate::machine::{at, run, word};
use crate::mapping::event;
use crate::promises::{first, fulfilment, policy};
use crate::providers::{FIRSTPROMOTER, FIRSTPROMOTER_V1, decide, reconcile, reward};
use serde_json::json;
use shared::fulfilment::{
    MaxAmounts, ParkReason, Policy, Promise, Reversals, Rule, Snapshot, State, Transition,
};
use shared::ledger::Source;
use shared::receive::decide::Decision;

#[test]
fn what_another_source_gave_is_not_given_again_and_what_it_is_to_give_is_not_given_here() {
    let with = |source| {
        let mut policy = policy();
        policy.sources.default = source;
        policy
    };
    let approved = |at| told("commission.approved", "approved", at);
    let reason = |known: &Snapshot| {
        let parked = known.promise.as_ref()?.parked.as_ref()?;
        Some(parked.reason.clone())
    };
    for before in [Source::V1, Source::Off] {
        let mut known = after(&with(before), FIRSTPROMOTER, &[approved("10:00:00")]);
        assert_eq!(known.promise, None);
        // Under way here only since the setting changed, and announced again.
        feed(&with(Source::V2), FIRSTPROMOTER, &mut known, 1, &approved("11:00:00"));
        assert_eq!(reason(&known), Some(ParkReason::SourceChanged), "{before:?}");
    }
    for now in [Source::V1, Source::Off] {
        let mut known = after(&with(Source::V2), FIRSTPROMOTER, &[approved("10:00:00")]);
        assert_eq!(known.promise.as_ref().unwrap().state, State::Requested);
        // At the next event, or at the next lease: parked, never silently denied.
        let (promise, record) = (known.promise.clone().unwrap(), known.record.clone().unwrap());
        let leased = reconcile(&with(now), FIRSTPROMOTER, &promise, &record, at(0));
        assert!(matches!(leased, Transition::Changed(p) if p.state == State::Parked));
        feed(&with(now), FIRSTPROMOTER, &mut known, 1, &edited("approved", "11:00:00"));
        assert_eq!(reason(&known), Some(ParkReason::SourceChanged), "{now:?}");
        // A person has looked: it was not given.
        let resumed = run(known.promise.take().unwrap(), &[word(None)], Reversals::Park);
        let again = reconcile(&with(now), FIRSTPROMOTER, &resumed, &record, at(0));
        assert_eq!((resumed.state, again), (State::Requested, Transition::Unchanged));
    }
}

#[test]
fn the_recipients_role_is_the_rules() {
    for (rule, role, id) in [(Rule::Promoter, "promoter", "31"), (Rule::Referral, "referral", "77")]
    {
        let policy = Policy { recipient: rule, ..policy() };
        let body = told("commission.approved", "approved", "10:00:00");
        let promise = after(&policy, FIRSTPROMOTER, &[body]).promise.unwrap();
        let sent = reward(&promise, FIRSTPROMOTER, "88").unwrap();
        let to = &sent["data"]["recipient"];
        assert_eq!((&to["role"], &to["id"]), (&json!(role), &json!(id)));
    }
}

#[test]
fn nothing_goes_out_without_saying_how_much_of_what_to_whom() {
    let (_, promise) = approved();
    assert!(reward(&promise, FIRSTPROMOTER, "88").is_some());
    let lacks: [fn(&mut Promise); 4] = [
        |p| p.terms.amount = None,
        |p| p.terms.unit = None,
        |p| p.terms.recipient = None,
        |p| p.terms.recipient.as_mut().unwrap().id = None,
    ];
    for lack in lacks {
        let mut promise = promise.clone();
        lack(&mut promise);
        assert_eq!(reward(&promise, FIRSTPROMOTER, "88"), None);
    }
}

#[test]
fn amounts_over_the_limit_wait_for_a_person() {
    let limits = |limits: &[(&str, i64)]| {
        let limits = limits.iter().map(|(unit, limit)| ((*unit).to_owned(), (*limit).into()));
        Policy { max_amount: MaxAmounts(limits.collect()), ..policy() }
    };
    for (policy, amount, reason) in [
        (limits(&[("points", 500)]), "500", None),
        (limits(&[("points", 500)]), "500.01", Some(ParkReason::AmountOverLimit)),
        (limits(&[("credits", 5)]), "500", None),
        (limits(&[("*", 5)]), "6", Some(ParkReason::AmountOverLimit)),
        (limits(&[("*", 5), ("points", 7)]), "6", None),
        (limits(&[]), "1000000000", None),
        (limits(&[]), "1000000001", Some(ParkReason::AmountOverLimit)),
        (limits(&[]), "1e400", Some(ParkReason::AmountOverLimit)),
    ] {
        let body = told("commission.approved", "approved", "10:00:00").to_string();
        let body = body.replace("\"amount\":500", &format!("\"amount\":{amount}"));
        let event = event(FIRSTPROMOTER, "/webhooks/firstpromoter/commissions", &body).unwrap();
        let Decision::Write(write) = decide(&Snapshot::default(), &event, &policy, at(0)) else {
            panic!()
        };
        let promise = write.promises.into_iter().next().unwrap();
        let parked = promise.parked.as_ref().map(|parked| parked.reason.clone());
        assert_eq!(parked, reason, "{amount}");
        if reason.is_some() {
            let waived = run(promise, &[word(None)], Reversals::Park);
            let again = reconcile(&policy, FIRSTPROMOTER, &waived, &write.record.unwrap(), at(0));
            assert_eq!((waived.state, again), (State::Requested, Transition::Unchanged));
        }
    }
    // Unsigned, and without a limit for its unit.
    let v1 = first(&limits(&[("credits", 5)]), FIRSTPROMOTER_V1, &fulfilment(7731));
    assert_eq!(v1.promises[0].parked.as_ref().unwrap().reason, ParkReason::AmountWithoutLimit);
    assert_eq!(
        first(&policy(), FIRSTPROMOTER_V1, &fulfilment(7731)).promises[0].state,
        State::Requested
    );
}

#[test]
fn several_reasons_are_waived_one_after_the_other() {
    let mut odd = told("commission.approved", "approved", "10:00:00");
    odd["data"]["unit"] = json!("cookies");
    odd["data"]["amount"] = json!(20_000);
    let known = after(&policy(), FIRSTPROMOTER, &[odd]);
    let (record, mut promise) = (known.record.unwrap(), known.promise.unwrap());
    for reason in [ParkReason::UnknownUnit, ParkReason::AmountOverLimit] {
        assert_eq!(promise.parked.as_ref().unwrap().reason, reason);
        promise = run(promise, &[word(None)], Reversals::Park);
        if let Transition::Changed(next) =
            reconcile(&policy(), FIRSTPROMOTER, &promise, &record, at(0))
        {
            promise = *next;
        }
    }
    assert_eq!(promise.state, State::Requested);
}

//! What a record comes to for its reward: without a promise, and with one.

use crate::certain::{after, auto, edited, feed, told};
use crate::machine::{at, run, word};
use crate::mapping::event;
use crate::promises::{fulfilment, policy};
use crate::providers::{FIRSTPROMOTER, FIRSTPROMOTER_V1, announce, decide};
use serde_json::{Value, json};
use shared::fulfilment::{Announced, Input, ParkReason, Policy, Reversals, Rule, Snapshot, State};
use shared::ledger::{Kind, Subject};
use shared::provider::Definition;
use shared::receive::decide::Decision;
use shared::wire::Id;

/// The promise that the record alone makes: a state and the reason for parking it, or
/// the reason for which there is no promise.
fn comes_to(
    policy: &Policy,
    provider: &'static Definition,
    known: &Snapshot,
) -> (Option<State>, String) {
    let kind = if provider == FIRSTPROMOTER { Kind::Commission } else { Kind::Fulfilment };
    let subject = Subject { kind, id: Id::new("88").unwrap() };
    let record = known.record.as_ref().unwrap();
    match announce(policy, provider, &subject, record, at(0)) {
        Announced::Promise(promise) => {
            let reason = promise.parked.map(|parked| parked.reason.to_string());
            (Some(promise.state), reason.unwrap_or_default())
        }
        Announced::Nothing(reason) => (None, reason.into()),
    }
}

#[test]
fn a_contested_status_is_asked_about_where_somebody_can_be_asked() {
    let odd = ["odd", "other"].map(|status| told("commission.approved", status, "10:00:00"));
    let v2 = after(&policy(), FIRSTPROMOTER, &odd);
    let odd = ["odd", "other"].map(|status| {
        let mut body = fulfilment(7731);
        body["data"]["status"] = json!(status);
        body
    });
    let v1 = after(&policy(), FIRSTPROMOTER_V1, &odd);
    for (provider, known, state, reason) in [
        (FIRSTPROMOTER, v2, State::LookupDue, ""),
        (FIRSTPROMOTER_V1, v1, State::Parked, "contested"),
    ] {
        assert!(known.record.as_ref().unwrap().is_contested());
        let expected = (Some(state), reason.to_owned());
        assert_eq!(comes_to(&policy(), provider, &known), expected);
    }
}

#[test]
fn what_is_not_promised_says_why() {
    let denied_since =
        [told("commission.approved", "approved", "10:00:00"), edited("denied", "11:00:00")];
    let mut old = told("commission.approved", "approved", "10:00:00");
    old["timestamp"] = json!("2025-12-31T23:59:59Z");
    let mut cash = told("commission.approved", "approved", "10:00:00");
    cash["data"]["unit"] = json!("cash");
    let mut others = told("commission.approved", "approved", "10:00:00");
    others["data"]["promoter_campaign"]["campaign_id"] = json!(7731);
    for (bodies, reason) in [
        (vec![edited("approved", "10:00:00")], "not_announced"),
        (vec![edited("pending", "10:00:00")], "not_approved"),
        (vec![edited("odd", "10:00:00")], "not_approved"),
        (vec![old], "not_announced"),
        (denied_since.to_vec(), "not_approved"),
        (vec![cash], "cash"),
        (vec![others], "not_source"),
    ] {
        let known = after(&policy(), FIRSTPROMOTER, &bodies);
        let expected = (None, reason.to_owned());
        assert_eq!(comes_to(&policy(), FIRSTPROMOTER, &known), expected, "{bodies:#?}");
    }
}

/// Only commissions can be approved, and only by asking for what is pending.
#[test]
fn an_approval_is_owed_for_pending_commissions_alone() {
    let pending = after(&auto(), FIRSTPROMOTER, &[edited("pending", "10:00:00")]);
    let state = |policy: &Policy| comes_to(policy, FIRSTPROMOTER, &pending).0;
    assert_eq!((state(&auto()), state(&policy())), (Some(State::ApprovalDue), None));
    let subject = Subject { kind: Kind::Payout, id: Id::new("88").unwrap() };
    let record = pending.record.as_ref().unwrap();
    let other = announce(&auto(), FIRSTPROMOTER, &subject, record, at(0));
    assert_eq!(other, Announced::Nothing("not_approved"));
}

/// An edit says that it is approved, and no event announced it: that is asked
/// for, and not given.
#[test]
fn what_waits_for_its_approval_is_not_given_for_being_edited() {
    let created = told("commission.created", "pending", "10:00:00");
    let asked = [Input::Leased(at(90)), Input::ApprovalRequested(at(0))];
    for (inputs, state) in
        [(&asked[..0], State::ApprovalDue), (&asked[..], State::AwaitingApproval)]
    {
        let mut known = after(&auto(), FIRSTPROMOTER, std::slice::from_ref(&created));
        known.promise = Some(run(known.promise.unwrap(), inputs, Reversals::Park));
        feed(&auto(), FIRSTPROMOTER, &mut known, 1, &edited("approved", "11:00:00"));
        assert_eq!(known.promise.as_ref().unwrap().state, state);
        feed(&auto(), FIRSTPROMOTER, &mut known, 2, &edited("pending", "11:30:00"));
        assert_eq!(known.promise.as_ref().unwrap().state, state);
        let approved = told("commission.approved", "approved", "12:00:00");
        feed(&auto(), FIRSTPROMOTER, &mut known, 3, &approved);
        assert_eq!(known.promise.as_ref().unwrap().state, State::Requested);
    }
}

/// A status that nobody knows says nothing of what was given, nor do the terms
/// that come with it.
#[test]
fn what_was_given_is_not_touched_by_a_status_that_nobody_knows() {
    let approved = told("commission.approved", "approved", "10:00:00");
    let given = [Input::Leased(at(90)), Input::Done];
    let mut odd = edited("odd", "11:00:00");
    odd["data"]["amount"] = json!(700);
    let mut other = odd.clone();
    other["data"]["status"] = json!("other");
    for bodies in [vec![odd.clone()], vec![odd, other]] {
        let mut known = after(&policy(), FIRSTPROMOTER, std::slice::from_ref(&approved));
        let before = run(known.promise.unwrap(), &given, Reversals::Park);
        known.promise = Some(before.clone());
        for (n, body) in bodies.iter().enumerate() {
            feed(&policy(), FIRSTPROMOTER, &mut known, n + 1, body);
        }
        assert_eq!(known.promise, Some(before));
    }
}

/// A person who let it go on is not asked again for the same reason, and for
/// another one is.
#[test]
fn a_status_that_a_person_has_seen_is_not_shown_again() {
    let odd = |status: &str, second: u32| {
        let mut body = fulfilment(7731);
        body["data"]["status"] = json!(status);
        body["event"]["created_at"] = json!(format!("2026-10-01T10:00:0{second}Z"));
        body
    };
    let parked = |known: &Snapshot| {
        let parked = known.promise.as_ref().unwrap().parked.as_ref();
        parked.map(|parked| parked.reason.clone())
    };
    let v1 =
        |known: &mut Snapshot, n, body: &Value| feed(&policy(), FIRSTPROMOTER_V1, known, n, body);
    let mut known = after(&policy(), FIRSTPROMOTER_V1, &[odd("odd", 0)]);
    assert_eq!(parked(&known), Some(ParkReason::UnknownStatus));
    resume(&mut known);
    v1(&mut known, 1, &odd("odd", 1));
    assert_eq!(parked(&known), None);
    v1(&mut known, 2, &odd("other", 1));
    assert_eq!(parked(&known), Some(ParkReason::Contested));
    resume(&mut known);
    v1(&mut known, 3, &odd("third", 1));
    assert_eq!(parked(&known), None);
    assert_eq!(known.promise.unwrap().waived, [ParkReason::UnknownStatus, ParkReason::Contested]);
}

fn resume(known: &mut Snapshot) {
    let parked = known.promise.take().unwrap();
    known.promise = Some(run(parked, &[word(None)], Reversals::Park));
}

/// The event may have announced its approval, and nobody can tell.
#[test]
fn an_approval_whose_changes_cannot_be_read_says_so() {
    let unreadable = json!({"status": {"from": "pending", "to": "approved"}});
    let mut history = told("commission.approved", "approved", "10:00:00");
    history["timestamp"] = json!("2025-12-31T10:00:00Z");
    for (before, status, changes, why) in [
        (vec![], "approved", &unreadable, Some("changes_unreadable")),
        (vec![edited("pending", "09:00:00")], "approved", &unreadable, Some("changes_unreadable")),
        (vec![], "pending", &unreadable, None),
        (vec![], "approved", &json!({"internal_note": [null, "x"]}), None),
        (vec![history], "approved", &unreadable, None),
    ] {
        let known = after(&policy(), FIRSTPROMOTER, &before);
        let mut body = edited(status, "10:00:00");
        body["event_id"] = json!("late");
        body["changes"] = changes.clone();
        let path = "/webhooks/firstpromoter/commissions";
        let event = event(FIRSTPROMOTER, path, &body.to_string()).unwrap();
        let received = crate::certain::time("10:00:01");
        let Decision::Write(write) = decide(&known, &event, &policy(), received) else { panic!() };
        assert_eq!((write.promises.len(), write.no_promise), (0, why), "{status} {changes}");
    }
}

/// Two events of one second state this differently.
fn torn(provider: &'static Definition, body: &Value, place: &str, values: [Value; 2]) -> Snapshot {
    let bodies = values.map(|value| {
        let mut body = body.clone();
        *body.pointer_mut(place).unwrap() = value;
        body
    });
    after(&policy(), provider, &bodies)
}

#[test]
fn what_is_contested_waits_only_if_the_reward_hangs_on_it() {
    let approved = told("commission.approved", "approved", "10:00:00");
    let amounts = || [json!(500), json!(700)];
    let v1 = torn(FIRSTPROMOTER_V1, &fulfilment(7731), "/data/amount", amounts());
    let v2 = torn(FIRSTPROMOTER, &approved, "/data/amount", amounts());
    let others = torn(FIRSTPROMOTER, &approved, "/data/referral/id", [json!(77), json!(78)]);
    for (provider, known, state, reason) in [
        (FIRSTPROMOTER_V1, v1, State::Parked, "contested"),
        (FIRSTPROMOTER, v2, State::LookupDue, ""),
        (FIRSTPROMOTER, others, State::Requested, ""),
    ] {
        assert!(known.record.as_ref().unwrap().is_contested());
        let expected = (Some(state), reason.to_owned());
        assert_eq!(comes_to(&policy(), provider, &known), expected);
        assert_eq!(known.promise.unwrap().state, state);
    }
}

/// The rules need the campaign only if one of them names one.
#[test]
fn a_campaign_is_asked_for_where_a_rule_names_one() {
    let mut body = told("commission.approved", "approved", "10:00:00");
    body["data"]["promoter_campaign"]["campaign_id"] = Value::Null;
    for (rules, state) in [
        (&["*:points"][..], State::Requested),
        (&["*:*"], State::Requested),
        (&["5104:points", "*:*"], State::LookupDue),
        (&["5104:*", "*:*"], State::LookupDue),
    ] {
        let mut policy = Policy { recipient: Rule::ByRules, ..policy() };
        policy.sources.by_campaign.clear();
        policy.recipient_rules =
            rules.iter().map(|rule| ((*rule).into(), Rule::Promoter)).collect();
        let known = after(&policy, FIRSTPROMOTER, std::slice::from_ref(&body));
        assert_eq!(known.promise.unwrap().state, state, "{rules:?}");
    }
}

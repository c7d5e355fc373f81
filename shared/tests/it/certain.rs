//! No reward leaves against what the ledger knows: of two sources the newer by
//! its own clock, of two settings neither, of two calls only the same.

use serde_json::{Value, json};
use shared::fulfilment::{
    Assessment, CONTRADICTED, Endpoint, Entry, Input, MaxAmounts, Policy, Promise, Question,
    Reversals, Rule, Source, Standing, State, Stepped, Taken, Taker, V1Confirm, View, WORKER_LOST,
    reconcile, reward, step,
};
use shared::ledger::{Decision, Known, Record, decide};
use shared::provider::Provider::{self, FirstPromoter, FirstPromoterV1};
use shared::timestamp::Timestamp;

use crate::machine::{again, at, close, fresh, in_state, run, stated, terms, word};
use crate::mapping::event;
use crate::promises::{commission, first, fulfilment, policy};

pub fn time(text: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-10-01T{text}Z")).unwrap()
}

/// A commission's event of that time of day, of a commission created that day.
pub fn told(event_type: &str, status: &str, at: &str) -> Value {
    let mut body = commission(5104, "points", status, &time(at).text());
    body["event_type"] = json!(event_type);
    body["changes"] = json!({});
    body["data"]["created_at"] = json!("2026-10-01T00:00:00Z");
    body
}

/// Feeds events in that order.
pub fn after(policy: &Policy, provider: Provider, bodies: &[Value]) -> Known {
    let mut known = Known::default();
    for (n, body) in bodies.iter().enumerate() {
        feed(policy, provider, &mut known, n, body);
    }
    known
}

pub fn feed(policy: &Policy, provider: Provider, known: &mut Known, n: usize, body: &Value) {
    let mut body = body.clone();
    let path = if provider == FirstPromoter {
        body["event_id"] = json!(format!("e{n}"));
        "/webhooks/firstpromoter/commissions"
    } else {
        body["event"]["id"] = json!(n);
        "/webhooks/firstpromoter-v1/t/fulfilments"
    };
    let event = event(provider, path, &body.to_string()).unwrap();
    let now = Timestamp::parse("2026-11-01T00:00:00Z").unwrap();
    if let Decision::Write(write) = decide(known, &event, policy, now) {
        known.record = write.record;
        known.promise = write.promises.into_iter().next_back().or(known.promise.take());
    }
}

pub fn auto() -> Policy {
    Policy { auto_approve: true, ..policy() }
}

pub fn edited(status: &str, at: &str) -> Value {
    let mut body = told("commission.updated", status, at);
    body["changes"] = json!({"internal_note": [null, "x"]});
    body
}

#[test]
fn auto_approve_pays_nothing_that_was_not_announced() {
    for created in ["2025-06-01T00:00:00Z", "2026-10-01T00:00:00Z"] {
        let mut edit = edited("approved", "12:00:00");
        edit["data"]["created_at"] = json!(created);
        let known = after(&auto(), FirstPromoter, &[edit]);
        assert_eq!(known.promise, None, "created {created}");
    }
}

#[test]
fn fulfil_from_is_the_first_moment_that_counts() {
    let mut from = policy();
    from.from = time("10:00:00");
    for (announced, promised) in [("09:59:59", false), ("10:00:00", true), ("10:00:01", true)] {
        let body = told("commission.approved", "approved", announced);
        let known = after(&from, FirstPromoter, &[body]);
        assert_eq!(known.promise.is_some(), promised, "{announced}");
    }
}

#[test]
fn what_is_suspected_was_approved_before_or_may_be_anothers_is_not_to_be_approved() {
    let asked = |policy: &Policy, change: &dyn Fn(&mut Value)| {
        let mut created = told("commission.created", "pending", "10:00:00");
        change(&mut created);
        after(policy, FirstPromoter, &[created]).promise.map(|promise| promise.state)
    };
    assert_eq!(asked(&auto(), &|_| {}), Some(State::ApprovalDue));
    assert_eq!(
        asked(&auto(), &|b| b["data"]["fraud_check"] = json!("no_suspicion")),
        Some(State::ApprovalDue)
    );
    for fraud in ["same_ip_suspicion", "same_promoter_email", "ad_source", "something_new"] {
        assert_eq!(asked(&auto(), &|b| b["data"]["fraud_check"] = json!(fraud)), None, "{fraud}");
    }
    assert_eq!(asked(&auto(), &|b| b["data"]["is_self_referral"] = json!(true)), None);
    assert_eq!(
        asked(&auto(), &|b| b["data"]["promoter_campaign"]["campaign_id"] = Value::Null),
        None
    );

    // A person took the approval back.
    let events =
        [told("commission.approved", "approved", "10:00:00"), edited("pending", "11:00:00")];
    let orders = [[&events[0], &events[1]], [&events[1], &events[0]]];
    for order in orders {
        let known = after(&auto(), FirstPromoter, &order.map(Clone::clone));
        let state = known.promise.map(|promise| promise.state);
        assert!(matches!(state, None | Some(State::Denied)), "{state:?}");
    }
}

#[test]
fn an_approval_that_may_have_been_announced_says_why_it_makes_no_promise() {
    for (changes, status, reason) in [
        (
            json!({"status": {"from": "pending", "to": "approved"}}),
            "approved",
            Some("changes_unreadable"),
        ),
        (json!("{\"status\":[\"pending\",\"approved\"]}"), "approved", Some("changes_unreadable")),
        (json!(["status"]), "approved", Some("changes_unreadable")),
        (json!(["status"]), "pending", None),
        (json!({"internal_note": [null, "x"]}), "approved", None),
    ] {
        let mut body = told("commission.updated", status, "10:00:00");
        body["changes"] = changes;
        let write = first(&policy(), FirstPromoter, &body);
        assert_eq!((write.promises.len(), write.no_promise), (0, reason), "{body}");
    }
}

#[test]
fn a_denial_by_event_withdraws_what_waits_for_its_approval() {
    let created = told("commission.created", "pending", "10:00:00");
    for waits in [State::ApprovalDue, State::AwaitingApproval] {
        let mut known = after(&auto(), FirstPromoter, std::slice::from_ref(&created));
        if waits == State::AwaitingApproval {
            let asked = [Input::Leased(at(90)), Input::Asked(at(0))];
            known.promise = Some(run(known.promise.unwrap(), &asked, Reversals::Park));
        }
        assert_eq!(known.promise.as_ref().unwrap().state, waits);
        feed(&auto(), FirstPromoter, &mut known, 1, &edited("denied", "11:00:00"));
        assert_eq!(known.promise.unwrap().state, State::Denied);
    }
}

// --- What the API shows, beside what events said.

pub fn question<'a>(known: &'a Known, policy: &'a Policy, provider: Provider) -> Question<'a> {
    Question {
        policy,
        provider,
        promise: known.promise.as_ref().unwrap(),
        record: known.record.as_ref().unwrap(),
        asked_at: time("10:30:00"),
        ask_again_at: time("10:31:00"),
        platform_lag_ms: 60_000,
    }
}

pub fn shown(standing: Standing, since: Option<&str>) -> View {
    let since = since.map(time);
    View { since, terms: terms("500"), ..View::of(standing) }
}

/// Approved at ten, without saying who is rewarded.
pub fn lacking() -> Value {
    let mut body = told("commission.approved", "approved", "10:00:00");
    body["data"]["promoter_campaign"].as_object_mut().unwrap().remove("promoter");
    body
}

#[test]
fn a_list_without_a_newer_clock_never_denies_however_long_it_says_so() {
    let known = after(&policy(), FirstPromoter, &[lacking()]);
    assert_eq!(known.promise.as_ref().unwrap().state, State::LookupDue);
    for standing in [Standing::Pending, Standing::Denied, Standing::NotFound] {
        for since in [None, Some("09:59:59"), Some("10:00:00")] {
            let policy = policy();
            let answer =
                question(&known, &policy, FirstPromoter).looked_up(&shown(standing, since));
            assert!(matches!(answer, Input::Contradicted { .. }), "{standing:?} {since:?}");
        }
    }
    for standing in [Standing::Pending, Standing::Denied] {
        let policy = policy();
        let newer = shown(standing, Some("10:00:01"));
        let answer = question(&known, &policy, FirstPromoter).looked_up(&newer);
        let denied = Input::DeniedThere { since: time("10:00:01"), announced: true };
        assert_eq!(answer, denied);
    }
    // Until it is over age: then a person has to look.
    let promise = known.promise.clone().unwrap();
    let policy = policy();
    let behind = question(&known, &policy, FirstPromoter).looked_up(&shown(Standing::Denied, None));
    let parked = run(promise, &[Input::Leased(at(9)), behind, Input::OverAge], Reversals::Park);
    assert_eq!(parked.parked.unwrap().reason, CONTRADICTED);
}

#[test]
fn a_later_event_that_still_says_approved_is_as_good_as_an_announcement() {
    let known = after(&policy(), FirstPromoter, &[lacking(), edited("approved", "10:20:00")]);
    let mut known = known;
    known.promise.as_mut().unwrap().state = State::Confirming;
    let policy = policy();
    let between = shown(Standing::Denied, Some("10:10:00"));
    let answer = question(&known, &policy, FirstPromoter).not_approved(&between);
    assert!(matches!(answer, Input::Contradicted { .. }), "{answer:?}");
}

#[test]
fn other_terms_than_announced_are_believed_by_their_clock_or_by_a_person_only() {
    let mut known = after(&policy(), FirstPromoter, &[lacking()]);
    let policy = policy();
    let other = |since| View { terms: terms("700"), ..shown(Standing::Approved, since) };
    let looked_up =
        |known: &Known, view: &View| question(known, &policy, FirstPromoter).looked_up(view);
    assert!(matches!(looked_up(&known, &other(None)), Input::Contradicted { .. }));
    let newer = looked_up(&known, &other(Some("10:00:01")));
    assert!(matches!(newer, Input::Found { .. }), "{newer:?}");
    let same = looked_up(&known, &shown(Standing::Approved, None));
    assert!(matches!(same, Input::Found { entry: Entry::Deliver, .. }), "{same:?}");
    known.promise.as_mut().unwrap().waived.push(CONTRADICTED.into());
    assert!(matches!(looked_up(&known, &other(None)), Input::Found { .. }));
}

#[test]
fn a_look_up_outweighs_no_deletion_and_no_denial_but_by_its_clock() {
    for (since, event_type, end) in [
        (Some("10:10:00"), "commission.updated", State::Requested),
        (Some("10:05:00"), "commission.updated", State::Denied),
        (None, "commission.updated", State::Denied),
        (Some("10:10:00"), "commission.deleted", State::Denied),
    ] {
        let mut known = after(&policy(), FirstPromoter, &[lacking()]);
        let policy = policy();
        let found =
            question(&known, &policy, FirstPromoter).looked_up(&shown(Standing::Approved, since));
        let found =
            run(known.promise.take().unwrap(), &[Input::Leased(at(9)), found], Reversals::Park);
        assert_eq!(found.state, State::Requested);
        known.promise = Some(found);
        // It happened before the platform was asked, and comes late.
        feed(&policy, FirstPromoter, &mut known, 1, &told(event_type, "denied", "10:05:00"));
        assert_eq!(known.promise.unwrap().state, end, "{since:?} {event_type}");
    }
}

#[test]
fn what_an_event_takes_away_is_asked_for_anew_though_a_look_up_had_found_it() {
    let found = |known: &mut Known| {
        let policy = policy();
        let view = View { campaign_id: Some("5104".into()), ..shown(Standing::Approved, None) };
        let found = question(known, &policy, FirstPromoter).looked_up(&view);
        let promise = known.promise.take().unwrap();
        known.promise = Some(run(promise, &[Input::Leased(at(9)), found], Reversals::Park));
        assert_eq!(known.promise.as_ref().unwrap().state, State::Requested);
    };
    type Take = (&'static str, fn(&mut Value));
    let take: [Take; 3] = [
        ("customer", |data| data["promoter_campaign"]["promoter"] = Value::Null),
        ("amount", |data| data["amount"] = Value::Null),
        ("unit", |data| data["unit"] = Value::Null),
    ];
    for (name, take) in take {
        // Named at first, then left open, then found by asking.
        let first = told("commission.created", "pending", "09:00:00");
        let mut open = lacking();
        take(&mut open["data"]);
        let mut known = after(&policy(), FirstPromoter, &[first, open]);
        assert_eq!(known.promise.as_ref().unwrap().state, State::LookupDue, "{name}");
        found(&mut known);
        let mut gone = edited("approved", "11:00:00");
        take(&mut gone["data"]);
        feed(&policy(), FirstPromoter, &mut known, 7, &gone);
        assert_eq!(known.promise.as_ref().unwrap().state, State::LookupDue, "{name}");
        // What no event ever named is not taken away by naming it once more not.
        let mut known = after(&policy(), FirstPromoter, &[lacking()]);
        found(&mut known);
        let mut edit = lacking();
        edit["event_type"] = json!("commission.updated");
        edit["timestamp"] = json!("2026-10-01T11:00:00Z");
        edit["data"]["promoter_campaign"]["promoter"] = Value::Null;
        feed(&policy(), FirstPromoter, &mut known, 7, &edit);
        assert_eq!(known.promise.unwrap().state, State::Requested, "{name}");
    }
}

#[test]
fn v1_is_given_the_time_that_a_list_may_be_behind_and_then_parked() {
    let by_api = Policy { v1_confirm: V1Confirm::Api, ..policy() };
    let mut known = after(&by_api, FirstPromoterV1, &[fulfilment(7731)]);
    let missing = View::of(Standing::NotFound);
    let first = question(&known, &by_api, FirstPromoterV1).looked_up(&missing);
    assert!(matches!(first, Input::Contradicted { .. }), "{first:?}");
    known.promise.as_mut().unwrap().contradicted_since = Some(time("10:29:00"));
    let late = question(&known, &by_api, FirstPromoterV1).looked_up(&missing);
    assert_eq!(late, Input::Refused("not_found_at_provider".into()));
}

#[test]
fn an_approval_is_asked_for_only_what_is_pending_there_unsuspected_and_new() {
    let created = told("commission.created", "pending", "10:00:00");
    let known = after(&auto(), FirstPromoter, &[created]);
    let auto = auto();
    let may = |view: &View| question(&known, &auto, FirstPromoter).may_approve(view);
    assert_eq!(may(&shown(Standing::Pending, None)), Ok(()));
    let suspected = View { suspected: true, ..shown(Standing::Pending, None) };
    assert_eq!(may(&suspected), Err(Box::new(Input::Refused("suspected_at_provider".into()))));
    let old = Timestamp::parse("2025-12-31T23:59:59Z");
    let old = View { created_at: old, ..shown(Standing::Pending, None) };
    assert_eq!(may(&old), Err(Box::new(Input::Refused("older_than_fulfil_from".into()))));
    let denied = *may(&shown(Standing::Denied, Some("10:00:01"))).unwrap_err();
    assert!(matches!(denied, Input::DeniedThere { announced: false, .. }), "{denied:?}");
}

#[test]
fn what_the_api_alone_denied_is_shown_to_a_person_until_an_event_says_so() {
    let denied = |since| Input::DeniedThere { since: time(since), announced: true };
    let mut known = after(&policy(), FirstPromoter, &[lacking()]);
    let inputs = [Input::Leased(at(9)), denied("10:10:00")];
    let promise = run(known.promise.take().unwrap(), &inputs, Reversals::Park);
    assert_eq!((promise.state, promise.is_open()), (State::Denied, true));
    let parked = run(promise.clone(), &[Input::Unwitnessed], Reversals::Park);
    assert_eq!(parked.parked.as_ref().unwrap().reason, CONTRADICTED);
    for (promise, event, state) in [
        (&promise, edited("denied", "10:10:00"), State::Denied),
        (&parked, edited("denied", "10:10:00"), State::Denied),
        (&parked, told("commission.approved", "approved", "10:20:00"), State::Requested),
        (&parked, edited("approved", "10:20:00"), State::Parked),
    ] {
        let mut known = Known { promise: Some(promise.clone()), ..known.clone() };
        feed(&policy(), FirstPromoter, &mut known, 7, &event);
        let after = known.promise.unwrap();
        assert_eq!((after.state, after.unwitnessed), (state, false), "{event}");
    }
    // A person who has looked is enough.
    let inputs = [word(None), Input::Leased(at(9)), denied("10:10:00")];
    let looked = run(parked, &inputs, Reversals::Park);
    assert_eq!((looked.state, looked.is_open()), (State::Denied, false));
}

// --- Who takes a lease.

fn endpoint(id: &str, idempotent: bool) -> Endpoint {
    Endpoint { id: id.into(), idempotent }
}

fn take(promise: &Promise, record: &Record, due: &str, epoch: u32, endpoint: &Endpoint) -> Taken {
    let policy = Policy { reversals: Reversals::Deliver, ..policy() };
    let taker = Taker {
        policy: &policy,
        provider: FirstPromoter,
        epoch,
        due,
        endpoint,
        until: at(100),
        early_ms: 1000,
        now: at(50),
    };
    taker.take(promise, record)
}

/// What a worker may do that got the message of what is due.
pub fn taken(policy: &Policy, known: &Known) -> Taken {
    let promise = known.promise.as_ref().unwrap();
    let taker = Taker {
        policy,
        provider: FirstPromoter,
        epoch: promise.epoch,
        due: promise.due.as_deref().unwrap_or_default(),
        endpoint: &endpoint("a", true),
        until: at(100),
        early_ms: 1000,
        now: at(50),
    };
    taker.take(promise, known.record.as_ref().unwrap())
}

/// An approved commission and its promise.
fn approved() -> (Record, Promise) {
    let known =
        after(&policy(), FirstPromoter, &[told("commission.approved", "approved", "10:00:00")]);
    (known.record.unwrap(), known.promise.unwrap())
}

#[test]
fn whoever_takes_a_lease_has_reconciled_it_with_the_record_in_hand() {
    let (_, promise) = approved();
    let denied = after(
        &policy(),
        FirstPromoter,
        &[told("commission.approved", "approved", "10:00:00"), edited("denied", "10:01:00")],
    );
    // As a torn read brings it: the promise from before, the record from after.
    match take(&promise, &denied.record.unwrap(), "deliver#1", 1, &endpoint("a", true)) {
        Taken::Reconciled(next) => assert_eq!(next[0].state, State::Denied),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_record_that_names_a_promise_which_was_not_read_is_torn() {
    let (record, promise) = approved();
    let known = |record: Option<&Record>, promise: Option<&Promise>| Known {
        record: record.cloned(),
        promise: promise.cloned(),
        ..Known::default()
    };
    let mut second = promise.clone();
    second.epoch = 2;
    let bare = Record { epoch: 0, ..record.clone() };
    for (known, together) in [
        (known(Some(&record), Some(&promise)), true),
        (known(Some(&bare), None), true),
        (known(None, None), true),
        (known(Some(&record), None), false),
        (known(Some(&bare), Some(&promise)), false),
        (known(Some(&record), Some(&second)), false),
    ] {
        assert_eq!(known.belongs_together(), together);
    }
}

#[test]
fn a_lease_is_taken_for_what_is_due_now_and_held_by_nobody() {
    let (record, promise) = approved();
    let anywhere = endpoint("a", true);
    let take = |promise: &Promise, due: &str, epoch| take(promise, &record, due, epoch, &anywhere);
    assert!(matches!(take(&promise, "deliver#1", 1), Taken::Leased(_)));
    assert_eq!(take(&promise, "deliver#2", 1), Taken::Superseded);
    assert_eq!(take(&promise, "deliver#1", 2), Taken::Superseded);
    let mut early = promise.clone();
    early.not_before = Some(at(60));
    assert_eq!(take(&early, "deliver#1", 1), Taken::Early(10));
    early.not_before = Some(at(5000));
    assert_eq!(take(&early, "deliver#1", 1), Taken::Superseded);

    let held = run(promise, &[Input::Leased(at(51))], Reversals::Park);
    let expired = run(approved().1, &[Input::Leased(at(50))], Reversals::Park);
    assert_eq!(take(&held, "deliver#1", 1), Taken::Superseded);
    // Only the message that the lease was taken for finds its worker gone.
    assert_eq!(take(&expired, "deliver#1", 1), Taken::WorkerLost);
    assert_eq!(take(&expired, "deliver#2", 1), Taken::Superseded);
}

#[test]
fn what_the_platform_is_asked_is_asked_by_one_worker() {
    let known = after(&policy(), FirstPromoter, &[lacking()]);
    let (record, promise) = (known.record.unwrap(), known.promise.unwrap());
    let held = run(promise.clone(), &[Input::Leased(at(51))], Reversals::Park);
    let expired = run(promise, &[Input::Leased(at(50))], Reversals::Park);
    let anywhere = endpoint("a", true);
    assert_eq!(take(&held, &record, "lookup#1", 1, &anywhere), Taken::Superseded);
    assert!(matches!(take(&expired, &record, "lookup#1", 1, &anywhere), Taken::Leased(_)));
}

#[test]
fn a_call_that_may_have_had_its_effect_is_repeated_as_it_was_or_not_at_all() {
    let lost = || Input::Unknown { not_before: at(0), last: "no answer".into(), repeatable: true };
    for (first, now, safe) in [
        (endpoint("a", true), endpoint("a", true), true),
        (endpoint("a", true), endpoint("a", false), false),
        (endpoint("a", true), endpoint("b", true), false),
        (endpoint("a", false), endpoint("a", true), false),
    ] {
        for reversing in [false, true] {
            let (record, promise) = approved();
            let lease = || Input::LeasedFor { until: at(9), endpoint: first.clone() };
            let mut inputs = vec![lease(), lost()];
            if reversing {
                inputs = vec![lease(), Input::Done, Input::Withdrawn, lease(), lost()];
            }
            let open = run(promise, &inputs, Reversals::Deliver);
            let due = open.due.clone().unwrap();
            // A reversal is due because the record is denied.
            let denied =
                [told("commission.approved", "approved", "10:00:00"), edited("denied", "10:01:00")];
            let denied = after(&policy(), FirstPromoter, &denied).record.unwrap();
            let record = if reversing { &denied } else { &record };
            let Taken::Leased(next) = take(&open, record, &due, 1, &now) else { panic!() };
            let parked = next.parked.as_ref().map(|p| (p.reason.as_str(), p.unknown));
            assert_eq!(next.lease.is_some(), safe, "{first:?} {now:?}");
            assert_eq!(parked, (!safe).then_some(("unknown_outcome", true)));
            // What was known to have had none may go anywhere.
            let free = run(approved().1, &[lease(), again()], Reversals::Deliver);
            let due = free.due.clone().unwrap();
            let other = take(&free, &approved().0, &due, 1, &endpoint("c", false));
            assert!(matches!(other, Taken::Leased(leased) if leased.lease.is_some()));
        }
    }
}

#[test]
fn what_is_said_of_a_promise_that_nobody_works_on_is_not_said_of_one_that_went_on() {
    let lost =
        |last: &str| Input::Unknown { not_before: at(0), last: last.into(), repeatable: true };
    for (input, assumes) in [
        (Input::OverAge, true),
        (Input::Unwitnessed, true),
        (lost(WORKER_LOST), true),
        (lost("no answer"), false),
        (Input::Done, false),
        (Input::Withdrawn, false),
    ] {
        assert_eq!(input.assumes_nobody_at_work(), assumes, "{input:?}");
    }
}

// --- Whose it is, and how much.

#[test]
fn what_another_source_gave_is_not_given_again_and_what_it_is_to_give_is_not_given_here() {
    let with = |source| {
        let mut policy = policy();
        policy.sources.default = source;
        policy
    };
    let approved = |at| told("commission.approved", "approved", at);
    let reason = |known: &Known| {
        let parked = known.promise.as_ref()?.parked.as_ref()?;
        Some(parked.reason.clone())
    };
    for before in [Source::V1, Source::Off] {
        let mut known = after(&with(before), FirstPromoter, &[approved("10:00:00")]);
        assert_eq!(known.promise, None);
        // Under way here only since the setting changed, and announced again.
        feed(&with(Source::V2), FirstPromoter, &mut known, 1, &approved("11:00:00"));
        assert_eq!(reason(&known).as_deref(), Some("source_changed"), "{before:?}");
    }
    for now in [Source::V1, Source::Off] {
        let mut known = after(&with(Source::V2), FirstPromoter, &[approved("10:00:00")]);
        assert_eq!(known.promise.as_ref().unwrap().state, State::Requested);
        // At the next event, or at the next lease: parked, never silently denied.
        let (promise, record) = (known.promise.clone().unwrap(), known.record.clone().unwrap());
        let leased = reconcile(&with(now), FirstPromoter, &promise, &record, at(0));
        assert!(matches!(leased, Stepped::Changed(p) if p.state == State::Parked));
        feed(&with(now), FirstPromoter, &mut known, 1, &edited("approved", "11:00:00"));
        assert_eq!(reason(&known).as_deref(), Some("source_changed"), "{now:?}");
        // A person has looked: it was not given.
        let resumed = run(known.promise.take().unwrap(), &[word(None)], Reversals::Park);
        let again = reconcile(&with(now), FirstPromoter, &resumed, &record, at(0));
        assert_eq!((resumed.state, again), (State::Requested, Stepped::Unchanged));
    }
}

#[test]
fn the_recipients_role_is_the_rules() {
    for (rule, role, id) in [(Rule::Promoter, "promoter", "31"), (Rule::Referral, "referral", "77")]
    {
        let policy = Policy { recipient: rule, ..policy() };
        let body = told("commission.approved", "approved", "10:00:00");
        let promise = after(&policy, FirstPromoter, &[body]).promise.unwrap();
        let sent = reward(&promise, FirstPromoter, "88").unwrap();
        let to = &sent["data"]["recipient"];
        assert_eq!((&to["role"], &to["id"]), (&json!(role), &json!(id)));
    }
}

#[test]
fn nothing_goes_out_without_saying_how_much_of_what_to_whom() {
    let (_, promise) = approved();
    assert!(reward(&promise, FirstPromoter, "88").is_some());
    let lacks: [fn(&mut Promise); 4] = [
        |p| p.terms.amount = None,
        |p| p.terms.unit = None,
        |p| p.terms.recipient = None,
        |p| p.terms.recipient.as_mut().unwrap().id = None,
    ];
    for lack in lacks {
        let mut promise = promise.clone();
        lack(&mut promise);
        assert_eq!(reward(&promise, FirstPromoter, "88"), None);
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
        (limits(&[("points", 500)]), "500.01", Some("amount_over_limit")),
        (limits(&[("credits", 5)]), "500", None),
        (limits(&[("*", 5)]), "6", Some("amount_over_limit")),
        (limits(&[("*", 5), ("points", 7)]), "6", None),
        (limits(&[]), "1000000000", None),
        (limits(&[]), "1000000001", Some("amount_over_limit")),
        (limits(&[]), "1e400", Some("amount_over_limit")),
    ] {
        let body = told("commission.approved", "approved", "10:00:00").to_string();
        let body = body.replace("\"amount\":500", &format!("\"amount\":{amount}"));
        let event = event(FirstPromoter, "/webhooks/firstpromoter/commissions", &body).unwrap();
        let Decision::Write(write) = decide(&Known::default(), &event, &policy, at(0)) else {
            panic!()
        };
        let promise = write.promises.into_iter().next().unwrap();
        let parked = promise.parked.as_ref().map(|parked| parked.reason.as_str());
        assert_eq!(parked, reason, "{amount}");
        if reason.is_some() {
            let waived = run(promise, &[word(None)], Reversals::Park);
            let again = reconcile(&policy, FirstPromoter, &waived, &write.record.unwrap(), at(0));
            assert_eq!((waived.state, again), (State::Requested, Stepped::Unchanged));
        }
    }
    // Unsigned, and without a limit for its unit.
    let v1 = first(&limits(&[("credits", 5)]), FirstPromoterV1, &fulfilment(7731));
    assert_eq!(v1.promises[0].parked.as_ref().unwrap().reason, "amount_without_limit");
    assert_eq!(
        first(&policy(), FirstPromoterV1, &fulfilment(7731)).promises[0].state,
        State::Requested
    );
}

#[test]
fn several_reasons_are_waived_one_after_the_other() {
    let mut odd = told("commission.approved", "approved", "10:00:00");
    odd["data"]["unit"] = json!("cookies");
    odd["data"]["amount"] = json!(20_000);
    let known = after(&policy(), FirstPromoter, &[odd]);
    let (record, mut promise) = (known.record.unwrap(), known.promise.unwrap());
    for reason in ["unknown_unit", "amount_over_limit"] {
        assert_eq!(promise.parked.as_ref().unwrap().reason, reason);
        promise = run(promise, &[word(None)], Reversals::Park);
        if let Stepped::Changed(next) =
            reconcile(&policy(), FirstPromoter, &promise, &record, at(0))
        {
            promise = *next;
        }
    }
    assert_eq!(promise.state, State::Requested);
}

// --- What nobody knows.

#[test]
fn no_answer_to_a_later_call_says_that_an_earlier_one_had_no_effect() {
    let lost = Input::Unknown { not_before: at(0), last: "no answer".into(), repeatable: true };
    let lease = || Input::Leased(at(9));
    let refused = Input::Refused("422".into());
    for outcome in [refused.clone(), again()] {
        let inputs = [lease(), lost.clone(), lease(), outcome.clone(), Input::Withdrawn];
        let after = run(fresh(), &inputs, Reversals::Park);
        let parked = after.parked.expect("what may have been given is not just denied");
        assert!(parked.unknown, "{outcome:?}");
    }
}

#[test]
fn withdrawn_while_a_batch_runs_is_asked_about_before_it_is_taken_back() {
    let batch =
        Input::Again { not_before: at(0), last: "accepted".into(), batch: Some("7".into()) };
    let inputs = [batch, Input::Withdrawn];
    let asked = run(in_state(State::Confirming), &inputs, Reversals::DeliverAndUnmark);
    assert_eq!((asked.state, asked.withdrawn), (State::Delivered, true));
    // The platform knows by then, and is told when it was taken back.
    let lease = || Input::Leased(at(9));
    let inputs = [lease(), Input::Done, lease(), Input::Done];
    let back = run(asked, &inputs, Reversals::DeliverAndUnmark);
    assert_eq!(back.state, State::Reversed);
    assert!(back.due.is_some_and(|due| due.starts_with("unconfirm#")));
}

#[test]
fn over_age_while_telling_remembers_that_the_platform_may_know() {
    let unmark = Reversals::DeliverAndUnmark;
    let parked = run(in_state(State::Confirming), &[Input::OverAge], unmark);
    let lease = || Input::Leased(at(9));
    let inputs =
        [word(None), lease(), Input::Withdrawn, Input::Refused("x".into()), lease(), Input::Done];
    let back = run(parked, &inputs, unmark);
    assert_eq!(back.state, State::Reversed);
    assert!(back.due.is_some_and(|due| due.starts_with("unconfirm#")));
}

#[test]
fn an_unknown_outcome_is_closed_as_a_person_says() {
    let say = |granted: Option<bool>| {
        let Input::Resumed(mut said) = close() else { panic!() };
        said.granted = granted;
        Input::Resumed(said)
    };
    let lost = Input::Unknown { not_before: at(0), last: "no answer".into(), repeatable: false };
    let delivery = run(fresh(), &[Input::Leased(at(9)), lost.clone()], Reversals::Deliver);
    let reversal = run(in_state(State::Reversing), &[lost], Reversals::Deliver);
    for (parked, granted, state, kept) in [
        (&delivery, true, State::Confirmed, true),
        (&delivery, false, State::Denied, false),
        (&reversal, true, State::Reversed, true),
        (&reversal, false, State::Confirmed, true),
    ] {
        let needs = step(parked, &say(None), Reversals::Deliver, at(5));
        assert!(matches!(needs, Stepped::Invalid(_)));
        let closed = run(parked.clone(), &[say(Some(granted))], Reversals::Deliver);
        assert_eq!((closed.state, closed.due.as_ref()), (state, None));
        assert_eq!(closed.delivered_at.is_some(), kept);
    }
}

#[test]
fn what_changed_while_untried_shows_in_the_body_whatever_came_first() {
    let mut moved = told("commission.approved", "approved", "11:00:00");
    moved["data"]["promoter_campaign"]["campaign_id"] = json!(5105);
    let events = [told("commission.approved", "approved", "10:00:00"), moved];
    let bodies = [[&events[0], &events[1]], [&events[1], &events[0]]].map(|order| {
        let known = after(&policy(), FirstPromoter, &order.map(Clone::clone));
        reward(&known.promise.unwrap(), FirstPromoter, "88").unwrap()
    });
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(bodies[0]["data"]["campaign_id"], "5105");
    assert_eq!(bodies[0]["timestamp"], "2026-10-01T11:00:00.000Z");
}

#[test]
fn a_next_epoch_that_begins_with_a_workers_word_is_announced_as_its_event_said() {
    let now = Assessment {
        campaign_id: Some("9".into()),
        announced_at: Some(time("12:00:00")),
        ..Assessment::of(terms("500"), Entry::Deliver)
    };
    let next = run(
        in_state(State::Reversing),
        &[Input::Approved(Box::new(now)), Input::Done],
        Reversals::Deliver,
    );
    assert_eq!((next.epoch, next.announced_at), (2, time("12:00:00")));
    assert_eq!(next.campaign_id.as_deref(), Some("9"));
    assert!(matches!(stated(terms("1"), Entry::Deliver), Input::Approved(_)));
}

//! What a look-up means, by what is waited for and by whose clock is newer.

use crate::certain::{after, auto, edited, feed, time, told};
use crate::contradicted::{lacking, question, shown};
use crate::machine::{at, run};
use crate::promises::{fulfilment, policy};
use crate::providers::{FIRSTPROMOTER, FIRSTPROMOTER_V1};
use serde_json::{Value, json};
use shared::fulfilment::{
    Input, ParkReason, PlatformStatus, Policy, Question, Reversals, Snapshot, Start, State,
    V1Confirm, View, suspected,
};
use shared::ledger::Record;

/// The meaning of an answer, in a word.
fn word(input: &Input) -> &str {
    match input {
        Input::Found { .. } => "found",
        Input::Refused(reason) => reason.name(),
        Input::RetryLater { last, .. } | Input::Contradicted { last, .. } => last,
        Input::DeniedThere { announced: true, .. } => "denied, announced",
        Input::DeniedThere { .. } => "denied, never announced",
        other => panic!("{other:?}"),
    }
}

/// Pending at ten, and asked to be approved; then perhaps approved by an event.
fn awaiting(announced: bool) -> Snapshot {
    let created = told("commission.created", "pending", "10:00:00");
    let mut known = after(&auto(), FIRSTPROMOTER, &[created]);
    let asked = [Input::Leased(at(90)), Input::ApprovalRequested(at(0))];
    known.promise = Some(run(known.promise.unwrap(), &asked, Reversals::Park));
    if announced {
        // Read before the event, beside the record from after it.
        let waits = known.promise.clone();
        feed(
            &auto(),
            FIRSTPROMOTER,
            &mut known,
            1,
            &told("commission.approved", "approved", "10:05:00"),
        );
        known.promise = waits;
    }
    known
}

const OTHERWISE: &str = "shown otherwise than announced";
const UNKNOWN: &str = "status_unknown_at_provider";
const GIVEN: &str = "fulfilled_at_provider";

#[test]
fn a_look_up_means_what_is_shown_by_what_is_waited_for() {
    let announced = after(&policy(), FIRSTPROMOTER, &[lacking()]);
    let (waiting, approved) = (awaiting(false), awaiting(true));
    let newer = Some("10:10:00");
    for (known, standing, since, answer) in [
        (&announced, PlatformStatus::Approved, None, "found"),
        (&announced, PlatformStatus::Fulfilled, newer, GIVEN),
        (&announced, PlatformStatus::Unclear, newer, UNKNOWN),
        (&announced, PlatformStatus::Pending, None, OTHERWISE),
        (&announced, PlatformStatus::Pending, newer, "denied, announced"),
        (&announced, PlatformStatus::NotFound, newer, OTHERWISE),
        (&waiting, PlatformStatus::Approved, None, "found"),
        (&waiting, PlatformStatus::Fulfilled, None, GIVEN),
        (&waiting, PlatformStatus::Unclear, None, UNKNOWN),
        // It was asked for a moment ago, whatever its clock says.
        (&waiting, PlatformStatus::Pending, None, "not approved yet"),
        (&waiting, PlatformStatus::Pending, newer, "not approved yet"),
        (&waiting, PlatformStatus::Denied, newer, "denied, never announced"),
        (&waiting, PlatformStatus::Denied, Some("10:00:00"), OTHERWISE),
        (&approved, PlatformStatus::Pending, None, OTHERWISE),
        (&approved, PlatformStatus::Pending, newer, "denied, announced"),
        (&approved, PlatformStatus::Pending, Some("10:05:00"), OTHERWISE),
    ] {
        let auto = auto();
        let question = question(known, &auto, FIRSTPROMOTER);
        let input = question.looked_up(&shown(standing, since));
        let state = question.promise.state;
        assert_eq!(word(&input), answer, "{state:?} {standing:?} {since:?}");
        if let Input::RetryLater { not_before, .. } | Input::Contradicted { not_before, .. } = input
        {
            assert_eq!(not_before, time("10:31:00"));
        }
    }
}

#[test]
fn what_is_found_is_what_is_shown_with_what_was_stated() {
    let known = after(&policy(), FIRSTPROMOTER, &[lacking()]);
    let policy = policy();
    let view = View {
        campaign_id: Some("5104".into()),
        ..shown(PlatformStatus::Approved, Some("10:10:00"))
    };
    let Input::Found { asked_at, since, terms, campaign_id, entry } =
        question(&known, &policy, FIRSTPROMOTER).looked_up(&view)
    else {
        panic!("not found")
    };
    assert_eq!((asked_at, since), (time("10:30:00"), Some(time("10:10:00"))));
    assert_eq!((campaign_id.as_deref(), entry), (Some("5104"), Start::Deliver));
    assert_eq!(terms.recipient.unwrap().id.as_deref(), Some("31"));
    // What it shows of another campaign decides where it begins.
    let others = View { campaign_id: Some("7731".into()), ..view };
    let input = question(&known, &policy, FIRSTPROMOTER).looked_up(&others);
    assert!(!matches!(input, Input::Found { entry: Start::Deliver, .. }), "{input:?}");
}

#[test]
fn to_approve_is_asked_of_what_is_pending_and_of_nothing_else() {
    let known = after(&auto(), FIRSTPROMOTER, &[told("commission.created", "pending", "10:00:00")]);
    let auto = auto();
    let may = |view: &View| {
        let asked = question(&known, &auto, FIRSTPROMOTER).may_approve(view);
        asked.map_or_else(|input| word(&input).to_owned(), |()| "yes".into())
    };
    for (standing, since, answer) in [
        (PlatformStatus::Pending, None, "yes"),
        (PlatformStatus::Pending, Some("10:10:00"), "yes"),
        (PlatformStatus::Approved, None, "found"),
        (PlatformStatus::Fulfilled, None, GIVEN),
        (PlatformStatus::Unclear, None, UNKNOWN),
        (PlatformStatus::NotFound, None, OTHERWISE),
        (PlatformStatus::Denied, None, OTHERWISE),
        (PlatformStatus::Denied, Some("10:10:00"), "denied, never announced"),
    ] {
        assert_eq!(may(&shown(standing, since)), answer, "{standing:?} {since:?}");
        let suspected = View { suspected: true, ..shown(standing, since) };
        assert_eq!(may(&suspected), ParkReason::SuspectedAtProvider.name());
    }
    // Suspected by an event that came since.
    let mut known = known.clone();
    let mut edit = edited("pending", "10:20:00");
    edit["data"]["is_self_referral"] = json!(true);
    let promise = known.promise.clone();
    feed(&auto, FIRSTPROMOTER, &mut known, 1, &edit);
    known.promise = promise;
    let asked =
        question(&known, &auto, FIRSTPROMOTER).may_approve(&shown(PlatformStatus::Pending, None));
    assert_eq!(word(&asked.unwrap_err()), ParkReason::SuspectedAtProvider.name());
}

#[test]
fn suspicion_is_what_firstpromoter_says_of_it() {
    for (name, value, is) in [
        ("fraud_check", json!("no_suspicion"), false),
        ("fraud_check", json!("same_ip_suspicion"), true),
        ("fraud_check", Value::Null, false),
        ("is_self_referral", json!(true), true),
        ("is_self_referral", json!(false), false),
        ("is_self_referral", Value::Null, false),
    ] {
        let mut body = told("commission.created", "pending", "10:00:00");
        body["data"][name] = value.clone();
        let record = after(&auto(), FIRSTPROMOTER, &[body]).record.unwrap();
        assert_eq!(suspected(&record), is, "{name} {value}");
    }
    assert!(!suspected(&Record::default()));
}

/// Approved with one amount and with another in the same second.
fn contested() -> Snapshot {
    let mut other = told("commission.approved", "approved", "10:00:00");
    other["data"]["amount"] = json!(700);
    let first = told("commission.approved", "approved", "10:00:00");
    let known = after(&policy(), FIRSTPROMOTER, &[first, other]);
    assert!(known.record.as_ref().unwrap().is_contested());
    assert_eq!(known.promise.as_ref().unwrap().state, State::LookupDue);
    known
}

#[test]
fn a_list_settles_what_is_contested_once_it_had_its_time_or_a_person_says_so() {
    let policy = policy();
    let mut known = contested();
    let later = |known: &Snapshot, seconds: i64, since: Option<&str>| {
        let asked_at = time("10:00:00").plus_seconds(seconds);
        let question = Question { asked_at, ..question(known, &policy, FIRSTPROMOTER) };
        word(&question.looked_up(&shown(PlatformStatus::Approved, since))).to_owned()
    };
    for (seconds, answer) in [
        (59, "may not know of the latest events yet"),
        (60, "may not know of the latest events yet"),
        (61, "found"),
    ] {
        assert_eq!(later(&known, seconds, None), answer, "{seconds}");
        assert_eq!(later(&known, seconds, Some("10:00:00")), answer, "{seconds}");
    }
    known.promise.as_mut().unwrap().waived.push(ParkReason::ContradictedAtProvider);
    assert_eq!(later(&known, 1, None), "found");
}

/// Of two events of one second that state different statuses either may be the
/// later one, and so may the platform's of that second.
#[test]
fn a_status_of_the_second_that_is_contested_may_be_the_later_one() {
    let policy = policy();
    let [one, other] = ["odd", "other"].map(|status| edited(status, "10:00:05"));
    let settled = after(&policy, FIRSTPROMOTER, &[lacking(), one.clone()]);
    let contested = after(&policy, FIRSTPROMOTER, &[lacking(), one, other]);
    assert!(contested.record.as_ref().unwrap().is_contested());
    for (known, since, answer) in [
        (&settled, "10:00:05", OTHERWISE),
        (&settled, "10:00:06", "denied, announced"),
        (&contested, "10:00:04", OTHERWISE),
        (&contested, "10:00:05", "denied, announced"),
        (&contested, "10:00:06", "denied, announced"),
    ] {
        let question = question(known, &policy, FIRSTPROMOTER);
        let input = question.looked_up(&shown(PlatformStatus::Denied, Some(since)));
        assert_eq!(word(&input), answer, "{since}");
    }
}

#[test]
fn v1_waits_as_long_as_a_list_is_behind_counted_from_when_it_was_first_not_there() {
    let by_api = Policy { v1_confirm: V1Confirm::Api, ..policy() };
    let mut known = after(&by_api, FIRSTPROMOTER_V1, &[fulfilment(7731)]);
    let announced = known.record.as_ref().unwrap().announcement().unwrap();
    let missing = shown(PlatformStatus::NotFound, None);
    let asked = |known: &Snapshot, at| {
        let question = Question { asked_at: at, ..question(known, &by_api, FIRSTPROMOTER_V1) };
        word(&question.looked_up(&missing)).to_owned()
    };
    let late = announced.plus_seconds(1000);
    // Not there for the first time, however long ago it was announced.
    assert_eq!(asked(&known, late), OTHERWISE);
    known.promise.as_mut().unwrap().platform.contradicted_since = Some(late);
    assert_eq!(asked(&known, late.plus_seconds(59)), OTHERWISE);
    assert_eq!(asked(&known, late.plus_seconds(60)), ParkReason::NotFoundAtProvider.name());
    // Announced anew since.
    known.promise.as_mut().unwrap().platform.contradicted_since =
        Some(announced.plus_seconds(-500));
    assert_eq!(asked(&known, announced.plus_seconds(59)), OTHERWISE);
    assert_eq!(asked(&known, announced.plus_seconds(60)), ParkReason::NotFoundAtProvider.name());
    // v2 is never parked for that before it is over age.
    let v2 = after(&policy(), FIRSTPROMOTER, &[lacking()]);
    let policy = policy();
    let behind = question(&v2, &policy, FIRSTPROMOTER).looked_up(&missing);
    assert_eq!(word(&behind), OTHERWISE);
}

#[test]
fn v1_by_response_is_answered_by_its_record_unless_that_asks() {
    let by_response = policy();
    let mut known = after(&by_response, FIRSTPROMOTER_V1, &[fulfilment(7731)]);
    let word = |known: &Snapshot, policy: &Policy| {
        let question = question(known, policy, FIRSTPROMOTER_V1);
        question.needs_no_answer().map(|input| match input {
            Input::Approved(now) => now.entry,
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(word(&known, &by_response), Some(Start::Deliver));
    // With a key there is somebody to ask.
    let by_api = Policy { v1_confirm: V1Confirm::Api, ..policy() };
    assert_eq!(word(&known, &by_api), None);
    // It is withdrawn by its record already.
    let mut withdrawn = known.clone();
    let mut denied = fulfilment(7731);
    denied["data"]["status"] = json!("denied");
    denied["event"]["created_at"] = json!("2026-10-01T10:00:00Z");
    let promise = withdrawn.promise.clone();
    feed(&by_response, FIRSTPROMOTER_V1, &mut withdrawn, 1, &denied);
    withdrawn.promise = promise;
    assert_eq!(word(&withdrawn, &by_response), None);
    known.promise.as_mut().unwrap().by_response = false;
    assert_eq!(word(&known, &by_response), None);
}

//! What a look-up means, by what is waited for and by whose clock is newer.

use serde_json::{Value, json};
use shared::fulfilment::Known;
use shared::fulfilment::{
    CONTRADICTED, Entry, Input, Policy, Question, Reversals, Standing, State, V1Confirm, View,
    suspected,
};
use shared::ledger::Provider::{FirstPromoter, FirstPromoterV1};
use shared::ledger::Record;

use crate::certain::{after, auto, edited, feed, time, told};
use crate::contradicted::{lacking, question, shown};
use crate::machine::{at, run};
use crate::promises::{fulfilment, policy};

/// What an answer comes to, in a word.
fn word(input: &Input) -> &str {
    match input {
        Input::Found { .. } => "found",
        Input::Refused(reason) => reason,
        Input::Again { last, .. } | Input::Contradicted { last, .. } => last,
        Input::DeniedThere { announced: true, .. } => "denied, announced",
        Input::DeniedThere { .. } => "denied, never announced",
        other => panic!("{other:?}"),
    }
}

/// Pending at ten, and asked to be approved; then perhaps approved by an event.
fn awaiting(announced: bool) -> Known {
    let created = told("commission.created", "pending", "10:00:00");
    let mut known = after(&auto(), FirstPromoter, &[created]);
    let asked = [Input::Leased(at(90)), Input::Asked(at(0))];
    known.promise = Some(run(known.promise.unwrap(), &asked, Reversals::Park));
    if announced {
        // Read before the event, beside the record from after it.
        let waits = known.promise.clone();
        feed(
            &auto(),
            FirstPromoter,
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
    let announced = after(&policy(), FirstPromoter, &[lacking()]);
    let (waiting, approved) = (awaiting(false), awaiting(true));
    let newer = Some("10:10:00");
    for (known, standing, since, answer) in [
        (&announced, Standing::Approved, None, "found"),
        (&announced, Standing::Fulfilled, newer, GIVEN),
        (&announced, Standing::Unclear, newer, UNKNOWN),
        (&announced, Standing::Pending, None, OTHERWISE),
        (&announced, Standing::Pending, newer, "denied, announced"),
        (&announced, Standing::NotFound, newer, OTHERWISE),
        (&waiting, Standing::Approved, None, "found"),
        (&waiting, Standing::Fulfilled, None, GIVEN),
        (&waiting, Standing::Unclear, None, UNKNOWN),
        // It was asked for a moment ago, whatever its clock says.
        (&waiting, Standing::Pending, None, "not approved yet"),
        (&waiting, Standing::Pending, newer, "not approved yet"),
        (&waiting, Standing::Denied, newer, "denied, never announced"),
        (&waiting, Standing::Denied, Some("10:00:00"), OTHERWISE),
        (&approved, Standing::Pending, None, OTHERWISE),
        (&approved, Standing::Pending, newer, "denied, announced"),
        (&approved, Standing::Pending, Some("10:05:00"), OTHERWISE),
    ] {
        let auto = auto();
        let question = question(known, &auto, FirstPromoter);
        let input = question.looked_up(&shown(standing, since));
        let state = question.promise.state;
        assert_eq!(word(&input), answer, "{state:?} {standing:?} {since:?}");
        if let Input::Again { not_before, .. } | Input::Contradicted { not_before, .. } = input {
            assert_eq!(not_before, time("10:31:00"));
        }
    }
}

#[test]
fn what_is_found_is_what_is_shown_with_what_was_stated() {
    let known = after(&policy(), FirstPromoter, &[lacking()]);
    let policy = policy();
    let view =
        View { campaign_id: Some("5104".into()), ..shown(Standing::Approved, Some("10:10:00")) };
    let Input::Found { asked_at, since, terms, campaign_id, entry } =
        question(&known, &policy, FirstPromoter).looked_up(&view)
    else {
        panic!("not found")
    };
    assert_eq!((asked_at, since), (time("10:30:00"), Some(time("10:10:00"))));
    assert_eq!((campaign_id.as_deref(), entry), (Some("5104"), Entry::Deliver));
    assert_eq!(terms.recipient.unwrap().id.as_deref(), Some("31"));
    // What it shows of another campaign decides where it begins.
    let others = View { campaign_id: Some("7731".into()), ..view };
    let input = question(&known, &policy, FirstPromoter).looked_up(&others);
    assert!(!matches!(input, Input::Found { entry: Entry::Deliver, .. }), "{input:?}");
}

#[test]
fn to_approve_is_asked_of_what_is_pending_and_of_nothing_else() {
    let known = after(&auto(), FirstPromoter, &[told("commission.created", "pending", "10:00:00")]);
    let auto = auto();
    let may = |view: &View| {
        let asked = question(&known, &auto, FirstPromoter).may_approve(view);
        asked.map_or_else(|input| word(&input).to_owned(), |()| "yes".into())
    };
    for (standing, since, answer) in [
        (Standing::Pending, None, "yes"),
        (Standing::Pending, Some("10:10:00"), "yes"),
        (Standing::Approved, None, "found"),
        (Standing::Fulfilled, None, GIVEN),
        (Standing::Unclear, None, UNKNOWN),
        (Standing::NotFound, None, OTHERWISE),
        (Standing::Denied, None, OTHERWISE),
        (Standing::Denied, Some("10:10:00"), "denied, never announced"),
    ] {
        assert_eq!(may(&shown(standing, since)), answer, "{standing:?} {since:?}");
        let suspected = View { suspected: true, ..shown(standing, since) };
        assert_eq!(may(&suspected), "suspected_at_provider");
    }
    // Suspected by an event that came since.
    let mut known = known.clone();
    let mut edit = edited("pending", "10:20:00");
    edit["data"]["is_self_referral"] = json!(true);
    let promise = known.promise.clone();
    feed(&auto, FirstPromoter, &mut known, 1, &edit);
    known.promise = promise;
    let asked = question(&known, &auto, FirstPromoter).may_approve(&shown(Standing::Pending, None));
    assert_eq!(word(&asked.unwrap_err()), "suspected_at_provider");
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
        let record = after(&auto(), FirstPromoter, &[body]).record.unwrap();
        assert_eq!(suspected(&record), is, "{name} {value}");
    }
    assert!(!suspected(&Record::default()));
}

/// Approved with one amount and with another in the same second.
fn contested() -> Known {
    let mut other = told("commission.approved", "approved", "10:00:00");
    other["data"]["amount"] = json!(700);
    let first = told("commission.approved", "approved", "10:00:00");
    let known = after(&policy(), FirstPromoter, &[first, other]);
    assert!(known.record.as_ref().unwrap().is_contested());
    assert_eq!(known.promise.as_ref().unwrap().state, State::LookupDue);
    known
}

#[test]
fn a_list_settles_what_is_contested_once_it_had_its_time_or_a_person_says_so() {
    let policy = policy();
    let mut known = contested();
    let later = |known: &Known, seconds: i64, since: Option<&str>| {
        let asked_at = time("10:00:00").plus_seconds(seconds);
        let question = Question { asked_at, ..question(known, &policy, FirstPromoter) };
        word(&question.looked_up(&shown(Standing::Approved, since))).to_owned()
    };
    for (seconds, answer) in [
        (59, "may not know of the latest events yet"),
        (60, "may not know of the latest events yet"),
        (61, "found"),
    ] {
        assert_eq!(later(&known, seconds, None), answer, "{seconds}");
        assert_eq!(later(&known, seconds, Some("10:00:00")), answer, "{seconds}");
    }
    known.promise.as_mut().unwrap().waived.push(CONTRADICTED.into());
    assert_eq!(later(&known, 1, None), "found");
}

/// Of two events of one second that state different statuses either may be the
/// later one, and so may the platform's of that second.
#[test]
fn a_status_of_the_second_that_is_contested_may_be_the_later_one() {
    let policy = policy();
    let [one, other] = ["odd", "other"].map(|status| edited(status, "10:00:05"));
    let settled = after(&policy, FirstPromoter, &[lacking(), one.clone()]);
    let contested = after(&policy, FirstPromoter, &[lacking(), one, other]);
    assert!(contested.record.as_ref().unwrap().is_contested());
    for (known, since, answer) in [
        (&settled, "10:00:05", OTHERWISE),
        (&settled, "10:00:06", "denied, announced"),
        (&contested, "10:00:04", OTHERWISE),
        (&contested, "10:00:05", "denied, announced"),
        (&contested, "10:00:06", "denied, announced"),
    ] {
        let question = question(known, &policy, FirstPromoter);
        let input = question.looked_up(&shown(Standing::Denied, Some(since)));
        assert_eq!(word(&input), answer, "{since}");
    }
}

#[test]
fn v1_waits_as_long_as_a_list_is_behind_counted_from_when_it_was_first_not_there() {
    let by_api = Policy { v1_confirm: V1Confirm::Api, ..policy() };
    let mut known = after(&by_api, FirstPromoterV1, &[fulfilment(7731)]);
    let announced = known.record.as_ref().unwrap().announcement().unwrap();
    let missing = shown(Standing::NotFound, None);
    let asked = |known: &Known, at| {
        let question = Question { asked_at: at, ..question(known, &by_api, FirstPromoterV1) };
        word(&question.looked_up(&missing)).to_owned()
    };
    let late = announced.plus_seconds(1000);
    // Not there for the first time, however long ago it was announced.
    assert_eq!(asked(&known, late), OTHERWISE);
    known.promise.as_mut().unwrap().contradicted_since = Some(late);
    assert_eq!(asked(&known, late.plus_seconds(59)), OTHERWISE);
    assert_eq!(asked(&known, late.plus_seconds(60)), "not_found_at_provider");
    // Announced anew since.
    known.promise.as_mut().unwrap().contradicted_since = Some(announced.plus_seconds(-500));
    assert_eq!(asked(&known, announced.plus_seconds(59)), OTHERWISE);
    assert_eq!(asked(&known, announced.plus_seconds(60)), "not_found_at_provider");
    // v2 is never parked for that before it is over age.
    let v2 = after(&policy(), FirstPromoter, &[lacking()]);
    let policy = policy();
    let behind = question(&v2, &policy, FirstPromoter).looked_up(&missing);
    assert_eq!(word(&behind), OTHERWISE);
}

#[test]
fn v1_by_response_is_answered_by_its_record_unless_that_asks() {
    let by_response = policy();
    let mut known = after(&by_response, FirstPromoterV1, &[fulfilment(7731)]);
    let word = |known: &Known, policy: &Policy| {
        let question = question(known, policy, FirstPromoterV1);
        question.needs_no_answer().map(|input| match input {
            Input::Approved(now) => now.entry,
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(word(&known, &by_response), Some(Entry::Deliver));
    // With a key there is somebody to ask.
    let by_api = Policy { v1_confirm: V1Confirm::Api, ..policy() };
    assert_eq!(word(&known, &by_api), None);
    // It is withdrawn by its record already.
    let mut withdrawn = known.clone();
    let mut denied = fulfilment(7731);
    denied["data"]["status"] = json!("denied");
    denied["event"]["created_at"] = json!("2026-10-01T10:00:00Z");
    let promise = withdrawn.promise.clone();
    feed(&by_response, FirstPromoterV1, &mut withdrawn, 1, &denied);
    withdrawn.promise = promise;
    assert_eq!(word(&withdrawn, &by_response), None);
    known.promise.as_mut().unwrap().by_response = false;
    assert_eq!(word(&known, &by_response), None);
}

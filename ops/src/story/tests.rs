//! Tests of the time line, and of what it leaves out.

use clap::Parser;
use serde_json::{Value, json};
use shared::aws::store::StoredRecord;
use shared::fulfilment::{
    Input, OperatorDecision, ParkReason, Parked, Promise, Recipient, Resolution, Reversals, Rules,
    State, Terms, Transition, transition,
};
use shared::ledger::{Action, Clock, Record, Register};
use shared::wire::Timestamp;

use super::*;
use crate::gather::rewards_of;
use crate::layout::columns;

const PROVIDER: &str = "firstpromoter";

fn pk() -> Partition {
    Partition::new(PROVIDER, "commission", "88").unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_ms(1_790_000_000_000).plus_seconds(second)
}

fn event(second: i64, version: u64, event_type: &str) -> StoredEvent {
    StoredEvent {
        sk: format!("event#e{version}"),
        event_type: Some(event_type.into()),
        identity: Some(format!("e{version}")),
        changed: vec!["amount".into(), "customer".into(), "status".into()],
        version: Some(version),
        no_promise: None,
        problem: None,
        inbox: None,
        route: None,
        length: None,
        gap: Vec::new(),
        over: Vec::new(),
        kept_with: None,
        secret: "hmac[0]".into(),
        received_at: at(second),
    }
}

fn body(version: u64, status: &str, amount: i64) -> Vec<u8> {
    let time = at(i64::try_from(version).unwrap()).to_rfc3339();
    let data = json!({
        "id": 88, "status": status, "amount": amount, "unit": "points", "updated_at": time,
        "referral": {"id": 77, "email": "jane@example.com", "uid": "u-77"},
    });
    let event = json!({
        "event_id": format!("e{version}"), "event_type": "commission.updated",
        "created_at": time, "data": data,
    });
    event.to_string().into_bytes()
}

fn record() -> StoredRecord {
    let clock = Clock { time: Some(at(0)), action: Action::Updated, rank: 1 };
    let facts = [
        ("amount", json!({"value": "500", "unit": "points"})),
        ("customer", json!({"email": "jane@example.com"})),
        ("status", json!("approved")),
    ];
    let register = |(name, value): (&str, Value)| (name.to_owned(), Register::new(value, clock));
    let record = Record { version: 2, facts: facts.map(register).into(), ..Record::default() };
    StoredRecord { pk: pk(), record, status: Some("approved".into()) }
}

/// A promise that was tried twice in vain, then said to be given.
fn promise() -> Promise {
    let terms = Terms {
        amount: Some("500".into()),
        unit: Some("points".into()),
        recipient: Some(Recipient {
            role: "referral".into(),
            id: Some("77".into()),
            reference: Some("u-77".into()),
            email: Some("jane@example.com".into()),
        }),
        ..Terms::default()
    };
    let promise = Promise::new("firstpromoter:88:1".into(), 1, State::Requested, terms, at(2));
    let lost =
        |repeatable| Input::Unknown { not_before: at(4), last: "no answer".into(), repeatable };
    let word = Input::Resumed(OperatorDecision {
        by: "joe".into(),
        resolution: Resolution::Granted,
        because: "in\nthe books".into(),
        at: at(0),
    });
    let lease = || Input::Leased(at(900));
    let inputs = [(3, lease()), (4, lost(true)), (5, lease()), (6, lost(false)), (7, word)];
    let rules = Rules { reversals: Reversals::Park, rewards: rewards_of(PROVIDER).unwrap() };
    inputs.into_iter().fold(promise, |promise, (second, input)| {
        match transition(&promise, &input, rules, at(second)) {
            Transition::Changed(next) => *next,
            other => panic!("{input:?}: {other:?}"),
        }
    })
}

fn here() -> TargetArgs {
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        target: TargetArgs,
    }
    Line::parse_from(["x", "--local"]).target
}

fn story(personal: bool) -> Story {
    let events = vec![event(0, 1, "commission.created"), event(1, 2, "commission.updated")];
    let bodies = [
        ("event#e1".to_owned(), body(1, "pending", 300)),
        ("event#e2".to_owned(), body(2, "approved", 500)),
    ];
    let promises = vec![promise()];
    let bodies = bodies.into();
    let record = record();
    let told =
        answers::Story::of(&pk(), events, &bodies, Some(&record), promises, Some(3600), personal);
    Story { told, gaps: vec!["index x: not allowed".into()] }
}

#[test]
fn a_story_is_in_the_order_of_time_and_ends_with_now_and_next() {
    assert_eq!(
        story(false).text(&here()),
        "\
firstpromoter commission 88

2026-09-21 14:13:20.000 commission.created
    amount 300 points
    status pending
    personal: customer
    id e1; secret hmac[0]

2026-09-21 14:13:21.000 commission.updated
    amount 300 points -> 500 points
    status pending -> approved
    personal: customer
    id e2; secret hmac[0]

2026-09-21 14:13:22.000 promised 500 points to customer 77

2026-09-21 14:13:24.000 delivery: no answer, 1000 ms; now requested

2026-09-21 14:13:26.000 delivery: no answer, 1000 ms; parked, because your endpoint was called
  without an answer that says what came of it, and it may not be called again

2026-09-21 14:13:27.000 joe resumed it, as the call had done it: in\u{fffd}the books

record: approved, version 2
  amount 500 points
  status approved
  1 more with --personal

promise firstpromoter:88:1: delivered, 500 points to customer 77
  Now: Given. FirstPromoter is to be told.
  Next: FirstPromoter is told, given up on 2026-09-21 15:13 UTC
Not read: index x: not allowed. The rest stands.
"
    );
}

#[test]
fn what_waits_for_a_person_has_the_command_that_says_what_to_do() {
    let mut story = story(false);
    let parked = Parked {
        from: State::Requested,
        reason: ParkReason::from("422 no_such_account"),
        unknown: false,
        at: at(9),
    };
    story.told.promises[0].reward.parked = Some(parked);
    let text = story.text(&here());
    let command = "ops --local parked --reason '422 no_such_account' --from requested\n";
    let line = text.lines().find(|line| line.starts_with("  What to do: "));
    assert!(line.is_some_and(|line| format!("{line}\n").ends_with(command)), "{text}");
}

#[test]
fn no_line_is_wider_than_a_terminal_whatever_the_ids() {
    let mut story = story(true);
    let long = "🎁 é#".repeat(80);
    for happening in &mut story.told.timeline {
        if let answers::What::Event(event) = &mut happening.what {
            event.identity = Some(long.clone());
            event.gap = vec![long.clone()];
        }
    }
    story.told.partition = Partition::new(PROVIDER, "commission", &long).unwrap();
    let text = story.text(&here());
    assert!(text.lines().all(|line| columns(line) <= 100), "{text}");
}

#[test]
fn what_is_personal_is_told_only_on_request() {
    let all = |story: &Story| format!("{}{}", story.text(&here()), json!(story));
    for personal in ["jane@example.com", "u-77"] {
        assert!(!all(&story(false)).contains(personal));
        assert!(all(&story(true)).contains(personal));
    }
}

#[test]
fn a_key_and_three_words_and_a_partition_mean_the_same() {
    let partition = |which: &[&str]| {
        let which = which.iter().map(|&word| word.to_owned()).collect();
        StoryArgs { which, personal: false, html: None }.partition()
    };
    for which in [
        &["firstpromoter:88:1"][..],
        &["firstpromoter#commission#88"],
        &["firstpromoter", "commission", "88"],
    ] {
        assert_eq!(partition(which), Ok(pk()));
    }
    assert!(matches!(partition(&["88"]), Err(OpsError::Failed(_))));
    assert!(matches!(partition(&["firstpromoter", "88"]), Err(OpsError::Failed(_))));
    assert!(matches!(partition(&["a#b", "commission", "88"]), Err(OpsError::No(_))));
}

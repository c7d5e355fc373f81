//! The log of a promise: what each input leaves in it.

use crate::machine::table::inputs;
use crate::machine::{at, decision, fresh, in_state, stated, terms, word};
use crate::providers::transition;
use shared::fulfilment::{
    Actor, Input, LogEntry, MAX_ENTRIES, ParkReason, Promise, Resolution, Reversals, Start, State,
    Transition,
};

const D: Reversals = Reversals::Deliver;

/// Each input ten milliseconds after the one before.
fn run(from: Promise, inputs: &[Input]) -> Promise {
    let times = (0..).map(|n| at(10 * n));
    inputs.iter().zip(times).fold(from, |promise, (input, now)| {
        match transition(&promise, input, D, now) {
            Transition::Changed(next) => *next,
            other => panic!("{input:?}: {other:?}"),
        }
    })
}

/// An entry in one line: states, who, outcome, reason, milliseconds.
fn line(entry: &LogEntry) -> String {
    let reason = entry.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let ms = entry.ms.map(|ms| format!(", {ms} ms")).unwrap_or_default();
    let (from, to) = (entry.from.name(), entry.to.name());
    format!("{from} -> {to} by {}: {}{reason}{ms}", entry.by, entry.outcome)
}

fn lines(promise: &Promise) -> Vec<String> {
    promise.log.entries.iter().map(line).collect()
}

fn lost(repeatable: bool) -> Input {
    Input::Unknown { not_before: at(9), last: "no answer".into(), repeatable }
}

#[test]
fn after_a_resumption_and_a_confirmation_the_log_still_tells_of_lost_replies_and_of_who_decided() {
    let lease = Input::Leased(at(900));
    let path = [
        lease.clone(),
        lost(true),
        lease.clone(),
        lost(false),
        word(Some(true)),
        lease.clone(),
        Input::retry_later(at(9), "HTTP 500", None),
        lease,
        Input::Done,
    ];
    let promise = run(fresh(), &path);
    assert_eq!(
        lines(&promise),
        [
            "delivering -> requested by deliver: no answer, 10 ms",
            "delivering -> parked by deliver: no answer (unknown_outcome), 10 ms",
            "parked -> delivered by operator ana: granted",
            "confirming -> delivered by confirm: HTTP 500, 10 ms",
            "confirming -> confirmed by confirm: done, 10 ms",
        ]
    );
    assert_eq!(promise.decisions.len(), 1);
    let times: Vec<_> = promise.log.entries.iter().map(|entry| entry.at).collect();
    assert_eq!(times, [at(10), at(30), at(40), at(60), at(80)]);
}

#[test]
fn an_entry_says_who_caused_it_and_why_it_is_parked() {
    let lease = Input::Leased(at(90));
    let parks = stated(terms("500"), Start::Park(ParkReason::AmountOverLimit));
    for (from, input, entry) in [
        (fresh(), Input::Withdrawn, "requested -> denied by event: withdrawn"),
        (fresh(), parks, "requested -> parked by event: approved (amount_over_limit)"),
        (fresh(), Input::OverAge, "requested -> parked by sweep: over_age"),
        (
            in_state(State::Delivering),
            Input::Withdrawn,
            "delivering -> delivering by event: withdrawn",
        ),
        (
            in_state(State::Delivering),
            Input::Refused("422 no_such_account".into()),
            "delivering -> parked by deliver: 422 no_such_account, 0 ms",
        ),
        (
            in_state(State::Delivering),
            Input::WorkerLost { not_before: at(9), repeatable: true },
            "delivering -> requested by deliver: the worker ended in the middle",
        ),
        (
            run(in_state(State::LookupDue), &[lease]),
            Input::retry_later(at(9), "HTTP 503", None),
            "lookup_due -> lookup_due by confirm: HTTP 503, 5 ms",
        ),
        (
            in_state(State::Parked),
            Input::Resumed(decision(Resolution::CloseNotGranted, "a mistake")),
            "parked -> denied by operator ana: close as not granted",
        ),
    ] {
        let before = from.log.entries.len();
        let Transition::Changed(next) = transition(&from, &input, D, at(5)) else {
            panic!("{input:?} changes nothing");
        };
        assert_eq!(lines(&next)[before..], [entry]);
    }
}

/// A new promise has no entry, nor what another entry or a number tells.
#[test]
fn a_lease_and_a_task_queued_again_are_no_entries() {
    assert!(fresh().log.is_empty());
    let held = run(fresh(), &[Input::Redispatched, Input::Leased(at(90))]);
    assert!(held.log.is_empty());
    assert_eq!(held.lease.and_then(|lease| lease.at), Some(at(10)));
}

/// Whatever comes to a promise in whatever state: with the state the log grows, and by
/// one entry.
#[test]
fn each_change_of_state_but_a_lease_is_an_entry() {
    for state in State::ALL {
        let from = in_state(state);
        for input in inputs() {
            let (Transition::Changed(next) | Transition::NewEpoch { ended: next, .. }) =
                transition(&from, &input, D, at(9))
            else {
                continue;
            };
            let added = next.log.entries.len() - from.log.entries.len();
            assert!(added <= 1, "{input:?} in {state:?}");
            let leased = next.lease.is_some() && from.lease.is_none();
            if next.state != from.state && !leased {
                let entry = next.log.entries.last().filter(|_| added == 1);
                let states = entry.map(|entry| (entry.from, entry.to));
                assert_eq!(states, Some((from.state, next.state)), "{input:?}");
            }
            assert!(!leased || added == 0, "{input:?} in {state:?}");
        }
    }
}

#[test]
fn a_promise_that_is_tried_for_days_keeps_a_short_log() {
    let tries = [Input::Leased(at(900)), lost(true)];
    let path: Vec<Input> = tries.iter().cycle().take(200).cloned().collect();
    let tried = run(fresh(), &path);
    assert_eq!((tried.log.entries.len(), tried.log.left_out), (MAX_ENTRIES, 80));
    let size = serde_json::to_string(&tried.log).unwrap().len();
    assert!(size < 4096, "{size} bytes");
    assert!(tried.log.entries.iter().all(|entry| entry.by == Actor::Deliver));
}

//! What the sweep does about one promise, and when.

use crate::machine::{at, denied_there, fresh, in_state, run};
use shared::fulfilment::{Input, Lease, Promise, Reversals, State};
use shared::wire::Timestamp;
use shared::work::sweep::{Action, Limits};

/// Over age after ten minutes, untouched after two.
const LIMITS: Limits = Limits { max_age_seconds: 600, untouched_seconds: 120 };

fn after(seconds: i64) -> Timestamp {
    at(seconds * 1000)
}

fn action(promise: &Promise, seconds: i64) -> Action {
    LIMITS.action(promise, after(seconds))
}

/// A promise in that state since the beginning.
fn since_the_beginning(state: State) -> Promise {
    let mut promise = in_state(state);
    (promise.open_at, promise.changed_at) = (at(0), at(0));
    (promise.retry.not_before, promise.lease) = (None, None);
    promise
}

fn send(promise: &Promise) -> Action {
    Action::Send(promise.due.clone().unwrap())
}

#[test]
fn what_somebody_works_on_is_left_alone_however_old_it_is() {
    for state in [State::LookupDue, State::Delivering, State::Confirming, State::Reversing] {
        let mut held = since_the_beginning(state);
        held.lease = Some(Lease { due: "deliver#1".into(), until: after(1000), at: None });
        assert_eq!(action(&held, 999), Action::Leave, "{state:?}");
        // Until then, and not then.
        assert_ne!(action(&held, 1000), Action::Leave, "{state:?}");
    }
}

#[test]
fn a_lease_that_ran_out_is_released_where_nothing_is_due() {
    for state in [State::Delivering, State::Confirming, State::Reversing] {
        let mut lost = since_the_beginning(state);
        lost.lease = Some(Lease { due: "deliver#1".into(), until: after(90), at: None });
        assert_eq!(lost.due, None);
        assert_eq!(action(&lost, 90), Action::Release, "{state:?}");
        assert_eq!(action(&lost, 601), Action::OverAge, "{state:?}");
        lost.lease = None;
        assert_eq!(action(&lost, 90), Action::Leave, "{state:?}");
    }
    // A question is still due, and simply asked again, two minutes later.
    let mut asked = since_the_beginning(State::LookupDue);
    asked.lease = Some(Lease { due: "lookup#1".into(), until: after(90), at: None });
    assert_eq!(action(&asked, 209), Action::Leave);
    assert_eq!(action(&asked, 210), send(&asked));
}

#[test]
fn what_is_open_for_longer_than_allowed_is_over_age() {
    for state in State::ALL {
        let promise = since_the_beginning(state);
        let at_rest = state.is_settled() || state == State::Parked;
        let over = if at_rest { Action::Leave } else { Action::OverAge };
        assert_eq!(action(&promise, 601), over, "{state:?}");
        assert_ne!(action(&promise, 600), Action::OverAge, "{state:?}");
    }
    // By whole seconds, from when it was opened and not from when it changed.
    let mut promise = fresh();
    (promise.open_at, promise.changed_at) = (after(1000), after(1500));
    assert_ne!(action(&promise, 1600), Action::OverAge);
    assert_eq!(action(&promise, 1601), Action::OverAge);
}

#[test]
fn what_is_due_is_sent_again_two_minutes_after_it_was_last_touched() {
    let touched: [fn(&mut Promise); 5] = [
        |promise| promise.changed_at = after(50),
        |promise| promise.retry.not_before = Some(after(50)),
        |promise| promise.retry.redispatched_at = Some(after(50)),
        |promise| {
            promise.lease = Some(Lease { due: "deliver#1".into(), until: after(50), at: None });
        },
        |promise| {
            (promise.changed_at, promise.retry.not_before, promise.retry.redispatched_at) =
                (after(50), Some(after(3)), Some(after(9)));
        },
    ];
    for touch in touched {
        let mut promise = fresh();
        touch(&mut promise);
        assert_eq!(action(&promise, 169), Action::Leave, "{promise:?}");
        assert_eq!(action(&promise, 170), send(&promise), "{promise:?}");
    }
    let mut settled = since_the_beginning(State::Delivered);
    settled.due = None;
    assert_eq!(action(&settled, 599), Action::Leave);
}

/// Two minutes, four, … up to 64: where the workers are behind, the queue does
/// not fill up with the same.
#[test]
fn what_was_sent_again_is_sent_again_later_and_later() {
    let patient = Limits { max_age_seconds: 1_000_000, ..LIMITS };
    for (resent, seconds) in
        [(0, 120), (1, 240), (2, 480), (3, 960), (4, 1920), (5, 3840), (6, 3840), (u32::MAX, 3840)]
    {
        let mut promise = fresh();
        promise.retry.redispatch_count = resent;
        assert_eq!(patient.action(&promise, after(seconds - 1)), Action::Leave, "{resent}");
        assert_eq!(patient.action(&promise, after(seconds)), send(&promise), "{resent}");
    }
}

#[test]
fn what_only_the_api_denied_is_looked_at_once_events_had_their_time() {
    let mut denied =
        run(since_the_beginning(State::LookupDue), &[denied_there(at(1))], Reversals::Deliver);
    assert_eq!((denied.state, denied.platform.unwitnessed), (State::Denied, true));
    denied.changed_at = after(1000);
    assert_eq!(action(&denied, 1119), Action::Leave);
    assert_eq!(action(&denied, 1120), Action::Witness);
    denied.platform.unwitnessed = false;
    assert_eq!(action(&denied, 9999), Action::Leave);
    // Something is due: that comes first.
    let mut told = since_the_beginning(State::Reversed);
    told.platform.unwitnessed = true;
    assert_eq!(action(&told, 120), Action::Witness);
    told.due = Some("unconfirm#9".into());
    assert_eq!(action(&told, 120), send(&told));
    // A person looks at it already.
    let mut parked =
        run(in_state(State::Delivering), &[Input::Refused("x".into())], Reversals::Park);
    parked.platform.unwitnessed = true;
    assert_eq!(action(&parked, 9999), Action::Leave);
}

//! What comes of a promise that is resumed, in a sentence.

use answers::because;
use shared::fulfilment::{Promise, State};
use shared::provider::ALL;
use shared::provider::definition::find;

/// True where the reward is taken back from its recipient by what comes next.
pub(super) fn takes_back(now: &Promise) -> bool {
    match now.state {
        State::ReversalDue | State::Reversing => true,
        // The platform is asked first whether it knows of the delivery.
        State::Delivered | State::Confirming => now.withdrawal.pending,
        State::LookupDue
        | State::ApprovalDue
        | State::AwaitingApproval
        | State::Requested
        | State::Delivering
        | State::Confirmed
        | State::Denied
        | State::Reversed
        | State::Parked => false,
    }
}

/// The sentence: what happens next, or how the promise is settled. `before` is the
/// promise that the decision was about, `now` what it made of it.
pub(super) fn sentence(before: &Promise, now: &Promise) -> String {
    let provider = now.key.split(':').next().unwrap_or_default();
    let vendor = find(ALL, provider).map_or(provider, |own| own.vendor);
    let next = next(now, vendor);
    if before.key == now.key {
        return next;
    }
    format!("it is taken back, and promised anew as {}: {next}", now.key)
}

fn next(now: &Promise, vendor: &str) -> String {
    match (now.state, now.due.is_some()) {
        (State::LookupDue, _) => format!("{vendor} is asked about it next"),
        (State::ApprovalDue, _) => format!("{vendor} is asked to approve it next"),
        (State::AwaitingApproval, _) => format!("it waits until {vendor} approves it"),
        (State::Requested, _) => "it is delivered next".into(),
        (State::Delivering, _) => "it is being delivered".into(),
        (State::Delivered | State::Confirming, _) if now.withdrawal.pending => format!(
            "{vendor} is asked whether it knows of it, then it is to be taken back from the \
             recipient"
        ),
        (State::Delivered, true) => format!("{vendor} is told next that it is given"),
        (State::Delivered, false) => {
            format!("{vendor} learns that it is given when it asks again")
        }
        (State::Confirming, _) => format!("{vendor} is being told that it is given"),
        (State::Confirmed, _) => "it is settled: given".into(),
        (State::Denied, _) => "it is settled: not given".into(),
        (State::ReversalDue, _) => "it will be taken back from the recipient".into(),
        (State::Reversing, _) => "it is being taken back from the recipient".into(),
        (State::Reversed, true) => {
            format!("{vendor} is told next that it is not given any more")
        }
        (State::Reversed, false) => "it is settled: taken back".into(),
        (State::Parked, _) => match &now.parked {
            Some(parked) => {
                format!("it waits for a person again, because {}", because(&parked.reason, vendor))
            }
            None => "it waits for a person again".into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use shared::fulfilment::{ParkReason, Parked, Terms};
    use shared::wire::Timestamp;

    use super::*;

    fn promise(state: State) -> Promise {
        let key = "firstpromoter:880001:1".to_owned();
        let mut promise = Promise::new(key, 1, state, Terms::default(), Timestamp::ZERO);
        promise.parked = (state == State::Parked).then_some(Parked {
            from: State::ReversalDue,
            reason: ParkReason::OverAge,
            unknown: false,
            at: Timestamp::ZERO,
        });
        promise
    }

    #[test]
    fn each_state_is_told_in_words_without_its_number() {
        let mut told = std::collections::BTreeSet::new();
        for state in State::ALL {
            let sentence = sentence(&promise(State::Parked), &promise(state));
            assert!(!sentence.contains(['#', '_']), "{state:?}: {sentence}");
            assert!(told.insert(sentence), "{state:?}");
        }
        for (state, says) in [
            (State::Requested, "it is delivered next"),
            (State::ReversalDue, "it will be taken back from the recipient"),
            (State::Denied, "it is settled: not given"),
            (State::Delivered, "FirstPromoter is told next that it is given"),
            (
                State::Parked,
                "it waits for a person again, because it was open for longer than is allowed",
            ),
        ] {
            assert_eq!(sentence(&promise(state), &promise(state)), says);
        }
    }

    #[test]
    fn what_is_taken_back_later_is_said_before() {
        let back: Vec<State> =
            State::ALL.into_iter().filter(|state| takes_back(&promise(*state))).collect();
        assert_eq!(back, [State::ReversalDue, State::Reversing]);
        let mut delivered = promise(State::Delivered);
        delivered.withdrawal.pending = true;
        assert!(takes_back(&delivered));
        assert!(sentence(&delivered, &delivered).ends_with("taken back from the recipient"));
        delivered.by_response = true;
        delivered.withdrawal.pending = false;
        delivered.due = None;
        assert!(sentence(&delivered, &delivered).ends_with("when it asks again"));
    }

    #[test]
    fn a_promise_that_follows_is_named() {
        let mut next = promise(State::Requested);
        next.key = "firstpromoter:880001:2".into();
        assert_eq!(
            sentence(&promise(State::ReversalDue), &next),
            "it is taken back, and promised anew as firstpromoter:880001:2: it is delivered next"
        );
    }
}

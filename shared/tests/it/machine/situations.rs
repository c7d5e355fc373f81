//! The situations that the tables have rows for: a promise in each state, and in
//! what else decides, come there by inputs alone.

use super::{again, at, denied_there, fresh, in_state, run, stated, terms, unknown};
use shared::fulfilment::{Input, Promise, Reversals, Start, State};

const D: Reversals = Reversals::Deliver;
const UNMARK: Reversals = Reversals::DeliverAndUnmark;

/// A promise and the setting under which it is shown.
pub struct Situation {
    pub promise: Promise,
    pub reversals: Reversals,
}

/// The name of a promise's situation: its state, and what else decides where an
/// input leads. The tables and the walk both name by this.
pub fn name(promise: &Promise) -> String {
    let parked = promise.parked.as_ref();
    let from = parked.map_or(promise.state, |parked| parked.from);
    let mut name = match parked {
        Some(parked) => format!("parked from {}", parked.from.name()),
        None => promise.state.name().to_owned(),
    };
    let pending = promise.withdrawal.pending;
    let next = promise.withdrawal.next_epoch.is_some();
    let unsure = promise.effect_uncertain;
    let calls = matches!(from, State::Delivering | State::Confirming);
    let notes = [
        (parked.is_some_and(|parked| parked.unknown), "outcome unknown"),
        (parked.is_none() && unsure && from != State::Delivered, "an earlier outcome unknown"),
        (unsure && from == State::Delivered, "the platform may know"),
        (from == State::Requested && tried(promise), "after a try"),
        (from == State::Delivered && promise.by_response, "told by response"),
        (from == State::Confirmed && promise.withdrawal.reversal_waived, "kept by the operator"),
        (from == State::Denied && promise.refused.is_some(), "refused by the endpoint"),
        (parked.is_none() && from == State::Reversed && promise.due.is_some(), "to be unmarked"),
        (promise.platform.unwitnessed, "by the API alone"),
        (pending, "withdrawn meanwhile"),
        (calls && promise.terms_change.in_flight, "other terms meanwhile"),
        (
            parked.is_some() && from.is_before_delivery() && changed(promise),
            "other terms meanwhile",
        ),
        (next, "approved meanwhile"),
    ];
    for (_, note) in notes.into_iter().filter(|(holds, _)| *holds) {
        name.push_str(", ");
        name.push_str(note);
    }
    name
}

/// Tried, and known to have had no effect.
fn tried(promise: &Promise) -> bool {
    promise.parked.is_none() && promise.retry.attempts > 0 && !promise.effect_uncertain
}

fn changed(promise: &Promise) -> bool {
    promise.terms_change.new_terms.is_some()
}

fn from(promise: Promise, inputs: &[Input], reversals: Reversals) -> Situation {
    Situation { promise: run(promise, inputs, reversals), reversals }
}

fn lease() -> Input {
    Input::Leased(at(90))
}

fn approved(amount: &str) -> Input {
    stated(terms(amount), Start::Deliver)
}

/// Every state but `parked`, and after each what else decides in it.
pub fn unparked() -> Vec<Situation> {
    let (done, withdrawn) = (Input::Done, Input::Withdrawn);
    let unmarking = [withdrawn.clone(), lease(), done.clone()];
    let mut answered = fresh();
    answered.by_response = true;
    let variants = |state| match state {
        State::Requested => {
            vec![from(fresh(), &[lease(), again()], D), from(fresh(), &[lease(), unknown(true)], D)]
        }
        State::Delivering | State::Confirming => vec![
            from(in_state(state), &[Input::Withdrawn], D),
            from(in_state(state), &[approved("700")], D),
        ],
        State::Delivered => vec![
            from(answered.clone(), &[lease(), Input::Done], D),
            from(in_state(State::Confirming), &[unknown(true)], D),
        ],
        State::Confirmed => vec![from(
            in_state(State::Confirmed),
            &[approved("700"), Input::Withdrawn, super::close()],
            D,
        )],
        State::Denied => vec![
            from(in_state(State::LookupDue), &[denied_there(at(9))], D),
            from(in_state(State::Delivering), &[Input::Refused("422".into()), Input::Withdrawn], D),
        ],
        State::ReversalDue => vec![from(in_state(State::Reversing), &[unknown(true)], D)],
        State::Reversing => vec![from(in_state(state), &[approved("500")], D)],
        State::Reversed => vec![
            from(in_state(State::Confirmed), &unmarking, UNMARK),
            from(
                in_state(State::Confirmed),
                &[&unmarking[..], &[lease(), approved("500")]].concat(),
                UNMARK,
            ),
            from(in_state(State::Confirming), &[denied_there(at(9)), lease(), done.clone()], D),
        ],
        _ => vec![],
    };
    let states = State::ALL.into_iter().filter(|state| *state != State::Parked);
    states
        .flat_map(|state| {
            let plain = Situation { promise: in_state(state), reversals: D };
            std::iter::once(plain).chain(variants(state))
        })
        .collect()
}

/// Parked, by the state that it was parked from.
pub fn parked() -> Vec<Situation> {
    let refused = |code: &str| Input::Refused(code.into());
    let unmarking = [Input::Withdrawn, lease(), Input::Done];
    let over_age = |state| from(in_state(state), &[Input::OverAge], D);
    let unsure = || in_state(State::Confirming);
    vec![
        over_age(State::LookupDue),
        over_age(State::ApprovalDue),
        over_age(State::AwaitingApproval),
        from(in_state(State::Delivering), &[refused("422")], D),
        from(in_state(State::Delivering), &[refused("422"), approved("700")], D),
        from(in_state(State::Delivering), &[unknown(false)], D),
        from(in_state(State::Delivering), &[unknown(false), Input::Withdrawn], D),
        from(in_state(State::Confirming), &[refused("422")], D),
        from(in_state(State::Confirming), &[refused("422"), Input::Withdrawn], D),
        from(unsure(), &[unknown(true), Input::OverAge], D),
        from(unsure(), &[unknown(true), Input::OverAge, Input::Withdrawn], D),
        from(in_state(State::Confirmed), &[approved("700")], D),
        from(in_state(State::Confirmed), &[approved("700"), Input::Withdrawn], D),
        from(in_state(State::Reversing), &[refused("422")], D),
        from(in_state(State::Reversing), &[unknown(false)], D),
        from(in_state(State::Reversing), &[unknown(false), approved("500")], D),
        from(
            in_state(State::Confirmed),
            &[&unmarking[..], &[lease(), refused("422")]].concat(),
            UNMARK,
        ),
    ]
}

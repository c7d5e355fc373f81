//! The operator's decision about a parked promise.

use crate::OpsError;
use crate::key::Key;
use crate::table::plain;
use crate::target::Target;
use serde::Serialize;
use shared::aws::store::StoreError;
use shared::fulfilment::{
    Input, OperatorDecision, ParkReason, Promise, Rules, State, Transition, transition,
};
use shared::wire::Timestamp;

/// Most tries while others write to the promise.
const TRIES: u32 = 5;

/// The promise after the operator's decision.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Resumed {
    key: String,
    parked_from: Option<State>,
    state: State,
    due: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<ParkReason>,
}

impl Resumed {
    fn of(before: &Promise, now: &Promise) -> Self {
        Self {
            key: now.key.clone(),
            parked_from: before.parked.as_ref().map(|parked| parked.from),
            state: now.state,
            due: now.due.clone(),
            reason: now.parked.as_ref().map(|parked| parked.reason.clone()),
        }
    }

    /// The result as one line for people.
    pub(crate) fn text(&self) -> String {
        let state = self.state.name();
        let rest = match (&self.reason, &self.due) {
            (Some(reason), _) => format!(" again: {reason}"),
            (None, Some(due)) => format!(", {due} is due"),
            (None, None) if self.state.is_settled() => ", settled".to_owned(),
            (None, None) => String::new(),
        };
        plain(&format!("{} is {state}{rest}", self.key))
    }
}

/// Lets a parked promise go on by a transition of the promise's machine, saved on
/// the same conditions as the functions' writes.
pub(crate) async fn resume(
    target: &Target,
    key: &Key,
    decision: OperatorDecision,
) -> Result<Resumed, OpsError> {
    let keys = key.item();
    let no = |why: &str| OpsError::No(format!("{key}: {why}"));
    let input = Input::Resumed(decision);
    let rules = Rules { reversals: target.reversals, rewards: key.rewards() };
    let mut asked_about = None;
    for _ in 0..TRIES {
        let found = target.store.promise(&keys).await?;
        let found = found.ok_or_else(|| no("there is no such promise"))?;
        // The decision holds only for the reason that the operator saw first.
        if *asked_about.get_or_insert_with(|| found.parked.clone()) != found.parked {
            return Err(no("it changed meanwhile; look at it again"));
        }
        let next = match transition(&found, &input, rules, Timestamp::now()) {
            Transition::Changed(next) => vec![*next],
            Transition::NewEpoch { ended, next } => vec![*ended, *next],
            Transition::Unchanged => return Err(no("that says nothing new")),
            Transition::Invalid(why) => return Err(no(why)),
        };
        match target.store.save(&keys.pk, &next).await {
            Ok(()) => {
                let last = next.last().unwrap_or(&found);
                return Ok(Resumed::of(&found, last));
            }
            Err(StoreError::Conflict) => {}
            Err(error) => {
                return Err(OpsError::Failed(format!(
                    "{key}: {error}; whether it was written, `story` shows"
                )));
            }
        }
    }
    Err(OpsError::Failed(format!("{key}: somebody else keeps writing to it; try again")))
}

#[cfg(test)]
mod tests {
    use shared::fulfilment::{Parked, Terms};

    use super::*;

    #[test]
    fn the_line_says_where_it_stands_now() {
        let at = Timestamp::ZERO;
        let promise = |state| Promise::new("k".into(), 1, state, Terms::default(), at);
        let mut parked = promise(State::Parked);
        parked.parked = Some(Parked {
            from: State::ReversalDue,
            reason: ParkReason::WithdrawnAfterDelivery,
            unknown: false,
            at,
        });
        for (now, line) in [
            (promise(State::Requested), "k is requested, deliver#1 is due"),
            (promise(State::Denied), "k is denied, settled"),
            (promise(State::Delivering), "k is delivering"),
            (parked.clone(), "k is parked again: withdrawn_after_delivery"),
        ] {
            let resumed = Resumed::of(&parked, &now);
            assert_eq!(resumed.text(), line);
            assert_eq!(resumed.parked_from, Some(State::ReversalDue));
        }
    }
}

//! The operator's decision about a parked promise.

pub(crate) mod args;
pub(crate) mod many;
mod ways;

use crate::OpsError;
use crate::key::Key;
use crate::table::plain;
use crate::target::{Target, TargetArgs};
use serde::Serialize;
use shared::aws::store::StoreError;
use shared::fulfilment::{
    Input, OperatorDecision, ParkReason, Promise, Resolution, Rules, State, Transition, transition,
};
use shared::wire::Timestamp;

/// Most tries while others write to the promise.
const TRIES: u32 = 5;

/// The promise after the operator's decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

    /// The state that was reached, with what is due in it.
    fn stands(&self) -> String {
        let state = self.state.name();
        match (&self.reason, &self.due) {
            (Some(reason), _) => format!("{state} again: {reason}"),
            (None, Some(due)) => format!("{state}, {due} is due"),
            (None, None) if self.state.is_settled() => format!("{state}, settled"),
            (None, None) => state.to_owned(),
        }
    }

    /// The result as one line for people.
    pub(crate) fn text(&self) -> String {
        plain(&format!("{} is {}", self.key, self.stands()))
    }
}

/// The promises that a decision makes of one: itself in its next version and,
/// behind it, the next epoch. `Err` says why the decision is not for it.
fn decided(
    promise: &Promise,
    decision: &OperatorDecision,
    rules: Rules,
) -> Result<Vec<Promise>, String> {
    let input = Input::Resumed(decision.clone());
    match transition(promise, &input, rules, Timestamp::now()) {
        Transition::Changed(next) => Ok(vec![*next]),
        Transition::NewEpoch { ended, next } => Ok(vec![*ended, *next]),
        Transition::Unchanged => Err("that says nothing new".to_owned()),
        Transition::Invalid(_) if promise.parked.is_none() => Err(not_parked(promise)),
        Transition::Invalid(why) => Err(why.to_owned()),
    }
}

/// The state of a promise that nobody has to resume, and who did.
fn not_parked(promise: &Promise) -> String {
    let state = promise.state.name();
    let by = promise.decisions.last();
    let by = by.map(|last| format!("; {} resumed it at {}", last.by, last.at.to_rfc3339()));
    format!("is not parked, but {state}{}", by.unwrap_or_default())
}

/// The rules by which a promise goes on.
fn rules(target: &Target, key: &Key) -> Rules {
    Rules { reversals: target.reversals, rewards: key.rewards() }
}

/// Looks a promise up.
///
/// # Errors
/// [`OpsError::No`] when there is none.
pub(crate) async fn find(target: &Target, key: &Key) -> Result<Promise, OpsError> {
    let found = target.store.promise(&key.item()).await?;
    found.ok_or_else(|| OpsError::No(format!("{key}: there is no such promise")))
}

/// Refuses a resolution that leaves open what nobody knows, with the commands that
/// do not. `by` is the operator, where the command line names one.
///
/// # Errors
/// [`OpsError::No`] with these commands.
pub(crate) fn says_enough(
    args: &TargetArgs,
    target: &Target,
    (key, promise): (&Key, &Promise),
    resolution: Resolution,
    by: Option<&str>,
) -> Result<(), OpsError> {
    let unknown = promise.parked.as_ref().is_some_and(|parked| parked.unknown);
    if unknown && resolution.granted().is_none() {
        let ways = ways::text(args, rules(target, key), promise, by);
        return Err(OpsError::No(ways));
    }
    Ok(())
}

/// Lets a parked promise go on by a transition of the promise's machine, saved on
/// the same conditions as the functions' writes. `seen` is the promise on which the
/// operator decided.
pub(crate) async fn resume(
    target: &Target,
    key: &Key,
    seen: &Promise,
    decision: &OperatorDecision,
) -> Result<Resumed, OpsError> {
    let keys = key.item();
    let no = |why: &str| OpsError::No(plain(&format!("{key}: {why}")));
    let mut found = seen.clone();
    for _ in 0..TRIES {
        // The decision holds only for the reason that the operator saw.
        if seen.parked != found.parked {
            let now = match &found.parked {
                Some(parked) => format!("it is parked anew ({})", parked.reason),
                None => format!("it {}", not_parked(&found)),
            };
            return Err(no(&format!("changed meanwhile: {now}; look at it again")));
        }
        let next = decided(&found, decision, rules(target, key)).map_err(|why| no(&why))?;
        match target.store.save(&keys.pk, &next).await {
            Ok(()) => return Ok(Resumed::of(&found, next.last().unwrap_or(&found))),
            Err(StoreError::Conflict) => found = find(target, key).await?,
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

    fn promise(state: State) -> Promise {
        Promise::new("k".into(), 1, state, Terms::default(), Timestamp::ZERO)
    }

    #[test]
    fn the_line_says_where_it_stands_now() {
        let mut parked = promise(State::Parked);
        parked.parked = Some(Parked {
            from: State::ReversalDue,
            reason: ParkReason::WithdrawnAfterDelivery,
            unknown: false,
            at: Timestamp::ZERO,
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

    #[test]
    fn one_who_comes_late_is_told_who_was_first() {
        let mut going = promise(State::Requested);
        assert_eq!(not_parked(&going), "is not parked, but requested");
        going.decisions.push(OperatorDecision {
            by: "jane".into(),
            resolution: Resolution::GoOn,
            because: String::new(),
            at: Timestamp::ZERO,
        });
        let told = "is not parked, but requested; jane resumed it at 1970-01-01T00:00:00.000Z";
        assert_eq!(not_parked(&going), told);
    }
}

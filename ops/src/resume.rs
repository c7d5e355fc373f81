//! The operator's decision about a parked promise.

pub(crate) mod args;
mod asking;
mod caution;
mod elsewhere;
pub(crate) mod many;
mod outcome;
mod ways;

use crate::OpsError;
use crate::key::Key;
use crate::output::refused;
use crate::parked::UNEXPLAINED;
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
    /// What comes of it, for people.
    #[serde(skip)]
    sentence: String,
    /// True where the reward is taken back from its recipient.
    #[serde(skip)]
    takes_back: bool,
}

impl Resumed {
    fn of(before: &Promise, now: &Promise) -> Self {
        Self {
            key: now.key.clone(),
            parked_from: before.parked.as_ref().map(|parked| parked.from),
            state: now.state,
            due: now.due.clone(),
            reason: now.parked.as_ref().map(|parked| parked.reason.clone()),
            sentence: outcome::sentence(before, now),
            takes_back: outcome::takes_back(now),
        }
    }

    /// The result as one line for people.
    pub(crate) fn text(&self) -> String {
        plain(&format!("{}: {}", self.key, self.sentence))
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

/// What a decision makes of a promise as it is `found`, as long as it is the case that
/// the operator saw: parked for the same, and coming to the same.
fn still_decided(
    seen: &Promise,
    found: &Promise,
    decision: &OperatorDecision,
    rules: Rules,
) -> Result<Vec<Promise>, String> {
    if seen.parked != found.parked {
        return Err(format!("changed meanwhile: {}; look at it again", stands(found)));
    }
    if seen.terms != found.terms {
        let why = "changed meanwhile: its amount, unit or recipient; look at it again";
        return Err(why.to_owned());
    }
    let next = decided(found, decision, rules)?;
    let shown = decided(seen, decision, rules)?;
    let comes_to = |of: &[Promise]| of.last().map(|last| (last.key.clone(), last.state));
    if comes_to(&shown) != comes_to(&next) {
        let becomes = next.last().map(|last| outcome::sentence(found, last)).unwrap_or_default();
        return Err(format!("changed meanwhile: by now {becomes}; look at it again"));
    }
    Ok(next)
}

/// How a promise stands that is not the case any more that an operator saw.
pub(crate) fn stands(found: &Promise) -> String {
    match &found.parked {
        Some(parked) => format!("it is parked anew ({})", parked.reason),
        None => format!("it {}", not_parked(found)),
    }
}

/// The state of a promise that nobody can resume, and who did.
fn not_parked(promise: &Promise) -> String {
    if promise.state == State::Parked {
        return format!("is {UNEXPLAINED}");
    }
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
async fn find(target: &Target, key: &Key) -> Result<Promise, OpsError> {
    let found = target.store.promise(&key.item()).await?;
    found.ok_or_else(|| OpsError::No(format!("{key}: there is no such promise")))
}

/// Refuses a resolution that leaves open what nobody knows, with the commands that
/// do not. `by` is the operator, where the command line names one.
///
/// # Errors
/// [`OpsError::No`] with these commands, [`OpsError::Found`] with them as JSON.
fn says_enough(
    args: &TargetArgs,
    target: &Target,
    (key, promise): (&Key, &Promise),
    resolution: Resolution,
    by: Option<&str>,
    json: bool,
) -> Result<(), OpsError> {
    let unknown = promise.parked.as_ref().is_some_and(|parked| parked.unknown);
    if unknown && resolution.granted().is_none() {
        let ways = ways::Ways::of(args, rules(target, key), promise, by);
        return Err(refused(json, &ways, || ways.text(promise)));
    }
    Ok(())
}

/// Lets a parked promise go on by a transition of the promise's machine, saved on
/// the same conditions as the functions' writes. `seen` is the promise on which the
/// operator decided.
async fn resume(
    target: &Target,
    key: &Key,
    seen: &Promise,
    decision: &OperatorDecision,
) -> Result<Resumed, OpsError> {
    let keys = key.item();
    let no = |why: &str| OpsError::No(plain(&format!("{key}: {why}")));
    let mut found = seen.clone();
    for _ in 0..TRIES {
        let next = still_decided(seen, &found, decision, rules(target, key));
        let next = next.map_err(|why| no(&why))?;
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
    use shared::fulfilment::{Parked, Reversals, Terms};

    use super::*;
    use crate::gather::rewards_of;

    fn promise(state: State) -> Promise {
        Promise::new("k".into(), 1, state, Terms::default(), Timestamp::ZERO)
    }

    pub(super) fn parked(from: State) -> Promise {
        let mut parked = promise(State::Parked);
        parked.parked =
            Some(Parked { from, reason: ParkReason::OverAge, unknown: false, at: Timestamp::ZERO });
        parked
    }

    fn word() -> OperatorDecision {
        OperatorDecision {
            by: "jane".into(),
            resolution: Resolution::GoOn,
            because: String::new(),
            at: Timestamp::ZERO,
        }
    }

    #[test]
    fn the_line_says_what_comes_of_it_and_json_has_the_state() {
        let parked = parked(State::ReversalDue);
        for (now, line, due) in [
            (promise(State::Requested), "k: it is delivered next", Some("deliver#1")),
            (promise(State::Denied), "k: it is settled: not given", None),
        ] {
            let resumed = Resumed::of(&parked, &now);
            assert_eq!(resumed.text(), line);
            let json = serde_json::to_value(&resumed).unwrap();
            let expected = serde_json::json!({
                "key": "k", "parked_from": "reversal_due", "state": now.state, "due": due,
            });
            assert_eq!(json, expected);
        }
    }

    #[test]
    fn what_comes_to_something_else_than_was_shown_is_left() {
        let of = rewards_of("firstpromoter").unwrap();
        let rules = Rules { reversals: Reversals::Deliver, rewards: of };
        let seen = parked(State::Delivered);
        let decided = |found: &Promise| still_decided(&seen, found, &word(), rules);
        assert_eq!(decided(&seen).unwrap().last().unwrap().state, State::Delivered);
        // Its approval is withdrawn while the operator thinks about it.
        let mut withdrawn = seen.clone();
        withdrawn.withdrawal.pending = true;
        assert_eq!(
            decided(&withdrawn).unwrap_err(),
            "changed meanwhile: by now it will be taken back from the recipient; look at it again"
        );
        let going = promise(State::Delivered);
        let why = "changed meanwhile: it is not parked, but delivered; look at it again";
        assert_eq!(decided(&going).unwrap_err(), why);
    }

    #[test]
    fn one_who_comes_late_is_told_who_was_first() {
        let mut going = promise(State::Requested);
        assert_eq!(not_parked(&going), "is not parked, but requested");
        going.decisions.push(word());
        let told = "is not parked, but requested; jane resumed it at 1970-01-01T00:00:00.000Z";
        assert_eq!(not_parked(&going), told);
        going.state = State::Parked;
        assert_eq!(not_parked(&going), "is in state parked, but its item does not say why");
    }
}

//! What is to be minded before promises of a reason go on.

use shared::fulfilment::{ParkReason, Promise, Resolution, Resuming};

use crate::layout::wrapped;
use crate::paragraph::without_marks;

/// The words for a reason whose promises something else settles.
pub(super) const NOT_AS_IT_IS: &str = "none is to go on as it is";

/// A paragraph: the reason, what is to be minded, and the remedy.
pub(super) fn caution(reason: &ParkReason, mind: &str) -> String {
    let remedy = without_marks(reason.explanation().remedy);
    format!("{}\n", wrapped(&format!("{reason}: {mind}. {remedy}."), 0))
}

/// What is to be minded before one promise goes on by this resolution; `None` where
/// nothing is, or where the operator's word says what was looked at.
pub(super) fn of_one(promise: &Promise, resolution: Resolution) -> Option<String> {
    let reason = &promise.parked.as_ref()?.reason;
    let is_bare = resolution == Resolution::GoOn;
    let is_settled_otherwise = reason.explanation().resuming == Resuming::NotAsItIs;
    (is_bare && is_settled_otherwise).then(|| caution(reason, NOT_AS_IT_IS))
}

#[cfg(test)]
mod tests {
    use shared::fulfilment::State;

    use super::*;

    #[test]
    fn one_that_is_not_to_go_on_as_it_is_says_so_unless_a_word_is_said() {
        let mut promise = crate::resume::tests::parked(State::Requested);
        for reason in ParkReason::ALL {
            promise.parked.as_mut().unwrap().reason = reason.clone();
            let says = of_one(&promise, Resolution::GoOn);
            let is_said = reason.explanation().resuming == Resuming::NotAsItIs;
            assert_eq!(says.is_some(), is_said, "{reason}: {says:?}");
            assert_eq!(of_one(&promise, Resolution::Close), None, "{reason}");
        }
    }
}

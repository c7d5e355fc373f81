//! The operator: resumes what is parked, and tells the truth.

use crate::machine::decision;
use crate::walk::calls::{UNKNOWN_THERE, terms_in_words};
use crate::walk::world::{Check, World};
use shared::fulfilment::{Input, ParkReason, Parked, Promise, Resolution, State};

impl World {
    /// The operator resumes what is parked. Says whether anything was.
    pub(super) fn operator_resumes(&mut self, roll: u8) -> Result<bool, String> {
        let Some(p) = self.latest().cloned() else {
            return Ok(false);
        };
        let Some(parked) = p.parked.clone() else {
            return Ok(false);
        };
        if parked.unknown {
            self.must_be_refused(&p)?;
        }
        let (granted, close) = self.answer_of_the_operator(&p, &parked, roll);
        if close {
            self.operator_let_it_be_kept |=
                self.given_terms.contains_key(&p.key) && !self.taken_back.contains(&p.key);
            // A closed reversal owes the platform nothing: the operator takes the mark away.
            self.marked_fulfilled &= !self.taken_back.contains(&p.key);
            self.closed_at = Some(self.now().plus_seconds(1));
        }
        self.operator_let_it_differ |=
            parked.reason == ParkReason::ChangedAfterDelivery || p.terms_change.new_terms.is_some();
        self.times_resumed += 1;
        // The operator knows what the calls so far came to.
        self.calls_of_unknown_end.remove(&p.key);
        self.clock += 1;
        self.log_line(format!(
            "operator: {:?} {} granted={granted:?} close={close}",
            parked.from, parked.reason
        ));
        let decision = decision(Resolution::of(granted, close), "x");
        self.apply(p.epoch, &Input::Resumed(decision), "operator");
        Ok(true)
    }

    /// Of a call that nobody knows about, the operator must say whether it had its
    /// effect.
    fn must_be_refused(&mut self, p: &Promise) -> Check {
        for resolution in [Resolution::GoOn, Resolution::Close] {
            self.apply(p.epoch, &Input::Resumed(decision(resolution, "x")), "operator");
            if self.promises[&p.epoch] != *p {
                return Err(format!("{} resumed, and nobody knows of its call", p.key));
            }
        }
        Ok(())
    }

    /// The operator's answers: whether the call had its effect, where that is said,
    /// and whether the promise is settled as it stands.
    fn answer_of_the_operator(
        &mut self,
        p: &Promise,
        parked: &Parked,
        roll: u8,
    ) -> (Option<bool>, bool) {
        let given = self.given_terms.contains_key(&p.key);
        let back = self.taken_back.contains(&p.key);
        let unknown_there = parked.reason == UNKNOWN_THERE;
        if parked.unknown {
            let reversing = parked.from == State::ReversalDue;
            return (Some(if reversing { back } else { given }), roll % 5 == 4);
        }
        if parked.reason == ParkReason::FulfilledAtProvider {
            self.marked_fulfilled &= given;
            return (given.then_some(true), false);
        }
        if (unknown_there || parked.reason == ParkReason::ContradictedAtProvider)
            && parked.from == State::Delivered
        {
            // Whoever says so has told the platform, and lets stand what it does not show
            // as approved.
            self.marked_fulfilled = true;
            self.operator_let_it_differ = true;
            self.operator_let_it_be_kept |= self.status != "approved";
            return (Some(true), false);
        }
        // Whoever cannot tell what was meant gives it by hand, or not at all.
        let open = parked.reason == ParkReason::Contested;
        let denied = open
            || parked.reason == ParkReason::ContradictedAtProvider && self.status != "approved";
        let unknown_there = unknown_there || parked.reason == ParkReason::NotKnownAtProvider;
        // A unit that only the platform's list names cannot be waived: it is asked for
        // by hand, or not at all.
        // So with a reward of which the platform does not say whose it is.
        let unseen = (parked.from == State::ApprovalDue || self.names_no_promoter)
            && self.times_resumed > 20;
        let enough = unknown_there && self.times_resumed > 4 || denied || unseen;
        let keep = parked.reason == ParkReason::WithdrawnAfterDelivery && roll.is_multiple_of(3);
        let granted = self.done_by_hand(p, parked.from, roll);
        (granted, roll % 5 == 4 || enough || keep)
    }

    /// The operator does by hand what is owed, or finds it not done, or says nothing
    /// of it.
    fn done_by_hand(&mut self, p: &Promise, from: State, roll: u8) -> Option<bool> {
        let (by_hand, looks) = (roll % 7 == 3, roll.is_multiple_of(3));
        let given = self.given_terms.contains_key(&p.key);
        match from {
            _ if from.is_before_delivery() => {
                let owed = self.status == "approved" && p.terms.is_complete();
                if by_hand && owed && !given && self.holding().is_empty() {
                    self.given_terms.insert(p.key.clone(), terms_in_words(&p.terms));
                    self.given_by_endpoint.insert(p.key.clone(), self.endpoint.id.clone());
                    self.operator_let_it_differ = true;
                    return Some(true);
                }
                (looks && !given).then_some(false)
            }
            State::ReversalDue => {
                if by_hand && given {
                    self.taken_back.insert(p.key.clone());
                    return Some(true);
                }
                (looks && !self.taken_back.contains(&p.key)).then_some(false)
            }
            State::Delivered | State::Confirmed => {
                self.marked_fulfilled |= by_hand && self.status == "approved";
                (by_hand || looks).then_some(self.marked_fulfilled)
            }
            _ => {
                // It is said of the unmarking.
                self.marked_fulfilled &= !by_hand;
                (by_hand || looks).then_some(!self.marked_fulfilled)
            }
        }
    }
}

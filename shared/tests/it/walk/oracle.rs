//! The oracle: what must hold once the world is at rest. It knows the platform, the
//! endpoint and what was lost on the way, and nothing of the machine.
//!
//! # What may happen
//! Not all of it can end well. An event was lost for good; the operator let given terms
//! differ from those of the platform, or let be kept what was withdrawn, or closed the
//! promise; the settings said for a time that it was another source's; equally late events
//! contradict each other; v1 never told of a denial; the platform ran a batch that marks
//! after it took the mark away, or its list showed the mark of an epoch before.
//!
//! # What must hold
//! * One reward is held at most, whatever happened.
//! * Approved: one is held, on the terms that the platform shows, confirmed, and shown as
//!   fulfilled. Not approved: none is held, and none is shown as fulfilled where the
//!   platform is told of reversals.
//! * Money is not held.
//! * After a loss: what did arrive is followed, and nothing is stuck.
//! * A held request of v1 is answered with 200 only while the reward is held.
//!
//! Each exception is named where it is made.

use crate::walk::calls::terms_in_words;
use crate::walk::setup::Wire;
use crate::walk::world::{Check, World};
use serde_json::json;
use shared::fulfilment::{Input, Reversals, State};
use shared::ledger::Record;

impl World {
    /// A held answer looks: 200 if it is given, which v1 may learn or not.
    pub(super) fn answer_held_request(&mut self, roll: u8) -> Check {
        if self.held_requests.is_empty() {
            return Ok(());
        }
        let epoch = self.held_requests.remove(0);
        let waits = |world: &World| {
            let p = &world.promises[&epoch];
            (p.by_response && p.state == State::Delivered).then_some(p.epoch)
        };
        if let Some(epoch) = waits(self) {
            self.apply(epoch, &Input::ConfirmedByResponse, "answer");
        }
        let p = self.promises[&epoch].clone();
        let open = p.state.is_before_delivery() || p.state == State::Delivering;
        if p.state.is_delivered() {
            if !self.given_terms.contains_key(&p.key) || self.taken_back.contains(&p.key) {
                return Err("200 without a reward".into());
            }
            if roll.is_multiple_of(3) {
                self.log_line("answer: 200, which is lost".into());
                self.redeliver();
            } else {
                self.log_line("answer: 200".into());
                self.marked_fulfilled |= self.status == "approved";
            }
        } else if p.by_response && open && roll.is_multiple_of(2) && self.events_posted < 200 {
            self.redeliver();
        }
        Ok(())
    }

    fn redeliver(&mut self) {
        if !self.marked_fulfilled {
            self.post_event("", &json!({}));
        }
    }

    /// The next of v1's tries, if it waits for a 200 still.
    pub(super) fn redeliver_if_unanswered(&mut self) -> bool {
        let given = self.latest().is_some_and(|p| p.state.is_delivered());
        let waits = self.setup.wire == Wire::V1Response && self.status == "approved";
        if waits && given && !self.marked_fulfilled {
            self.post_event("", &json!({}));
            return true;
        }
        false
    }

    /// Nothing moves any more.
    pub(super) fn check_at_rest(&self) -> Check {
        let held = self.holding();
        if held.len() > 1 {
            return Err(format!("held {held:?}"));
        }
        let announced = self.record.as_ref().and_then(|record| record.announced);
        if self.closed_at.is_some_and(|at| announced.is_none_or(|announced| announced <= at)) {
            return Ok(());
        }
        if self.names_no_promoter {
            return Ok(());
        }
        if self.unit == "cash" {
            // What became money after it was given is a person's to settle.
            // So with what equally late events say different things of.
            let contested = self.record.as_ref().is_some_and(Record::is_contested);
            let excused = self.operator_let_it_differ
                || self.event_was_lost
                || self.operator_let_it_be_kept
                || contested;
            return match held.first() {
                Some(key) if !excused => Err(format!("{key} held, and it is cash")),
                _ => Ok(()),
            };
        }
        if self.event_was_lost {
            return self.check_after_a_loss(&held);
        }
        let unmarks = self.setup.reversals == Reversals::DeliverAndUnmark;
        match self.status {
            // Whose it is was a matter of settings: given once, or by somebody else.
            "approved" if self.source_was_changed => Ok(()),
            "approved" if announced.is_some() => self.check_approved(&held),
            // v1 does not tell of denials.
            "approved" | "pending" | "denied" if self.setup.is_v1() => Ok(()),
            // What was kept, and approved again, counts as not told to the platform.
            _ if self.operator_let_it_be_kept => Ok(()),
            status if !held.is_empty() => Err(format!("{status}, and held {held:?}")),
            // The platform ran a batch that marks after the call that takes the mark away.
            _ if self.batch_marked_too_late => Ok(()),
            _ if self.unmarking_was_forgotten() => Ok(()),
            status if held.is_empty() && self.marked_fulfilled && unmarks => {
                Err(format!("{status}, taken back, and shown as fulfilled"))
            }
            _ => Ok(()),
        }
    }

    /// True if an unmarking was parked and its reward then approved as money, or as
    /// another source's: the machine does not owe it any more.
    fn unmarking_was_forgotten(&self) -> bool {
        self.rows.iter().any(|row| {
            row.situation.starts_with("parked from reversed")
                && row.input == "approved (nothing to give)"
        })
    }

    /// Without some events it cannot be right, but it is settled, and follows
    /// those that came.
    fn check_after_a_loss(&self, held: &[&String]) -> Check {
        let denied = self.newest_event.is_some_and(|newest| newest.1 == "denied");
        if denied && self.status == "denied" && !held.is_empty() && !self.operator_let_it_be_kept {
            return Err(format!("its denial came, and held {held:?}"));
        }
        let open = self.latest().filter(|p| {
            let waits = p.state == State::AwaitingApproval;
            let answers = p.by_response && p.state == State::Delivered;
            !(p.state.is_settled() || waits || answers)
        });
        match open {
            Some(p) => Err(format!("stuck in {:?}", p.state)),
            None => Ok(()),
        }
    }

    fn check_approved(&self, held: &[&String]) -> Check {
        let p = self.latest();
        let state = p.map(|p| p.state);
        let [held] = held else {
            return Err(format!("approved, and held {held:?}; {state:?}"));
        };
        let (given, approved) =
            (&self.given_terms[*held], terms_in_words(&self.terms_at_platform()));
        // Equally late events said different things of what was given by then.
        let contested = self.record.as_ref().is_some_and(Record::is_contested);
        if *given != approved && !self.operator_let_it_differ && !contested {
            return Err(format!("{given} given, {approved}, and nobody was asked"));
        }
        if state != Some(State::Confirmed) {
            return Err(format!("approved and given, {state:?}"));
        }
        if !self.marked_fulfilled
            && !p.is_some_and(|p| p.withdrawal.reversal_waived)
            && self.closed_at.is_none()
            && !self.old_mark_was_shown
        {
            return Err("given and confirmed, and the platform does not show it".into());
        }
        Ok(())
    }
}

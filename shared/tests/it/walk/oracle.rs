//! What must be true, whatever happened.

use crate::walk::calls::what;
use crate::walk::world::{Check, Wire, World};
use serde_json::json;
use shared::fulfilment::{Input, Reversals, State};
use shared::ledger::Record;

impl World {
    /// A held answer looks: 200 if it is given, which v1 may learn or not.
    pub(super) fn answer(&mut self, roll: u8) -> Check {
        if self.holds.is_empty() {
            return Ok(());
        }
        let epoch = self.holds.remove(0);
        let waits = |world: &World| {
            let p = &world.promises[&epoch];
            (p.by_response && p.state == State::Delivered).then_some(p.epoch)
        };
        if let Some(epoch) = waits(self) {
            self.stepped(epoch, &Input::ConfirmedByResponse, "answer");
        }
        let p = self.promises[&epoch].clone();
        let open = p.state.is_before_delivery() || p.state == State::Delivering;
        if p.state.is_delivered() {
            if !self.granted.contains_key(&p.key) || self.reversed.contains(&p.key) {
                return Err("200 without a reward".into());
            }
            if roll.is_multiple_of(3) {
                self.say("answer: 200, which is lost".into());
                self.asked_later();
            } else {
                self.say("answer: 200".into());
                self.fulfilled |= self.status == "approved";
            }
        } else if p.by_response && open && roll.is_multiple_of(2) && self.n < 200 {
            self.asked_later();
        }
        Ok(())
    }

    fn asked_later(&mut self) {
        if !self.fulfilled {
            self.emit("", &json!({}));
        }
    }

    /// The next of v1's tries, if it waits for a 200 still.
    pub(super) fn asked_again(&mut self) -> bool {
        let given = self.latest().is_some_and(|p| p.state.is_delivered());
        let waits = self.setup.wire == Wire::V1Response && self.status == "approved";
        if waits && given && !self.fulfilled {
            self.emit("", &json!({}));
            return true;
        }
        false
    }

    /// Nothing moves any more.
    pub(super) fn at_rest(&self) -> Check {
        let held = self.holding();
        if held.len() > 1 {
            return Err(format!("held {held:?}"));
        }
        let announced = self.record.as_ref().and_then(|record| record.announced);
        if self.closed.is_some_and(|at| announced.is_none_or(|announced| announced <= at)) {
            return Ok(());
        }
        if self.nobody {
            return Ok(());
        }
        if self.unit == "cash" {
            // What became money after it was given is a person's to settle.
            // So with what equally late events say different things of.
            let contested = self.record.as_ref().is_some_and(Record::is_contested);
            let excused = self.diverged || self.lost || self.kept || contested;
            return match held.first() {
                Some(key) if !excused => Err(format!("{key} held, and it is cash")),
                _ => Ok(()),
            };
        }
        if self.lost {
            return self.after_a_loss(&held);
        }
        let unmarks = self.setup.reversals == Reversals::DeliverAndUnmark;
        match self.status {
            // Whose it is was a matter of settings: given once, or by somebody else.
            "approved" if self.moved => Ok(()),
            "approved" if announced.is_some() => self.approved(&held),
            // v1 does not tell of denials.
            "approved" | "pending" | "denied" if self.setup.is_v1() => Ok(()),
            status if !held.is_empty() && !self.kept => Err(format!("{status}, and held {held:?}")),
            status if held.is_empty() && self.fulfilled && unmarks => {
                Err(format!("{status}, taken back, and shown as fulfilled"))
            }
            _ => Ok(()),
        }
    }

    /// Without some events it cannot be right, but it is settled, and follows
    /// those that came.
    fn after_a_loss(&self, held: &[&String]) -> Check {
        let denied = self.newest.is_some_and(|newest| newest.1 == "denied");
        if denied && self.status == "denied" && !held.is_empty() && !self.kept {
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

    fn approved(&self, held: &[&String]) -> Check {
        let p = self.latest();
        let state = p.map(|p| p.state);
        let [held] = held else {
            return Err(format!("approved, and held {held:?}; {state:?}"));
        };
        let (given, approved) = (&self.granted[*held], what(&self.there()));
        // Equally late events said different things of what was given by then.
        let contested = self.record.as_ref().is_some_and(Record::is_contested);
        if *given != approved && !self.diverged && !contested {
            return Err(format!("{given} given, {approved}, and nobody was asked"));
        }
        if state != Some(State::Confirmed) {
            return Err(format!("approved and given, {state:?}"));
        }
        if !self.fulfilled
            && !p.is_some_and(|p| p.withdrawal.reversal_waived)
            && self.closed.is_none()
        {
            return Err("given and confirmed, and the platform does not show it".into());
        }
        Ok(())
    }
}

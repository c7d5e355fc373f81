//! What each act does to the world, and how the world comes to rest.

use crate::walk::acts::{Act, What};
use crate::walk::setup::Wire;
use crate::walk::world::{Check, World};
use serde_json::json;
use shared::fulfilment::{Input, State};
use shared::ledger::Source;

impl World {
    /// The platform changes its mind.
    fn change_its_mind(&mut self, roll: u8) {
        match self.status {
            // v1 tells only of what waits to be fulfilled.
            "denied" if self.setup.is_v1() => {}
            "approved" if self.setup.is_v1() => {
                if self.setup.wire == Wire::V1Api || self.marked_fulfilled {
                    self.remember_view();
                    self.status = "denied";
                    self.log_line("platform: denied without a word".into());
                } else {
                    self.change_status("denied");
                }
            }
            "approved" if roll.is_multiple_of(2) => self.change_status("denied"),
            "approved" => self.change_status("pending"),
            _ => self.change_status("approved"),
        }
    }

    /// The platform changes what the reward is, or whose.
    fn change_terms(&mut self, roll: u8) {
        self.remember_view();
        let (amount, unit) = (self.amount, self.unit);
        match roll % 8 {
            4 if self.setup.wire == Wire::V2 && !self.setup.payload_lacks_recipient => {
                self.names_no_promoter = !self.names_no_promoter;
            }
            0 if !self.setup.payload_lacks_recipient => self.promoter += 1,
            1 if self.unit != "points" || roll > 128 => self.unit = "points",
            1 => self.unit = "gift",
            2 if roll > 200 => self.unit = "cash",
            _ => self.amount += 100,
        }
        self.log_line(format!(
            "platform: {} {} to {}{}",
            self.amount,
            self.unit,
            self.promoter,
            if self.names_no_promoter { ", nobody" } else { "" }
        ));
        let mut changes = json!({});
        if roll < 200 && amount != self.amount {
            changes["amount"] = json!([amount, self.amount]);
        }
        if roll < 200 && unit != self.unit {
            changes["unit"] = json!([unit, self.unit]);
        }
        self.post_event("commission.updated", &changes);
    }

    /// Somebody changes the settings.
    fn change_settings(&mut self, roll: u8) {
        match roll % 4 {
            3 => self.policy.auto_approve = self.setup.asks_to_approve && !self.policy.auto_approve,
            0 => {
                let ours = if self.setup.is_v1() { Source::V1 } else { Source::V2 };
                let default = &mut self.policy.sources.default;
                *default = if *default == ours { Source::Off } else { ours };
                self.source_was_changed = true;
            }
            1 => self.endpoint.idempotent = !self.endpoint.idempotent,
            _ => self.endpoint.id.push('b'),
        }
        self.log_line(format!(
            "settings: {:?} {:?} auto={}",
            self.policy.sources.default, self.endpoint, self.policy.auto_approve
        ));
    }

    /// One of the events comes in, not always the oldest, or is lost.
    fn let_an_event_arrive(&mut self, roll: u8) {
        if self.events.is_empty() {
            return;
        }
        let any = usize::from(roll / 4) % self.events.len();
        let i = if roll.is_multiple_of(4) { any } else { 0 };
        let body = self.events.remove(i);
        if self.setup.loses_events && roll % 16 == 5 {
            self.event_was_lost = true;
            self.log_line(format!("lost: {body}"));
        } else {
            self.take_in(&body);
        }
    }

    /// A worker comes to its end, one way or the other.
    fn end_job(&mut self, i: usize, roll: u8) {
        if self.jobs[i].outcome.is_none() && !roll.is_multiple_of(4) {
            return;
        }
        if roll.is_multiple_of(8) {
            self.log_line("worker: dies".into());
            self.jobs.remove(i);
        } else {
            self.write_outcome(i);
        }
    }

    /// One thing happens.
    pub(super) fn act(&mut self, Act { what, roll }: Act) -> Check {
        let job = usize::from(roll).checked_rem(self.jobs.len());
        match what {
            What::Reconsider => self.change_its_mind(roll),
            What::Amend => self.change_terms(roll),
            What::Repeat => {
                self.post_event("commission.updated", &json!({}));
                if self.status == "approved" {
                    self.post_event("commission.approved", &json!({}));
                }
            }
            What::Arrive => self.let_an_event_arrive(roll),
            What::Claim => drop(self.claim_what_is_due(roll.is_multiple_of(3))?),
            What::Call => {
                if let Some(i) = job {
                    self.call_out(i, roll)?;
                }
            }
            What::End => {
                if let Some(i) = job {
                    self.end_job(i, roll);
                }
            }
            What::Work => {
                self.claim_what_is_due(false)?;
                if let Some(i) = self.jobs.len().checked_sub(1) {
                    self.call_out(i, roll)?;
                    self.write_outcome(i);
                }
            }
            What::Answer => self.answer_held_request(roll)?,
            What::Resume => drop(self.operator_resumes(roll)?),
            What::Configure => self.change_settings(roll),
            What::RunBatch => self.run_batch(usize::from(roll) % 3),
            What::OverAge => {
                // That is a matter of days, and a batch of minutes.
                while self.batches.iter().any(|batch| !batch.has_run) {
                    self.run_batch(0);
                }
                if let Some(p) = self.latest().cloned().filter(|p| !self.has_live_worker(p)) {
                    self.apply(p.epoch, &Input::OverAge, "over age");
                }
            }
            What::Sweep => drop(self.sweep_once(false)),
        }
        Ok(())
    }

    /// The sweep finds what stands on the API's word alone, and what is over age.
    fn sweep_once(&mut self, over_age: bool) -> bool {
        let Some(p) = self.latest().cloned().filter(|p| !self.has_live_worker(p)) else {
            return false;
        };
        let input = if over_age && p.platform.contradicted_since.is_some() {
            Input::OverAge
        } else if p.platform.unwitnessed && p.state.is_settled() && p.due.is_none() {
            Input::Unwitnessed
        } else {
            return false;
        };
        self.apply(p.epoch, &input, "sweep");
        true
    }

    /// Everybody does their work until there is none.
    pub(super) fn come_to_rest(&mut self) -> Check {
        self.log_line("--- to rest".into());
        self.coming_to_rest = true;
        if self.setup.dates_events_ahead {
            for body in std::mem::take(&mut self.events) {
                self.take_in(&body);
            }
            // Their time comes, and what is said after it counts.
            self.clock += 400;
            let event = if self.status == "approved" {
                "commission.approved"
            } else {
                "commission.updated"
            };
            self.post_event(event, &json!({}));
        }
        for round in 0..200 {
            let mut moved = !(self.events.is_empty() && self.jobs.is_empty());
            for body in std::mem::take(&mut self.events) {
                self.take_in(&body);
            }
            while !self.jobs.is_empty() {
                self.call_out(0, 95)?;
                self.write_outcome(0);
            }
            while self.batches.iter().any(|batch| !batch.has_run) {
                self.run_batch(0);
                moved = true;
            }
            while !self.held_requests.is_empty() {
                self.answer_held_request(1)?;
            }
            // It waits for an approval that does not come, until it is over age.
            let waits = |p: &shared::fulfilment::Promise| p.state == State::AwaitingApproval;
            if self.status == "pending" && self.latest().is_some_and(waits) {
                return self.check_at_rest();
            }
            moved |= self.sweep_once(round > 60);
            moved |= self.claim_what_is_due(false)?;
            moved |= self.operator_resumes(1)?;
            moved |= self.redeliver_if_unanswered();
            if !moved {
                return self.check_at_rest();
            }
        }
        Err("never at rest".into())
    }
}

//! The calls of the workers: their effect, and the input that they come to.

use crate::providers::rewards;
use crate::walk::setup::{LAG_MS, Wire};
use crate::walk::world::{Batch, Check, World};
use shared::fulfilment::{
    Input, ParkReason, PlatformStatus, Promise, Question, State, Terms, View, if_still_current,
};
use shared::ledger::Record;

/// The reason that v1's look-up gives for terms that it does not know.
pub(super) const UNKNOWN_THERE: ParkReason = ParkReason::NotFoundAtProvider;

/// Terms in words that can be compared.
pub(super) fn terms_in_words(terms: &Terms) -> String {
    let recipient = terms.recipient.as_ref().and_then(|r| r.id.as_ref());
    format!("{:?} {:?} to {recipient:?}", terms.amount, terms.unit)
}

impl World {
    fn question<'a>(&'a self, taken: &'a Promise, record: &'a Record) -> Question<'a> {
        Question {
            policy: &self.policy,
            rewards: rewards(self.provider()),
            promise: taken,
            record,
            asked_at: self.now(),
            ask_again_at: self.now(),
            platform_lag_ms: LAG_MS,
        }
    }

    /// Marks it as fulfilled, one way or another.
    fn mark_fulfilled(
        &mut self,
        roll: u8,
        promise: &Promise,
        record: &Record,
    ) -> Result<Input, String> {
        if self.status != "approved" || self.marked_fulfilled {
            let view = self.view_that_is_shown(roll, &promise.terms);
            return Ok(self.outcome_of_view(promise, record, &view));
        }
        let told = |w: &mut World| -> Check {
            w.marked_fulfilled = true;
            if promise.delivered_at.is_none() || !w.given_terms.contains_key(&promise.key) {
                return Err("told fulfilled before given".into());
            }
            Ok(())
        };
        Ok(match roll % 8 {
            0 => self.retry_later("429", None),
            1 => {
                told(self)?;
                self.outcome_unknown(true)
            }
            2 => self.outcome_unknown(true),
            3 if self.setup.wire == Wire::V2 => {
                let id = format!("m{}", self.clock);
                self.batches.push(Batch { id: id.clone(), marks: true, has_run: false });
                self.retry_later("accepted", Some(id))
            }
            4 if roll > 200 => self.retry_later("401", None),
            _ => {
                told(self)?;
                Input::Done
            }
        })
    }

    /// The input that the platform's view means for a confirmation.
    fn outcome_of_view(&self, promise: &Promise, record: &Record, view: &View) -> Input {
        match view.standing {
            PlatformStatus::Fulfilled => Input::Done,
            PlatformStatus::Approved => self.retry_later("not fulfillable yet", None),
            _ => self.question(promise, record).not_approved(view),
        }
    }

    /// The worker records what its call came to.
    pub(super) fn write_outcome(&mut self, i: usize) {
        let job = self.jobs.remove(i);
        let Some(input) = job.outcome else {
            self.log_line("worker: gone before its call".into());
            return;
        };
        let announced = self.record.as_ref().and_then(|record| record.announced);
        let newest = &self.promises[&job.epoch];
        let Some(input) = if_still_current(&input, &job.taken, newest, announced, self.now())
        else {
            self.log_line(format!("worker: late {input:?}").chars().take(80).collect());
            return;
        };
        let input = input.into_owned();
        self.apply(job.epoch, &input, "worker");
    }

    pub(super) fn call_out(&mut self, i: usize, roll: u8) -> Check {
        let job = &self.jobs[i];
        if job.outcome.is_some() {
            return Ok(());
        }
        let (taken, record) = (job.taken.clone(), job.record.clone());
        self.clock += 1;
        // A worker calls by the settings that it was started with.
        let endpoint = taken.endpoint.clone().unwrap_or_else(|| self.endpoint.clone());
        let of_now = std::mem::replace(&mut self.endpoint, endpoint);
        let input = self.outcome_of_call(roll, &taken, &record);
        self.endpoint = of_now;
        let input = input?;
        self.log_line(
            format!("call of {} in {}: {input:?}", taken.key, taken.state.name())
                .chars()
                .take(150)
                .collect(),
        );
        self.jobs[i].outcome = Some(input);
        Ok(())
    }

    /// The input that a call comes to.
    fn outcome_of_call(
        &mut self,
        roll: u8,
        taken: &Promise,
        record: &Record,
    ) -> Result<Input, String> {
        Ok(match taken.state {
            State::Delivering => self.deliver_reward(roll, taken)?,
            State::Reversing => self.take_reward_back(roll, taken)?,
            State::LookupDue | State::AwaitingApproval => self.look_up(roll, taken, record),
            State::ApprovalDue => self.ask_to_approve(roll, taken, record)?,
            State::Reversed => self.unmark_fulfilled(roll, taken),
            State::Confirming => self.confirm(roll, taken, record)?,
            other => return Err(format!("leased in {other:?}")),
        })
    }

    /// Posts the reward.
    fn deliver_reward(&mut self, roll: u8, taken: &Promise) -> Result<Input, String> {
        if !taken.terms.is_complete() {
            return Ok(Input::Refused(ParkReason::IncompleteTerms));
        }
        let amount = terms_in_words(&taken.terms);
        let effect = |w: &mut World| -> Check {
            let calls = w.calls_of_unknown_end.entry(taken.key.clone()).or_default();
            *calls += 1;
            if !w.endpoint.idempotent && *calls > 1 {
                return Err(format!("raw call of {}, after one that may have given", taken.key));
            }
            Ok(())
        };
        let grant = |w: &mut World| -> Check {
            if !w.given_terms.contains_key(&taken.key) {
                if !w.holding().is_empty() {
                    return Err(format!("{} given while {:?} is held", taken.key, w.holding()));
                }
                w.given_terms.insert(taken.key.clone(), amount.clone());
                w.given_by_endpoint.insert(taken.key.clone(), w.endpoint.id.clone());
            } else if w.given_by_endpoint[&taken.key] != w.endpoint.id {
                return Err(format!("{} given by two endpoints", taken.key));
            } else if w.taken_back.contains(&taken.key) {
                return Err("given again under a key that was taken back".into());
            }
            Ok(())
        };
        Ok(match roll % 10 {
            0 => {
                effect(self)?;
                grant(self)?;
                self.outcome_unknown(self.endpoint.idempotent)
            }
            1 => {
                effect(self)?;
                self.outcome_unknown(self.endpoint.idempotent)
            }
            2 => {
                if self.endpoint.idempotent {
                    self.retry_later("429", None)
                } else {
                    Input::Refused("429".into())
                }
            }
            3 if roll > 120 => Input::Refused("422".into()),
            4 => self.retry_later("no connection", None),
            _ => {
                effect(self)?;
                grant(self)?;
                Input::Done
            }
        })
    }

    /// Posts the reversal.
    fn take_reward_back(&mut self, roll: u8, taken: &Promise) -> Result<Input, String> {
        if !taken.terms.is_complete() {
            return Ok(Input::Refused(ParkReason::IncompleteTerms));
        }
        let amount = terms_in_words(&taken.terms);
        let reverse = |w: &mut World| -> Check {
            if let Some(given) = w.given_terms.get(&taken.key) {
                if *given != amount {
                    return Err(format!("{} gave {given}, {amount} taken back", taken.key));
                }
                w.taken_back.insert(taken.key.clone());
            }
            Ok(())
        };
        Ok(match roll % 8 {
            0 => {
                reverse(self)?;
                self.outcome_unknown(self.endpoint.idempotent)
            }
            1 => self.outcome_unknown(self.endpoint.idempotent),
            2 => self.retry_later("no connection", None),
            3 if roll > 120 => Input::Refused("422".into()),
            _ => {
                reverse(self)?;
                Input::Done
            }
        })
    }

    /// Asks what the payload lacks, or whether it is approved.
    fn look_up(&mut self, roll: u8, taken: &Promise, record: &Record) -> Input {
        if roll.is_multiple_of(6) {
            return self.retry_later("503", None);
        }
        if let Some(input) = self.question(taken, record).needs_no_answer() {
            return input;
        }
        let known = self.question(taken, record).known();
        let view = self.view_that_is_shown(roll, &known);
        self.question(taken, record).looked_up(&view)
    }

    /// Asks to approve.
    fn ask_to_approve(
        &mut self,
        roll: u8,
        taken: &Promise,
        record: &Record,
    ) -> Result<Input, String> {
        if roll.is_multiple_of(6) {
            return Ok(self.retry_later("429", None));
        }
        let view = self.view_that_is_shown(roll, &taken.terms);
        if let Err(input) = self.question(taken, record).may_approve(&view) {
            return Ok(*input);
        }
        if self.unit == "cash" && !self.setup.list_lags {
            return Err("asked to approve money".into());
        }
        Ok(match (self.status, roll % 6) {
            ("pending", 1) => self.outcome_unknown(true),
            ("pending", 2) => {
                self.change_status("approved");
                self.outcome_unknown(true)
            }
            ("pending", 3) if roll > 150 => self.retry_later("401", None),
            ("pending", _) => {
                self.change_status("approved");
                Input::ApprovalRequested(self.now())
            }
            // It cannot be approved any more: each as it stands.
            _ => match self.question(taken, record).may_approve(&self.view_of_now()) {
                Ok(()) => Input::Refused(ParkReason::ApprovalRefused),
                Err(input) => *input,
            },
        })
    }

    /// Says that it is not fulfilled.
    fn unmark_fulfilled(&mut self, roll: u8, taken: &Promise) -> Input {
        if let Some(id) = &taken.platform.batch_id {
            self.poll_batch(id).unwrap_or(Input::Done)
        } else {
            match roll % 6 {
                0 => self.retry_later("429", None),
                1 => {
                    self.marked_fulfilled = false;
                    self.outcome_unknown(true)
                }
                2 => {
                    let id = format!("u{}", self.clock);
                    self.batches.push(Batch { id: id.clone(), marks: false, has_run: false });
                    self.retry_later("accepted", Some(id))
                }
                3 if roll > 150 => Input::Refused(ParkReason::UnmarkingRefused),
                _ => {
                    self.marked_fulfilled = false;
                    Input::Done
                }
            }
        }
    }

    /// Says that it is fulfilled.
    fn confirm(&mut self, roll: u8, taken: &Promise, record: &Record) -> Result<Input, String> {
        let polled = taken.platform.batch_id.as_ref().and_then(|id| self.poll_batch(id));
        match polled {
            Some(input @ Input::RetryLater { .. }) => return Ok(input),
            _ if taken.effect_uncertain
                || taken.platform.batch_id.is_some()
                || self.setup.is_v1() => {}
            _ => return self.mark_fulfilled(roll, taken, record),
        }
        // Nobody can be asked.
        if roll > 210 {
            return Ok(self.retry_later(if roll > 230 { "401" } else { "503" }, None));
        }
        let view = self.view_that_is_shown(roll, &taken.terms);
        match view.standing {
            PlatformStatus::Fulfilled => Ok(Input::Done),
            PlatformStatus::Approved => self.mark_fulfilled(roll, taken, record),
            _ => Ok(self.question(taken, record).not_approved(&view)),
        }
    }
}

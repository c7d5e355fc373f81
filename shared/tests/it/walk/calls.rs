//! What the calls do there, and what the workers make of it.

use crate::mapping::event;
use crate::providers::{FIRSTPROMOTER, decide, rewards, stated_terms};
use crate::walk::world::{Check, LAG_MS, Wire, World};
use serde_json::json;
use shared::fulfilment::{
    Input, ParkReason, PlatformStatus, Promise, Question, Snapshot, State, Terms, View,
    if_still_current,
};
use shared::ledger::Record;
use shared::receive::decide::Decision;

/// What v1's look-up says of terms that it does not know.
pub(super) const UNKNOWN_THERE: ParkReason = ParkReason::NotFoundAtProvider;

/// What is given to whom, in words that can be compared.
pub(super) fn what(terms: &Terms) -> String {
    let recipient = terms.recipient.as_ref().and_then(|r| r.id.as_ref());
    format!("{:?} {:?} to {recipient:?}", terms.amount, terms.unit)
}

impl World {
    /// How the platform stands with it.
    fn standing(&self) -> PlatformStatus {
        match (self.fulfilled, self.status) {
            (true, _) => PlatformStatus::Fulfilled,
            (_, "approved") => PlatformStatus::Approved,
            (_, "pending") => PlatformStatus::Pending,
            _ => PlatformStatus::Denied,
        }
    }

    /// What the platform would show now.
    pub(super) fn view_of_now(&self) -> View {
        View {
            standing: self.standing(),
            since: self.setup.clocks.then_some(self.status_since),
            terms: self.there(),
            campaign_id: (self.setup.wire == Wire::V2).then(|| "5104".into()),
            ..View::of(PlatformStatus::NotFound)
        }
    }

    /// What its list shows: one that lags may show anything that it has shown.
    fn view(&mut self, roll: u8, asked: &Terms) -> View {
        let past = self.setup.lags && !self.resting && !self.views.is_empty();
        let view = if past && roll.is_multiple_of(2) {
            self.views[usize::from(roll / 2) % self.views.len()].clone()
        } else {
            self.view_of_now()
        };
        if self.setup.wire == Wire::V2 {
            return view;
        }
        // v1 finds only what is as it was announced, and its rows have no clock.
        let same = what(asked) == what(&view.terms);
        View::of(if same { view.standing } else { PlatformStatus::NotFound })
    }

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

    /// The terms that the platform shows.
    pub(super) fn there(&self) -> Terms {
        let body = json!({"event_id": "x", "event_type": "commission.updated", "timestamp": self.now().to_rfc3339(),
            "data": self.shown()});
        let path = "/webhooks/firstpromoter/commissions";
        let ev = event(FIRSTPROMOTER, path, &body.to_string()).unwrap();
        let Decision::Write(write) = decide(&Snapshot::default(), &ev, &self.policy, self.now())
        else {
            panic!()
        };
        let record = write.record.unwrap();
        stated_terms(&self.policy, FIRSTPROMOTER, &record, Some("5104"), None)
    }

    /// Marks it as fulfilled, one way or another.
    fn mark(&mut self, roll: u8, promise: &Promise, record: &Record) -> Result<Input, String> {
        if self.status != "approved" || self.fulfilled {
            let view = self.view(roll, &promise.terms);
            return Ok(self.stands(promise, record, &view));
        }
        let told = |w: &mut World| -> Check {
            w.fulfilled = true;
            if promise.delivered_at.is_none() || !w.granted.contains_key(&promise.key) {
                return Err("told fulfilled before given".into());
            }
            Ok(())
        };
        Ok(match roll % 8 {
            0 => self.again("429", None),
            1 => {
                told(self)?;
                self.unknown(true)
            }
            2 => self.unknown(true),
            3 if self.setup.wire == Wire::V2 => {
                let id = format!("m{}", self.clock);
                self.batches.push((id.clone(), true, false));
                self.again("accepted", Some(id))
            }
            4 if roll > 200 => self.again("401", None),
            _ => {
                told(self)?;
                Input::Done
            }
        })
    }

    /// What the platform's view of it means for a confirmation.
    fn stands(&self, promise: &Promise, record: &Record, view: &View) -> Input {
        match view.standing {
            PlatformStatus::Fulfilled => Input::Done,
            PlatformStatus::Approved => self.again("not fulfillable yet", None),
            _ => self.question(promise, record).not_approved(view),
        }
    }

    /// What polling a batch brings.
    pub(super) fn batch(&self, id: &str) -> Option<Input> {
        let done = self.batches.iter().find(|b| b.0 == id).map(|b| b.2);
        match done {
            Some(true) => Some(Input::Done),
            Some(false) => Some(self.again("accepted", Some(id.into()))),
            None => None,
        }
    }

    /// A batch runs.
    pub(super) fn tick(&mut self, i: usize) {
        let Some(i) = self.batches.iter().enumerate().filter(|(_, b)| !b.2).map(|(i, _)| i).nth(i)
        else {
            return;
        };
        let marks = self.batches[i].1;
        self.batches[i].2 = true;
        self.say(format!("platform: batch {} runs, fulfilled={marks}", self.batches[i].0));
        if !marks {
            self.fulfilled = false;
        } else if self.status == "approved" {
            self.fulfilled = true;
        }
    }

    /// The worker records what its call came to.
    pub(super) fn finish(&mut self, i: usize) {
        let job = self.jobs.remove(i);
        let Some(input) = job.outcome else {
            self.say("worker: gone before its call".into());
            return;
        };
        let announced = self.record.as_ref().and_then(|record| record.announced);
        let newest = &self.promises[&job.epoch];
        let Some(input) = if_still_current(&input, &job.taken, newest, announced, self.now())
        else {
            self.say(format!("worker: late {input:?}").chars().take(80).collect());
            return;
        };
        let input = input.into_owned();
        self.stepped(job.epoch, &input, "worker");
    }

    pub(super) fn call(&mut self, i: usize, roll: u8) -> Check {
        let job = &self.jobs[i];
        if job.outcome.is_some() {
            return Ok(());
        }
        let (taken, record) = (job.taken.clone(), job.record.clone());
        self.clock += 1;
        // A worker calls by the settings that it was started with.
        let endpoint = taken.endpoint.clone().unwrap_or_else(|| self.endpoint.clone());
        let of_now = std::mem::replace(&mut self.endpoint, endpoint);
        let input = self.outcome(roll, &taken, &record);
        self.endpoint = of_now;
        let input = input?;
        self.say(
            format!("call of {} in {}: {input:?}", taken.key, taken.state.name())
                .chars()
                .take(150)
                .collect(),
        );
        self.jobs[i].outcome = Some(input);
        Ok(())
    }

    /// What a call comes to.
    fn outcome(&mut self, roll: u8, taken: &Promise, record: &Record) -> Result<Input, String> {
        Ok(match taken.state {
            State::Delivering => self.deliver(roll, taken)?,
            State::Reversing => self.take_back(roll, taken)?,
            State::LookupDue | State::AwaitingApproval => self.ask(roll, taken, record),
            State::ApprovalDue => self.approve(roll, taken, record)?,
            State::Reversed => self.unmark(roll, taken),
            State::Confirming => self.tell(roll, taken, record)?,
            other => return Err(format!("leased in {other:?}")),
        })
    }

    /// Posts the reward.
    fn deliver(&mut self, roll: u8, taken: &Promise) -> Result<Input, String> {
        if !taken.terms.is_complete() {
            return Ok(Input::Refused(ParkReason::IncompleteTerms));
        }
        let amount = what(&taken.terms);
        let effect = |w: &mut World| -> Check {
            let calls = w.calls.entry(taken.key.clone()).or_default();
            *calls += 1;
            if !w.endpoint.idempotent && *calls > 1 {
                return Err(format!("raw call of {}, after one that may have given", taken.key));
            }
            Ok(())
        };
        let grant = |w: &mut World| -> Check {
            if !w.granted.contains_key(&taken.key) {
                if !w.holding().is_empty() {
                    return Err(format!("{} given while {:?} is held", taken.key, w.holding()));
                }
                w.granted.insert(taken.key.clone(), amount.clone());
                w.granted_by.insert(taken.key.clone(), w.endpoint.id.clone());
            } else if w.granted_by[&taken.key] != w.endpoint.id {
                return Err(format!("{} given by two endpoints", taken.key));
            } else if w.reversed.contains(&taken.key) {
                return Err("given again under a key that was taken back".into());
            }
            Ok(())
        };
        Ok(match roll % 10 {
            0 => {
                effect(self)?;
                grant(self)?;
                self.unknown(self.endpoint.idempotent)
            }
            1 => {
                effect(self)?;
                self.unknown(self.endpoint.idempotent)
            }
            2 => {
                if self.endpoint.idempotent {
                    self.again("429", None)
                } else {
                    Input::Refused("429".into())
                }
            }
            3 if roll > 120 => Input::Refused("422".into()),
            4 => self.again("no connection", None),
            _ => {
                effect(self)?;
                grant(self)?;
                Input::Done
            }
        })
    }

    /// Posts the reversal.
    fn take_back(&mut self, roll: u8, taken: &Promise) -> Result<Input, String> {
        if !taken.terms.is_complete() {
            return Ok(Input::Refused(ParkReason::IncompleteTerms));
        }
        let amount = what(&taken.terms);
        let reverse = |w: &mut World| -> Check {
            if let Some(given) = w.granted.get(&taken.key) {
                if *given != amount {
                    return Err(format!("{} gave {given}, {amount} taken back", taken.key));
                }
                w.reversed.insert(taken.key.clone());
            }
            Ok(())
        };
        Ok(match roll % 8 {
            0 => {
                reverse(self)?;
                self.unknown(self.endpoint.idempotent)
            }
            1 => self.unknown(self.endpoint.idempotent),
            2 => self.again("no connection", None),
            3 if roll > 120 => Input::Refused("422".into()),
            _ => {
                reverse(self)?;
                Input::Done
            }
        })
    }

    /// Asks what the payload lacks, or whether it is approved.
    fn ask(&mut self, roll: u8, taken: &Promise, record: &Record) -> Input {
        if roll.is_multiple_of(6) {
            return self.again("503", None);
        }
        if let Some(input) = self.question(taken, record).needs_no_answer() {
            return input;
        }
        let known = self.question(taken, record).known();
        let view = self.view(roll, &known);
        self.question(taken, record).looked_up(&view)
    }

    /// Asks to approve.
    fn approve(&mut self, roll: u8, taken: &Promise, record: &Record) -> Result<Input, String> {
        if roll.is_multiple_of(6) {
            return Ok(self.again("429", None));
        }
        let view = self.view(roll, &taken.terms);
        if let Err(input) = self.question(taken, record).may_approve(&view) {
            return Ok(*input);
        }
        if self.unit == "cash" && !self.setup.lags {
            return Err("asked to approve money".into());
        }
        Ok(match (self.status, roll % 6) {
            ("pending", 1) => self.unknown(true),
            ("pending", 2) => {
                self.become_("approved");
                self.unknown(true)
            }
            ("pending", 3) if roll > 150 => self.again("401", None),
            ("pending", _) => {
                self.become_("approved");
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
    fn unmark(&mut self, roll: u8, taken: &Promise) -> Input {
        if let Some(id) = &taken.platform.batch_id {
            self.batch(id).unwrap_or(Input::Done)
        } else {
            match roll % 6 {
                0 => self.again("429", None),
                1 => {
                    self.fulfilled = false;
                    self.unknown(true)
                }
                2 => {
                    let id = format!("u{}", self.clock);
                    self.batches.push((id.clone(), false, false));
                    self.again("accepted", Some(id))
                }
                _ => {
                    self.fulfilled = false;
                    Input::Done
                }
            }
        }
    }

    /// Says that it is fulfilled.
    fn tell(&mut self, roll: u8, taken: &Promise, record: &Record) -> Result<Input, String> {
        let polled = taken.platform.batch_id.as_ref().and_then(|id| self.batch(id));
        match polled {
            Some(input @ Input::RetryLater { .. }) => return Ok(input),
            _ if taken.effect_uncertain
                || taken.platform.batch_id.is_some()
                || self.setup.is_v1() => {}
            _ => return self.mark(roll, taken, record),
        }
        // Nobody can be asked.
        if roll > 210 {
            return Ok(self.again(if roll > 230 { "401" } else { "503" }, None));
        }
        let view = self.view(roll, &taken.terms);
        match view.standing {
            PlatformStatus::Fulfilled => Ok(Input::Done),
            PlatformStatus::Approved => self.mark(roll, taken, record),
            _ => Ok(self.question(taken, record).not_approved(&view)),
        }
    }
}

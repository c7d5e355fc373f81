//! Random walks of platform, endpoint, intake, workers and persons over the
//! pure core, with an oracle of its own: one reward held while it is approved,
//! none while it is not, nothing told too early, nothing stuck. `WALKS=20000`
//! walks farther.

mod calls;
mod oracle;
mod world;

use crate::machine::decision;
use proptest::prelude::*;
use serde_json::json;
use shared::fulfilment::{Input, ParkReason, Resolution, Reversals, State};
use shared::ledger::Source;

use calls::UNKNOWN_THERE;
use world::{Check, Setup, Wire, World};

impl World {
    /// Somebody resumes what is parked, and tells the truth.
    fn person(&mut self, roll: u8) -> bool {
        let Some(p) = self.latest().cloned() else {
            return false;
        };
        let Some(parked) = p.parked.clone() else {
            return false;
        };
        let given = self.granted.contains_key(&p.key);
        let back = self.reversed.contains(&p.key);
        let unknown_there = parked.reason == UNKNOWN_THERE;
        let (mut granted, mut close) = (None, false);
        if parked.unknown {
            let reversing = parked.from == State::ReversalDue;
            granted = Some(if reversing { back } else { given });
        } else if parked.reason == ParkReason::FulfilledAtProvider {
            if given {
                granted = Some(true);
            } else {
                self.fulfilled = false;
            }
        } else if (unknown_there || parked.reason == ParkReason::ContradictedAtProvider)
            && parked.from == State::Delivered
        {
            // Whoever says so has told the platform.
            granted = Some(true);
            self.fulfilled = true;
            self.diverged = true;
        } else {
            // Whoever cannot tell what was meant gives it by hand, or not at all.
            let open = parked.reason == ParkReason::Contested;
            let denied = open
                || parked.reason == ParkReason::ContradictedAtProvider && self.status != "approved";
            let unknown_there = unknown_there || parked.reason == ParkReason::NotKnownAtProvider;
            // A unit that only the platform's list names cannot be waived: it is asked for
            // by hand, or not at all.
            let unseen = parked.from == State::ApprovalDue && self.resumes > 20;
            let enough = unknown_there && self.resumes > 4 || denied || unseen;
            let keep =
                parked.reason == ParkReason::WithdrawnAfterDelivery && roll.is_multiple_of(3);
            close = roll % 5 == 4 || enough || keep;
        }
        if close {
            self.kept |= given && !back;
            self.closed = Some(self.now().plus_seconds(1));
        }
        self.diverged |=
            parked.reason == ParkReason::ChangedAfterDelivery || p.terms_change.new_terms.is_some();
        self.resumes += 1;
        self.clock += 1;
        self.say(format!(
            "person: {:?} {} granted={granted:?} close={close}",
            parked.from, parked.reason
        ));
        let word = decision(Resolution::of(granted, close), "x");
        self.stepped(p.epoch, &Input::Resumed(word), "person");
        true
    }

    /// The platform changes its mind.
    fn reconsider(&mut self, roll: u8) {
        match self.status {
            // v1 tells only of what waits to be fulfilled.
            "denied" if self.setup.is_v1() => {}
            "approved" if self.setup.is_v1() => {
                if self.setup.wire == Wire::V1Api || self.fulfilled {
                    self.remember_view();
                    self.status = "denied";
                    self.say("platform: denied without a word".into());
                } else {
                    self.become_("denied");
                }
            }
            "approved" if roll.is_multiple_of(2) => self.become_("denied"),
            "approved" => self.become_("pending"),
            _ => self.become_("approved"),
        }
    }

    /// The platform changes what the reward is, or whose.
    fn amend(&mut self, roll: u8) {
        self.remember_view();
        let (amount, unit) = (self.amount, self.unit);
        match roll % 8 {
            4 if self.setup.wire == Wire::V2 && !self.setup.lacking => self.nobody = !self.nobody,
            0 if !self.setup.lacking => self.promoter += 1,
            1 if self.unit != "points" || roll > 128 => self.unit = "points",
            1 => self.unit = "gift",
            2 if roll > 200 => self.unit = "cash",
            _ => self.amount += 100,
        }
        self.say(format!(
            "platform: {} {} to {}{}",
            self.amount,
            self.unit,
            self.promoter,
            if self.nobody { ", nobody" } else { "" }
        ));
        let mut changes = json!({});
        if roll < 200 && amount != self.amount {
            changes["amount"] = json!([amount, self.amount]);
        }
        if roll < 200 && unit != self.unit {
            changes["unit"] = json!([unit, self.unit]);
        }
        self.emit("commission.updated", &changes);
    }

    /// Somebody changes the settings.
    fn configure(&mut self, roll: u8) {
        match roll % 4 {
            3 => self.policy.auto_approve = self.setup.auto && !self.policy.auto_approve,
            0 => {
                let ours = if self.setup.is_v1() { Source::V1 } else { Source::V2 };
                let default = &mut self.policy.sources.default;
                *default = if *default == ours { Source::Off } else { ours };
                self.moved = true;
            }
            1 => self.endpoint.idempotent = !self.endpoint.idempotent,
            _ => self.endpoint.id.push('b'),
        }
        self.say(format!(
            "settings: {:?} {:?} auto={}",
            self.policy.sources.default, self.endpoint, self.policy.auto_approve
        ));
    }

    /// One of the events comes in, not always the oldest, or is lost.
    fn arrive(&mut self, roll: u8) {
        if self.events.is_empty() {
            return;
        }
        let any = usize::from(roll / 4) % self.events.len();
        let i = if roll.is_multiple_of(4) { any } else { 0 };
        let body = self.events.remove(i);
        if self.setup.lossy && roll % 16 == 5 {
            self.lost = true;
            self.say(format!("lost: {body}"));
        } else {
            self.intake(&body);
        }
    }

    /// A worker comes to its end, one way or the other.
    fn end(&mut self, i: usize, roll: u8) {
        if self.jobs[i].outcome.is_none() && !roll.is_multiple_of(4) {
            return;
        }
        if roll.is_multiple_of(8) {
            self.say("worker: dies".into());
            self.jobs.remove(i);
        } else {
            self.finish(i);
        }
    }

    /// One thing happens.
    fn act(&mut self, what: u8, roll: u8) -> Check {
        let job = usize::from(roll).checked_rem(self.jobs.len());
        match (what % 16, job) {
            (0, _) => self.reconsider(roll),
            (1, _) => self.amend(roll),
            (2, _) => {
                self.emit("commission.updated", &json!({}));
                if self.status == "approved" {
                    self.emit("commission.approved", &json!({}));
                }
            }
            (3..=6, _) => self.arrive(roll),
            (7..=9, _) => {
                self.claim(roll.is_multiple_of(3))?;
            }
            (10 | 11, Some(i)) => self.call(i, roll)?,
            (12 | 13, Some(i)) => self.end(i, roll),
            (14, _) if roll.is_multiple_of(5) => self.answer(roll)?,
            (14, _) if roll.is_multiple_of(3) => {
                self.person(roll / 3);
            }
            (14, _) if roll % 16 == 7 => self.configure(roll / 16),
            (14, _) => self.tick(usize::from(roll) % 3),
            (15, _) if roll.is_multiple_of(4) => {
                if let Some(p) = self.latest().cloned().filter(|p| !self.live(p)) {
                    self.stepped(p.epoch, &Input::OverAge, "over age");
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The sweep finds what stands on the API's word alone, and what is over age.
    fn sweep(&mut self, over_age: bool) -> bool {
        let Some(p) = self.latest().cloned().filter(|p| !self.live(p)) else {
            return false;
        };
        let input = if over_age && p.platform.contradicted_since.is_some() {
            Input::OverAge
        } else if p.platform.unwitnessed && p.state.is_settled() && p.due.is_none() {
            Input::Unwitnessed
        } else {
            return false;
        };
        self.stepped(p.epoch, &input, "sweep");
        true
    }

    /// Everybody does their work until there is none.
    fn settle(&mut self) -> Check {
        self.say("--- to rest".into());
        self.resting = true;
        if self.setup.ahead {
            for body in std::mem::take(&mut self.events) {
                self.intake(&body);
            }
            // Their time comes, and what is said after it counts.
            self.clock += 400;
            let event = if self.status == "approved" {
                "commission.approved"
            } else {
                "commission.updated"
            };
            self.emit(event, &json!({}));
        }
        for round in 0..200 {
            let mut moved = !(self.events.is_empty() && self.jobs.is_empty());
            for body in std::mem::take(&mut self.events) {
                self.intake(&body);
            }
            while !self.jobs.is_empty() {
                self.call(0, 95)?;
                self.finish(0);
            }
            while self.batches.iter().any(|b| !b.2) {
                self.tick(0);
                moved = true;
            }
            while !self.holds.is_empty() {
                self.answer(1)?;
            }
            // It waits for an approval that does not come, until it is over age.
            let waits = |p: &shared::fulfilment::Promise| p.state == State::AwaitingApproval;
            if self.status == "pending" && self.latest().is_some_and(waits) {
                return self.at_rest();
            }
            moved |= self.sweep(round > 60);
            moved |= self.claim(false)?;
            moved |= self.person(1);
            moved |= self.asked_again();
            if !moved {
                return self.at_rest();
            }
        }
        Err("never at rest".into())
    }
}

prop_compose! {
    fn setups()(
        reversals in prop::sample::select(vec![
            Reversals::Deliver,
            Reversals::Park,
            Reversals::DeliverAndUnmark,
        ]),
        wire in prop::sample::select(vec![Wire::V2, Wire::V1Api, Wire::V1Response]),
        idempotent: bool,
        auto: bool,
        lacking: bool,
        nameless: bool,
        lossy: bool,
        odd in prop::bool::weighted(0.25),
        lags: bool,
        clocks in prop::bool::weighted(0.75),
        coarse in prop::bool::weighted(0.25),
        ahead in prop::bool::weighted(0.2),
    ) -> Setup {
        let v2 = wire == Wire::V2;
        Setup {
            reversals,
            wire,
            idempotent,
            auto: auto && v2,
            lacking: lacking && v2,
            nameless: nameless && v2,
            lossy,
            odd,
            lags,
            clocks: clocks && v2,
            coarse,
            ahead,
        }
    }
}

/// As many as are asked for.
fn config() -> ProptestConfig {
    let walks = std::env::var("WALKS").ok();
    ProptestConfig {
        cases: walks.and_then(|n| n.parse().ok()).unwrap_or(3_000),
        max_shrink_iters: 200_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn a_walk(acts in prop::collection::vec((0..16_u8, any::<u8>()), 1..90), setup in setups()) {
        let mut world = World::new(setup);
        let walked = acts.iter().try_for_each(|(what, roll)| world.act(*what, *roll));
        if let Err(why) = walked.and_then(|()| world.settle()) {
            let log = world.log.join("\n");
            return Err(TestCaseError::fail(format!("{why}\n{setup:?}\n{log}")));
        }
    }
}

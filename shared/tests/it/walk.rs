//! Random walks of platform, endpoint, intake, workers and persons over the
//! pure core, with an oracle of its own: one reward held while it is approved,
//! none while it is not, nothing told too early, nothing stuck. `WALKS=20000`
//! walks farther.

mod calls;
mod corpus;
mod coverage;
mod operator;
mod oracle;
mod world;

use crate::machine::table::Row;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;
use shared::fulfilment::{Input, Reversals, State};
use shared::ledger::Source;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use corpus::corpus;
use coverage::demanded;

use world::{Check, Setup, Wire, World};

/// One of the things that may happen.
#[derive(Clone, Copy, Debug)]
enum What {
    /// The platform changes the status.
    Reconsider,
    /// The platform changes amount, unit or promoter.
    Amend,
    /// The platform says once more what is.
    Repeat,
    /// An event comes in, or is lost.
    Arrive,
    /// A worker takes what is due.
    Claim,
    /// A worker calls out.
    Call,
    /// A worker writes down the outcome of its call, or dies.
    End,
    /// A worker does all three at once.
    Work,
    /// A held request of v1 is answered.
    Answer,
    /// The operator resumes what is parked.
    Resume,
    /// Somebody changes the settings.
    Configure,
    /// A batch of the platform runs.
    RunBatch,
    /// The promise is open for longer than is allowed.
    OverAge,
    /// The sweep parks what stands on the API's word alone.
    Sweep,
}

/// Something that happens; `roll` decides how.
#[derive(Clone, Copy, Debug)]
struct Act {
    what: What,
    roll: u8,
}

/// Acts, as often as they are to happen.
fn acts() -> impl Strategy<Value = Act> {
    let what = prop_oneof![
        3 => Just(What::Reconsider),
        3 => Just(What::Amend),
        1 => Just(What::Repeat),
        14 => Just(What::Arrive),
        4 => Just(What::Claim),
        4 => Just(What::Call),
        4 => Just(What::End),
        12 => Just(What::Work),
        1 => Just(What::Answer),
        5 => Just(What::Resume),
        1 => Just(What::Configure),
        1 => Just(What::RunBatch),
        1 => Just(What::OverAge),
        1 => Just(What::Sweep),
    ];
    (what, any::<u8>()).prop_map(|(what, roll)| Act { what, roll })
}

impl World {
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
    fn act(&mut self, Act { what, roll }: Act) -> Check {
        let job = usize::from(roll).checked_rem(self.jobs.len());
        match what {
            What::Reconsider => self.reconsider(roll),
            What::Amend => self.amend(roll),
            What::Repeat => {
                self.emit("commission.updated", &json!({}));
                if self.status == "approved" {
                    self.emit("commission.approved", &json!({}));
                }
            }
            What::Arrive => self.arrive(roll),
            What::Claim => drop(self.claim(roll.is_multiple_of(3))?),
            What::Call => {
                if let Some(i) = job {
                    self.call(i, roll)?;
                }
            }
            What::End => {
                if let Some(i) = job {
                    self.end(i, roll);
                }
            }
            What::Work => {
                self.claim(false)?;
                if let Some(i) = self.jobs.len().checked_sub(1) {
                    self.call(i, roll)?;
                    self.finish(i);
                }
            }
            What::Answer => self.answer(roll)?,
            What::Resume => drop(self.resume(roll)?),
            What::Configure => self.configure(roll),
            What::RunBatch => self.tick(usize::from(roll) % 3),
            What::OverAge => {
                // That is a matter of days, and a batch of minutes.
                while self.batches.iter().any(|batch| !batch.2) {
                    self.tick(0);
                }
                if let Some(p) = self.latest().cloned().filter(|p| !self.live(p)) {
                    self.stepped(p.epoch, &Input::OverAge, "over age");
                }
            }
            What::Sweep => drop(self.sweep(false)),
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
            moved |= self.resume(1)?;
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

/// A world, and what happens in it.
#[derive(Clone, Debug)]
struct Walk {
    setup: Setup,
    acts: Vec<Act>,
}

impl Walk {
    /// Plays the walk to its rest; `after` sees the world after each act, and their
    /// number.
    fn play(&self, mut after: impl FnMut(&World, usize)) -> Result<World, String> {
        let mut world = World::new(self.setup);
        let mut walked = Ok(());
        for (n, act) in (1..).zip(&self.acts) {
            walked = world.act(*act);
            if walked.is_err() {
                break;
            }
            after(&world, n);
        }
        match walked.and_then(|()| world.settle()) {
            Ok(()) => Ok(world),
            Err(why) => Err(format!("{why}\n{self}\n{}", world.log.join("\n"))),
        }
    }
}

/// As many random walks as are asked for.
fn walks() -> u32 {
    let walks = std::env::var("WALKS").ok();
    walks.and_then(|n| n.parse().ok()).unwrap_or(3_000)
}

#[test]
fn whatever_happens_the_oracle_holds_and_every_row_of_the_tables_is_taken() {
    let config = ProptestConfig {
        cases: walks(),
        max_shrink_iters: 200_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let taken = RefCell::new(BTreeMap::<Row, u32>::new());
    let take = |rows: BTreeSet<Row>| {
        for row in rows {
            *taken.borrow_mut().entry(row).or_default() += 1;
        }
    };
    for walk in corpus() {
        take(walk.play(|_, _| ()).unwrap_or_else(|why| panic!("{why}")).rows);
    }
    let walks = (setups(), prop::collection::vec(acts(), 1..120));
    let walked = TestRunner::new(config).run(&walks, |(setup, acts)| {
        let walk = Walk { setup, acts };
        take(walk.play(|_, _| ()).map_err(TestCaseError::fail)?.rows);
        Ok(())
    });
    walked.unwrap_or_else(|failure| panic!("{failure}"));
    let taken = taken.into_inner();
    let missing: Vec<_> = demanded().into_iter().filter(|row| !taken.contains_key(row)).collect();
    assert!(missing.is_empty(), "no walk takes {missing:#?}");
}

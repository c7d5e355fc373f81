//! Random walks of platform, endpoint, intake, workers and persons over the
//! pure core, with an oracle of its own: one reward held while it is approved,
//! none while it is not, nothing told too early, nothing stuck. `WALKS=20000`
//! walks farther.

mod calls;
mod world;

use proptest::prelude::*;
use shared::fulfilment::{GIVEN_THERE, Input, Reversals, State, Word};

use world::{Check, World};

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
        let (mut granted, mut keep) = (None, false);
        if parked.unknown {
            granted = Some(if parked.from == State::ReversalDue {
                back
            } else {
                given
            });
        } else if parked.reason == GIVEN_THERE {
            if given {
                granted = Some(true);
            } else {
                self.fulfilled = false;
            }
        } else if parked.reason == "withdrawn_after_delivery" && roll.is_multiple_of(3) {
            keep = true;
            self.kept = true;
        }
        if parked.reason == "changed_after_delivery" || p.stated.is_some() {
            self.diverged = true;
        }
        self.resumes += 1;
        self.clock += 1;
        self.say(format!(
            "person: {:?} {} granted={granted:?} keep={keep}",
            parked.from, parked.reason
        ));
        self.stepped(
            p.epoch,
            &Input::Resumed(Word {
                by: "ana".into(),
                granted,
                close: keep,
                because: "x".into(),
            }),
            "person",
        );
        true
    }

    /// One thing happens.
    fn act(&mut self, what: u8, roll: u8) -> Check {
        match what % 16 {
            0 => match (self.status, roll % 2) {
                ("pending", _) => self.become_("approved"),
                ("approved", 0) => self.become_("denied"),
                ("approved", _) => self.become_("pending"),
                (_, _) => self.become_("approved"),
            },
            1 => {
                self.amount += 100;
                self.say(format!("platform: amount {}", self.amount));
                self.emit("commission.updated", None);
            }
            2 => {
                self.emit("commission.updated", None);
                if self.status == "approved" {
                    self.emit("commission.approved", None);
                }
            }
            3..=6 => {
                if !self.events.is_empty() {
                    let i = usize::from(roll / 4) % self.events.len();
                    let i = if roll.is_multiple_of(4) { i } else { 0 };
                    let body = self.events.remove(i);
                    self.intake(&body);
                }
            }
            7..=9 => {
                self.claim();
            }
            10 | 11 => {
                if !self.jobs.is_empty() {
                    let i = usize::from(roll) % self.jobs.len();
                    self.call(i, roll)?;
                }
            }
            12 | 13 => {
                if !self.jobs.is_empty() {
                    let i = usize::from(roll) % self.jobs.len();
                    if self.jobs[i].outcome.is_some() || roll.is_multiple_of(4) {
                        if roll.is_multiple_of(8) {
                            self.say("worker: dies".into());
                            self.jobs.remove(i);
                        } else {
                            self.finish(i);
                        }
                    }
                }
            }
            14 => match roll % 3 {
                0 => {
                    self.person(roll / 3);
                }
                _ => self.tick(usize::from(roll) % 3),
            },
            _ => {
                if roll.is_multiple_of(4)
                    && let Some(p) = self.latest().cloned()
                    && !self.live(&p)
                {
                    self.stepped(p.epoch, &Input::OverAge, "over age");
                }
            }
        }
        Ok(())
    }

    /// Everybody does their work until there is none.
    fn settle(&mut self) -> Check {
        self.say("--- to rest".into());
        for round in 0..80 {
            let mut moved = false;
            while !self.events.is_empty() {
                let body = self.events.remove(0);
                self.intake(&body);
                moved = true;
            }
            while !self.jobs.is_empty() {
                self.call(0, 95)?;
                self.finish(0);
                moved = true;
            }
            while self.batches.iter().any(|b| !b.2) {
                self.tick(0);
                moved = true;
            }
            // It waits for an approval that does not come, until it is over age.
            if self.status == "pending"
                && self
                    .latest()
                    .is_some_and(|p| p.state == State::AwaitingApproval)
            {
                return self.at_rest();
            }
            moved |= self.claim();
            moved |= self.person(1);
            if !moved {
                return self.at_rest();
            }
            if round == 79 {
                return Err("never at rest".into());
            }
        }
        Ok(())
    }

    /// The oracle.
    fn at_rest(&self) -> Check {
        let held = self.holding();
        let p = self.latest();
        let announced = self.record.as_ref().is_some_and(|r| r.announced.is_some());
        if self.status == "approved" && announced {
            if held.len() != 1 {
                return Err(format!(
                    "approved, and held {held:?}; {:?}",
                    p.map(|p| p.state)
                ));
            }
            let amount = &self.granted[held[0]];
            if *amount != self.amount.to_string() && !self.diverged {
                return Err(format!(
                    "{amount} given, {} approved, and nobody was asked",
                    self.amount
                ));
            }
            if p.map(|p| p.state) != Some(State::Confirmed) {
                return Err(format!("approved and given, {:?}", p.map(|p| p.state)));
            }
            if !self.fulfilled && !p.unwrap().kept {
                return Err("given and confirmed, and the platform does not show it".into());
            }
        } else if !held.is_empty() && !self.kept {
            return Err(format!(
                "{}, and held {held:?}; {:?}",
                self.status,
                p.map(|p| p.state)
            ));
        }
        Ok(())
    }
}

fn play(
    way: usize,
    idempotent: bool,
    auto: bool,
    lacking: bool,
    acts: &[(u8, u8)],
) -> Result<(), String> {
    let reversals = [
        Reversals::Deliver,
        Reversals::Park,
        Reversals::DeliverAndUnmark,
    ][way];
    let mut world = World::new(reversals, idempotent, auto, lacking);
    let mut run = || -> Check {
        for (what, roll) in acts {
            world.act(*what, *roll)?;
        }
        world.settle()
    };
    let end = run();
    end.map_err(|why| {
        format!(
            "{why}\n{reversals:?} idempotent={idempotent} auto={auto} lacking={lacking}\n{}",
            world.log.join("\n")
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("WALKS").ok().and_then(|n| n.parse().ok()).unwrap_or(3_000), max_shrink_iters: 200_000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_walk(acts in prop::collection::vec((0..16_u8, any::<u8>()), 1..90), way in 0..3_usize, idempotent: bool, auto: bool, lacking: bool) {
        if let Err(why) = play(way, idempotent, auto, lacking, &acts) { return Err(TestCaseError::fail(why)); }
    }
}

//! Random walks through a small world around one reward: a platform, the table, the
//! reward endpoint, workers, the sweep and the operator. The functions under test are
//! the pure core as the binaries use it; everything else is played.
//!
//! # What may happen
//! * The platform approves, denies or reopens the reward, changes its amount, unit or
//!   promoter, repeats itself, and runs the batches that it accepted (walk/events.rs).
//! * Its events come late, in any order, twice, or never (`loses_events`); several may
//!   share a second, or be dated ahead. Its list may show what was (`list_lags`).
//! * A worker takes what is due, perhaps on an older record than the promise; calls out;
//!   and writes down the outcome, late, or dies first (walk/calls.rs). Each call may have
//!   its effect or not, and say so or not.
//! * Somebody changes the settings: source, endpoint, approval by asking.
//! * The sweep finds a promise over age, or one that the API alone denied.
//! * The operator resumes what is parked, does by hand what is owed, or closes it, and
//!   always tells the truth (walk/operator.rs).
//!
//! Then the world comes to rest: every event arrives, nothing lags, calls succeed, and
//! everybody works until nothing is left to do.
//!
//! # What must hold
//! All along: no key is given by two endpoints, given again after it was taken back,
//! or sent by a raw call after one that may have given; nothing is given while another
//! epoch is held, or told before it is given; what is taken back is what was given; money
//! is not approved. At rest (walk/oracle.rs): one reward is held while the platform approves
//! it, on its terms, and none while it does not; the platform shows it so; nothing is stuck.
//!
//! And every row of the machine's tables is taken, but those that no walk can take
//! (walk/coverage.rs). Rare rows are taken by walks that are always played
//! (walk/corpus.rs). `WALKS=20000` walks farther, and elsewhere each time.

mod acts;
mod calls;
mod corpus;
mod coverage;
mod events;
mod operator;
mod oracle;
mod platform;
mod setup;
mod world;

use crate::machine::docs::STARTS;
use crate::machine::table::Row;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use shared::fulfilment::State;
use std::cell::RefCell;
use std::collections::BTreeSet;

use acts::{Act, acts, setups};
use corpus::corpus;
use coverage::demanded;
use setup::Setup;
use world::World;

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
        match walked.and_then(|()| world.come_to_rest()) {
            Ok(()) => Ok(world),
            Err(why) => Err(format!("{why}\n{self}\n{}", world.log.join("\n"))),
        }
    }
}

/// As many random walks as `WALKS` asks for, other ones each time; else always the same
/// 3,000, so that what fails for a change fails because of it.
fn config() -> ProptestConfig {
    let asked = std::env::var("WALKS").ok().and_then(|n| n.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(3_000),
        rng_seed: if asked.is_some() { RngSeed::Random } else { RngSeed::Fixed(8) },
        max_shrink_iters: 200_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[test]
fn whatever_happens_the_oracle_holds_and_every_row_of_the_tables_is_taken() {
    let taken = RefCell::new(BTreeSet::<Row>::new());
    let starts = RefCell::new(BTreeSet::<State>::new());
    let note = |world: World| {
        taken.borrow_mut().extend(world.rows);
        starts.borrow_mut().extend(world.starts);
    };
    for walk in corpus() {
        note(walk.play(|_, _| ()).unwrap_or_else(|why| panic!("{why}")));
    }
    let walks = (setups(), prop::collection::vec(acts(), 1..120));
    let walked = TestRunner::new(config()).run(&walks, |(setup, acts)| {
        let walk = Walk { setup, acts };
        note(walk.play(|_, _| ()).map_err(TestCaseError::fail)?);
        Ok(())
    });
    walked.unwrap_or_else(|failure| panic!("{failure}"));
    let taken = taken.into_inner();
    let missing: Vec<_> = demanded().into_iter().filter(|row| !taken.contains(row)).collect();
    assert!(missing.is_empty(), "walk/corpus.rs says how to find walks for {missing:#?}");
    let mut starts = starts.into_inner();
    assert!(starts.remove(&State::Parked));
    assert_eq!(starts, BTreeSet::from(STARTS));
}

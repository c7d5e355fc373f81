//! Walks that are always played: together they take every row that walks can take,
//! however rare it is in random ones. `walk/corpus.txt` has one a line; the ignored
//! test writes it anew, once the worlds have changed and a row is not taken any more:
//! `cargo test -p shared --test it walk::corpus -- --ignored --nocapture`.

use crate::machine::situations::name;
use crate::machine::table::Row;
use crate::walk::Walk;
use crate::walk::acts::{Act, What, acts, setups};
use crate::walk::coverage::demanded;
use crate::walk::setup::{Setup, Wire};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use shared::fulfilment::Reversals;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};
use std::path::Path;
use std::time::{Duration, Instant};

const WHATS: [What; 14] = [
    What::Reconsider,
    What::Amend,
    What::Repeat,
    What::Arrive,
    What::Claim,
    What::Call,
    What::End,
    What::Work,
    What::Answer,
    What::Resume,
    What::Configure,
    What::RunBatch,
    What::OverAge,
    What::Sweep,
];

const WIRES: [Wire; 3] = [Wire::V2, Wire::V1Api, Wire::V1Response];

const REVERSALS: [Reversals; 3] =
    [Reversals::Deliver, Reversals::Park, Reversals::DeliverAndUnmark];

/// The yes-and-no settings of a world, by name.
fn flags(setup: &mut Setup) -> [(&'static str, &mut bool); 10] {
    [
        ("endpoint_is_idempotent", &mut setup.endpoint_is_idempotent),
        ("asks_to_approve", &mut setup.asks_to_approve),
        ("payload_lacks_recipient", &mut setup.payload_lacks_recipient),
        ("payload_lacks_campaign", &mut setup.payload_lacks_campaign),
        ("loses_events", &mut setup.loses_events),
        ("begins_in_unknown_unit", &mut setup.begins_in_unknown_unit),
        ("list_lags", &mut setup.list_lags),
        ("list_has_clocks", &mut setup.list_has_clocks),
        ("events_share_seconds", &mut setup.events_share_seconds),
        ("dates_events_ahead", &mut setup.dates_events_ahead),
    ]
}

impl Display for Walk {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut setup = self.setup;
        write!(f, "{:?} {:?}", setup.wire, setup.reversals)?;
        for (name, set) in flags(&mut setup) {
            if *set {
                write!(f, " {name}")?;
            }
        }
        for Act { what, roll } in &self.acts {
            write!(f, "; {what:?} {roll}")?;
        }
        Ok(())
    }
}

/// The value whose name in the file this is.
fn named<T: Copy + fmt::Debug>(all: &[T], name: &str) -> T {
    all.iter().copied().find(|value| format!("{value:?}") == name).unwrap()
}

fn parsed(line: &str) -> Walk {
    let mut parts = line.split("; ");
    let words: Vec<_> = parts.next().unwrap().split(' ').collect();
    let (wire, reversals) = (named(&WIRES, words[0]), named(&REVERSALS, words[1]));
    let mut setup = Setup::plain(wire, reversals);
    for (name, set) in flags(&mut setup) {
        *set = words[2..].contains(&name);
    }
    let acts = parts.map(|act| {
        let (what, roll) = act.split_once(' ').unwrap();
        Act { what: named(&WHATS, what), roll: roll.parse().unwrap() }
    });
    Walk { setup, acts: acts.collect() }
}

pub(super) fn corpus() -> Vec<Walk> {
    include_str!("corpus.txt").lines().map(parsed).collect()
}

/// The shorter walk that takes these rows, too.
fn shortened(mut walk: Walk, rows: &BTreeSet<Row>) -> Walk {
    let mut length = walk.acts.len();
    while length > 0 {
        let mut at = 0;
        while at < walk.acts.len() {
            let mut shorter = walk.clone();
            shorter.acts.drain(at..(at + length).min(walk.acts.len()));
            let takes = |world: &crate::walk::World| rows.is_subset(&world.rows);
            if shorter.play(|_, _| ()).is_ok_and(|world| takes(&world)) {
                walk = shorter;
            } else {
                at += length;
            }
        }
        length /= 2;
    }
    walk
}

/// Searches for as long as `CORPUS_SECONDS` says. From the shortest walk that comes
/// to the situation of a missing row, a few more acts are tried.
#[test]
#[ignore = "writes walk/corpus.txt"]
fn write_the_corpus() {
    let seconds = std::env::var("CORPUS_SECONDS").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut runner = TestRunner::default();
    let long = (setups(), prop::collection::vec(acts(), 1..120));
    let some = (any::<prop::sample::Index>(), prop::collection::vec(acts(), 1..8));
    let mut missing = demanded();
    let mut pool: BTreeMap<String, Walk> = BTreeMap::new();
    let mut found: Vec<Walk> = Vec::new();
    let mut old = corpus();
    let mut broken: Vec<String> = Vec::new();
    let mut round = 0_u32;
    while Instant::now() < end && !missing.is_empty() {
        round += 1;
        let walk = if let Some(walk) = old.pop() {
            walk
        } else if round.is_multiple_of(4) || pool.is_empty() {
            let (setup, acts) = long.new_tree(&mut runner).unwrap().current();
            Walk { setup, acts }
        } else {
            let (index, acts) = some.new_tree(&mut runner).unwrap().current();
            let near: Vec<_> = missing.iter().filter_map(|row| pool.get(&row.situation)).collect();
            if near.is_empty() {
                continue;
            }
            let mut walk = near[index.index(near.len())].clone();
            walk.acts.extend(acts);
            walk
        };
        let played = walk.play(|world, done| {
            let situation = world.latest().map(name).unwrap_or_default();
            let known = pool.get(&situation).map(|walk| walk.acts.len());
            if known.is_none_or(|known| done < known) {
                let acts = walk.acts[..done].to_vec();
                pool.insert(situation, Walk { setup: walk.setup, acts });
            }
        });
        let world = match played {
            Ok(world) => world,
            Err(why) => {
                broken.push(why);
                continue;
            }
        };
        let new: BTreeSet<Row> = world.rows.intersection(&missing).cloned().collect();
        if !new.is_empty() {
            let walk = shortened(walk, &new);
            let world = walk.play(|_, _| ()).unwrap_or_else(|why| panic!("{why}"));
            missing.retain(|row| !world.rows.contains(row));
            found.push(walk);
        }
    }
    let lines: Vec<String> = found.iter().map(Walk::to_string).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/walk/corpus.txt");
    std::fs::write(path, lines.join("\n") + "\n").unwrap();
    assert!(broken.is_empty(), "{} walks broke the oracle:\n{}", broken.len(), broken.join("\n\n"));
    assert!(missing.is_empty(), "no walk found for {missing:#?}");
}

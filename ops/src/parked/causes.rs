//! What is parked, by its cause: one cause is one thing to do.

use std::collections::BTreeMap;

use crate::invocation::line;
use crate::layout::wrapped;
use crate::paragraph::{age, counted, without_marks};
use crate::parked::{Filter, NOTHING, Waiting};
use crate::table::plain;
use crate::target::TargetArgs;
use serde::Serialize;
use shared::fulfilment::{Explanation, ParkReason, Resuming, State};
use shared::wire::Timestamp;

/// The parked promises of one reason and one state, with what to do about them.
#[derive(Debug, Serialize)]
pub(crate) struct Cause {
    reason: String,
    from: State,
    count: usize,
    /// The number of those of which nobody knows what the last call came to.
    unknown: usize,
    /// The number of those whose approval was withdrawn meanwhile.
    withdrawn: usize,
    oldest: Timestamp,
    latest: Timestamp,
    /// Their number by unit. Amounts of different promises are not added up.
    units: BTreeMap<String, usize>,
    /// Their number by the outcome of the last call.
    last: BTreeMap<String, usize>,
    #[serde(flatten)]
    explanation: Explanation,
}

/// Groups what waits, the largest group first, then the oldest.
pub(crate) fn of(waiting: &[Waiting]) -> Vec<Cause> {
    let mut causes: Vec<Cause> = Vec::new();
    for one in waiting {
        let same = |cause: &&mut Cause| cause.reason == one.reason && cause.from == one.from;
        match causes.iter_mut().find(same) {
            Some(cause) => cause.add(one),
            None => causes.push(Cause::new(one)),
        }
    }
    causes.sort_by_key(|cause| (usize::MAX - cause.count, cause.oldest));
    causes
}

impl Cause {
    fn new(first: &Waiting) -> Self {
        let mut cause = Self {
            reason: first.reason.clone(),
            from: first.from,
            count: 0,
            unknown: 0,
            withdrawn: 0,
            oldest: first.since,
            latest: first.since,
            units: BTreeMap::new(),
            last: BTreeMap::new(),
            explanation: ParkReason::from(first.reason.as_str()).explanation(),
        };
        cause.add(first);
        cause
    }

    fn add(&mut self, one: &Waiting) {
        self.count += 1;
        self.unknown += usize::from(one.unknown);
        self.withdrawn += usize::from(one.withdrawn);
        self.oldest = self.oldest.min(one.since);
        self.latest = self.latest.max(one.since);
        let unit = one.unit.clone().unwrap_or_else(|| "no unit".to_owned());
        *self.units.entry(unit).or_default() += 1;
        if let Some(last) = &one.last {
            *self.last.entry(last.clone()).or_default() += 1;
        }
    }

    /// The commands that list them and let them go on.
    fn commands(&self, target: &TargetArgs, filter: &Filter) -> Vec<String> {
        let (reason, from) = (self.reason.as_str(), self.from.name());
        let rows = ["parked", "--reason", reason, "--from", from, "--rows"];
        let cause =
            Filter { reason: Some(self.reason.clone()), from: Some(self.from), ..filter.clone() };
        let all = ["resume", "--where", &cause.to_string(), "--dry-run"];
        let resuming = self.explanation.resuming;
        let is_together = resuming == Resuming::Together && self.unknown < self.count;
        let is_each = resuming == Resuming::OneByOne || self.unknown > 0;
        [
            Some(line(target, &rows)),
            is_together.then(|| line(target, &all)),
            is_each.then(|| line(target, &["resume", "KEY"])),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// What a page shows of it.
    pub(crate) fn view(&self, target: &TargetArgs) -> page::Cause {
        let Explanation { meaning, remedy, resuming } = self.explanation;
        page::Cause {
            reason: self.reason.clone(),
            from: self.from,
            count: self.count,
            unknown: self.unknown,
            oldest: self.oldest,
            meaning: without_marks(meaning),
            remedy: without_marks(remedy),
            resuming,
            commands: self.commands(target, &Filter::default()),
        }
    }

    fn text(&self, target: &TargetArgs, filter: &Filter, now: Timestamp) -> String {
        let count = counted(self.count, "reward", "rewards");
        let (oldest, latest) = (age(self.oldest, now), age(self.latest, now));
        let ages = match self.count {
            1 => format!("for {oldest}"),
            _ => format!("the oldest for {oldest}, the latest for {latest}"),
        };
        let (reason, from) = (self.reason.as_str(), self.from.name());
        let some = |count: usize, what: &str| (count > 0).then(|| format!("{what}: {count}"));
        let about = [
            Some(counts(&self.units).replace('_', " ")),
            (!self.last.is_empty()).then(|| format!("last outcome {}", counts(&self.last))),
            some(self.unknown, "outcome unknown"),
            some(self.withdrawn, "withdrawn meanwhile"),
        ];
        let about: Vec<String> = about.into_iter().flatten().collect();
        let Explanation { meaning, remedy, .. } = self.explanation;
        let commands = self.commands(target, filter);
        let commands: Vec<String> =
            commands.into_iter().map(|command| format!("  {command}\n")).collect();
        [
            wrapped(&format!("{reason}, from {from}: {count}, {ages}"), 0),
            wrapped(&about.join("; "), 2),
            wrapped(&format!("What: {}.", without_marks(meaning)), 2),
            wrapped(&format!("Do: {}.", without_marks(remedy)), 2),
            commands.concat(),
        ]
        .concat()
    }
}

fn counts(of: &BTreeMap<String, usize>) -> String {
    let count = |count: usize| counted(count, "reward", "rewards");
    let counts: Vec<String> =
        of.iter().map(|(name, of)| format!("{name}: {}", count(*of))).collect();
    counts.join(", ")
}

/// One sentence, then each cause with what it means, what to do and the commands to
/// go on with.
pub(crate) fn text(
    causes: &[Cause],
    target: &TargetArgs,
    filter: &Filter,
    now: Timestamp,
) -> String {
    let count: usize = causes.iter().map(|cause| cause.count).sum();
    if count == 0 {
        return NOTHING.to_owned();
    }
    let verb = if count == 1 { "waits" } else { "wait" };
    let rewards = counted(count, "reward", "rewards");
    let mut parts = vec![format!(
        "{rewards} {verb} for a person: {}.\n",
        counted(causes.len(), "cause", "causes")
    )];
    parts.extend(causes.iter().map(|cause| cause.text(target, filter, now)));
    // The reasons of endpoints are others' words.
    parts.join("\n").lines().map(|line| plain(line) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;
    use crate::parked::tests::promise;

    fn waiting(unknown: bool, minutes: i64) -> Waiting {
        let mut promise = promise();
        let parked = promise.parked.as_mut().unwrap();
        parked.unknown = unknown;
        parked.at = parked.at.plus_seconds(-60 * minutes);
        Waiting::of(&promise).unwrap()
    }

    fn told(waiting: &[Waiting]) -> String {
        let cli = Cli::parse_from(["cargo ops", "--stack", "my stack", "parked"]);
        let now = Timestamp::from_ms(1_790_000_000_000);
        text(&of(waiting), cli.target(), &Filter::default(), now)
    }

    #[test]
    fn a_cause_says_how_many_how_old_and_what_to_do() {
        let mut other = waiting(false, 1_000);
        other.reason = "over_age".into();
        other.from = State::Delivered;
        other.unit = Some("credits".into());
        let text = told(&[other, waiting(true, 5), waiting(false, 300)]);
        let mut causes = text.split("\n\n");
        assert_eq!(causes.next().unwrap(), "3 rewards wait for a person: 2 causes.");
        let (first, second) = (causes.next().unwrap(), causes.next().unwrap());
        for part in [
            "unknown_outcome, from requested: 2 rewards, the oldest for 5 h, the latest for 5 min\n",
            "  points: 2 rewards; last outcome no answer: 2 rewards; outcome unknown: 1\n",
            "  Do: Look whether the key was given, or taken back (from reversal_due); say which.\n",
            " --stack 'my stack' parked --reason unknown_outcome --from requested --rows\n",
            " --stack 'my stack' resume KEY",
        ] {
            assert!(first.contains(part), "{part} is not in\n{first}");
        }
        assert!(
            second
                .starts_with("over_age, from delivered: 1 reward, for 16 h\n  credits: 1 reward;")
        );
        let prose = text.lines().filter(|line| !line.contains(" --stack "));
        assert!(prose.clone().count() > 8 && prose.clone().all(|line| line.chars().count() <= 100));
        assert!(!text.contains('`') && !text.contains('*'));
    }

    #[test]
    fn where_nobody_knows_anything_no_bulk_is_offered() {
        let text = told(&[waiting(true, 0)]);
        assert!(text.contains("1 reward waits for a person: 1 cause.\n"), "{text}");
        assert!(!text.contains("--where"), "{text}");
        assert!(text.ends_with(" resume KEY\n"), "{text}");
        assert_eq!(told(&[]), "nothing is parked");
    }

    /// Every reason: the commands are those that its remedy has.
    #[test]
    fn what_is_not_resumed_together_is_offered_by_its_key_or_not_at_all() {
        let mut reasons = ParkReason::ALL.to_vec();
        reasons.push("422 no_such_account".into());
        for reason in reasons {
            let mut one = waiting(false, 5);
            one.reason = reason.to_string();
            let text = told(&[one]);
            let offered = (text.contains("--where"), text.contains(" resume KEY\n"));
            let expected = match reason.explanation().resuming {
                Resuming::Together => (true, false),
                Resuming::OneByOne => (false, true),
                Resuming::NotAsItIs => (false, false),
            };
            assert_eq!(offered, expected, "{text}");
        }
    }

    #[test]
    fn a_unit_is_told_in_words() {
        let mut one = waiting(false, 5);
        one.unit = Some("free_months".into());
        let text = told(&[one]);
        assert!(text.contains("\n  free months: 1 reward; last outcome"), "{text}");
    }
}

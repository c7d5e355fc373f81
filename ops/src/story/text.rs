//! The story for people: no line is wider than a terminal.

use answers::{Happening, RecordNow, StoryPromise, What};
use shared::wire::Timestamp;

use super::Story;
use crate::gaps;
use crate::invocation::line;
use crate::layout::lines;
use crate::table::plain;
use crate::target::TargetArgs;

impl Story {
    /// The time line, then the record, then each promise with how it stands and what
    /// comes next. `target` is where commands that are shown look.
    #[must_use]
    pub fn text(&self, target: &TargetArgs) -> String {
        let story = &self.told;
        let pk = &story.partition;
        let mut text = lines(&format!("{} {} {}", pk.provider(), pk.kind(), pk.id()), 0);
        let several = story.promises.len() > 1;
        for happening in &story.timeline {
            text.push('\n');
            text.push_str(&told(happening, several));
        }
        if let Some(record) = &story.record {
            text.push_str(&record_text(record));
        }
        text.extend(story.promises.iter().map(|of| promise_text(target, of)));
        text.push_str(&gaps::text(&self.gaps));
        text
    }
}

/// A time without the parts that say the same in every line.
fn time(at: Timestamp) -> String {
    at.to_rfc3339().replace('T', " ").replace('Z', "")
}

fn told(happening: &Happening, several: bool) -> String {
    let Happening { at, what } = happening;
    let of = what.key().filter(|_| several).map(|key| format!(" ({key})")).unwrap_or_default();
    let mut text = lines(&format!("{} {}{of}", time(*at), what.words()), 0);
    if let What::Event(event) = what {
        let (personal, told): (Vec<_>, Vec<_>) =
            event.changes.iter().partition(|change| change.personal);
        let told = told.into_iter().filter(|change| !change.says_nothing());
        text.extend(told.map(|change| lines(&change.words(), 4)));
        if !personal.is_empty() {
            let names: Vec<&str> = personal.iter().map(|change| change.fact.as_str()).collect();
            text.push_str(&lines(&format!("personal: {}", names.join(", ")), 4));
        }
        let notes = event.notes();
        text.push_str(&lines(&notes.join("; "), 4));
    }
    text
}

fn record_text(record: &RecordNow) -> String {
    let status = record.status.as_deref().unwrap_or("no status");
    // What the provider says is worth a word where it says it otherwise.
    let word = record.provider_status.as_ref().filter(|word| Some(*word) != record.status.as_ref());
    let word = word.map_or_else(String::new, |word| format!(" (\"{word}\")"));
    let contested = if record.contested { ", contested" } else { "" };
    let head = format!("record: {status}{word}, version {}{contested}", record.version);
    let mut text = format!("\n{}", lines(&head, 0));
    for (name, value) in record.shown() {
        text.push_str(&lines(&format!("{name} {value}"), 2));
    }
    if record.hidden > 0 {
        text.push_str(&lines(&format!("{} more with --personal", record.hidden), 2));
    }
    text
}

fn promise_text(target: &TargetArgs, of: &StoryPromise) -> String {
    let (promise, reward) = (&of.promise, &of.reward);
    let to = reward.recipient.as_ref().map(|to| format!(" to {}", to.words()));
    let what = format!(
        "promise {}: {}, {}{}",
        reward.key,
        reward.state.name(),
        reward.amount,
        to.unwrap_or_default()
    );
    let mut text = format!("\n{}", lines(&what, 0));
    if let Some(outcome) = &reward.last_outcome {
        let tries = format!("tries {}, last outcome {outcome}", reward.attempts);
        text.push_str(&lines(&tries, 2));
    }
    if let Some(new) = &promise.terms_change.new_terms {
        let amount = answers::Money::new(new.amount.as_deref(), new.unit.as_deref(), None);
        text.push_str(&lines(&format!("stated meanwhile: {amount}"), 2));
    }
    text.push_str(&lines(&format!("Now: {}", of.now), 2));
    let next = of.next.as_ref().map_or("nothing is due.", |next| next.says.as_str());
    text.push_str(&lines(&format!("Next: {next}"), 2));
    if let Some(parked) = &reward.parked {
        let reason = parked.reason.to_string();
        let words = ["parked", "--reason", &reason, "--from", parked.from.name()];
        // To be copied, so it stays in one line.
        text.extend([format!("  What to do: {}\n", plain(&line(target, &words)))]);
    }
    text
}

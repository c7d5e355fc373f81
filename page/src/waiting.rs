//! Screen *Waiting*: the rewards of one cause, and how they go on.

use answers::{Reward, counted};
use maud::{Markup, html};
use shared::fulfilment::{Resuming, State};
use shared::wire::Timestamp;

use crate::frame::{Frame, Screen};
use crate::now::{Cause, card};
use crate::parts::{ago, amount, badge, command, gaps, given, link, recipient, table};

/// The most characters of the reason that somebody gives for a decision.
pub const BECAUSE: usize = 500;

/// A reward that waits.
#[derive(Debug, Clone)]
pub struct WaitingRow {
    /// The reward.
    pub reward: Reward,
    /// The time since which it waits.
    pub since: Timestamp,
    /// The version of its promise that is shown.
    pub version: u64,
    /// True when nobody knows what its last call came to; it is in no bulk.
    pub unknown: bool,
}

/// What a page needs for letting rewards go on.
#[derive(Debug, Clone)]
pub struct Act {
    /// The token that its form sends back.
    pub token: String,
    /// The name under which it is done.
    pub by: String,
    /// The most that go on at one time.
    pub most: usize,
}

/// A reward and what the decision would make of it, or made of it.
#[derive(Debug, Clone)]
pub struct PreviewRow {
    /// The key.
    pub key: String,
    /// The time since which it waited.
    pub since: Timestamp,
    /// The version of its promise that is shown.
    pub version: u64,
    /// The amount in words.
    pub amount: String,
    /// What becomes of it.
    pub fate: String,
    /// True when it goes on.
    pub goes_on: bool,
}

/// What a decision would make of all that was chosen of one cause, or made of it.
#[derive(Debug, Clone)]
pub struct Fates {
    /// The reason why they wait.
    pub reason: String,
    /// The state from which they were parked.
    pub from: State,
    /// Each that was named, also those that do not wait for it any more.
    pub rows: Vec<PreviewRow>,
    /// The number of those that wait for the same reason and are not among the rows.
    pub others: usize,
    /// The most that go on at one time, where that is why others are left.
    pub most: Option<usize>,
    /// What could not be read, in words.
    pub not_read: Vec<String>,
}

/// The place of rows among those of a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// The page, from 1.
    pub page: usize,
    /// The number of pages.
    pub of: usize,
}

/// How a form names a reward that waits since then, as its promise was shown: one that was
/// parked anew or changed meanwhile, such as by a withdrawal, is another case.
#[must_use]
pub fn choice(since: Timestamp, version: u64, key: &str) -> String {
    format!("{} {version} {key}", since.ms())
}

/// The time and the key in what [`choice`] made; `None` where it did not make it.
#[must_use]
pub fn chosen(choice: &str) -> Option<(Timestamp, &str)> {
    let (ms, rest) = choice.split_once(' ')?;
    let (version, key) = rest.split_once(' ')?;
    let _: u64 = version.parse().ok()?;
    Some((Timestamp::from_ms(ms.parse().ok()?), key))
}

/// The screen without a cause: why rewards wait. `only` says which, where not all are
/// asked for.
#[must_use]
pub fn causes(frame: &Frame, causes: &[Cause], only: Option<&str>, not_read: &[String]) -> String {
    let count = causes.iter().map(|cause| cause.count).sum();
    let main = html! {
        h1 { "Waiting" }
        (gaps(not_read))
        @if count == 0 && not_read.is_empty() {
            p class="answer" { "Nothing waits for a person." }
        } @else if count > 0 {
            p class="answer" {
                (counted(count, "reward waits", "rewards wait")) " for a person: "
                (counted(causes.len(), "cause", "causes")) "."
            }
            @if let Some(only) = only { p { "Only those with " (only) "." } }
            @for cause in causes { (card(frame, cause)) }
        }
    };
    frame.page(Screen::Waiting, "Waiting", &main)
}

/// The screen of one cause, a page of its rewards. Without `act` it is to be read only.
#[must_use]
pub fn waiting(
    frame: &Frame,
    cause: &Cause,
    rows: &[WaitingRow],
    leaf: Leaf,
    act: Option<&Act>,
    not_read: &[String],
) -> String {
    let may_tick = |row: &WaitingRow| act.is_some() && !row.unknown;
    let is_together = cause.resuming == Resuming::Together;
    let beyond = cause.count.saturating_sub(rows.len());
    let may_all = is_together && cause.count > 1 && cause.unknown < cause.count;
    let row = |of: &WaitingRow| {
        [
            html! {
                @if may_tick(of) {
                    label { input type="checkbox" name="ticked"
                        value=(choice(of.since, of.version, &of.reward.key)); " goes on" }
                } @else if of.unknown { (badge("doubt", "?", "say which, by its key")) }
                @else { "-" }
            },
            link(frame.story(&of.reward.partition), &of.reward.key),
            amount(&of.reward.amount),
            recipient(&of.reward),
            given(of.reward.given),
            ago(frame, of.since),
            html! { (of.reward.last_outcome.as_deref().unwrap_or("-")) },
        ]
    };
    let columns = ["Choice", "Reward", "Amount", "To", "Given?", "Waits since", "Last call"];
    let list = html! { (table("Waiting rewards", columns, rows.iter().map(row))) };
    let main = html! {
        h1 { (cause.reason) ", from " (cause.from.name()) }
        p class="answer" {
            (counted(cause.count, "reward waits", "rewards wait")) " for a person, for this reason."
        }
        (gaps(not_read))
        p { strong { "What: " } (cause.meaning) "." }
        p { strong { "Do: " } (cause.remedy) "." }
        @match act {
            Some(act) if may_all || rows.iter().any(may_tick) => {
                form action="/waiting/preview" method="post" {
                    (hidden(&cause.reason, cause.from, act))
                    p { (how(cause.resuming)) }
                    (list)
                    @if may_all {
                        p {
                            label {
                                input type="checkbox" name="all" value="yes";
                                " All of this cause"
                                @if beyond > 0 { ", also the " (beyond) " that are not shown here" }
                                @if cause.count > act.most {
                                    "; at one time the " (act.most) " that wait longest"
                                }
                            }
                        }
                    }
                    p {
                        label for="because" { "Because " }
                        input id="because" name="because" required maxlength=(BECAUSE) size="40";
                    }
                    p { button { "Show what would become of them" } " Nothing is written yet." }
                }
            }
            _ => (list),
        }
        @if leaf.of > 1 { (leaves(frame, cause, leaf, act.is_some())) }
        @if !cause.commands.is_empty() {
            h2 { "By command" }
            p { "The same, and more, in a terminal:" }
            @for line in &cause.commands { (command(line)) }
        }
    };
    frame.page(Screen::Waiting, "Waiting", &main)
}

/// The ways to the other pages, without a script.
fn leaves(frame: &Frame, cause: &Cause, leaf: Leaf, may_tick: bool) -> Markup {
    let Leaf { page, of } = leaf;
    let to = |page: usize| {
        let cause = frame.waiting(&cause.reason, cause.from.name());
        cause.map(|cause| format!("{cause}&page={page}"))
    };
    html! {
        p {
            "Page " (page) " of " (of) ", the longest waiting first."
            @if may_tick { " What is ticked counts on its page." }
        }
        nav aria-label="Pages" {
            @if page > 1 { (link(to(page - 1), "earlier")) }
            @if page < of { (link(to(page + 1), "later")) }
        }
    }
}

/// What to mind before one is ticked.
fn how(resuming: Resuming) -> &'static str {
    match resuming {
        Resuming::Together => "Once that is done, tick those that are to go on.",
        Resuming::OneByOne => {
            "Look at each of them, and tick those for which it is right to go on."
        }
        Resuming::NotAsItIs => {
            "None of them is to go on as it is. Tick one only if you know that it is right for it."
        }
    }
}

fn hidden(reason: &str, from: State, act: &Act) -> Markup {
    html! {
        input type="hidden" name="token" value=(act.token);
        input type="hidden" name="reason" value=(reason);
        input type="hidden" name="from" value=(from.name());
    }
}

impl Fates {
    fn going(&self) -> usize {
        self.rows.iter().filter(|row| row.goes_on).count()
    }

    fn table(&self, then: &str) -> Markup {
        let row = |of: &PreviewRow| {
            let sign = if of.goes_on {
                badge("good", "\u{2713}", "goes on")
            } else {
                badge("calm", "\u{2013}", "left")
            };
            [html! { (of.key) }, html! { (of.amount) }, sign, html! { (of.fate) }]
        };
        let rows = self.rows.iter().map(row);
        table("What becomes of them", ["Reward", "Amount", "Choice", then], rows)
    }

    /// What waits for the same reason, and is not in the table.
    fn others(&self, frame: &Frame) -> Markup {
        let limit = self.most.map(|most| format!(": no more than {most} go on at one time"));
        html! {
            @if self.others > 0 {
                p {
                    (counted(self.others, "other reward waits", "other rewards wait"))
                    " for the same reason, and " @if self.others == 1 { "is" } @else { "are" }
                    " left" (limit.unwrap_or_default()) ". "
                    (link(frame.waiting(&self.reason, self.from.name()), "What waits"))
                }
            }
        }
    }
}

/// What a decision would make of each reward that was chosen, with the way to do it.
#[must_use]
pub fn preview(frame: &Frame, fates: &Fates, because: &str, act: &Act) -> String {
    let (going, rows) = (fates.going(), &fates.rows);
    let main = html! {
        h1 { "What would become of them" }
        p class="answer" {
            (counted(going, "reward", "rewards")) " of " (rows.len()) " would go on. Nothing is written yet."
        }
        (gaps(&fates.not_read))
        (fates.table("What would come of it"))
        (fates.others(frame))
        @if going > 0 {
            form action="/waiting/resume" method="post" {
                (hidden(&fates.reason, fates.from, act))
                input type="hidden" name="because" value=(because);
                @for row in rows.iter().filter(|row| row.goes_on) {
                    input type="hidden" name="ticked" value=(choice(row.since, row.version, &row.key));
                }
                p { (act.by) ", because " q { (because) } ":" }
                p { button { "Let " (counted(going, "reward", "rewards")) " go on" } }
            }
        }
    };
    frame.page(Screen::Waiting, "Waiting", &main)
}

/// What a decision made of each reward.
#[must_use]
pub fn done(frame: &Frame, fates: &Fates) -> String {
    let main = html! {
        h1 { "What became of them" }
        p class="answer" {
            (counted(fates.going(), "reward", "rewards")) " of " (fates.rows.len()) " went on."
        }
        (gaps(&fates.not_read))
        (fates.table("What comes of it"))
        (fates.others(frame))
    };
    frame.page(Screen::Waiting, "Waiting", &main)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_of_a_cause_leads_to_the_next_and_back() {
        let at = Timestamp::from_ms(1_790_000_000_000);
        let frame = Frame { nonce: "n".into(), at, served: true, place: "here".into() };
        let cause = Cause {
            reason: "over_age".into(),
            from: State::Requested,
            count: 51,
            unknown: 0,
            oldest: at,
            meaning: "old".into(),
            remedy: "mend".into(),
            resuming: Resuming::Together,
            commands: Vec::new(),
        };
        for (page, of, earlier, later) in [
            (1, 1, None, None),
            (1, 3, None, Some(2)),
            (2, 3, Some(1), Some(3)),
            (3, 3, Some(2), None),
        ] {
            let shown = waiting(&frame, &cause, &[], Leaf { page, of }, None, &[]);
            for (name, to) in [("earlier", earlier), ("later", later)] {
                let is_there = shown.contains(&format!(">{name}</a>"));
                assert_eq!(is_there, to.is_some(), "{page} of {of}: {name}");
                let link = to.map(|to| format!("from=requested&amp;page={to}\">{name}</a>"));
                assert!(link.is_none_or(|link| shown.contains(&link)), "{page} of {of}: {shown}");
            }
        }
    }

    #[test]
    fn a_choice_names_the_time_and_the_key() {
        let at = Timestamp::from_ms(1_790_000_000_000);
        let choice = choice(at, 7, "p:a b:1");
        assert_eq!(chosen(&choice), Some((at, "p:a b:1")));
        for made_up in ["", "p:1:1", "soon 7 p:1:1", "5 p:1:1", "5 x p:1:1"] {
            assert_eq!(chosen(made_up), None, "{made_up}");
        }
    }
}

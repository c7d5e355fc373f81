//! Screen *Waiting*: the rewards of one cause, and how they go on.

use answers::{Reward, counted};
use maud::{Markup, html};
use shared::fulfilment::Resuming;
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
}

/// A reward and what the decision would make of it, or made of it.
#[derive(Debug, Clone)]
pub struct PreviewRow {
    /// The key.
    pub key: String,
    /// The time since which it waited.
    pub since: Timestamp,
    /// The amount in words.
    pub amount: String,
    /// What becomes of it.
    pub fate: String,
    /// True when it goes on.
    pub goes_on: bool,
}

/// How a form names a reward that waits since then: one that was parked anew meanwhile
/// is another case.
#[must_use]
pub fn choice(since: Timestamp, key: &str) -> String {
    format!("{} {key}", since.ms())
}

/// The screen without a cause: why rewards wait.
#[must_use]
pub fn causes(frame: &Frame, causes: &[Cause], not_read: &[String]) -> String {
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
            @for cause in causes { (card(frame, cause)) }
        }
    };
    frame.page(Screen::Waiting, "Waiting", &main)
}

/// The screen of one cause. Without `act` it is to be read only.
#[must_use]
pub fn waiting(
    frame: &Frame,
    cause: &Cause,
    rows: &[WaitingRow],
    beyond: usize,
    act: Option<&Act>,
    not_read: &[String],
) -> String {
    let may_tick = |row: &WaitingRow| act.is_some() && !row.unknown;
    let is_together = cause.resuming == Resuming::Together;
    let may_all = is_together && cause.count > 1 && cause.unknown < cause.count;
    let row = |of: &WaitingRow| {
        [
            html! {
                @if may_tick(of) {
                    label { input type="checkbox" name="ticked"
                        value=(choice(of.since, &of.reward.key)); " goes on" }
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
                    (hidden(cause, act))
                    p { (how(cause.resuming)) }
                    (list)
                    @if may_all {
                        p {
                            label {
                                input type="checkbox" name="all" value="yes";
                                " All of this cause"
                                @if beyond > 0 { ", also the " (beyond) " that are not shown here" }
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
        @if beyond > 0 { p { (beyond) " more wait for the same reason." } }
        @if !cause.commands.is_empty() {
            h2 { "By command" }
            p { "The same, and more, in a terminal:" }
            @for line in &cause.commands { (command(line)) }
        }
    };
    frame.page(Screen::Waiting, "Waiting", &main)
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

fn hidden(cause: &Cause, act: &Act) -> Markup {
    html! {
        input type="hidden" name="token" value=(act.token);
        input type="hidden" name="reason" value=(cause.reason);
        input type="hidden" name="from" value=(cause.from.name());
    }
}

fn fates(rows: &[PreviewRow], then: &str) -> Markup {
    let row = |of: &PreviewRow| {
        let sign = if of.goes_on {
            badge("good", "\u{2713}", "goes on")
        } else {
            badge("calm", "\u{2013}", "left")
        };
        [html! { (of.key) }, html! { (of.amount) }, sign, html! { (of.fate) }]
    };
    table("What becomes of them", ["Reward", "Amount", "Choice", then], rows.iter().map(row))
}

/// What a decision would make of each reward that was chosen, with the way to do it.
#[must_use]
pub fn preview(
    frame: &Frame,
    cause: &Cause,
    rows: &[PreviewRow],
    because: &str,
    act: &Act,
) -> String {
    let going = rows.iter().filter(|row| row.goes_on).count();
    let main = html! {
        h1 { "What would become of them" }
        p class="answer" {
            (counted(going, "reward", "rewards")) " of " (rows.len()) " would go on. Nothing is written yet."
        }
        (fates(rows, "What would come of it"))
        @if going > 0 {
            form action="/waiting/resume" method="post" {
                (hidden(cause, act))
                input type="hidden" name="because" value=(because);
                @for row in rows.iter().filter(|row| row.goes_on) {
                    input type="hidden" name="ticked" value=(choice(row.since, &row.key));
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
pub fn done(frame: &Frame, rows: &[PreviewRow]) -> String {
    let gone = rows.iter().filter(|row| row.goes_on).count();
    let main = html! {
        h1 { "What became of them" }
        p class="answer" { (counted(gone, "reward", "rewards")) " of " (rows.len()) " went on." }
        (fates(rows, "What comes of it"))
    };
    frame.page(Screen::Waiting, "Waiting", &main)
}

//! Screen *Now*: what waits for a person, what is late, what came in.

use answers::{Alarm, Now, Stage, Sweep, counted, span};
use maud::{Markup, html};
use shared::fulfilment::{Resuming, State};
use shared::wire::Timestamp;

use crate::frame::{Frame, Screen};
use crate::parts::{ago, badge, command, gaps, link, state_badge, table};

/// The promises that wait for one reason in one state, with what to do about them.
#[derive(Debug, Clone)]
pub struct Cause {
    /// The reason.
    pub reason: String,
    /// The state that they were parked from.
    pub from: State,
    /// Their number.
    pub count: usize,
    /// The number of those of which nobody knows what the last call came to.
    pub unknown: usize,
    /// The time since which the first of them waits.
    pub oldest: Timestamp,
    /// The meaning of the reason, as plain text.
    pub meaning: String,
    /// What to do, as plain text.
    pub remedy: String,
    /// The way in which they are resumed.
    pub resuming: Resuming,
    /// The commands to go on with.
    pub commands: Vec<String>,
}

/// The last requests.
#[derive(Debug, Clone, Default)]
pub struct Requests {
    /// The requests and their outcomes in one sentence.
    pub sentence: String,
    /// The latest, latest first.
    pub rows: Vec<RequestRow>,
}

/// One request.
#[derive(Debug, Clone)]
pub struct RequestRow {
    /// The time.
    pub at: Timestamp,
    /// The status code of the answer.
    pub status: u16,
    /// The outcome.
    pub outcome: String,
    /// The provider, where one is known.
    pub provider: Option<String>,
    /// The type of the event.
    pub event_type: Option<String>,
    /// What else is known of it.
    pub detail: String,
}

/// The screen. `requests` is `None` where no log is at hand.
#[must_use]
pub fn now(frame: &Frame, now: &Now, causes: &[Cause], requests: Option<&Requests>) -> String {
    let main = html! {
        h1 { "Now" }
        p class="answer" { (now.sentence()) }
        (gaps(&now.gaps))
        @if let Some(alarms) = now.alarms.as_ref().filter(|alarms| !alarms.on.is_empty()) {
            h2 { "Alarms that are on" }
            p { (counted(alarms.on.len(), "alarm", "alarms")) " of " (alarms.count) ", longest first." }
            @for of in &alarms.on { (alarm(frame, of)) }
        }
        @if now.pipeline.is_empty() {
            p { "No reward is open." }
        } @else {
            h2 { "Open rewards" }
            p { (open(now)) }
            @if let Some(says) = now.sweep.as_ref().and_then(oldest) { p { (says) } }
            (table(
                "Open rewards by state",
                ["How it stands", "Rewards", "Oldest", "Late"],
                now.pipeline.iter().map(|of| stage(frame, of)),
            ))
        }
        @if !causes.is_empty() {
            h2 { "Why rewards wait for a person" }
            p {
                (counted(causes.iter().map(|cause| cause.count).sum(), "reward", "rewards"))
                ", " (counted(causes.len(), "cause", "causes")) ". One cause is one thing to do."
            }
            @for cause in causes { (card(frame, cause)) }
        }
        @if let Some(requests) = requests {
            h2 { "Requests" }
            p { (requests.sentence) }
            @if !requests.rows.is_empty() {
                (table(
                    "Requests",
                    ["When", "Answer", "Outcome", "Provider", "Type", "Detail"],
                    requests.rows.iter().map(|of| request(frame, of)),
                ))
            }
        }
    };
    frame.page(Screen::Now, "Now", &main)
}

fn open(now: &Now) -> String {
    let parked = now.pipeline.iter().find(|stage| stage.state == State::Parked);
    let wait = parked.map_or_else(|| "none".to_owned(), Stage::counted);
    let others = now.pipeline.iter().filter(|stage| stage.state != State::Parked);
    let count = others.map(|stage| stage.count).sum();
    let under_way = counted(count, "reward is on its way", "rewards are on their way");
    format!("{under_way}; waiting for a person: {wait}.")
}

/// The oldest work of the last sweep, which looks at every open reward.
fn oldest(sweep: &Sweep) -> Option<String> {
    let of = sweep.oldest?;
    let (age, state) = (span(of.seconds), crate::parts::state(of.state));
    Some(format!("The oldest work that the last sweep saw was open for {age}: {state}."))
}

fn alarm(frame: &Frame, of: &Alarm) -> Markup {
    html! {
        section class="card" {
            h3 { (badge("doubt", "!", &of.name)) }
            @if let Some(since) = of.since { p { "It went off " (ago(frame, since)) "." } }
            p { strong { "What: " } (of.meaning) }
            @if let Some(check) = &of.check {
                p { strong { "Look: " } (check) }
            }
            @if let Some(remedy) = &of.remedy { p { strong { "Do: " } (remedy) } }
            @if let Some(line) = &of.command { (command(line)) }
            @if let Some(section) = &of.section {
                p { "All of it: " (link(web(frame, section), section)) }
            }
        }
    }
}

/// An address that a browser can open; none in a file.
fn web(frame: &Frame, section: &str) -> Option<String> {
    (frame.served && section.starts_with("https://")).then(|| section.to_owned())
}

fn stage(frame: &Frame, stage: &Stage) -> [Markup; 4] {
    [
        state_badge(stage.state),
        html! { (stage.counted()) },
        html! { @if let Some(at) = stage.oldest { (ago(frame, at)) } },
        html! {
            @if stage.late > 0 { (badge("doubt", "!", &format!("{} late", stage.late))) }
            @else { "none" }
        },
    ]
}

pub(crate) fn card(frame: &Frame, cause: &Cause) -> Markup {
    let Cause { reason, from, count, unknown, .. } = cause;
    html! {
        section class="card" {
            h3 {
                (link(frame.waiting(reason, from.name()), reason))
                ", from " (from.name()) ": " (counted(*count, "reward", "rewards"))
            }
            p { "The first of them came " (ago(frame, cause.oldest)) "." }
            @if *unknown > 0 {
                p { (badge("doubt", "?", "nobody knows")) " what the last call of " (unknown) " came to." }
            }
            p { strong { "What: " } (cause.meaning) "." }
            p { strong { "Do: " } (cause.remedy) "." }
            @for line in &cause.commands { (command(line)) }
        }
    }
}

fn request(frame: &Frame, of: &RequestRow) -> [Markup; 6] {
    let (tone, sign, word) = match of.status {
        ..400 => ("good", "\u{2713}", "taken"),
        400..500 => ("back", "\u{d7}", "refused"),
        _ => ("doubt", "!", "failed"),
    };
    [
        ago(frame, of.at),
        badge(tone, sign, &format!("{} {word}", of.status)),
        html! { (of.outcome) },
        html! { (of.provider.as_deref().unwrap_or("-")) },
        html! { (of.event_type.as_deref().unwrap_or("-")) },
        html! { (of.detail) },
    ]
}

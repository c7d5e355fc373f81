//! The parts that pages are made of.

use answers::{Given, Money, Reward, Total, span};
use maud::{Markup, html};
use shared::fulfilment::State;
use shared::wire::Timestamp;

use crate::frame::Frame;

/// A table; on a narrow screen each row is a block, and each cell has its column's name.
pub(crate) fn table<const N: usize>(
    caption: &str,
    columns: [&str; N],
    rows: impl IntoIterator<Item = [Markup; N]>,
) -> Markup {
    html! {
        table role="table" aria-label=(caption) {
            thead role="rowgroup" {
                tr role="row" {
                    @for name in columns { th role="columnheader" scope="col" { (name) } }
                }
            }
            tbody role="rowgroup" {
                @for row in rows {
                    tr role="row" {
                        @for (name, cell) in columns.iter().zip(row) {
                            td role="cell" data-name=(name) { div { (cell) } }
                        }
                    }
                }
            }
        }
    }
}

/// A time as seen from the page's: "4 min ago", with the exact time in `title`.
pub(crate) fn ago(frame: &Frame, at: Timestamp) -> Markup {
    let exact = at.to_rfc3339();
    let seconds = frame.at.seconds().saturating_sub(at.seconds());
    let words = match seconds {
        0.. => format!("{} ago", span(seconds)),
        _ => format!("in {}", span(0_i64.saturating_sub(seconds))),
    };
    html! { time datetime=(exact) title=(exact) { (words) } }
}

/// A time that the provider states; its day.
pub(crate) fn day(at: &str) -> Markup {
    let day = at.split('T').next().unwrap_or(at);
    html! { time title=(at) { (day) } }
}

/// Text that leads somewhere, where pages can.
pub(crate) fn link(href: Option<String>, text: &str) -> Markup {
    html! {
        @if let Some(href) = href { a href=(href) { (text) } } @else { (text) }
    }
}

/// Whether it is given: a sign, a word, and a colour for both.
pub(crate) fn given(given: Given) -> Markup {
    let (tone, sign) = match given {
        Given::Given => ("good", "\u{2713}"),
        Given::NotGiven => ("calm", "\u{2013}"),
        Given::NobodyKnows => ("doubt", "?"),
    };
    badge(tone, sign, given.words())
}

/// A word with a sign and a colour.
pub(crate) fn badge(tone: &str, sign: &str, word: &str) -> Markup {
    html! {
        span class={ "badge " (tone) } { span aria-hidden="true" { (sign) } " " (word) }
    }
}

/// The colour of a state.
pub(crate) fn tone(state: State) -> &'static str {
    match state {
        State::LookupDue | State::ApprovalDue | State::AwaitingApproval | State::Requested => {
            "calm"
        }
        State::Delivering | State::Confirming | State::Reversing => "busy",
        State::Delivered | State::Confirmed => "good",
        State::Denied | State::ReversalDue | State::Reversed => "back",
        State::Parked => "doubt",
    }
}

/// A state in the words that the screens use.
pub(crate) fn state(state: State) -> &'static str {
    match state {
        State::LookupDue => "to be looked up",
        State::ApprovalDue => "approval to be asked for",
        State::AwaitingApproval => "approval asked for",
        State::Requested => "to be given",
        State::Delivering => "being given",
        State::Delivered => "given, platform to be told",
        State::Confirming => "platform being told",
        State::Confirmed => "given, platform told",
        State::Denied => "not given, withdrawn",
        State::ReversalDue => "to be taken back",
        State::Reversing => "being taken back",
        State::Reversed => "taken back",
        State::Parked => "waits for a person",
    }
}

/// The badge of a state.
pub(crate) fn state_badge(of: State) -> Markup {
    let sign = match tone(of) {
        "good" => "\u{2713}",
        "doubt" => "!",
        "busy" => "\u{2026}",
        "back" => "\u{21a9}",
        _ => "\u{25cb}",
    };
    badge(tone(of), sign, state(of))
}

/// An amount to be read in a column.
pub(crate) fn amount(of: &Money) -> Markup {
    html! { span class="amount" { (of.to_string()) } }
}

/// The recipient of a reward in words.
pub(crate) fn recipient(reward: &Reward) -> Markup {
    html! {
        @match &reward.recipient {
            Some(to) => (to.words()),
            None => "not known",
        }
    }
}

/// Totals, one a line: "500 points in 1".
pub(crate) fn totals(of: &[Total]) -> Markup {
    html! {
        @for total in of {
            div { (amount(&total.sum)) " in " (total.count) }
        }
    }
}

/// What could not be read, and whether that is for want of a right. The rest of the page
/// stands.
pub(crate) fn gaps(of: &[String]) -> Markup {
    let is_forbidden =
        |gap: &String| ["not allowed", "AccessDenied"].iter().any(|sign| gap.contains(sign));
    html! {
        @if !of.is_empty() {
            aside class="gaps" aria-label="Not read" {
                @for gap in of {
                    @let word = if is_forbidden(gap) { "not allowed:" } else { "not read:" };
                    p { (badge("doubt", "!", word)) " " (gap.replace("not allowed: ", "")) ". The rest stands." }
                }
            }
        }
    }
}

/// A command to copy.
pub(crate) fn command(line: &str) -> Markup {
    html! { code class="command" tabindex="0" { (line) } }
}

/// A word as a title begins with it.
pub(crate) fn capital(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), chars.as_str())
}

//! Screen of an event as it is kept, with its body.

use maud::html;
use shared::ledger::Partition;
use shared::wire::Timestamp;

use crate::frame::{Frame, Screen};
use crate::parts::{ago, link};

/// The most of a body that a page has, in bytes: the largest that providers send, written
/// out, has some times as many.
const BODY: usize = 256 * 1024;

/// An event as it is kept.
#[derive(Debug, Clone)]
pub struct KeptEvent {
    /// The partition of its object, or of the inbox.
    pub partition: Partition,
    /// Its type; none for bytes that are no event.
    pub event_type: Option<String>,
    /// The time at which it came.
    pub received: Timestamp,
    /// What else is known of it, by name: identity, secret, headers.
    pub about: Vec<(String, String)>,
    /// What has to be known of the body, in sentences: that it is elsewhere, that it is
    /// cut, that values are hidden.
    pub notes: Vec<String>,
    /// The body, if there is one to show.
    pub body: Option<String>,
}

/// The screen.
#[must_use]
pub fn show(frame: &Frame, of: &KeptEvent) -> String {
    let pk = &of.partition;
    let what = of.event_type.as_deref().unwrap_or("No event");
    let title = format!("{what} of {}", pk.provider());
    let object = format!("{} {} {}", pk.provider(), pk.kind(), pk.id());
    let (body, rest) = of.body.as_deref().map_or(("", 0), beginning);
    let main = html! {
        h1 { (title) }
        p class="answer" { "Received " (ago(frame, of.received)) "." }
        dl {
            dt { "Of" } dd { (link(frame.story(pk), &object)) }
            @for (name, value) in &of.about { dt { (name) } dd { (value) } }
        }
        h2 { "The body as it is kept" }
        @for note in &of.notes { p { (note) } }
        @if rest > 0 { p { "Its end is left out here, " (rest) " bytes of it; the command show has all." } }
        @if !body.is_empty() { pre { code class="command" tabindex="0" { (body) } } }
    };
    frame.page(Screen::Other, &title, &main)
}

/// The part of a body that a page has, and how many bytes are left out.
fn beginning(body: &str) -> (&str, usize) {
    let end = (0..=BODY.min(body.len())).rev().find(|end| body.is_char_boundary(*end));
    let (begin, rest) = body.split_at_checked(end.unwrap_or_default()).unwrap_or((body, ""));
    (begin, rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_body_ends_between_two_characters() {
        assert_eq!(beginning("a body"), ("a body", 0));
        let body = "\u{e9}".repeat(BODY);
        let (begin, rest) = beginning(&body);
        assert_eq!((begin.len(), rest), (BODY, BODY));
        let body = format!("a{body}");
        let (begin, rest) = beginning(&body);
        assert_eq!((begin.len(), rest), (BODY - 1, BODY + 2));
    }
}

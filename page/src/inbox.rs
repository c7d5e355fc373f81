//! Screen *Inbox*: what came in rightly signed and changed no record.

use maud::html;
use shared::ledger::Partition;
use shared::wire::Timestamp;

use crate::frame::{Frame, Screen};
use crate::parts::{ago, gaps, link, table};

/// An item of the inbox.
#[derive(Debug, Clone)]
pub struct InboxRow {
    /// Its partition.
    pub partition: Partition,
    /// Its identity, where it has one.
    pub identity: Option<String>,
    /// The time at which it came.
    pub received: Timestamp,
    /// Why it is there, in words.
    pub why: String,
    /// Its type and what is wrong with it.
    pub what: String,
    /// The address at which it came in.
    pub route: Option<String>,
}

/// The screen. `sentence` says how many there are of which sort; `advice` has what to do
/// with each sort.
#[must_use]
pub fn inbox(
    frame: &Frame,
    sentence: &str,
    rows: &[InboxRow],
    advice: &[(String, String)],
    not_read: &[String],
) -> String {
    let row = |of: &InboxRow| {
        [
            ago(frame, of.received),
            html! { (of.why) },
            html! { (of.partition.provider()) },
            html! { (of.what) },
            html! { (of.route.as_deref().unwrap_or("-")) },
            link(frame.story(&of.partition), of.partition.id()),
            html! {
                @if let Some(href) = frame.show(&of.partition, of.identity.as_deref()) {
                    a href=(href) aria-label={ "body of " (of.partition.id()) } { "body" }
                } @else { "-" }
            },
        ]
    };
    let main = html! {
        h1 { "Inbox" }
        p class="answer" { (sentence) }
        (gaps(not_read))
        @if !rows.is_empty() {
            (table("Inbox", ["Received", "Why", "Provider", "What", "Where", "Id", "Kept"], rows.iter().map(row)))
        }
        @for (why, says) in advice {
            h2 { "What to do: " (why) }
            p { (says) }
        }
    };
    frame.page(Screen::Inbox, "Inbox", &main)
}

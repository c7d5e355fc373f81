//! What every page has around its answer: head, style sheet, the way to other screens.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use shared::ledger::{Kind, Partition};
use shared::wire::Timestamp;

/// The style sheet.
const STYLE: &str = include_str!("style.css");
/// What a segment of a path, or a value of a query, may not have as it is.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'/')
    .add(b';')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'?')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The circumstances under which a page is shown.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The nonce of the style sheet, new for each page.
    pub nonce: String,
    /// The time at which the page was made.
    pub at: Timestamp,
    /// True where other screens can be asked for; false in a file.
    pub served: bool,
    /// The place that was looked at, for people.
    pub place: String,
}

/// A screen, as the bar at the top names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// How all stands.
    Now,
    /// What waits for a person.
    Waiting,
    /// What came in and changed nothing.
    Inbox,
    /// What is to be pasted where, and how it is set.
    Wiring,
    /// Any other.
    Other,
}

impl Frame {
    /// The address of a story; none in a file.
    pub(crate) fn story(&self, of: &Partition) -> Option<String> {
        let (provider, kind, id) = (escape(of.provider()), escape(of.kind()), escape(of.id()));
        self.served.then(|| format!("/story/{provider}/{kind}/{id}"))
    }

    /// The address of an event as it is kept, by its identity where that is known; none in
    /// a file.
    pub(crate) fn show(&self, of: &Partition, identity: Option<&str>) -> Option<String> {
        let (provider, kind, id) = (escape(of.provider()), escape(of.kind()), escape(of.id()));
        let event = identity.map(|one| format!("?event={}", escape(one))).unwrap_or_default();
        self.served.then(|| format!("/show/{provider}/{kind}/{id}{event}"))
    }

    /// The address of an affiliate; none in a file.
    pub(crate) fn affiliate(&self, provider: &str, id: &str) -> Option<String> {
        self.served.then(|| format!("/affiliate/{}/{}", escape(provider), escape(id)))
    }

    /// The address of all rows about somebody; none in a file.
    pub(crate) fn csv(&self, role: &str, provider: &str, id: &str) -> Option<String> {
        let (provider, id) = (escape(provider), escape(id));
        self.served.then(|| format!("/{role}/{provider}/{id}?as=csv"))
    }

    /// The address of a page on all that there is of somebody; none in a file.
    pub(crate) fn all(&self, role: &str, provider: &str, id: &str) -> Option<String> {
        let (provider, id) = (escape(provider), escape(id));
        self.served.then(|| format!("/{role}/{provider}/{id}?all=yes"))
    }

    /// The address of one cause of waiting; none in a file.
    pub(crate) fn waiting(&self, reason: &str, from: &str) -> Option<String> {
        let (reason, from) = (escape(reason), escape(from));
        self.served.then(|| format!("/waiting?reason={reason}&from={from}"))
    }

    /// The address of whatever tells most of an object.
    pub(crate) fn best(&self, of: &Partition) -> Option<String> {
        if of.kind() == Kind::Affiliate.name() {
            return self.affiliate(of.provider(), of.id());
        }
        if of.kind() == Kind::Customer.name() {
            let (provider, id) = (escape(of.provider()), escape(of.id()));
            return self.served.then(|| format!("/customer/{provider}/{id}"));
        }
        self.story(of)
    }

    /// A whole page.
    pub(crate) fn page(&self, screen: Screen, title: &str, main: &Markup) -> String {
        let policy = format!(
            "default-src 'none'; style-src 'nonce-{}'; form-action 'self'; base-uri 'none'",
            self.nonce
        );
        let bar = |of: Screen, href: &str, name: &str| {
            html! {
                @if screen == of { a href=(href) aria-current="page" { (name) } }
                @else { a href=(href) { (name) } }
            }
        };
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    // A file has no headers; a served page says the same in both.
                    meta http-equiv="Content-Security-Policy" content=(policy);
                    meta name="referrer" content="no-referrer";
                    title { (title) }
                    style nonce=(self.nonce) { (PreEscaped(STYLE)) }
                }
                body {
                    @if self.served {
                        a class="skip" href="#answer" { "To the answer" }
                        header {
                            nav aria-label="Screens" {
                                (bar(Screen::Now, "/", "Now"))
                                (bar(Screen::Waiting, "/waiting", "Waiting"))
                                (bar(Screen::Inbox, "/inbox", "Inbox"))
                                (bar(Screen::Wiring, "/wiring", "Wiring"))
                            }
                            form action="/find" method="get" role="search" {
                                label for="q" { "Find any id" }
                                input id="q" name="q" required maxlength="1024" autocomplete="off";
                                button { "Find" }
                            }
                        }
                    }
                    main id="answer" tabindex="-1" { (main) }
                    footer {
                        p {
                            (self.place) ", looked at "
                            time datetime=(self.at.to_rfc3339()) { (self.at.to_rfc3339()) } "."
                        }
                    }
                }
            }
        };
        page.into_string()
    }
}

/// A page that says one thing: that something was not found, or is not allowed.
#[must_use]
pub fn told(frame: &Frame, title: &str, says: &str) -> String {
    let main = html! {
        h1 { (title) }
        @for line in says.lines() { p { (line) } }
    };
    frame.page(Screen::Other, title, &main)
}

pub(crate) fn escape(text: &str) -> String {
    // A segment of dots alone means another place.
    match text {
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        _ => utf8_percent_encode(text, SEGMENT).to_string(),
    }
}

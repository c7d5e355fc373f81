//! Screen *Wiring*: what is to be pasted where, what came in last, how it is set.

use answers::{About, ProviderWiring, Saying, Seen, UNSAID, Wiring, refusal};
use maud::{Markup, html};

use crate::frame::{Frame, Screen};
use crate::parts::{ago, badge, capital, command, gaps};

/// The screen.
#[must_use]
pub fn wiring(frame: &Frame, wiring: &Wiring) -> String {
    let main = html! {
        h1 { "Wiring" }
        p class="answer" { (wiring.sentence()) }
        (gaps(&wiring.gaps))
        @if !wiring.missing.is_empty() {
            h2 { "To look at" }
            ul class="plain" {
                @for says in &wiring.missing { li { (badge("doubt", "!", "look:")) " " (says) } }
            }
        }
        @for of in &wiring.providers { (provider(frame, of)) }
        @if !wiring.settings.is_empty() {
            h2 { "How it is set" }
            @for about in About::ALL { (settings(about, &wiring.settings)) }
            p class="soft" { "Nothing is said of " (UNSAID.join(", ")) ": they change no event." }
        }
    };
    frame.page(Screen::Wiring, "Wiring", &main)
}

fn provider(frame: &Frame, of: &ProviderWiring) -> Markup {
    let state = match (&of.event, of.is_refused()) {
        (_, true) => badge("doubt", "!", "refused last"),
        (Some(_), false) => badge("good", "\u{2713}", "comes in"),
        (None, false) if of.complete => badge("calm", "\u{2013}", "nothing came"),
        (None, false) => badge("doubt", "?", "not known"),
    };
    html! {
        section class="card" {
            h2 { (of.name) " " (state) }
            dl {
                dt { "Last event" }
                dd { (last(frame, of, of.event.as_ref())) }
                dt { "Last refusal" }
                dd { (last(frame, of, of.refusal.as_ref())) }
                dt { "Secret that vouched last" }
                dd {
                    @match &of.vouched {
                        Some(seen) => {
                            (seen.secret.as_deref().unwrap_or_default()) ", " (ago(frame, seen.at))
                        }
                        None => (of.none()),
                    }
                }
            }
            h3 { "Addresses to paste" }
            @for address in &of.addresses {
                (command(&address.url))
                p class="soft" { "for " (address.takes.join(", ")) }
            }
            @if let Some(token) = &of.token { p { (token) } }
        }
    }
}

fn last(frame: &Frame, of: &ProviderWiring, seen: Option<&Seen>) -> Markup {
    let Some(seen) = seen else { return html! { (of.none()) } };
    html! {
        (ago(frame, seen.at)) ", answered " (seen.status)
        @if let Some(event) = &seen.event_type { ": " (event) }
        ": " (seen.words())
        @if let Some(says) = seen.reason.as_deref().and_then(refusal) {
            p class="soft" { (capital(&says.replace('`', ""))) }
        }
    }
}

fn settings(about: About, all: &[Saying]) -> Markup {
    let of: Vec<&Saying> = all.iter().filter(|saying| saying.about == about).collect();
    html! {
        @if !of.is_empty() {
            h3 { (about.words()) }
            ul class="plain" {
                @for saying in of {
                    li { (saying.says) " " span class="soft" { (saying.parameters.join(", ")) } }
                }
            }
        }
    }
}

//! Screen *Story*: what happened to one object.

use answers::{FactChange, Happening, RecordNow, Story, StoryEvent, StoryPromise, What};
use maud::{Markup, html};
use shared::fulfilment::Parked;
use shared::ledger::Partition;
use shared::provider::ALL;

use crate::bars::bar;
use crate::frame::{Frame, Screen};
use crate::parts::{ago, badge, capital, gaps, given, link, state_badge, table};

/// The screen of one object. `not_read` says what could not be read.
#[must_use]
pub fn story(frame: &Frame, story: &Story, not_read: &[String]) -> String {
    let pk = &story.partition;
    let kind = capital(&pk.kind().replace('_', " "));
    let title = format!("{kind} {} of {}", pk.id(), pk.provider());
    let main = html! {
        h1 { (title) }
        @for promise in &story.promises { p class="answer" { (promise.reward.amount.to_string()) ". " (promise.now) } }
        @if story.promises.is_empty() { p class="answer" { (without_reward(story, not_read)) } }
        (gaps(not_read))
        @for promise in &story.promises { (life(frame, promise)) }
        h2 { "What happened" }
        p { (answers::counted(story.timeline.len(), "thing", "things")) " happened here, earliest first." }
        ol class="line" {
            @for happening in &story.timeline { li { (happened(frame, pk, happening)) } }
        }
        @if let Some(record) = &story.record { (recorded(record)) }
    };
    frame.page(Screen::Other, &title, &main)
}

/// The sentence where no promise can be shown. Only for some objects are rewards promised;
/// what somebody was promised is told elsewhere.
fn without_reward(story: &Story, not_read: &[String]) -> String {
    let of = &story.partition;
    let own = ALL.iter().filter_map(|own| own.rewards);
    let mut own = own.filter(|rewards| rewards.provider.name() == of.provider());
    let promises = own.any(|rewards| rewards.kind.name() == of.kind());
    let promised = match (promises, not_read.is_empty()) {
        (false, _) => "",
        (true, true) => "No reward was promised for it. ",
        (true, false) => "No reward that can be read was promised for it. ",
    };
    let status = story.record.as_ref().and_then(|record| record.status.as_deref());
    match status {
        Some(status) => format!("{promised}Its status is {status}."),
        None if promised.is_empty() => "No status is known of it.".to_owned(),
        None => promised.trim_end().to_owned(),
    }
}

fn life(frame: &Frame, of: &StoryPromise) -> Markup {
    let reward = &of.reward;
    let affiliate = reward.affiliate_id.as_deref();
    let href = affiliate.and_then(|id| frame.affiliate(reward.partition.provider(), id));
    html! {
        section class="card" {
            h2 { "Reward " (reward.key) }
            p { (state_badge(reward.state)) }
            (bar(frame, of))
            dl {
                dt { "Given?" } dd { (given(reward.given)) }
                dt { (reward.vendor) " knows?" } dd { (reward.platform_knows.words()) }
                @if let Some(to) = &reward.recipient { dt { "To" } dd { (to.words()) } }
                @if let Some(id) = affiliate { dt { "Affiliate" } dd { (link(href, id)) } }
                @if let Some(campaign) = &reward.campaign_id { dt { "Campaign" } dd { (campaign) } }
                dt { "Promised" } dd { (ago(frame, reward.promised_at)) }
            }
            p { strong { "Now: " } (of.now) }
            @if let Some(next) = &of.next { p { strong { "Next: " } (next.says) "." } }
            @if let Some(parked) = &reward.parked {
                p { strong { "What to do: " } (what_to_do(frame, parked)) }
            }
        }
    }
}

fn what_to_do(frame: &Frame, parked: &Parked) -> Markup {
    let reason = parked.reason.to_string();
    link(frame.waiting(&reason, parked.from.name()), &format!("see {reason}"))
}

fn happened(frame: &Frame, pk: &Partition, happening: &Happening) -> Markup {
    let what = &happening.what;
    html! {
        (ago(frame, happening.at)) " "
        @match what {
            What::Event(event) => {
                (badge("calm", "\u{2190}", "event")) " "
                strong { (link(kept(frame, pk, event), &what.words())) }
                @let told = event.changes.iter().filter(|change| !change.says_nothing());
                ul class="notes" {
                    @for change in told { li class="change" { (changed(change)) } }
                    @for note in event.notes() { li { (note) } }
                }
            }
            What::Decided { .. } => { (badge("busy", "\u{261e}", "person")) " " (what.words()) }
            What::Tried(_) => { (badge("calm", "\u{2192}", "try")) " " (what.words()) }
            What::Promised { .. } => { (badge("good", "+", "promise")) " " (what.words()) }
            What::LeftOut { .. } | What::Delivered { .. } | What::Confirmed { .. }
            | What::Entered { .. } => { (badge("calm", "\u{b7}", "promise")) " " (what.words()) }
        }
    }
}

/// The address of an event as it is kept, which may be with another object.
fn kept(frame: &Frame, pk: &Partition, event: &StoryEvent) -> Option<String> {
    let with = event.kept_with.as_ref().and_then(|with| with.parse().ok());
    frame.show(with.as_ref().unwrap_or(pk), event.identity.as_deref())
}

fn changed(change: &FactChange) -> Markup {
    html! {
        @match (&change.old, &change.new) {
            (Some(old), Some(new)) if !change.personal && old != new => {
                (change.fact) " " del { (old) } " \u{2192} " ins { (new) }
            }
            _ => (change.words()),
        }
    }
}

fn recorded(record: &RecordNow) -> Markup {
    let row = |(name, value): (&str, String)| [html! { (name) }, html! { (value) }];
    html! {
        h2 { "The record now" }
        p {
            "Version " (record.version) "."
            @if record.contested { " " (badge("doubt", "!", "contested")) ": its events contradict each other." }
            @if record.deleted_at.is_some() { " It is deleted." }
            @if record.hidden > 0 {
                " " (answers::counted(record.hidden, "fact is", "facts are"))
                " not shown, because they may say who somebody is."
            }
        }
        @if !record.facts.is_empty() {
            (table("Facts", ["Fact", "Value"], record.shown().map(row)))
        }
    }
}

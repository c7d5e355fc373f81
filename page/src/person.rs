//! Screen *Person*, and what has an id.

use answers::{Earning, Person, Reward, Total, counted};
use maud::{Markup, html};
use shared::ledger::Partition;

use crate::frame::{Frame, Screen};
use crate::parts::{ago, amount, capital, day, gaps, given, link, recipient, table, totals};

/// The most rows of each kind on a page.
const ROWS: usize = 25;

/// The screen of an affiliate or a customer, which `role` says. `more` is the command
/// that lists all rows.
#[must_use]
pub fn person(frame: &Frame, person: &Person, role: &str, more: &str) -> String {
    let Person { provider, id, rewards, commissions, payouts, .. } = person;
    let title = format!("{} {id} of {provider}", capital(role));
    let main = html! {
        h1 { (title) }
        @if let Some(status) = &person.status { p class="soft" { "Status: " (status) } }
        p class="answer" { (person.sentence()) }
        @if let Some(latest) = person.latest {
            p {
                "There is more: all counts and sums on this page are of the latest " (latest) ". "
                @if let Some(all) = frame.all(role, provider, id) {
                    a href=(all) { "All of it" } ", which takes longer."
                }
            }
        }
        (gaps(&person.gaps))
        @if !rewards.is_empty() {
            h2 { "Rewards" }
            p { (latest(rewards.len(), "reward was promised", "rewards were promised")) }
            (reward_table(frame, rewards))
            (cut(rewards.len(), more))
        }
        @if !commissions.is_empty() {
            h2 { "Commissions without a reward" }
            p { (latest(commissions.len(), "commission", "commissions")) " No reward was promised for them." }
            (earnings(frame, provider, "commission", commissions))
            (cut(commissions.len(), more))
        }
        @if !payouts.is_empty() {
            h2 { "Payouts" }
            p {
                (latest(payouts.len(), "payout", "payouts"))
                " A payout pays out commissions: the two are never added up."
            }
            (earnings(frame, provider, "payout", payouts))
            (cut(payouts.len(), more))
        }
        (sums(person))
        @if let Some(csv) = frame.csv(role, provider, id) {
            p { a href=(csv) { "All rows as CSV" } }
        }
        @if !person.others.is_empty() {
            p {
                "Also recorded: "
                @for (n, (kind, count)) in person.others.iter().enumerate() {
                    @if n > 0 { ", " }
                    (kind.replace('_', " ")) " " (count)
                }
                "."
            }
        }
    };
    frame.page(Screen::Other, &title, &main)
}

fn latest(count: usize, one: &str, many: &str) -> String {
    let order = if count > 1 { ", latest first" } else { "" };
    format!("{}{order}.", counted(count, one, many))
}

fn cut(count: usize, more: &str) -> Markup {
    let rest = count.saturating_sub(ROWS);
    html! {
        @if rest > 0 {
            p { (counted(rest, "earlier one is", "earlier ones are")) " not shown here. All of them:" }
            (crate::parts::command(more))
        }
    }
}

fn reward_table(frame: &Frame, rewards: &[Reward]) -> Markup {
    let row = |of: &Reward| {
        [
            link(frame.story(&of.partition), &of.key),
            amount(&of.amount),
            recipient(of),
            given(of.given),
            html! { (of.platform_knows.words()) },
            html! { (of.sentence()) },
            ago(frame, of.promised_at),
        ]
    };
    table(
        "Rewards",
        ["Reward", "Amount", "To", "Given?", "Platform knows?", "How it stands", "Promised"],
        rewards.iter().take(ROWS).map(row),
    )
}

fn earnings(frame: &Frame, provider: &str, kind: &str, of: &[Earning]) -> Markup {
    let row = |of: &Earning| {
        let pk = Partition::new(provider, kind, &of.id).ok();
        let href = pk.and_then(|pk| frame.story(&pk));
        let inside = (of.commissions > 0)
            .then(|| format!("of {}", counted(of.commissions, "commission", "commissions")));
        let within = of.part_of.as_ref().map(|within| {
            let pk = Partition::new(provider, within.kind, &within.id).ok();
            let href = pk.filter(|_| within.status.is_some()).and_then(|pk| frame.story(&pk));
            html! { "in " (link(href, &within.words())) }
        });
        [
            link(href, &of.id),
            html! { @if let Some(of) = &of.amount { (amount(of)) } @else { "not stated" } },
            html! { (of.status.as_deref().unwrap_or("no status")) },
            html! { @if let Some(at) = &of.occurred_at { (day(at)) } @else { "not stated" } },
            html! {
                @if let Some(inside) = &inside { (inside) }
                @if inside.is_some() && within.is_some() { ", " }
                @if let Some(within) = &within { (within) }
                @if inside.is_none() && within.is_none() { "-" }
            },
        ]
    };
    let columns = [if kind == "payout" { "Payout" } else { "Commission" }, "Amount", "Status"];
    let [id, amount, status] = columns;
    table(id, [id, amount, status, "Dated", "Belongs to"], of.iter().take(ROWS).map(row))
}

fn sums(person: &Person) -> Markup {
    let row = |what: &str, by: &str, of: &[Total]| [html! { (what) }, html! { (by) }, totals(of)];
    let given = person.rewarded.iter().map(|(given, of)| row("rewards to them", given.words(), of));
    let earned = person.earned.iter().map(|(status, of)| row("commissions", status, of));
    let paid = person.paid.iter().map(|(status, of)| row("payouts", status, of));
    let rows: Vec<[Markup; 3]> = given.chain(earned).chain(paid).collect();
    html! {
        @if !rows.is_empty() {
            h2 { "Totals" }
            p { "Each is of one kind, one status and one unit." }
            (table("Totals", ["Of", "That are", "Sum"], rows))
        }
    }
}

/// Something that has the id that was asked for.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Its partition.
    pub partition: Partition,
    /// What is known of it, in a few words.
    pub says: String,
    /// The rewards that were promised for it.
    pub rewards: Vec<Reward>,
}

/// An event that has the id that was asked for.
#[derive(Debug, Clone)]
pub struct FoundEvent {
    /// The partition of its object.
    pub partition: Partition,
    /// Its identity.
    pub identity: String,
    /// What is known of it, in a few words.
    pub says: String,
    /// True where the table has it.
    pub kept: bool,
}

/// All that has an id, objects and events, with the rewards to a customer who has it.
#[must_use]
pub fn findings(
    frame: &Frame,
    id: &str,
    (found, events): (&[Finding], &[FoundEvent]),
    to_customer: &[Reward],
    not_read: &[String],
) -> String {
    let row = |of: &Finding| {
        let pk = &of.partition;
        let name = format!("{} {} {}", pk.provider(), pk.kind(), pk.id());
        [
            link(frame.best(pk), &name),
            html! { (of.says) },
            html! { @for reward in &of.rewards { p { (reward.key) ": " (reward.sentence()) } } },
        ]
    };
    let event = |of: &FoundEvent| {
        let pk = &of.partition;
        let name = format!("{} {} {}", pk.provider(), pk.kind(), pk.id());
        let shown = frame.show(pk, Some(&of.identity)).filter(|_| of.kept);
        [link(shown, &of.identity), link(frame.story(pk), &name), html! { (of.says) }]
    };
    let main = html! {
        h1 { "What has the id " (id) }
        p class="answer" {
            @if !events.is_empty() { (counted(events.len(), "event", "events")) ", " }
            (counted(found.len(), "object", "objects")) " and "
            (counted(to_customer.len(), "reward to a customer", "rewards to a customer")) "."
        }
        (gaps(not_read))
        @if !events.is_empty() {
            (table("Events", ["Event", "Of", "Known of it"], events.iter().map(event)))
        }
        @if !found.is_empty() {
            (table("Objects", ["Object", "Known of it", "Rewards"], found.iter().map(row)))
        }
        @if !to_customer.is_empty() {
            h2 { "Rewards to customer " (id) }
            p { "Promised for commissions of others." }
            (reward_table(frame, to_customer))
        }
    };
    frame.page(Screen::Other, &format!("Find {id}"), &main)
}

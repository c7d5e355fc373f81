//! The answer about somebody, for people.

use answers::{Earning, Person, Reward, Total, counted};

use crate::gaps;
use crate::layout::lines;

/// The answer with at most so many rows of each kind.
pub(super) fn of(person: &Person, role: &str, rows: usize) -> String {
    let status = person.status.as_ref().map(|status| format!(", {status}")).unwrap_or_default();
    let mut text = lines(&format!("{role} {} of {}{status}", person.id, person.provider), 0);
    text.push_str(&lines(&person.sentence(), 0));
    text.push_str(&section("Rewards", &person.rewards, rows, reward));
    text.push_str(&section("Commissions without a reward", &person.commissions, rows, |of| {
        earning("commission", of)
    }));
    text.push_str(&section("Payouts", &person.payouts, rows, |of| earning("payout", of)));
    text.push_str(&totals(person));
    if !person.others.is_empty() {
        let others = person.others.iter();
        let others: Vec<String> =
            others.map(|(kind, count)| format!("{} {count}", kind.replace('_', " "))).collect();
        text.push_str(&lines(&format!("Also recorded: {}.", others.join(", ")), 0));
    }
    text.push_str(&gaps::text(&person.gaps));
    text
}

fn section<T>(title: &str, of: &[T], rows: usize, row: impl Fn(&T) -> String) -> String {
    if of.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{title}\n");
    text.extend(of.iter().take(rows).map(row));
    let more = of.len().saturating_sub(rows);
    if more > 0 {
        let more = counted(more, "earlier one", "earlier ones");
        text.push_str(&lines(&format!("and {more}: --all, --csv or --json"), 2));
    }
    text
}

fn reward(reward: &Reward) -> String {
    let to = reward.recipient.as_ref().map(|to| format!(" to {}", to.words()));
    let promised = day(&reward.promised_at.to_rfc3339()).to_owned();
    let what =
        format!("{}: {}{}, promised {promised}", reward.key, reward.amount, to.unwrap_or_default());
    format!("{}{}", lines(&what, 2), lines(&reward.sentence(), 4))
}

fn earning(kind: &str, of: &Earning) -> String {
    let parts = [
        of.amount.as_ref().map(ToString::to_string),
        of.status.clone(),
        of.occurred_at.as_deref().map(|at| day(at).to_owned()),
        (of.commissions > 0).then(|| counted(of.commissions, "commission", "commissions")),
        of.part_of.as_ref().map(|link| format!("in {}", link.words())),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    lines(&format!("{kind} {}: {}", of.id, parts.join(", ")), 2)
}

fn totals(person: &Person) -> String {
    let rewarded = person.rewarded.iter();
    let rewarded = rewarded.map(|(given, totals)| (format!("rewards, {}", given.words()), totals));
    let earned = person.earned.iter();
    let earned = earned.map(|(status, totals)| (format!("commissions, {status}"), totals));
    let paid = person.paid.iter();
    let paid = paid.map(|(status, totals)| (format!("payouts, {status}"), totals));
    let rows: Vec<String> = rewarded
        .chain(earned)
        .chain(paid)
        .map(|(what, totals)| lines(&format!("{what}: {}", sums(totals)), 2))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("\nTotals of each kind, not to be added up\n{}\n", rows.concat())
}

fn sums(totals: &[Total]) -> String {
    let sums = totals.iter();
    let sums: Vec<String> = sums.map(|total| format!("{} in {}", total.sum, total.count)).collect();
    sums.join("; ")
}

/// The day of a time as it is stored.
fn day(at: &str) -> &str {
    at.get(..10).unwrap_or(at)
}

//! The rows of the answer as CSV (RFC 4180), for a spreadsheet.

use answers::{Earning, Money, Person, Reward};

/// The columns.
const HEAD: [&str; 16] = [
    "what",
    "id",
    "amount",
    "unit",
    "currency",
    "status",
    "given",
    "platform_knows",
    "recipient_role",
    "recipient_id",
    "waits_because",
    "occurred_at",
    "delivered_at",
    "confirmed_at",
    "part_of",
    "sentence",
];

/// The rows, rewards first.
pub(super) fn of(person: &Person) -> String {
    let head = HEAD.map(str::to_owned);
    let rewards = person.rewards.iter().map(reward);
    let commissions = person.commissions.iter().map(|of| earning("commission", of));
    let payouts = person.payouts.iter().map(|of| earning("payout", of));
    let rows = std::iter::once(head).chain(rewards).chain(commissions).chain(payouts);
    rows.map(|row| row.map(|cell| quoted(&cell)).join(",") + "\r\n").collect()
}

fn reward(reward: &Reward) -> [String; 16] {
    let [amount, unit, currency] = money(Some(&reward.amount));
    let to = reward.recipient.as_ref();
    let at = |at: Option<shared::wire::Timestamp>| {
        at.map(shared::wire::Timestamp::to_rfc3339).unwrap_or_default()
    };
    [
        "reward".into(),
        reward.key.clone(),
        amount,
        unit,
        currency,
        reward.state.name().into(),
        reward.given.words().into(),
        reward.platform_knows.words().into(),
        to.map(|to| to.role.clone()).unwrap_or_default(),
        to.and_then(|to| to.id.clone()).unwrap_or_default(),
        reward.reason().map(ToString::to_string).unwrap_or_default(),
        at(Some(reward.promised_at)),
        at(reward.delivered_at),
        at(reward.confirmed_at),
        String::new(),
        reward.sentence(),
    ]
}

fn earning(what: &str, of: &Earning) -> [String; 16] {
    let [amount, unit, currency] = money(of.amount.as_ref());
    let mut row: [String; 16] = std::array::from_fn(|_| String::new());
    let cells = [
        what.to_owned(),
        of.id.clone(),
        amount,
        unit,
        currency,
        of.status.clone().unwrap_or_default(),
    ];
    for (cell, value) in row.iter_mut().zip(cells) {
        *cell = value;
    }
    let later = [
        (11, of.occurred_at.clone().unwrap_or_default()),
        (14, of.part_of.as_ref().map(answers::Link::words).unwrap_or_default()),
    ];
    for (place, value) in later {
        if let Some(cell) = row.get_mut(place) {
            *cell = value;
        }
    }
    row
}

fn money(of: Option<&Money>) -> [String; 3] {
    let part = |part: fn(&Money) -> &Option<String>| {
        of.and_then(|money| part(money).clone()).unwrap_or_default()
    };
    [part(|of| &of.number), part(|of| &of.unit), part(|of| &of.currency)]
}

/// A cell in quotes. A spreadsheet takes what begins with certain characters for a
/// formula, and others chose the ids; an amount may well begin with a minus.
fn quoted(cell: &str) -> String {
    let is_number = cell.parse::<f64>().is_ok();
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number;
    let guard = if is_formula { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula_and_ends_where_it_should() {
        for (cell, quoted_as) in [
            ("", r#""""#),
            ("a,b", r#""a,b""#),
            (r#"a "b""#, r#""a ""b""""#),
            ("-9.00", r#""-9.00""#),
            ("=1+1", r#""'=1+1""#),
            ("-x", r#""'-x""#),
            ("@x", r#""'@x""#),
        ] {
            assert_eq!(quoted(cell), quoted_as);
        }
    }

    #[test]
    fn the_head_has_a_cell_for_each_column() {
        let person = Person::of("p", "1", answers::Role::Affiliate, &[], &[], Vec::new(), false);
        assert_eq!(of(&person).trim_end().split(',').count(), HEAD.len());
    }
}

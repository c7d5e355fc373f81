//! Amounts as people write them, and their sums.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use bigdecimal::BigDecimal;
use serde::Serialize;
use serde_json::Value;
use shared::ledger::Record;

/// The unit of money that is counted in hundredths.
const CENTS: &str = "cash_cents";
/// The unit of money in whole units of its currency.
const MAJOR: &str = "cash_major";
/// The unit of money here.
const CASH: &str = "cash";
/// The currencies that have no smaller unit (ISO 4217, List One).
const WHOLE: [&str; 16] = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND",
    "VUV", "XAF", "XOF",
];

/// An amount with its unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Money {
    /// The number, as people write it: money in whole units, at least two decimals.
    pub number: Option<String>,
    /// The unit in the ledger's words; `cash` for money, however it is counted there.
    pub unit: Option<String>,
    /// The currency of money, where the provider states it.
    pub currency: Option<String>,
}

/// The sum of the amounts of one unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Total {
    /// The number of amounts.
    pub count: usize,
    /// The sum.
    #[serde(flatten)]
    pub sum: Money,
}

impl Money {
    /// An amount as the ledger has it.
    #[must_use]
    pub fn new(value: Option<&str>, unit: Option<&str>, currency: Option<&str>) -> Self {
        let number = value.and_then(|value| BigDecimal::from_str(value).ok());
        let is_money = matches!(unit, Some(CENTS | MAJOR));
        let number = number.map(|number| match unit {
            Some(CENTS) => money(&(number / 100), false),
            Some(MAJOR) => money(&number, currency.is_some_and(|of| WHOLE.contains(&of))),
            _ => number.normalized().to_plain_string(),
        });
        Self {
            // What is no number is shown as it is.
            number: number.or_else(|| value.map(str::to_owned)),
            unit: if is_money { Some(CASH.into()) } else { unit.map(str::to_owned) },
            currency: currency.filter(|_| is_money).map(str::to_owned),
        }
    }

    /// The amount of a record; `None` where it states none. The currency of its sale is
    /// not taken for its own.
    #[must_use]
    pub fn of_record(record: &Record) -> Option<Self> {
        let amount = record.fact("amount")?;
        let part = |name: &str| amount.get(name).and_then(Value::as_str);
        Some(Self::new(part("value"), part("unit"), record.text("currency")))
    }

    fn with(number: Option<String>, unit: Option<&str>, currency: Option<&str>) -> Self {
        let [unit, currency] = [unit, currency].map(|text| text.map(str::to_owned));
        Self { number, unit, currency }
    }

    fn is_cash(&self) -> bool {
        self.unit.as_deref() == Some(CASH)
    }
}

/// Money with two decimals, more where it has more, none where its currency has none.
fn money(number: &BigDecimal, is_whole: bool) -> String {
    let plain = number.normalized();
    let decimals = plain.fractional_digit_count().max(if is_whole { 0 } else { 2 });
    plain.with_scale(decimals).to_plain_string()
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = if self.number.is_none() { "of " } else { "" };
        let number = self.number.as_deref().unwrap_or("an unknown amount");
        match (&self.currency, &self.unit) {
            (Some(currency), _) => write!(f, "{number} {of}{currency}"),
            (None, Some(_)) if self.is_cash() => write!(f, "{number} (currency not stated)"),
            (None, Some(unit)) => write!(f, "{number} {of}{}", unit_words(unit, number)),
            (None, None) => write!(f, "{number} (unit not known)"),
        }
    }
}

/// A unit in words, with its number before it.
pub(crate) fn unit_words(unit: &str, number: &str) -> String {
    match (unit, number) {
        ("discount_per", _) => "% discount".to_owned(),
        ("mon_discount", _) => "money discount".to_owned(),
        ("points" | "credits" | "free_months", "1") => unit.trim_end_matches('s').replace('_', " "),
        _ => unit.replace('_', " "),
    }
}

/// The unit and the currency that amounts have in common.
type Of<'a> = (Option<&'a str>, Option<&'a str>);

/// The sums of amounts, one for each unit and currency, and behind them one without a
/// number for those amounts that have none.
#[must_use]
pub fn totals<'a>(amounts: impl IntoIterator<Item = &'a Money>) -> Vec<Total> {
    let mut sums: BTreeMap<Of<'_>, (usize, BigDecimal)> = BTreeMap::new();
    let mut unknown: BTreeMap<Of<'_>, usize> = BTreeMap::new();
    for money in amounts {
        let of = (money.unit.as_deref(), money.currency.as_deref());
        match money.number.as_deref().and_then(|number| BigDecimal::from_str(number).ok()) {
            Some(number) => {
                let sum = sums.entry(of).or_default();
                sum.0 += 1;
                sum.1 += number;
            }
            None => *unknown.entry(of).or_default() += 1,
        }
    }
    let total = |((unit, currency), (count, sum)): (Of<'_>, (usize, BigDecimal))| {
        let number = if unit == Some(CASH) {
            money(&sum, currency.is_some_and(|of| WHOLE.contains(&of)))
        } else {
            sum.normalized().to_plain_string()
        };
        Total { count, sum: Money::with(Some(number), unit, currency) }
    };
    let without = |((unit, currency), count): (Of<'_>, usize)| Total {
        count,
        sum: Money::with(None, unit, currency),
    };
    sums.into_iter().map(total).chain(unknown.into_iter().map(without)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_as_people_write_it() {
        for (value, unit, currency, text) in [
            ("318.4", Some("cash_major"), Some("USD"), "318.40 USD"),
            ("18450", Some("cash_cents"), None, "184.50 (currency not stated)"),
            ("-900", Some("cash_cents"), None, "-9.00 (currency not stated)"),
            ("5", Some("cash_cents"), Some("EUR"), "0.05 EUR"),
            ("12.345", Some("cash_major"), Some("KWD"), "12.345 KWD"),
            ("1200", Some("cash_major"), Some("JPY"), "1200 JPY"),
            ("500", Some("points"), Some("USD"), "500 points"),
            ("2.50", Some("free_months"), None, "2.5 free months"),
            ("1e3", Some("credits"), None, "1000 credits"),
            ("7", None, None, "7 (unit not known)"),
            ("many", Some("points"), None, "many points"),
            ("1.0", Some("free_months"), None, "1 free month"),
            ("12.5", Some("discount_per"), None, "12.5 % discount"),
        ] {
            assert_eq!(Money::new(Some(value), unit, currency).to_string(), text);
        }
        let none = Money::new(None, Some("points"), None);
        assert_eq!(none.to_string(), "an unknown amount of points");
    }

    #[test]
    fn sums_are_exact_and_never_of_two_units_or_currencies() {
        let money = |value, unit, currency| Money::new(Some(value), Some(unit), currency);
        let amounts = [
            money("0.1", "cash_major", Some("USD")),
            money("20", "cash_cents", Some("USD")),
            money("3", "cash_major", Some("EUR")),
            money("3", "cash_major", None),
            money("500", "points", None),
            money("-500", "points", None),
            money("500", "credits", None),
            Money::new(None, Some("points"), None),
            money("many", "points", None),
        ];
        let said: Vec<_> =
            totals(&amounts).iter().map(|total| (total.count, total.sum.to_string())).collect();
        let expected = [
            (1, "3.00 (currency not stated)"),
            (1, "3.00 EUR"),
            (2, "0.30 USD"),
            (1, "500 credits"),
            (2, "0 points"),
            (2, "an unknown amount of points"),
        ];
        assert_eq!(said, expected.map(|(count, text)| (count, text.to_owned())));
    }
}

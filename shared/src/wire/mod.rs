//! The types that provider payloads are made of.
//!
//! The form of a member says what may be done with its value: personal data reaches
//! table items only, of payment data the presence is kept and nothing else, and a
//! credential is not read at all (invariant `NothingLeaks`).

pub mod digest;
mod field;
mod free;
pub mod json;
pub mod parts;
pub mod secret;
pub mod sensitive;
mod timestamp;

use std::str::FromStr;

use bigdecimal::BigDecimal;
use serde::Serialize;

use crate::wire::json::Json;

pub use field::{Field, Read, Unread};
pub use timestamp::Timestamp;

/// Longest id in bytes, as long as a table key leaves room for.
pub const MAX_ID_BYTES: usize = 512;
/// Most digits an amount may have once written out.
pub const MAX_AMOUNT_DIGITS: u64 = 1000;

/// A provider's id, from a string or a whole number: 1 to 512 bytes, not blank,
/// without control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Id(String);

impl Id {
    /// The id in `text`. `None` when blank, over [`MAX_ID_BYTES`], with a control
    /// character or with U+FFFD, which stands for lost characters, so that two ids
    /// may have become one.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = !text.trim().is_empty() && text.len() <= MAX_ID_BYTES;
        let wrong = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER;
        (fits && !text.chars().any(wrong)).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Read for Id {
    fn read(json: &Json, _: &mut Unread) -> Option<Self> {
        match json {
            Json::Text(text) => Self::new(text),
            Json::Number(digits) if digits.bytes().all(|b| b.is_ascii_digit() || b == b'-') => {
                Self::new(digits)
            }
            _ => None,
        }
    }
}

/// An exact decimal number, written out without exponent or trailing zeros
/// (invariant `ExactAmounts`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Decimal(String);

impl Decimal {
    /// Reads `500`, `250.00`, `-1.5` or `2.5e2`. `None` for anything else and
    /// for numbers over [`MAX_AMOUNT_DIGITS`].
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let plain = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
        if !plain || text.len() > usize::try_from(MAX_AMOUNT_DIGITS).ok()? {
            return None;
        }
        let number = BigDecimal::from_str(text).ok()?.normalized();
        let (digits, scale) = (number.digits(), number.fractional_digit_count());
        // Bounded before it is written out: 1e999999999 is short as text.
        (scale.unsigned_abs().saturating_add(digits) <= MAX_AMOUNT_DIGITS)
            .then(|| Self(number.to_plain_string()))
    }

    /// The number as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Read for Decimal {
    fn read(json: &Json, _: &mut Unread) -> Option<Self> {
        match json {
            Json::Text(text) | Json::Number(text) => Self::new(text),
            _ => None,
        }
    }
}

impl Read for Timestamp {
    fn read(json: &Json, _: &mut Unread) -> Option<Self> {
        match json {
            Json::Text(text) | Json::Number(text) => Timestamp::read(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_and_bounded() {
        let long = "9".repeat(400);
        for (text, value) in [
            ("250.00", Some("250")),
            ("0.10", Some("0.1")),
            ("-0", Some("0")),
            ("2.5e2", Some("250")),
            ("1E-3", Some("0.001")),
            (" 12 ", Some("12")),
            ("123456789012345678901234567890.123", Some("123456789012345678901234567890.123")),
            (long.as_str(), Some(long.as_str())),
            ("1e999999999", None),
            ("1e-999999999", None),
            ("", None),
            ("1,000", None),
            ("NaN", None),
            ("0x10", None),
            ("1_000", None),
        ] {
            assert_eq!(Decimal::new(text).as_ref().map(Decimal::as_str), value, "{text}");
        }
    }

    #[test]
    fn ids_have_a_length() {
        assert!(Id::new("").is_none());
        assert!(Id::new(&"x".repeat(512)).is_some());
        assert!(Id::new(&"x".repeat(513)).is_none());
        for text in ["a\nb", "  ", "P \u{fffd}"] {
            assert!(Id::new(text).is_none(), "{text}");
        }
    }
}

//! The types that provider payloads are made of.
//!
//! Each says what may be done with its value: [`Personal`] reaches table items
//! only, [`Present`] keeps whether there was a value and nothing else, and
//! [`Credential`] keeps nothing (invariant `NothingLeaks`).

pub mod digest;
mod field;
pub mod json;
pub mod secret;
pub mod sensitive;
mod timestamp;

use std::fmt;
use std::str::FromStr;

use bigdecimal::BigDecimal;
use serde::{Serialize, Serializer};

use crate::wire::json::Json;

pub use field::{Field, Read, Unread};
pub(crate) use field::{payload, wire_name};
pub use timestamp::Timestamp;

/// Longest id in bytes, as long as a table key leaves room for.
pub const MAX_ID_BYTES: usize = 512;
/// Most digits an amount may have once written out.
pub const MAX_AMOUNT_DIGITS: u64 = 1000;

/// Longest status or unit, in bytes.
const MAX_WORD_BYTES: usize = 256;

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

/// An id of a provider whose ids are numbers. `N/A` and 0 name nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct NumberId(Id);

impl NumberId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Read for NumberId {
    fn read(json: &Json, unread: &mut Unread) -> Option<Self> {
        let id = Id::read(json, unread)?;
        let number = id.as_str().bytes().all(|b| b.is_ascii_digit());
        (number && id.as_str().bytes().any(|b| b != b'0')).then_some(Self(id))
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

/// A time kept as text: as sent where that is RFC 3339, else rewritten in that form.
/// Readers of a record need not know how providers write times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Time(String);

impl Read for Time {
    fn read(json: &Json, _: &mut Unread) -> Option<Self> {
        let (Json::Text(text) | Json::Number(text)) = json else {
            return None;
        };
        let time = Timestamp::read(text)?;
        let strict = Timestamp::parse(text).is_some();
        Some(Self(if strict { text.trim().to_owned() } else { time.to_rfc3339() }))
    }
}

/// Text that is neither personal nor secret, blank or not: a plan name, a
/// colour. Unknown values are kept. Numbers and booleans are taken as their
/// text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text(String);

impl Read for Text {
    fn read(json: &Json, _: &mut Unread) -> Option<Self> {
        loose_text(json).map(Self)
    }
}

/// The result of a check, such as a fraud check, in small letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Verdict(String);

impl Read for Verdict {
    fn read(json: &Json, _: &mut Unread) -> Option<Self> {
        loose_text(json).map(|text| Self(text.trim().to_ascii_lowercase()))
    }
}

/// A status or a unit: text that is not blank, of 256 bytes at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Word(String);

impl Word {
    /// The word in small letters: Affonso's webhooks write it in capitals, its API
    /// in small letters.
    #[must_use]
    pub fn lower(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl Read for Word {
    fn read(json: &Json, _: &mut Unread) -> Option<Self> {
        let text = json.as_str()?.trim();
        (1..=MAX_WORD_BYTES).contains(&text.len()).then(|| Self(text.to_owned()))
    }
}

fn loose_text(json: &Json) -> Option<String> {
    match json {
        Json::Text(text) | Json::Number(text) => Some(text.clone()),
        Json::Bool(value) => Some(value.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) | Json::Several(_) => None,
    }
}

/// Personal data: stored in table items, shown nowhere else.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Personal(String);

impl Personal {
    /// The value, for a table item or a delivery to the company's own system.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal]")
    }
}

impl Read for Personal {
    fn read(json: &Json, _: &mut Unread) -> Option<Self> {
        loose_text(json).map(Self)
    }
}

/// Tax and payment data, reduced to whether there was any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present(bool);

impl Serialize for Present {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if self.0 { "present" } else { "absent" })
    }
}

impl Read for Present {
    fn read(json: &Json, _: &mut Unread) -> Option<Self> {
        Some(Self(match json {
            Json::Null => false,
            Json::Bool(value) => *value,
            Json::Text(text) | Json::Number(text) => !text.trim().is_empty(),
            Json::Array(items) => !items.is_empty(),
            Json::Object(members) => !members.is_empty(),
            Json::Several(_) => true,
        }))
    }
}

/// A credential: read past, never kept. Declaring it documents that the
/// provider sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential;

impl Read for Credential {
    fn read(_: &Json, _: &mut Unread) -> Option<Self> {
        Some(Self)
    }
}

impl Serialize for Credential {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
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

    #[test]
    fn personal_data_is_not_printed() {
        assert_eq!(format!("{:?}", Personal("jane@example.com".into())), "[personal]");
    }
}

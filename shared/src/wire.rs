//! The types that provider payloads are made of.
//!
//! Each says what may be done with its value: [`Personal`] reaches table items
//! only, [`Present`] keeps whether there was a value and nothing else, and
//! [`Credential`] keeps nothing (invariant `NothingLeaks`).

use std::fmt;
use std::str::FromStr;

use bigdecimal::BigDecimal;
use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};

use crate::json::Json;
use crate::timestamp::Timestamp;

/// Longest id in bytes, as long as a table key leaves room for.
pub const MAX_ID_BYTES: usize = 512;
/// Most digits an amount may have once written out.
pub const MAX_AMOUNT_DIGITS: u64 = 1000;

/// A field of a payload: not sent, sent as `null`, or sent with a value. A
/// later `null` takes an earlier value away, a missing field does not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Field<T> {
    /// The payload does not name the field.
    #[default]
    Absent,
    /// The payload says `null`.
    Null,
    /// The payload says this.
    Value(T),
}

impl<T> Field<T> {
    /// The value, if one was sent.
    pub fn value(&self) -> Option<&T> {
        match self {
            Field::Value(value) => Some(value),
            _ => None,
        }
    }

    /// Whether the payload does not name the field.
    pub fn is_absent(&self) -> bool {
        matches!(self, Field::Absent)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Field::Null, Field::Value))
    }
}

impl<T: Serialize> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Field::Value(value) => value.serialize(serializer),
            _ => serializer.serialize_none(),
        }
    }
}

/// Implements `Deserialize` for a type that is read from the text of a JSON
/// string or number.
macro_rules! read_from_text {
    ($type:ty, $hint:ident, $expecting:literal, $read:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct TextVisitor;
                impl Visitor<'_> for TextVisitor {
                    type Value = $type;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$type, E> {
                        let read: fn(&str) -> Option<$type> = $read;
                        // The offending text is not quoted: it may be personal data.
                        read(text).ok_or_else(|| E::custom(concat!("is not ", $expecting)))
                    }
                }
                deserializer.$hint(TextVisitor)
            }
        }
    };
}

/// An id of the provider's, from a string or a whole number: 1 to 512 bytes
/// without control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Id(String);

impl Id {
    /// `None` when empty, over [`MAX_ID_BYTES`] or with a control character.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= MAX_ID_BYTES;
        (fits && !text.chars().any(char::is_control)).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

read_from_text!(Id, deserialize_str, "an id of 1 to 512 bytes", Id::new);

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

read_from_text!(Decimal, deserialize_any, "a decimal number", Decimal::new);

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TimeVisitor;
        impl Visitor<'_> for TimeVisitor {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an ISO 8601 time")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                Timestamp::parse(text).ok_or_else(|| E::custom("is not an ISO 8601 time"))
            }
        }
        deserializer.deserialize_any(TimeVisitor)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

/// Text that is neither personal nor secret: a status, a unit, a plan name.
/// Unknown values are kept. Numbers and booleans are taken as their text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text(pub String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseText).map(Text)
    }
}

struct LooseText;

/// Stands for a value that is no text where one was expected.
const NOT_TEXT: &str = "[not text]";

impl<'de> Visitor<'de> for LooseText {
    type Value = String;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }
    // No text, and no reason to lose the event that it decorates.
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<String, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(NOT_TEXT.to_owned())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<String, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(NOT_TEXT.to_owned())
    }
}

/// A part that only decorates an event: what cannot be read as `T` is dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct Loose<T>(Option<T>);

impl<'de, T: de::DeserializeOwned> Deserialize<'de> for Loose<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let part = Json::deserialize(deserializer)?;
        let readable = matches!(part, Json::Object(_));
        Ok(Self(if readable { T::deserialize(&part).ok() } else { None }))
    }
}

impl<T: Serialize> Serialize for Loose<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
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

impl<'de> Deserialize<'de> for Personal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseText).map(Personal)
    }
}

/// Tax and payment data: only whether there was any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present(bool);

impl Serialize for Present {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if self.0 { "present" } else { "absent" })
    }
}

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PresentVisitor;
        impl<'de> Visitor<'de> for PresentVisitor {
            type Value = Present;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Present, E> {
                Ok(Present(!text.trim().is_empty()))
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Present, E> {
                Ok(Present(value))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Present, A::Error> {
                let mut any = false;
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    any = true;
                }
                Ok(Present(any))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Present, A::Error> {
                let mut any = false;
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    any = true;
                }
                Ok(Present(any))
            }
        }
        deserializer.deserialize_any(PresentVisitor)
    }
}

/// A credential: read past, never kept. Declaring it documents that the
/// provider sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential;

impl<'de> Deserialize<'de> for Credential {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Credential)
    }
}

impl Serialize for Credential {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
    }
}

/// Declares payload structs: every field optional, as [`Field`] has it, so
/// that a missing or unknown member never refuses an event by itself.
macro_rules! payload {
    ($($(#[$outer:meta])* struct $name:ident {
        $($(#[$inner:meta])* $field:ident : $type:ty,)*
    })*) => {$(
        #[derive(Debug, Clone, Default, PartialEq, serde::Deserialize, serde::Serialize)]
        #[serde(default)]
        $(#[$outer])*
        pub(crate) struct $name {
            $(
                $(#[$inner])*
                #[serde(skip_serializing_if = "crate::wire::Field::is_absent")]
                pub(crate) $field: crate::wire::Field<$type>,
            )*
        }
    )*};
}
pub(crate) use payload;

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
        assert!(Id::new("a\nb").is_none());
    }

    #[test]
    fn personal_data_is_not_printed() {
        assert_eq!(format!("{:?}", Personal("jane@example.com".into())), "[personal]");
    }
}

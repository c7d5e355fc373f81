//! JSON as it was sent: numbers keep their digits, duplicate keys are refused.
//!
//! `serde_json::Value` turns `250.00` into a float and keeps the last of two
//! equal keys. Amounts must stay exact, and of two equal keys nobody knows
//! which one the sender meant, so the tree here is built from raw slices.

use std::collections::HashSet;
use std::fmt;

use serde::de::value::Error as ValueError;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, Deserialize, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::value::RawValue;

/// Deepest nesting accepted. Real payloads stay under ten levels.
pub const MAX_DEPTH: usize = 64;
/// What stands for a value that was nested too deep to be kept.
const TOO_DEEP: &str = "[nested too deep]";

/// A JSON value. It has no `Debug`: it holds whatever the provider sent.
#[derive(Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, with the digits as sent.
    Number(String),
    /// A string.
    Text(String),
    /// An array.
    Array(Vec<Json>),
    /// An object, members in the order sent; no two keys alike, unless salvaged.
    Object(Vec<(String, Json)>),
}

/// Why bytes are not acceptable JSON. Carries no content of the body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The bytes are not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// The text is not JSON.
    #[error("not JSON at line {line}, column {column}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// An object names a key twice.
    #[error("duplicate key")]
    DuplicateKey,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

/// Reads one JSON document.
///
/// # Errors
/// [`JsonError`] when the bytes are not UTF-8, not JSON, nested too deep or
/// name a key twice.
pub fn parse(bytes: &[u8]) -> Result<Json, JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|_| JsonError::NotUtf8)?;
    read(text, false)
}

/// Reads what [`parse`] refuses though it is JSON, so that it can be redacted
/// before it is kept: all of equal keys stay, what is nested too deep and
/// surrogates that stand alone do not, and a byte order mark is passed over.
#[must_use]
pub fn salvage(bytes: &[u8]) -> Option<Json> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.trim_start_matches('\u{feff}');
    let read_as = |text: &str| read(text, true).ok();
    read_as(text).or_else(|| read_as(&without_surrogates(text)))
}

/// Puts the replacement character in the place of each escaped surrogate.
fn without_surrogates(text: &str) -> String {
    let mut parts = text.split("\\u");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..4).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let surrogate = code.is_some_and(|code| (0xd800..=0xdfff).contains(&code));
        let rest = part.get(4..).filter(|_| surrogate);
        out.push_str(rest.map_or("\\u", |_| "\\ufffd"));
        out.push_str(rest.unwrap_or(part));
    }
    out
}

fn read(text: &str, leniently: bool) -> Result<Json, JsonError> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|e| syntax(&e))?;
    build(raw, MAX_DEPTH, leniently)
}

fn syntax(error: &serde_json::Error) -> JsonError {
    JsonError::Syntax { line: error.line(), column: error.column() }
}

fn build(raw: &RawValue, depth: usize, leniently: bool) -> Result<Json, JsonError> {
    let text = raw.get();
    match (text.as_bytes().first(), depth.checked_sub(1)) {
        (Some(b'{' | b'['), None) if leniently => Ok(Json::Text(TOO_DEEP.into())),
        (Some(b'{' | b'['), None) => Err(JsonError::TooDeep),
        (Some(b'{'), Some(depth)) => object(text, depth, leniently),
        (Some(b'['), Some(depth)) => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|e| syntax(&e))?;
            let items = items.into_iter();
            let items: Result<_, _> = items.map(|item| build(item, depth, leniently)).collect();
            Ok(Json::Array(items?))
        }
        (Some(b'"'), _) => serde_json::from_str(text).map(Json::Text).map_err(|e| syntax(&e)),
        (Some(b't'), _) => Ok(Json::Bool(true)),
        (Some(b'f'), _) => Ok(Json::Bool(false)),
        (Some(b'n'), _) => Ok(Json::Null),
        _ => Ok(Json::Number(text.to_owned())),
    }
}

fn object(text: &str, depth: usize, leniently: bool) -> Result<Json, JsonError> {
    let Members(members) = serde_json::from_str(text).map_err(|e| syntax(&e))?;
    let mut seen = HashSet::with_capacity(members.len());
    if !leniently && !members.iter().all(|(key, _)| seen.insert(key.as_str())) {
        return Err(JsonError::DuplicateKey);
    }
    let members: Result<_, _> = members
        .into_iter()
        .map(|(key, raw)| build(raw, depth, leniently).map(|value| (key, value)))
        .collect();
    Ok(Json::Object(members?))
}

struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

impl Json {
    /// The member `key` of an object; `None` for anything else.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The text of a string; `None` for anything else.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Writes the value as compact JSON, digits of numbers unchanged.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            Json::Number(digits) => out.push_str(digits),
            Json::Text(text) => write_text(text, out),
            Json::Array(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Json::Object(members) => {
                out.push('{');
                for (i, (key, value)) in members.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_text(key, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// Numbers reach the visitor as text, so that each type of [`crate::wire`]
/// reads its own digits.
impl<'de> Deserializer<'de> for &'de Json {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self {
            Json::Null => visitor.visit_unit(),
            Json::Bool(b) => visitor.visit_bool(*b),
            Json::Number(text) | Json::Text(text) => visitor.visit_borrowed_str(text),
            Json::Array(items) => visitor.visit_seq(SeqDeserializer::new(items.iter())),
            Json::Object(members) => visitor
                .visit_map(MapDeserializer::new(members.iter().map(|(k, v)| (k.as_str(), v)))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self {
            Json::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// Asked for text, a whole number serves (ids come as both), another number
    /// does not.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self {
            Json::Number(digits) if digits.bytes().any(|b| !b.is_ascii_digit() && b != b'-') => {
                Err(de::Error::custom("is not text or a whole number"))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char string
        bytes byte_buf unit unit_struct seq tuple tuple_struct map struct enum
        identifier ignored_any
    }
}

/// A part of a tree, taken out of it; numbers become text.
impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E: de::Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Json::Object(members))
    }
}

impl<'de> IntoDeserializer<'de, ValueError> for &'de Json {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_digits_of_numbers() {
        let long = "9".repeat(400);
        for number in ["250.00", "1e400", "-0", "0.1000", long.as_str()] {
            let text = format!(r#"{{"amount":{number},"list":[null,true,"a\"b"]}}"#);
            assert_eq!(parse(text.as_bytes()).map(|j| j.to_text()).ok(), Some(text));
        }
    }

    #[test]
    fn refuses_what_is_ambiguous_or_not_json() {
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        let deep_object = r#"{"a":"#.repeat(65) + "1" + &"}".repeat(65);
        let cases: [(&[u8], JsonError); 4] = [
            (b"\xff\xfe", JsonError::NotUtf8),
            (br#"{"a":1,"a":2}"#, JsonError::DuplicateKey),
            (deep.as_bytes(), JsonError::TooDeep),
            (deep_object.as_bytes(), JsonError::TooDeep),
        ];
        for (bytes, error) in cases {
            assert_eq!(parse(bytes).err(), Some(error));
        }
        for text in ["", "{", "{}x", "{'a':1}", "[1,]", "01", "NaN", r#""\ud800""#, "\u{feff}{}"] {
            assert!(matches!(parse(text.as_bytes()), Err(JsonError::Syntax { .. })), "{text}");
        }
        let fits = "[".repeat(MAX_DEPTH) + &"]".repeat(MAX_DEPTH);
        assert!(parse(fits.as_bytes()).is_ok());
    }

    #[test]
    fn what_is_refused_is_salvaged_to_be_redacted() {
        let salvaged = |bytes: &[u8]| salvage(bytes).map(|json| json.to_text());
        for (bytes, kept) in [
            (r#"{"a":1,"a":{"b":2}}"#, r#"{"a":1,"a":{"b":2}}"#),
            ("\u{feff}{\"a\":1}", r#"{"a":1}"#),
            (r#"{"a":"\ud800","\uDfff":1}"#, "{\"a\":\"\u{fffd}\",\"\u{fffd}\":1}"),
        ] {
            assert!(parse(bytes.as_bytes()).is_err());
            assert_eq!(salvaged(bytes.as_bytes()).as_deref(), Some(kept));
        }
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        let kept = "[".repeat(MAX_DEPTH) + "\"[nested too deep]\"" + &"]".repeat(MAX_DEPTH);
        assert_eq!(salvaged(deep.as_bytes()), Some(kept));
        assert_eq!(salvaged(b"{"), None);
    }

    #[test]
    fn equal_keys_are_seen_through_escapes() {
        assert_eq!(parse(br#"{"a":1,"\u0061":2}"#).err(), Some(JsonError::DuplicateKey));
    }
}

//! JSON as it was sent: numbers keep their digits, equal keys are seen.
//!
//! `serde_json::Value` turns `250.00` into a float and keeps the last of two
//! equal keys. Amounts must stay exact, and of two equal keys nobody knows
//! which one the sender meant, so the tree here is built from raw slices.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Deepest nesting accepted. Real payloads stay under ten levels.
pub const MAX_DEPTH: usize = 64;
/// The text in place of a value that was nested too deep to be kept.
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
    /// An object, members in the order sent, no two keys alike.
    Object(Vec<(String, Json)>),
    /// The values of a key that an object names more than once. Nothing can be read
    /// from it.
    Several(Vec<Json>),
}

/// The reason why bytes are not acceptable JSON. It carries no content of the body.
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

/// A JSON document, with its flaw where part of it is ambiguous or left out.
pub struct Flawed {
    /// The document.
    pub json: Json,
    /// The reason for which [`parse`] refuses the document.
    pub flaw: Option<JsonError>,
}

/// Reads one JSON document. A byte order mark before the document is passed over.
/// An escaped surrogate that stands alone, which JavaScript writes for half a
/// character, is read as U+FFFD.
///
/// # Errors
/// [`JsonError`] when the bytes are not UTF-8, not JSON, nested too deep or
/// name a key twice.
pub fn parse(bytes: &[u8]) -> Result<Json, JsonError> {
    let Flawed { json, flaw } = read(bytes)?;
    flaw.map_or(Ok(json), Err)
}

/// Reads a document as far as it is JSON, so that a flaw in one place costs nothing
/// elsewhere: bytes that are not UTF-8 are read as U+FFFD, a key that is named
/// twice has [`Json::Several`] values, and a value that is nested too deep is left
/// out.
///
/// # Errors
/// [`JsonError`] when the document is not JSON even so.
pub fn read(bytes: &[u8]) -> Result<Flawed, JsonError> {
    // The usual case first: looking for what is lossy takes some twenty times as long.
    let text = str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
    let mut flaw = matches!(text, Cow::Owned(_)).then_some(JsonError::NotUtf8);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = without_lone_surrogates(text);
    let raw: &RawValue =
        serde_json::from_str(&text).map_err(|e| flaw.take().unwrap_or_else(|| syntax(&e)))?;
    let json = build(raw, MAX_DEPTH, &mut flaw)?;
    Ok(Flawed { json, flaw })
}

/// Puts the replacement character in the place of each escaped surrogate that
/// is not one of a pair.
fn without_lone_surrogates(text: &str) -> Cow<'_, str> {
    if !text.contains("\\ud") && !text.contains("\\uD") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let low = |text| matches!(escaped_unit(text), Some(0xdc00..=0xdfff));
        let (kept, length) = match escaped_unit(escape) {
            Some(0xd800..=0xdbff) if escape.get(6..).is_some_and(low) => (escape.get(..12), 12),
            Some(0xd800..=0xdfff) => (Some("\\ufffd"), 6),
            // Two characters, so that an escaped backslash begins no escape.
            _ => {
                let length = escape.chars().take(2).map(char::len_utf8).sum();
                (escape.get(..length), length)
            }
        };
        out.push_str(kept.unwrap_or_default());
        rest = escape.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The UTF-16 unit whose escape `text` begins with.
fn escaped_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
    if hex { u16::from_str_radix(digits, 16).ok() } else { None }
}

fn syntax(error: &serde_json::Error) -> JsonError {
    JsonError::Syntax { line: error.line(), column: error.column() }
}

/// Builds the tree of a document. Only the first flaw is noted in `flaw`.
fn build(raw: &RawValue, depth: usize, flaw: &mut Option<JsonError>) -> Result<Json, JsonError> {
    let text = raw.get();
    match (text.as_bytes().first(), depth.checked_sub(1)) {
        (Some(b'{' | b'['), None) => {
            flaw.get_or_insert(JsonError::TooDeep);
            Ok(Json::Text(TOO_DEEP.into()))
        }
        (Some(b'{'), Some(depth)) => object(text, depth, flaw),
        (Some(b'['), Some(depth)) => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|e| syntax(&e))?;
            let items: Result<_, _> =
                items.into_iter().map(|item| build(item, depth, flaw)).collect();
            Ok(Json::Array(items?))
        }
        (Some(b'"'), _) => serde_json::from_str(text).map(Json::Text).map_err(|e| syntax(&e)),
        (Some(b't'), _) => Ok(Json::Bool(true)),
        (Some(b'f'), _) => Ok(Json::Bool(false)),
        (Some(b'n'), _) => Ok(Json::Null),
        _ => Ok(Json::Number(text.to_owned())),
    }
}

fn object(text: &str, depth: usize, flaw: &mut Option<JsonError>) -> Result<Json, JsonError> {
    let Members(sent) = serde_json::from_str(text).map_err(|e| syntax(&e))?;
    let mut places = HashMap::with_capacity(sent.len());
    let mut members: Vec<(String, Json)> = Vec::with_capacity(sent.len());
    for (key, raw) in sent {
        let value = build(raw, depth, flaw)?;
        let before = places.get(&key).and_then(|place: &usize| members.get_mut(*place));
        let Some((_, before)) = before else {
            places.insert(key.clone(), members.len());
            members.push((key, value));
            continue;
        };
        flaw.get_or_insert(JsonError::DuplicateKey);
        match before {
            Json::Several(values) => values.push(value),
            one => {
                let first = std::mem::replace(one, Json::Null);
                *one = Json::Several(vec![first, value]);
            }
        }
    }
    Ok(Json::Object(members))
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
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Writes the value as compact JSON: the digits of numbers unchanged, and a key
    /// as often as it was named.
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
                let members = members
                    .iter()
                    .flat_map(|(key, value)| value.each().iter().map(move |value| (key, value)));
                for (i, (key, value)) in members.enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_text(key, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
            // Only a member of an object can be `Several`.
            Json::Several(_) => out.push_str("null"),
        }
    }

    /// All values in the place of this one: those of [`Json::Several`], else the
    /// value itself.
    pub(crate) fn each(&self) -> &[Json] {
        match self {
            Json::Several(values) => values,
            one => std::slice::from_ref(one),
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    // Text can always be written.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

/// A member's name without capitals and separators: `vat_id` and `vatID` are one.
#[must_use]
pub fn plain(key: &str) -> String {
    key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
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
        for text in [
            "",
            "{",
            "{}x",
            "{'a':1}",
            "[1,]",
            "01",
            "NaN",
            r#""\ud80""#,
            "\u{feff}",
            " \u{feff}{}",
        ] {
            assert!(matches!(parse(text.as_bytes()), Err(JsonError::Syntax { .. })), "{text}");
        }
        let fits = "[".repeat(MAX_DEPTH) + &"]".repeat(MAX_DEPTH);
        assert!(parse(fits.as_bytes()).is_ok());
    }

    #[test]
    fn a_flaw_in_one_place_costs_nothing_elsewhere() {
        let flawed = |bytes: &[u8]| {
            let flawed = read(bytes).ok();
            flawed.map(|Flawed { json, flaw }| (json.to_text(), flaw))
        };
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        let kept = "[".repeat(MAX_DEPTH) + "\"[nested too deep]\"" + &"]".repeat(MAX_DEPTH);
        let cases: [(&[u8], &str, _); 5] = [
            (
                br#"{"a":1,"b":"x","a":{"a":2},"a":[]}"#,
                r#"{"a":1,"a":{"a":2},"a":[],"b":"x"}"#,
                JsonError::DuplicateKey,
            ),
            (
                "\u{feff}{\"a\":1,\"\\udfff\":1,\"\\ud800\":2}".as_bytes(),
                "{\"a\":1,\"\u{fffd}\":1,\"\u{fffd}\":2}",
                JsonError::DuplicateKey,
            ),
            (b"{\"a\":\"J\xf6rg\",\"b\":1}", "{\"a\":\"J\u{fffd}rg\",\"b\":1}", JsonError::NotUtf8),
            (b"{\"a\":\"cut \xf0\x9f\x98\"}", "{\"a\":\"cut \u{fffd}\"}", JsonError::NotUtf8),
            (deep.as_bytes(), &kept, JsonError::TooDeep),
        ];
        for (bytes, text, flaw) in cases {
            assert_eq!(parse(bytes).err(), Some(flaw.clone()));
            assert_eq!(flawed(bytes), Some((text.to_owned(), Some(flaw))));
        }
        for (bytes, flaw) in
            [(&b"\xff\xfe{}"[..], JsonError::NotUtf8), (b"{\"a\":\xff}", JsonError::NotUtf8)]
        {
            assert_eq!(read(bytes).err(), Some(flaw));
        }
        assert_eq!(flawed(b"{"), None);
        assert_eq!(flawed(b"{\"a\":1}"), Some(("{\"a\":1}".to_owned(), None)));
        let several = read(br#"{"a":{"b":1},"a":{"b":2}}"#).ok().map(|flawed| flawed.json);
        let several = several.as_ref().and_then(|json| json.get("a"));
        assert!(several.is_some_and(|a| a.get("b").is_none() && a.as_str().is_none()));
    }

    #[test]
    fn equal_keys_are_seen_through_escapes() {
        for text in [r#"{"a":1,"\u0061":2}"#, r#"{"\ud800":1,"\udc00":2}"#] {
            assert_eq!(parse(text.as_bytes()).err(), Some(JsonError::DuplicateKey), "{text}");
        }
    }

    #[test]
    fn half_a_character_is_replaced_and_a_whole_one_is_not() {
        for (sent, read) in [
            (r"P \ud83d", "P \u{fffd}"),
            (r"\uDC00\uD83D", "\u{fffd}\u{fffd}"),
            (r"\ud83d\ude00", "\u{1f600}"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}\u{1f600}"),
            (r"\ud83dx\ude00", "\u{fffd}x\u{fffd}"),
            (r"\\ud83d\\\ud83d", "\\ud83d\\\u{fffd}"),
            (r"\ud83d\u00fc\\ü\n", "\u{fffd}ü\\ü\n"),
        ] {
            let text = format!(r#"{{"{sent}":"{sent}"}}"#);
            let json = parse(text.as_bytes()).ok();
            let value = json.as_ref().and_then(|json| json.get(read)?.as_str());
            assert_eq!(value, Some(read), "{sent}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        let json = parse("\u{feff} {\"a\":\"\u{feff}\"}".as_bytes());
        assert_eq!(json.map(|json| json.to_text()).ok().as_deref(), Some("{\"a\":\"\u{feff}\"}"));
    }
}

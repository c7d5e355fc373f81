//! The ways in which programs write the same JSON. Tokens are kept as they stand, so
//! that the order of members and the digits of numbers survive.

use crate::doctor::json_order::orders;

/// The forms in which a JSON text may have been written before it was written anew;
/// empty for what is no JSON.
pub(super) fn forms(text: &str) -> Vec<String> {
    if serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return Vec::new();
    }
    let tokens = tokens(text);
    let mut forms = Vec::new();
    for strings in STRINGS {
        for layout in LAYOUTS {
            forms.push(layout.write(&tokens, strings, str::to_owned));
        }
    }
    for strings in STRINGS {
        forms.push(COMPACT.write(&tokens, strings, two_decimals));
    }
    forms
}

/// The forms with the members in an order that programs make: what may have been signed
/// before another program changed the order.
pub(super) fn reordered(text: &str) -> Vec<String> {
    let orders = orders(text);
    let forms = orders.iter().flat_map(|tokens| {
        PLAIN_STRINGS.into_iter().flat_map(move |strings| {
            LAYOUTS.iter().map(move |layout| layout.write(tokens, strings, str::to_owned))
        })
    });
    forms.collect()
}

/// An amount with its last digit, which programs drop that read it as a number.
fn two_decimals(number: &str) -> String {
    let decimals = number.split_once('.').map(|(_, decimals)| decimals);
    let is_short = decimals.is_some_and(|d| d.len() == 1 && d.bytes().all(|b| b.is_ascii_digit()));
    if is_short { format!("{number}0") } else { number.to_owned() }
}

/// The ways to write a string literal.
const STRINGS: [fn(&str) -> String; 6] = [
    str::to_owned,
    |text| text.replace("\\/", "/"),
    with_slashes,
    |text| ascii(text),
    |text| with_slashes(&ascii(text)),
    |text| unescaped(&text.replace("\\/", "/")),
];
/// Those of programs that put members in an order.
const PLAIN_STRINGS: [fn(&str) -> String; 3] =
    [str::to_owned, |text| ascii(text), |text| unescaped(&text.replace("\\/", "/"))];

/// White space around the tokens.
struct Layout {
    comma: &'static str,
    colon: &'static str,
    indent: Option<&'static str>,
}

/// Nothing around any token.
const COMPACT: Layout = Layout { comma: ",", colon: ":", indent: None };

const LAYOUTS: [Layout; 5] = [
    COMPACT,
    Layout { comma: ", ", colon: ": ", indent: None },
    Layout { comma: ",", colon: ": ", indent: Some("  ") },
    Layout { comma: ",", colon: ": ", indent: Some("    ") },
    Layout { comma: ",", colon: ": ", indent: Some("\t") },
];

/// The tokens of a JSON text: strings, numbers and words, and single signs.
pub(super) fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            '{' | '}' | '[' | ']' | ',' | ':' => 1,
            _ => rest
                .find(|c: char| "{}[],:\"".contains(c) || c.is_whitespace())
                .unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at_checked(length.max(1)).unwrap_or((rest, ""));
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

impl Layout {
    fn write(
        &self,
        tokens: &[&str],
        strings: fn(&str) -> String,
        numbers: fn(&str) -> String,
    ) -> String {
        let (mut out, mut depth) = (String::new(), 0_usize);
        let mut before = "";
        let line = |out: &mut String, depth: usize| {
            if let Some(indent) = self.indent {
                out.push('\n');
                out.push_str(&indent.repeat(depth));
            }
        };
        for token in tokens {
            match *token {
                open @ ("{" | "[") => {
                    if matches!(before, "{" | "[") {
                        line(&mut out, depth);
                    }
                    out.push_str(open);
                    depth += 1;
                }
                close @ ("}" | "]") => {
                    depth = depth.saturating_sub(1);
                    if !matches!(before, "{" | "[") {
                        line(&mut out, depth);
                    }
                    out.push_str(close);
                }
                "," => {
                    out.push_str(self.comma);
                    line(&mut out, depth);
                }
                ":" => out.push_str(self.colon),
                value => {
                    if matches!(before, "{" | "[") {
                        line(&mut out, depth);
                    }
                    if value.starts_with('"') {
                        out.push_str(&strings(value));
                    } else {
                        out.push_str(&numbers(value));
                    }
                }
            }
            before = token;
        }
        out
    }
}

fn with_slashes(text: &str) -> String {
    text.replace("\\/", "/").replace('/', "\\/")
}

/// Characters beyond ASCII as escapes.
fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            let units = c.encode_utf16(&mut units);
            out.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    out
}

/// A string literal with its escapes undone, as far as JSON has a shorter way.
fn unescaped(text: &str) -> String {
    let read = serde_json::from_str::<String>(text);
    read.and_then(|text| serde_json::to_string(&text)).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_written_as_others_would_write_it() {
        let compact = r#"{"a":250.00,"u":"x/y","n":[{"e":"é"},[]],"o":{}}"#;
        let pretty = "{\n  \"a\": 250.00,\n  \"u\": \"x\\/y\",\n  \"n\": [\n    {\n      \"e\": \
                      \"\\u00e9\"\n    },\n    []\n  ],\n  \"o\": {}\n}";
        for one in [compact, pretty] {
            let forms = forms(one);
            assert!(forms.iter().any(|form| form == compact), "{forms:#?}");
            assert!(forms.iter().any(|form| form == pretty), "{forms:#?}");
            let spaced = r#"{"a": 250.00, "u": "x/y", "n": [{"e": "\u00e9"}, []], "o": {}}"#;
            assert!(forms.iter().any(|form| form == spaced), "{forms:#?}");
        }
        assert!(forms("no json").is_empty() && forms("").is_empty());
    }
}

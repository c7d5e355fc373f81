//! Dumps of `curl --trace` and `--trace-ascii`.

use crate::doctor::capture::{Captured, Form, path_of};

/// The mark of what was sent.
const SENT: &str = "=> Send ";
/// The mark of an answer.
const RECEIVED: &str = "<= Recv header";
/// The columns of the bytes in a dump of `--trace`, three for each.
const HEX_COLUMNS: usize = 48;

/// True of a dump.
pub(super) fn is_trace(text: &str) -> bool {
    text.lines().any(|line| section(line).is_some_and(|what| what.starts_with("header")))
}

/// What a line says to follow, behind a time where the dump has times.
fn section(line: &str) -> Option<&str> {
    let at = line.find(SENT)?;
    (at < 20).then(|| line.get(at + SENT.len()..)).flatten()
}

/// Reads the headers and the data that were sent.
pub(super) fn read(text: &str) -> Captured {
    let mut captured = Captured::new(Form::CurlTrace, "");
    let (mut headers, mut body) = (Vec::new(), Vec::new());
    let mut lines = text.lines().peekable();
    let mut answered = false;
    while let Some(line) = lines.next() {
        let Some(what) = section(line) else {
            answered |= line.contains(RECEIVED);
            continue;
        };
        if answered && what.starts_with("header") {
            // A second request, as after a redirection.
            break;
        }
        let is_body = what.starts_with("data");
        let into = if what.starts_with("header") {
            &mut headers
        } else if is_body {
            &mut body
        } else {
            continue;
        };
        let mut dumped = Vec::new();
        while let Some(part) = lines.peek().and_then(|line| dumped_part(line)) {
            dumped.push(part);
            lines.next();
        }
        let announced = what.split(", ").nth(1).and_then(|rest| rest.split(' ').next());
        let length = announced.and_then(|length| length.parse().ok());
        if is_body && of_hex(&dumped).is_none() {
            captured.dots +=
                dumped.iter().map(|(_, text)| text.matches('.').count()).sum::<usize>();
        }
        into.extend(bytes(&dumped, length));
    }
    let headers = String::from_utf8_lossy(&headers).into_owned();
    for line in headers.lines() {
        match line.split_once(": ") {
            Some((name, value)) => captured.add(name, value),
            None if captured.method.is_none() => {
                let mut words = line.split_whitespace();
                captured.method = words.next().map(str::to_owned);
                captured.path = words.next().map(path_of).unwrap_or_default();
            }
            None => {}
        }
    }
    captured.body = body;
    captured
}

/// The offset of a dumped line and what follows it.
fn dumped_part(line: &str) -> Option<(usize, &str)> {
    let (offset, rest) = line.split_once(':')?;
    if !(4..=8).contains(&offset.len()) {
        return None;
    }
    let offset = usize::from_str_radix(offset, 16).ok()?;
    Some((offset, rest.strip_prefix(' ').unwrap_or(rest)))
}

/// The bytes of dumped lines: from their hex, or as text, in which the offsets tell
/// where a line ended.
fn bytes(parts: &[(usize, &str)], length: Option<usize>) -> Vec<u8> {
    if let Some(bytes) = of_hex(parts) {
        return bytes;
    }
    let mut bytes = Vec::new();
    let ends = parts.iter().skip(1).map(|(offset, _)| *offset).chain(length);
    let ends = ends.map(Some).chain(std::iter::repeat(None));
    for ((_, text), end) in parts.iter().zip(ends) {
        bytes.extend(text.as_bytes());
        match end.map(|end| end.saturating_sub(bytes.len())) {
            Some(1) => bytes.push(b'\n'),
            Some(2) => bytes.extend(b"\r\n"),
            _ => {}
        }
    }
    bytes
}

fn of_hex(parts: &[(usize, &str)]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for (offset, text) in parts {
        // Each line holds the bytes that its offset promises.
        if *offset != bytes.len() {
            return None;
        }
        let columns = text.get(..HEX_COLUMNS)?;
        for pair in columns.split_ascii_whitespace() {
            if pair.len() != 2 {
                return None;
            }
            bytes.push(u8::from_str_radix(pair, 16).ok()?);
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

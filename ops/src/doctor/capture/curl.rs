//! Requests as curl takes and shows them.

use crate::doctor::capture::{Captured, Form, path_of};

/// A command line, as browsers and proxies copy it.
pub(super) fn command(line: &str) -> Result<Captured, String> {
    let words = words(line).ok_or("is a curl command with a quotation mark that never ends")?;
    let mut captured = Captured::new(Form::CurlCommand, "");
    let mut body: Option<Vec<u8>> = None;
    let mut words = words.into_iter().skip(1);
    while let Some(word) = words.next() {
        let (option, attached) = match word.split_once('=') {
            Some((option, value)) if option.starts_with("--") => {
                (option.to_owned(), Some(value.to_owned()))
            }
            // -H'name: value', as one word.
            _ if word.len() > 2 && word.starts_with('-') && !word.starts_with("--") => {
                let (option, value) = word.split_at_checked(2).unwrap_or((&word, ""));
                (option.to_owned(), Some(value.to_owned()))
            }
            _ => (word.clone(), None),
        };
        let mut value = || attached.clone().or_else(|| words.next()).unwrap_or_default();
        match option.as_str() {
            "-X" | "--request" => captured.method = Some(value()),
            "-H" | "--header" => {
                let header = value();
                let (name, value) = header.split_once(':').unwrap_or((&header, ""));
                captured.add(name, value);
            }
            "-u" | "--user" => {
                use base64::Engine;
                let encoded = base64::engine::general_purpose::STANDARD.encode(value());
                captured.add("authorization", &format!("Basic {encoded}"));
            }
            "--url" => captured.path = path_of(&value()),
            data @ ("-d" | "--data" | "--data-raw" | "--data-binary" | "--data-ascii") => {
                let text = value();
                if text.starts_with('@') && data != "--data-raw" {
                    return Err("takes its body from a file: put the body into the command, or \
                                capture the request itself"
                        .into());
                }
                // As curl does: only --data-binary and --data-raw keep line ends of
                // a file, and text of the command line stays as it is.
                let body = body.get_or_insert_default();
                if !body.is_empty() {
                    body.push(b'&');
                }
                body.extend(text.into_bytes());
            }
            _ if !word.starts_with('-') && word.contains('/') => captured.path = path_of(&word),
            _ => {}
        }
    }
    captured.method.get_or_insert_with(|| "POST".to_owned());
    captured.body = body.unwrap_or_default();
    Ok(captured)
}

/// The words of a shell's line: quotes of both kinds, `$'…'` and escaped line ends.
fn words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' => match chars.next()? {
                            '\n' => {}
                            c if "\"\\$`".contains(c) => word.push(c),
                            c => word.extend(['\\', c]),
                        },
                        c => word.push(c),
                    }
                }
            }
            '$' if chars.peek() == Some(&'\'') => {
                chars.next();
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        '\\' => word.push(escaped(&mut chars)?),
                        c => word.push(c),
                    }
                }
            }
            '\\' => match chars.next() {
                Some('\n') | None => {}
                Some('\r') => drop(chars.next_if_eq(&'\n')),
                Some(c) => word.get_or_insert_default().push(c),
            },
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

/// The character of an escape in `$'…'`, after its backslash.
fn escaped(chars: &mut impl Iterator<Item = char>) -> Option<char> {
    Some(match chars.next()? {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let digits: String = chars.take(4).collect();
            char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
        }
        c => c,
    })
}

/// The output of `curl -v`: what was sent behind `> `. The body is not in it, so it
/// stands behind an empty line at the end, where somebody put it.
pub(super) fn output(text: &str) -> Result<Captured, String> {
    let mut captured = Captured::new(Form::CurlOutput, "");
    for line in text.lines() {
        let Some(sent) = line.strip_prefix('>') else { continue };
        let sent = sent.trim();
        if let Some((name, value)) = sent.split_once(": ") {
            captured.add(name, value);
            continue;
        }
        let mut words = sent.split_whitespace();
        if let (Some(method), Some(path)) = (words.next(), words.next()) {
            captured.method = Some(method.to_owned());
            captured.path = path_of(path);
        }
    }
    let marked =
        |line: &str| line.starts_with(['>', '<', '*', '{', '}']) && line.get(1..2) == Some(" ");
    let after: usize = text
        .split_inclusive('\n')
        .scan(0, |at, line| {
            *at += line.len();
            Some((*at, line))
        })
        .filter(|(_, line)| marked(line) || matches!(line.trim(), ">" | "<"))
        .last()
        .map_or(0, |(at, _)| at);
    let body = text.get(after..).unwrap_or_default();
    captured.body =
        body.strip_prefix("\r\n").or_else(|| body.strip_prefix('\n')).unwrap_or(body).into();
    if captured.body.is_empty() {
        return Err("is the output of curl -v without the body: put that behind an empty line at \
                    its end"
            .into());
    }
    Ok(captured)
}

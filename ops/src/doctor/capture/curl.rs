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
            "-G" | "--get" => captured.method = Some("GET".to_owned()),
            "-I" | "--head" => captured.method = Some("HEAD".to_owned()),
            data @ ("-d" | "--data" | "--data-raw" | "--data-binary" | "--data-ascii"
            | "--json") => {
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
    let method = if body.is_some() { "POST" } else { "GET" };
    captured.method.get_or_insert_with(|| method.to_owned());
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

/// The output of `curl -v`: what was sent stands behind `> `. The body of the request
/// is not in it, that of the answer may be. So the former stands behind an empty line
/// at the end, where somebody put it, or in the command, where that was copied too.
pub(super) fn output(text: &str) -> Result<Captured, String> {
    let mut captured = Captured::new(Form::CurlOutput, "");
    let mut sends_body = false;
    for line in text.lines() {
        sends_body |= line.starts_with("} ");
        let Some(sent) = line.strip_prefix('>') else { continue };
        let sent = sent.trim();
        if let Some((name, value)) = sent.split_once(": ") {
            captured.add(name, value);
            continue;
        }
        let mut words = sent.split_whitespace();
        if let (Some(method), Some(path)) = (words.next(), words.next()) {
            if captured.method.is_some() {
                // A second request, as after a redirection.
                break;
            }
            captured.method = Some(method.to_owned());
            captured.path = path_of(path);
        }
    }
    let declared = captured.headers.get("content-length");
    let declared: Option<usize> = declared.and_then(|value| value.to_str().ok()?.parse().ok());
    sends_body |= declared.is_some_and(|length| length > 0);
    sends_body |= captured.headers.contains_key("transfer-encoding");
    let body = body_in(text, declared);
    let body = body.map(|body| body.as_bytes().to_vec()).or_else(|| body_of_command(text));
    captured.body = match body {
        Some(body) => body,
        None if !sends_body => Vec::new(),
        None => {
            return Err("is the output of curl -v without the body of the request, which curl \
                        does not show, only the answer's: put it behind an empty line at the \
                        end, or use curl --trace FILE"
                .into());
        }
    };
    Ok(captured)
}

/// True of a line that curl itself marks.
fn is_marked(line: &str) -> bool {
    let marked = line.starts_with(['>', '<', '*', '{', '}']) && line.get(1..2) == Some(" ");
    marked || matches!(line.trim(), ">" | "<")
}

/// The body of the request that was put behind all that curl printed: behind an empty
/// line, or at once where no answer is in the output. `declared` is its length.
fn body_in(text: &str, declared: Option<usize>) -> Option<&str> {
    let ends = text.split_inclusive('\n').scan(0, |at, line| {
        *at += line.len();
        Some((*at, line))
    });
    let after = ends.filter(|(_, line)| is_marked(line)).last().map_or(0, |(at, _)| at);
    let rest = text.get(after..)?;
    let mut from = 0;
    let empty = rest.split_inclusive('\n').find_map(|line| {
        from += line.len();
        matches!(line, "\n" | "\r\n").then_some(from)
    });
    let answer = text.lines().any(|line| line.starts_with("< "));
    if !answer {
        let begins = rest.starts_with(['\r', '\n']);
        let body = empty.filter(|_| begins).map_or(Some(rest), |from| rest.get(from..));
        return body.filter(|body| !body.is_empty());
    }
    let body = rest.get(empty?..).filter(|body| !body.is_empty())?;
    // An answer may have an empty line of its own.
    let of_answer = text.lines().filter_map(|line| line.strip_prefix("< "));
    let mut lengths = of_answer.filter_map(|line| {
        let (name, length) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| length.trim().parse().ok()).flatten()
    });
    let is_answer = lengths.next_back().is_some_and(|length: usize| rest.len() == length);
    (declared == Some(body.len()) || !is_answer).then_some(body)
}

/// The body in the command above the output, where that was copied too.
fn body_of_command(text: &str) -> Option<Vec<u8>> {
    let before = text.split_inclusive('\n').take_while(|line| !is_marked(line)).map(str::len).sum();
    let (_, line) = text.get(..before)?.split_once("curl ")?;
    let body = command(&format!("curl {line}")).ok()?.body;
    (!body.is_empty()).then_some(body)
}

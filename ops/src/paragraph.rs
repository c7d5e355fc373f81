//! Sentences for people: paragraphs, ages and commands to copy.

use crate::table::plain;
pub(crate) use answers::{counted, span};
use shared::wire::Timestamp;

/// The widest line, in characters.
pub(crate) const WIDTH: usize = 100;

/// A text as lines of at most [`WIDTH`] characters, each behind `indent` spaces. A
/// word that is longer stands on a line of its own.
pub(crate) fn wrapped(text: &str, indent: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in plain(text).split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("{:indent$}{word}", "")),
        }
    }
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

/// A paragraph of Markdown as plain text: code and emphasis without their signs.
pub(crate) fn without_marks(markdown: &str) -> String {
    markdown.chars().filter(|c| !matches!(c, '`' | '*')).collect()
}

/// The time from `since` to `now` in words.
pub(crate) fn age(since: Timestamp, now: Timestamp) -> String {
    span(now.seconds().saturating_sub(since.seconds()))
}

/// A word as a shell takes it for one.
pub(crate) fn shell(word: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(bare) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_before_the_word_that_does_not_fit() {
        let text = wrapped(&"abcd ".repeat(60), 4);
        let widths: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
        assert_eq!(widths, [98, 98, 98, 18]);
        assert!(text.lines().all(|line| line.starts_with("    abcd")));
        let long = "x".repeat(150);
        assert_eq!(wrapped(&format!("a {long} b"), 2), format!("  a\n  {long}\n  b\n"));
        assert_eq!(wrapped("a\u{1b}[31mb", 0), "a\u{fffd}[31mb\n");
        assert_eq!(
            without_marks("say `--granted`, *outcome unknown*"),
            "say --granted, outcome unknown"
        );
    }

    #[test]
    fn a_time_is_told_in_the_unit_that_people_would_take() {
        for (seconds, text) in [
            (-5, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_199, "119 min"),
            (7_200, "2 h"),
            (172_799, "47 h"),
            (172_800, "2 days"),
        ] {
            assert_eq!(span(seconds), text);
        }
        let at = Timestamp::from_ms(1_790_000_000_000);
        assert_eq!(age(at, at.plus_seconds(240)), "4 min");
    }

    #[test]
    fn a_word_survives_the_shell() {
        for (word, quoted) in [
            ("firstpromoter:88901:1", "firstpromoter:88901:1"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("#1", "'#1'"),
            ("", "''"),
        ] {
            assert_eq!(shell(word), quoted);
        }
    }
}

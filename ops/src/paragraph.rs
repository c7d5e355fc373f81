//! Words for people: ages, counts and what a shell takes for one word.

pub(crate) use answers::{counted, span};
use shared::wire::Timestamp;

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
    fn a_paragraph_of_markdown_has_no_marks() {
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

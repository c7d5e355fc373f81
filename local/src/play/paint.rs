//! Colours, where they say something.

use std::env;
use std::ffi::OsString;

/// What went as it should.
const GREEN: (&str, [&str; 2]) = ("\x1b[32m", ["ok", "confirmed"]);
/// What is wrong, or waits for a person.
const RED: (&str, [&str; 4]) = ("\x1b[31m", ["NOT", "WRONG", "ERROR", "parked"]);
/// What was refused or not taken, or may be right and may be not.
const YELLOW: (&str, [&str; 14]) = (
    "\x1b[33m",
    [
        "duplicate",
        "fault",
        "method_not_allowed",
        "none",
        "not_configured",
        "not_found",
        "quarantined",
        "skipped",
        "stale_valid",
        "too_large",
        "unauthorized",
        "unavailable",
        "WARN",
        "?",
    ],
);
const PLAIN: &str = "\x1b[0m";

/// Whether lines are painted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint(bool);

impl Paint {
    /// Colours for what goes to a terminal, unless its owner wants none
    /// (<https://no-color.org>).
    pub(crate) fn on(terminal: bool) -> Self {
        Self::for_these(terminal, env::var_os("NO_COLOR"), env::var_os("TERM"))
    }

    fn for_these(terminal: bool, no_color: Option<OsString>, term: Option<OsString>) -> Self {
        let wanted = no_color.is_none_or(|value| value.is_empty());
        Self(terminal && wanted && term.is_none_or(|term| term != "dumb"))
    }

    /// A line, or several, with their words in their colours.
    pub(crate) fn line(self, line: &str) -> String {
        if !self.0 {
            return line.to_owned();
        }
        let painted = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
        line.split('\n').map(painted).collect::<Vec<_>>().join("\n")
    }
}

/// A word in its colour, if it has one; a comma or colon behind it has none.
fn word(text: &str) -> String {
    let word = text.trim_end_matches([':', ',']);
    let colours: [(&str, &[&str]); 3] =
        [(GREEN.0, &GREEN.1), (RED.0, &RED.1), (YELLOW.0, &YELLOW.1)];
    let colour = colours.iter().find(|(_, words)| words.contains(&word));
    let Some((colour, _)) = colour else { return text.to_owned() };
    let rest = text.get(word.len()..).unwrap_or_default();
    format!("{colour}{word}{PLAIN}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_mean_something_have_a_colour_of_their_own() {
        let line = "  0.353  sample  401 ok   unauthorized: no_secret_matches · parked, books\nok";
        let expected = "  0.353  sample  401 \x1b[32mok\x1b[0m   \x1b[33munauthorized\x1b[0m: \
                        no_secret_matches · \x1b[31mparked\x1b[0m, books\n\x1b[32mok\x1b[0m";
        assert_eq!(Paint(true).line(line), expected);
        assert_eq!(Paint(false).line(line), line);
    }

    #[test]
    fn a_terminal_gets_colours_unless_its_owner_wants_none() {
        for (terminal, no_color, term, expected) in [
            (true, None, Some("xterm"), true),
            (true, Some(""), None, true),
            (true, Some("1"), Some("xterm"), false),
            (true, None, Some("dumb"), false),
            (false, None, Some("xterm"), false),
        ] {
            let text = |text: Option<&str>| text.map(OsString::from);
            let paint = Paint::for_these(terminal, text(no_color), text(term));
            assert_eq!(paint.0, expected, "{terminal} {no_color:?} {term:?}");
        }
    }
}

//! Lines that fit into a terminal.

use std::env;

/// The width of what is no terminal, in characters.
const COLUMNS: usize = 100;
/// The narrowest that lines are made for. A shell in a window of no width says 0.
const NARROWEST: usize = 40;

/// The width that lines may have: what `COLUMNS` says, or the terminal.
pub(crate) fn width() -> usize {
    let said = env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok());
    let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    said.or_else(terminal).filter(|columns| *columns > 0).unwrap_or(COLUMNS).max(NARROWEST)
}

/// A command of the shell in lines of `columns` characters, cut between its words.
pub(crate) fn command(line: &str, columns: usize) -> String {
    let (mut folded, mut length) = (String::new(), 0);
    // What a line has to have room for besides its words.
    let room = columns.saturating_sub(" \\".len());
    for word in line.split(' ') {
        let next = word.chars().count();
        if length > 0 && length + 1 + next > room {
            folded.push_str(" \\\n  ");
            length = 2;
        } else if length > 0 {
            folded.push(' ');
            length += 1;
        }
        folded.push_str(word);
        length += next;
    }
    folded
}

/// A line in as many lines of `columns` characters as it needs, all but the first
/// indented by `hang` characters. It is cut at spaces, so that a word that is too long stays whole, and
/// after a comma or a dot of a list where there is one not too early in the line.
pub(crate) fn fold(line: &str, hang: usize, columns: usize) -> String {
    let (mut folded, mut rest) = (String::new(), line.to_owned());
    while rest.chars().count() > columns {
        let Some(at) = cut(&rest, columns) else { break };
        let (line, remainder) = rest.split_at(at);
        folded.push_str(line.trim_end());
        folded.push('\n');
        rest = format!("{:hang$}{}", "", remainder.trim_start());
    }
    folded + &rest
}

/// The space at which a line that is too long is cut.
fn cut(line: &str, columns: usize) -> Option<usize> {
    let byte_of = |column| line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    let (middle, end) = (byte_of(columns / 2), byte_of(columns));
    let indented = line.len() - line.trim_start().len();
    let spaces = line.match_indices(' ').map(|(at, _)| at).filter(|at| *at > indented);
    let (fit, late): (Vec<_>, Vec<_>) = spaces.partition(|at| *at <= end);
    let ends_part = |at: &&usize| line.get(..**at).is_some_and(|text| text.ends_with([',', '·']));
    let mut parts = fit.iter().filter(|at| **at > middle).filter(ends_part);
    parts.next_back().or(fit.last()).or(late.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_at_spaces() {
        for columns in [80, 100, 120] {
            let short = "  short · ".repeat(8);
            assert_eq!(fold(&short, 4, columns), short);
            let long = format!("  key  {}", vec!["1 µs"; 40].join(" · "));
            let folded = fold(&long, 4, columns);
            assert!(folded.lines().all(|line| line.chars().count() <= columns), "{folded}");
            assert!(folded.lines().skip(1).all(|line| line.starts_with("    1 µs")), "{folded}");
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(&folded), words(&long));
            let (word, line) = ("x".repeat(130), format!("  http://{}  end", "x".repeat(130)));
            assert_eq!(fold(&word, 4, columns), word);
            assert_eq!(fold(&line, 4, columns), format!("  http://{word}\n    end"));
        }
    }

    #[test]
    fn a_command_stays_one_command() {
        let line = "aws dynamodb scan --table-name Ledger --endpoint-url http://127.0.0.1:8000";
        let folded = command(line, 40);
        let expected = "aws dynamodb scan --table-name Ledger \\\n  \
                        --endpoint-url http://127.0.0.1:8000";
        assert_eq!(folded, expected);
        assert!(folded.lines().all(|line| line.chars().count() <= 40), "{folded}");
        assert_eq!(command(line, 120), line);
    }
}

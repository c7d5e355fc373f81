//! Lines that fit into a terminal.

/// The longest line, in characters.
const COLUMNS: usize = 100;

/// A line in as many lines as it needs, all but the first indented by `hang`
/// characters. It is cut at spaces, so that a word that is too long stays whole, and
/// after a comma or a dot of a list where there is one not too early in the line.
pub(super) fn fold(line: &str, hang: usize) -> String {
    let (mut folded, mut rest) = (String::new(), line.to_owned());
    while rest.chars().count() > COLUMNS {
        let Some(at) = cut(&rest) else { break };
        let (line, remainder) = rest.split_at(at);
        folded.push_str(line.trim_end());
        folded.push('\n');
        rest = format!("{:hang$}{}", "", remainder.trim_start());
    }
    folded + &rest
}

/// The space at which a line that is too long is cut.
fn cut(line: &str) -> Option<usize> {
    let byte_of = |column| line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    let (middle, end) = (byte_of(COLUMNS / 2), byte_of(COLUMNS));
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
        let short = "  short · ".repeat(9);
        assert_eq!(fold(&short, 4), short);
        let long = format!("  key  {}", vec!["1 µs"; 30].join(" · "));
        let folded = fold(&long, 4);
        assert!(folded.lines().all(|line| line.chars().count() <= COLUMNS), "{folded}");
        assert!(folded.lines().skip(1).all(|line| line.starts_with("    1 µs")), "{folded}");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&folded), words(&long));
        let (word, line) = ("x".repeat(120), format!("  http://{}  end", "x".repeat(120)));
        assert_eq!(fold(&word, 4), word);
        assert_eq!(fold(&line, 4), format!("  http://{word}\n    end"));
    }
}

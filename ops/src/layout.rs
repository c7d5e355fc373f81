//! Lines that are never wider than a terminal of 100 columns, whatever stands in them.

use crate::table::plain;

/// The widest line, in columns.
const WIDTH: usize = 100;
/// The characters that a terminal shows two columns wide: East Asian scripts and emoji.
const WIDE: [(u32, u32); 9] = [
    (0x1100, 0x115F),
    (0x2E80, 0xA4CF),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFAFF),
    (0xFE30, 0xFE6F),
    (0xFF00, 0xFF60),
    (0x1_F000, 0x1_FAFF),
    (0x2_0000, 0x2_FFFD),
    (0x3_0000, 0x3_FFFD),
];

fn columns_of(c: char) -> usize {
    let code = u32::from(c);
    if WIDE.iter().any(|(from, to)| (*from..=*to).contains(&code)) { 2 } else { 1 }
}

/// The columns that a text takes.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// A text as lines of at most 100 columns: the first behind `indent` spaces, the others
/// behind two more.
pub(crate) fn lines(text: &str, indent: usize) -> String {
    folded(text, indent, indent + 2)
}

/// A paragraph: a text as lines of at most 100 columns, each behind `indent` spaces.
pub(crate) fn wrapped(text: &str, indent: usize) -> String {
    folded(text, indent, indent)
}

/// The lines of a text: the first behind `first` spaces, the others behind `rest`. What
/// is longer than a line, such as an id, is broken where the line ends.
fn folded(text: &str, first: usize, rest: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    let begin = |lines: &Vec<String>| " ".repeat(if lines.is_empty() { first } else { rest });
    let mut line = begin(&lines);
    let mut is_fresh = true;
    for word in plain(text).split_whitespace() {
        let gap = usize::from(!is_fresh);
        if !is_fresh && columns(&line) + gap + columns(word) > WIDTH {
            lines.push(std::mem::take(&mut line));
            line = begin(&lines);
            is_fresh = true;
        }
        if !is_fresh {
            line.push(' ');
        }
        for c in word.chars() {
            if columns(&line) + columns_of(c) > WIDTH {
                lines.push(std::mem::take(&mut line));
                line = begin(&lines);
            }
            line.push(c);
        }
        is_fresh = false;
    }
    if !is_fresh {
        lines.push(line);
    }
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let id = "é".repeat(512);
        let emoji = "🎁".repeat(128);
        for text in [id.as_str(), &emoji, &"word ".repeat(80), &format!("a {id} b {emoji} c")] {
            for indent in [0, 4] {
                let told = lines(text, indent);
                assert!(told.lines().all(|line| columns(line) <= WIDTH), "{told}");
                let bare = |text: &str| text.split_whitespace().collect::<String>();
                assert_eq!(bare(&told), bare(text));
            }
        }
        assert_eq!(lines(" ", 2), "");
        assert_eq!(lines("a\u{1b}[1mb c", 2), "  a\u{fffd}[1mb c\n");
    }

    #[test]
    fn what_goes_on_stands_further_in() {
        let told = lines(&"abcde ".repeat(20), 2);
        let begins: Vec<usize> =
            told.lines().map(|line| line.len() - line.trim_start().len()).collect();
        assert_eq!(begins, [2, 4]);
    }

    #[test]
    fn a_paragraph_stands_behind_one_line() {
        let text = wrapped(&"abcd ".repeat(60), 4);
        assert_eq!(text.lines().map(columns).collect::<Vec<_>>(), [98, 98, 98, 18]);
        assert!(text.lines().all(|line| line.starts_with("    abcd")));
        let id = "x".repeat(150);
        let (begin, end) = id.split_at(98);
        assert_eq!(wrapped(&format!("a {id} b"), 2), format!("  a\n  {begin}\n  {end} b\n"));
    }
}

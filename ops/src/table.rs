//! Tables for people.

/// Formats rows under a head, each column as wide as its widest cell, the last one
/// free.
pub(crate) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let head = head.map(str::to_owned);
    let rows: Vec<[String; N]> = std::iter::once(&head)
        .chain(rows)
        .map(|row| row.each_ref().map(|cell| plain(cell)))
        .collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut lines = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths);
        let padded: Vec<String> = cells.map(|(cell, width)| format!("{cell:width$}")).collect();
        lines.push_str(padded.join("  ").trim_end());
        lines.push('\n');
    }
    lines
}

/// A text without characters that would move a terminal's cursor or colour it:
/// others wrote parts of what is printed.
pub(crate) fn plain(text: &str) -> String {
    let printable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(printable).collect()
}

/// The text of a cell, or a dash for an empty one.
pub(crate) fn or_dash(text: Option<&str>) -> String {
    text.filter(|text| !text.is_empty()).unwrap_or("-").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let row = |a: &str, b: &str| [a.to_owned(), b.to_owned()];
        let rows = [row("firstpromoter:1:1", "x"), row("größer", "\u{1b}[31my")];
        assert_eq!(
            table(["KEY", "REASON"], &rows),
            "KEY                REASON\n\
             firstpromoter:1:1  x\n\
             größer             \u{fffd}[31my\n"
        );
        assert_eq!(table(["KEY"], &[]), "KEY\n");
    }

    #[test]
    fn an_empty_cell_shows() {
        let cells = [None, Some(""), Some("x")].map(or_dash);
        assert_eq!(cells, ["-", "-", "x"]);
    }
}

//! The rows of the machine's tables that walks must take.

use crate::machine::table::{Row, rows};
use std::collections::BTreeSet;

/// Rows that no walk can take: situation, input, and why.
const UNREACHED: [(&str, &str, &str); 3] = [
    (
        "awaiting_approval",
        "refused",
        "the walk's platform shows nothing as fulfilled that is not given, and no odd status",
    ),
    ("delivered", "denied there", "a worker asks the platform from `confirming`"),
    (
        "reversed, to be unmarked, approved meanwhile",
        "unknown",
        "an unmarking may always be repeated, and another worker takes it over",
    ),
];

/// The rows that walks must take.
pub(super) fn demanded() -> BTreeSet<Row> {
    let mut rows = rows();
    for (situation, input, _) in UNREACHED {
        let before = rows.len();
        rows.retain(|row| !(row.situation == situation && row.input == input));
        assert_eq!(before, rows.len() + 1, "{situation}, {input}: no row of the tables");
    }
    rows
}

//! The tables and the diagram as the header of machine/mod.rs and ARCHITECTURE.md
//! hold them. `UPDATE_DOCS=1 cargo test -p shared --test it machine` writes them.

use super::table::{Entry, Leads, Sender, resolutions, transitions};
use shared::fulfilment::State;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

/// A line begins anew beyond this width.
const WIDTH: usize = 88;

/// The entries as plain text: a situation, then a line a sender, the inputs that
/// lead to one place together.
fn text(entries: &[Entry]) -> String {
    let mut text = String::new();
    for entry in entries.iter().filter(|entry| !entry.rows.is_empty()) {
        let due = entry.due.as_ref().map(|due| format!(" ({due} is due)")).unwrap_or_default();
        writeln!(text, "{}{due}", entry.name).unwrap();
        for sender in Sender::ALL {
            let of = entry.rows.iter().filter(|(by, _)| *by == sender).map(|(_, row)| row);
            let mut ways: Vec<(Leads, Vec<&str>)> = Vec::new();
            for row in of {
                match ways.iter_mut().find(|(leads, _)| *leads == row.leads) {
                    Some((_, inputs)) => inputs.push(row.input),
                    None => ways.push((row.leads, vec![row.input])),
                }
            }
            let ways = ways.iter().map(|(to, by)| format!("{} → {}", by.join(", "), to.shown()));
            let line = ways.collect::<Vec<_>>().join("; ");
            if !line.is_empty() {
                wrapped(&mut text, sender.name(), &line);
            }
        }
    }
    text
}

fn wrapped(text: &mut String, sender: &str, words: &str) {
    let mut line = format!("    {sender:<9}");
    for word in words.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            writeln!(text, "{}", line.trim_end()).unwrap();
            line = " ".repeat(13);
        }
        write!(line, " {word}").unwrap();
    }
    writeln!(text, "{line}").unwrap();
}

/// The arrows of the diagram, each with the inputs that take it: every row of the
/// first table that changes the state, but those to `parked`.
fn arrows() -> BTreeMap<(State, State), Vec<String>> {
    let mut arrows: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for entry in transitions() {
        for (_, row) in &entry.rows {
            let (Leads::To(to) | Leads::NewEpoch(to)) = row.leads else { continue };
            let epoch = if matches!(row.leads, Leads::NewEpoch(_)) { " (new epoch)" } else { "" };
            let label = row.input.split(" (").next().unwrap_or(row.input).to_owned() + epoch;
            let labels = arrows.entry((entry.state, to)).or_default();
            if to != State::Parked && !labels.contains(&label) {
                labels.push(label);
            }
        }
    }
    arrows.retain(|(_, to), _| *to != State::Parked);
    arrows
}

/// The states in which a promise begins, but for `parked`; the walk checks them.
pub const STARTS: [State; 3] = [State::LookupDue, State::ApprovalDue, State::Requested];

fn diagram() -> String {
    let mut text = String::from("stateDiagram-v2\n");
    for state in STARTS {
        writeln!(text, "    [*] --> {}", state.name()).unwrap();
    }
    for ((from, to), inputs) in arrows() {
        let inputs = inputs.join(", ");
        writeln!(text, "    {} --> {}: {inputs}", from.name(), to.name()).unwrap();
    }
    text
}

/// The first lines of the block, each of which fits into the header, too.
const LEGEND: &str = "\
An input that an entry does not have changes no state. An entry with a comma has only
the rows in which it differs from the one without. *Noted*: the outcome of the call
under way decides. *Approved (…)*, *found (…)*: in brackets, how a promise on all that is
known now would begin. The setting is `Reversals: deliver`, but for what is to be unmarked.
";

fn tables() -> String {
    format!(
        "{LEGEND}\n```text\n{}```\n\nThe end of a parking, by the state that the promise was parked \
         from:\n\n```text\n{}```\n",
        text(&transitions()),
        text(&resolutions())
    )
}

fn architecture() -> String {
    format!(
        "{}\nEvery arrow is a row of the first table, and every row that changes the state is an arrow, \
         but for those to and from `parked`.\n\n```mermaid\n{}```\n",
        tables(),
        diagram()
    )
}

fn header() -> String {
    let lines = tables();
    lines.lines().map(|line| format!("//! {line}").trim_end().to_owned() + "\n").collect()
}

/// The text with `block` between the markers, each after `prefix`.
fn with_block(text: &str, prefix: &str, block: &str) -> String {
    let (open, close) =
        (format!("{prefix}<!-- machine -->\n"), format!("{prefix}<!-- /machine -->"));
    let (before, rest) = text.split_once(&open).unwrap();
    let (_, after) = rest.split_once(&close).unwrap();
    format!("{before}{open}{block}{close}{after}")
}

#[test]
fn the_documents_hold_the_tables_of_the_machine() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (path, prefix, block) in [
        ("../ARCHITECTURE.md", "", architecture()),
        ("src/fulfilment/machine/mod.rs", "//! ", header()),
    ] {
        let path = root.join(path);
        let text = std::fs::read_to_string(&path).unwrap();
        let current = with_block(&text, prefix, &block);
        if std::env::var_os("UPDATE_DOCS").is_some() && text != current {
            std::fs::write(&path, &current).unwrap();
        } else {
            assert!(
                text == current,
                "{} is behind the machine: UPDATE_DOCS=1 cargo test -p shared --test it machine \
                 writes\n\n{block}",
                path.display()
            );
        }
    }
}

/// Drawn by hand, an arrow could be no row, or a row no arrow; so the drawn text is
/// read back.
#[test]
fn every_arrow_is_a_row_and_every_row_that_changes_the_state_is_an_arrow() {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../ARCHITECTURE.md"))
            .unwrap();
    let (_, drawn) = text.split_once("stateDiagram-v2\n").unwrap();
    let (drawn, _) = drawn.split_once("```").unwrap();
    let drawn: BTreeSet<(String, String)> = drawn
        .lines()
        .filter_map(|line| line.trim().split_once(':')?.0.split_once(" --> "))
        .map(|(from, to)| (from.to_owned(), to.to_owned()))
        .collect();
    let mut rows = BTreeSet::new();
    for entry in transitions() {
        for (_, row) in entry.rows {
            if let Leads::To(to) | Leads::NewEpoch(to) = row.leads {
                rows.insert((entry.state.name().to_owned(), to.name().to_owned()));
            }
        }
    }
    rows.retain(|(_, to)| to != State::Parked.name());
    assert!(rows.len() > 20, "{rows:?}");
    assert_eq!(drawn, rows);
}

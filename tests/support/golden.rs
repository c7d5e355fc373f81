//! Golden files: what each sample is answered with and writes into an empty table,
//! read by a person before it is committed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Map, Value, json};
use shared::wire::Timestamp;

use crate::events_file;
use crate::item::Item;

/// The entries of a golden file, each by the name of its sample.
pub type Entries = BTreeMap<String, Value>;

/// Longest value that stands in one line, in characters with its indentation.
const LINE: usize = 100;
/// Most lines of a difference that are shown.
const SHOWN: usize = 40;
const DAY_SECONDS: i64 = 86_400;

/// The golden file of a provider.
fn path(provider: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("golden/{provider}.json"))
}

/// The entries of a provider as they are checked in; none without a file.
#[must_use]
pub fn read(provider: &str) -> Entries {
    let text = std::fs::read(path(provider)).unwrap_or_else(|_| b"{}".to_vec());
    serde_json::from_slice(&text).unwrap()
}

/// The entries of a provider must be `now`. `UPDATE_DOCS=1` writes them.
pub fn compare(provider: &str, now: &Entries) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let entries: Map<_, _> = now.clone().into_iter().collect();
        std::fs::write(path(provider), layout(&Value::Object(entries))).unwrap();
    }
    let different = difference(&read(provider), now);
    assert!(
        different.is_empty(),
        "the samples write something else than tests/golden/{provider}.json has:\n{different}\n\
         If that is meant, UPDATE_DOCS=1 cargo test -p tests --test conversations golden \
         writes the files; read what changed before you commit it."
    );
}

/// Texts that stand for something sensitive in the samples.
pub struct Markers {
    personal: Vec<String>,
    nowhere: Vec<String>,
}

impl Markers {
    /// Those of events/sensitive.json.
    #[must_use]
    pub fn of_samples() -> Self {
        let sensitive = events_file("sensitive.json");
        let list = |kind: &str| {
            let list: Vec<_> = sensitive[kind].as_array().unwrap().iter().collect();
            assert!(!list.is_empty(), "{kind}");
            list.into_iter().map(|marker| marker.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let nowhere = list("credentials").into_iter().chain(list("payment")).collect();
        Self { personal: list("personal"), nowhere }
    }

    fn is_personal(&self, text: &str) -> bool {
        self.personal.iter().any(|marker| text.contains(marker))
    }

    /// Nothing that is a credential or payment data may be in a text.
    #[track_caller]
    fn assert_without(&self, text: &str, what: &str) {
        let found = self.nowhere.iter().find(|marker| text.contains(*marker));
        assert!(found.is_none(), "{what}: {found:?} is kept");
    }
}

/// What the line of a request says of the reading of its event.
const OF_THE_LINE: [&str; 11] = [
    "outcome",
    "subject",
    "misrouted",
    "other_format",
    "unlisted",
    "unread",
    "over",
    "gap",
    "problem",
    "promise",
    "promise_state",
];

/// The entry of a sample that was answered with this status, left this line and wrote
/// these items. Bodies are left out, their length stays. What differs from run to run
/// is replaced.
#[must_use]
#[track_caller]
pub fn entry(sample: &str, answer: u16, line: &Value, items: &[Item], markers: &Markers) -> Value {
    let mut shown = Map::new();
    for item in items {
        markers.assert_without(&item.to_string(), sample);
        // Bytes that cannot be read as an event are kept as they came.
        if item["body"].is_string() && item["quarantined"].is_null() {
            markers.assert_without(&item.kept_body(), sample);
        }
        let arrived = ["received_at", "recorded_at", "open_at"];
        let arrived = arrived.iter().find_map(|name| item.find(name)).unwrap_or_default();
        let tidy = Tidy { arrived: &arrived, markers };
        let key = tidy.text(&format!("{} {}", item.text("pk"), item.text("sk")));
        let members = item.members().iter();
        let members = members.filter(|(name, _)| !["pk", "sk", "body"].contains(&name.as_str()));
        let members: Map<_, _> =
            members.map(|(name, value)| (name.clone(), tidy.member(name, value))).collect();
        shown.insert(key, members.into());
    }
    let said = OF_THE_LINE.iter().filter(|name| !line[**name].is_null());
    let said = said.map(|name| ((*name).to_owned(), line[*name].clone()));
    json!({ "answer": answer, "items": shown, "line": said.collect::<Map<_, _>>() })
}

/// Takes out of an item what differs from run to run, and what is personal.
struct Tidy<'a> {
    /// The time of arrival, as the item has it.
    arrived: &'a str,
    markers: &'a Markers,
}

impl Tidy<'_> {
    fn member(&self, name: &str, value: &Value) -> Value {
        assert!(!self.markers.is_personal(name), "the name {name} is personal");
        match (name, value) {
            ("expires_at", Value::String(seconds)) => self.days(seconds).into(),
            (_, Value::String(text)) => self.text(text).into(),
            (_, Value::Array(values)) => {
                values.iter().map(|value| self.member("", value)).collect()
            }
            (_, Value::Object(members)) => {
                let members = members.iter();
                let tidy = members.map(|(name, value)| (name.clone(), self.member(name, value)));
                tidy.collect::<Map<_, _>>().into()
            }
            (_, scalar) => scalar.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        if self.markers.is_personal(text) {
            "[personal]".to_owned()
        } else if self.arrived.is_empty() {
            text.to_owned()
        } else {
            text.replace(self.arrived, "[arrival]")
        }
    }

    /// A time in Unix seconds, as days from the arrival.
    fn days(&self, seconds: &str) -> String {
        let seconds: i64 = seconds.parse().unwrap();
        let arrived = Timestamp::parse(self.arrived).unwrap();
        format!("[arrival + {} days]", (seconds - arrived.seconds()) / DAY_SECONDS)
    }
}

/// What differs between two sets of entries, a line for each place; empty where
/// nothing does.
fn difference(file: &Entries, now: &Entries) -> String {
    let mut lines = Vec::new();
    let samples: BTreeSet<_> = file.keys().chain(now.keys()).collect();
    for sample in samples {
        let (before, after) = match (file.get(sample), now.get(sample)) {
            (Some(before), Some(after)) => (leaves(before), leaves(after)),
            (None, _) => {
                lines.push(format!("{sample}: is not in the file"));
                continue;
            }
            (_, None) => {
                lines.push(format!("{sample}: is in the file, and no sample any more"));
                continue;
            }
        };
        let places: BTreeSet<_> = before.keys().chain(after.keys()).collect();
        for place in places {
            match (before.get(place), after.get(place)) {
                (Some(before), Some(after)) if before == after => {}
                (Some(before), Some(after)) => {
                    lines.push(format!("{sample}: {place} was {before}, and is {after}"));
                }
                (Some(before), None) => {
                    lines.push(format!("{sample}: {place} was {before}, and is gone"));
                }
                (None, after) => {
                    let after = after.map(String::as_str).unwrap_or_default();
                    lines.push(format!("{sample}: {place} is new, {after}"));
                }
            }
        }
    }
    let more = lines.len().saturating_sub(SHOWN);
    lines.truncate(SHOWN);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}

/// Every value that has no others in it, by its place.
fn leaves(value: &Value) -> BTreeMap<String, String> {
    fn walk(value: &Value, place: &str, into: &mut BTreeMap<String, String>) {
        let under = |name: &str| {
            if place.is_empty() { name.to_owned() } else { format!("{place} / {name}") }
        };
        match value {
            Value::Object(members) if !members.is_empty() => {
                members.iter().for_each(|(name, value)| walk(value, &under(name), into));
            }
            Value::Array(values) if !values.is_empty() => {
                let values = values.iter().enumerate();
                values.for_each(|(n, value)| walk(value, &under(&n.to_string()), into));
            }
            leaf => drop(into.insert(place.to_owned(), leaf.to_string())),
        }
    }
    let mut all = BTreeMap::new();
    walk(value, "", &mut all);
    all
}

/// JSON for people: sorted, and what fits stands in one line.
fn layout(value: &Value) -> String {
    let mut text = String::new();
    lay_out(value, 0, 0, &mut text);
    text.push('\n');
    text
}

fn lay_out(value: &Value, indent: usize, before: usize, text: &mut String) {
    let line = in_line(value);
    if indent > 1 && before + line.chars().count() <= LINE {
        text.push_str(&line);
        return;
    }
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => {
            let members: BTreeMap<_, _> = members.iter().collect();
            members.into_iter().map(|(name, value)| (format!("{}: ", json!(name)), value)).collect()
        }
        Value::Array(values) => values.iter().map(|value| (String::new(), value)).collect(),
        _ => return text.push_str(&line),
    };
    let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
    text.push(open);
    let last = members.len().saturating_sub(1);
    for (n, (name, value)) in members.into_iter().enumerate() {
        write!(text, "\n{}{name}", "  ".repeat(indent + 1)).unwrap();
        // One more for the comma.
        lay_out(value, indent + 1, 2 * (indent + 1) + name.chars().count() + 1, text);
        text.push_str(if n < last { "," } else { "" });
    }
    write!(text, "\n{}{close}", "  ".repeat(indent)).unwrap();
}

fn in_line(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<_, _> = members.iter().collect();
            let members = members.into_iter();
            let members =
                members.map(|(name, value)| format!("{}: {}", json!(name), in_line(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Array(values) => {
            format!("[{}]", values.iter().map(in_line).collect::<Vec<_>>().join(", "))
        }
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(entry: Value) -> Entries {
        [("a-sample".to_owned(), entry)].into_iter().collect()
    }

    #[test]
    fn a_difference_names_the_sample_and_the_place() {
        let file = json!({"answer": 200, "items": {"p record": {"status": "paid", "old": "1"}}});
        let now = json!({"answer": 200, "items": {"p record": {"status": "open", "new": ["2"]}}});
        assert_eq!(difference(&entries(file.clone()), &entries(file.clone())), "");
        assert_eq!(
            difference(&entries(file.clone()), &entries(now)),
            "a-sample: items / p record / new / 0 is new, \"2\"\n\
             a-sample: items / p record / old was \"1\", and is gone\n\
             a-sample: items / p record / status was \"paid\", and is \"open\""
        );
        let none = Entries::new();
        assert_eq!(difference(&none, &entries(file.clone())), "a-sample: is not in the file");
        let gone = "a-sample: is in the file, and no sample any more";
        assert_eq!(difference(&entries(file), &none), gone);
    }

    #[test]
    fn a_long_difference_is_cut_short() {
        let values: Vec<_> = (0..100).collect();
        let text = difference(&entries(json!([])), &entries(json!(values)));
        assert!(text.ends_with("and 61 more"), "{text}");
    }

    #[test]
    fn what_fits_stands_in_one_line_and_reads_back() {
        let long = "x".repeat(LINE);
        let value = json!({"s": {"answer": 200, "items": {"k": {"b": ["1", {}], "a": long}}}});
        let text = layout(&value);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        assert!(text.contains("\n        \"b\": [\"1\", {}]\n"), "{text}");
    }
}

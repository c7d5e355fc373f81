//! The samples in events/: read, signed afresh, played.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::Value;

use crate::sign::sign;
use crate::{LocalError, Stack};

/// The samples and what is expected of them.
#[derive(Debug)]
pub(crate) struct Samples {
    folder: PathBuf,
    expected: Vec<Expected>,
}

/// One line of answers.json.
#[derive(Debug, Deserialize)]
struct Expected {
    sample: String,
    answer: u16,
}

/// What a refused sample is refused with.
const UNAUTHORIZED: u16 = 401;

impl Samples {
    /// Reads `answers.json` of `folder`.
    pub(crate) fn load(folder: PathBuf) -> Result<Self, LocalError> {
        let file = folder.join("answers.json");
        let expected =
            serde_json::from_str(&read(&file)?).map_err(|error| content(&file, &error))?;
        Ok(Self { folder, expected })
    }

    /// The names of all samples, each once, in playing order.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for Expected { sample, .. } in &self.expected {
            if !names.contains(&sample.as_str()) {
                names.push(sample);
            }
        }
        names
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }

    /// A sample signed now. What is meant to be refused stays as it is.
    fn event(&self, name: &str, secrets: &Value) -> Result<(String, Value, Value), LocalError> {
        let file = self.file(name);
        let text = read(&file)?;
        let before: Value = serde_json::from_str(&text).map_err(|error| content(&file, &error))?;
        let mut event = before.clone();
        let refused = self
            .expected
            .iter()
            .any(|expected| expected.sample == name && expected.answer == UNAUTHORIZED);
        if !refused {
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs();
            sign(&mut event, secrets, now)?;
        }
        Ok((text, before, event))
    }

    /// A sample's text signed now: only what the signature changes differs.
    pub(crate) fn fresh(&self, name: &str, secrets: &Value) -> Result<String, LocalError> {
        let (mut text, before, event) = self.event(name, secrets)?;
        let mut changes = Vec::new();
        if !changed_texts(&before, &event, &mut changes) {
            // Something was added: then the layout is ours.
            return serde_json::to_string_pretty(&event)
                .map_err(|error| content(&self.file(name), &error));
        }
        for (old, new) in changes {
            text = text.replace(&Value::from(old).to_string(), &Value::from(new).to_string());
        }
        Ok(text)
    }

    /// Plays every sample and writes a line about each. `false` when an answer
    /// was not the expected one.
    pub(crate) async fn play(
        &self,
        stack: &Stack,
        secrets: &Value,
        out: &mut (dyn Write + Send),
    ) -> Result<bool, LocalError> {
        let width = self
            .names()
            .iter()
            .map(|name| name.len())
            .max()
            .unwrap_or_default();
        let began = Instant::now();
        let mut wrong = 0;
        let mut cursor = stack.cursor().await?;
        let mut played = Vec::new();
        print(out, &format!("\n{:width$}  answer   recorded", "sample"));
        for Expected { sample, answer } in &self.expected {
            let (_, _, event) = self.event(sample, secrets)?;
            let got = stack.deliver(&event).await?;
            let changes = stack.changes_since(&mut cursor).await?;
            let right = got.status == *answer;
            wrong += usize::from(!right);
            let verdict = if right {
                "ok".to_owned()
            } else {
                format!("NOT {answer}")
            };
            let recorded = if !right {
                String::from_utf8_lossy(&got.body).into_owned()
            } else if changes.is_empty() && played.contains(&sample) {
                "duplicate".to_owned()
            } else {
                describe(&changes)
            };
            played.push(sample);
            print(
                out,
                &format!("{sample:width$}  {} {verdict:3}  {recorded}", got.status),
            );
        }
        let all = self.expected.len();
        let seconds = began.elapsed().as_secs_f64();
        print(
            out,
            &format!(
                "\n{all} samples, {} answered as expected, in {seconds:.1} s",
                all - wrong
            ),
        );
        Ok(wrong == 0)
    }
}

fn print(out: &mut dyn Write, line: &str) {
    // A reader that went away does not change what is played.
    let _ = writeln!(out, "{line}");
}

fn read(file: &PathBuf) -> Result<String, LocalError> {
    fs::read_to_string(file).map_err(|source| LocalError::Io {
        what: file.display().to_string(),
        source,
    })
}

fn content(file: &std::path::Path, problem: &dyn std::fmt::Display) -> LocalError {
    LocalError::Content {
        file: file.display().to_string(),
        problem: problem.to_string(),
    }
}

/// Collects the texts that differ; `false` when not only texts do.
fn changed_texts(before: &Value, after: &Value, changes: &mut Vec<(String, String)>) -> bool {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            old.len() == new.len()
                && old.iter().all(|(key, old)| {
                    new.get(key)
                        .is_some_and(|new| changed_texts(old, new, changes))
                })
        }
        (Value::String(old), Value::String(new)) => {
            if old != new {
                changes.push((old.clone(), new.clone()));
            }
            true
        }
        (old, new) => old == new,
    }
}

/// What a request left in the table.
fn describe(changes: &[Value]) -> String {
    if changes.is_empty() {
        return "nothing new".to_owned();
    }
    let mut parts: Vec<String> = changes.iter().filter_map(part).collect();
    parts.sort();
    parts
        .into_iter()
        .map(|part| part.trim_start_matches(char::is_numeric).to_owned())
        .collect::<Vec<_>>()
        .join(", ")
}

/// One item in a few words, led by a digit that sorts records before promises
/// before events.
fn part(change: &Value) -> Option<String> {
    let image = change.pointer("/dynamodb/NewImage")?;
    let attribute = |name: &str| {
        let value = image.get(name)?;
        value
            .get("S")
            .or_else(|| value.get("N"))
            .and_then(Value::as_str)
    };
    let mut key = attribute("pk")?.splitn(3, '#').skip(1);
    let (kind, id) = (key.next()?, key.next()?);
    let sort = attribute("sk")?;
    Some(if sort == "record" {
        let status = attribute("status").unwrap_or("without status");
        let amount = |part: &str| {
            image
                .get("amount")?
                .pointer(&format!("/M/{part}/S"))?
                .as_str()
        };
        let amount = match (amount("value"), amount("unit")) {
            (Some(value), Some(unit)) => format!(" {value} {unit}"),
            _ => String::new(),
        };
        format!("0{kind} {id} {status}{amount}")
    } else if sort.starts_with("fulfilment#") {
        format!("1promise {}", attribute("state").unwrap_or_default())
    } else if image.get("quarantined").is_some() {
        "2quarantined".to_owned()
    } else if kind == "inbox" {
        format!("2archived {}", attribute("type").unwrap_or_default())
    } else {
        "3event".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(pk: &str, sk: &str, more: &Value) -> Value {
        let mut image = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
        image
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({ "dynamodb": { "NewImage": image } })
    }

    #[test]
    fn changes_are_told_in_a_few_words() {
        let changes = [
            change("affonso#payout#pay_1", "event#evt_1", &json!({})),
            change(
                "affonso#payout#pay_1",
                "record",
                &json!({ "status": { "S": "PAID" }, "amount": { "M": { "value": { "S": "4.10" }, "unit": { "S": "cash_major" } } } }),
            ),
            change(
                "affonso#payout#pay_1",
                "fulfilment#1",
                &json!({ "state": { "S": "requested" } }),
            ),
        ];
        assert_eq!(
            describe(&changes),
            "payout pay_1 PAID 4.10 cash_major, promise requested, event"
        );
        let inbox = [change(
            "affonso#inbox#evt_2",
            "event#evt_2",
            &json!({ "type": { "S": "x.y" } }),
        )];
        assert_eq!(describe(&inbox), "archived x.y");
        assert_eq!(describe(&[]), "nothing new");
    }

    #[test]
    fn only_changed_texts_are_listed() {
        let mut changes = Vec::new();
        assert!(changed_texts(
            &json!({ "a": "1", "b": [2] }),
            &json!({ "a": "3", "b": [2] }),
            &mut changes
        ));
        assert_eq!(changes, [("1".to_owned(), "3".to_owned())]);
        assert!(!changed_texts(
            &json!({}),
            &json!({ "a": "3" }),
            &mut changes
        ));
    }
}

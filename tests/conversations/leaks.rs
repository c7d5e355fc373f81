//! `NothingLeaks`: the whole sample set, and not a word of it where it must
//! not be.

use serde_json::Value;
use tests::{Setup, events_file};

use crate::samples::{fresh, play, samples, scene};

fn seeded(kind: &str) -> Vec<String> {
    let sensitive = events_file("sensitive.json");
    let list = sensitive[kind].as_array().unwrap().iter();
    let list: Vec<_> = list.map(|seed| seed.as_str().unwrap().to_owned()).collect();
    assert!(!list.is_empty());
    list
}

/// Every secret of the development configuration.
fn configured() -> Vec<String> {
    fn leaves(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::String(text)
                if text.len() > 12 && text != "payment.paid" && text != "dev-payment-paid" =>
            {
                into.push(text.clone());
            }
            Value::Array(items) => items.iter().for_each(|item| leaves(item, into)),
            Value::Object(members) => members.values().for_each(|value| leaves(value, into)),
            _ => {}
        }
    }
    let mut secrets = Vec::new();
    leaves(&local::dev_secrets(), &mut secrets);
    assert!(secrets.len() > 5);
    secrets
}

/// Asserts that none of these, and no secret of ours, is in a text.
pub fn assert_without(kinds: &[&str], text: &str, what: &str) {
    assert!(!text.is_empty(), "{what}: nothing to search");
    for needle in kinds.iter().flat_map(|kind| seeded(kind)).chain(configured()) {
        assert!(!text.contains(&needle), "{needle} in {what}");
    }
}

/// The kinds of what is seeded in the samples and stays out of what is told.
pub const EVERYTHING: [&str; 3] = ["credentials", "payment", "personal"];

async fn logs_of_everything(level: &str) -> String {
    let scene = scene(|options| options.set_env([("RUST_LOG", level)])).await;
    play(&scene).await;
    scene.stage.lines(samples().len()).await;
    let logs = scene.stage.stack.logs().join("\n");
    scene.stop().await;
    logs
}

#[tokio::test]
async fn no_line_holds_a_secret_or_a_person() {
    for level in ["info", "trace"] {
        assert_without(&EVERYTHING, &logs_of_everything(level).await, level);
    }
}

#[tokio::test]
async fn the_table_holds_people_but_neither_credentials_nor_payment_data() {
    let scene = scene(|_| {}).await;
    play(&scene).await;
    let items = scene.stage.items().await;
    let mut all = String::new();
    for item in items.iter().filter(|item| item["quarantined"].is_null()) {
        all.push_str(&item.to_string());
        if item.find("body").is_some() {
            all.push_str(&item.kept_body());
        }
    }
    assert_without(&["credentials", "payment"], &all, "the table");
    // The search itself finds what is there.
    let people = seeded("personal");
    assert!(people.iter().filter(|person| all.contains(*person)).count() > people.len() / 2);
}

#[tokio::test]
async fn no_answer_repeats_what_was_sent() {
    let stage = scene(|_| {}).await.stage;
    let mut answers = String::new();
    for (name, _, status) in samples() {
        answers.push_str(&stage.send(&fresh(&name, status)).await.body.to_string());
    }
    assert_without(&EVERYTHING, &answers, "the answers");
}

//! `NothingLeaks`: the whole sample set, and not a word of it where it must
//! not be.

use serde_json::Value;
use tests::{events_file, kept_body, text};

use crate::samples::{play, samples, scene};

fn seeded(kind: &str) -> Vec<String> {
    let sensitive = events_file("sensitive.json");
    let list: Vec<String> = sensitive[kind]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_str().unwrap().to_owned())
        .collect();
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

async fn logs_of_everything(level: &str) -> String {
    let scene = scene(|options| {
        options.env.insert("RUST_LOG".into(), level.into());
    })
    .await;
    play(&scene).await;
    let stage = scene.stage;
    stage.lines(samples().len()).await;
    let logs = stage.stack.logs().join("\n");
    stage.stack.stop().await;
    logs
}

#[tokio::test]
async fn no_line_holds_a_secret_or_a_person() {
    for level in ["info", "trace"] {
        let logs = logs_of_everything(level).await;
        let kinds = ["credentials", "payment", "personal"];
        for needle in kinds.into_iter().flat_map(seeded).chain(configured()) {
            assert!(!logs.contains(&needle), "{needle} at {level}");
        }
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
        if text(item, "sk").starts_with("event#") {
            all.push_str(&kept_body(item));
        }
    }
    for needle in seeded("credentials").into_iter().chain(seeded("payment")).chain(configured()) {
        assert!(!all.contains(&needle), "{needle}");
    }
    // The search itself finds what is there.
    let people = seeded("personal");
    assert!(people.iter().filter(|person| all.contains(*person)).count() > people.len() / 2);
}

#[tokio::test]
async fn no_answer_repeats_what_was_sent() {
    let stage = scene(|_| {}).await.stage;
    let mut answers = String::new();
    for (name, _, status) in samples() {
        answers.push_str(&stage.send(&crate::samples::fresh(&name, status)).await.1.to_string());
    }
    for needle in
        ["credentials", "payment", "personal"].into_iter().flat_map(seeded).chain(configured())
    {
        assert!(!answers.contains(&needle), "{needle}");
    }
}

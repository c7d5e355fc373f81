//! The samples of events/, as `cargo local` plays them and as
//! `sam local invoke` takes them.

use std::collections::BTreeSet;

use local::sign;
use serde_json::{Value, json};
use tests::{Stage, events_file, now, text};

/// The samples in playing order: name, function, expected status.
pub fn samples() -> Vec<(String, String, u16)> {
    let answers = events_file("answers.json");
    let samples = answers.as_array().unwrap().iter().map(|answer| {
        let status = u16::try_from(answer["answer"].as_u64().unwrap()).unwrap();
        (text(answer, "sample"), text(answer, "function"), status)
    });
    samples.collect()
}

/// A sample with a signature of now, unless it is one that must be refused.
pub fn fresh(name: &str, status: u16) -> Value {
    let mut event = events_file(&format!("{name}.json"));
    if status != 401 {
        sign::sign(&mut event, &local::dev_secrets()["webhooks"], now()).unwrap();
    }
    event
}

/// Plays every sample over HTTP and asserts on the answers.
pub async fn play(stage: &Stage) {
    for (name, _, status) in samples() {
        let (answered, body) = stage.send(&fresh(&name, status)).await;
        assert_eq!(answered, status, "{name}: {body}");
    }
}

#[tokio::test]
async fn every_sample_is_answered_and_leaves_what_it_says() {
    let stage = Stage::start().await;
    play(&stage).await;

    for (pk, status, amount) in [
        (
            "uppromote#payout#41873",
            "success",
            json!({"value": "318.4", "unit": "cash_major"}),
        ),
        (
            "affonso#payout#pay_81cedar",
            "completed",
            json!({"value": "412.5", "unit": "cash_major"}),
        ),
        (
            "affonso#payout#pay_82alder",
            "deleted",
            json!({"value": "96.05", "unit": "cash_major"}),
        ),
        (
            "firstpromoter#commission#301881",
            "approved",
            json!({"value": "500", "unit": "points"}),
        ),
        (
            "firstpromoter#payout#70211",
            "completed",
            json!({"value": "500", "unit": "points"}),
        ),
        (
            "firstpromoter#payout#70305",
            "failed",
            json!({"value": "18450", "unit": "cash_cents"}),
        ),
        (
            "firstpromoter-v1#fulfilment#3180442",
            "pending",
            json!({"value": "2", "unit": "free_months"}),
        ),
    ] {
        let record = stage.item(pk, "record").await;
        assert_eq!(
            (text(&record, "status").as_str(), &record["amount"]),
            (status, &amount),
            "{pk}"
        );
    }
    let denied = stage
        .item("firstpromoter#commission#301882", "record")
        .await;
    assert_eq!(text(&denied, "status"), "denied");

    let promises: Vec<Value> = stage
        .items()
        .await
        .into_iter()
        .filter(|item| text(item, "sk").starts_with("fulfilment#"))
        .collect();
    let keys: Vec<_> = promises
        .iter()
        .map(|p| (text(p, "key"), text(p, "state"), text(p, "due")))
        .collect();
    let expected = ["firstpromoter:301881:1", "firstpromoter-v1:3180442:1"];
    assert_eq!(
        keys,
        expected.map(|key| (key.into(), "requested".into(), "deliver#1".into()))
    );
    assert_eq!(promises[1]["terms"]["recipient"]["id"], "884133");
    assert_eq!(promises[1]["terms"]["recipient"]["reference"], "peat-77");
}

#[tokio::test]
async fn the_new_customer_keeps_every_field_that_may_be_kept() {
    let stage = Stage::start().await;
    let sample = fresh("firstpromoter-v1-new-customer", 200);
    assert_eq!(stage.send(&sample).await.0, 200);
    let sent: Value = serde_json::from_str(sample["body"].as_str().unwrap()).unwrap();
    let id = sent["data"]["id"].to_string();
    let record = stage
        .item(&format!("firstpromoter-v1#customer#{id}"), "record")
        .await;
    let kept = &record["facts"];
    assert_eq!(
        text(&record, "status"),
        sent["data"]["state"].as_str().unwrap()
    );

    compare(&sent["data"], kept, "", &|path| match path {
        "promoter" => Some("affiliate".into()),
        "state" => Some("status".into()),
        "created_at" => Some("occurred_at".into()),
        _ => None,
    });
}

/// Every leaf that was sent is kept as text, but for what may not be kept and
/// what the seed page does not list.
fn compare(sent: &Value, kept: &Value, path: &str, renamed: &dyn Fn(&str) -> Option<String>) {
    const NOT_KEPT: [&str; 5] = [
        "id",
        "custom_fields",
        "promoter.temp_password",
        "promoter.auth_token",
        "promoter.promotions",
    ];
    const PRESENCE: [&str; 4] = ["w8_form_url", "w9_form_url", "vat_id", "paypal_email"];
    for (name, value) in sent.as_object().unwrap() {
        let at = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        let kept_name = renamed(&at).unwrap_or_else(|| name.clone());
        let kept = &kept[kept_name.as_str()];
        if NOT_KEPT.contains(&at.as_str()) {
            assert!(kept.is_null(), "{at} is kept");
        } else if PRESENCE.contains(&name.as_str()) {
            assert!(
                kept.is_null() || kept == "present" || kept == "absent",
                "{at}: {kept}"
            );
        } else if value.is_object() {
            compare(value, kept, &at, renamed);
        } else {
            let expected = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            let kept = kept
                .as_str()
                .map_or_else(|| kept.to_string(), str::to_owned);
            let same_time = expected.len() > 20 && kept.get(..19) == expected.get(..19);
            assert!(
                kept == expected || same_time,
                "{at}: sent {expected}, kept {kept}"
            );
        }
    }
}

#[tokio::test]
async fn every_sample_can_be_invoked_directly() {
    let stage = Stage::start().await;
    let mut seen = BTreeSet::new();
    for (name, function, status) in samples() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let event = fresh(&name, status).to_string();
        let response = stage.stack.invoke(&function, event.into()).await.unwrap();
        let response: Value = serde_json::from_slice(&response).unwrap();
        assert_eq!(response["statusCode"], status, "{name}");
    }
}

/// The signatures that stand in the files are right as well; only Affonso's
/// grow old.
#[test]
fn the_samples_are_signed_for_the_development_secrets() {
    for (name, _, status) in samples() {
        let stored = events_file(&format!("{name}.json"));
        if status != 401 && !name.starts_with("affonso") {
            assert_eq!(stored["headers"], fresh(&name, status)["headers"], "{name}");
        }
    }
}

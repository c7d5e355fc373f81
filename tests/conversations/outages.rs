//! What is down stays unanswered with 2xx, and nothing is lost or restarted.

use serde_json::{Value, json};
use tests::{Stage, text};

const AFFONSO: &str = "/webhooks/affonso/payouts";

fn payout(event: &str) -> String {
    json!({"id": event, "type": "payout.paid", "data": {"payoutId": "p", "status": "COMPLETED"}})
        .to_string()
}

#[tokio::test]
async fn without_its_table_an_event_is_503_and_taken_when_sent_again() {
    let stage = Stage::start().await;
    assert_eq!(stage.post(AFFONSO, payout("e1")).await.0, 200);
    stage.stack.stop_dynamodb().await;
    let unavailable = (503, json!({"error": "unavailable"}));
    assert_eq!(stage.post(AFFONSO, payout("e2")).await, unavailable);
    // A duplicate cannot be told from a new event without the table.
    assert_eq!(stage.post(AFFONSO, payout("e1")).await, unavailable);
    stage.stack.start_dynamodb().await.unwrap();
    assert_eq!(stage.post(AFFONSO, payout("e2")).await, (200, json!({"result": "recorded"})));
    assert_eq!(stage.count("event#").await, 2);
    assert_eq!(stage.processes(), 1);
    let lines = stage.lines(4).await;
    assert_eq!(text(&lines[1], "outcome"), "unavailable");
}

#[tokio::test]
async fn known_secrets_serve_while_secrets_manager_is_down() {
    let stage = Stage::with(|options| {
        options.parameters.insert("SecretsTtlSeconds".into(), "1".into());
    })
    .await;
    assert_eq!(stage.post(AFFONSO, payout("e1")).await.0, 200);
    stage.stack.stop_secretsmanager().await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(stage.post(AFFONSO, payout("e2")).await.0, 200);
    // A new instance knows none and lets nobody in.
    stage.stack.kill_instances("PayoutsFunction").unwrap();
    assert_eq!(stage.post(AFFONSO, payout("e3")).await.0, 503);
    stage.stack.start_secretsmanager().await.unwrap();
    assert_eq!(stage.post(AFFONSO, payout("e3")).await.0, 200);
}

#[tokio::test]
async fn a_provider_without_secret_is_503_until_it_is_filled() {
    let stage = Stage::with(|options| {
        options.secrets = json!({});
    })
    .await;
    let mut event = tests::unsigned(AFFONSO, payout("e1"), &[]);
    local::sign::sign(&mut event, &local::dev_secrets()["webhooks"], tests::now()).unwrap();
    let unavailable: (u16, Value) = (503, json!({"error": "unavailable"}));
    assert_eq!(stage.send(&event).await, unavailable);
    assert_eq!(stage.items().await.len(), 0);
    stage.stack.put_secret("WebhookSecrets", &local::dev_secrets()["webhooks"]).unwrap();
    // A running instance asks again within a minute; a new one at once.
    stage.stack.kill_instances("PayoutsFunction").unwrap();
    assert_eq!(stage.send(&event).await.0, 200);
    assert_eq!(text(&stage.lines(2).await[0], "outcome"), "not_configured");
}

#[tokio::test]
async fn a_missing_setting_stops_the_function_at_its_start() {
    let stage = Stage::with(|options| {
        options.env.insert("FULFIL_FROM".into(), "soon".into());
    })
    .await;
    assert_eq!(stage.post(AFFONSO, payout("e1")).await.0, 500);
    let logs = stage.stack.logs().join("\n");
    assert!(logs.contains("FULFIL_FROM: is not an ISO 8601 time"), "{logs}");
}

#[tokio::test]
async fn a_sweep_that_cannot_read_neither_counts_nor_succeeds() {
    let stage = Stage::start().await;
    let sweep = async || stage.stack.invoke("SweepFunction", "{}".into()).await;
    let printed = |message: &str| {
        let line = format!("\"message\":\"{message}\"");
        let logs = stage.stack.logs();
        logs.iter().filter(|log| log.contains(&line)).count()
    };
    stage.stack.stop_dynamodb().await;
    assert!(sweep().await.is_err());
    assert_eq!((printed("backlog"), printed("sweep")), (0, 0));
    stage.stack.start_dynamodb().await.unwrap();
    assert!(sweep().await.is_ok());
    assert!(printed("backlog") > 0);
}

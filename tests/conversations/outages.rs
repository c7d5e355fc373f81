//! An event is not answered 2xx while an engine is down, and nothing is lost or
//! restarted.

use serde_json::json;
use tests::webhooks::{AFFONSO, PayoutEvent, payout};
use tests::{Setup, Stage, Webhook, stage};

fn paid(event: &str) -> PayoutEvent {
    payout(event, "payout.paid").status("COMPLETED")
}

#[tokio::test]
async fn without_its_table_an_event_is_503_and_taken_when_sent_again() {
    let stage = Stage::start().await;
    stage.post(&paid("e1")).await.is(200);
    stage.stack.stop_dynamodb().await;
    stage.post(&paid("e2")).await.is(503).error("unavailable");
    // A duplicate cannot be told from a new event without the table.
    stage.post(&paid("e1")).await.is(503).error("unavailable");
    stage.stack.start_dynamodb().await.unwrap();
    stage.post(&paid("e2")).await.is(200).outcome("recorded");
    assert_eq!(stage.count("event#").await, 2);
    assert_eq!(stage.processes(), 1);
    assert_eq!(stage.lines(4).await[1]["outcome"], "unavailable");
}

#[tokio::test]
async fn known_secrets_serve_while_secrets_manager_is_down() {
    let stage = Stage::with(|options| options.set_parameters([("SecretsTtlSeconds", "1")])).await;
    stage.post(&paid("e1")).await.is(200);
    stage.stack.stop_secretsmanager().await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    stage.post(&paid("e2")).await.is(200);
    // A new instance knows none and lets nobody in.
    stage.stack.kill_instances("PayoutsFunction").unwrap();
    stage.post(&paid("e3")).await.is(503);
    stage.stack.start_secretsmanager().await.unwrap();
    stage.post(&paid("e3")).await.is(200);
}

#[tokio::test]
async fn a_provider_without_secret_is_503_until_it_is_filled() {
    let stage = Stage::with(|options| options.secrets = json!({})).await;
    let webhooks = &local::dev_secrets()["webhooks"];
    let event = stage::signed_with(webhooks, AFFONSO, paid("e1").body());
    stage.send(&event).await.is(503).error("unavailable");
    assert_eq!(stage.items().await.len(), 0);
    stage.stack.put_secret("WebhookSecrets", webhooks).unwrap();
    // A running instance asks again within a minute; a new one at once.
    stage.stack.kill_instances("PayoutsFunction").unwrap();
    stage.send(&event).await.is(200);
    let line = &stage.lines(2).await[0];
    assert_eq!((&line["outcome"], &line["FromSenders"]), (&json!("not_configured"), &json!(1.0)));
}

#[tokio::test]
async fn a_missing_setting_stops_the_function_at_its_start() {
    let stage = Stage::with(|options| options.set_env([("FULFIL_FROM", "soon")])).await;
    stage.post(&paid("e1")).await.is(500);
    let logs = stage.stack.logs().join("\n");
    assert!(logs.contains("FULFIL_FROM: is not an ISO 8601 time"), "{logs}");
}

#[tokio::test]
async fn a_sweep_that_cannot_read_neither_counts_nor_succeeds() {
    let stage = Stage::start().await;
    let sweep = async || stage.try_invoke("SweepFunction", &json!({})).await;
    stage.stack.stop_dynamodb().await;
    assert!(sweep().await.is_err());
    assert_eq!((stage.printed("backlog"), stage.printed("sweep")), (0, 0));
    stage.stack.start_dynamodb().await.unwrap();
    assert!(sweep().await.is_ok());
    assert!(stage.printed("backlog") > 0 && stage.printed("sweep") > 0);
}

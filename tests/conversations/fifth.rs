//! A fifth provider, made up and defined here alone: it is received, recorded, shown
//! and signed by a folder of its own and a line in the list.

mod provider;

use local::sign::sign_as;
use serde_json::{Value, json};
use shared::aws::Aws;
use shared::aws::store::Store;
use shared::provider::Providers;
use shared::receive::Receiver;
use shared::receive::gateway::Request;
use tests::options::secrets_with;
use tests::{Stage, now, unsigned};

const PROVIDERS: Providers = &[&shared::provider::affonso::DEFINITION, &provider::DEFINITION];
const PATH: &str = "/webhooks/made-up/payouts";

/// The environment of a receiving function on this stage.
fn env(stage: &Stage, name: &str) -> Option<String> {
    let value = match name {
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "local",
        "AWS_REGION" => "us-east-1",
        "AWS_ENDPOINT_URL_DYNAMODB" => &stage.stack.dynamodb,
        "AWS_ENDPOINT_URL_SECRETS_MANAGER" => &stage.stack.secretsmanager,
        "TABLE_NAME" => &stage.stack.table,
        "WEBHOOK_SECRETS_ID" => return Some(format!("{}/webhooks", local::template::STACK_NAME)),
        "FULFILMENT_SOURCE" => "off",
        "FULFIL_FROM" => "2026-01-01T00:00:00Z",
        "REWARD_RECIPIENT" => "promoter",
        _ => return None,
    };
    Some(value.to_owned())
}

/// A request as the provider would sign it, by the same words as the others.
fn signed(secrets: &Value, body: &Value) -> Request {
    let providers = [serde_json::from_value(provider::DEFINITION.signing()).unwrap()];
    let mut event = unsigned(PATH, body.to_string(), &[]);
    sign_as(&providers, &mut event, secrets, now()).unwrap();
    event["version"] = json!("2.0");
    serde_json::from_value(event).unwrap()
}

#[tokio::test]
async fn a_provider_of_ones_own_is_received_recorded_shown_and_signed() {
    let secrets = json!({"made_up": {"hmac": [{"name": "mine", "key": "key-of-the-made-up"}]}});
    let stage = Stage::with(|options| options.secrets = secrets_with(secrets.clone())).await;
    let receiver = Receiver::from_env(PROVIDERS, &|name| env(&stage, name)).unwrap();
    let body = json!({"event": "payout.settled", "number": "e-1", "at": "2026-10-01T10:00:00Z",
        "payout": {"id": "p-1", "affiliate": "a-9", "amount": 12.50}});

    let answer = receiver.handle(signed(&secrets, &body)).await;
    assert_eq!(answer.status_code, 200, "{:?}", answer.body);
    let again = receiver.handle(signed(&secrets, &body)).await;
    assert!(format!("{:?}", again.body).contains("duplicate"));
    let wrong = json!({"made_up": {"hmac": ["another-key-altogether"]}});
    assert_eq!(receiver.handle(signed(&wrong, &body)).await.status_code, 401);

    let record = stage.item("made-up#payout#p-1", "record").await;
    assert_eq!(
        (&record["status"], &record["provider_status"], &record["amount"]["value"]),
        (&json!("completed"), &json!("settled"), &json!("12.5"))
    );
    assert_eq!(record["links"], json!([{"kind": "affiliate", "id": "a-9"}]));
    assert_eq!(record["affiliate"], "made-up#a-9");
    let event = stage.item("made-up#payout#p-1", "event#e-1").await;
    assert_eq!((&event["secret"], &event["type"]), (&json!("mine"), &json!("payout.settled")));

    let client = Aws::from_env(&|name| env(&stage, name)).unwrap().dynamodb();
    let store = Store::new(client, stage.stack.table.clone());
    let pk = "made-up#payout#p-1".parse().unwrap();
    let story = ops::Story::read(&store, &pk, None, false).await.unwrap().unwrap();
    let story = story.text(&ops::TargetArgs::default());
    for part in [
        "payout.settled",
        "record: completed (\"settled\")",
        "affiliate_id a-9",
        "amount 12.50 (currency not stated)",
    ] {
        assert!(story.contains(part), "{part}: {story}");
    }
}

//! Rotation without a deploy, and the other ways in.

use serde_json::{Value, json};
use tests::options::secrets_with;
use tests::stage::signed_with;
use tests::webhooks::COMMISSIONS;
use tests::{Setup, Stage, unsigned};

fn commission(event: u32) -> String {
    json!({"event_id": event, "event_type": "commission.created", "data": {"id": 1, "status": "pending"}}).to_string()
}

fn hmac(keys: &[&str]) -> Value {
    json!({"firstpromoter": {"hmac": keys}})
}

#[tokio::test]
async fn a_secret_is_rotated_without_a_deploy() {
    let (old, new) = (hmac(&["older-key"]), hmac(&["newer-key"]));
    let stage = Stage::with(|options| {
        options.secrets = secrets_with(old.clone());
        options.set_parameters([("SecretsTtlSeconds", "1")]);
    })
    .await;
    let send = async |key: &Value, event| {
        stage.send(&signed_with(key, COMMISSIONS, commission(event))).await
    };
    let replace = async |secret: &Value| {
        stage.stack.put_secret("WebhookSecrets", secret).unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    };
    send(&old, 1).await.is(200);
    send(&new, 2).await.is(401);
    replace(&hmac(&["newer-key", "older-key"])).await;
    // Retries under way keep the old signature.
    send(&new, 3).await.is(200);
    send(&old, 4).await.is(200);
    replace(&new).await;
    send(&old, 5).await.is(401);
    let lines = stage.lines(5).await;
    let names: Vec<_> = lines.iter().map(|line| line["secret"].as_str()).collect();
    assert_eq!(names, [Some("hmac[0]"), None, Some("hmac[0]"), Some("hmac[1]"), None]);
}

#[tokio::test]
async fn uppromotes_secret_of_one_event_opens_no_other() {
    let stage = Stage::start().await;
    let bound = json!({"uppromote": {"hmac": ["uppromote-dev-payment-paid-4f1c"]}});
    let body = json!({"payment_id": 5, "processed_at": "2026-10-01T10:00:00Z"}).to_string();
    let send = async |event: &str| {
        let path = format!("/webhooks/uppromote/{event}");
        stage.send(&signed_with(&bound, &path, &body)).await
    };
    send("payment.paid").await.is(200);
    send("referral-new").await.is(401);
    assert_eq!(stage.lines(2).await[0]["secret"], "dev-payment-paid");
}

#[tokio::test]
async fn firstpromoter_may_prove_itself_by_header_or_basic_credentials() {
    let webhooks = json!({
        "firstpromoter": {"header": [{"name": "X-Our-Key", "value": "static-header-value"}],
                          "basic": [{"user": "fp", "password": "basic-password"}], "policy": "any"},
        "firstpromoter_v1": {"basic": [{"user": "fp1", "password": "basic-password-1"}]},
    });
    let stage = Stage::with(|options| options.secrets = secrets_with(webhooks)).await;
    let basic = "Basic ZnA6YmFzaWMtcGFzc3dvcmQ=";
    for (headers, status) in [
        (vec![("x-our-key", "static-header-value")], 200),
        (vec![("authorization", basic)], 200),
        (vec![("x-our-key", "another")], 401),
        (vec![], 401),
    ] {
        let answer = stage.send(&unsigned(COMMISSIONS, commission(1), &headers)).await;
        assert_eq!(answer.status, status, "{headers:?}");
    }
    let v1 = "/webhooks/firstpromoter-v1/-/customers";
    let lead =
        json!({"event": {"id": 1, "type": "lead_becomes_referral"}, "data": {"id": 2}}).to_string();
    let right = [("authorization", "Basic ZnAxOmJhc2ljLXBhc3N3b3JkLTE=")];
    stage.send(&unsigned(v1, &lead, &right)).await.is(200);
    stage.send(&unsigned(v1, &lead, &[("authorization", basic)])).await.is(401);
}

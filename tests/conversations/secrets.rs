//! Rotation without a deploy, and the other ways in.

use serde_json::{Value, json};
use tests::{Stage, now, secrets_with, text, unsigned};

const V2: &str = "/webhooks/firstpromoter/commissions";

fn commission(event: u32) -> String {
    json!({"event_id": event, "event_type": "commission.created", "data": {"id": 1, "status": "pending"}}).to_string()
}

fn signed_with(webhooks: &Value, path: &str, body: &str) -> Value {
    let mut event = unsigned(path, body, &[]);
    local::sign::sign(&mut event, webhooks, now()).unwrap();
    event
}

#[tokio::test]
async fn a_secret_is_rotated_without_a_deploy() {
    let hmac = |keys: &[&str]| json!({"firstpromoter": {"hmac": keys}});
    let (old, new) = (hmac(&["older-key"]), hmac(&["newer-key"]));
    let secrets = secrets_with(old.clone());
    let stage = Stage::with(|options| {
        options.secrets = secrets;
        options.parameters.insert("SecretsTtlSeconds".into(), "1".into());
    })
    .await;
    assert_eq!(stage.send(&signed_with(&old, V2, &commission(1))).await.0, 200);
    assert_eq!(stage.send(&signed_with(&new, V2, &commission(2))).await.0, 401);
    stage.stack.put_secret("WebhookSecrets", &hmac(&["newer-key", "older-key"])).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    // Retries under way keep the old signature.
    assert_eq!(stage.send(&signed_with(&new, V2, &commission(3))).await.0, 200);
    assert_eq!(stage.send(&signed_with(&old, V2, &commission(4))).await.0, 200);
    stage.stack.put_secret("WebhookSecrets", &new).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(stage.send(&signed_with(&old, V2, &commission(5))).await.0, 401);
    let names: Vec<_> = stage.lines(5).await.iter().map(|line| text(line, "secret")).collect();
    assert_eq!(names, ["hmac[0]", "", "hmac[0]", "hmac[1]", ""]);
}

#[tokio::test]
async fn uppromotes_secret_of_one_event_opens_no_other() {
    let stage = Stage::start().await;
    let bound = json!({"uppromote": {"hmac": ["uppromote-dev-payment-paid-4f1c"]}});
    let body = json!({"payment_id": 5, "processed_at": "2026-10-01T10:00:00Z"}).to_string();
    let paid = signed_with(&bound, "/webhooks/uppromote/payment.paid", &body);
    assert_eq!(stage.send(&paid).await.0, 200);
    let referral = signed_with(&bound, "/webhooks/uppromote/referral-new", &body);
    assert_eq!(stage.send(&referral).await.0, 401);
    assert_eq!(text(&stage.lines(2).await[0], "secret"), "dev-payment-paid");
}

#[tokio::test]
async fn firstpromoter_may_prove_itself_by_header_or_basic_credentials() {
    let webhooks = json!({
        "firstpromoter": {"header": [{"name": "X-Our-Key", "value": "static-header-value"}],
                          "basic": [{"user": "fp", "password": "basic-password"}], "policy": "any"},
        "firstpromoter_v1": {"basic": [{"user": "fp1", "password": "basic-password-1"}]},
    });
    let secrets = secrets_with(webhooks);
    let stage = Stage::with(|options| options.secrets = secrets).await;
    let basic = "Basic ZnA6YmFzaWMtcGFzc3dvcmQ=";
    for (headers, status) in [
        (vec![("x-our-key", "static-header-value")], 200),
        (vec![("authorization", basic)], 200),
        (vec![("x-our-key", "another")], 401),
        (vec![], 401),
    ] {
        assert_eq!(
            stage.send(&unsigned(V2, commission(1), &headers)).await.0,
            status,
            "{headers:?}"
        );
    }
    let v1 = "/webhooks/firstpromoter-v1/-/customers";
    let lead =
        json!({"event": {"id": 1, "type": "lead_becomes_referral"}, "data": {"id": 2}}).to_string();
    let right = [("authorization", "Basic ZnAxOmJhc2ljLXBhc3N3b3JkLTE=")];
    assert_eq!(stage.send(&unsigned(v1, &lead, &right)).await.0, 200);
    assert_eq!(stage.send(&unsigned(v1, &lead, &[("authorization", basic)])).await.0, 401);
}

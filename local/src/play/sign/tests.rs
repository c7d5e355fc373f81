use serde_json::json;

use super::*;

const U: &str = r#"{"payment_id":26154,"affiliate_id":2014227,"status":"SUCCESS","affiliate_email":"a@example.com","total_referrals":1,"total_processed":100,"payment_method":"debit","processed_at":"2025-09-24T10:52:59Z"}"#;
const F: &str = r#"{"event_id":"a1b2c3d4-e5f6-7890-abcd-ef1234567890","event_type":"commission.updated","action":"updated","entity_type":"commission","entity_id":88901,"changes":{"status":["pending","approved"]},"data":{"id":88901,"status":"approved","amount":500,"unit":"points"},"timestamp":"2025-01-19T10:30:00Z"}"#;
const A: &str = r#"{"id":"evt_test_1","type":"payout.paid","createdAt":"2024-01-15T10:30:00.000Z","data":{"payoutId":"pay_1","affiliateId":"aff_1","affiliateProgramId":"prog_1","invoiceNumber":1042,"amount":250.00,"status":"COMPLETED","isManagedPayout":true,"paidAt":"2024-01-15T14:00:00.000Z"}}"#;
const T: u64 = 1_704_067_200;

fn event(path: &str, body: &str) -> Value {
    json!({ "rawPath": path, "headers": {}, "body": body, "isBase64Encoded": false })
}

fn signed(path: &str, body: &str, secrets: &Value) -> Value {
    let mut event = event(path, body);
    sign(&mut event, secrets, T).unwrap();
    event["headers"].take()
}

#[test]
fn a_token_is_no_part_of_what_is_shown() {
    for (path, expected) in [
        ("/webhooks/firstpromoter-v1/s3cret/rewards", "/webhooks/firstpromoter-v1/{token}/rewards"),
        ("/webhooks/firstpromoter-v1/s3cret", "/webhooks/firstpromoter-v1/{token}"),
        ("/webhooks/firstpromoter-v1/s/x/y", "/webhooks/firstpromoter-v1/{token}/x/y"),
        ("/webhooks/firstpromoter-v1/", "/webhooks/firstpromoter-v1/"),
        ("/webhooks/firstpromoter/payouts", "/webhooks/firstpromoter/payouts"),
    ] {
        assert_eq!(without_token(path), expected);
    }
}

#[test]
fn signatures_equal_the_vectors() {
    for (headers, name, expected) in [
        (
            signed(
                "/webhooks/uppromote/payment-paid",
                U,
                &json!({ "uppromote": { "hmac": ["uppromote_test_secret"] } }),
            ),
            "x-uppromote-signature",
            "fe2b30902828c67c2c0b58f5211689ff8f1b7b53b097e39c792a14f6c62d37d7",
        ),
        (
            signed(
                "/webhooks/firstpromoter/commissions",
                F,
                &json!({ "firstpromoter": {
                    "hmac": ["00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"]
                } }),
            ),
            "x-webhook-signature",
            "a99e64f33d7c5194b3f66c993244f5941b8986d3caf81120cdf2fe16940a8e0b",
        ),
        (
            signed(
                "/webhooks/affonso/payouts",
                A,
                &json!({ "affonso": { "hmac": ["whsec_test"] } }),
            ),
            "x-affonso-signature",
            "t=1704067200,v1=a63a83cced0a726bf7b9143872a39c832e4f79a0e7e67abb6ab9af124110eee8",
        ),
    ] {
        assert_eq!(headers[name], expected, "{name}");
    }
    assert_eq!(
        hmac_hex("whsec_test", A.as_bytes()),
        "7b4416faa874462685b44286c141f37c2d3ddf1ec93da746127706b061189d67"
    );
}

#[test]
fn white_space_around_a_secret_signs_nothing() {
    let (plain, copied) = ("key-of-uppromote", " key-of-uppromote\n");
    let secrets = json!({ "uppromote": { "hmac": [{ "key": copied }] } });
    let headers = signed("/webhooks/uppromote/payment-paid", "{}", &secrets);
    assert_eq!(headers["x-uppromote-signature"], hmac_hex(plain, b"{}"));
}

#[test]
fn the_first_secret_for_the_event_signs() {
    let secrets = json!({ "uppromote": { "hmac": [
        { "name": "a", "key": "paid", "events": ["payment.paid"] },
        "any",
    ] } });
    for (path, key) in [("payment-paid", "paid"), ("payment.paid", "paid"), ("referral-new", "any")]
    {
        let headers = signed(&format!("/webhooks/uppromote/{path}"), "{}", &secrets);
        assert_eq!(headers["x-uppromote-signature"], hmac_hex(key, b"{}"), "{path}");
    }
}

#[test]
fn affonso_keeps_the_form_with_a_timestamp_header() {
    let mut event = event("/webhooks/affonso/payouts", A);
    event["headers"] = json!({ "x-affonso-timestamp": "1" });
    sign(&mut event, &json!({ "affonso": { "hmac": ["whsec_test"] } }), T).unwrap();
    assert_eq!(event["headers"]["x-affonso-timestamp"], "1704067200");
    let hex = "a63a83cced0a726bf7b9143872a39c832e4f79a0e7e67abb6ab9af124110eee8";
    assert_eq!(event["headers"]["x-affonso-signature"], hex);
}

#[test]
fn v1_carries_a_token_or_credentials() {
    let mut event = event("/webhooks/firstpromoter-v1/old/customers", "{}");
    event["pathParameters"] = json!({ "token": "old" });
    sign(&mut event, &json!({ "firstpromoter_v1": { "path_token": ["new"] } }), T).unwrap();
    assert_eq!(event["rawPath"], "/webhooks/firstpromoter-v1/new/customers");
    assert_eq!(event["pathParameters"]["token"], "new");
    sign(
        &mut event,
        &json!({ "firstpromoter_v1": { "basic": [{ "user": "u", "password": "p" }] } }),
        T,
    )
    .unwrap();
    assert_eq!(event["headers"]["authorization"], "Basic dTpw");
}

#[test]
fn a_token_that_is_no_segment_is_refused() {
    for (token, fits) in [
        ("0123456789abcdef", true),
        ("aB-._~+=:@", true),
        ("a/b", false),
        ("a%2Fb", false),
        ("a?b", false),
        ("a b", false),
        ("schlüssel", false),
    ] {
        let secrets = json!({ "firstpromoter_v1": { "path_token": [{ "key": token }] } });
        let mut event = event("/webhooks/firstpromoter-v1/old/customers", "{}");
        assert_eq!(sign(&mut event, &secrets, T).is_ok(), fits, "{token}");
    }
}

#[test]
fn policy_all_takes_every_proof() {
    let secrets = json!({ "firstpromoter": {
        "hmac": ["k"], "header": [{ "name": "X-Key", "value": "v" }], "policy": "all",
    } });
    let headers = signed("/webhooks/firstpromoter/payouts", "{}", &secrets);
    assert_eq!(
        (headers["x-key"].as_str(), headers["x-webhook-signature"].as_str()),
        (Some("v"), Some(hmac_hex("k", b"{}").as_str()))
    );
}

#[test]
fn a_ping_stays_unsigned_and_a_missing_secret_is_said() {
    let mut ping = event("/webhooks/uppromote/payment-paid", "");
    sign(&mut ping, &json!({}), T).unwrap();
    assert_eq!(ping["headers"], json!({}));
    let mut other = event("/webhooks/affonso/payouts", "{}");
    assert!(matches!(sign(&mut other, &json!({}), T), Err(SignError::NoSecret(_))));
    let mut stray = event("/elsewhere", "{}");
    assert!(matches!(sign(&mut stray, &json!({}), T), Err(SignError::UnknownPath(_))));
}

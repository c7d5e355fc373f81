//! Signs requests as each provider does. Written from the providers'
//! documentation and apart from the code that verifies, so that one does not
//! repeat the other's mistakes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

/// Why a request could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The event lacks what a payload 2.0 event has.
    #[error("the event has no {0}")]
    Incomplete(&'static str),
    /// The path is none of a provider's.
    #[error("{0} is not the path of a provider's webhook")]
    UnknownPath(String),
    /// The secrets have none for this request.
    #[error("the secrets have none that signs {0}")]
    NoSecret(String),
}

/// HMAC-SHA256 in lower-case hex.
#[must_use]
pub fn hmac_hex(key: &str, bytes: &[u8]) -> String {
    // HMAC takes a key of any length.
    Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_or_else(
        |_| String::new(),
        |mut mac| {
            mac.update(bytes);
            hex::encode(mac.finalize().into_bytes())
        },
    )
}

/// Affonso's `X-Affonso-Signature` at a time in Unix seconds.
#[must_use]
pub fn affonso(key: &str, seconds: u64, body: &[u8]) -> String {
    format!("t={seconds},v1={}", affonso_hex(key, seconds, body))
}

fn affonso_hex(key: &str, seconds: u64, body: &[u8]) -> String {
    hmac_hex(key, &[format!("{seconds}.").as_bytes(), body].concat())
}

/// The body of a payload 2.0 event, decoded.
///
/// # Errors
/// [`SignError::Incomplete`] when it says base64 and is not.
pub fn body(event: &Value) -> Result<Vec<u8>, SignError> {
    let text = event
        .get("body")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if event.get("isBase64Encoded") == Some(&Value::Bool(true)) {
        return STANDARD
            .decode(text)
            .map_err(|_| SignError::Incomplete("base64 in its body"));
    }
    Ok(text.as_bytes().to_vec())
}

/// Signs a payload 2.0 event in place, by the first secret that fits.
/// `secrets` is the webhook secret (an object by provider), `seconds` the time
/// in Unix seconds for signatures that carry one. A request without body and
/// without signature, as UpPromote's subscription ping, stays as it is.
///
/// # Errors
/// [`SignError`] when the event is none of a provider's, or its provider has
/// no secret.
pub fn sign(event: &mut Value, secrets: &Value, seconds: u64) -> Result<(), SignError> {
    let path = event
        .get("rawPath")
        .and_then(Value::as_str)
        .ok_or(SignError::Incomplete("rawPath"))?
        .to_owned();
    let body = body(event)?;
    let mut segments = path.trim_start_matches("/webhooks/").split('/');
    let provider = segments.next().unwrap_or_default();
    let next = segments.next().unwrap_or_default().to_owned();
    let own = |name: &str| secrets.get(name).cloned().unwrap_or_default();
    let missing = || SignError::NoSecret(path.clone());
    match provider {
        "uppromote" => {
            if body.is_empty() && header(event, "x-uppromote-signature").is_none() {
                return Ok(());
            }
            let key = hmac_key(&own("uppromote"), Some(&next)).ok_or_else(missing)?;
            set_header(event, "x-uppromote-signature", hmac_hex(&key, &body))
        }
        "affonso" => {
            let key = hmac_key(&own("affonso"), None).ok_or_else(missing)?;
            if header(event, "x-affonso-timestamp").is_some() {
                set_header(event, "x-affonso-timestamp", seconds.to_string())?;
                return set_header(
                    event,
                    "x-affonso-signature",
                    affonso_hex(&key, seconds, &body),
                );
            }
            set_header(event, "x-affonso-signature", affonso(&key, seconds, &body))
        }
        "firstpromoter" => firstpromoter(event, &own("firstpromoter"), &body)?.ok_or_else(missing),
        "firstpromoter-v1" => {
            let own = own("firstpromoter_v1");
            match first(&own, "path_token").and_then(secret_text) {
                Some(token) => replace_token(event, &next, &token),
                None => set_header(event, "authorization", basic(&own).ok_or_else(missing)?),
            }
        }
        _ => Err(SignError::UnknownPath(path)),
    }
}

/// Signs by everything the policy asks for: one proof for `any`, each for
/// `all`. `None` when there is no secret at all.
fn firstpromoter(event: &mut Value, own: &Value, body: &[u8]) -> Result<Option<()>, SignError> {
    let hmac =
        hmac_key(own, None).map(|key| ("x-webhook-signature".to_owned(), hmac_hex(&key, body)));
    let fixed = first(own, "header").and_then(|entry| {
        let text = |key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
        Some((text("name")?.to_ascii_lowercase(), text("value")?))
    });
    let credentials = basic(own).map(|value| ("authorization".to_owned(), value));
    let all = own.get("policy").and_then(Value::as_str) == Some("all");
    let proofs = [hmac, fixed, credentials].into_iter().flatten();
    let mut signed = None;
    for (name, value) in proofs.take(if all { usize::MAX } else { 1 }) {
        set_header(event, &name, value)?;
        signed = Some(());
    }
    Ok(signed)
}

fn first<'s>(own: &'s Value, key: &str) -> Option<&'s Value> {
    own.get(key).and_then(Value::as_array)?.first()
}

/// A secret is a text, or an object with its `key`.
fn secret_text(entry: &Value) -> Option<String> {
    entry
        .as_str()
        .or_else(|| entry.get("key").and_then(Value::as_str))
        .map(str::to_owned)
}

/// The first `hmac` secret that is for `event`, or for all events.
fn hmac_key(own: &Value, event: Option<&str>) -> Option<String> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['.', '_'], "-");
    let fits = |entry: &&Value| match (entry.get("events").and_then(Value::as_array), event) {
        (Some(events), Some(event)) => events
            .iter()
            .filter_map(Value::as_str)
            .any(|name| plain(name) == plain(event)),
        _ => true,
    };
    own.get("hmac")
        .and_then(Value::as_array)?
        .iter()
        .find(fits)
        .and_then(secret_text)
}

fn basic(own: &Value) -> Option<String> {
    let entry = first(own, "basic")?;
    let (user, password) = (
        entry.get("user")?.as_str()?,
        entry.get("password")?.as_str()?,
    );
    Some(format!(
        "Basic {}",
        STANDARD.encode(format!("{user}:{password}"))
    ))
}

fn header<'e>(event: &'e Value, name: &str) -> Option<&'e str> {
    event.get("headers")?.get(name)?.as_str()
}

fn set_header(event: &mut Value, name: &str, value: String) -> Result<(), SignError> {
    let headers = event
        .get_mut("headers")
        .and_then(Value::as_object_mut)
        .ok_or(SignError::Incomplete("headers"))?;
    headers.insert(name.to_owned(), Value::String(value));
    Ok(())
}

fn replace_token(event: &mut Value, old: &str, new: &str) -> Result<(), SignError> {
    if old.is_empty() {
        return Err(SignError::Incomplete("path token"));
    }
    for pointer in [
        "/rawPath",
        "/requestContext/http/path",
        "/pathParameters/token",
    ] {
        if let Some(Value::String(text)) = event.pointer_mut(pointer) {
            *text = text.replace(old, new);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
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
    fn the_first_secret_for_the_event_signs() {
        let secrets = json!({ "uppromote": { "hmac": [
            { "name": "a", "key": "paid", "events": ["payment.paid"] },
            "any",
        ] } });
        for (path, key) in [
            ("payment-paid", "paid"),
            ("payment.paid", "paid"),
            ("referral-new", "any"),
        ] {
            let headers = signed(&format!("/webhooks/uppromote/{path}"), "{}", &secrets);
            assert_eq!(
                headers["x-uppromote-signature"],
                hmac_hex(key, b"{}"),
                "{path}"
            );
        }
    }

    #[test]
    fn affonso_keeps_the_form_with_a_timestamp_header() {
        let mut event = event("/webhooks/affonso/payouts", A);
        event["headers"] = json!({ "x-affonso-timestamp": "1" });
        sign(
            &mut event,
            &json!({ "affonso": { "hmac": ["whsec_test"] } }),
            T,
        )
        .unwrap();
        assert_eq!(event["headers"]["x-affonso-timestamp"], "1704067200");
        let hex = "a63a83cced0a726bf7b9143872a39c832e4f79a0e7e67abb6ab9af124110eee8";
        assert_eq!(event["headers"]["x-affonso-signature"], hex);
    }

    #[test]
    fn v1_carries_a_token_or_credentials() {
        let mut event = event("/webhooks/firstpromoter-v1/old/customers", "{}");
        event["pathParameters"] = json!({ "token": "old" });
        sign(
            &mut event,
            &json!({ "firstpromoter_v1": { "path_token": ["new"] } }),
            T,
        )
        .unwrap();
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
    fn policy_all_takes_every_proof() {
        let secrets = json!({ "firstpromoter": {
            "hmac": ["k"], "header": [{ "name": "X-Key", "value": "v" }], "policy": "all",
        } });
        let headers = signed("/webhooks/firstpromoter/payouts", "{}", &secrets);
        assert_eq!(
            (
                headers["x-key"].as_str(),
                headers["x-webhook-signature"].as_str()
            ),
            (Some("v"), Some(hmac_hex("k", b"{}").as_str()))
        );
    }

    #[test]
    fn a_ping_stays_unsigned_and_a_missing_secret_is_said() {
        let mut ping = event("/webhooks/uppromote/payment-paid", "");
        sign(&mut ping, &json!({}), T).unwrap();
        assert_eq!(ping["headers"], json!({}));
        let mut other = event("/webhooks/affonso/payouts", "{}");
        assert!(matches!(
            sign(&mut other, &json!({}), T),
            Err(SignError::NoSecret(_))
        ));
        let mut stray = event("/elsewhere", "{}");
        assert!(matches!(
            sign(&mut stray, &json!({}), T),
            Err(SignError::UnknownPath(_))
        ));
    }
}

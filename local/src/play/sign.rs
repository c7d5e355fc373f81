//! Signs requests as each provider does. Written from the providers'
//! documentation and apart from the code that verifies, so that one does not
//! repeat the other's mistakes.

#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

pub use crate::error::SignError;
use crate::stage::client;

/// What a path's segment may hold beside letters and digits and stays the same
/// when it is decoded.
const SEGMENT: &str = "-._~!$&'()*+,;=:@";

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
    client::body(event).ok_or(SignError::Incomplete("base64 in its body"))
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
    match provider {
        "uppromote" => {
            if body.is_empty() && header(event, "x-uppromote-signature").is_none() {
                return Ok(());
            }
            let key =
                hmac_key(&own("uppromote"), Some(&next)).ok_or(SignError::NoSecret("uppromote"))?;
            set_header(event, "x-uppromote-signature", hmac_hex(&key, &body))
        }
        "affonso" => {
            let key = hmac_key(&own("affonso"), None).ok_or(SignError::NoSecret("affonso"))?;
            if header(event, "x-affonso-timestamp").is_some() {
                set_header(event, "x-affonso-timestamp", seconds.to_string())?;
                return set_header(event, "x-affonso-signature", affonso_hex(&key, seconds, &body));
            }
            set_header(event, "x-affonso-signature", affonso(&key, seconds, &body))
        }
        "firstpromoter" => firstpromoter(event, &own("firstpromoter"), &body)?
            .ok_or(SignError::NoSecret("firstpromoter")),
        "firstpromoter-v1" => {
            let own = own("firstpromoter_v1");
            if let Some(token) = first(&own, "path_token").and_then(secret_text) {
                check_tokens(secrets)?;
                return replace_token(event, &next, &token);
            }
            let basic = basic(&own).ok_or(SignError::NoSecret("firstpromoter_v1"))?;
            set_header(event, "authorization", basic)
        }
        _ => Err(SignError::UnknownPath(path)),
    }
}

/// Refuses path tokens that no request could carry: API Gateway hands on a
/// path decoded, in which an escaped slash would be a slash again.
pub(crate) fn check_tokens(secrets: &Value) -> Result<(), SignError> {
    let tokens = secrets.pointer("/firstpromoter_v1/path_token");
    let tokens = tokens.and_then(Value::as_array).into_iter().flatten();
    let plain = |token: String| {
        let mut letters = token.chars();
        letters.all(|letter| letter.is_ascii_alphanumeric() || SEGMENT.contains(letter))
    };
    if tokens.filter_map(secret_text).all(plain) {
        return Ok(());
    }
    Err(SignError::NoSegment(SEGMENT))
}

/// Signs by everything the policy asks for: one proof for `any`, each for
/// `all`. `None` when there is no secret at all.
fn firstpromoter(event: &mut Value, own: &Value, body: &[u8]) -> Result<Option<()>, SignError> {
    let hmac =
        hmac_key(own, None).map(|key| ("x-webhook-signature".to_owned(), hmac_hex(&key, body)));
    let fixed = first(own, "header").and_then(|entry| {
        let text = |key: &str| entry.get(key).and_then(Value::as_str).map(str::trim);
        Some((text("name")?.to_ascii_lowercase(), text("value")?.to_owned()))
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

/// A secret is a text, or an object with its `key`; white space around it is no
/// part of it.
fn secret_text(entry: &Value) -> Option<String> {
    let text = entry.as_str().or_else(|| entry.get("key").and_then(Value::as_str));
    text.map(|text| text.trim().to_owned())
}

/// The first `hmac` secret that is for `event`, or for all events.
fn hmac_key(own: &Value, event: Option<&str>) -> Option<String> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['.', '_'], "-");
    let fits = |entry: &&Value| match (entry.get("events").and_then(Value::as_array), event) {
        (Some(events), Some(event)) => {
            events.iter().filter_map(Value::as_str).any(|name| plain(name) == plain(event))
        }
        _ => true,
    };
    own.get("hmac").and_then(Value::as_array)?.iter().find(fits).and_then(secret_text)
}

fn basic(own: &Value) -> Option<String> {
    let entry = first(own, "basic")?;
    let text = |name: &str| entry.get(name)?.as_str().map(str::trim);
    let (user, password) = (text("user")?, text("password")?);
    Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
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
    for pointer in ["/rawPath", "/requestContext/http/path", "/pathParameters/token"] {
        if let Some(Value::String(text)) = event.pointer_mut(pointer) {
            *text = text.replace(old, new);
        }
    }
    Ok(())
}

//! Signs requests as each provider does. Written from the providers'
//! documentation and apart from the code that verifies, so that one does not
//! repeat the other's mistakes.

#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
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

/// The body of a payload 2.0 event, decoded.
///
/// # Errors
/// [`SignError::Incomplete`] when it says base64 and is not.
pub fn body(event: &Value) -> Result<Vec<u8>, SignError> {
    client::body(event).ok_or(SignError::Incomplete("base64 in its body"))
}

/// Signs a payload 2.0 event in place, as its provider does: by the first secret
/// that fits, or by one of every method where the policy is `all`. `secrets` is
/// the webhook secret (an object by provider), `seconds` the time in Unix seconds
/// for signatures that carry one. A ping, without body and without signature,
/// stays as it is.
///
/// # Errors
/// [`SignError`] when the event is none of a provider's, or its provider has
/// no secret.
pub fn sign(event: &mut Value, secrets: &Value, seconds: u64) -> Result<(), SignError> {
    sign_as(&providers(), event, secrets, seconds)
}

/// [`sign`], for these providers.
///
/// # Errors
/// [`SignError`], as [`sign`].
pub fn sign_as(
    providers: &[Provider],
    event: &mut Value,
    secrets: &Value,
    seconds: u64,
) -> Result<(), SignError> {
    let path = event
        .get("rawPath")
        .and_then(Value::as_str)
        .ok_or(SignError::Incomplete("rawPath"))?
        .to_owned();
    let body = body(event)?;
    let mut segments = path.trim_start_matches("/webhooks/").split('/');
    let name = segments.next().unwrap_or_default();
    let next = segments.next().unwrap_or_default().to_owned();
    let provider = providers.iter().find(|provider| provider.provider == name);
    let Some(provider) = provider else {
        return Err(SignError::UnknownPath(path));
    };
    let unsigned =
        provider.signature.as_ref().is_none_or(|own| header(event, &own.header).is_none());
    if provider.ping && body.is_empty() && unsigned {
        return Ok(());
    }
    let own = secrets.get(&provider.section).cloned().unwrap_or_default();
    let request = Request { provider, own: &own, segment: &next, body: &body, seconds };
    let all = own.get("policy").and_then(Value::as_str) == Some("all");
    let mut signed = false;
    for method in &provider.methods {
        if !signed || all {
            signed |= request.sign_by(method, event)?;
        }
    }
    if signed { Ok(()) } else { Err(SignError::NoSecret(provider.section.clone())) }
}

/// How a provider signs, as far as that is no secret.
#[derive(Debug, Clone, Deserialize)]
pub struct Provider {
    /// Its name in paths.
    provider: String,
    /// Its section of the webhook secret.
    section: String,
    /// The segments of its paths after its name.
    path: String,
    /// The methods that its section may configure, the usual one first.
    methods: Vec<String>,
    /// The headers of its HMAC.
    signature: Option<Signature>,
    /// Whether it asks an address without body and signature when it subscribes.
    ping: bool,
}

#[derive(Debug, Clone, Deserialize)]
struct Signature {
    header: String,
    /// The header with the time that is signed too, where that does not stand
    /// beside the HMAC.
    timestamp_header: Option<String>,
}

/// The providers of events/providers.json.
fn providers() -> Vec<Provider> {
    let providers = include_str!("../../../events/providers.json");
    serde_json::from_str(providers).unwrap_or_default()
}

/// A path without the token that some providers have in it, which is a secret.
pub(crate) fn without_token(path: &str) -> String {
    let has_token = |provider: &&Provider| provider.path.starts_with("token");
    let masked = providers().iter().filter(has_token).find_map(|provider| {
        let begin = format!("/webhooks/{}/", provider.provider);
        let rest = path.strip_prefix(&begin).filter(|rest| !rest.is_empty())?;
        let after = rest.split_once('/').map(|(_, after)| format!("/{after}"));
        Some(format!("{begin}{{token}}{}", after.unwrap_or_default()))
    });
    masked.unwrap_or_else(|| path.to_owned())
}

/// A request that is to be signed.
struct Request<'a> {
    provider: &'a Provider,
    /// The provider's section of the webhook secret.
    own: &'a Value,
    /// The segment of the path after the provider's name.
    segment: &'a str,
    body: &'a [u8],
    seconds: u64,
}

impl Request<'_> {
    /// Signs by a method, if the section has a secret for it.
    fn sign_by(&self, method: &str, event: &mut Value) -> Result<bool, SignError> {
        let signed = match method {
            "hmac" => return self.sign_by_hmac(event),
            "path_token" => {
                let token = first(self.own, "path_token").and_then(secret_text);
                let Some(token) = token else {
                    return Ok(false);
                };
                check_token(&token)?;
                return replace_token(event, self.segment, &token).map(|()| true);
            }
            "header" => fixed_header(self.own),
            _ => basic(self.own).map(|value| ("authorization".to_owned(), value)),
        };
        let Some((name, value)) = signed else {
            return Ok(false);
        };
        set_header(event, &name, value).map(|()| true)
    }

    fn sign_by_hmac(&self, event: &mut Value) -> Result<bool, SignError> {
        let bound = (self.provider.path == "event").then_some(self.segment);
        let (Some(own), Some(key)) = (&self.provider.signature, hmac_key(self.own, bound)) else {
            return Ok(false);
        };
        let seconds = self.seconds.to_string();
        let with_time = [seconds.as_bytes(), b".", self.body].concat();
        let value = match &own.timestamp_header {
            None => hmac_hex(&key, self.body),
            Some(timestamp) if header(event, timestamp).is_some() => {
                set_header(event, timestamp, seconds)?;
                hmac_hex(&key, &with_time)
            }
            Some(_) => format!("t={seconds},v1={}", hmac_hex(&key, &with_time)),
        };
        set_header(event, &own.header, value).map(|()| true)
    }
}

/// Refuses path tokens that no request could carry: API Gateway hands on a
/// path decoded, in which an escaped slash would be a slash again.
pub(crate) fn check_tokens(secrets: &Value) -> Result<(), SignError> {
    let sections = secrets.as_object().into_iter().flat_map(|sections| sections.values());
    let tokens = sections.filter_map(|section| section.get("path_token")?.as_array()).flatten();
    tokens.filter_map(secret_text).try_for_each(|token| check_token(&token))
}

fn check_token(token: &str) -> Result<(), SignError> {
    let mut letters = token.chars();
    if letters.all(|letter| letter.is_ascii_alphanumeric() || SEGMENT.contains(letter)) {
        return Ok(());
    }
    Err(SignError::NoSegment(SEGMENT))
}

fn fixed_header(own: &Value) -> Option<(String, String)> {
    let entry = first(own, "header")?;
    let text = |key: &str| entry.get(key).and_then(Value::as_str).map(str::trim);
    Some((text("name")?.to_ascii_lowercase(), text("value")?.to_owned()))
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

//! HTTP requests to payload format 2.0, and a function's response back.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Response, StatusCode, header, request::Parts};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description;

use super::routes::Match;
use crate::stage::template::ACCOUNT;

/// `12/Mar/2026:19:03:58 +0000`
const TIME: &str = "[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000";

/// The event a function gets for a request.
pub(crate) fn event(
    parts: &Parts,
    body: &Bytes,
    found: &Match<'_>,
    path: &str,
    peer: SocketAddr,
    id: &str,
) -> Value {
    let query = parts.uri.query().unwrap_or_default();
    let (mut headers, cookies) = headers(&parts.headers);
    let host = headers.get("host").cloned().unwrap_or_default();
    let now = OffsetDateTime::now_utc();
    for (name, value) in [
        ("x-amzn-trace-id", "Root=1-00000000-000000000000000000000000".to_owned()),
        ("x-forwarded-for", peer.ip().to_string()),
        ("x-forwarded-port", host.rsplit_once(':').map_or("80", |(_, port)| port).to_owned()),
        ("x-forwarded-proto", "http".to_owned()),
    ] {
        headers.entry(name.to_owned()).or_insert(value);
    }
    let mut event = json!({
        "version": "2.0",
        "routeKey": found.route_key,
        "rawPath": path,
        "rawQueryString": query,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "domainName": host,
            "domainPrefix": "local",
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": format!("{:?}", parts.version),
                "sourceIp": peer.ip().to_string(),
                "userAgent": headers.get("user-agent").cloned().unwrap_or_default(),
            },
            "requestId": id,
            "routeKey": found.route_key,
            "stage": "$default",
            "time": time(now),
            "timeEpoch": i64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default(),
        },
        "isBase64Encoded": false,
    });
    if let Some(event) = event.as_object_mut() {
        optional(event, query, &cookies, found);
        set_body(event, headers.get("content-type").map_or("", String::as_str), body);
        event.insert("headers".to_owned(), json!(headers));
    }
    event
}

fn time(now: OffsetDateTime) -> String {
    let format = format_description::parse_borrowed::<2>(TIME).unwrap_or_default();
    now.format(&format).unwrap_or_default()
}

/// Inserts the parts that payload 2.0 leaves out when they are empty.
fn optional(event: &mut Map<String, Value>, query: &str, cookies: &[String], found: &Match<'_>) {
    if !cookies.is_empty() {
        event.insert("cookies".to_owned(), json!(cookies));
    }
    if !query.is_empty() {
        event.insert("queryStringParameters".to_owned(), json!(query_parameters(query)));
    }
    if !found.parameters.is_empty() {
        event.insert("pathParameters".to_owned(), json!(found.parameters));
    }
}

fn set_body(event: &mut Map<String, Value>, content_type: &str, body: &Bytes) {
    if body.is_empty() {
        return;
    }
    let text = is_text(content_type).then(|| std::str::from_utf8(body).ok()).flatten();
    event.insert("isBase64Encoded".to_owned(), Value::Bool(text.is_none()));
    event.insert(
        "body".to_owned(),
        text.map_or_else(|| STANDARD.encode(body), str::to_owned).into(),
    );
}

/// True if API Gateway hands on such a body as text; others become base64.
fn is_text(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/")
        || matches!(
            kind.as_str(),
            "application/json"
                | "application/javascript"
                | "application/xml"
                | "application/x-www-form-urlencoded"
        )
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
}

/// The headers with names in lower case, repeated ones joined by a comma; and the
/// cookies.
fn headers(headers: &HeaderMap) -> (BTreeMap<String, String>, Vec<String>) {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    let mut cookies = Vec::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        if name == header::COOKIE {
            cookies.extend(value.split(';').map(|cookie| cookie.trim().to_owned()));
            continue;
        }
        joined
            .entry(name.as_str().to_owned())
            .and_modify(|all| {
                all.push(',');
                all.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    (joined, cookies)
}

fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decode(&value.replace('+', " "));
        parameters
            .entry(decode(&name.replace('+', " ")))
            .and_modify(|all| {
                all.push(',');
                all.push_str(&value);
            })
            .or_insert(value);
    }
    parameters
}

/// Undoes percent-encoding; bytes that are not UTF-8 then are replaced.
pub(crate) fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let escaped = match (byte, tail) {
            (b'%', [high, low, after @ ..]) => {
                hex_digit(*high).zip(hex_digit(*low)).map(|(h, l)| (h * 16 + l, after))
            }
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((byte, tail));
        out.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The HTTP response that a function's response stands for; `None` when the
/// response stands for none.
pub(crate) fn response(payload: &[u8]) -> Option<Response<Body>> {
    let value: Value = serde_json::from_slice(payload).ok()?;
    let Some(status) = value.get("statusCode") else {
        // Format 2.0 takes anything else as the body of a 200.
        let body = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        return Response::builder()
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .ok();
    };
    let mut builder = Response::builder()
        .status(StatusCode::from_u16(u16::try_from(status.as_u64()?).ok()?).ok()?);
    let entries = |key: &str| value.get(key).and_then(Value::as_object).into_iter().flatten();
    for (name, values) in entries("multiValueHeaders").chain(entries("headers")) {
        let list = values.as_array().map_or_else(|| std::slice::from_ref(values), Vec::as_slice);
        for value in list {
            builder = builder
                .header(name, value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
    }
    for cookie in value.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        builder = builder.header(header::SET_COOKIE, cookie.as_str()?);
    }
    let body = value.get("body").and_then(Value::as_str).unwrap_or_default();
    let body = if value.get("isBase64Encoded") == Some(&Value::Bool(true)) {
        Body::from(STANDARD.decode(body).ok()?)
    } else {
        Body::from(body.to_owned())
    };
    builder.body(body).ok()
}

/// An answer of the API itself.
pub(crate) fn refusal(status: StatusCode, message: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(json!({ "message": message }).to_string()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

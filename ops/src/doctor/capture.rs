//! A captured request, in whichever form it was kept.

mod curl;
mod trace;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::Value;
use shared::wire::Timestamp;

/// The form in which a request was captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    /// An event of API Gateway.
    ApiGateway,
    /// An archive of HTTP requests, as browsers and proxies write it.
    Har,
    /// A command line of curl.
    CurlCommand,
    /// The output of `curl -v`.
    CurlOutput,
    /// A dump of `curl --trace` or `--trace-ascii`.
    CurlTrace,
    /// Headers, an empty line and the body.
    Plain,
}

/// A captured request. Nothing of it is shown: it may hold personal data and a
/// token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Captured {
    pub(super) form: Form,
    /// The method, where the capture names it.
    pub(super) method: Option<String>,
    /// The path, without the query; empty where the capture has none.
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// The time at which it came in, where the capture says so.
    pub(super) at: Option<Timestamp>,
}

/// Reads a capture. `Err` says what it must be.
pub(crate) fn read(bytes: &[u8]) -> Result<Captured, String> {
    if let Ok(value @ Value::Object(_)) = serde_json::from_slice::<Value>(bytes) {
        if let Some(entries) = value.pointer("/log/entries").and_then(Value::as_array) {
            return har(entries);
        }
        if value.get("headers").is_some_and(Value::is_object) {
            return api_gateway(&value);
        }
        return Err(
            "is JSON, but no event of API Gateway and no HAR: a body alone tells nothing, it \
             needs its headers"
                .into(),
        );
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        if text.trim_start().starts_with("curl ") {
            return curl::command(text.trim());
        }
        if trace::is_trace(text) {
            return Ok(trace::read(text));
        }
        if text.lines().any(|line| line.starts_with("> ")) {
            return curl::output(text);
        }
    }
    plain(bytes)
}

impl Captured {
    fn new(form: Form, url: &str) -> Self {
        Self {
            form,
            method: None,
            path: path_of(url),
            headers: HeaderMap::new(),
            body: Vec::new(),
            at: None,
        }
    }

    /// Adds a header; what is none by HTTP is left out, as a function does.
    fn add(&mut self, name: &str, value: &str) {
        let name = HeaderName::from_bytes(name.trim().as_bytes());
        let value = HeaderValue::from_bytes(value.trim().as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            self.headers.append(name, value);
        }
    }
}

/// The path of a URL or of a request's first line.
fn path_of(url: &str) -> String {
    let rest = url
        .split_once("://")
        .map_or(url, |(_, rest)| rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default());
    rest.split(['?', '#']).next().unwrap_or_default().to_owned()
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// An event of an HTTP API (payload 2.0) or of a REST API (1.0).
fn api_gateway(event: &Value) -> Result<Captured, String> {
    let path = text(event, "/rawPath").or_else(|| text(event, "/path")).unwrap_or_default();
    let mut captured = Captured::new(Form::ApiGateway, path);
    let method = text(event, "/requestContext/http/method").or_else(|| text(event, "/httpMethod"));
    captured.method = method.map(str::to_owned);
    let headers = event.get("headers").and_then(Value::as_object);
    for (name, value) in headers.into_iter().flatten() {
        captured.add(name, value.as_str().unwrap_or_default());
    }
    let body = text(event, "/body").unwrap_or_default();
    captured.body = if event.get("isBase64Encoded") == Some(&Value::Bool(true)) {
        STANDARD
            .decode(body.trim())
            .map_err(|_| "says isBase64Encoded, and its body is no base64".to_owned())?
    } else {
        body.as_bytes().to_vec()
    };
    let epoch = event.pointer("/requestContext/timeEpoch").and_then(Value::as_i64);
    captured.at = epoch.map(Timestamp::from_ms);
    Ok(captured)
}

/// The request of an archive that is most like a webhook: the first POST to a path
/// with `webhooks` in it, else the first POST.
fn har(entries: &[Value]) -> Result<Captured, String> {
    let posts = || entries.iter().filter(|entry| text(entry, "/request/method") == Some("POST"));
    let is_webhook = |entry: &&Value| {
        text(entry, "/request/url").is_some_and(|url| path_of(url).contains("/webhooks/"))
    };
    let entry = posts().find(is_webhook).or_else(|| posts().next());
    let entry = entry.ok_or("is a HAR without a POST")?;
    let mut captured = Captured::new(Form::Har, text(entry, "/request/url").unwrap_or_default());
    captured.method = Some("POST".to_owned());
    let headers = entry.pointer("/request/headers").and_then(Value::as_array);
    for header in headers.into_iter().flatten() {
        let name = text(header, "/name").unwrap_or_default();
        captured.add(name, text(header, "/value").unwrap_or_default());
    }
    let body = text(entry, "/request/postData/text").unwrap_or_default();
    captured.body = match text(entry, "/request/postData/encoding") {
        Some("base64") => {
            STANDARD.decode(body.trim()).map_err(|_| "has a body that is no base64".to_owned())?
        }
        _ => body.as_bytes().to_vec(),
    };
    captured.at = text(entry, "/startedDateTime").and_then(Timestamp::read);
    Ok(captured)
}

/// Headers, with the request's line before them or without, an empty line and the
/// body, byte for byte.
fn plain(bytes: &[u8]) -> Result<Captured, String> {
    const FORM: &str = "must be an event of API Gateway, a HAR, a curl command, the output of \
                        curl -v, or headers, an empty line and the body";
    let (mut rest, mut captured) = (bytes, Captured::new(Form::Plain, ""));
    let mut is_first = true;
    loop {
        let end = rest.iter().position(|byte| *byte == b'\n').ok_or(FORM)?;
        let (line, after) = rest.split_at_checked(end + 1).ok_or(FORM)?;
        rest = after;
        let line = std::str::from_utf8(line).map_err(|_| FORM)?.trim_end();
        if line.is_empty() && !is_first {
            break;
        }
        let mut words = line.split_whitespace();
        match (is_first, words.next(), words.next(), line.split_once(':')) {
            (true, Some(method), Some(path), _) if path.starts_with('/') => {
                captured.method = Some(method.to_owned());
                captured.path = path_of(path);
            }
            (_, Some(_), _, Some((name, value))) if !name.trim_end().contains(' ') => {
                captured.add(name, value);
            }
            (true, None, ..) => continue,
            _ => return Err(FORM.to_owned()),
        }
        is_first = false;
    }
    captured.body = rest.to_vec();
    Ok(captured)
}

#[cfg(test)]
mod tests;

//! A captured request, in whichever form it was kept.

mod curl;
mod trace;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::Value;
use shared::receive::gateway::Request;
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
    /// The path, decoded and without the query; empty where the capture has none.
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// The body is said to be in base64, and is not; then it is here as it came.
    pub(super) not_base64: bool,
    /// The dots of a body in whose dump a dot also stands for each byte that is no
    /// printable ASCII.
    pub(super) dots: usize,
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
            return api_gateway(bytes, &value);
        }
        return Err(
            "is JSON, but no event of API Gateway and no HAR: a body alone tells nothing, it \
             needs its headers"
                .into(),
        );
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        if trace::is_trace(text) {
            return Ok(trace::read(text));
        }
        if text.lines().any(|line| line.starts_with("> ")) {
            return curl::output(text);
        }
        if text.trim_start().starts_with("curl ") {
            return curl::command(text.trim());
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
            not_base64: false,
            dots: 0,
            at: None,
        }
    }

    /// Adds a header as API Gateway hands it on: one that is sent again becomes one
    /// value, behind a comma. What is none by HTTP is left out, as a function does.
    fn add(&mut self, name: &str, value: &str) {
        let Ok(name) = HeaderName::from_bytes(name.trim().as_bytes()) else { return };
        let before = self.headers.get(&name).map(|before| [before.as_bytes(), b","].concat());
        let all = [before.unwrap_or_default().as_slice(), value.trim().as_bytes()].concat();
        if let Ok(value) = HeaderValue::from_bytes(&all) {
            self.headers.insert(name, value);
        }
    }
}

/// The path of a URL or of a request's first line, decoded as API Gateway does.
fn path_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default();
    decoded(rest.split(['?', '#']).next().unwrap_or_default())
}

/// A path with its percent-encoding undone.
fn decoded(path: &str) -> String {
    let mut parts = path.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let escape = part.get(..2).and_then(|hex| hex::decode(hex).ok());
        match (escape, part.get(2..)) {
            (Some(byte), Some(rest)) => bytes.extend([byte.as_slice(), rest.as_bytes()].concat()),
            _ => bytes.extend([b"%", part.as_bytes()].concat()),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// An event of an HTTP API (payload 2.0) or of a REST API (1.0), read as a function
/// reads it.
fn api_gateway(bytes: &[u8], event: &Value) -> Result<Captured, String> {
    // Not in the words of a JSON reader, which may quote what it read.
    let request: Request = serde_json::from_slice(bytes).map_err(|_| {
        "looks like an event of API Gateway, and its headers or its body are no text".to_owned()
    })?;
    let mut captured = Captured::new(Form::ApiGateway, "");
    let path = request.raw_path.as_deref().or_else(|| text(event, "/path")).unwrap_or_default();
    // Where the stage has a name, the path begins with it, and routes do not see it.
    let stage = text(event, "/requestContext/stage").unwrap_or_default();
    let staged = path.strip_prefix('/').and_then(|path| path.strip_prefix(stage));
    path.clone_into(&mut captured.path);
    if let Some(path) = staged.filter(|rest| !stage.is_empty() && rest.starts_with('/')) {
        path.clone_into(&mut captured.path);
    }
    let method = Some(request.method()).filter(|method| !method.is_empty());
    captured.method = method.or_else(|| text(event, "/httpMethod")).map(str::to_owned);
    let body = request.body.unwrap_or_default();
    captured.body = match request.is_base64_encoded {
        Some(true) => STANDARD.decode(&body).unwrap_or_else(|_| {
            captured.not_base64 = true;
            body.into_bytes()
        }),
        _ => body.into_bytes(),
    };
    captured.headers = request.headers;
    let epoch = event.pointer("/requestContext/timeEpoch").and_then(Value::as_i64);
    captured.at = epoch.map(Timestamp::from_ms);
    Ok(captured)
}

/// The request of an archive that is most like a webhook: the first POST to a path
/// with `webhooks` in it, else any request to one, else the first POST.
fn har(entries: &[Value]) -> Result<Captured, String> {
    let is_post = |entry: &&Value| text(entry, "/request/method") == Some("POST");
    let is_webhook = |entry: &&Value| {
        text(entry, "/request/url").is_some_and(|url| path_of(url).contains("/webhooks/"))
    };
    let webhooks = || entries.iter().filter(is_webhook);
    let entry = webhooks().find(is_post).or_else(|| webhooks().next());
    let entry = entry.or_else(|| entries.iter().find(is_post)).ok_or("is a HAR without a POST")?;
    let mut captured = Captured::new(Form::Har, text(entry, "/request/url").unwrap_or_default());
    captured.method = text(entry, "/request/method").map(str::to_owned);
    let headers = entry.pointer("/request/headers").and_then(Value::as_array);
    for header in headers.into_iter().flatten() {
        let name = text(header, "/name").unwrap_or_default();
        captured.add(name, text(header, "/value").unwrap_or_default());
    }
    let size = entry.pointer("/request/bodySize").and_then(Value::as_i64);
    let body = text(entry, "/request/postData/text");
    if body.is_none() && size.is_some_and(|size| size > 0) {
        return Err("is a HAR without the body of the request: export it with content".into());
    }
    let body = body.unwrap_or_default();
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

//! The event and the answer of API Gateway's HTTP APIs, payload format 2.0, as far as
//! they are used.
//!
//! Own types, because those of `aws_lambda_events` refuse an event for one header that
//! HTTP does not know, and read each part of it for every request. Here such a header is
//! left out, and the request is judged by the others.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

/// The path below which every route of the template is, the last of them with any
/// address behind it.
pub const ROUTED: &str = "/webhooks/";

/// A request. What is missing is empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Request {
    /// The path, decoded by API Gateway.
    pub raw_path: Option<String>,
    request_context: Context,
    /// The headers, names in lower case. What is no header by HTTP is left out.
    #[serde(deserialize_with = "headers")]
    pub headers: HeaderMap,
    /// The body: text, or its bytes in base64.
    pub body: Option<String>,
    /// The body is in base64.
    pub is_base64_encoded: Option<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Context {
    http: Http,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Http {
    method: String,
}

impl Request {
    /// A request with this body, which may be any bytes.
    #[must_use]
    pub fn new(method: &str, path: &str, headers: HeaderMap, body: &[u8]) -> Self {
        Self {
            raw_path: Some(path.to_owned()),
            request_context: Context { http: Http { method: method.to_owned() } },
            headers,
            body: Some(STANDARD.encode(body)),
            is_base64_encoded: Some(true),
        }
    }

    /// The method; empty where the event has none.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.request_context.http.method
    }

    /// Tells whether API Gateway hands the request on to a function, by the routes of
    /// the template. It answers 404 to any other, also to one with a wrong method.
    #[must_use]
    pub fn is_handed_on(&self) -> bool {
        let path = self.raw_path.as_deref().unwrap_or_default();
        let below = path.strip_prefix(ROUTED);
        self.is_post() && below.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
    }

    /// Whether the method is POST.
    pub(super) fn is_post(&self) -> bool {
        self.request_context.http.method == "POST"
    }
}

/// An answer.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The status code.
    pub status_code: u16,
    /// The headers by name.
    pub headers: BTreeMap<&'static str, &'static str>,
    /// The body, in JSON.
    pub body: String,
}

fn headers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HeaderMap, D::Error> {
    deserializer.deserialize_any(Headers)
}

struct Headers;

impl<'de> Visitor<'de> for Headers {
    type Value = HeaderMap;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("headers")
    }

    fn visit_unit<E>(self) -> Result<HeaderMap, E> {
        Ok(HeaderMap::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<HeaderMap, A::Error> {
        let mut headers = HeaderMap::with_capacity(16);
        while let Some((name, value)) = members.next_entry::<String, String>()? {
            let name = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
                headers.append(name, value);
            }
        }
        Ok(headers)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(event: Value) -> Request {
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn an_event_is_read_whatever_its_headers_are() {
        let request = read(json!({
            "version": "2.0", "routeKey": "POST /webhooks/affonso/payouts",
            "rawPath": "/webhooks/affonso/payouts", "rawQueryString": "", "cookies": ["a=b"],
            "headers": {"X-Hook": "one", "x-hook": "two", "no name": "a", "broken": "a\nb",
                "empty": "", "latin": "é"},
            "requestContext": {"http": {"method": "POST", "path": "/", "sourceIp": "192.0.2.1"},
                "timeEpoch": 1},
            "body": "e30=", "isBase64Encoded": true,
        }));
        assert!(request.is_post());
        assert_eq!(request.is_base64_encoded, Some(true));
        let named: Vec<_> = request.headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(named, ["x-hook", "empty", "latin"]);
        let both: Vec<_> = request.headers.get_all("x-hook").iter().collect();
        assert_eq!(both, ["one", "two"]);
        assert_eq!(request.headers["latin"].as_bytes(), "é".as_bytes());
    }

    #[test]
    fn what_the_template_routes_is_handed_on() {
        for (method, path, expected) in [
            ("POST", "/webhooks/affonso/payouts", true),
            ("POST", "/webhooks/affonso//payouts/ ", true),
            ("POST", "/webhooks/of-nobody", true),
            ("GET", "/webhooks/affonso/payouts", false),
            ("post", "/webhooks/affonso/payouts", false),
            ("POST", "/prod/webhooks/affonso/payouts", false),
            ("POST", "/webhooks//affonso/payouts", false),
            ("POST", "/webhooks/", false),
            ("POST", "/webhooks", false),
            ("POST", "", false),
        ] {
            let request = Request::new(method, path, HeaderMap::new(), b"\xff");
            assert_eq!(request.is_handed_on(), expected, "{method} {path}");
            assert_eq!((request.method(), request.body.as_deref()), (method, Some("/w==")));
        }
    }

    #[test]
    fn what_is_missing_is_empty() {
        for event in [json!({}), json!({"headers": null, "body": null, "isBase64Encoded": null})] {
            let request = read(event);
            assert!(!request.is_post() && request.headers.is_empty() && request.body.is_none());
            assert_eq!((request.raw_path, request.is_base64_encoded), (None, None));
        }
    }

    #[test]
    fn an_answer_is_written_as_api_gateway_takes_it() {
        let headers = BTreeMap::from([("content-type", "application/json")]);
        let answer = Response { status_code: 405, headers, body: "{}".into() };
        let expected = json!({"statusCode": 405, "headers": {"content-type": "application/json"},
            "body": "{}"});
        assert_eq!(serde_json::to_value(answer).unwrap(), expected);
    }
}

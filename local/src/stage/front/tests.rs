use std::collections::BTreeMap;

use axum::http::Request;
use serde_json::{Value, json};

use super::payload::{decode, event, response};
use super::routes::Match;
use super::*;

fn map(request: axum::http::request::Builder, body: &'static [u8]) -> Value {
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let found = Match {
        function: "F",
        route_key: "POST /w/{id}".to_owned(),
        parameters: BTreeMap::from([("id".to_owned(), "7".to_owned())]),
    };
    let peer = SocketAddr::from(([127, 0, 0, 1], 5000));
    event(&parts, &Bytes::from_static(body), &found, "/w/7", peer, "r-1")
}

#[test]
fn a_request_becomes_payload_2_0() {
    let request = Request::post("/w/7?a=1&b=x%20y&a=2")
        .header("Host", "localhost:3000")
        .header("Content-Type", "application/json; charset=utf-8")
        .header("X-Signature", "one")
        .header("x-signature", "two")
        .header("Cookie", "k=v; l=w")
        .header("User-Agent", "test");
    let event = map(request, b"{\"a\": 1}");
    for (pointer, expected) in [
        ("/version", json!("2.0")),
        ("/routeKey", json!("POST /w/{id}")),
        ("/rawPath", json!("/w/7")),
        ("/rawQueryString", json!("a=1&b=x%20y&a=2")),
        ("/queryStringParameters", json!({ "a": "1,2", "b": "x y" })),
        ("/pathParameters", json!({ "id": "7" })),
        ("/cookies", json!(["k=v", "l=w"])),
        ("/headers/x-signature", json!("one,two")),
        ("/headers/x-forwarded-port", json!("3000")),
        ("/body", json!("{\"a\": 1}")),
        ("/isBase64Encoded", json!(false)),
        ("/requestContext/http/method", json!("POST")),
        ("/requestContext/http/protocol", json!("HTTP/1.1")),
        ("/requestContext/http/userAgent", json!("test")),
        ("/requestContext/stage", json!("$default")),
    ] {
        assert_eq!(event.pointer(pointer), Some(&expected), "{pointer}");
    }
    assert_eq!(event.pointer("/headers/cookie"), None);
}

#[test]
fn bodies_that_are_not_text_are_base64() {
    for (content_type, body, encoded) in [
        ("application/json", b"{}".as_slice(), false),
        ("application/vnd.x+json", b"{}", false),
        ("application/octet-stream", b"{}", true),
        ("", b"{}", true),
        ("application/json", b"\xff\xfe", true),
    ] {
        let event = map(Request::post("/w/7").header("Content-Type", content_type), body);
        assert_eq!(event["isBase64Encoded"], json!(encoded), "{content_type} {body:?}");
    }
    let empty = map(Request::post("/w/7"), b"");
    assert_eq!((empty.get("body"), empty["isBase64Encoded"].as_bool()), (None, Some(false)));
}

#[tokio::test]
async fn responses_become_http() {
    let full = json!({
        "statusCode": 202, "headers": { "x-a": "1" }, "multiValueHeaders": {}, "cookies": ["k=v"],
        "body": "aGk=", "isBase64Encoded": true,
    });
    let answer = response(full.to_string().as_bytes()).unwrap();
    assert_eq!(answer.status(), 202);
    assert_eq!(
        (&answer.headers()["x-a"], &answer.headers()["set-cookie"]),
        (&"1".parse().unwrap(), &"k=v".parse().unwrap())
    );
    assert_eq!(to_bytes(answer.into_body(), 100).await.unwrap(), "hi");
    assert_eq!(response(b"{\"any\":1}").unwrap().status(), 200);
    assert!(response(b"{\"statusCode\":\"x\"}").is_none());
    assert!(response(b"not json").is_none());
}

#[test]
fn percent_decoding() {
    assert_eq!(decode("a%2Fb%20c%zz%4"), "a/b c%zz%4");
}

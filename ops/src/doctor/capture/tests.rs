//! Tests of captured requests in each of their forms.

use serde_json::json;

use super::*;

const BODY: &str = "{\"name\":\"O'Neil & Söhne\",\"n\":250.00}";

fn read_text(text: &str) -> Result<Captured, String> {
    read(text.as_bytes())
}

const HEAD: &str = "POST /webhooks/p/x?a=b HTTP/1.1\r\nHost: x.example\r\nX-Signature: abc\r\nX-Other: \
                    1: 2\r\n\r\n";

/// As `--trace` dumps bytes.
fn dumped(bytes: &[u8]) -> String {
    let line = |(n, bytes): (usize, &[u8])| {
        let hex: String =
            bytes.iter().flat_map(|byte| [hex::encode([*byte]), " ".into()]).collect();
        let text: String = bytes
            .iter()
            .map(|byte| if (32..127).contains(byte) { char::from(*byte) } else { '.' })
            .collect();
        format!("{:04x}: {hex:48}{text}\n", n * 16)
    };
    bytes.chunks(16).enumerate().map(line).collect()
}

/// As `--trace-ascii` dumps a text: lines of 64 characters at most.
fn dumped_text(text: &str) -> String {
    let (mut out, mut at) = (String::new(), 0);
    for line in text.split_inclusive("\r\n") {
        let bare = line.trim_end_matches("\r\n");
        for chunk in bare.as_bytes().chunks(64).chain(bare.is_empty().then_some(&b""[..])) {
            out.extend([
                format!("{at:04x}: "),
                String::from_utf8(chunk.to_vec()).unwrap(),
                "\n".into(),
            ]);
            at += chunk.len();
        }
        at += line.len() - bare.len();
    }
    out
}

#[test]
fn a_dump_of_text_is_put_together_again() {
    let body = format!("{{\"a\":\"{}\",\r\n\"b\":1}}\r\n", "x".repeat(200));
    for body in [&body, body.trim_end(), "{}"] {
        let text = format!(
            "12:00:01.000001 == Info: Connected\n12:00:01.000002 => Send header, {} bytes (0x1)\n{}\
             12:00:01.000003 => Send data, {} bytes (0x2)\n{}== Info: sent\n<= Recv header, 2 bytes\n\
             0000: HTTP/1.1 401\n",
            HEAD.len(),
            dumped_text(HEAD),
            body.len(),
            dumped_text(body),
        );
        let captured = read_text(&text).unwrap();
        assert_eq!(captured.form, Form::CurlTrace);
        assert_eq!(String::from_utf8(captured.body).unwrap(), body, "{text}");
        assert_eq!(captured.headers["x-other"], "1: 2");
        assert_eq!(captured.path, "/webhooks/p/x");
    }
}

/// The same request in every form.
fn forms() -> Vec<(Form, String)> {
    let event = json!({
        "rawPath": "/webhooks/p/x", "headers": { "x-signature": "abc", "X-Other": "1: 2" },
        "requestContext": { "http": { "method": "POST" }, "timeEpoch": 1_790_000_000_000_i64 },
        "body": STANDARD.encode(BODY), "isBase64Encoded": true,
    });
    let rest = json!({
        "path": "/webhooks/p/x", "httpMethod": "POST", "body": BODY,
        "headers": { "X-Signature": "abc", "X-Other": "1: 2" }, "isBase64Encoded": false,
    });
    let get = json!({ "request": { "method": "GET", "url": "https://x.example/" } });
    let other = json!({ "request": { "method": "POST", "url": "https://x.example/login" } });
    let post = json!({
        "startedDateTime": "2026-09-21T14:13:20.000Z",
        "request": {
            "method": "POST", "url": "https://x.example/webhooks/p/x?a=b",
            "headers": [{ "name": "X-Signature", "value": "abc" }, { "name": "X-Other", "value": "1: 2" }],
            "postData": { "mimeType": "application/json", "text": BODY },
        },
    });
    let har = json!({ "log": { "entries": [get, other, post] } });
    let quoted = BODY.replace('\'', "'\\''");
    let dollar = BODY.replace('\'', "\\'").replace('ö', "\\u00f6");
    let double = BODY.replace('"', "\\\"");
    vec![
        (Form::ApiGateway, event.to_string()),
        (Form::ApiGateway, rest.to_string()),
        (Form::Har, har.to_string()),
        (
            Form::CurlCommand,
            format!(
                "curl 'https://x.example/webhooks/p/x?a=b' \\\n  -H 'X-Signature: abc' \\\r\n  \
                 -H'X-Other: 1: 2' --compressed --data-raw '{quoted}'\n"
            ),
        ),
        (
            Form::CurlCommand,
            format!(
                "curl -i --url https://x.example/webhooks/p/x -X POST --header=\"X-Signature: \
                 abc\" -H \"X-Other: 1: 2\" --data-binary $'{dollar}'"
            ),
        ),
        (
            Form::CurlCommand,
            format!(
                "curl -d \"{double}\" -H \"x-signature: abc\" -H 'x-other: 1: 2' \
                 https://x.example/webhooks/p/x"
            ),
        ),
        (
            Form::CurlOutput,
            format!(
                "* Connected to x.example\n> POST /webhooks/p/x?a=b HTTP/1.1\n> Host: x.example\n\
                 > X-Signature: abc\n> X-Other: 1: 2\n>\n}} [20 bytes data]\n< HTTP/1.1 401\n< \n\n{BODY}"
            ),
        ),
        (
            Form::CurlTrace,
            format!(
                "== Info: x\n=> Send header, 90 bytes (0x5a)\n{}=> Send data, 38 bytes (0x26)\n{}",
                dumped(HEAD.as_bytes()),
                dumped(BODY.as_bytes()),
            ),
        ),
        (
            Form::Plain,
            format!(
                "POST /webhooks/p/x HTTP/1.1\r\nX-Signature: abc\r\nX-Other: 1: 2\r\n\r\n{BODY}"
            ),
        ),
        (Form::Plain, format!("X-Signature: abc\nX-Other: 1: 2\n\n{BODY}")),
    ]
}

#[test]
fn a_request_is_read_from_whatever_form_it_was_kept_in() {
    for (form, text) in forms() {
        let captured = read_text(&text).unwrap_or_else(|problem| panic!("{text}: {problem}"));
        assert_eq!(captured.form, form, "{text}");
        assert_eq!(String::from_utf8(captured.body).unwrap(), BODY, "{text}");
        assert_eq!(captured.headers["x-signature"], "abc", "{text}");
        assert_eq!(captured.headers["x-other"], "1: 2", "{text}");
        let has_path = text.contains("/webhooks/") || form == Form::CurlTrace;
        assert_eq!(captured.path, if has_path { "/webhooks/p/x" } else { "" }, "{text}");
        assert_eq!(captured.method.is_some(), has_path, "{text}");
        let at = text.contains("timeEpoch") || text.contains("startedDateTime");
        let at = at.then(|| Timestamp::from_ms(1_790_000_000_000));
        assert_eq!(captured.at, at, "{text}");
    }
}

#[test]
fn the_bytes_behind_the_empty_line_are_the_body() {
    for body in ["{}\n", "\n{}", "{}\r\n", "", "a\n\nb"] {
        let captured = read_text(&format!("X-A: b\n\n{body}")).unwrap();
        assert_eq!(captured.body, body.as_bytes());
    }
    let odd = [b"X-A: b\n\n".as_slice(), b"\xff\xfe"].concat();
    assert_eq!(read(&odd).unwrap().body, b"\xff\xfe");
}

#[test]
fn what_is_no_capture_is_refused_without_being_quoted() {
    for (text, problem) in [
        ("", "must be an event of API Gateway"),
        ("secret-value\n", "must be an event of API Gateway"),
        ("no header here\n\nbody", "must be an event of API Gateway"),
        (r#"{"id":"evt_secret-value"}"#, "a body alone tells nothing"),
        (r#"{"log":{"entries":[]}}"#, "is a HAR without a POST"),
        (r#"{"headers":{"a":"secret-value"},"body":{"a":1}}"#, "its body are no text"),
        ("curl -d 'secret-value", "quotation mark that never ends"),
        ("curl -d @secret-value.json https://x.example/", "takes its body from a file"),
        ("> POST /x HTTP/1.1\n> X: secret-value\n> Content-Length: 5\n>\n", "without the body"),
        ("> POST /x HTTP/1.1\n> X: secret-value\n>\n} [5 bytes data]\n", "without the body"),
    ] {
        let refused = read_text(text).unwrap_err();
        assert!(refused.contains(problem), "{text}: {refused}");
        assert!(!refused.contains("secret-value"), "{refused}");
    }
}

/// What a REST API or a named stage puts into an event, and what base64 is none.
#[test]
fn an_event_is_taken_as_a_function_takes_it() {
    let event = json!({
        "rawPath": "/live/webhooks/p/x%20", "headers": { "X-A": "1", "bad name": "2" },
        "requestContext": { "http": { "method": "PUT" }, "stage": "live" },
        "body": "e30=\n", "isBase64Encoded": true,
    });
    let captured = read_text(&event.to_string()).unwrap();
    assert_eq!(
        (captured.path.as_str(), captured.method.as_deref()),
        ("/webhooks/p/x%20", Some("PUT"))
    );
    assert_eq!((captured.headers.len(), captured.not_base64), (1, true));
    assert_eq!(captured.body, b"e30=\n");
    let event = json!({
        "rawPath": "/live/webhooks/p/x", "headers": {}, "requestContext": { "stage": "$default" },
    });
    assert_eq!(read_text(&event.to_string()).unwrap().path, "/live/webhooks/p/x");
}

#[test]
fn what_was_sent_becomes_what_a_gateway_hands_on() {
    let captured = read_text("POST /a%20b/%zz/%C3%B6?c=%20 HTTP/1.1\nX-A: 1\nx-a: 2\n\n").unwrap();
    assert_eq!(
        (captured.path.as_str(), &captured.headers["x-a"]),
        ("/a b/%zz/ö", &"1,2".parse().unwrap())
    );
    for (command, method) in [
        ("curl https://x.example/a", "GET"),
        ("curl x.example/a?b=c", "GET"),
        ("curl -I https://x.example/a", "HEAD"),
        ("curl --json {} https://x.example/a", "POST"),
        ("curl -XPUT -d {} https://x.example/a", "PUT"),
    ] {
        let captured = read_text(command).unwrap();
        assert_eq!(
            (captured.method.as_deref(), captured.path.as_str()),
            (Some(method), "/a"),
            "{command}"
        );
    }
    let get = json!({ "request": { "method": "GET", "url": "https://x.example/webhooks/p" } });
    let har = json!({ "log": { "entries": [get] } });
    assert_eq!(read_text(&har.to_string()).unwrap().method.as_deref(), Some("GET"));
    let bare =
        json!({ "request": { "method": "POST", "url": "https://x.example/", "bodySize": 5 } });
    let har = json!({ "log": { "entries": [bare] } });
    assert!(read_text(&har.to_string()).unwrap_err().contains("without the body"));
}

/// The output of `curl -v`, as `curl -v … > file 2>&1` leaves it.
fn both_ways(before: &str, after: &str) -> String {
    format!(
        "{before}  % Total    % Received % Xferd\n\r  0     0    0     0*   Trying 192.0.2.1:443...\n\
         * Connected to x.example (192.0.2.1) port 443 (#0)\n> POST /webhooks/p/x HTTP/1.1\r\n\
         > Host: x.example\r\n> Content-Length: {}\r\n> \r\n}} [40 bytes data]\n\
         < HTTP/1.1 401 Unauthorized\r\n< content-length: 24\r\n< \r\n{{ [24 bytes data]\n\
         \r100    48  100    24\n* Connection #0 to host x.example left intact\n{after}",
        BODY.len(),
    )
}

const ANSWER: &str = "{\"error\":\"unauthorized\"}";

#[test]
fn the_body_of_an_answer_is_never_that_of_the_request() {
    let paragraphs = "<p>\n\n</p>\n\n<p></p>\n<p>\n\n";
    assert_eq!((ANSWER.len(), paragraphs.len()), (24, 24));
    for after in [ANSWER, "", paragraphs, &format!("{ANSWER}\n")] {
        let refused = read_text(&both_ways("", after)).unwrap_err();
        assert!(refused.contains("without the body of the request"), "{after}: {refused}");
    }
    let command = BODY.replace('\'', "'\\''");
    let command =
        format!("$ curl -v --data-raw '{command}' \\\n  https://x.example/webhooks/p/x\n");
    for (before, after) in [
        ("", format!("{ANSWER}\n\n{BODY}")),
        ("", format!("\n{BODY}")),
        ("", format!("\r\n{BODY}")),
        (&command, ANSWER.to_owned()),
    ] {
        let captured = read_text(&both_ways(before, &after)).unwrap();
        assert_eq!(String::from_utf8(captured.body).unwrap(), BODY, "{before}{after}");
        assert_eq!(captured.path, "/webhooks/p/x");
    }
    // Nothing was sent, so nothing is missing.
    let get = "> GET /webhooks/p/x HTTP/1.1\n> \n< HTTP/1.1 404\n< \n{}";
    let captured = read_text(get).unwrap();
    assert_eq!((captured.method.as_deref(), captured.body.as_slice()), (Some("GET"), &b""[..]));
    // Only the first of two requests, as after a redirection.
    let twice = both_ways("", &format!("> POST /other HTTP/1.1\n> Host: y\n>\n\n{BODY}"));
    let captured = read_text(&twice).unwrap();
    assert_eq!(
        (captured.path.as_str(), &captured.headers["host"]),
        ("/webhooks/p/x", &"x.example".parse().unwrap())
    );
}

#[test]
fn dots_of_a_dump_that_may_be_other_bytes_are_counted() {
    let body = "{\"name\":\".. ....\",\"n\":250.00}";
    let text = |dump: &str| {
        let head = format!("=> Send header, {} bytes (0x1)\n{}", HEAD.len(), dumped_text(HEAD));
        format!(
            "{head}=> Send data, {} bytes (0x1)\n{dump}<= Recv header, 4 bytes (0x4)\n0000: HTTP\n",
            body.len()
        )
    };
    assert_eq!(read_text(&text(&dumped_text(body))).unwrap().dots, 7);
    // A dump of bytes loses none.
    let captured = read_text(&text(&dumped(body.as_bytes()))).unwrap();
    assert_eq!((captured.dots, captured.body.as_slice()), (0, body.as_bytes()));
    let again = format!("{0}{0}", text(&dumped(body.as_bytes())));
    assert_eq!(read_text(&again).unwrap(), captured);
}

//! Bodies that are wrong, huge or hostile: a clear answer, no panic, no
//! restart.

use serde_json::json;
use tests::webhooks::{COMMISSIONS, TOKEN, v1_path};
use tests::{Stage, noise, unsigned};

fn commission(id: &str, extra: &str) -> String {
    format!(
        r#"{{"event_id":"e-{}","event_type":"commission.created","data":{{"id":{id},"status":"pending"{extra}}}}}"#,
        id.len()
    )
}

#[tokio::test]
async fn signed_bodies_that_are_no_events_are_quarantined_and_answered_400() {
    let stage = Stage::start().await;
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let deep_objects = r#"{"a":"#.repeat(10_000) + "1" + &"}".repeat(10_000);
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"{\"event_id\":".to_vec(), "body"),
        (b"".to_vec(), "body"),
        (b"\xff\xfe{}".to_vec(), "body"),
        (b"{\"event_id\":\"\xc3\x28\"}".to_vec(), "body"),
        (deep.into_bytes(), "body"),
        (deep_objects.into_bytes(), "body"),
        (
            br#"{"event_id":"e","event_type":"commission.created","event_id":"f","data":{"id":1}}"#
                .to_vec(),
            "body",
        ),
        (b"[]".to_vec(), "event_type"),
        (b"null".to_vec(), "event_type"),
        (b"\"text\"".to_vec(), "event_type"),
        (commission("\"\"", "").into_bytes(), "data.id"),
        (commission(&format!("\"{}\"", "i".repeat(2000)), "").into_bytes(), "data.id"),
        (commission("[1]", "").into_bytes(), "data.id"),
        (commission("1.5", "").into_bytes(), "data.id"),
        (commission(r#""half \ud83d""#, "").into_bytes(), "data.id"),
    ];
    let count = cases.len();
    for (body, field) in &cases {
        let answer = stage.post_to(COMMISSIONS, body).await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let said = (answer.status, &answer.body["error"], &answer.body["field"]);
        assert_eq!(said, (400, &json!("malformed"), &json!(field)), "{shown}");
        // The same bytes again: the same answer, kept once.
        stage.post_to(COMMISSIONS, body).await.is(400);
    }
    assert_eq!(stage.count("event#quarantine-").await, count);
    assert_eq!(stage.items().await.len(), count);
    let items = stage.items().await;
    let first = items.iter().find(|item| item.kept_body() == "{\"event_id\":").unwrap();
    assert_eq!(first.text("route"), COMMISSIONS);
    assert!(first.text("problem").starts_with("body: not JSON"));
    assert_eq!(stage.processes(), 1);
}

#[tokio::test]
async fn long_numbers_are_kept_to_the_last_digit() {
    let stage = Stage::start().await;
    let digits = "7".repeat(400);
    let long = commission("5", &format!(r#","amount":{digits},"unit":"points""#));
    stage.post_to(COMMISSIONS, long).await.is(200);
    let record = stage.record("firstpromoter#commission#5").await;
    assert_eq!(record.amount, Some(format!("{digits} points")));
    let longest = commission(&format!("\"{}\"", "i".repeat(512)), "");
    stage.post_to(COMMISSIONS, longest).await.is(200);
}

#[tokio::test]
async fn sizes_have_limits() {
    let stage = Stage::start().await;
    let body = |padding: String| commission("7", &format!(r#","note_of_nobody":"{padding}""#));
    let fixed = body(String::new()).len();
    let limit = 1024 * 1024;
    let post = async |body: String| stage.post_to(COMMISSIONS, body).await;
    // 1 MiB that compresses well; a byte more; 440 KB of noise, which shrink to
    // three quarters; 520 KB, which do not shrink enough.
    post(body("a".repeat(limit - fixed + 1))).await.is(413).error("too_large");
    post(body(noise::letters(520 * 1024))).await.is(413).error("too_large");
    assert_eq!(stage.items().await.len(), 0);
    post(body("a".repeat(limit - fixed))).await.is(200);
    post(body(noise::letters(440 * 1024)).replace("e-1", "e-2")).await.is(200);
    // Of what is recorded already nothing is kept.
    post(body(noise::letters(520 * 1024))).await.is(200).outcome("duplicate");
    // What is too large for a record is kept with the event alone.
    let long = "b".repeat(500 * 1024);
    let record = commission("8", &format!(r#","internal_note":"{long}""#));
    let event = stage.post_to(COMMISSIONS, record.replace("e-1", "e-3")).await;
    event.is(200).outcome("recorded");
    let record = stage.record("firstpromoter#commission#8").await;
    assert_eq!(record.facts["internal_note"], json!({"kept_in": "event"}));
    let event = stage.item("firstpromoter#commission#8", "event#e-3").await;
    assert_eq!(event["over"], json!(["internal_note"]));
    assert!(event.kept_body().contains(&long));
    // Nobody has to sign to be told.
    let unsigned = unsigned(COMMISSIONS, "x".repeat(limit + 1), &[]);
    stage.send(&unsigned).await.is(413).error("too_large");
    // That wakes nobody; what is signed does, looked at or not.
    let lines = stage.lines(7).await;
    let waking: Vec<bool> = lines.iter().map(|line| line["FromSenders"] == 1.0).collect();
    assert_eq!(waking, [true, true, false, false, false, false, false]);
    assert_eq!((&lines[0]["has_form"], &lines[1]["has_form"]), (&json!(true), &json!(null)));
    assert_eq!(stage.processes(), 1);
}

/// The first 64 KiB.
const KEPT: usize = 64 * 1024;

#[tokio::test]
async fn of_what_changes_no_record_the_beginning_is_kept() {
    let stage = Stage::start().await;
    let padded = |kind: &str, test: bool, padding: &str| {
        format!(
            r#"{{"event_id":"{kind}-{test}","event_type":"{kind}","secret_key":"key-seeded","data":{{"test":{test},"note":"{padding}"}}}}"#
        )
    };
    let (large, small) = (noise::letters(520 * 1024), noise::letters(300));
    let twice = |padding: &str| format!(r#"{{"token":"key-seeded","a":1,"a":"{padding}"}}"#);
    for (body, status, kept) in [
        // No JSON at all: as it came.
        (format!("{{{large}"), 400, KEPT),
        (format!("{{{small}"), 400, 301),
        // JSON with a key twice, a type nobody knows, a test: redacted first.
        (twice(&large), 400, KEPT),
        (padded("payout.odd", false, &large), 200, KEPT),
        (padded("payout.created", true, &large), 200, KEPT),
        (padded("payout.odd2", false, &"a".repeat(1000 * 1024)), 200, KEPT),
    ] {
        let shown = body.get(..60).unwrap().to_owned();
        let post = async || stage.post_to(COMMISSIONS, &body).await;
        assert_eq!(post().await.status, status, "{shown}");
        let sha256 = shared::wire::digest::sha256_hex(body.as_bytes());
        let items = stage.items().await;
        let item = items.iter().find(|item| item.text("sha256") == sha256).unwrap();
        assert_eq!(item.text("length"), body.len().to_string(), "{shown}");
        assert_eq!(item["truncated"] == true, kept == KEPT, "{shown}");
        assert_eq!(item.kept_body().len(), kept, "{shown}");
        assert!(!item.kept_body().contains("key-seeded"), "{shown}");
        // Again: kept once.
        assert_eq!(post().await.status, status, "{shown}");
    }
    assert_eq!(stage.count("event#").await, 6);
    // An event that is applied is kept as a whole.
    let applied = commission("9", &format!(r#","note_of_nobody":"{}""#, "a".repeat(100 * 1024)));
    stage.post_to(COMMISSIONS, &applied).await.is(200);
    let event = stage.item("firstpromoter#commission#9", "event#e-1").await;
    assert_eq!(event.kept_body().len(), applied.len());
    assert!(event["truncated"].is_null(), "{event}");
    assert_eq!(event.text("length"), applied.len().to_string());
}

#[tokio::test]
async fn bodies_arrive_as_text_or_base64() {
    let stage = Stage::start().await;
    let mut event = stage.signed(COMMISSIONS, commission("9", r#","internal_note":"größer""#));
    event["headers"]["content-type"] = json!("application/octet-stream");
    stage.send(&event).await.outcome("recorded");
    event["headers"]["content-type"] = json!("application/json; charset=utf-8");
    stage.send(&event).await.outcome("duplicate");
}

#[tokio::test]
async fn requests_that_make_no_sense_are_answered_without_a_restart() {
    let stage = Stage::start().await;
    for (name, value) in [
        ("host", "a b"),
        ("host", "[::1"),
        ("x-forwarded-proto", "ht tp:"),
        ("x-forwarded-proto", "file"),
    ] {
        let mut event = tests::events_file("uppromote-payment-paid.json");
        event["headers"][name] = json!(value);
        let response = stage.invoke("PayoutsFunction", &event).await;
        assert_eq!(response["statusCode"], 200, "{name}: {value}");
    }
    let mut event = tests::events_file("uppromote-payment-paid.json");
    event["isBase64Encoded"] = json!(true);
    let response = stage.invoke("PayoutsFunction", &event).await;
    assert_eq!(response["statusCode"], 401);
    assert_eq!(stage.processes(), 1);
}

#[tokio::test]
async fn what_only_decorates_is_left_out_named_and_counted() {
    let stage = Stage::start().await;
    let odd = r#","amount":"twelve","unit":"","sale_amount":"N/A","reward":"Gold","plan_id":"P \ud83d",
        "referral":{"id":null,"jane@example.com":1},"created_at":"2026-03-01 10:00:00""#;
    // Read from the exact bytes, mark and all.
    let body = format!("\u{feff}{}", commission("12", odd));
    stage.post_to(COMMISSIONS, &body).await.outcome("recorded");
    let line = stage.lines(1).await.remove(0);
    assert_eq!(
        line["unread"],
        json!(["data.amount", "data.unit", "data.sale_amount", "data.reward"])
    );
    assert_eq!(line["Unread"], json!(4.0));
    let facts = stage.record("firstpromoter#commission#12").await.facts;
    for taken in ["amount", "customer_id"] {
        assert_eq!(facts.get(taken), Some(&json!(null)), "{facts}");
    }
    assert_eq!(facts["plan_id"], "P \u{fffd}");
    assert_eq!(facts["occurred_at"], "2026-03-01T10:00:00.000Z");
    assert!(facts.get("reward").is_none() && facts.get("sale_amount").is_none(), "{facts}");
}

#[tokio::test]
async fn a_flaw_of_the_json_costs_its_place_and_is_named() {
    let stage = Stage::start().await;
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let cases: [(&str, Vec<u8>, &[&str]); 4] = [
        (
            "21",
            br#","tier":1,"x":1,"x":{"auth_token":"tok-seeded"}"#.to_vec(),
            &["body: duplicate key"],
        ),
        ("222", br#","tier":1,"tier":2"#.to_vec(), &["data.tier", "body: duplicate key"]),
        (
            "2333",
            format!(r#","tier":1,"x":{deep}"#).into_bytes(),
            &["body: nested deeper than 64 levels"],
        ),
        ("24444", b",\"tier\":1,\"plan_id\":\"J\xf6rg\"".to_vec(), &["body: not UTF-8"]),
    ];
    for (n, (id, extra, unread)) in cases.into_iter().enumerate() {
        let body = commission(id, "EXTRA");
        let (before, after) = body.split_once("EXTRA").unwrap();
        let body = [before.as_bytes(), &extra, after.as_bytes()].concat();
        stage.post_to(COMMISSIONS, &body).await.outcome("recorded");
        assert_eq!(stage.lines(n + 1).await.pop().unwrap()["unread"], json!(unread), "{id}");
        let record = stage.record(&format!("firstpromoter#commission#{id}")).await;
        assert_eq!(record.facts.get("tier").is_some(), id != "222", "{id}");
    }
    let kept = stage.item("firstpromoter#commission#21", "event#e-2").await;
    assert!(kept.kept_body().contains(r#""x":1,"x":{"auth_token":"[removed]"}"#));
}

#[tokio::test]
async fn v1s_format_at_v2s_address_is_kept_and_said() {
    let stage = Stage::start().await;
    for (event_type, status, path, lines) in [
        ("lead_becomes_referral", 200, "customers", 2),
        ("fulfilment_pending", 202, "fulfilments", 4),
    ] {
        let body =
            format!(r#"{{"event":{{"id":"{status}","type":"{event_type}"}},"data":{{"id":1}}}}"#);
        for result in ["archived", "duplicate"] {
            stage.post_to(COMMISSIONS, &body).await.is(status).outcome(result);
        }
        let line = stage.lines(lines).await.pop().unwrap();
        let hint =
            format!("firstpromoter-v1: to be sent to /webhooks/firstpromoter-v1/{{token}}/{path}");
        assert_eq!((&line["other_format"], &line["OtherFormat"]), (&json!(hint), &json!(1.0)));
        let kept =
            stage.item(&format!("firstpromoter#inbox#{status}"), &format!("event#{status}")).await;
        assert_eq!(kept.kept_body(), body);
    }
    assert_eq!(stage.count("record").await + stage.count("event#quarantine-").await, 0);
}

/// JSON with a key twice, or nested too deep, is not to be trusted; it is redacted
/// all the same.
#[tokio::test]
async fn what_is_quarantined_holds_no_credentials_as_far_as_it_is_json() {
    let stage = Stage::start().await;
    let inner = format!(
        r#""auth_token":"tok-seeded","temp_password":"pass-seeded","url":"https://x.example/{TOKEN}""#
    );
    let twice = format!(r#"{{"event":{{{inner},"id":1,"id":2}}}}"#);
    let deep = format!(r#"{{{inner},"a":{}{}}}"#, "[".repeat(100), "]".repeat(100));
    let marked = format!("\u{feff}{{{inner}}}");
    let bodies = [twice, deep, marked];
    for body in &bodies {
        assert_eq!(stage.post_to(&v1_path("customers"), body).await.status, 400, "{body}");
    }
    let items = stage.items().await;
    assert_eq!(items.len(), bodies.len());
    for item in items {
        let kept = item.kept_body();
        for seeded in ["tok-seeded", "pass-seeded", TOKEN] {
            assert!(!kept.contains(seeded), "{kept}");
        }
        assert!(kept.contains("auth_token"), "{kept}");
    }
}

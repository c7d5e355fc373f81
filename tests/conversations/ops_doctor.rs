//! The operator's command and the receiving functions over the same requests: what the
//! one says is what the others answer.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use local::{dev_secrets, sign};
use serde_json::{Value, json};
use shared::wire::Timestamp;
use tests::scratch::Scratch;
use tests::stage::signed_with;
use tests::webhooks::{AFFONSO, COMMISSIONS, TOKEN, v1_path};
use tests::{Setup, Stage, noise, now, unsigned};

use crate::ops::{CliOutput, ops_command, run};
use crate::samples::{fresh, samples};

mod given;

const PING: &str = "/webhooks/uppromote/payment-paid";

/// A receiving function that was sent requests, and how many lines it wrote.
struct Server {
    stage: Stage,
    lines: usize,
}

/// What was answered, in the words of the request's line: status code, outcome and
/// reason.
type Answer = (u16, String, Option<String>);

impl Server {
    async fn start() -> Self {
        Self { stage: Stage::start().await, lines: 0 }
    }

    async fn with_secrets(webhooks: &Value, parameters: &[(&str, &str)]) -> Self {
        let change = |options: &mut local::Options| {
            options.secrets["webhooks"] = webhooks.clone();
            options.set_parameters(parameters.iter().copied());
        };
        Self { stage: Stage::with(change).await, lines: 0 }
    }

    /// Sends an event over HTTP, as a provider does.
    async fn sent(&mut self, event: &Value) -> Answer {
        let answer = self.stage.send(event).await;
        // What no route takes comes to no function: the API answers in its own words.
        if answer.body["message"] == "Not Found" {
            return (answer.status, "not_found".into(), None);
        }
        self.line(answer.status).await
    }

    /// Gives the event to a function as it is: for what no client can send.
    async fn invoked(&mut self, event: &Value) -> Answer {
        let answer = self.stage.invoke("CommissionsFunction", event).await;
        self.line(u16::try_from(answer["statusCode"].as_u64().unwrap()).unwrap()).await
    }

    async fn line(&mut self, status: u16) -> Answer {
        self.lines += 1;
        let lines = self.stage.lines(self.lines).await;
        let line = &lines[self.lines - 1];
        let outcome = line["outcome"].as_str().unwrap().to_owned();
        (status, outcome, line["reason"].as_str().map(str::to_owned))
    }
}

/// Asks about an event that comes in now.
async fn asked(event: &Value, words: &[&str]) -> CliOutput {
    asked_of(now_in(event).to_string().as_bytes(), words).await
}

/// The event as it comes in now.
fn now_in(event: &Value) -> Value {
    let mut event = event.clone();
    event["requestContext"]["timeEpoch"] = Timestamp::now().ms().into();
    event
}

/// Asks where no `cargo local` runs.
async fn asked_of(capture: &[u8], words: &[&str]) -> CliOutput {
    let nowhere = ["--dynamodb", "http://127.0.0.1:1"];
    let here = std::env::current_dir().unwrap();
    asked_in(&here, capture, &[&nowhere[..], words].concat()).await
}

async fn asked_in(folder: &Path, capture: &[u8], words: &[&str]) -> CliOutput {
    let file = Scratch::new("captured");
    std::fs::write(file.path(), capture).unwrap();
    let mut command = ops_command().await;
    command.current_dir(folder).args(["--local", "doctor", file.text()]).args(words);
    run(command).await
}

/// Says of a request what was answered, by the document and by the exit code.
async fn agrees(event: &Value, answer: &Answer, what: &str) {
    is_said(&asked(event, &["--json"]).await, answer, what);
}

#[track_caller]
fn is_said(output: &CliOutput, answer: &Answer, what: &str) {
    let said: Value = serde_json::from_str(&output.out).unwrap_or_default();
    assert!(said.is_object(), "{what}: {output:?}");
    let (status, outcome, reason) = answer;
    let is_taken = (200..300).contains(status);
    assert_eq!(said["fits"], is_taken, "{what}: {answer:?} {said}");
    assert_eq!(output.code, i32::from(!is_taken), "{what}: {said}");
    assert_eq!(said["status"], *status, "{what}: {answer:?} {said}");
    // Nobody but the table knows what came before.
    if outcome != "duplicate" {
        assert_eq!(said["outcome"], *outcome, "{what}: {said}");
    }
    assert_eq!(said["reason"].as_str(), reason.as_deref(), "{what}: {said}");
}

#[tokio::test]
async fn of_every_sample_doctor_says_what_it_is_answered() {
    let mut server = Server::start().await;
    let mut known = Vec::new();
    for (name, _, status) in samples() {
        if known.contains(&name) {
            continue;
        }
        let event = fresh(&name, status);
        let answer = server.sent(&event).await;
        agrees(&event, &answer, &name).await;
        known.push(name);
    }
    assert!(known.len() > 90, "{}", known.len());
}

fn with(mut event: Value, pointer: &str, value: impl Into<Value>) -> Value {
    *event.pointer_mut(pointer).unwrap() = value.into();
    event
}

fn header(mut event: Value, name: &str, value: &str) -> Value {
    event["headers"][name] = value.into();
    event
}

/// As long as a token must be, and none.
const UNKNOWN_TOKEN: &str = "0123456789abcdef0123456789abcdef";
const SIGNATURE: &str = "x-webhook-signature";
const TIMED: &str = "x-affonso-signature";

const PAYOUT: &str = r#"{"id":"evt_1","type":"payout.paid","createdAt":"2026-11-06T15:20:10.250Z","data":{"payoutId":"pay_1","status":"COMPLETED"}}"#;

/// A request of Affonso's, signed at this time.
fn timed(body: &str, time: u64) -> Value {
    let mut event = unsigned(AFFONSO, body, &[]);
    sign::sign(&mut event, &dev_secrets()["webhooks"], time).unwrap();
    event
}

/// Requests that are wrong in one way, with what has to be said of them.
fn bad(stage: &Stage) -> Vec<(Value, &'static str)> {
    let body =
        r#"{"event_id":"e1","event_type":"commission.created","data":{"id":1,"status":"pending"}}"#;
    let right = || stage.signed(COMMISSIONS, body);
    let method = |name: &str| with(right(), "/requestContext/http/method", name);
    let path = |path: &str| with(right(), "/rawPath", path);
    let padded = |padding: String| {
        stage.signed(
            COMMISSIONS,
            body.replace("e1", "e2").replace("pending", &format!("pending\",\"note\":\"{padding}")),
        )
    };
    let v1 = |token: &str| {
        let event = r#"{"event":{"id":1,"type":"lead_signup"},"data":{"id":2}}"#;
        unsigned(&format!("/webhooks/firstpromoter-v1/{token}/customers"), event, &[])
    };
    let other = json!({ "firstpromoter": { "hmac": ["a-key-of-somebody-else"] } });
    let bound = stage.signed(PING, r#"{"payment_id":1,"status":"SUCCESS"}"#);
    vec![
        (right(), "It fits: firstpromoter, commission.created, by the secret"),
        (method("GET"), "the method is GET, and only POST has a route"),
        (method("PUT"), "but for that it fits: firstpromoter, by the secret"),
        (path("/webhooks/firstpromoter/nowhere"), "the path is no address of any provider"),
        (path("/hooks"), "but for that it fits: firstpromoter, by the secret"),
        (path("/prod/webhooks/firstpromoter/commissions"), "has something else before that"),
        (path("//webhooks/firstpromoter/commissions"), "but for that it fits"),
        (path("/webhooks//firstpromoter/commissions"), "but for that it fits"),
        (path("/webhooks/firstpromoter//commissions/"), "It fits: firstpromoter"),
        (
            path("/webhooks/firstpromoter/payouts"),
            "it is recorded all the same, and belongs to /webhooks/firstpromoter/commissions",
        ),
        (padded("a".repeat(1_200_000)), "and at most 1048576 are read"),
        (padded(noise::letters(520 * 1024)), "the body is too large to be kept"),
        (unsigned(COMMISSIONS, "a".repeat(1_200_000), &[]), "and at most 1048576 are read"),
        (unsigned(COMMISSIONS, body, &[]), "no signature was sent (in x-webhook-signature)"),
        (header(right(), SIGNATURE, ""), "no signature was sent (in x-webhook-signature)"),
        (header(right(), SIGNATURE, "abcd"), "hex of a wrong length"),
        (header(right(), SIGNATURE, "signed"), "is no signature of the provider's form"),
        (
            signed_with(&other, COMMISSIONS, body),
            "Nothing comes near: it was signed with a key that is not here",
        ),
        (v1(UNKNOWN_TOKEN), "the token in the address is none of the configured ones"),
        (v1("short"), "the token in the address is none of the configured ones, and shorter"),
        (v1(TOKEN), "It fits: firstpromoter-v1, lead_signup"),
        (stage.signed(&v1_path("customers"), "{}"), "its body cannot be read"),
        (
            stage.signed(COMMISSIONS, "{"),
            "It is let in by the secret hmac[0], and its body cannot be read: body: not JSON",
        ),
        (stage.signed(COMMISSIONS, "[]"), "the body is kept in quarantine"),
        (stage.signed(COMMISSIONS, ""), "the body is empty"),
        (stage.signed(COMMISSIONS, b"\xff\xfe{}"), "its body cannot be read"),
        (unsigned(PING, "", &[]), "It fits: uppromote, a ping, which needs no secret"),
        (unsigned(PING, "{}", &[]), "It fits: uppromote, a ping"),
        (unsigned(PING, "{ }", &[]), "no signature was sent (in x-uppromote-signature)"),
        (
            with(bound, "/rawPath", "/webhooks/uppromote/referral-new"),
            "which is bound to payment.paid; this is referral.new",
        ),
        (
            header(stage.signed(AFFONSO, PAYOUT), TIMED, &"0".repeat(64)),
            "the signature has no time",
        ),
        (
            stage.signed(COMMISSIONS, body.replace("commission.created", "commission.dreamt")),
            "It fits: firstpromoter, commission.dreamt",
        ),
        (
            stage.signed(COMMISSIONS, body.replace("commission.created", "weather.changed")),
            "nobody knows its type",
        ),
    ]
}

/// Sends a request, and asks of it: the same is said, in these words, and nothing secret.
async fn compare(server: &mut Server, event: &Value, words: &str) {
    let what = format!("{} {words}", event["rawPath"]);
    let answer = server.sent(event).await;
    agrees(event, &answer, &what).await;
    let said = asked(event, &[]).await;
    let told = said.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains(words), "{what} is not in\n{}", said.out);
    let is_unmatched = answer.2.as_deref() == Some("no_secret_matches");
    assert!(is_unmatched || !told.contains("a key that is not here"), "{what}: {told}");
    assert!(!told.contains(TOKEN) && !told.contains(UNKNOWN_TOKEN), "{told}");
}

#[tokio::test]
async fn of_a_bad_capture_doctor_says_what_it_is_answered_and_why() {
    let mut server = Server::start().await;
    for (event, words) in bad(&server.stage) {
        compare(&mut server, &event, words).await;
    }
}

#[tokio::test]
async fn of_a_signed_time_doctor_says_what_it_is_answered_and_why() {
    let mut server = Server::start().await;
    let changed = |how: &str, now: u64| match how {
        "late" => now - 400,
        "early" => now + 5_000,
        "in milliseconds" => now * 1_000,
        _ => now,
    };
    for (how, words) in [
        ("right", "It fits: affonso, payout.paid"),
        ("late", " old when it came in: "),
        ("early", "ahead: at most 300 s are let in"),
        ("in milliseconds", "rightly signed, and its time is in milliseconds"),
    ] {
        compare(&mut server, &timed(PAYOUT, changed(how, now())), words).await;
    }
}

/// What a client cannot send, and an event can hold.
#[tokio::test]
async fn of_an_event_that_was_changed_doctor_says_what_a_function_does() {
    let mut server = Server::start().await;
    let right = server.stage.signed(
        COMMISSIONS,
        r#"{"event_id":"e2","event_type":"commission.created","data":{"id":2}}"#,
    );
    let encoded = right["body"].as_str().unwrap().to_owned();
    let text = String::from_utf8(STANDARD.decode(&encoded).unwrap()).unwrap();
    let signature = right["headers"][SIGNATURE].as_str().unwrap().to_owned();
    for event in [
        with(right.clone(), "/body", format!("{encoded}\n")),
        with(right.clone(), "/body", "no base64"),
        with(right.clone(), "/isBase64Encoded", false),
        with(with(right.clone(), "/isBase64Encoded", false), "/body", text),
        header(right.clone(), SIGNATURE, &format!("{signature}\n")),
        header(right.clone(), SIGNATURE, &format!(" {signature} ")),
        header(right.clone(), "X-Webhook-Signature", &signature),
        header(right.clone(), "no name", &signature),
    ] {
        let answer = server.invoked(&event).await;
        agrees(&event, &answer, &event["headers"].to_string()).await;
    }
}

/// A request as it stands on the wire.
fn written(event: &Value) -> Vec<u8> {
    let method = event["requestContext"]["http"]["method"].as_str().unwrap();
    let mut text = format!("{method} {} HTTP/1.1\r\n", event["rawPath"].as_str().unwrap());
    for (name, value) in event["headers"].as_object().unwrap() {
        text.extend([name, ": ", value.as_str().unwrap(), "\r\n"]);
    }
    let body = STANDARD.decode(event["body"].as_str().unwrap()).unwrap();
    [text.as_bytes(), b"\r\n", &body].concat()
}

/// What API Gateway makes of a request before a function sees it.
#[tokio::test]
async fn of_a_request_on_the_wire_doctor_says_what_it_is_answered() {
    let mut server = Server::start().await;
    let event = r#"{"event_id":"e4","event_type":"commission.created","data":{"id":4}}"#;
    let right = server.stage.signed(COMMISSIONS, event);
    let lead = r#"{"event":{"id":5,"type":"lead_signup"},"data":{"id":6}}"#;
    let v1 = |end: &str| {
        unsigned(&v1_path("customers").replace(TOKEN, &format!("{TOKEN}{end}")), lead, &[])
    };
    let paid = timed(PAYOUT, now());
    let (time, mac) = paid["headers"][TIMED].as_str().unwrap().split_once(',').unwrap();
    let split = header(header(paid.clone(), TIMED, time), "X-Affonso-Signature", mac);
    let signature = right["headers"][SIGNATURE].as_str().unwrap();
    for (event, status) in [
        (right.clone(), 200),
        (header(right.clone(), "X-Webhook-Signature", signature), 401),
        (header(right.clone(), SIGNATURE, &format!("\t{signature}  ")), 200),
        (with(right.clone(), "/rawPath", "/webhooks/firstpromoter/%63ommissions"), 200),
        (with(right.clone(), "/rawPath", "/webhooks/firstpromoter/commissions?a=b"), 200),
        (with(right, "/requestContext/http/method", "PATCH"), 404),
        (v1(""), 200),
        (v1("%20"), 200),
        (v1("%2F"), 200),
        (v1("%41"), 401),
        (paid.clone(), 200),
        (split, 200),
    ] {
        let answer = server.sent(&event).await;
        assert_eq!(answer.0, status, "{}", event["rawPath"]);
        is_said(
            &asked_of(&written(&event), &["--json"]).await,
            &answer,
            &event["rawPath"].to_string(),
        );
    }
}

/// Other ways to authenticate than those of the samples, and none.
#[tokio::test]
async fn by_whatever_secrets_doctor_says_what_a_request_is_answered() {
    let password = "password-of-conversations";
    let basic = json!([{ "user": "hook", "password": password }]);
    let webhooks = json!({
        "firstpromoter": {
            "policy": "all", "hmac": ["a-key-of-conversations"],
            "header": [{ "name": "x-shared", "value": "a-value-of-conversations" }],
        },
        "firstpromoter_v1": { "basic": basic },
        "affonso": { "hmac": ["a-key-of-conversations"], "allow_body_only": true },
    });
    let file = Scratch::new("webhooks.json");
    std::fs::write(file.path(), webhooks.to_string()).unwrap();
    let mut server = Server::with_secrets(&webhooks, &[]).await;
    let event = r#"{"event_id":"e3","event_type":"commission.created","data":{"id":3}}"#;
    let signed = signed_with(&webhooks, COMMISSIONS, event);
    let v1 = |credentials: &str| {
        let event = r#"{"event":{"id":3,"type":"lead_signup"},"data":{"id":4}}"#;
        let credentials = format!("Basic {}", STANDARD.encode(credentials));
        unsigned(&v1_path("customers"), event, &[("authorization", &credentials)])
    };
    let other = json!({ "affonso": { "hmac": ["another-key-of-conversations"] } });
    assert_eq!(signed["headers"]["x-shared"], "a-value-of-conversations");
    for (event, status, reason) in [
        (header(signed.clone(), "x-shared", ""), 401, Some("not_every_method")),
        (signed.clone(), 200, None),
        (header(signed, "x-shared", "another-value"), 401, Some("not_every_method")),
        (v1(&format!("hook:{password}")), 200, None),
        (v1("hook:another"), 401, Some("no_secret_matches")),
        (v1("nothing"), 401, Some("no_secret_matches")),
        (unsigned(&v1_path("customers"), "{}", &[]), 401, Some("missing")),
        (
            unsigned(&v1_path("customers"), "{}", &[("authorization", "Bearer x")]),
            401,
            Some("malformed"),
        ),
        (signed_with(&webhooks, AFFONSO, PAYOUT), 200, None),
        (signed_with(&other, AFFONSO, PAYOUT), 401, Some("no_secret_matches")),
        (unsigned(PING, "{\"payment_id\":1}", &[("x-uppromote-signature", "00")]), 503, None),
        (unsigned(PING, "", &[]), 200, None),
    ] {
        let answer = server.sent(&event).await;
        assert_eq!((answer.0, answer.2.as_deref()), (status, reason), "{event}");
        let output = asked(&event, &["--json", "--secrets", file.text()]).await;
        is_said(&output, &answer, &event.to_string());
    }
}

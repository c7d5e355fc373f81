//! Tests of the diagnosis: each near miss is made from a right request, a sample, and
//! has to be named.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue};
use serde_json::json;
use shared::provider::signature::Reason;

use super::capture::{Captured, read};
use super::near::{Miss, mac};
use super::*;

mod order;
mod verdict;

fn development() -> Value {
    secrets::webhooks(DEVELOPMENT).unwrap()
}

fn sample(name: &str) -> Captured {
    let file = format!("{}/../events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    read(&fs::read(file).unwrap()).unwrap()
}

const SIGNED: &str = "firstpromoter-commission-approved";
const TIMED: &str = "affonso-payout-paid";
const ROUTED: &str = "uppromote-payment-paid";
const TOKEN: &str = "firstpromoter-v1-fulfilment-pending";

fn section(name: &str) -> &'static str {
    match name {
        SIGNED => "firstpromoter",
        TIMED => "affonso",
        _ => "uppromote",
    }
}

/// The key by which a sample is signed.
fn key(name: &str) -> String {
    let entry = &development()[section(name)]["hmac"][0];
    entry.as_str().or(entry["key"].as_str()).unwrap().to_owned()
}

fn header(name: &str) -> &'static str {
    match name {
        SIGNED => "x-webhook-signature",
        TIMED => "x-affonso-signature",
        _ => "x-uppromote-signature",
    }
}

fn set(captured: &mut Captured, name: &'static str, value: &str) {
    captured.headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
}

/// Signs a sample anew with this key, as its provider would.
fn sign(captured: &mut Captured, name: &str, key: &[u8]) {
    let body = captured.body.clone();
    if name == TIMED {
        let time = captured.at.unwrap().seconds().to_string();
        let value = format!("t={time},v1={}", hex::encode(mac(key, Some(&time), &body)));
        set(captured, header(name), &value);
    } else {
        set(captured, header(name), &hex::encode(mac(key, None, &body)));
    }
}

fn diagnosed(captured: &Captured) -> Diagnosis {
    diagnose(captured, &development(), &Limits::default(), captured.at.unwrap())
}

#[track_caller]
fn names(captured: &Captured, webhooks: &Value, misses: &[Miss], what: &str) {
    let diagnosis = diagnose(captured, webhooks, &Limits::default(), captured.at.unwrap());
    assert!(!diagnosis.fits, "{what}: {diagnosis:?}");
    let named = diagnosis.near.iter().any(|near| near.misses == misses);
    assert!(named, "{what}: {diagnosis:?}");
    let told = format!("{}{}", diagnosis.text(), serde_json::to_string(&diagnosis).unwrap());
    keeps_quiet(&told, captured);
}

/// Nothing of a secret, of the signature, the token or the body is told.
#[track_caller]
fn keeps_quiet(told: &str, captured: &Captured) {
    for text in DEVELOPMENT.split('"').filter(|text| text.len() > 20) {
        assert!(!told.contains(text), "{told}");
    }
    for value in captured.headers.values().filter_map(|value| value.to_str().ok()) {
        assert!(value.len() < 32 || !told.contains(value), "{told}");
    }
    for personal in ["@", "evt_6fa1c3paid", "8f2b6c1e"] {
        assert!(!told.contains(personal), "{told}");
    }
}

#[test]
fn a_right_request_fits_by_the_name_of_its_secret() {
    for (name, provider, event, secret) in [
        (SIGNED, "firstpromoter", "commission.updated", "hmac[0]"),
        (TIMED, "affonso", "payout.paid", "hmac[0]"),
        (ROUTED, "uppromote", "payment.paid", "dev-payment-paid"),
        (TOKEN, "firstpromoter-v1", "fulfilment_pending", "path_token[0]"),
    ] {
        let captured = sample(name);
        let diagnosis = diagnosed(&captured);
        assert!(diagnosis.fits(), "{name}: {diagnosis:?}");
        assert_eq!(diagnosis.provider.as_deref(), Some(provider));
        assert!(diagnosis.event.is_some(), "{event}");
        assert_eq!(diagnosis.secret.as_deref(), Some(secret));
        let text = diagnosis.text();
        assert!(text.starts_with(&format!("It fits: {provider}, ")), "{text}");
        keeps_quiet(&text, &captured);
    }
    // Without its path it is known by its header.
    for name in [SIGNED, TIMED] {
        let captured = Captured { path: String::new(), ..sample(name) };
        assert!(diagnosed(&captured).fits(), "{name}");
    }
}

#[test]
fn a_body_that_was_changed_is_named_by_the_change() {
    type Change = fn(&[u8]) -> Vec<u8>;
    let changes: [(Miss, Change); 12] = [
        (Miss::NewlineAdded, |body| [body, b"\n"].concat()),
        (Miss::NewlineAdded, |body| [body, b"\r\n"].concat()),
        (Miss::NewlineAdded, |body| [body, b" \n"].concat()),
        (Miss::ByteOrderMark, |body| [b"\xef\xbb\xbf", body].concat()),
        (Miss::Base64Body, |body| STANDARD.encode(body).into_bytes()),
        (Miss::QuotedBody, |body| serde_json::to_vec(std::str::from_utf8(body).unwrap()).unwrap()),
        (Miss::Reserialised, |body| written(body, 0)),
        (Miss::Reserialised, |body| written(body, 1)),
        (Miss::Reserialised, |body| written(body, 2)),
        (Miss::Reserialised, |body| written(body, 3)),
        (Miss::Reserialised, |body| written(body, 4)),
        (Miss::Reserialised, |body| [written(body, 2), b"\n".to_vec()].concat()),
    ];
    for name in [SIGNED, TIMED, ROUTED] {
        for (miss, change) in changes {
            let mut captured = sample(name);
            let changed = change(&captured.body);
            assert_ne!(changed, captured.body, "{name} {miss:?}");
            captured.body = changed;
            captured.headers.remove("content-length");
            names(&captured, &development(), &[miss], name);
        }
    }
}

/// A body in one of the layouts that other programs write, with escapes that they
/// make.
fn written(body: &[u8], how: usize) -> Vec<u8> {
    let text = std::str::from_utf8(body).unwrap();
    let forms = json_forms::forms(text);
    // The layouts of the text as it is, and one that no program writes.
    let form = if how == 0 { &forms[20].replacen('{', "{ ", 1) } else { &forms[how] };
    form.clone().into_bytes()
}

/// A program that reads `412.50` as a number writes `412.5`.
#[test]
fn an_amount_that_lost_its_last_digit_is_found_again() {
    let mut captured = sample(TIMED);
    let text = String::from_utf8(captured.body).unwrap();
    let changed = text.replace("412.50", "412.5");
    assert_ne!(changed, text);
    captured.body = changed.into_bytes();
    names(&captured, &development(), &[Miss::Reserialised], TIMED);
    captured.body = written(&captured.body, 2);
    names(&captured, &development(), &[Miss::Reserialised], TIMED);
}

#[test]
fn what_was_signed_and_is_missing_from_the_body_is_named() {
    for name in [SIGNED, TIMED, ROUTED] {
        for (miss, signed) in [(Miss::NewlineMissing, "\n"), (Miss::NewlineMissing, "\r\n")] {
            let mut captured = sample(name);
            let sent = captured.body.clone();
            captured.body.extend(signed.bytes());
            sign(&mut captured, name, key(name).as_bytes());
            captured.body = sent;
            names(&captured, &development(), &[miss], name);
        }
        let mut captured = sample(name);
        captured.body = written(&captured.body, 2);
        sign(&mut captured, name, key(name).as_bytes());
        let text = String::from_utf8(captured.body).unwrap();
        captured.body = text.replace('\n', "\r\n").into_bytes();
        names(&captured, &development(), &[Miss::LineEnds], name);
    }
}

#[test]
fn a_key_that_was_taken_otherwise_is_named_by_the_difference() {
    let configured = |name: &str, key: &str| {
        let mut webhooks = development();
        webhooks[section(name)]["hmac"] = json!([{ "name": "ours", "key": key }]);
        webhooks
    };
    let hex_key = "d0e1d2c3b4a5968778695a4b3c2d1e0f";
    let base64_key = "c29tZS1rZXktb2YtdGhlLXRlc3Rz";
    for name in [SIGNED, TIMED, ROUTED] {
        for (miss, ours, theirs) in [
            (
                Miss::PrefixMissingHere,
                "0123456789abcdefghij",
                b"whsec_0123456789abcdefghij".to_vec(),
            ),
            (Miss::PrefixCutOff, "whsec_0123456789abcdefghij", b"0123456789abcdefghij".to_vec()),
            (Miss::KeyFromHex, hex_key, hex::decode(hex_key).unwrap()),
            (Miss::KeyFromBase64, base64_key, STANDARD.decode(base64_key).unwrap()),
            (
                Miss::KeyFromBase64,
                "whsec_c29tZS1rZXktb2YtdGhlLXRlc3Rz",
                STANDARD.decode(base64_key).unwrap(),
            ),
            (Miss::KeyNewline, "0123456789abcdefghij", b"0123456789abcdefghij\n".to_vec()),
            (Miss::KeyCase, "0123456789ABCDEFGHIJ", b"0123456789abcdefghij".to_vec()),
        ] {
            let mut captured = sample(name);
            sign(&mut captured, name, &theirs);
            names(&captured, &configured(name, ours), &[miss], name);
        }
    }
}

#[test]
fn a_signature_in_another_place_or_form_is_named() {
    for name in [SIGNED, ROUTED] {
        let right = mac(key(name).as_bytes(), None, &sample(name).body);
        for (miss, value) in [
            (Miss::SignatureBase64, STANDARD.encode(right)),
            (Miss::SignaturePrefix, format!("sha256={}", hex::encode(right))),
            (Miss::SignaturePrefix, format!("v1={}", hex::encode(right))),
        ] {
            let mut captured = sample(name);
            set(&mut captured, header(name), &value);
            names(&captured, &development(), &[miss], name);
        }
        let mut captured = sample(name);
        captured.headers.remove(header(name));
        set(&mut captured, "x-hub-signature-256", &format!("sha256={}", hex::encode(right)));
        names(&captured, &development(), &[Miss::OtherHeader], name);
    }
    let mut captured = sample(TIMED);
    let alone = hex::encode(mac(key(TIMED).as_bytes(), None, &captured.body));
    for value in [format!("sha256={alone}"), alone.clone(), format!("t=1793978411,v1={alone}")] {
        set(&mut captured, header(TIMED), &value);
        names(&captured, &development(), &[Miss::TimeNotSigned], &value);
    }
    let mut captured = sample(SIGNED);
    let timed = mac(key(SIGNED).as_bytes(), Some("1793978411"), &captured.body);
    set(&mut captured, header(SIGNED), &format!("t=1793978411,v1={}", hex::encode(timed)));
    names(&captured, &development(), &[Miss::SignaturePrefix, Miss::TimeSigned], "timed");
    let mut captured = sample(SIGNED);
    sign(&mut captured, SIGNED, key(TIMED).as_bytes());
    names(&captured, &development(), &[Miss::OtherSection], "other section");
    // Two at once.
    captured.body.push(b'\n');
    names(&captured, &development(), &[Miss::OtherSection, Miss::NewlineAdded], "two");
}

#[track_caller]
fn notes(captured: &Captured, webhooks: &Value, reason: Reason, note: &str) {
    let diagnosis = diagnose(captured, webhooks, &Limits::default(), captured.at.unwrap());
    assert_eq!((diagnosis.fits, diagnosis.reason), (false, Some(reason)), "{diagnosis:?}");
    assert!(diagnosis.notes.iter().any(|one| one.contains(note)), "{diagnosis:?}");
    assert!(diagnosis.near.is_empty(), "{diagnosis:?}");
    keeps_quiet(&diagnosis.text(), captured);
}

#[test]
fn the_age_is_told_in_seconds() {
    let mut captured = sample(TIMED);
    let sent = captured.at.unwrap();
    for (late, reason, note) in [
        (
            301,
            Reason::TooOld,
            "rightly signed, and 301 s (5 min) old when it came in: let in are at most 300 s, by \
             default; AffonsoPastToleranceSeconds of a stack may differ",
        ),
        (7_200, Reason::TooOld, "7200 s (2 h) old"),
        (-301, Reason::TooFarAhead, "dated 301 s ahead: at most 300 s"),
    ] {
        captured.at = Some(sent.plus_seconds(late));
        notes(&captured, &development(), reason, note);
        assert!(!diagnosed(&captured).text().contains("?."));
    }
    captured.at = Some(sent.plus_seconds(20));
    let text = diagnosed(&captured).text();
    assert!(text.contains("Signed 20 s (20 s) before it came in. Let in are 300 s, by"), "{text}");
}

#[test]
fn a_secret_of_another_event_is_named_with_its_events() {
    let mut captured = sample(ROUTED);
    captured.path = captured.path.replace("payment-paid", "referral-new");
    notes(
        &captured,
        &development(),
        Reason::OtherEvent,
        "signed right by dev-payment-paid of uppromote, which is bound to payment.paid; this is \
         referral.new",
    );
}

#[test]
fn a_token_or_password_that_comes_near_is_named() {
    let right = sample(TOKEN);
    let token = development()["firstpromoter_v1"]["path_token"][0].as_str().unwrap().to_owned();
    for (sent, note) in [
        (&token[..20], "the token in the path is cut off (path_token[0] of"),
        (&token[2..], "the token in the path is cut off"),
        (&token.to_uppercase(), "right but for its capitals"),
        (&format!("{token}%20"), "something before or behind it"),
    ] {
        let path = right.path.replace(&token, sent);
        let captured = Captured { path, ..right.clone() };
        let diagnosis = diagnosed(&captured);
        assert!(diagnosis.notes.iter().any(|one| one.contains(note)), "{sent} {diagnosis:?}");
        let refused = matches!(diagnosis.reason, Some(Reason::Length | Reason::TokenUnknown));
        assert!(refused, "{diagnosis:?}");
        keeps_quiet(&diagnosis.text(), &captured);
    }
    let mut webhooks = development();
    webhooks["firstpromoter"] = json!({
        "header": [{ "name": "x-shared", "value": "shared-value-of-the-tests" }],
        "basic": [{ "user": "hook", "password": "password-of-the-tests" }],
    });
    for (name, value, note) in [
        ("x-other", "shared-value-of-the-tests".to_owned(), "stands in x-other (header[0] of"),
        (
            "authorization",
            "Bearer shared-value-of-the-tests".into(),
            "behind a word such as Bearer",
        ),
        (
            "authorization",
            format!("Basic {}", STANDARD.encode("other:password-of-the-tests")),
            "the password is right, and the user is another (basic[0] of firstpromoter)",
        ),
        (
            "authorization",
            format!("Basic {}", STANDARD.encode("hook: password-of-the-tests")),
            "the password has white space around it",
        ),
    ] {
        let mut captured = sample(SIGNED);
        captured.headers.remove(header(SIGNED));
        set(&mut captured, name, &value);
        let diagnosis = diagnose(&captured, &webhooks, &Limits::default(), captured.at.unwrap());
        assert!(!diagnosis.fits, "{note}");
        assert!(diagnosis.notes.iter().any(|one| one.contains(note)), "{note} {diagnosis:?}");
        assert!(!diagnosis.text().contains("of-the-tests"));
    }
}

#[test]
fn what_the_capture_itself_tells_is_noted() {
    let mut captured = sample(SIGNED);
    captured.body = b"{\"another\":1}".to_vec();
    notes(
        &captured,
        &development(),
        Reason::NoSecretMatches,
        "Content-Length says 1145 bytes and the captured body has 13",
    );
    captured.headers.remove("content-length");
    let text = diagnosed(&captured).text();
    assert!(text.contains("Nothing comes near"), "{text}");
    captured.path = "/hooks".into();
    captured.method = Some("PUT".into());
    let text = diagnosed(&captured).text();
    assert!(
        text.contains("the path is no address") && text.contains("the method is PUT"),
        "{text}"
    );
    let empty = diagnose(&captured, &json!({}), &Limits::default(), captured.at.unwrap());
    assert!(empty.text().starts_with("It is refused: firstpromoter"), "{empty:?}");
    assert!(empty.notes.iter().any(|note| note.contains("no usable entry")), "{empty:?}");
    let short = json!({ "firstpromoter": { "hmac": ["short"] } });
    let short = diagnose(&captured, &short, &Limits::default(), captured.at.unwrap());
    assert!(short.notes.iter().any(|note| note.contains("hmac[0] is empty or too short")));
}

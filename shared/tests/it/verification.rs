//! Signatures, tokens and credentials: what is let in and what is not.

use crate::providers::{AFFONSO, FIRSTPROMOTER, FIRSTPROMOTER_V1, UPPROMOTE};
use http::{HeaderMap, HeaderName, HeaderValue};
use shared::provider::signature::{Incoming, Reason, Refusal};
use shared::provider::{ALL, Definition};
use shared::receive::authenticate::verify;
use shared::receive::secrets::WebhookSecrets;
use shared::wire::Timestamp;

const U: &str = r#"{"payment_id":26154,"affiliate_id":2014227,"status":"SUCCESS","affiliate_email":"a@example.com","total_referrals":1,"total_processed":100,"payment_method":"debit","processed_at":"2025-09-24T10:52:59Z"}"#;
const U_MAC: &str = "fe2b30902828c67c2c0b58f5211689ff8f1b7b53b097e39c792a14f6c62d37d7";
const F: &str = r#"{"event_id":"a1b2c3d4-e5f6-7890-abcd-ef1234567890","event_type":"commission.updated","action":"updated","entity_type":"commission","entity_id":88901,"changes":{"status":["pending","approved"]},"data":{"id":88901,"status":"approved","amount":500,"unit":"points"},"timestamp":"2025-01-19T10:30:00Z"}"#;
const F_MAC: &str = "a99e64f33d7c5194b3f66c993244f5941b8986d3caf81120cdf2fe16940a8e0b";
const F_MAC_OF_DECODED_KEY: &str =
    "ee8071084a3423c3fd9fd3e8fd15f16a18f0a63ec8eab06db911e1138fc04ef8";
const A: &str = r#"{"id":"evt_test_1","type":"payout.paid","createdAt":"2024-01-15T10:30:00.000Z","data":{"payoutId":"pay_1","affiliateId":"aff_1","affiliateProgramId":"prog_1","invoiceNumber":1042,"amount":250.00,"status":"COMPLETED","isManagedPayout":true,"paidAt":"2024-01-15T14:00:00.000Z"}}"#;
const A_MAC: &str = "a63a83cced0a726bf7b9143872a39c832e4f79a0e7e67abb6ab9af124110eee8";
const A_MAC_BODY_ONLY: &str = "7b4416faa874462685b44286c141f37c2d3ddf1ec93da746127706b061189d67";
const A_TIME: i64 = 1_704_067_200;
const TOKEN: &str = "token-0123456789-0123456789-0123456789";

const SECRETS: &str = r#"{
  "uppromote": {"hmac": ["older-key", {"name": "paid", "key": "uppromote_test_secret", "events": ["payment.paid"]}]},
  "affonso": {"hmac": ["whsec_test"]},
  "firstpromoter": {"hmac": ["00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"],
                    "header": [{"name": "X-Our-Key", "value": "static-value"}],
                    "basic": [{"user": "fp", "password": "pa:ssword"}]},
  "firstpromoter_v1": {"path_token": ["token-0123456789-0123456789-0123456789"],
                       "basic": [{"user": "v1", "password": "secret-of-v1"}]}
}"#;

/// Verifies a request and returns the name of the secret for the type.
fn check(
    secrets: &str,
    provider: &'static Definition,
    headers: &[(&str, &str)],
    body: &[u8],
    token: Option<&str>,
    now: i64,
) -> Result<String, Refusal> {
    let event_type = if provider == UPPROMOTE { "payment.paid" } else { "any" };
    check_for(event_type, secrets, provider, headers, body, token, now)
}

fn check_for(
    event_type: &str,
    secrets: &str,
    provider: &'static Definition,
    headers: &[(&str, &str)],
    body: &[u8],
    token: Option<&str>,
    now: i64,
) -> Result<String, Refusal> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        map.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    let secrets = WebhookSecrets::read(ALL, secrets);
    let incoming = Incoming { headers: &map, body, path_token: token };
    let now = Timestamp::from_ms(now * 1000);
    let authenticated = verify(provider, secrets.of(provider.provider), &incoming, 300, now)?;
    assert_eq!(authenticated.bytes(), body);
    authenticated.vouched_by(event_type)
}

fn signed(
    provider: &'static Definition,
    headers: &[(&str, &str)],
    body: &str,
) -> Result<String, Refusal> {
    check(SECRETS, provider, headers, body.as_bytes(), None, A_TIME)
}

fn b(mac: &str) -> String {
    format!("t={A_TIME},v1={mac}")
}

#[test]
fn documented_signatures_are_let_in_under_the_name_of_their_secret() {
    let upper = U_MAC.to_uppercase();
    let several = format!("v1={},t={A_TIME},v0=x, v1={A_MAC}", "0".repeat(64));
    let prefixed = format!("sha256={A_MAC}");
    let time = A_TIME.to_string();
    let basic = "bAsIc ZnA6cGE6c3N3b3Jk";
    for (provider, headers, body, name) in [
        (UPPROMOTE, vec![("x-uppromote-signature", U_MAC)], U, "paid"),
        (UPPROMOTE, vec![("x-uppromote-signature", upper.as_str())], U, "paid"),
        (AFFONSO, vec![("x-affonso-signature", b(A_MAC).as_str())], A, "hmac[0]"),
        (AFFONSO, vec![("x-affonso-signature", several.as_str())], A, "hmac[0]"),
        (
            AFFONSO,
            vec![("x-affonso-signature", A_MAC), ("x-affonso-timestamp", &time)],
            A,
            "hmac[0]",
        ),
        (
            AFFONSO,
            vec![("x-affonso-signature", &prefixed), ("x-affonso-timestamp", &time)],
            A,
            "hmac[0]",
        ),
        (FIRSTPROMOTER, vec![("x-webhook-signature", F_MAC)], F, "hmac[0]"),
        (FIRSTPROMOTER, vec![("x-our-key", "static-value")], F, "header[0]"),
        (FIRSTPROMOTER, vec![("authorization", basic)], F, "basic[0]"),
        (
            FIRSTPROMOTER,
            vec![("x-webhook-signature", F_MAC), ("authorization", basic)],
            F,
            "hmac[0]+basic[0]",
        ),
        (FIRSTPROMOTER_V1, vec![("authorization", "Basic djE6c2VjcmV0LW9mLXYx")], F, "basic[0]"),
    ] {
        assert_eq!(signed(provider, &headers, body), Ok(name.to_owned()), "{provider} {headers:?}");
    }
    let v1 = check(SECRETS, FIRSTPROMOTER_V1, &[], b"{}", Some(TOKEN), A_TIME);
    assert_eq!(v1, Ok("path_token[0]".to_owned()));
}

fn unauthorized<T>(reason: Reason) -> Result<T, Refusal> {
    Err(Refusal::Unauthorized(reason))
}

#[test]
fn anything_else_is_refused_and_the_operator_learns_why() {
    use Reason::{Length, Malformed, Missing, NoSecretMatches, WithoutTime};
    let flipped = format!("{}6", &U_MAC[..63]);
    let short = &U_MAC[..62];
    let odd = &U_MAC[..63];
    let long = format!("{U_MAC}00");
    let joined = format!("{U_MAC}, {U_MAC}");
    let no_hex = U_MAC.replace('f', "g");
    let two_times = format!("t={A_TIME},t={A_TIME},v1={A_MAC}");
    let signed_time = format!("t=+{A_TIME},v1={A_MAC}");
    let no_time = format!("v1={A_MAC}");
    let no_mac = format!("t={A_TIME}");
    let short_mac = format!("t={A_TIME},v1={},v1=x", &A_MAC[..62]);
    let time = A_TIME.to_string();
    for (provider, headers, body, reason) in [
        (UPPROMOTE, vec![], U, Missing),
        (UPPROMOTE, vec![("x-uppromote-signature", "")], U, Missing),
        (UPPROMOTE, vec![("x-uppromote-signature", flipped.as_str())], U, NoSecretMatches),
        (UPPROMOTE, vec![("x-uppromote-signature", short)], U, Length),
        (UPPROMOTE, vec![("x-uppromote-signature", odd)], U, Length),
        (UPPROMOTE, vec![("x-uppromote-signature", &long)], U, Length),
        (UPPROMOTE, vec![("x-uppromote-signature", &joined)], U, Malformed),
        (UPPROMOTE, vec![("x-uppromote-signature", &no_hex)], U, Malformed),
        (
            UPPROMOTE,
            vec![("x-uppromote-signature", U_MAC), ("x-uppromote-signature", U_MAC)],
            U,
            Malformed,
        ),
        (UPPROMOTE, vec![("x-uppromote-signature", "ü")], U, Malformed),
        (UPPROMOTE, vec![("x-uppromote-signature", U_MAC)], &U[1..], NoSecretMatches),
        (AFFONSO, vec![], A, Missing),
        (AFFONSO, vec![("x-affonso-signature", A_MAC)], A, WithoutTime),
        (AFFONSO, vec![("x-affonso-signature", A_MAC_BODY_ONLY)], A, WithoutTime),
        (AFFONSO, vec![("x-affonso-signature", &no_time)], A, Malformed),
        (AFFONSO, vec![("x-affonso-signature", &no_mac)], A, Malformed),
        (AFFONSO, vec![("x-affonso-signature", &short_mac)], A, Length),
        (AFFONSO, vec![("x-affonso-signature", &two_times)], A, Malformed),
        (AFFONSO, vec![("x-affonso-signature", &signed_time)], A, Malformed),
        (
            AFFONSO,
            vec![("x-affonso-signature", A_MAC_BODY_ONLY), ("x-affonso-timestamp", &time)],
            A,
            NoSecretMatches,
        ),
        (
            AFFONSO,
            vec![("x-affonso-signature", A_MAC), ("x-affonso-timestamp", "soon")],
            A,
            Malformed,
        ),
        (FIRSTPROMOTER, vec![], F, Missing),
        (FIRSTPROMOTER, vec![("x-webhook-signature", F_MAC_OF_DECODED_KEY)], F, NoSecretMatches),
        (FIRSTPROMOTER, vec![("x-our-key", "static-valuE")], F, NoSecretMatches),
        (FIRSTPROMOTER, vec![("x-our-key", "")], F, Missing),
        (FIRSTPROMOTER, vec![("authorization", "Basic ZnA6cGE6c3N3b3JkeA==")], F, NoSecretMatches),
        (FIRSTPROMOTER, vec![("authorization", "Basic !!!")], F, Malformed),
        (FIRSTPROMOTER, vec![("authorization", "Bearer ZnA6cGE6c3N3b3Jk")], F, Malformed),
        (FIRSTPROMOTER, vec![("authorization", "Basically ZnA6cGE6c3N3b3Jk")], F, Malformed),
        (FIRSTPROMOTER, vec![("authorization", "Basic")], F, Malformed),
        (FIRSTPROMOTER, vec![("authorization", "ZnA6cGE6c3N3b3Jk")], F, Malformed),
        // Of several, the one that came the closest.
        (
            FIRSTPROMOTER,
            vec![("authorization", "Basic !!!"), ("x-webhook-signature", short)],
            F,
            Length,
        ),
        (FIRSTPROMOTER_V1, vec![], F, Missing),
    ] {
        let checked = signed(provider, &headers, body);
        assert_eq!(checked, unauthorized(reason), "{provider} {headers:?}");
    }
}

#[test]
fn a_path_token_that_is_none_of_ours_is_unknown_if_it_could_be_one() {
    let other = TOKEN.replace('9', "8");
    for (token, reason) in [
        (None, Reason::Missing),
        (Some(""), Reason::Missing),
        (Some(" "), Reason::Missing),
        (Some("short"), Reason::Length),
        (Some(&TOKEN[..31]), Reason::Length),
        (Some(&TOKEN[1..]), Reason::TokenUnknown),
        (Some(other.as_str()), Reason::TokenUnknown),
    ] {
        let checked = check(SECRETS, FIRSTPROMOTER_V1, &[], b"{}", token, A_TIME);
        assert_eq!(checked, unauthorized(reason), "{token:?}");
    }
}

#[test]
fn affonsos_time_stamp_has_a_tolerance_on_both_sides() {
    let header = b(A_MAC);
    let wrong = b(U_MAC);
    for (header, age, result) in [
        (&header, 300, Ok("hmac[0]".to_owned())),
        (&header, 301, Err(Refusal::StaleValid)),
        (&header, -300, Ok("hmac[0]".to_owned())),
        (&header, -301, unauthorized(Reason::TooFarAhead)),
        (&wrong, 301, unauthorized(Reason::NoSecretMatches)),
        (&wrong, -301, unauthorized(Reason::NoSecretMatches)),
    ] {
        let headers = [("x-affonso-signature", header.as_str())];
        let checked = check(SECRETS, AFFONSO, &headers, A.as_bytes(), None, A_TIME + age);
        assert_eq!(checked, result, "{age}");
    }
}

#[test]
fn affonsos_body_only_form_needs_its_switch() {
    let on = r#"{"affonso": {"hmac": ["whsec_test"], "allow_body_only": true}}"#;
    let prefixed = format!("sha256={A_MAC_BODY_ONLY}");
    for header in [A_MAC_BODY_ONLY, &prefixed] {
        let headers = [("x-affonso-signature", header)];
        assert!(check(on, AFFONSO, &headers, A.as_bytes(), None, A_TIME).is_ok());
        assert!(signed(AFFONSO, &headers, A).is_err());
    }
}

/// Signed as form B, the bytes read `t.{…}`. Taken for form A, whose secret and
/// MAC are the same, an old request would be as good as new.
#[test]
fn affonsos_signed_time_is_not_taken_for_a_body() {
    let on = r#"{"affonso": {"hmac": ["whsec_test"], "allow_body_only": true}}"#;
    let joined = format!("{A_TIME}.{A}");
    let marked = format!("\u{feff}{A_TIME}.{A}");
    let old = A_TIME + 86_400;
    for header in [A_MAC.to_owned(), format!("sha256={A_MAC}"), b(A_MAC)] {
        for body in [&joined, &marked] {
            let headers = [("x-affonso-signature", header.as_str())];
            let checked = check(on, AFFONSO, &headers, body.as_bytes(), None, old);
            assert!(matches!(checked, Err(Refusal::Unauthorized(_))), "{header} {body}");
        }
    }
    // And a header of form B is never one of form A.
    let (as_b, alone) = (b(A_MAC_BODY_ONLY), format!("v1={A_MAC_BODY_ONLY}"));
    for header in [as_b.as_str(), alone.as_str()] {
        let headers = [("x-affonso-signature", header)];
        let checked = check(on, AFFONSO, &headers, A.as_bytes(), None, A_TIME);
        assert!(matches!(checked, Err(Refusal::Unauthorized(_))), "{header}");
    }
}

#[test]
fn a_byte_order_mark_is_signed_with_the_body() {
    use hmac::{Hmac, KeyInit, Mac};
    let on = r#"{"affonso": {"hmac": ["whsec_test"], "allow_body_only": true}}"#;
    let body = format!("\u{feff}{A}");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"whsec_test").unwrap();
    mac.update(body.as_bytes());
    let mac = hex::encode(mac.finalize().into_bytes());
    let headers = [("x-affonso-signature", mac.as_str())];
    assert!(check(on, AFFONSO, &headers, body.as_bytes(), None, A_TIME).is_ok());
    assert!(check(on, AFFONSO, &headers, A.as_bytes(), None, A_TIME).is_err());
}

#[test]
fn a_secret_bound_to_events_vouches_for_no_other() {
    let bound = r#"{"uppromote": {"hmac": [{"key": "uppromote_test_secret", "events": ["referral.new"]}]}}"#;
    let headers = [("x-uppromote-signature", U_MAC)];
    let checked = check(bound, UPPROMOTE, &headers, U.as_bytes(), None, A_TIME);
    assert_eq!(checked, unauthorized(Reason::OtherEvent));
}

#[test]
fn policy_all_wants_every_configured_method() {
    let all = SECRETS.replace(r#""header": [{"name""#, r#""policy": "all", "header": [{"name""#);
    let mut headers =
        vec![("x-webhook-signature", F_MAC), ("authorization", "Basic ZnA6cGE6c3N3b3Jk")];
    assert_eq!(
        check(&all, FIRSTPROMOTER, &headers, F.as_bytes(), None, 0),
        unauthorized(Reason::NotEveryMethod)
    );
    headers.push(("x-our-key", "static-value"));
    let names = check(&all, FIRSTPROMOTER, &headers, F.as_bytes(), None, 0);
    assert_eq!(names, Ok("hmac[0]+header[0]+basic[0]".to_owned()));
}

/// Each method must pass for the event, not only for some event.
#[test]
fn policy_all_wants_every_method_to_vouch_for_the_event() {
    let secrets = |hmac: &str, header: &str| {
        format!(
            r#"{{"firstpromoter": {{"policy": "all",
                 "hmac": [{{"key": "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", "events": ["{hmac}"]}}],
                 "header": [{{"name": "x-our-key", "value": "static-value", "events": ["{header}"]}}]}}}}"#
        )
    };
    let headers = [("x-webhook-signature", F_MAC), ("x-our-key", "static-value")];
    let (right, other) = ("commission.updated", "payout.updated");
    for (hmac, header, vouched) in [
        (right, right, Ok("hmac[0]+header[0]".to_owned())),
        (right, other, unauthorized(Reason::OtherEvent)),
        (other, right, unauthorized(Reason::OtherEvent)),
        (other, other, unauthorized(Reason::OtherEvent)),
    ] {
        let secrets = secrets(hmac, header);
        let checked = check_for(right, &secrets, FIRSTPROMOTER, &headers, F.as_bytes(), None, 0);
        assert_eq!(checked, vouched, "{hmac} {header}");
    }
}

#[test]
fn a_secret_vouches_for_its_events_in_any_spelling() {
    for spelling in ["payment.paid", "payment-paid", "payment_paid", "Payment.Paid"] {
        let bound = format!(
            r#"{{"uppromote": {{"hmac": [{{"key": "uppromote_test_secret", "events": ["{spelling}"]}}]}}}}"#
        );
        let headers = [("x-uppromote-signature", U_MAC)];
        let checked = check(&bound, UPPROMOTE, &headers, U.as_bytes(), None, A_TIME);
        assert_eq!(checked, Ok("hmac[0]".to_owned()), "{spelling}");
    }
}

#[test]
fn a_path_token_has_at_least_32_characters() {
    for (token, result) in [
        ("0123456789012345678901234567890", Err(Refusal::NotConfigured)),
        ("01234567890123456789012345678901", Ok("path_token[0]".to_owned())),
    ] {
        let secrets = format!(r#"{{"firstpromoter_v1": {{"path_token": ["{token}"]}}}}"#);
        let checked = check(&secrets, FIRSTPROMOTER_V1, &[], b"{}", Some(token), A_TIME);
        assert_eq!(checked, result, "{token}");
    }
}

#[test]
fn a_provider_without_a_secret_is_closed() {
    // The HMAC of the body under the empty key, which anybody can compute.
    let empty_key = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
    for secrets in [
        "{}",
        "",
        r#"{"uppromote": {"hmac": [""]}, "affonso": {"hmac": []}, "firstpromoter": {}, "firstpromoter_v1": {"path_token": ["short"]}}"#,
    ] {
        for (provider, header) in [
            (UPPROMOTE, "x-uppromote-signature"),
            (AFFONSO, "x-affonso-signature"),
            (FIRSTPROMOTER, "x-webhook-signature"),
            (FIRSTPROMOTER_V1, "x-any"),
        ] {
            let checked = check(secrets, provider, &[(header, empty_key)], b"", Some("short"), 0);
            assert_eq!(checked, Err(Refusal::NotConfigured), "{provider} {secrets}");
        }
    }
}

#[test]
fn white_space_comes_of_copying_on_either_side() {
    let basic = |text: &str| {
        format!(
            "Basic {}",
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text)
        )
    };
    let v1 = |headers: &[(&str, &str)], token: Option<&str>| {
        check(SECRETS, FIRSTPROMOTER_V1, headers, b"{}", token, A_TIME)
    };
    for token in [format!("{TOKEN} "), format!("\t{TOKEN}\n")] {
        assert_eq!(v1(&[], Some(&token)), Ok("path_token[0]".to_owned()));
    }
    assert_eq!(
        v1(&[("authorization", &basic("v1:secret-of-v1\n"))], None),
        Ok("basic[0]".to_owned())
    );
    for token in ["", " ", &TOKEN[1..], &TOKEN.replace("-0", "- 0")] {
        assert!(v1(&[], Some(token)).is_err(), "{token}");
    }
}

#[test]
fn an_event_bound_by_one_of_its_names_is_let_in_under_another() {
    let secrets = format!(
        r#"{{"firstpromoter_v1": {{"path_token": [{{"key": "{TOKEN}", "events": ["new_customer"]}}]}}}}"#
    );
    let of = |event_type: &str| {
        check_for(event_type, &secrets, FIRSTPROMOTER_V1, &[], b"{}", Some(TOKEN), A_TIME)
    };
    assert_eq!(of("lead_becomes_referral"), Ok("path_token[0]".to_owned()));
    assert_eq!(of("fulfilment_pending"), unauthorized(Reason::OtherEvent));
}

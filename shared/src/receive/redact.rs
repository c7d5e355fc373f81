//! The parts of a body that may be kept (invariant `NothingLeaks`).

use crate::provider::secrets::MIN_PATH_TOKEN;
use crate::wire::json::{Json, plain};

/// The text in place of a credential.
const REMOVED: &str = "[removed]";

/// Parts of member names that mean a credential, spelled without separators or
/// capitals. `…webhook_url` is among them: FirstPromoter v1 sends back the URL that
/// it calls, which has the path token in it.
const CREDENTIALS: [&str; 10] = [
    "token",
    "password",
    "secret",
    "apikey",
    "signature",
    "authorization",
    "credential",
    "webhookurl",
    "targeturl",
    "basicauth",
];

/// Whole member names that mean a credential, spelled likewise: a one-time
/// password, and the headers that a subscription sends along.
const CREDENTIAL_NAMES: [&str; 3] = ["otp", "otpcode", "headers"];

/// Parts of member names that mean tax and payment data, spelled likewise.
const PAYMENT: [&str; 26] = [
    "paymentinfo",
    "paymentdetail",
    "paymentmethoddetail",
    "payoutmethod",
    "payoutemail",
    "payoutdetail",
    "personaldetail",
    "w8form",
    "w9form",
    "vatid",
    "vatnumber",
    "taxid",
    "taxvalue",
    "taxnumber",
    "paypal",
    "iban",
    "swift",
    "bank",
    "accountnumber",
    "routingnumber",
    "invoicedetail",
    "companynumber",
    "paymentreference",
    "paymentintent",
    "walletaddress",
    "sortcode",
];

/// Members of a payout method's own object that tell nothing of the account.
const PAYOUT_METHOD_KEPT: [&str; 7] =
    ["id", "status", "promoterid", "createdat", "updatedat", "isdefault", "test"];

/// The body as it may be stored: credentials removed, tax and payment data reduced
/// to `present` or `absent`. `payment_data` says that the objects of the event are
/// themselves payment data; `token` is the route's own, which no text may repeat.
#[must_use]
pub fn storable(body: &Json, payment_data: bool, token: Option<&str>) -> Json {
    // A shorter text is no token: with Basic credentials a `-` stands in its place.
    let is_token = |token: &&str| token.chars().count() >= MIN_PATH_TOKEN;
    let redaction = Redaction { token: token.filter(is_token) };
    let Json::Object(members) = body else {
        return redaction.blank(body);
    };
    let members = members.iter().map(|(key, value)| {
        let value = match value {
            Json::Object(_) | Json::Array(_) | Json::Several(_) if payment_data => {
                redaction.payment_object(value)
            }
            value => redaction.member(key, value),
        };
        (redaction.key(key), value)
    });
    Json::Object(members.collect())
}

struct Redaction<'a> {
    token: Option<&'a str>,
}

impl Redaction<'_> {
    fn blank(&self, value: &Json) -> Json {
        match value {
            Json::Object(members) => {
                let members = members.iter().map(|(k, v)| (self.key(k), self.member(k, v)));
                Json::Object(members.collect())
            }
            Json::Array(items) => Json::Array(items.iter().map(|item| self.blank(item)).collect()),
            Json::Several(values) => {
                Json::Several(values.iter().map(|value| self.blank(value)).collect())
            }
            Json::Text(text) if self.repeats_token(text) => removed(value),
            other => other.clone(),
        }
    }

    fn repeats_token(&self, text: &str) -> bool {
        self.token.is_some_and(|token| text.contains(token))
    }

    fn key(&self, key: &str) -> String {
        if self.repeats_token(key) { REMOVED.to_owned() } else { key.to_owned() }
    }

    fn member(&self, key: &str, value: &Json) -> Json {
        let name = plain(key);
        let speaks_of = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
        if speaks_of(&CREDENTIALS) || CREDENTIAL_NAMES.contains(&name.as_str()) {
            removed(value)
        } else if speaks_of(&PAYMENT) {
            presence(value)
        } else {
            self.blank(value)
        }
    }

    fn payment_object(&self, value: &Json) -> Json {
        let Json::Object(members) = value else {
            return presence(value);
        };
        let members = members.iter().map(|(key, value)| {
            let scalar = !matches!(value, Json::Object(_) | Json::Array(_) | Json::Several(_));
            let kept = scalar && PAYOUT_METHOD_KEPT.contains(&plain(key).as_str());
            (self.key(key), if kept { self.blank(value) } else { presence(value) })
        });
        Json::Object(members.collect())
    }
}

fn removed(value: &Json) -> Json {
    match value {
        Json::Null => Json::Null,
        _ => Json::Text(REMOVED.into()),
    }
}

fn presence(value: &Json) -> Json {
    let absent = match value {
        Json::Null => true,
        Json::Text(text) => text.trim().is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
        Json::Bool(_) | Json::Number(_) | Json::Several(_) => false,
    };
    Json::Text(if absent { "absent" } else { "present" }.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::json::parse;

    fn stored(text: &str, payout_method: bool) -> Option<String> {
        parse(text.as_bytes()).ok().map(|json| {
            storable(&json, payout_method, Some("tok-1-and-27-characters-more-0001")).to_text()
        })
    }

    #[test]
    fn credentials_go_payment_data_leaves_its_presence() {
        for (body, kept) in [
            (
                r#"{"data":{"promoter":{"auth_token":"a","temp_password":null,"email":"e"}}}"#,
                r#"{"data":{"promoter":{"auth_token":"[removed]","temp_password":null,"email":"e"}}}"#,
            ),
            (
                r#"{"campaign":[{"default_webhook_url":"https://x/t"}],"secretKey":7}"#,
                r#"{"campaign":[{"default_webhook_url":"[removed]"}],"secretKey":"[removed]"}"#,
            ),
            (
                r#"{"profile":{"vat_id":"","paypal_email":"p","w9_form_url":null,"payout_method":{"iban":"x"}}}"#,
                r#"{"profile":{"vat_id":"absent","paypal_email":"present","w9_form_url":"absent","payout_method":"present"}}"#,
            ),
        ] {
            assert_eq!(stored(body, false).as_deref(), Some(kept));
        }
    }

    #[test]
    fn names_are_seen_through_their_spelling_and_tokens_anywhere() {
        for (body, kept) in [
            (
                r#"{"changes":{"profile.vat_id":["a","b"]}}"#,
                r#"{"changes":{"profile.vat_id":"present"}}"#,
            ),
            (
                r#"{"access_tokens":["x"],"bankDetails":{"swift":"s"}}"#,
                r#"{"access_tokens":"[removed]","bankDetails":"present"}"#,
            ),
            (
                r#"{"d":{"OTP":"1","footprint":2,"basic_auth_user":"u","headers":{"a":"b"},"invoiceDetails":{"x":1}}}"#,
                r#"{"d":{"OTP":"[removed]","footprint":2,"basic_auth_user":"[removed]","headers":"[removed]","invoiceDetails":"present"}}"#,
            ),
            (
                r#"{"by_url":{"https://h/tok-1-and-27-characters-more-0001":1}}"#,
                r#"{"by_url":{"[removed]":1}}"#,
            ),
            (
                r#"{"seen_at":"https://h/tok-1-and-27-characters-more-0001/x","payment_method":"paypal"}"#,
                r#"{"seen_at":"[removed]","payment_method":"paypal"}"#,
            ),
        ] {
            assert_eq!(stored(body, false).as_deref(), Some(kept));
        }
    }

    #[test]
    fn what_stands_in_the_place_of_a_token_is_none() {
        let body = r#"{"created_at":"2026-03-01","plan":"pro-yearly"}"#;
        let json = parse(body.as_bytes()).unwrap();
        assert_eq!(storable(&json, false, Some("-")).to_text(), body);
    }

    #[test]
    fn what_is_said_twice_is_redacted_twice() {
        let body = r#"{"data":{"a":{"auth_token":"x"},"a":{"auth_token":"y","iban":"z"}}}"#;
        let body = crate::wire::json::read(body.as_bytes()).unwrap().json;
        let kept = r#"{"data":{"a":{"auth_token":"[removed]"},"a":{"auth_token":"[removed]","iban":"present"}}}"#;
        assert_eq!(storable(&body, false, None).to_text(), kept);
        let twice = br#"{"data":{"id":1,"id":2},"data":{"details":"x"}}"#;
        let twice = crate::wire::json::read(twice).unwrap().json;
        assert_eq!(storable(&twice, true, None).to_text(), r#"{"data":"present"}"#);
    }

    #[test]
    fn a_payout_method_keeps_its_id_only() {
        let body = r#"{"event_id":"e","data":{"id":3,"details":{"iban":"x"},"name":"n"},"changes":{"details":["a","b"]}}"#;
        let kept = r#"{"event_id":"e","data":{"id":3,"details":"present","name":"present"},"changes":{"details":"present"}}"#;
        assert_eq!(stored(body, true).as_deref(), Some(kept));
    }
}

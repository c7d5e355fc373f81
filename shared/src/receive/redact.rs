//! The parts of a body that may be kept (invariant `NothingLeaks`).

use crate::provider::secrets::MIN_PATH_TOKEN;
use crate::wire::json::{Json, plain};
use crate::wire::sensitive::{Class, REMOVED, class_of, redacted};

/// Members of a payout method's own object that tell nothing of the account.
const PAYOUT_METHOD_KEPT: [&str; 12] = [
    "id",
    "status",
    "method",
    "promoterid",
    "createdat",
    "updatedat",
    "dateadded",
    "isdefault",
    "isselected",
    "isdisabled",
    "managedpayouts",
    "test",
];

/// The body as it may be stored: credentials removed, tax and payment data reduced
/// to `present` or `absent`. `payment_data` says that the objects of the event are
/// themselves payment data; `token` is the route's own, which no text may repeat.
#[must_use]
pub fn storable(body: &Json, payment_data: bool, token: Option<&str>) -> Json {
    let mut kept = match body {
        Json::Object(members) if payment_data => {
            let members = members.iter().map(|(key, value)| (key.clone(), of_payment(key, value)));
            Json::Object(members.collect())
        }
        body => redacted(body),
    };
    // A shorter text is no token: with Basic credentials a `-` stands in its place.
    if let Some(token) = token.filter(|token| token.chars().count() >= MIN_PATH_TOKEN) {
        take_out(token, &mut kept);
    }
    kept
}

/// A member of a body that is about a payout method: of an object the harmless
/// members, of `changes` their old and new values.
fn of_payment(key: &str, value: &Json) -> Json {
    if let Some(class) = class_of(key) {
        return class.reduced(value);
    }
    let members = match value {
        Json::Object(members) => members,
        Json::Array(_) | Json::Several(_) => return Class::Payment.reduced(value),
        scalar => return scalar.clone(),
    };
    let changes = plain(key) == "changes";
    let members = members.iter().map(|(key, value)| {
        let harmless = match value {
            Json::Object(_) | Json::Several(_) => false,
            Json::Array(pair) => changes && pair.len() == 2 && pair.iter().all(is_scalar),
            _ => true,
        };
        let kept = harmless && PAYOUT_METHOD_KEPT.contains(&plain(key).as_str());
        (key.clone(), if kept { value.clone() } else { Class::Payment.reduced(value) })
    });
    Json::Object(members.collect())
}

fn is_scalar(value: &Json) -> bool {
    !matches!(value, Json::Object(_) | Json::Array(_) | Json::Several(_))
}

/// Removes every text that repeats `token`, names too.
fn take_out(token: &str, json: &mut Json) {
    let remove = |text: &mut String| {
        if text.contains(token) {
            REMOVED.clone_into(text);
        }
    };
    match json {
        Json::Text(text) => remove(text),
        Json::Object(members) => {
            for (key, value) in members {
                remove(key);
                take_out(token, value);
            }
        }
        Json::Array(values) | Json::Several(values) => {
            for value in values {
                take_out(token, value);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
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
    fn a_payout_method_keeps_what_tells_nothing_of_the_account() {
        for (body, kept) in [
            (
                r#"{"event_id":"e","data":{"id":3,"details":{"iban":"x"},"name":"n","meta":{}}}"#,
                r#"{"event_id":"e","data":{"id":3,"details":"present","name":"present","meta":"absent"}}"#,
            ),
            (
                r#"{"data":{"method":"bank","is_disabled":false,"is_selected":true,"date_added":"2026-03-02","managed_payouts":false,"promoter_id":7,"method":{"iban":"x"}}}"#,
                r#"{"data":{"method":"present","is_disabled":false,"is_selected":true,"date_added":"2026-03-02","managed_payouts":false,"promoter_id":7}}"#,
            ),
            (
                r#"{"changes":{"details":[{"iban":"a"},{"iban":"b"}],"is_selected":[false,true],"method":["paypal",null],"isDisabled":[[1],2],"id":[1,2,3],"details.iban":["a","b"]}}"#,
                r#"{"changes":{"details":"present","is_selected":[false,true],"method":["paypal",null],"isDisabled":"present","id":"present","details.iban":"present"}}"#,
            ),
            (
                r#"{"auth_token":{"id":1},"Meta":{"id":1}}"#,
                r#"{"auth_token":"[removed]","Meta":"present"}"#,
            ),
            (
                r#"{"data":{"id":["a","b"]},"data2":[1]}"#,
                r#"{"data":{"id":"present"},"data2":"present"}"#,
            ),
        ] {
            let json = crate::wire::json::read(body.as_bytes()).unwrap().json;
            assert_eq!(storable(&json, true, None).to_text(), kept);
        }
    }
}

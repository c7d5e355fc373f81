//! What of a body may be kept (invariant `NothingLeaks`).

use crate::json::Json;

/// What takes the place of a credential.
const REMOVED: &str = "[removed]";

/// Member names that hold credentials, spelled without `_`, `-` or capitals.
/// A `…webhook_url` is one: FirstPromoter v1 sends back the URL it calls,
/// which has the path token in it.
const CREDENTIAL_ENDINGS: [&str; 9] = [
    "token",
    "password",
    "secretkey",
    "secret",
    "apikey",
    "signature",
    "authorization",
    "webhookurl",
    "targeturl",
];

/// Member names that hold tax and payment data, same spelling.
const PAYMENT: [&str; 16] = [
    "paymentinfo",
    "payoutmethod",
    "payoutmethods",
    "personaldetail",
    "w8formurl",
    "w9formurl",
    "w8form",
    "w9form",
    "vatid",
    "vatnumber",
    "taxid",
    "taxvalue",
    "paypalemail",
    "iban",
    "bankaccount",
    "accountnumber",
];

/// Members of a payout method's own object that say nothing of the account.
const PAYOUT_METHOD_KEPT: [&str; 7] = [
    "id",
    "status",
    "promoterid",
    "createdat",
    "updatedat",
    "isdefault",
    "test",
];

/// The body as it may be stored: credentials removed, tax and payment data
/// reduced to `present` or `absent`. `payout_method` says that the event's
/// `data` and `changes` are themselves payment data.
#[must_use]
pub fn storable(body: &Json, payout_method: bool) -> Json {
    let Json::Object(members) = body else {
        return blank(body);
    };
    let members = members.iter().map(|(key, value)| {
        let value = if payout_method && matches!(key.as_str(), "data" | "changes") {
            payment_object(value)
        } else {
            member(key, value)
        };
        (key.clone(), value)
    });
    Json::Object(members.collect())
}

fn blank(value: &Json) -> Json {
    match value {
        Json::Object(members) => {
            let members = members.iter().map(|(k, v)| (k.clone(), member(k, v)));
            Json::Object(members.collect())
        }
        Json::Array(items) => Json::Array(items.iter().map(blank).collect()),
        other => other.clone(),
    }
}

fn member(key: &str, value: &Json) -> Json {
    let name = plain(key);
    if CREDENTIAL_ENDINGS
        .iter()
        .any(|ending| name.ends_with(ending))
    {
        removed(value)
    } else if PAYMENT.contains(&name.as_str()) {
        presence(value)
    } else {
        blank(value)
    }
}

fn payment_object(value: &Json) -> Json {
    let Json::Object(members) = value else {
        return presence(value);
    };
    let members = members.iter().map(|(key, value)| {
        let kept = PAYOUT_METHOD_KEPT.contains(&plain(key).as_str());
        let value = if kept { blank(value) } else { presence(value) };
        (key.clone(), value)
    });
    Json::Object(members.collect())
}

fn plain(key: &str) -> String {
    key.chars()
        .filter(|c| !matches!(c, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect()
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
        Json::Bool(_) | Json::Number(_) => false,
    };
    Json::Text(if absent { "absent" } else { "present" }.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    fn stored(text: &str, payout_method: bool) -> Option<String> {
        parse(text.as_bytes())
            .ok()
            .map(|json| storable(&json, payout_method).to_text())
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
    fn a_payout_method_keeps_its_id_only() {
        let body = r#"{"event_id":"e","data":{"id":3,"details":{"iban":"x"},"name":"n"},"changes":{"details":["a","b"]}}"#;
        let kept = r#"{"event_id":"e","data":{"id":3,"details":"present","name":"present"},"changes":{"details":"present"}}"#;
        assert_eq!(stored(body, true).as_deref(), Some(kept));
    }
}

//! Bodies without what may name a person.

use serde_json::Value;
use shared::wire::Timestamp;
use shared::wire::json::{Json, plain};

/// The text in the place of what is hidden.
const HIDDEN: &str = "[hidden]";

/// Members whose text names nobody: kinds, states, units and the provider's ids.
/// Whatever is not listed is hidden.
const SHOWN: [&str; 41] = [
    "action",
    "affiliateid",
    "affiliateprogramid",
    "amount",
    "campaignid",
    "commission",
    "commissionadjustment",
    "commissionid",
    "commissiontype",
    "createdat",
    "currency",
    "currentstatus",
    "customerid",
    "earningtype",
    "entitytype",
    "event",
    "eventid",
    "eventtype",
    "fulfilmentid",
    "id",
    "orderid",
    "payoutid",
    "payoutmethod",
    "paymentmethod",
    "period",
    "previousstatus",
    "programid",
    "promoterid",
    "quantity",
    "referralid",
    "rewardtype",
    "saleamount",
    "salecurrency",
    "status",
    "totalsales",
    "trackingtype",
    "transactionid",
    "type",
    "unit",
    "updatedat",
    "version",
];
/// Numbers under members whose name holds one of these may name somebody.
const PERSONAL_NUMBERS: [&str; 9] =
    ["phone", "zip", "postal", "tax", "vat", "account", "birth", "address", "fax"];

/// A body that names nobody, and the number of values that are hidden in it.
pub(crate) fn masked(body: &Json) -> (Value, usize) {
    let mut hidden = 0;
    let value = of("", body, &mut hidden);
    (value, hidden)
}

/// A body as it is kept.
pub(crate) fn whole(body: &Json) -> Value {
    serde_json::from_str(&body.to_text()).unwrap_or_default()
}

fn of(name: &str, value: &Json, hidden: &mut usize) -> Value {
    let name = plain(name);
    let mut hide = || {
        *hidden += 1;
        Value::from(HIDDEN)
    };
    match value {
        Json::Null => Value::Null,
        Json::Bool(is) => Value::Bool(*is),
        Json::Number(digits) => {
            if PERSONAL_NUMBERS.iter().any(|part| name.contains(part)) {
                return hide();
            }
            serde_json::from_str(digits).unwrap_or_else(|_| Value::from(digits.as_str()))
        }
        // What was taken out or reduced when it was kept says so itself.
        Json::Text(text) if matches!(text.as_str(), "present" | "absent" | "[removed]" | "") => {
            Value::from(text.as_str())
        }
        Json::Text(text) => {
            let names_nobody = SHOWN.contains(&name.as_str()) && !text.contains('@');
            let is_sum = name.ends_with("amount") && text.parse::<f64>().is_ok();
            if names_nobody || is_sum || Timestamp::parse(text).is_some() {
                return Value::from(text.as_str());
            }
            hide()
        }
        Json::Array(items) | Json::Several(items) => {
            items.iter().map(|item| of(&name, item, hidden)).collect()
        }
        Json::Object(members) => {
            let members = members.iter().map(|(key, value)| {
                // A name that is none of a member's, but a value in its place.
                let is_name = key.len() <= 40 && !key.contains(['@', ' ']);
                let shown = if is_name { key.clone() } else { HIDDEN.to_owned() };
                (shown, of(key, value, hidden))
            });
            Value::Object(members.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use shared::wire::json::read;

    use super::*;

    fn events(name: &str) -> String {
        format!("{}/../events/{name}", env!("CARGO_MANIFEST_DIR"))
    }

    fn seeds() -> Vec<String> {
        let sensitive = fs::read(events("sensitive.json")).unwrap();
        let sensitive: Value = serde_json::from_slice(&sensitive).unwrap();
        let lists = ["personal", "payment", "credentials"].map(|kind| sensitive[kind].clone());
        let seeds = lists.iter().flat_map(|list| list.as_array().unwrap());
        seeds.map(|seed| seed.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn no_sample_names_anybody_and_each_shows_what_it_is() {
        let (seeds, mut seen) = (seeds(), 0);
        for file in fs::read_dir(events("")).unwrap() {
            let event = fs::read(file.unwrap().path()).unwrap();
            let event: Value = serde_json::from_slice(&event).unwrap_or_default();
            let Some(Ok(read)) = event["body"].as_str().map(|body| read(body.as_bytes())) else {
                continue;
            };
            let (shown, _) = masked(&read.json);
            let text = shown.to_string();
            for seed in &seeds {
                assert!(!text.contains(seed), "{seed} is in {text}");
            }
            assert!(!text.contains('@'), "{text}");
            seen += 1;
        }
        assert!(seen > 50, "{seen}");
    }

    #[test]
    fn kinds_states_amounts_and_times_stay() {
        let body = r#"{"id":5,"type":"payout.paid","amount":"12.50","at":"2026-01-31T00:00:00Z",
            "email":"jane@orchid.example","phone":491234,"status":"jane@orchid.example",
            "tax":"present","data":[{"name":"Jane","paid":true,"note":null}],"Jane Doe":1}"#;
        let (shown, hidden) = masked(&read(body.as_bytes()).unwrap().json);
        assert_eq!(
            shown,
            serde_json::json!({
                "id": 5, "type": "payout.paid", "amount": "12.50", "at": "2026-01-31T00:00:00Z",
                "email": HIDDEN, "phone": HIDDEN, "status": HIDDEN, "tax": "present",
                "data": [{ "name": HIDDEN, "paid": true, "note": null }], HIDDEN: 1,
            })
        );
        assert_eq!(hidden, 4);
    }
}

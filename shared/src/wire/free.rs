//! Values of any shape, such as custom fields, as facts.

use serde_json::{Map, Value};

use crate::wire::json::Json;
use crate::wire::sensitive::redacted;

/// Longest name of a member that is kept, in bytes. Empty names are not kept either:
/// the table takes none.
const MAX_NAME_BYTES: usize = 128;
/// Deepest nesting kept: an item of the table may have 32 levels in all.
const MAX_DEPTH: usize = 12;
/// The text in place of a value that is nested deeper.
const TOO_DEEP: &str = "[nested too deep]";

/// The value without credentials and payment data, its numbers as texts. `None` for
/// a member that is said twice.
#[must_use]
pub fn value(json: &Json) -> Option<Value> {
    match json {
        Json::Several(_) => None,
        json => Some(of(&redacted(json), 0)),
    }
}

fn of(json: &Json, depth: usize) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::from(value.to_string()),
        Json::Number(text) | Json::Text(text) => Value::from(text.as_str()),
        _ if depth >= MAX_DEPTH => Value::from(TOO_DEEP),
        Json::Array(items) => items.iter().map(|item| of(item, depth + 1)).collect(),
        // Of a member that is said twice nobody knows which is meant.
        Json::Several(_) => Value::Null,
        Json::Object(members) => {
            let kept =
                members.iter().filter(|(name, _)| (1..=MAX_NAME_BYTES).contains(&name.len()));
            let kept = kept.map(|(name, value)| (name.clone(), of(value, depth + 1)));
            Value::Object(kept.collect::<Map<_, _>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::json::read;

    #[test]
    fn any_shape_is_kept_without_what_may_not_be() {
        let deep = format!("{}1{}", "[".repeat(20), "]".repeat(20));
        for (body, kept) in [
            (
                r#"{"a":1.50,"b":[true,null,"x"],"":1}"#,
                json!({"a": "1.50", "b": ["true", null, "x"]}),
            ),
            (
                r#"{"iban":"X","deep":{"auth_token":"t"}}"#,
                json!({"iban": "present", "deep": {"auth_token": "[removed]"}}),
            ),
            (
                r#"[{"label":"VAT number","value":"IE1"}]"#,
                json!([{"label": "VAT number", "value": "present"}]),
            ),
        ] {
            assert_eq!(value(&read(body.as_bytes()).unwrap().json), Some(kept), "{body}");
        }
        let shown = value(&read(deep.as_bytes()).unwrap().json).unwrap().to_string();
        assert_eq!(shown, format!("{}\"{TOO_DEEP}\"{}", "[".repeat(12), "]".repeat(12)));
        let twice = read(br#"{"a":1,"a":2}"#).unwrap().json;
        assert_eq!(twice.get("a").map(value), Some(None));
    }
}

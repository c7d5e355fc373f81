//! Event filter patterns, as event source mappings use them.

use serde_json::Value;

/// Patterns of which one has to match; without any, everything matches.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    patterns: Vec<Value>,
}

impl Filter {
    /// Takes patterns: nested maps whose leaves are lists of alternatives, each
    /// a plain value, `{"exists": flag}`, `{"prefix": text}` or
    /// `{"anything-but": values}`.
    ///
    /// # Errors
    /// A sentence about the first rule that is none of these.
    pub fn new(patterns: Vec<Value>) -> Result<Self, String> {
        patterns.iter().try_for_each(check)?;
        Ok(Self { patterns })
    }

    /// True if the mapping hands on `event`.
    #[must_use]
    pub fn matches(&self, event: &Value) -> bool {
        self.patterns.is_empty()
            || self.patterns.iter().any(|pattern| matches(pattern, Some(event)))
    }
}

fn check(pattern: &Value) -> Result<(), String> {
    match pattern {
        Value::Object(map) => map.values().try_for_each(check),
        Value::Array(rules) if !rules.is_empty() => rules.iter().try_for_each(check_rule),
        _ => Err(format!("{pattern} must be a map or a list of rules")),
    }
}

fn check_rule(rule: &Value) -> Result<(), String> {
    let Some(map) = rule.as_object() else {
        return Ok(());
    };
    let known = map.len() == 1
        && map.iter().all(|(key, value)| match key.as_str() {
            "exists" => value.is_boolean(),
            "prefix" => value.is_string(),
            "anything-but" => !value.is_object(),
            _ => false,
        });
    if known { Ok(()) } else { Err(format!("the rule {rule} is not supported here")) }
}

fn matches(pattern: &Value, event: Option<&Value>) -> bool {
    match pattern {
        Value::Object(map) => {
            map.iter().all(|(key, inner)| matches(inner, event.and_then(|event| event.get(key))))
        }
        Value::Array(rules) => rules.iter().any(|rule| matches_rule(rule, event)),
        _ => false,
    }
}

fn matches_rule(rule: &Value, event: Option<&Value>) -> bool {
    // As in AWS, rules look at leaves: a map never matches.
    let leaf = event.filter(|value| !value.is_object());
    let Some((name, argument)) = rule.as_object().and_then(|map| map.iter().next()) else {
        return match leaf {
            Some(Value::Array(values)) => values.contains(rule),
            other => other == Some(rule),
        };
    };
    match (name.as_str(), leaf) {
        ("exists", leaf) => argument.as_bool() == Some(leaf.is_some()),
        ("prefix", Some(Value::String(text))) => {
            argument.as_str().is_some_and(|prefix| text.starts_with(prefix))
        }
        ("anything-but", Some(value)) => match argument {
            Value::Array(values) => !values.contains(value),
            single => single != value,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn matched(pattern: &Value, event: &Value) -> bool {
        Filter::new(vec![pattern.clone()]).unwrap().matches(event)
    }

    #[test]
    fn values_prefixes_and_existence() {
        let event = json!({ "eventName": "MODIFY", "dynamodb": { "NewImage": { "due": { "S": "deliver#2" } } } });
        for (pattern, expected) in [
            (json!({ "eventName": ["INSERT", "MODIFY"] }), true),
            (json!({ "eventName": ["REMOVE"] }), false),
            (json!({ "eventName": [{ "anything-but": ["REMOVE"] }] }), true),
            (
                json!({ "dynamodb": { "NewImage": { "due": { "S": [{ "prefix": "deliver" }] } } } }),
                true,
            ),
            (
                json!({ "dynamodb": { "NewImage": { "due": { "S": [{ "prefix": "confirm" }] } } } }),
                false,
            ),
            (json!({ "dynamodb": { "NewImage": { "due": { "S": [{ "exists": true }] } } } }), true),
            (
                json!({ "dynamodb": { "OldImage": { "due": { "S": [{ "exists": false }] } } } }),
                true,
            ),
            (json!({ "dynamodb": { "NewImage": { "due": [{ "exists": true }] } } }), false),
            (json!({ "eventName": ["MODIFY"], "eventSource": ["aws:dynamodb"] }), false),
        ] {
            assert_eq!(matched(&pattern, &event), expected, "{pattern}");
        }
    }

    #[test]
    fn one_matching_pattern_is_enough_and_none_lets_all_pass() {
        let filter = Filter::new(vec![json!({ "a": [1] }), json!({ "a": [2] })]).unwrap();
        assert!(filter.matches(&json!({ "a": 2 })));
        assert!(!filter.matches(&json!({ "a": 3 })));
        assert!(Filter::default().matches(&json!({})));
    }

    #[test]
    fn an_unknown_rule_is_refused() {
        assert!(Filter::new(vec![json!({ "a": [{ "numeric": [">", 1] }] })]).is_err());
        assert!(Filter::new(vec![json!({ "a": 1 })]).is_err());
    }
}

//! YAML to JSON, with every short intrinsic (`!Ref`, `!Sub`) in its long form,
//! so that the resolver knows one spelling only.

use serde_json::{Map, Number, Value, json};
use serde_norway::Value as Yaml;

/// Parses a template.
///
/// # Errors
/// A sentence with line and column when the text is not YAML, or names a value
/// JSON has no form for.
pub(crate) fn parse(text: &str) -> Result<Value, String> {
    let yaml: Yaml = serde_norway::from_str(text).map_err(|error| error.to_string())?;
    to_json(yaml)
}

fn to_json(yaml: Yaml) -> Result<Value, String> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => Value::Bool(flag),
        Yaml::Number(number) => number
            .as_i64()
            .map(Number::from)
            .or_else(|| number.as_u64().map(Number::from))
            .or_else(|| number.as_f64().and_then(Number::from_f64))
            .map(Value::Number)
            .ok_or_else(|| format!("{number} is not a number JSON can hold"))?,
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => {
            Value::Array(items.into_iter().map(to_json).collect::<Result<_, _>>()?)
        }
        Yaml::Mapping(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                map.insert(key_text(&key)?, to_json(value)?);
            }
            Value::Object(map)
        }
        Yaml::Tagged(tagged) => long_form(&tagged.tag.to_string(), &to_json(tagged.value)?),
    })
}

fn key_text(key: &Yaml) -> Result<String, String> {
    match key {
        Yaml::String(text) => Ok(text.clone()),
        Yaml::Number(number) => Ok(number.to_string()),
        Yaml::Bool(flag) => Ok(flag.to_string()),
        _ => Err("a key must be text".to_owned()),
    }
}

fn long_form(tag: &str, value: &Value) -> Value {
    match tag.trim_start_matches('!') {
        name @ ("Ref" | "Condition") => json!({ name: value }),
        "GetAtt" => match value.as_str().and_then(|text| text.split_once('.')) {
            Some((id, attribute)) => json!({ "Fn::GetAtt": [id, attribute] }),
            None => json!({ "Fn::GetAtt": value }),
        },
        name => json!({ format!("Fn::{name}"): value }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms_become_long_forms_at_every_depth() {
        let parsed =
            parse("a: !If [On, !Sub '${X}-y', !Ref AWS::NoValue]\nb: !GetAtt Q.Arn").unwrap();
        assert_eq!(
            parsed,
            json!({
                "a": { "Fn::If": ["On", { "Fn::Sub": "${X}-y" }, { "Ref": "AWS::NoValue" }] },
                "b": { "Fn::GetAtt": ["Q", "Arn"] },
            })
        );
    }

    #[test]
    fn bad_yaml_names_the_place() {
        assert!(parse("a: [1").unwrap_err().contains("line"));
    }
}

//! Parameters: the template's and `CloudFormation`'s own.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::Value;

use super::resolve::{list, text};
use super::{ACCOUNT, REGION, STACK_NAME, TemplateError};

/// The value of every declared parameter: the override, or the default.
pub(super) fn parameter_values(
    document: &Value,
    overrides: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Value>, TemplateError> {
    let declared = document.get("Parameters").and_then(Value::as_object);
    if let Some(name) =
        overrides.keys().find(|name| declared.is_none_or(|map| !map.contains_key(*name)))
    {
        let known: Vec<_> =
            declared.into_iter().flatten().map(|(known, _)| known.as_str()).collect();
        let problem = format!("has no {name}, only {}", known.join(", "));
        return Err(TemplateError::new("Parameters", &problem));
    }
    let mut values = BTreeMap::new();
    for (name, definition) in declared.into_iter().flatten() {
        let path = format!("Parameters/{name}");
        let value = match (overrides.get(name), definition.get("Default")) {
            (Some(value), _) => value.clone(),
            (None, Some(default)) => text(default, &path)?,
            (None, None) => {
                let hint = format!("has no default: give it with --parameter {name}=VALUE");
                return Err(TemplateError::new(&path, &hint));
            }
        };
        let is_list = definition.get("Type").and_then(Value::as_str) == Some("CommaDelimitedList");
        let value = if is_list {
            let parts: Vec<_> = value.split(',').map(str::trim).collect();
            for part in &parts {
                check(definition, part, &path)?;
            }
            Value::from(parts)
        } else {
            check(definition, &value, &path)?;
            Value::String(value)
        };
        values.insert(name.clone(), value);
    }
    Ok(values)
}

/// Refuses what `CloudFormation` would refuse, in the words that the template
/// has for it.
fn check(definition: &Value, value: &str, path: &str) -> Result<(), TemplateError> {
    let Some(problem) = violation(definition, value, path)? else {
        return Ok(());
    };
    let description = definition.get("ConstraintDescription").and_then(Value::as_str);
    let problem = description.map_or(problem, |description| format!("must be {description}"));
    Err(TemplateError::new(path, &format!("is {value:?}, but {problem}")))
}

/// The first constraint of the definition that `value` breaks.
fn violation(definition: &Value, value: &str, path: &str) -> Result<Option<String>, TemplateError> {
    let constraint =
        |name: &str| definition.get(name).map(|constraint| (constraint, format!("{path}/{name}")));
    if let Some((allowed, path)) = constraint("AllowedValues") {
        let allowed = list(allowed, &path)?.iter().map(|item| text(item, &path));
        let allowed = allowed.collect::<Result<Vec<_>, _>>()?;
        if !allowed.iter().any(|item| item == value) {
            return Ok(Some(format!("must be one of {}", allowed.join(", "))));
        }
    }
    if let Some((pattern, path)) = constraint("AllowedPattern") {
        let pattern = text(pattern, &path)?;
        // The whole value has to match, whatever alternatives there are.
        let whole = Regex::new(&format!(r"\A(?:{pattern})\z"))
            .map_err(|error| TemplateError::new(&path, &format!("cannot be used: {error}")))?;
        if !whole.is_match(value) {
            return Ok(Some(format!("must match {pattern}")));
        }
    }
    if definition.get("Type").and_then(Value::as_str) != Some("Number") {
        return Ok(None);
    }
    let bound = |name: &str| {
        let bound = constraint(name).map(|(bound, path)| {
            let bound = number(&text(bound, &path)?);
            bound.ok_or_else(|| TemplateError::new(&path, "must be a number"))
        });
        bound.transpose()
    };
    let (least, most) = (bound("MinValue")?, bound("MaxValue")?);
    let number = number(value);
    Ok(match (number, least, most) {
        (None, ..) => Some("must be a number".to_owned()),
        (Some(number), Some(least), _) if number < least => {
            Some(format!("must be at least {least}"))
        }
        (Some(number), _, Some(most)) if number > most => Some(format!("must be at most {most}")),
        _ => None,
    })
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The value of a parameter that `CloudFormation` itself provides.
pub(super) fn pseudo(name: &str) -> Option<&'static str> {
    Some(match name {
        "AWS::AccountId" => ACCOUNT,
        "AWS::Partition" => "aws",
        "AWS::Region" => REGION,
        "AWS::StackId" => "arn:aws:cloudformation:us-east-1:000000000000:stack/local/local",
        "AWS::StackName" => STACK_NAME,
        "AWS::URLSuffix" => "amazonaws.com",
        _ => return None,
    })
}

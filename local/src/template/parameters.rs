//! Parameters: the template's and `CloudFormation`'s own.

use std::collections::BTreeMap;

use serde_json::Value;

use super::resolve::{list, text};
use super::{ACCOUNT, REGION, STACK_NAME, TemplateError};

/// The value of every declared parameter: the override, or the default.
pub(super) fn decide(
    document: &Value,
    overrides: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Value>, TemplateError> {
    let declared = document.get("Parameters").and_then(Value::as_object);
    if let Some(name) = overrides
        .keys()
        .find(|name| declared.is_none_or(|map| !map.contains_key(*name)))
    {
        return Err(TemplateError::new("Parameters", &format!("has no {name}")));
    }
    let mut decided = BTreeMap::new();
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
        check_allowed(definition, &value, &path)?;
        let is_list = definition.get("Type").and_then(Value::as_str) == Some("CommaDelimitedList");
        let value = if is_list {
            value
                .split(',')
                .map(|part| Value::from(part.trim()))
                .collect()
        } else {
            Value::String(value)
        };
        decided.insert(name.clone(), value);
    }
    Ok(decided)
}

fn check_allowed(definition: &Value, value: &str, path: &str) -> Result<(), TemplateError> {
    let Some(allowed) = definition.get("AllowedValues") else {
        return Ok(());
    };
    let allowed: Result<Vec<_>, _> = list(allowed, path)?
        .iter()
        .map(|item| text(item, path))
        .collect();
    let allowed = allowed?;
    if allowed.iter().any(|item| item == value) {
        return Ok(());
    }
    Err(TemplateError::new(
        path,
        &format!("is {value:?}, not one of {}", allowed.join(", ")),
    ))
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

//! Evaluates what `CloudFormation` would: parameters, conditions, intrinsics.
//!
//! Only the parts that are asked for are evaluated, so a function's policies
//! may use anything.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::parameters::{parameter_values, pseudo};
use super::{ACCOUNT, REGION, TemplateError};

type Resolved = Result<Option<Value>, TemplateError>;

/// A parsed template with its parameters values.
#[derive(Debug)]
pub(super) struct Resolver {
    document: Value,
    parameters: BTreeMap<String, Value>,
    queue_base_url: String,
}

impl Resolver {
    pub(super) fn new(
        document: Value,
        overrides: &BTreeMap<String, String>,
        queue_base_url: &str,
    ) -> Result<Self, TemplateError> {
        let parameters = parameter_values(&document, overrides)?;
        Ok(Self { document, parameters, queue_base_url: queue_base_url.to_owned() })
    }

    /// The parameters with their values, those of a list with commas.
    pub(super) fn parameters(&self) -> BTreeMap<String, String> {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Array(parts) => {
                parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
            }
            other => other.to_string(),
        };
        self.parameters.iter().map(|(name, value)| (name.clone(), text(value))).collect()
    }

    /// The part of the template at `keys`, unevaluated.
    pub(super) fn raw(&self, keys: &[&str]) -> Option<&Value> {
        keys.iter().try_fold(&self.document, |value, key| value.get(key))
    }

    /// The resources of one type that exist under the current conditions, as
    /// logical id and definition.
    pub(super) fn resources(&self, kind: &str) -> Result<Vec<(&str, &Value)>, TemplateError> {
        let mut found = Vec::new();
        for (id, resource) in
            self.raw(&["Resources"]).and_then(Value::as_object).into_iter().flatten()
        {
            if resource.get("Type").and_then(Value::as_str) != Some(kind) {
                continue;
            }
            let exists = match resource.get("Condition").and_then(Value::as_str) {
                Some(name) => self.condition(name, &format!("Resources/{id}/Condition"))?,
                None => true,
            };
            if exists {
                found.push((id.as_str(), resource));
            }
        }
        Ok(found)
    }

    /// Evaluates `value`; `None` is `AWS::NoValue`. `path` is its place in the
    /// template, for messages.
    pub(super) fn resolve(&self, value: &Value, path: &str) -> Resolved {
        match value {
            Value::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    list.extend(self.resolve(item, &format!("{path}/{index}"))?);
                }
                Ok(Some(Value::Array(list)))
            }
            Value::Object(map) => self.resolve_map(map, path),
            plain => Ok(Some(plain.clone())),
        }
    }

    fn resolve_map(&self, map: &Map<String, Value>, path: &str) -> Resolved {
        if let (1, Some((key, argument))) = (map.len(), map.iter().next())
            && (key == "Ref" || key.starts_with("Fn::"))
        {
            return self.intrinsic(key, argument, &format!("{path}/{key}"));
        }
        let mut resolved = Map::new();
        for (key, value) in map {
            if let Some(value) = self.resolve(value, &format!("{path}/{key}"))? {
                resolved.insert(key.clone(), value);
            }
        }
        Ok(Some(Value::Object(resolved)))
    }

    fn intrinsic(&self, name: &str, argument: &Value, path: &str) -> Resolved {
        if name == "Fn::If" {
            let (condition, then, otherwise) = three(argument, path)?;
            let holds = self.condition(&text(condition, path)?, path)?;
            return self.resolve(if holds { then } else { otherwise }, path);
        }
        if name == "Ref" {
            return self.reference(&text(argument, path)?, path);
        }
        let argument = self
            .resolve(argument, path)?
            .ok_or_else(|| TemplateError::new(path, "has no value"))?;
        match name {
            "Fn::Sub" => self.substitute(&argument, path).map(Value::String),
            "Fn::GetAtt" => {
                let (id, attribute) = two(&argument, path)?;
                self.attribute(&text(id, path)?, &text(attribute, path)?, path).map(Value::String)
            }
            "Fn::Join" => {
                let (separator, parts) = two(&argument, path)?;
                let parts: Result<Vec<_>, _> =
                    list(parts, path)?.iter().map(|part| text(part, path)).collect();
                Ok(Value::String(parts?.join(&text(separator, path)?)))
            }
            "Fn::Split" => {
                let (separator, whole) = two(&argument, path)?;
                let (separator, whole) = (text(separator, path)?, text(whole, path)?);
                Ok(Value::Array(whole.split(&separator).map(Value::from).collect()))
            }
            "Fn::Select" => {
                let (index, items) = two(&argument, path)?;
                let index: usize = text(index, path)?
                    .parse()
                    .map_err(|_| TemplateError::new(path, "needs an index"))?;
                let chosen = list(items, path)?.get(index).cloned();
                chosen.ok_or_else(|| TemplateError::new(path, &format!("has no element {index}")))
            }
            "Fn::FindInMap" => {
                let keys: Result<Vec<_>, _> =
                    list(&argument, path)?.iter().map(|key| text(key, path)).collect();
                let keys = keys?;
                let found = self
                    .raw(&["Mappings"])
                    .and_then(|map| keys.iter().try_fold(map, |value, key| value.get(key)));
                found.cloned().ok_or_else(|| TemplateError::new(path, "is not in Mappings"))
            }
            other => Err(TemplateError::new(path, &format!("{other} is not supported here"))),
        }
        .map(Some)
    }

    /// The value of the named condition.
    fn condition(&self, name: &str, path: &str) -> Result<bool, TemplateError> {
        let definition = self.raw(&["Conditions", name]).ok_or_else(|| {
            TemplateError::new(path, &format!("names the unknown condition {name}"))
        })?;
        self.test(definition, &format!("Conditions/{name}"))
    }

    /// The value of a condition's expression.
    pub(super) fn test(&self, expression: &Value, path: &str) -> Result<bool, TemplateError> {
        let entry =
            expression.as_object().filter(|map| map.len() == 1).and_then(|map| map.iter().next());
        let Some((name, argument)) = entry else {
            return Err(TemplateError::new(path, "is not a condition"));
        };
        let path = format!("{path}/{name}");
        match name.as_str() {
            "Condition" => self.condition(&text(argument, &path)?, &path),
            "Fn::Equals" => {
                let (left, right) = two(argument, &path)?;
                let (left, right) = (self.resolve(left, &path)?, self.resolve(right, &path)?);
                let as_text =
                    |value: Option<Value>| value.map(|value| text(&value, &path)).transpose();
                Ok(as_text(left)? == as_text(right)?)
            }
            "Fn::Not" => match list(argument, &path)? {
                [inner] => Ok(!self.test(inner, &path)?),
                _ => Err(TemplateError::new(&path, "takes one condition")),
            },
            "Fn::And" | "Fn::Or" => {
                let results: Result<Vec<_>, _> =
                    list(argument, &path)?.iter().map(|inner| self.test(inner, &path)).collect();
                let results = results?;
                Ok(if name == "Fn::And" {
                    results.iter().all(|&held| held)
                } else {
                    results.contains(&true)
                })
            }
            other => Err(TemplateError::new(&path, &format!("{other} is not a condition"))),
        }
    }

    fn reference(&self, name: &str, path: &str) -> Resolved {
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        if let Some(value) = self.parameters.get(name) {
            return Ok(Some(value.clone()));
        }
        if let Some(value) = pseudo(name) {
            return Ok(Some(Value::from(value)));
        }
        if self.raw(&["Resources", name]).is_none() {
            return Err(TemplateError::new(path, &format!("names the unknown {name}")));
        }
        let physical = self.name_of(name)?;
        Ok(Some(Value::String(match self.kind_of(name) {
            "AWS::SQS::Queue" => format!("{}/{ACCOUNT}/{physical}", self.queue_base_url),
            _ => physical,
        })))
    }

    fn attribute(&self, id: &str, attribute: &str, path: &str) -> Result<String, TemplateError> {
        if self.raw(&["Resources", id]).is_none() {
            return Err(TemplateError::new(path, &format!("names the unknown {id}")));
        }
        let name = self.name_of(id)?;
        let arn =
            |service: &str, rest: &str| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}");
        Ok(match (self.kind_of(id), attribute) {
            ("AWS::SQS::Queue", "Arn") => arn("sqs", &name),
            ("AWS::SQS::Queue", "QueueUrl") => format!("{}/{ACCOUNT}/{name}", self.queue_base_url),
            ("AWS::SQS::Queue", "QueueName") => name,
            ("AWS::DynamoDB::Table", "Arn") => arn("dynamodb", &format!("table/{name}")),
            ("AWS::DynamoDB::Table", "StreamArn") => {
                arn("dynamodb", &format!("table/{name}/stream/local"))
            }
            ("AWS::Serverless::Function", "Arn") => arn("lambda", &format!("function:{name}")),
            // Nothing local reads other attributes: any text will do.
            _ => format!("{name}.{attribute}"),
        })
    }

    fn kind_of(&self, id: &str) -> &str {
        self.raw(&["Resources", id, "Type"]).and_then(Value::as_str).unwrap_or_default()
    }

    /// The name a resource gets: its own, or its logical id.
    pub(super) fn name_of(&self, id: &str) -> Result<String, TemplateError> {
        let property = match self.kind_of(id) {
            "AWS::DynamoDB::Table" => "TableName",
            "AWS::SQS::Queue" => "QueueName",
            "AWS::Serverless::Function" => "FunctionName",
            "AWS::SecretsManager::Secret" => "Name",
            _ => return Ok(id.to_owned()),
        };
        let path = format!("Resources/{id}/Properties/{property}");
        match self.raw(&["Resources", id, "Properties", property]) {
            Some(raw) => match self.resolve(raw, &path)? {
                Some(name) => text(&name, &path),
                None => Ok(id.to_owned()),
            },
            None => Ok(id.to_owned()),
        }
    }

    fn substitute(&self, argument: &Value, path: &str) -> Result<String, TemplateError> {
        let (pattern, local) = match argument {
            Value::Array(_) => {
                let (pattern, variables) = two(argument, path)?;
                (text(pattern, path)?, variables.as_object().cloned().unwrap_or_default())
            }
            plain => (text(plain, path)?, Map::new()),
        };
        let mut out = String::new();
        let mut rest = pattern.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            let (name, tail) = after
                .split_once('}')
                .ok_or_else(|| TemplateError::new(path, "has ${ without }"))?;
            out.push_str(before);
            out.push_str(&self.variable(name.trim(), &local, path)?);
            rest = tail;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn variable(
        &self,
        name: &str,
        local: &Map<String, Value>,
        path: &str,
    ) -> Result<String, TemplateError> {
        if let Some(literal) = name.strip_prefix('!') {
            return Ok(format!("${{{literal}}}"));
        }
        if let Some(value) = local.get(name) {
            return text(value, path);
        }
        if let Some((id, attribute)) = name.split_once('.') {
            return self.attribute(id, attribute, path);
        }
        match self.reference(name, path)? {
            Some(value) => text(&value, path),
            None => Err(TemplateError::new(path, &format!("{name} has no value"))),
        }
    }
}

/// The text of a scalar, as `CloudFormation` writes it.
pub(super) fn text(value: &Value, path: &str) -> Result<String, TemplateError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        _ => Err(TemplateError::new(path, "must be a text")),
    }
}

pub(super) fn list<'a>(value: &'a Value, path: &str) -> Result<&'a [Value], TemplateError> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| TemplateError::new(path, "must be a list"))
}

fn two<'a>(value: &'a Value, path: &str) -> Result<(&'a Value, &'a Value), TemplateError> {
    match list(value, path)? {
        [first, second] => Ok((first, second)),
        _ => Err(TemplateError::new(path, "takes two arguments")),
    }
}

fn three<'a>(
    value: &'a Value,
    path: &str,
) -> Result<(&'a Value, &'a Value, &'a Value), TemplateError> {
    match list(value, path)? {
        [first, second, third] => Ok((first, second, third)),
        _ => Err(TemplateError::new(path, "takes three arguments")),
    }
}

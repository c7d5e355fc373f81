//! A SAM template, read for the local engines: functions with their environment
//! and event sources, tables, queues, secrets.

mod filter;
mod node;
mod parameters;
mod resolve;
mod rules;
mod sources;
#[cfg(test)]
mod tests;
pub(crate) mod yaml;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

pub use crate::error::TemplateError;
pub use filter::Filter;
use node::Node;
use resolve::Resolver;
pub use sources::{QueueSource, Schedule, Source, StreamSource};

/// The region of everything local.
pub const REGION: &str = "us-east-1";
/// The account of everything local.
pub const ACCOUNT: &str = "000000000000";
/// The value of `AWS::StackName`.
pub const STACK_NAME: &str = "local";

/// Lambda's values for a function that asks for none.
const DEFAULT_TIMEOUT_SECONDS: u64 = 3;
const DEFAULT_MEMORY_MB: u64 = 128;

/// The template's resources that have a local counterpart.
#[derive(Debug)]
pub struct Template {
    /// Functions by logical id.
    pub functions: BTreeMap<String, Function>,
    /// Tables.
    pub tables: Vec<Table>,
    /// Queues; the targets of a redrive policy stand before their sources.
    pub queues: Vec<Queue>,
    /// Names of secrets by logical id.
    pub secrets: BTreeMap<String, String>,
    /// The parameters with their values.
    pub parameters: BTreeMap<String, String>,
}

/// One `AWS::Serverless::Function`.
#[derive(Debug, Clone)]
pub struct Function {
    /// Logical id.
    pub id: String,
    /// Function name.
    pub name: String,
    /// The cargo binary that implements it; several functions may share one.
    pub binary: String,
    /// `Handler`.
    pub handler: String,
    /// `Timeout`.
    pub timeout: Duration,
    /// `MemorySize` in MiB; told to the function, not enforced.
    pub memory: u64,
    /// Environment variables, the globals' included.
    pub environment: BTreeMap<String, String>,
    /// The event sources that invoke the function.
    pub sources: Vec<Source>,
}

/// One `AWS::DynamoDB::Table`.
#[derive(Debug, Clone)]
pub struct Table {
    /// Table name.
    pub name: String,
    /// The request that creates it, as DynamoDB's API takes it.
    pub create: Value,
    /// The attribute that holds the expiry time.
    pub ttl: Option<String>,
}

/// One `AWS::SQS::Queue`.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Queue name.
    pub name: String,
    /// Attributes as SQS's API takes them.
    pub attributes: BTreeMap<String, String>,
}

impl Template {
    /// Reads a template.
    ///
    /// `overrides` are parameter values by name; `queue_base_url` is where
    /// queue URLs begin (`http://host:port`).
    ///
    /// # Errors
    /// [`TemplateError`] names the place that is not YAML, refers to something
    /// unknown, or asks for something that has no local counterpart; or the
    /// parameter or rule that `CloudFormation` would refuse a value for.
    pub fn read(
        source: &str,
        overrides: &BTreeMap<String, String>,
        queue_base_url: &str,
    ) -> Result<Self, TemplateError> {
        let document =
            yaml::parse(source).map_err(|problem| TemplateError::new("file", &problem))?;
        let resolver = Resolver::new(document, overrides, queue_base_url)?;
        rules::check(&resolver)?;
        Ok(Self {
            functions: functions(&resolver)?,
            tables: tables(&resolver)?,
            queues: queues(&resolver)?,
            secrets: resolver
                .resources("AWS::SecretsManager::Secret")?
                .into_iter()
                .map(|(id, _)| Ok((id.to_owned(), resolver.name_of(id)?)))
                .collect::<Result<_, TemplateError>>()?,
            parameters: resolver.parameters(),
        })
    }

    /// The names of the parameters a template declares.
    ///
    /// # Errors
    /// [`TemplateError`] when the source is not YAML.
    pub fn parameters(source: &str) -> Result<Vec<String>, TemplateError> {
        let document =
            yaml::parse(source).map_err(|problem| TemplateError::new("file", &problem))?;
        let declared = document.get("Parameters").and_then(Value::as_object);
        Ok(declared.map(|map| map.keys().cloned().collect()).unwrap_or_default())
    }
}

fn functions(resolver: &Resolver) -> Result<BTreeMap<String, Function>, TemplateError> {
    resolver
        .resources("AWS::Serverless::Function")?
        .into_iter()
        .map(|(id, resource)| Ok((id.to_owned(), function(resolver, id, resource)?)))
        .collect()
}

fn function(resolver: &Resolver, id: &str, resource: &Value) -> Result<Function, TemplateError> {
    let path = format!("Resources/{id}/Properties");
    // Policies and the like are AWS's own affair: only these are evaluated.
    let property = |name: &str| -> Result<Option<Node>, TemplateError> {
        let own = resource.get("Properties").and_then(|properties| properties.get(name));
        let global = || resolver.raw(&["Globals", "Function", name]);
        let Some(raw) = own.or_else(global) else {
            return Ok(None);
        };
        let node = Node::resolve(resolver, raw, &format!("{path}/{name}"))?;
        Ok((!node.value.is_null()).then_some(node))
    };
    let number = |name: &str, default: u64| -> Result<u64, TemplateError> {
        let Some(node) = property(name)? else {
            return Ok(default);
        };
        u64::try_from(node.number()?).map_err(|_| node.error("must not be negative"))
    };
    Ok(Function {
        id: id.to_owned(),
        name: resolver.name_of(id)?,
        binary: binary(resource, &path)?,
        handler: property("Handler")?
            .map_or_else(|| Ok("bootstrap".to_owned()), |node| node.text())?,
        timeout: Duration::from_secs(number("Timeout", DEFAULT_TIMEOUT_SECONDS)?),
        memory: number("MemorySize", DEFAULT_MEMORY_MB)?,
        environment: environment(resolver, resource, &path)?,
        sources: property("Events")?.map_or_else(|| Ok(Vec::new()), |node| sources::read(&node))?,
    })
}

/// SAM's rust-cargolambda builder names the binary in the metadata; without
/// that it is the crate that `CodeUri` points to.
fn binary(resource: &Value, path: &str) -> Result<String, TemplateError> {
    let named = resource.pointer("/Metadata/BuildProperties/Binary").and_then(Value::as_str);
    let folder = resource.pointer("/Properties/CodeUri").and_then(Value::as_str);
    let last = folder.and_then(|uri| uri.trim_end_matches('/').rsplit('/').next());
    match named.or(last) {
        Some(name) if !name.is_empty() && name != "." => Ok(name.to_owned()),
        _ => Err(TemplateError::new(path, "needs CodeUri or Metadata/BuildProperties/Binary")),
    }
}

fn environment(
    resolver: &Resolver,
    resource: &Value,
    path: &str,
) -> Result<BTreeMap<String, String>, TemplateError> {
    let global = resolver.raw(&["Globals", "Function", "Environment", "Variables"]);
    let own = resource.pointer("/Properties/Environment/Variables");
    let mut variables = BTreeMap::new();
    for (raw, path) in [
        (global, "Globals/Function/Environment/Variables"),
        (own, &format!("{path}/Environment/Variables")),
    ] {
        let Some(raw) = raw else { continue };
        for (name, value) in Node::resolve(resolver, raw, path)?.entries()? {
            variables.insert(name, value.text()?);
        }
    }
    Ok(variables)
}

fn tables(resolver: &Resolver) -> Result<Vec<Table>, TemplateError> {
    /// The properties that `CreateTable` shares with the resource. Another call sets
    /// the others, or they mean nothing on one machine.
    const CREATE: [&str; 6] = [
        "AttributeDefinitions",
        "BillingMode",
        "GlobalSecondaryIndexes",
        "KeySchema",
        "LocalSecondaryIndexes",
        "ProvisionedThroughput",
    ];
    let mut tables = Vec::new();
    for (id, resource) in resolver.resources("AWS::DynamoDB::Table")? {
        let path = format!("Resources/{id}/Properties");
        let raw = resource.get("Properties").unwrap_or(&Value::Null);
        let properties = Node::resolve(resolver, raw, &path)?;
        let name = resolver.name_of(id)?;
        let mut create = Map::from_iter([("TableName".to_owned(), Value::from(name.clone()))]);
        for key in CREATE {
            create.extend(properties.get(key).map(|node| (key.to_owned(), node.value)));
        }
        if let Some(view) = properties.at(&["StreamSpecification", "StreamViewType"]) {
            let stream = json!({ "StreamEnabled": true, "StreamViewType": view.value });
            create.insert("StreamSpecification".to_owned(), stream);
        }
        let ttl = properties
            .get("TimeToLiveSpecification")
            .filter(|ttl| ttl.get("Enabled").is_some_and(|flag| flag.value != Value::Bool(false)));
        tables.push(Table {
            name,
            create: Value::Object(create),
            ttl: ttl.map(|ttl| ttl.require("AttributeName")?.text()).transpose()?,
        });
    }
    Ok(tables)
}

fn queues(resolver: &Resolver) -> Result<Vec<Queue>, TemplateError> {
    const ATTRIBUTES: [&str; 7] = [
        "ContentBasedDeduplication",
        "DelaySeconds",
        "FifoQueue",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "ReceiveMessageWaitTimeSeconds",
        "VisibilityTimeout",
    ];
    let mut queues = Vec::new();
    for (id, resource) in resolver.resources("AWS::SQS::Queue")? {
        let raw = resource.get("Properties").unwrap_or(&Value::Null);
        let properties = Node::resolve(resolver, raw, &format!("Resources/{id}/Properties"))?;
        let mut attributes = BTreeMap::new();
        for key in ATTRIBUTES {
            if let Some(node) = properties.get(key) {
                attributes.insert(key.to_owned(), node.text()?);
            }
        }
        if let Some(policy) = properties.get("RedrivePolicy") {
            // The engine takes the count as a number only.
            let policy = json!({
                "deadLetterTargetArn": policy.require("deadLetterTargetArn")?.text()?,
                "maxReceiveCount": policy.require("maxReceiveCount")?.number()?,
            });
            attributes.insert("RedrivePolicy".to_owned(), policy.to_string());
        }
        queues.push(Queue { name: resolver.name_of(id)?, attributes });
    }
    queues.sort_by_key(|queue: &Queue| queue.attributes.contains_key("RedrivePolicy"));
    check_redrive(&queues)?;
    Ok(queues)
}

/// The engine accepts a redrive policy without target; AWS does not.
fn check_redrive(queues: &[Queue]) -> Result<(), TemplateError> {
    for queue in queues {
        let Some(policy) = queue.attributes.get("RedrivePolicy") else {
            continue;
        };
        let known = queues.iter().any(|target| policy.contains(&format!(":{}\"", target.name)));
        if !known {
            return Err(TemplateError::new(
                &format!("queue {}", queue.name),
                "has a RedrivePolicy whose target is not in the template",
            ));
        }
    }
    Ok(())
}

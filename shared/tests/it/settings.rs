//! The settings in code, in the template and in the documents, which say the same.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_norway::Value;
use shared::fulfilment::declared_settings;
use shared::platform::PlatformSettings;
use shared::provider::ALL;
use shared::receive::settings::Settings;
use shared::settings::{Declared, Number};
use shared::work::settings::WorkSettings;
use shared::{receive, work};

use crate::documents;

/// The variables that the template feeds and the settings do not read: those of the
/// clients, of the log and of the C library, and the two that make a version differ.
pub const READ_ELSEWHERE: [&str; 10] = [
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_ENDPOINT_URL_SQS",
    "GLIBC_TUNABLES",
    "METRICS_NAMESPACE",
    "RELEASE",
    "RUST_LOG",
    "SETTINGS_VERSION",
    "TLS_ROOTS",
];
/// The variable that takes less than the template allows: tests cannot wait for ten
/// minutes.
const SHORTER_IN_TESTS: &str = "MAX_AGE_SECONDS";

fn template() -> Value {
    serde_norway::from_str(include_str!("../../../template.yaml")).unwrap()
}

/// The variables of all functions, each with what stands for its value.
fn variables(template: &Value) -> Vec<(String, Value)> {
    let globals = &template["Globals"]["Function"];
    let resources = template["Resources"].as_mapping().unwrap().values();
    let environments = resources.map(|resource| &resource["Properties"]).chain([globals]);
    let mappings = environments.filter_map(|of| of["Environment"]["Variables"].as_mapping());
    let entries = mappings.flat_map(|variables| variables.iter());
    entries.map(|(name, value)| (name.as_str().unwrap().to_owned(), value.clone())).collect()
}

/// The parameter that a value refers to, directly or on a condition.
fn parameter<'a>(template: &'a Value, value: &Value) -> Option<(String, &'a Value)> {
    match value {
        Value::Tagged(tagged) if tagged.tag == "Ref" => {
            let name = tagged.value.as_str()?;
            Some((name.to_owned(), template["Parameters"].get(name)?))
        }
        Value::Tagged(tagged) => parameter(template, &tagged.value),
        Value::Sequence(parts) => parts.iter().find_map(|part| parameter(template, part)),
        _ => None,
    }
}

/// The variable that each parameter feeds.
fn fed(template: &Value) -> BTreeMap<String, String> {
    let variables = variables(template).into_iter();
    let fed = variables.filter_map(|(name, value)| Some((parameter(template, &value)?.0, name)));
    fed.collect()
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_sequence().into_iter().flatten().filter_map(text).collect()
}

fn declared() -> Vec<Declared> {
    let of_workers = work::settings::declared();
    [receive::settings::declared(ALL), declared_settings(), of_workers].concat()
}

fn variable(declared: &Declared) -> &'static str {
    match declared {
        Declared::Number(number) => number.variable,
        Declared::Choice { variable, .. } => variable,
    }
}

fn check_number(number: &Number, parameter: &Value) {
    let Number { variable, default, range } = number;
    assert_eq!(parameter["Default"].as_i64(), Some(*default), "{variable}");
    assert_eq!(parameter["MaxValue"].as_i64(), Some(*range.end()), "{variable}");
    let least = parameter["MinValue"].as_i64().unwrap();
    if *variable == SHORTER_IN_TESTS {
        assert!(*range.start() < least, "{variable} needs no exception");
    } else {
        assert_eq!(least, *range.start(), "{variable}");
    }
}

#[test]
fn bounds_are_those_of_the_template() {
    let template = template();
    let variables = variables(&template);
    for setting in declared() {
        let name = variable(&setting);
        for (_, value) in variables.iter().filter(|(of, _)| of == name) {
            let parameter = parameter(&template, value).map(|(_, parameter)| parameter);
            match (&setting, parameter) {
                (Declared::Number(number), Some(parameter)) => check_number(number, parameter),
                (Declared::Number(number), None) => {
                    let value: i64 = text(value).unwrap().parse().unwrap();
                    assert!(number.range.contains(&value), "{name}: {value}");
                }
                (Declared::Choice { default, words, .. }, parameter) => {
                    let parameter = parameter.unwrap();
                    assert_eq!(texts(&parameter["AllowedValues"]), *words, "{name}");
                    if default.is_some() {
                        assert_eq!(parameter["Default"].as_str(), *default, "{name}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_the_template_bounds_is_declared_and_what_is_declared_is_read() {
    let read = RefCell::new(BTreeSet::new());
    let env = |name: &str| {
        read.borrow_mut().insert(name.to_owned());
        let value = match name {
            "TABLE_NAME" | "WEBHOOK_SECRETS_ID" | "API_CREDENTIALS_ID" => "x",
            "FULFILMENT_SOURCE" => "off",
            "FULFIL_FROM" => "2026-01-01T00:00:00Z",
            "REWARD_RECIPIENT" => "promoter",
            _ => return None,
        };
        Some(value.to_owned())
    };
    Settings::read(ALL, &env).unwrap();
    WorkSettings::read(&env).unwrap();
    let read = read.into_inner();
    let declared: BTreeSet<&str> = declared().iter().map(variable).collect();
    for name in &declared {
        assert!(read.contains(*name), "{name} is declared and not read");
    }
    let template = template();
    for (name, value) in variables(&template) {
        let is_read = read.contains(&name) || name.ends_with("_QUEUE_URL");
        assert!(is_read || READ_ELSEWHERE.contains(&name.as_str()), "{name} is not read");
        let Some((_, parameter)) = parameter(&template, &value) else { continue };
        let bounds = ["MinValue", "MaxValue", "AllowedValues"];
        let is_bounded = bounds.iter().any(|bound| parameter.get(bound).is_some());
        let is_ours = !READ_ELSEWHERE.contains(&name.as_str());
        assert!(!is_bounded || !is_ours || declared.contains(name.as_str()), "{name}");
    }
}

#[test]
fn the_platforms_addresses_are_those_of_the_template() {
    let settings = PlatformSettings::read(&|_| None).unwrap();
    let parameters = &template()["Parameters"];
    for (name, url) in [
        ("FirstpromoterApiUrl", settings.firstpromoter_url),
        ("FirstpromoterV1ApiUrl", settings.firstpromoter_v1_url),
    ] {
        assert_eq!(parameters[name]["Default"].as_str(), Some(url.as_str()));
    }
}

/// `FulfilFrom` as `FULFIL_FROM`.
fn in_capitals(name: &str) -> String {
    let mut capitals = String::new();
    for (n, c) in name.char_indices() {
        if n > 0 && c.is_ascii_uppercase() {
            capitals.push('_');
        }
        capitals.push(c.to_ascii_uppercase());
    }
    capitals
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

/// The values that a parameter takes: the words, the range, or what its constraint
/// says of itself.
fn values(parameter: &Value) -> String {
    let words = texts(&parameter["AllowedValues"]);
    let (least, most) = (text(&parameter["MinValue"]), text(&parameter["MaxValue"]));
    match (least, most) {
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("from {least}"),
        _ if parameter["Type"] == "Number" => words.join(", "),
        _ if !words.is_empty() => {
            words.iter().map(|word| code(word)).collect::<Vec<_>>().join(", ")
        }
        _ => text(&parameter["ConstraintDescription"]).unwrap_or_default(),
    }
}

fn row(name: &str, parameter: &Value, variable: Option<&String>) -> String {
    let default = match text(&parameter["Default"]) {
        None => "required".to_owned(),
        Some(default) if default.is_empty() => default,
        Some(default) if parameter["Type"] == "Number" => default,
        Some(default) => code(&default),
    };
    let mark = if variable.is_some() { "" } else { r"\*" };
    let other = variable.filter(|variable| **variable != in_capitals(name));
    let other = other.map_or_else(String::new, |variable| format!(" ({})", code(variable)));
    let plain = |text: &str| text.replace('*', r"\*").replace('|', r"\|");
    let meaning = plain(parameter["Description"].as_str().unwrap());
    let values = plain(&values(parameter));
    format!("| {}{mark} | {default} | {values} | {meaning}{other} |\n", code(name))
}

/// The table of docs/settings.md, in the order in which `CloudFormation` asks.
fn table() -> String {
    let template = template();
    let fed = fed(&template);
    let groups = &template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"];
    let groups = groups.as_sequence().unwrap().iter();
    let names: Vec<String> = groups.flat_map(|group| texts(&group["Parameters"])).collect();
    let parameters = template["Parameters"].as_mapping().unwrap();
    assert_eq!(names.len(), parameters.len(), "every parameter is in one group");
    let mut table = "| parameter | default | values | meaning |\n|---|---|---|---|\n".to_owned();
    for name in &names {
        table += &row(name, &parameters[name.as_str()], fed.get(name));
    }
    table
}

#[test]
fn the_page_has_the_settings_of_the_template() {
    documents::block("docs/settings.md", "settings", &format!("\n{}\n", table()));
}

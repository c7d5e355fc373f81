//! The alarms and the dashboard of template.yaml look at metrics that are there, and
//! lead to RUNBOOK.md.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use shared::fulfilment::State;
use shared::provider::ALL;
use shared::provider::signature::Incoming;
use shared::receive::route::Route;

use crate::printed::PRINTED;
use crate::{documents, links, pages, rooms};

/// The namespace of our own metrics.
pub const OWN: &str = "AffiliateWebhooks/${AWS::StackName}";
/// AWS's metrics that are looked at, with their dimension.
const OF_AWS: [(&str, &str, &[&str]); 5] = [
    ("AWS/ApiGateway", "ApiId", &["4xx", "5xx", "Count", "IntegrationLatency", "Latency"]),
    ("AWS/DynamoDB", "TableName", &["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"]),
    (
        "AWS/Lambda",
        "FunctionName",
        &["Duration", "Errors", "Invocations", "IteratorAge", "Throttles"],
    ),
    ("AWS/Logs", "LogGroupName", &["IncomingBytes"]),
    (
        "AWS/SQS",
        "QueueName",
        &["ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"],
    ),
];
/// The longest description that `CloudWatch` takes, and the longest address of a
/// runbook that is thought of.
const LONGEST: (usize, usize) = (1024, 200);

/// The template, its tags as members: `!Ref X` is `{"Ref": "X"}`.
pub fn template() -> Value {
    plain(serde_norway::from_str(&documents::read("template.yaml")).unwrap())
}

fn plain(value: serde_norway::Value) -> Value {
    match value {
        serde_norway::Value::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            json!({ tag.trim_start_matches('!'): plain(tagged.value) })
        }
        serde_norway::Value::Mapping(members) => {
            let member = |(name, value): (serde_norway::Value, _)| {
                (name.as_str().unwrap().to_owned(), plain(value))
            };
            members.into_iter().map(member).collect::<Map<_, _>>().into()
        }
        serde_norway::Value::Sequence(items) => items.into_iter().map(plain).collect(),
        other => serde_json::to_value(other).unwrap(),
    }
}

/// The resources of a type, by logical id.
pub fn resources(template: &Value, kind: &str) -> BTreeMap<String, Value> {
    let all = template["Resources"].as_object().unwrap().iter();
    let of_kind = all.filter(|(_, resource)| resource["Type"] == kind);
    of_kind.map(|(id, resource)| (id.clone(), resource["Properties"].clone())).collect()
}

pub fn metric_alarms(template: &Value) -> BTreeMap<String, Value> {
    resources(template, "AWS::CloudWatch::Alarm")
}

pub fn composites(template: &Value) -> BTreeMap<String, Value> {
    resources(template, "AWS::CloudWatch::CompositeAlarm")
}

/// The name of an alarm, without the stack's.
pub fn name(alarm: &Value) -> &str {
    alarm["AlarmName"]["Sub"].as_str().unwrap().strip_prefix("${AWS::StackName}-").unwrap()
}

/// What an alarm says: what it means, the command to begin with, the section of the
/// runbook.
pub fn said(alarm: &Value) -> [&str; 3] {
    let lines: Vec<&str> = alarm["AlarmDescription"]["Sub"].as_str().unwrap().lines().collect();
    let [meaning, command, section] = lines.try_into().unwrap();
    let command = command.strip_prefix("Run: ").unwrap();
    [meaning, command, section.strip_prefix("${RunbookUrl}#").unwrap()]
}

#[test]
fn an_alarm_says_what_it_means_what_to_run_and_where_its_section_is() {
    let template = template();
    let runbook = documents::read("RUNBOOK.md");
    let anchors = links::anchors(&runbook);
    for alarm in metric_alarms(&template).values().chain(composites(&template).values()) {
        let (name, [meaning, command, anchor]) = (name(alarm), said(alarm));
        assert!(meaning.ends_with('.') && meaning.len() > 30, "{name}: {meaning}");
        let tool = command.split(' ').next().unwrap();
        assert!(["aws", "cargo", "curl", "for"].contains(&tool), "{name}: {command}");
        assert!(anchors.contains(anchor), "{name}: RUNBOOK.md has no section {anchor}");
        let (_, section) = runbook.split_once(&format!("\n### {anchor}\n")).unwrap();
        let section = section.split("\n### ").next().unwrap();
        let is_named = anchor == name || section.contains(&format!("`{name}`"));
        assert!(is_named, "{name} is not named in its section");
        for part in ["**Meaning.** ", "**Check.** ", "**Remedy.** "] {
            assert!(section.contains(part), "{anchor}: {part}");
        }
        let (longest, address) = LONGEST;
        assert!(meaning.len() + command.len() + anchor.len() + address < longest, "{name}");
        assert_eq!(alarm["OKActions"], alarm["AlarmActions"], "{name}");
    }
}

/// The commands name what there is: log groups, resources, outputs, subcommands.
#[test]
fn the_command_of_an_alarm_names_what_there_is() {
    let template = template();
    let groups = resources(&template, "AWS::Logs::LogGroup");
    let groups: BTreeSet<&str> =
        groups.values().map(|group| group["LogGroupName"]["Sub"].as_str().unwrap()).collect();
    let mut seen = 0;
    for alarm in metric_alarms(&template).values().chain(composites(&template).values()) {
        let (name, [_, command, _]) = (name(alarm), said(alarm));
        let looped = command.strip_prefix("for f in ").and_then(|rest| rest.split_once(';'));
        let each: Vec<&str> = looped.map_or(vec![""], |(names, _)| names.split(' ').collect());
        for rest in command.split("aws logs tail ").skip(1) {
            for one in &each {
                let group = rest.split(' ').next().unwrap().replace("$f", one);
                assert!(groups.contains(group.as_str()), "{name}: {group}");
                seen += 1;
            }
        }
        for rest in command.split("--logical-resource-id ").skip(1) {
            let id = rest.split(' ').next().unwrap();
            assert!(template["Resources"].get(id).is_some(), "{name}: {id}");
        }
        for rest in command.split("OutputKey=='").skip(1) {
            let output = rest.split('\'').next().unwrap();
            assert!(template["Outputs"].get(output).is_some(), "{name}: {output}");
        }
        if let Some(rest) = command.strip_prefix("cargo ops --stack ${AWS::StackName} ") {
            let page = documents::read("ops/README.md");
            let known = page.contains(&format!("| `{}` | ", rest.split(' ').next().unwrap()));
            assert!(known, "{name}: {rest}");
        }
    }
    assert!(seen > 20, "commands are not found any more: {seen}");
}

/// The alarms whose message another one gives.
fn grouped(template: &Value) -> BTreeSet<String> {
    let mut grouped = BTreeSet::new();
    for alarm in composites(template).values() {
        let rule = alarm["AlarmRule"]["Sub"].to_string();
        for rest in rule.split(r#"ALARM(\"${"#).skip(1) {
            let id = rest.split('}').next().unwrap().to_owned();
            assert!(grouped.insert(id), "{rest}: two tell of it");
        }
    }
    grouped
}

#[test]
fn an_outage_is_one_message_and_no_alarm_is_silent() {
    let template = template();
    let grouped = grouped(&template);
    let told = json!([
        { "If": ["HasAlarmTopic", { "Ref": "AlarmTopicArn" }, { "Ref": "AWS::NoValue" }] },
        { "If": ["HasAlarmEmail", { "Ref": "AlarmTopic" }, { "Ref": "AWS::NoValue" }] },
    ]);
    let told_of_each = json!({ "If": ["TellsOfEach", told, { "Ref": "AWS::NoValue" }] });
    let alarms = metric_alarms(&template);
    for id in &grouped {
        assert!(alarms.contains_key(id), "{id} is no alarm");
    }
    for (id, alarm) in &alarms {
        let expected = if grouped.contains(id) { &told_of_each } else { &told };
        assert_eq!(&alarm["AlarmActions"], expected, "{id}");
    }
    let runbook = documents::read("RUNBOOK.md");
    let (_, rows) = runbook.split_once("| tells | for |\n|---|---|\n").unwrap();
    let rows: Vec<&str> = rows.split_once("\n\n").unwrap().0.lines().collect();
    let row_of = |name: &str| {
        let named = |row: &&str| row.trim_matches(['|', ' ']).split([' ', ',']).any(|w| w == name);
        rows.iter().position(named).unwrap_or_else(|| panic!("{name} is in no row"))
    };
    for (id, alarm) in &alarms {
        assert_eq!(row_of(name(alarm)) < 2, grouped.contains(id), "{id}");
    }
    for alarm in composites(&template).values() {
        assert_eq!(alarm["AlarmActions"], told);
        assert!(rows.iter().take(2).any(|row| row.contains(&format!("[{}]", name(alarm)))));
    }
}

/// A metric that something looks at: its namespace, its name, its dimensions with
/// their values, where it names any.
#[derive(Debug)]
struct Looked {
    namespace: String,
    metric: String,
    dimensions: Vec<(String, Option<String>)>,
}

impl Looked {
    fn check(&self, template: &Value, by: &str) {
        let own: Vec<&str> = self.dimensions.iter().map(|(name, _)| name.as_str()).collect();
        if self.namespace != OWN {
            let [dimension] = own.as_slice() else { panic!("{by}: {self:?}") };
            let known = OF_AWS.iter().any(|(namespace, of, metrics)| {
                *namespace == self.namespace
                    && of == dimension
                    && metrics.contains(&self.metric.as_str())
            });
            assert!(known, "{by}: {self:?}");
            return;
        }
        if own.is_empty() {
            let filters = resources(template, "AWS::Logs::MetricFilter");
            let makes = |filter: &Value| {
                let made = &filter["MetricTransformations"][0];
                made["MetricName"] == self.metric.as_str() && made["MetricNamespace"]["Sub"] == OWN
            };
            assert!(filters.values().any(makes), "{by}: {self:?}");
            return;
        }
        let of_metric = PRINTED.iter().find(|(metrics, _)| metrics.contains(&self.metric.as_str()));
        let (_, sets) = of_metric.unwrap_or_else(|| panic!("{by}: nothing prints {self:?}"));
        assert!(sets.contains(&own.as_slice()), "{by}: {self:?}");
        let modules = rooms::modules();
        for (name, value) in &self.dimensions {
            let Some(value) = value else { continue };
            let stands = match name.as_str() {
                "provider" => ALL.iter().any(|own| own.provider.name() == value),
                "state" => State::ALL.iter().any(|state| state.name() == value),
                "outcome" => {
                    let is = |outcome| serde_json::to_value(outcome).unwrap() == value.as_str();
                    let own = format!("\"outcome\": {value:?}");
                    let prints = |code: &str| {
                        code.contains(&own) && code.contains(&format!("({:?}, ", self.metric))
                    };
                    self.metric != "Sweeps" && pages::OUTCOMES.into_iter().any(is)
                        || modules.iter().any(|(_, code)| prints(code))
                }
                _ => false,
            };
            assert!(stands, "{by}: {self:?}");
        }
    }
}

fn looked(metric: &Value) -> Looked {
    let namespace = &metric["Namespace"];
    let namespace = namespace["Sub"].as_str().or(namespace.as_str()).unwrap().to_owned();
    let dimensions = metric["Dimensions"].as_array().into_iter().flatten();
    let dimension = |of: &Value| {
        (of["Name"].as_str().unwrap().to_owned(), of["Value"].as_str().map(str::to_owned))
    };
    let metric = metric["MetricName"].as_str().unwrap().to_owned();
    Looked { namespace, metric, dimensions: dimensions.map(dimension).collect() }
}

#[test]
fn an_alarm_looks_at_metrics_that_are_there() {
    let template = template();
    for (id, alarm) in metric_alarms(&template) {
        let queries = alarm["Metrics"].as_array().unwrap();
        let mut expressions = String::new();
        let (mut ids, mut returned) = (Vec::new(), 0);
        for query in queries {
            returned += usize::from(query["ReturnData"].as_bool().unwrap());
            let Some(stat) = query.get("MetricStat") else {
                expressions += query["Expression"].as_str().unwrap();
                continue;
            };
            looked(&stat["Metric"]).check(&template, &id);
            check_range(&alarm, stat["Period"].as_u64().unwrap(), &id);
            ids.push(query["Id"].as_str().unwrap());
        }
        assert_eq!(returned, 1, "{id}: an alarm is on one series");
        assert!(ids.len() <= 10, "{id}: CloudWatch takes ten metrics");
        let uses = |of: &&str| expressions.contains("METRICS()") || expressions.contains(*of);
        assert!(ids.iter().all(uses), "{id}: {expressions}");
    }
}

/// `CloudWatch` looks back a day at most, and seven where a period is an hour or more.
fn check_range(alarm: &Value, period: u64, id: &str) {
    let evaluations = alarm["EvaluationPeriods"].as_u64().unwrap();
    let most = if period >= 3600 { 604_800 } else { 86_400 };
    assert!(period.is_multiple_of(60) && period * evaluations <= most, "{id}");
    assert!(alarm["DatapointsToAlarm"].as_u64().is_none_or(|of| of <= evaluations), "{id}");
}

/// The dashboard's body, in which references to resources stand as they are.
fn dashboard(template: &Value) -> Value {
    let [body] = resources(template, "AWS::CloudWatch::Dashboard")
        .into_values()
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    let [text, conditional] = body["DashboardBody"]["Sub"].as_array().unwrap().as_slice() else {
        panic!("{body}")
    };
    // With what is there on a condition.
    let mut text = text.as_str().unwrap().to_owned();
    for (name, value) in conditional.as_object().unwrap() {
        assert_eq!(value["If"][2], "", "{name}");
        let replaced =
            text.replace(&format!("${{{name}}}"), value["If"][1]["Sub"].as_str().unwrap());
        assert_ne!(replaced, text, "{name}");
        text = replaced;
    }
    for rest in text.split("${").skip(1) {
        let of = rest.split('}').next().unwrap().split('.').next().unwrap();
        let known = of.starts_with("AWS::")
            || template["Parameters"].get(of).is_some()
            || template["Resources"].get(of).is_some();
        assert!(known, "the dashboard names {of}");
    }
    // What is put in for the references has no character that JSON would mind.
    let substituted: String = text
        .split("${")
        .enumerate()
        .map(|(n, part)| if n == 0 { part } else { part.split_once('}').unwrap().1 })
        .collect();
    serde_json::from_str::<Value>(&substituted).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// What `SEARCH('{"namespace",dimension,…} MetricName="metric"', …)` looks at.
fn searched(expression: &str) -> Looked {
    let rest = expression.strip_prefix("SEARCH('{").unwrap();
    let (schema, rest) = rest.split_once("} MetricName=").unwrap();
    let mut parts = schema.split(',');
    let namespace = parts.next().unwrap().trim_matches('"').to_owned();
    let metric = rest.trim_start_matches('"').split('"').next().unwrap().to_owned();
    let dimensions = parts.map(|name| (name.to_owned(), None)).collect();
    Looked { namespace, metric, dimensions }
}

#[test]
fn the_dashboard_shows_metrics_that_are_there_and_every_alarm() {
    let template = template();
    let board = dashboard(&template);
    let mut shown = BTreeSet::new();
    let mut metrics = 0;
    for widget in board["widgets"].as_array().unwrap() {
        let properties = &widget["properties"];
        let title = properties["title"].as_str().unwrap();
        let end = widget["x"].as_u64().unwrap() + widget["width"].as_u64().unwrap();
        assert!(end <= 24, "{title}");
        for alarm in properties["alarms"].as_array().into_iter().flatten() {
            shown.insert(alarm.as_str().unwrap().to_owned());
        }
        for row in properties["metrics"].as_array().into_iter().flatten() {
            metrics += 1;
            if let Some(expression) = row[0]["expression"].as_str() {
                searched(expression).check(&template, title);
                continue;
            }
            let parts: Vec<&str> =
                row.as_array().unwrap().iter().filter_map(Value::as_str).collect();
            let [namespace, metric, dimensions @ ..] = parts.as_slice() else { panic!("{title}") };
            let dimensions = dimensions.chunks_exact(2).map(|pair| {
                let value = Some(pair[1].to_owned()).filter(|value| !value.starts_with("${"));
                (pair[0].to_owned(), value)
            });
            let looked = Looked {
                namespace: (*namespace).to_owned(),
                metric: (*metric).to_owned(),
                dimensions: dimensions.collect(),
            };
            looked.check(&template, title);
        }
    }
    assert!(metrics > 50, "metrics are not found any more: {metrics}");
    let (alarms, composites) = (metric_alarms(&template), composites(&template));
    let alarms = alarms.keys().chain(composites.keys());
    assert_eq!(shown, alarms.map(|id| format!("${{{id}.Arn}}")).collect());
}

/// The canary sends what is answered as UpPromote's ping, to an address of UpPromote's.
#[test]
fn the_canary_is_a_ping() {
    let template = template();
    let destination = &template["Resources"]["CanaryDestination"]["Properties"];
    let [condition, own, given] = &destination["InvocationEndpoint"]["If"].as_array().unwrap()[..]
    else {
        panic!("{destination}")
    };
    assert_eq!(condition, "HasDomain");
    let target = &template["Resources"]["CanaryRule"]["Properties"]["Targets"][0];
    let body = target["Input"].as_str().unwrap().as_bytes();
    let headers = http::HeaderMap::new();
    for (address, host) in [(own, "https://${DomainName}"), (given, "${WebhookApi.ApiEndpoint}")] {
        let path = address["Sub"].as_str().unwrap().strip_prefix(host).unwrap();
        let route = Route::of_path(ALL, path).unwrap();
        let is_ping = route.definition.is_ping.unwrap();
        assert!(is_ping(&Incoming { headers: &headers, body, path_token: None }));
        assert!(!is_ping(&Incoming { headers: &headers, body: b"{ }", path_token: None }));
    }
}

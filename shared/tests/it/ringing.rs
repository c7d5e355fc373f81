//! When an alarm goes off, when it ends, and by whom.
//!
//! `CloudWatch` looks beyond an alarm's periods for points that there are, whatever
//! `TreatMissingData` says, and those of `AWS/DynamoDB` it treats as it likes. So no
//! alarm may look at a series with gaps.

use serde_json::{Value, json};

use crate::alarms::{OWN, composites, metric_alarms, name, resources, said, template};

/// The longest that the newest point of a metric is waited for, in seconds: a point
/// that is filled in meanwhile is not the last word of its period.
const LATE: u64 = 300;
/// Spans that the sentences of alarms name, in seconds.
const SPANS: [(&str, u64); 4] = [
    ("a quarter of an hour", 900),
    ("half an hour", 1800),
    ("within an hour", 3600),
    ("within six hours", 21_600),
];
/// What a stranger's request may come to.
const OF_STRANGERS: [&str; 5] =
    ["method_not_allowed", "not_configured", "not_found", "too_large", "unauthorized"];

struct Watch {
    name: String,
    expression: String,
    stats: Vec<Value>,
    /// Seconds.
    period: u64,
    evaluated: u64,
    breaching: u64,
    rings_by_nothing: bool,
}

fn watches() -> Vec<Watch> {
    let of = |alarm: &Value| {
        let queries = alarm["Metrics"].as_array().unwrap();
        let expression = queries.iter().find_map(|query| query["Expression"].as_str()).unwrap();
        let stats = queries.iter().filter(|query| query.get("MetricStat").is_some()).cloned();
        let stats: Vec<Value> = stats.collect();
        let periods = stats.iter().map(|stat| stat["MetricStat"]["Period"].as_u64().unwrap());
        let period = periods.clone().max().unwrap();
        assert_eq!(periods.min(), Some(period), "one period for all");
        let operator = alarm["ComparisonOperator"].as_str().unwrap();
        Watch {
            name: name(alarm).to_owned(),
            expression: expression.to_owned(),
            stats,
            period,
            evaluated: alarm["EvaluationPeriods"].as_u64().unwrap(),
            breaching: alarm["DatapointsToAlarm"].as_u64().unwrap(),
            rings_by_nothing: operator.starts_with("Less"),
        }
    };
    metric_alarms(&template()).values().map(of).collect()
}

/// With a point in every period, an alarm goes off and ends by its own periods, and
/// can go off again.
#[test]
fn no_alarm_looks_at_a_series_with_gaps() {
    for Watch { name, expression, stats, .. } in watches() {
        assert!(!expression.contains('/'), "{name}: nothing by nothing is no point");
        let mut rest = expression.replace("FILL(METRICS(), 0)", "");
        let fills_all = rest != expression;
        for stat in &stats {
            let id = stat["Id"].as_str().unwrap();
            let filled = rest.replace(&format!("FILL({id}, 0)"), "");
            assert!(fills_all || filled != rest, "{name}: {id} is not filled");
            rest = filled;
        }
        let left: Vec<&str> = rest.split(|c: char| !c.is_alphabetic()).collect();
        let left: Vec<_> = left.into_iter().filter(|w| !["", "SUM", "MAX"].contains(w)).collect();
        assert!(left.is_empty(), "{name}: {left:?} of {expression}");
    }
}

#[test]
fn a_point_that_comes_late_neither_rings_nor_is_missed() {
    for (watch, alarm) in watches().iter().zip(metric_alarms(&template()).values()) {
        let Watch { name, period, evaluated, breaching, .. } = watch;
        if watch.rings_by_nothing {
            assert_eq!(evaluated, breaching, "{name}: by nothing in all of its periods");
            assert!(*evaluated >= 3 && *period >= LATE, "{name}");
            assert_eq!(alarm["TreatMissingData"], "breaching", "{name}");
        } else {
            assert_eq!(*breaching, 1, "{name}");
            assert!(period * evaluated >= 2 * LATE, "{name}: the newest point may be late");
            assert_eq!(alarm["TreatMissingData"], "notBreaching", "{name}");
        }
    }
}

/// The time that the sentence of an alarm names is the time that it looks at.
#[test]
fn an_alarm_looks_at_the_time_that_it_speaks_of() {
    let mut spoken = 0;
    for (watch, alarm) in watches().iter().zip(metric_alarms(&template()).values()) {
        let [meaning, ..] = said(alarm);
        for (_, seconds) in SPANS.iter().filter(|(span, _)| meaning.contains(span)) {
            assert_eq!(watch.period * watch.evaluated, *seconds, "{}: {meaning}", watch.name);
            spoken += 1;
        }
    }
    assert!(spoken >= 11, "sentences are not understood any more: {spoken}");
}

/// And what the runbook's table says of all of a row.
#[test]
fn what_is_for_later_is_told_of_as_often_as_the_runbook_says() {
    let runbook = crate::documents::read("RUNBOOK.md");
    let rows = runbook.lines().filter(|line| line.starts_with("| each for itself, once"));
    let watches = watches();
    let mut checked = 0;
    for row in rows {
        let seconds = if row.contains("once an hour") { 3600 } else { 86_400 };
        for watch in watches.iter().filter(|watch| row.contains(&watch.name)) {
            assert_eq!(watch.period * watch.evaluated, seconds, "{}", watch.name);
            checked += 1;
        }
    }
    assert_eq!(checked, 6);
}

/// A request that no sender vouches for rings nothing, nor takes a deployment back:
/// neither by what it comes to nor by the API's own counts, which know no senders.
#[test]
fn one_request_of_a_stranger_rings_nothing() {
    for Watch { name, stats, rings_by_nothing, .. } in watches() {
        for stat in &stats {
            let metric = &stat["MetricStat"]["Metric"];
            assert_ne!(metric["Namespace"], "AWS/ApiGateway", "{name}");
            let of_events = metric["Namespace"]["Sub"] == OWN && metric["MetricName"] == "Events";
            for dimension in metric["Dimensions"].as_array().into_iter().flatten() {
                let outcome = dimension["Value"].as_str().unwrap_or_default();
                assert!(!of_events || !OF_STRANGERS.contains(&outcome), "{name}: {outcome}");
                assert_eq!(outcome == "ping", name == "canary-missing" && rings_by_nothing);
            }
        }
    }
}

/// The status that the metric filters look at is in the access log, as a number, and
/// the one of the function as text: it has none where it did not answer.
#[test]
fn what_the_api_answers_itself_is_counted_from_the_access_log() {
    let template = template();
    let api = &template["Resources"]["WebhookApi"]["Properties"];
    let format = api["AccessLogSettings"]["Format"].as_str().unwrap();
    for logged in
        [r#""status":$context.status,"#, r#""functionStatus":"$context.integration.status","#]
    {
        assert!(format.contains(logged), "{format}");
    }
    let filters = resources(&template, "AWS::Logs::MetricFilter");
    let patterns = filters.values().map(|filter| filter["FilterPattern"].as_str().unwrap());
    let expected =
        [r#"{ ($.status >= 500) && ($.functionStatus != "503") }"#, "{ $.status = 429 }"];
    assert_eq!(patterns.collect::<Vec<_>>(), expected);
}

/// Of a stack that nobody watches there is nothing that is paid for by the month.
#[test]
fn what_watches_is_left_out_as_a_whole() {
    let template = template();
    let conditions = &template["Conditions"];
    let needs = |condition: &str| {
        let rule = conditions[condition].to_string();
        condition == "IsWatched" || rule.contains(r#"{"Condition":"IsWatched"}"#)
    };
    let mut watching = 0;
    for (id, resource) in template["Resources"].as_object().unwrap() {
        let kind = resource["Type"].as_str().unwrap();
        let watches = ["AWS::CloudWatch::", "AWS::SNS::", "AWS::Logs::MetricFilter"]
            .iter()
            .any(|prefix| kind.starts_with(prefix))
            || id.starts_with("Canary");
        if !watches {
            continue;
        }
        watching += 1;
        let condition = resource["Condition"].as_str().unwrap_or_default();
        let in_turn = condition == "TellsSomebody"
            && conditions[condition]
                == json!({ "Or": [{ "Condition": "HasAlarmEmail" }, { "Condition": "HasAlarmTopic" }] });
        assert!(needs(condition) || in_turn, "{id}: {condition}");
    }
    assert!(watching > 40, "{watching}");
    for condition in ["HasAlarmEmail", "HasAlarmTopic", "HasCanary"] {
        assert!(needs(condition), "{condition}");
    }
    assert_eq!(composites(&template).len(), 2);
}

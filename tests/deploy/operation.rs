//! What is done to a stack that runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use local::Sender;
use serde_json::{Value, json};
use tests::patience::Patience;
use tests::webhooks::payout;

use crate::deployment::{Deployment, STACK, signed};

/// The senders of the traffic.
const SENDERS: usize = 4;
/// Between two events of a sender: the update needs the machine too.
const PACE: Duration = Duration::from_millis(100);

/// Events sent by one sender until it is told to stop, each until it is taken, as a platform does; their number, and how many
/// tries were not answered 200.
async fn send(sender: Sender, name: usize, stop: Arc<AtomicBool>) -> (usize, usize) {
    let (mut events, mut refused) = (0, 0);
    while !stop.load(Ordering::Relaxed) {
        let id = traffic(name, events);
        let event = payout(&format!("evt-{id}"), "payout.created").of(&id);
        let mut patience = Patience::<()>::new();
        loop {
            let status = sender.send(&signed(&event)).await.map_or(0, |answer| answer.status);
            if status == 200 {
                break;
            }
            refused += 1;
            patience.wait([], || format!("{id} is never taken, last answered {status}")).await;
        }
        events += 1;
        tokio::time::sleep(PACE).await;
    }
    (events, refused)
}

/// The id of a payout of the traffic.
fn traffic(sender: usize, event: usize) -> String {
    format!("traffic-{sender}-{event}")
}

/// While the stack is updated, events are taken, and each that was taken is recorded.
pub async fn an_update_loses_nothing(stack: &mut Deployment, parameters: &[(&'static str, &str)]) {
    let stop = Arc::new(AtomicBool::new(false));
    let senders: Vec<_> = (0..SENDERS)
        .map(|name| tokio::spawn(send(stack.sender(), name, Arc::clone(&stop))))
        .collect();
    stack.update(parameters);
    stop.store(true, Ordering::Relaxed);
    let (mut sent, mut not_taken) = (0, 0);
    for (name, done) in join_all(senders).await.into_iter().enumerate() {
        let (events, refused) = done.unwrap();
        assert!(events > 0, "there was no traffic");
        for event in 0..events {
            let pk = format!("affonso#payout#{}", traffic(name, event));
            let record = stack.find_item(&pk, "record");
            let record = record.unwrap_or_else(|| panic!("{pk} was taken and is not recorded"));
            assert_eq!(record.number("version"), 1, "{record}");
        }
        sent += events;
        not_taken += refused;
    }
    println!("           {sent} events under way, {not_taken} tries not answered 200");
}

/// Without the right to write, an event is answered 503, the line says it to the metric that the alarm watches, and afterwards
/// the event is taken.
pub async fn a_missing_permission_is_told(stack: &Deployment) {
    let role = stack.physical("PayoutsFunctionRole");
    let named = stack.emulator.call("iam", "list_role_policies", &json!({"RoleName": role}));
    let mut policies = Vec::new();
    for name in named["PolicyNames"].as_array().unwrap() {
        let of = json!({"RoleName": role, "PolicyName": name});
        let document = stack.emulator.call("iam", "get_role_policy", &of)["PolicyDocument"].take();
        policies.push((name.clone(), document));
    }
    let put = |name: &Value, document: &Value| {
        let policy =
            json!({"RoleName": role, "PolicyName": name, "PolicyDocument": document.to_string()});
        stack.emulator.call("iam", "put_role_policy", &policy);
    };
    for (name, document) in &policies {
        put(name, &without(document, "dynamodb:PutItem"));
    }
    let event = payout("evt-unwritten", "payout.created").of("unwritten");
    let (answer, line) = stack.send_for_line(&signed(&event), "PayoutsLog").await;
    answer.is(503);
    assert_eq!(line["outcome"], "unavailable", "{line}");
    assert_rings(stack, &line, "unavailable");
    for (name, document) in &policies {
        put(name, document);
    }
    stack.post(&event).await.is(200);
}

/// A policy that allows all but one action.
fn without(document: &Value, action: &str) -> Value {
    let mut document = document.clone();
    let mut removed = 0;
    for statement in document["Statement"].as_array_mut().unwrap() {
        if let Some(actions) = statement["Action"].as_array_mut() {
            let before = actions.len();
            actions.retain(|allowed| allowed != action);
            removed += before - actions.len();
        }
    }
    assert_eq!(removed, 1, "{document}");
    document
}

/// A line counts in the metric that an alarm of the stack watches.
fn assert_rings(stack: &Deployment, line: &Value, alarm: &str) {
    let names = json!({"AlarmNames": [format!("{STACK}-{alarm}")]});
    let found = stack.emulator.call("cloudwatch", "describe_alarms", &names);
    let alarm = &found["MetricAlarms"][0];
    let dimensions = alarm["Dimensions"].as_array().unwrap();
    let names: Vec<_> = dimensions.iter().map(|dimension| &dimension["Name"]).collect();
    let metrics = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
    let watched = metrics.iter().any(|metrics| {
        let sets = metrics["Dimensions"].as_array().unwrap();
        let named = metrics["Metrics"].as_array().unwrap();
        metrics["Namespace"] == alarm["Namespace"]
            && sets.iter().any(|set| set.as_array().unwrap().iter().collect::<Vec<_>>() == names)
            && named.iter().any(|metric| metric["Name"] == alarm["MetricName"])
    });
    assert!(watched, "{alarm} does not watch {line}");
    for dimension in dimensions {
        assert_eq!(line[dimension["Name"].as_str().unwrap()], dimension["Value"], "{line}");
    }
}

/// The stack is deleted; the table and the secrets stay, with what is in them, and nothing else does.
pub fn what_is_kept_outlives_the_stack(stack: &Deployment) {
    let keys = || {
        let items = stack.items();
        items.iter().map(|item| [item.text("pk"), item.text("sk")]).collect::<Vec<_>>()
    };
    let kept = keys();
    assert!(!kept.is_empty());
    let (table, secrets) = (
        stack.output("TableName").to_owned(),
        ["WebhookSecretsArn", "ApiCredentialsArn"].map(|output| stack.output(output).to_owned()),
    );
    stack.delete();
    let emulator = &stack.emulator;
    let gone = emulator.try_call("cloudformation", "describe_stacks", &json!({"StackName": STACK}));
    assert!(gone.is_err_and(|refused| refused.contains("does not exist")));
    assert_eq!(keys(), kept);
    let described = emulator.call("dynamodb", "describe_table", &json!({"TableName": table}));
    assert_eq!(described["Table"]["DeletionProtectionEnabled"], true, "{described}");
    for secret in secrets {
        let value =
            emulator.call("secretsmanager", "get_secret_value", &json!({"SecretId": secret}));
        assert!(value["SecretString"].as_str().is_some_and(|value| value.len() > 2));
    }
    let left = |service: &str, operation: &str, list: &str, name: &str| {
        let answer = emulator.call(service, operation, &json!({}));
        let list = answer[list].as_array().cloned().unwrap_or_default();
        let names = list.iter().map(|item| item.get(name).unwrap_or(item).to_string());
        names.filter(|name| name.contains(STACK)).collect::<Vec<_>>()
    };
    for (service, operation, list, name) in [
        ("lambda", "list_functions", "Functions", "FunctionName"),
        ("apigatewayv2", "get_apis", "Items", "Name"),
        ("sqs", "list_queues", "QueueUrls", ""),
        ("logs", "describe_log_groups", "logGroups", "logGroupName"),
        ("iam", "list_roles", "Roles", "RoleName"),
        ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ] {
        assert_eq!(left(service, operation, list, name), Vec::<String>::new(), "{service}");
    }
}

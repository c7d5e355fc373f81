//! Demands on template.yaml itself, beyond what the local engines read of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::stage::template::{Source, Template, yaml};

const SHIPPED: &str = include_str!("../../../template.yaml");

fn shipped() -> Template {
    let given = [("FulfilFrom", "2026-01-01T00:00:00Z"), ("RewardRecipient", "promoter")];
    let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Template::read(SHIPPED, &BTreeMap::from(given), "http://127.0.0.1:1").unwrap()
}

/// A lease holds while its worker may still run, and a message stays hidden while
/// the lease holds: at least six time-outs long, as AWS advises.
#[test]
fn a_lease_outlives_its_worker_and_a_message_stays_hidden_as_long() {
    let template = shipped();
    for worker in ["DeliverFunction", "ConfirmFunction"] {
        let function = &template.functions[worker];
        let number = |text: &str| text.parse::<u64>().unwrap();
        let (timeout, lease) =
            (function.timeout.as_secs(), number(&function.environment["LEASE_SECONDS"]));
        let [Source::Queue(source)] = function.sources.as_slice() else { panic!("{worker}") };
        let queue = template.queues.iter().find(|queue| queue.name == source.queue).unwrap();
        let hidden = number(&queue.attributes["VisibilityTimeout"]);
        assert!(timeout < lease && lease <= hidden, "{worker}: {timeout} {lease} {hidden}");
        assert!(hidden >= 6 * timeout, "{worker}: {timeout} {hidden}");
    }
}

/// The actions that the policies of a function allow.
fn rights(function: &Value) -> BTreeSet<String> {
    let statements = function.pointer("/Properties/Policies/0/Statement").unwrap();
    let actions = statements.as_array().unwrap().iter().flat_map(|of| match &of["Action"] {
        Value::Array(actions) => actions.clone(),
        action => vec![action.clone()],
    });
    actions.map(|action| action.as_str().unwrap().to_owned()).collect()
}

/// A transaction needs the right to each of its operations: `aws/store` puts,
/// updates (a new epoch), and checks.
#[test]
fn each_function_has_the_rights_that_its_calls_need_and_no_other() {
    let document = yaml::parse(SHIPPED).unwrap();
    let reads = ["dynamodb:BatchGetItem", "dynamodb:GetItem"];
    let records = ["dynamodb:ConditionCheckItem", "dynamodb:PutItem"];
    let (epochs, secret, send) =
        ("dynamodb:UpdateItem", "secretsmanager:GetSecretValue", "sqs:SendMessage");
    let intake = [&reads[..], &records, &[secret]].concat();
    let works = [&reads[..], &records, &[epochs]].concat();
    let functions = [
        ("PayoutsFunction", intake.clone()),
        ("CommissionsFunction", intake.clone()),
        ("CustomersFunction", intake.clone()),
        ("AffiliatesFunction", intake.clone()),
        ("FulfilmentsFunction", intake),
        ("DispatchFunction", vec![send]),
        ("DeliverFunction", [&works[..], &[secret]].concat()),
        ("ConfirmFunction", [&works[..], &[secret, send]].concat()),
        ("SweepFunction", [&works[..], &["dynamodb:Query", send]].concat()),
    ];
    let names: BTreeSet<&str> = functions.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, shipped().functions.keys().map(String::as_str).collect());
    for (name, needed) in functions {
        let function = &document["Resources"][name];
        let needed: BTreeSet<String> = needed.into_iter().map(str::to_owned).collect();
        assert_eq!(rights(function), needed, "{name}");
    }
}

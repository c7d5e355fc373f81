//! The rights of the template are those that the functions use.

use std::collections::BTreeSet;

use serde_norway::Value;
use tests::recorder::{Actions, actions_during};

use crate::{behind, certain, epochs, fulfilment, samples};

/// What Lambda does in a function's name before and after it runs: take from its queue
/// or stream, write its log.
const OF_LAMBDA: [&str; 9] = [
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
];

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Sequence(items) => items.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// The rights of each function; those to a key, which stand in a condition, are
/// nobody's call.
fn allowed() -> Actions {
    let template: Value = serde_norway::from_str(include_str!("../../template.yaml")).unwrap();
    let resources = template["Resources"].as_mapping().unwrap();
    let functions =
        resources.iter().filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function");
    let rights = |resource: &Value| -> BTreeSet<String> {
        let policy = match &resource["Properties"]["Role"] {
            Value::Tagged(role) => {
                let role = role.value.as_str().unwrap().split('.').next().unwrap();
                resources[role]["Properties"]["Policies"][0]["PolicyDocument"].clone()
            }
            _ => resource["Properties"]["Policies"][0].clone(),
        };
        let statements = policy["Statement"].as_sequence().unwrap().clone();
        let plain = statements.iter().filter(|statement| statement.is_mapping());
        let actions = plain.flat_map(|statement| texts(&statement["Action"]));
        actions.filter(|action| !OF_LAMBDA.contains(&action.as_str())).collect()
    };
    functions.map(|(id, resource)| (id.as_str().unwrap().to_owned(), rights(resource))).collect()
}

/// The conversations in which the functions do all that they ever do.
fn conversations() {
    samples::every_sample_is_answered_and_leaves_what_it_says();
    fulfilment::a_withdrawal_after_delivery_waits_for_a_person_or_is_delivered_too();
    fulfilment::v1_by_response_holds_its_answer_until_the_delivery();
    fulfilment::without_the_stream_the_sweep_alone_settles_everything();
    behind::terms_that_contradict_a_fresh_event_are_asked_for_again();
    certain::what_only_the_api_denied_waits_for_a_person_until_its_event_comes();
    certain::what_the_record_says_is_approved_since_goes_on_by_the_sweep();
    epochs::while_the_endpoint_takes_it_back();
    epochs::while_the_platform_is_told();
    epochs::while_the_platform_never_gets_done();
}

/// The actions of what runs one program, together: its functions do what comes to them,
/// and anything may come to any.
fn by_program(actions: Actions) -> Actions {
    let receives = ["Payouts", "Commissions", "Customers", "Affiliates", "Fulfilments"];
    let mut programs = Actions::new();
    for (function, actions) in actions {
        let name = function.trim_end_matches("Function");
        let program = if receives.contains(&name) { "Receive" } else { name };
        programs.entry(program.to_owned()).or_default().extend(actions);
    }
    programs
}

#[test]
fn the_functions_may_do_what_they_do_and_no_more() {
    let done = by_program(actions_during(conversations));
    assert_eq!(done, by_program(allowed()));
    let receiving: BTreeSet<_> = allowed()
        .into_iter()
        .filter(|(_, actions)| actions.contains("secretsmanager:GetSecretValue"))
        .filter(|(_, actions)| !actions.contains("dynamodb:UpdateItem"))
        .map(|(_, actions)| actions)
        .collect();
    assert_eq!(receiving.len(), 1, "who receives may do the same");
}

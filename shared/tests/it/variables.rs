//! The variables that the template sets for a function are those that its program
//! reads.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_norway::Value;
use shared::aws::Aws;
use shared::aws::queue::Queues;
use shared::platform::PlatformSettings;
use shared::provider::{ALL, REWARDS};
use shared::receive::Receiver;
use shared::settings::Env;
use shared::work::Worker;

use crate::settings::READ_ELSEWHERE;

/// What a program makes of its environment when it starts.
type Start = fn(Env) -> bool;

/// The programs by the name of their binary.
const PROGRAMS: [(&str, Start); 5] = [
    ("receive", |env| Receiver::from_env(ALL, env).is_ok()),
    ("dispatch", |env| {
        let aws = Aws::from_env(env);
        aws.is_ok_and(|aws| Queues::from_env(aws.sqs(), env).is_ok())
    }),
    ("deliver", |env| Worker::from_env(REWARDS, env).is_ok()),
    ("confirm", |env| {
        Worker::from_env(REWARDS, env).is_ok() && PlatformSettings::read(env).is_ok()
    }),
    ("sweep", |env| Worker::from_env(REWARDS, env).is_ok()),
];

/// A value that is taken for every variable which needs one.
fn value(name: &str) -> &'static str {
    match name {
        "FULFILMENT_SOURCE" => "off",
        "FULFIL_FROM" => "2026-01-01T00:00:00Z",
        "REWARD_RECIPIENT" => "promoter",
        "AWS_REGION" => "eu-west-1",
        _ if name.ends_with("_URL") => "https://example.com/a",
        _ if name.ends_with("_ID") || name.ends_with("_NAME") => "x",
        _ if name.starts_with("AWS_") => "x",
        // As unset: every other one has a default.
        _ => "",
    }
}

fn names(of: &Value) -> BTreeSet<String> {
    let variables = of["Environment"]["Variables"].as_mapping().into_iter().flatten();
    variables.map(|(name, _)| name.as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_function_is_set_what_its_program_reads() {
    let template: Value = serde_norway::from_str(include_str!("../../../template.yaml")).unwrap();
    let global = names(&template["Globals"]["Function"]);
    let programs = BTreeMap::from(PROGRAMS);
    let mut seen = BTreeSet::new();
    for (id, resource) in template["Resources"].as_mapping().unwrap() {
        if resource["Type"] != "AWS::Serverless::Function" {
            continue;
        }
        let id = id.as_str().unwrap();
        let own = names(&resource["Properties"]);
        let program = resource["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap();
        let (read, of_lambda) = (RefCell::new(BTreeSet::new()), |name: &str| {
            ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].contains(&name)
        });
        let env = |name: &str| {
            read.borrow_mut().insert(name.to_owned());
            let is_set = of_lambda(name) || own.contains(name) || global.contains(name);
            is_set.then(|| value(name).to_owned()).filter(|value| !value.is_empty())
        };
        assert!(programs[program](&env), "{id}: it does not start on what it is set");
        let read = read.into_inner();
        let unread = |names: &BTreeSet<String>| -> Vec<String> {
            let unread = names.iter().filter(|name| !read.contains(*name));
            unread.filter(|name| !READ_ELSEWHERE.contains(&name.as_str())).cloned().collect()
        };
        assert_eq!(unread(&own), [""; 0], "{id}");
        // What all are set, most read: who receives, each of it.
        if program == "receive" {
            assert_eq!(unread(&global), [""; 0], "{id}");
        }
        seen.insert(program.to_owned());
    }
    assert_eq!(seen.len(), PROGRAMS.len());
}

//! Demands on template.yaml itself, beyond what the local engines read of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

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

/// SAM builds once what it finds equal: folder and metadata. What differs in anything is
/// linked again, with the same result.
#[test]
fn what_shares_a_program_is_built_once() {
    let document = yaml::parse(SHIPPED).unwrap();
    let mut builds: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for (id, function) in shipped().functions {
        let resource = &document["Resources"][&id];
        let (folder, metadata) = (&resource["Properties"]["CodeUri"], &resource["Metadata"]);
        assert_eq!(folder, &json!(format!("functions/{}", function.binary)), "{id}");
        let build = builds.entry(function.binary).or_default();
        build.push(metadata);
        assert_eq!(build[0], metadata, "{id}");
    }
    let shared: Vec<_> = builds.iter().filter(|(_, functions)| functions.len() > 1).collect();
    assert_eq!(shared.len(), 1, "{shared:?}");
    assert_eq!((shared[0].0.as_str(), shared[0].1.len()), ("receive", 5));
}

/// The parameters that a value refers to.
fn parameters(document: &Value, value: &Value) -> BTreeSet<String> {
    match value {
        Value::Object(map) => {
            let own = map.get("Ref").and_then(Value::as_str);
            let own = own.filter(|name| document["Parameters"].get(name).is_some());
            let inner = map.values().flat_map(|value| parameters(document, value));
            own.map(str::to_owned).into_iter().chain(inner).collect()
        }
        Value::Array(items) => items.iter().flat_map(|item| parameters(document, item)).collect(),
        _ => BTreeSet::new(),
    }
}

/// A version of a function keeps what it was published with. Another value of whatever
/// a version keeps has to make another one, so it stands among the settings, which are
/// its description; and the function has to differ, or there is none to be published.
#[test]
fn another_setting_publishes_a_version_of_every_function() {
    let document = yaml::parse(SHIPPED).unwrap();
    let settings = json!({"Ref": "Settings"});
    let global = &document["Globals"]["Function"];
    assert_eq!(global["Environment"]["Variables"]["SETTINGS_VERSION"], settings);
    assert_eq!(global["AutoPublishAlias"], "live");
    let mut kept = BTreeSet::new();
    for id in shipped().functions.keys() {
        let own = &document["Resources"][id]["Properties"];
        assert_eq!(own["VersionDescription"], settings, "{id}");
        assert_eq!(own["AutoPublishAliasAllProperties"], true, "{id}");
        for property in ["Architectures", "Environment", "KmsKeyArn", "MemorySize", "Timeout"] {
            kept.extend(parameters(&document, &own[property]));
            kept.extend(parameters(&document, &global[property]));
        }
    }
    let content = &document["Resources"]["Settings"]["Properties"]["Content"]["Fn::Sub"];
    let lines = content.as_str().unwrap().lines().map(|line| line.split_once('=').unwrap());
    let said = lines.map(|(name, value)| {
        assert_eq!(value, format!("${{{name}}}"));
        name.to_owned()
    });
    assert_eq!(said.collect::<BTreeSet<_>>(), kept);
}

/// The commands between build and deploy find the one line that names a deploy, and what
/// they write there is a text, whatever the time. It is no parameter: SAM names a version
/// for what stands in the template.
#[test]
fn a_deploy_is_named_in_one_place_of_the_template() {
    let document = yaml::parse(SHIPPED).unwrap();
    let named = &document["Globals"]["Function"]["Environment"]["Variables"]["RELEASE"];
    assert_eq!(named, "unnamed");
    assert_eq!(SHIPPED.matches("RELEASE: ").count(), 1);
    let command = "\"s/RELEASE: .*/RELEASE: $(date -u +%Y%m%d-%H%M%S)";
    for (page, deploys) in [
        (include_str!("../../../README.md"), 1),
        // As a rule, from an archive, by Terraform.
        (include_str!("../../../docs/deploying.md"), 3),
        (include_str!("../../../.github/workflows/ci.yml"), 1),
    ] {
        assert_eq!(page.matches(command).count(), deploys);
    }
    let released = SHIPPED.replace("RELEASE: unnamed", "RELEASE: 20260228-081500");
    let document = yaml::parse(&released).unwrap();
    let named = &document["Globals"]["Function"]["Environment"]["Variables"]["RELEASE"];
    assert_eq!(named, "20260228-081500");
}

/// Rolling back moves every function, or none.
#[test]
fn rolling_back_names_every_function() {
    let page = include_str!("../../../docs/deploying.md");
    let (_, rest) = page.split_once("for name in ").unwrap();
    let (names, _) = rest.split_once(';').unwrap();
    let moved: BTreeSet<_> = names.split(' ').map(|name| format!("{name}Function")).collect();
    assert_eq!(moved, shipped().functions.into_keys().collect());
    assert!(rest.contains(&format!("back.txt)\" = {} && ", moved.len())));
}

/// What takes a new version back is named, and not referred to.
#[test]
fn the_alarms_that_end_a_deployment_are_alarms_of_the_template() {
    let document = yaml::parse(SHIPPED).unwrap();
    let preference = &document["Globals"]["Function"]["DeploymentPreference"];
    let resources = document["Resources"].as_object().unwrap().values();
    let alarms: Vec<_> = resources.map(|resource| &resource["Properties"]["AlarmName"]).collect();
    let [condition, watched, _] = preference["Alarms"]["Fn::If"].as_array().unwrap().as_slice()
    else {
        panic!("{preference}")
    };
    assert_eq!(condition, "IsWatched");
    for name in watched.as_array().unwrap() {
        assert!(alarms.contains(&name), "{name}");
    }
    let types = &document["Parameters"]["DeploymentPreference"]["AllowedValues"];
    let gradual = document["Mappings"]["ByCodeDeploy"].as_object().unwrap();
    assert_eq!(
        types
            .as_array()
            .unwrap()
            .iter()
            .map(|kind| kind.as_str().unwrap())
            .collect::<BTreeSet<_>>(),
        gradual.keys().map(String::as_str).collect()
    );
    let moves = &document["Resources"]["RolloutRole"]["Properties"]["Policies"][0];
    let moves = &moves["PolicyDocument"]["Statement"][0]["Resource"];
    let moved = moves.as_array().unwrap().iter().map(|arn| arn["Fn::Sub"].as_str().unwrap());
    let functions = shipped().functions.into_keys().map(|id| format!("${{{id}.Arn}}*"));
    assert_eq!(moved.map(str::to_owned).collect::<BTreeSet<_>>(), functions.collect());
    for (kind, entry) in gradual {
        assert_eq!(entry["Enabled"], kind != "AllAtOnce", "{kind}");
    }
}

/// A worker's own part of the account's concurrency is not less than its queue starts:
/// what is throttled counts as received, and ends among the dead letters.
#[test]
fn reserved_concurrency_is_what_the_queues_start() {
    let document = yaml::parse(SHIPPED).unwrap();
    let mut of_workers = 0;
    for (id, function) in shipped().functions {
        let reserved = &document["Resources"][&id]["Properties"]["ReservedConcurrentExecutions"];
        let parts = reserved["Fn::If"].as_array().unwrap();
        assert_eq!((&parts[0], &parts[2]), (&json!("IsReserved"), &json!({"Ref": "AWS::NoValue"})));
        match function.sources.as_slice() {
            [Source::Http { .. }, ..] => {
                assert_eq!(parts[1], json!({"Ref": "ReservedConcurrency"}));
            }
            sources => {
                let own = parts[1].as_u64().unwrap();
                of_workers += own;
                if let [Source::Queue(_)] = sources {
                    let events = &document["Resources"][&id]["Properties"]["Events"];
                    let most = &events["Step"]["Properties"]["ScalingConfig"]["MaximumConcurrency"];
                    assert_eq!(most.as_u64(), Some(own), "{id}");
                }
            }
        }
    }
    let said = document["Parameters"]["ReservedConcurrency"]["Description"].as_str().unwrap();
    assert!(said.contains(&format!("Five times this and {of_workers} ")), "{said}");
}

/// A stream's failures have somewhere to go: what a batch says that is given up on
/// is said nowhere else.
#[test]
fn a_stream_that_is_given_up_on_leaves_word() {
    let template = shipped();
    let sources = template.functions.values().flat_map(|function| &function.sources);
    let streams: Vec<_> = sources
        .filter_map(|source| match source {
            Source::Stream(stream) => Some(stream),
            _ => None,
        })
        .collect();
    assert!(!streams.is_empty());
    for stream in streams {
        assert_eq!(stream.on_failure.as_deref(), Some("StreamFailures"));
    }
}

/// The policies of a function: its own, or those of the role that it names.
fn statements<'a>(document: &'a Value, function: &str) -> Vec<&'a Value> {
    let resources = &document["Resources"];
    let properties = &resources[function]["Properties"];
    let policy = match properties["Role"]["Fn::GetAtt"][0].as_str() {
        Some(role) => &resources[role]["Properties"]["Policies"][0]["PolicyDocument"],
        None => &properties["Policies"][0],
    };
    policy["Statement"].as_array().unwrap().iter().collect()
}

/// What a statement allows, each action with its resources. Whether there is a key is
/// the only condition.
fn allowed(statement: &Value) -> Vec<(String, Value)> {
    let statement = match statement.get("Fn::If") {
        Some(parts) => {
            assert_eq!(
                (&parts[0], &parts[2]),
                (&json!("HasKmsKey"), &json!({"Ref": "AWS::NoValue"}))
            );
            &parts[1]
        }
        None => statement,
    };
    let listed = |value: &Value| match value {
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    };
    let resources = listed(&statement["Resource"]);
    let actions = listed(&statement["Action"]);
    let pairs = actions.iter().flat_map(|action| {
        resources.iter().map(|of| (action.as_str().unwrap().to_owned(), of.clone()))
    });
    pairs.collect()
}

/// A transaction needs the right to each of its operations: `aws/store` puts,
/// updates (a new epoch), and checks. The rights to take from a queue or a stream and
/// to write the log are those of the event source and of Lambda; SAM would give them
/// for everything in the account.
#[test]
fn each_function_has_the_rights_that_its_calls_need_and_no_other() {
    let document = yaml::parse(SHIPPED).unwrap();
    let reads = ["dynamodb:BatchGetItem", "dynamodb:GetItem"];
    let records = ["dynamodb:ConditionCheckItem", "dynamodb:PutItem"];
    let (epochs, secret, send) =
        ("dynamodb:UpdateItem", "secretsmanager:GetSecretValue", "sqs:SendMessage");
    // DynamoDB names these four for whoever uses a table that is encrypted with a key;
    // what sends or takes messages needs the first two of them.
    let (decrypt, encrypt) = ("kms:Decrypt", "kms:GenerateDataKey");
    let key = [decrypt, encrypt, "kms:DescribeKey", "kms:Encrypt"];
    let logs = ["logs:CreateLogStream", "logs:PutLogEvents"];
    let takes = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];
    let follows = [
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
    ];
    let intake = [&reads[..], &records, &key, &[secret]].concat();
    let works = [&reads[..], &records, &key, &[epochs]].concat();
    let takes = [&works[..], &takes, &logs, &[secret]].concat();
    let functions = [
        ("PayoutsFunction", intake.clone()),
        ("CommissionsFunction", intake.clone()),
        ("CustomersFunction", intake.clone()),
        ("AffiliatesFunction", intake.clone()),
        ("FulfilmentsFunction", intake),
        ("DispatchFunction", [&follows[..], &logs, &[send, decrypt, encrypt]].concat()),
        ("DeliverFunction", takes.clone()),
        ("ConfirmFunction", [&takes[..], &[send]].concat()),
        ("SweepFunction", [&works[..], &["dynamodb:Query", send]].concat()),
    ];
    let names: BTreeSet<&str> = functions.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, shipped().functions.keys().map(String::as_str).collect());
    for (name, needed) in functions {
        let statements = statements(&document, name);
        let allowed = statements.into_iter().flat_map(allowed).map(|(action, _)| action);
        let needed: BTreeSet<String> = needed.into_iter().map(str::to_owned).collect();
        assert_eq!(allowed.collect::<BTreeSet<_>>(), needed, "{name}");
    }
}

/// Whatever is allowed, is allowed of a resource of this stack, or of the key that it
/// was given. Only a stream's own part of a name is not known before there is one.
#[test]
fn no_right_reaches_beyond_the_stack() {
    let document = yaml::parse(SHIPPED).unwrap();
    for function in shipped().functions.keys() {
        for (action, resource) in statements(&document, function).into_iter().flat_map(allowed) {
            let own = resource.pointer("/Fn::GetAtt/0").and_then(Value::as_str);
            let stands = match (own, resource["Fn::Sub"].as_str()) {
                (Some(id), _) => document["Resources"].get(id).is_some(),
                (_, Some("${Ledger.Arn}/index/open-work")) => action == "dynamodb:Query",
                (_, Some("${Ledger.Arn}/stream/*")) => action == "dynamodb:ListStreams",
                _ => resource == json!({"Ref": "KmsKeyArn"}) && action.starts_with("kms:"),
            };
            assert!(stands, "{function}: {action} of {resource}");
        }
    }
}

/// A dead-letter queue takes messages of its queue only, which it names before there
/// is one.
#[test]
fn a_dead_letter_queue_says_whose_it_is() {
    let document = yaml::parse(SHIPPED).unwrap();
    for (queue, dead_letters) in
        [("DeliverQueue", "DeliverDeadLetters"), ("ConfirmQueue", "ConfirmDeadLetters")]
    {
        let properties = |id: &str| &document["Resources"][id]["Properties"];
        let target = &properties(queue)["RedrivePolicy"]["deadLetterTargetArn"];
        assert_eq!(target["Fn::GetAtt"][0], dead_letters);
        let name = properties(queue)["QueueName"]["Fn::Sub"].as_str().unwrap();
        let policy = &properties(dead_letters)["RedriveAllowPolicy"];
        assert_eq!(policy["redrivePermission"], "byQueue");
        let arn = policy["sourceQueueArns"][0]["Fn::Sub"].as_str().unwrap();
        assert_eq!(
            arn.rsplit_once("}:"),
            Some(("arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId", name))
        );
    }
}

/// With a key, everything that holds data of events is encrypted with it.
#[test]
fn a_key_is_used_for_all_that_is_kept() {
    let document = yaml::parse(SHIPPED).unwrap();
    let key = json!({"Fn::If": ["HasKmsKey", {"Ref": "KmsKeyArn"}, {"Ref": "AWS::NoValue"}]});
    let mut kinds = BTreeSet::new();
    for (id, resource) in document["Resources"].as_object().unwrap() {
        let kind = resource["Type"].as_str().unwrap();
        let place = match kind {
            "AWS::DynamoDB::Table" => "/SSESpecification/KMSMasterKeyId",
            "AWS::Logs::LogGroup" | "AWS::SecretsManager::Secret" => "/KmsKeyId",
            "AWS::SNS::Topic" | "AWS::SQS::Queue" => "/KmsMasterKeyId",
            _ => continue,
        };
        assert_eq!(resource["Properties"].pointer(place), Some(&key), "{id}");
        kinds.insert(kind);
    }
    assert_eq!(kinds.len(), 5);
    assert_eq!(document["Globals"]["Function"]["KmsKeyArn"], key);
}

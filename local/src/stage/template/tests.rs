use serde_json::json;

use super::*;

const TEMPLATE: &str = r#"
Parameters:
  Level: {Type: String, Default: info, AllowedValues: [info, trace]}
  Endpoint: {Type: String, Default: ''}
  Since: {Type: String}
Conditions:
  HasEndpoint: !Not [!Equals [!Ref Endpoint, '']]
  Verbose: !And [!Condition HasEndpoint, !Or [!Equals [!Ref Level, trace], !Equals [a, b]]]
Globals:
  Function:
    Timeout: 10
    Environment:
      Variables:
        TABLE: !Ref Ledger
        LEVEL: !Ref Level
        SINCE: !Ref Since
        ENDPOINT: !If [HasEndpoint, !Ref Endpoint, !Ref AWS::NoValue]
Resources:
  Ledger:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
      TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
  Dead:
    Type: AWS::SQS::Queue
  Work:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub '${AWS::StackName}-work'
      VisibilityTimeout: 90
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: '3'}
  Keys:
    Type: AWS::SecretsManager::Secret
    Properties: {Name: !Sub '${AWS::StackName}/keys'}
  Payouts:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: rust-cargolambda, BuildProperties: {Binary: payouts}}
    Properties:
      CodeUri: .
      Timeout: 12
      Policies: [{Statement: !Anything [x]}]
      Environment:
        Variables:
          QUEUE: !Ref Work
          KEYS: !Ref Keys
          BOTH: !Join ['-', [!Ref Level, !Select [1, !Split [',', 'x,y']]]]
      Events:
        Paid: {Type: HttpApi, Properties: {Path: '/paid/{id}', Method: post}}
        Changes:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Ledger.StreamArn
            StartingPosition: TRIM_HORIZON
            MaximumRetryAttempts: 4
            BisectBatchOnFunctionError: true
            FunctionResponseTypes: [ReportBatchItemFailures]
            DestinationConfig: {OnFailure: {Destination: !GetAtt Dead.Arn}}
            FilterCriteria: {Filters: [{Pattern: '{"dynamodb":{"NewImage":{"due":{"S":[{"exists":true}]}}}}'}]}
  Sweep:
    Type: AWS::Serverless::Function
    Condition: Verbose
    Properties:
      CodeUri: functions/sweep/
      Events:
        Work: {Type: SQS, Properties: {Queue: !GetAtt Work.Arn, BatchSize: 5, ScalingConfig: {MaximumConcurrency: 2}}}
        Clock: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(5 minutes)}}
"#;

fn read(overrides: &[(&str, &str)]) -> Result<Template, TemplateError> {
    let overrides =
        overrides.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Template::read(TEMPLATE, &overrides, "http://127.0.0.1:9324")
}

#[test]
fn parameters_globals_and_references_reach_the_environment() {
    let template = read(&[("Since", "2026-01-01T00:00:00Z")]).unwrap();
    let payouts = &template.functions["Payouts"];
    assert_eq!(
        serde_json::to_value(&payouts.environment).unwrap(),
        json!({
            "TABLE": "Ledger", "LEVEL": "info", "SINCE": "2026-01-01T00:00:00Z",
            "QUEUE": "http://127.0.0.1:9324/000000000000/local-work", "KEYS": "local/keys", "BOTH": "info-y",
        })
    );
    assert_eq!((payouts.binary.as_str(), payouts.timeout.as_secs()), ("payouts", 12));
    assert_eq!(template.secrets["Keys"], "local/keys");
}

#[test]
fn conditions_decide_about_values_and_resources() {
    let off = read(&[("Since", "x")]).unwrap();
    assert!(!off.functions.contains_key("Sweep"));
    let on = read(&[("Since", "x"), ("Endpoint", "http://e"), ("Level", "trace")]).unwrap();
    assert_eq!(on.functions["Payouts"].environment["ENDPOINT"], "http://e");
    let sweep = &on.functions["Sweep"];
    assert_eq!((sweep.binary.as_str(), sweep.timeout.as_secs()), ("sweep", 10));
}

#[test]
fn event_sources_are_read_with_their_settings() {
    let template = read(&[("Since", "x"), ("Endpoint", "e"), ("Level", "trace")]).unwrap();
    let [Source::Stream(stream), Source::Http { method, path }] =
        template.functions["Payouts"].sources.as_slice()
    else {
        panic!("sources: {:?}", template.functions["Payouts"].sources)
    };
    assert_eq!((method.as_str(), path.as_str()), ("POST", "/paid/{id}"));
    assert_eq!((stream.table.as_str(), stream.retries, stream.bisects), ("Ledger", Some(4), true));
    assert_eq!(stream.on_failure.as_deref(), Some("Dead"));
    assert!(stream.reports_failures);
    assert!(
        stream
            .filter
            .matches(&json!({ "dynamodb": { "NewImage": { "due": { "S": "deliver#1" } } } }))
    );
    assert!(!stream.filter.matches(&json!({ "dynamodb": { "NewImage": { "pk": { "S": "x" } } } })));
    let [Source::Schedule(clock), Source::Queue(queue)] =
        template.functions["Sweep"].sources.as_slice()
    else {
        panic!("sources: {:?}", template.functions["Sweep"].sources)
    };
    assert_eq!(clock.every.as_secs(), 300);
    assert_eq!((queue.queue.as_str(), queue.batch_size, queue.concurrency), ("local-work", 5, 2));
}

#[test]
fn tables_and_queues_become_what_the_engines_take() {
    let template = read(&[("Since", "x")]).unwrap();
    let table = &template.tables[0];
    assert_eq!(table.create["StreamSpecification"]["StreamEnabled"], json!(true));
    assert!(table.create.get("PointInTimeRecoverySpecification").is_none());
    assert_eq!(table.ttl.as_deref(), Some("expires_at"));
    assert_eq!(template.queues[0].name, "Dead");
    let policy: Value =
        serde_json::from_str(&template.queues[1].attributes["RedrivePolicy"]).unwrap();
    assert_eq!(policy["maxReceiveCount"], json!(3));
}

#[test]
fn mistakes_name_their_place() {
    for (overrides, expected) in [
        (vec![], "Parameters/Since has no default"),
        (
            vec![("Since", "x"), ("Level", "loud")],
            "Parameters/Level is \"loud\", but must be one of info, trace",
        ),
        (
            vec![("Since", "x"), ("Nope", "x")],
            "Parameters has no Nope, only Endpoint, Level, Since",
        ),
    ] {
        let message = read(&overrides).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
    let broken = TEMPLATE.replace("!Ref Ledger", "!Ref Ledgre");
    let since = BTreeMap::from([("Since".to_owned(), "x".to_owned())]);
    let message = Template::read(&broken, &since, "http://q").unwrap_err().to_string();
    assert_eq!(
        message,
        "template: Globals/Function/Environment/Variables/TABLE/Ref names the unknown Ledgre"
    );
}

#[test]
fn parameters_are_listed() {
    let head = TEMPLATE.split("Conditions").next().unwrap();
    assert_eq!(Template::parameters(head).unwrap(), ["Endpoint", "Level", "Since"]);
}

#[test]
fn what_cloudformation_would_refuse_is_refused() {
    const CONSTRAINED: &str = r#"
Parameters:
  Pairs: {Type: String, Default: '', AllowedPattern: '^$|^\d+=on$|off', ConstraintDescription: 'numbers, each with =on'}
  Url: {Type: String, Default: 'https://a.example', AllowedPattern: '^https?://\S+[^/]$'}
  Hold: {Type: Number, Default: 6, MinValue: 0, MaxValue: 8}
  Days: {Type: Number, Default: 30, AllowedValues: [1, 30], ConstraintDescription: a number of days that is in use}
  Names: {Type: CommaDelimitedList, Default: 'a, b', AllowedPattern: '[a-z]'}
  Recipient: {Type: String, Default: promoter}
Rules:
  PairsAreGiven:
    RuleCondition: !Equals [!Ref Recipient, rules]
    Assertions: [{Assert: !Not [!Equals [!Ref Pairs, '']], AssertDescription: Recipient "rules" needs Pairs}]
  Always:
    Assertions: [{Assert: !Not [!Equals [!Ref Recipient, nobody]]}]
"#;
    let refused = |overrides: &[(&str, &str)]| {
        let overrides = overrides
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let read = Template::read(CONSTRAINED, &overrides, "http://q");
        read.err().map(|error| error.to_string())
    };
    for taken in [
        vec![],
        vec![("Pairs", "17=on")],
        vec![("Url", "http://127.0.0.1:8000/x")],
        vec![("Hold", "0")],
        vec![("Hold", "7.5")],
        vec![("Days", "1")],
        vec![("Recipient", "rules"), ("Pairs", "off")],
    ] {
        assert_eq!(refused(&taken), None, "{taken:?}");
    }
    let pairs = "but must be numbers, each with =on";
    for (given, expected) in [
        (("Pairs", "17=on,"), format!("Parameters/Pairs is \"17=on,\", {pairs}")),
        // An alternative without anchors matches the whole value all the same.
        (("Pairs", "offer"), format!("Parameters/Pairs is \"offer\", {pairs}")),
        (("Pairs", "17=on\n"), format!("Parameters/Pairs is \"17=on\\n\", {pairs}")),
        (
            ("Url", "https://a/"),
            r#"Parameters/Url is "https://a/", but must match ^https?://\S+[^/]$"#.into(),
        ),
        (("Hold", "9"), r#"Parameters/Hold is "9", but must be at most 8"#.into()),
        (("Hold", "-1"), r#"Parameters/Hold is "-1", but must be at least 0"#.into()),
        (("Hold", "long"), r#"Parameters/Hold is "long", but must be a number"#.into()),
        (("Hold", "NaN"), r#"Parameters/Hold is "NaN", but must be a number"#.into()),
        (
            ("Days", "2"),
            r#"Parameters/Days is "2", but must be a number of days that is in use"#.into(),
        ),
        (("Names", "a,bb"), r#"Parameters/Names is "bb", but must match [a-z]"#.into()),
        (
            ("Recipient", "rules"),
            r#"Rules/PairsAreGiven is broken: Recipient "rules" needs Pairs"#.into(),
        ),
        (
            ("Recipient", "nobody"),
            "Rules/Always is broken: the parameters do not go together".into(),
        ),
    ] {
        assert_eq!(refused(&[given]), Some(format!("template: {expected}")));
    }
}

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
    let overrides = overrides
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
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
    assert_eq!(
        (payouts.binary.as_str(), payouts.timeout.as_secs()),
        ("payouts", 12)
    );
    assert_eq!(template.secrets["Keys"], "local/keys");
}

#[test]
fn conditions_decide_about_values_and_resources() {
    let off = read(&[("Since", "x")]).unwrap();
    assert!(!off.functions.contains_key("Sweep"));
    let on = read(&[("Since", "x"), ("Endpoint", "http://e"), ("Level", "trace")]).unwrap();
    assert_eq!(on.functions["Payouts"].environment["ENDPOINT"], "http://e");
    let sweep = &on.functions["Sweep"];
    assert_eq!(
        (sweep.binary.as_str(), sweep.timeout.as_secs()),
        ("sweep", 10)
    );
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
    assert_eq!(
        (stream.table.as_str(), stream.retries, stream.bisects),
        ("Ledger", Some(4), true)
    );
    assert_eq!(stream.on_failure.as_deref(), Some("Dead"));
    assert!(stream.reports_failures);
    assert!(
        stream
            .filter
            .matches(&json!({ "dynamodb": { "NewImage": { "due": { "S": "deliver#1" } } } }))
    );
    assert!(
        !stream
            .filter
            .matches(&json!({ "dynamodb": { "NewImage": { "pk": { "S": "x" } } } }))
    );
    let [Source::Schedule(clock), Source::Queue(queue)] =
        template.functions["Sweep"].sources.as_slice()
    else {
        panic!("sources: {:?}", template.functions["Sweep"].sources)
    };
    assert_eq!(clock.every.as_secs(), 300);
    assert_eq!(
        (queue.queue.as_str(), queue.batch_size, queue.concurrency),
        ("local-work", 5, 2)
    );
}

#[test]
fn tables_and_queues_become_what_the_engines_take() {
    let template = read(&[("Since", "x")]).unwrap();
    let table = &template.tables[0];
    assert_eq!(
        table.create["StreamSpecification"]["StreamEnabled"],
        json!(true)
    );
    assert!(
        table
            .create
            .get("PointInTimeRecoverySpecification")
            .is_none()
    );
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
            "Parameters/Level is \"loud\", not one of info, trace",
        ),
        (
            vec![("Since", "x"), ("Nope", "x")],
            "Parameters has no Nope",
        ),
    ] {
        let message = read(&overrides).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
    let broken = TEMPLATE.replace("!Ref Ledger", "!Ref Ledgre");
    let since = BTreeMap::from([("Since".to_owned(), "x".to_owned())]);
    let message = Template::read(&broken, &since, "http://q")
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "template: Globals/Function/Environment/Variables/TABLE/Ref names the unknown Ledgre"
    );
}

#[test]
fn parameters_are_listed() {
    let head = TEMPLATE.split("Conditions").next().unwrap();
    assert_eq!(
        Template::parameters(head).unwrap(),
        ["Endpoint", "Level", "Since"]
    );
}

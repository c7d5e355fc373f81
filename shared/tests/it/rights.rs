//! docs/deploy-policy.json lets a role deploy template.yaml.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::documents;

/// What SAM makes of its own types.
const MADE_OF: [(&str, &[&str]); 2] = [
    (
        "AWS::Serverless::Function",
        &[
            "AWS::CodeDeploy::Application",
            "AWS::CodeDeploy::DeploymentGroup",
            "AWS::IAM::Role",
            "AWS::Lambda::Alias",
            "AWS::Lambda::EventInvokeConfig",
            "AWS::Lambda::EventSourceMapping",
            "AWS::Lambda::Function",
            "AWS::Lambda::Permission",
            "AWS::Lambda::Version",
            "AWS::Scheduler::Schedule",
        ],
    ),
    ("AWS::Serverless::HttpApi", &["AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Stage"]),
];

/// What making, changing and removing a resource of each type calls, by the permissions
/// that the type's schema in AWS's registry names, as far as the template has
/// use for them.
const NEEDS: [(&str, &str); 34] = [
    ("AWS::ApiGatewayV2::Api", "apigateway: GET POST PUT PATCH DELETE"),
    ("AWS::ApiGatewayV2::ApiMapping", "apigateway: GET POST PATCH DELETE"),
    (
        "AWS::ApiGatewayV2::DomainName",
        "apigateway: GET POST PATCH DELETE; acm: DescribeCertificate; iam: CreateServiceLinkedRole",
    ),
    (
        "AWS::ApiGatewayV2::Stage",
        "apigateway: GET POST PATCH DELETE; logs: CreateLogDelivery GetLogDelivery UpdateLogDelivery DeleteLogDelivery ListLogDeliveries",
    ),
    (
        "AWS::AppConfig::Application",
        "appconfig: CreateApplication GetApplication UpdateApplication DeleteApplication TagResource",
    ),
    (
        "AWS::AppConfig::ConfigurationProfile",
        "appconfig: CreateConfigurationProfile GetConfigurationProfile UpdateConfigurationProfile DeleteConfigurationProfile TagResource",
    ),
    (
        "AWS::AppConfig::HostedConfigurationVersion",
        "appconfig: CreateHostedConfigurationVersion GetHostedConfigurationVersion DeleteHostedConfigurationVersion",
    ),
    (
        "AWS::CloudWatch::Alarm",
        "cloudwatch: PutMetricAlarm DescribeAlarms DeleteAlarms TagResource",
    ),
    (
        "AWS::CloudWatch::CompositeAlarm",
        "cloudwatch: PutCompositeAlarm DescribeAlarms DeleteAlarms TagResource",
    ),
    ("AWS::CloudWatch::Dashboard", "cloudwatch: PutDashboard GetDashboard DeleteDashboards"),
    (
        "AWS::CodeDeploy::Application",
        "codedeploy: CreateApplication GetApplication DeleteApplication",
    ),
    (
        "AWS::CodeDeploy::DeploymentGroup",
        "codedeploy: CreateDeploymentGroup UpdateDeploymentGroup DeleteDeploymentGroup CreateDeployment GetDeployment; iam: PassRole",
    ),
    (
        "AWS::DynamoDB::Table",
        "dynamodb: CreateTable DescribeTable UpdateTable UpdateTimeToLive DescribeTimeToLive UpdateContinuousBackups DescribeContinuousBackups TagResource ListTagsOfResource; kms: CreateGrant DescribeKey",
    ),
    (
        "AWS::Events::ApiDestination",
        "events: CreateApiDestination DescribeApiDestination UpdateApiDestination DeleteApiDestination; iam: CreateServiceLinkedRole",
    ),
    (
        "AWS::Events::Connection",
        "events: CreateConnection DescribeConnection UpdateConnection DeleteConnection; secretsmanager: CreateSecret GetSecretValue PutSecretValue; iam: CreateServiceLinkedRole",
    ),
    (
        "AWS::Events::Rule",
        "events: PutRule DescribeRule DeleteRule PutTargets RemoveTargets ListTargetsByRule; iam: PassRole",
    ),
    (
        "AWS::IAM::Role",
        "iam: CreateRole GetRole DeleteRole PutRolePolicy GetRolePolicy DeleteRolePolicy AttachRolePolicy DetachRolePolicy ListRolePolicies ListAttachedRolePolicies UpdateAssumeRolePolicy TagRole UntagRole",
    ),
    ("AWS::Lambda::Alias", "lambda: CreateAlias GetAlias UpdateAlias DeleteAlias"),
    (
        "AWS::Lambda::EventInvokeConfig",
        "lambda: PutFunctionEventInvokeConfig GetFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig",
    ),
    (
        "AWS::Lambda::EventSourceMapping",
        "lambda: CreateEventSourceMapping GetEventSourceMapping UpdateEventSourceMapping DeleteEventSourceMapping",
    ),
    (
        "AWS::Lambda::Function",
        "lambda: CreateFunction GetFunction UpdateFunctionCode UpdateFunctionConfiguration DeleteFunction PutFunctionConcurrency DeleteFunctionConcurrency GetFunctionCodeSigningConfig GetRuntimeManagementConfig TagResource; iam: PassRole; s3: GetObject; kms: CreateGrant Decrypt Encrypt GenerateDataKey",
    ),
    ("AWS::Lambda::Permission", "lambda: AddPermission GetPolicy RemovePermission"),
    (
        "AWS::Lambda::Version",
        "lambda: PublishVersion ListVersionsByFunction GetFunctionConfiguration",
    ),
    (
        "AWS::Logs::LogGroup",
        "logs: CreateLogGroup DescribeLogGroups PutRetentionPolicy DeleteLogGroup AssociateKmsKey DisassociateKmsKey TagResource ListTagsForResource",
    ),
    ("AWS::Logs::MetricFilter", "logs: PutMetricFilter DescribeMetricFilters DeleteMetricFilter"),
    (
        "AWS::Route53::RecordSet",
        "route53: ChangeResourceRecordSets ListResourceRecordSets GetHostedZone GetChange",
    ),
    ("AWS::SNS::Subscription", "sns: Subscribe Unsubscribe GetSubscriptionAttributes"),
    (
        "AWS::SNS::Topic",
        "sns: CreateTopic GetTopicAttributes SetTopicAttributes DeleteTopic TagResource",
    ),
    ("AWS::SNS::TopicPolicy", "sns: SetTopicAttributes GetTopicAttributes"),
    (
        "AWS::SQS::Queue",
        "sqs: CreateQueue GetQueueAttributes SetQueueAttributes DeleteQueue TagQueue",
    ),
    (
        "AWS::Scheduler::Schedule",
        "scheduler: CreateSchedule GetSchedule UpdateSchedule DeleteSchedule; iam: PassRole",
    ),
    (
        "AWS::SecretsManager::Secret",
        "secretsmanager: CreateSecret DescribeSecret UpdateSecret DeleteSecret TagResource",
    ),
    // The SAM CLI's own calls: the stack, and the bucket that it makes.
    (
        "sam deploy",
        "cloudformation: CreateChangeSet DescribeChangeSet ExecuteChangeSet DescribeStacks DescribeStackEvents GetTemplateSummary",
    ),
    ("sam package", "s3: CreateBucket PutBucketPolicy PutObject GetObject ListBucket"),
];

/// The actions of a line of [`NEEDS`].
fn actions(needs: &str) -> BTreeSet<String> {
    let services = needs.split("; ").map(|part| part.split_once(": ").unwrap());
    services
        .flat_map(|(service, calls)| calls.split(' ').map(move |call| format!("{service}:{call}")))
        .collect()
}

/// The types of what is deployed.
fn types() -> BTreeSet<String> {
    let template: serde_norway::Value =
        serde_norway::from_str(&documents::read("template.yaml")).unwrap();
    let resources = template["Resources"].as_mapping().unwrap().values();
    let own = resources.map(|resource| resource["Type"].as_str().unwrap().to_owned());
    let made_of = BTreeMap::from(MADE_OF);
    own.flat_map(|kind| match made_of.get(kind.as_str()) {
        Some(made) => made.iter().map(|one| (*one).to_owned()).collect(),
        None => vec![kind],
    })
    .collect()
}

fn policy() -> Value {
    serde_json::from_str(&documents::read("docs/deploy-policy.json")).unwrap()
}

fn allowed() -> BTreeSet<String> {
    let policy = policy();
    let statements = policy["Statement"].as_array().unwrap().iter();
    let actions = statements.flat_map(|statement| statement["Action"].as_array().unwrap());
    actions.map(|action| action.as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_policy_allows_what_each_type_of_the_template_needs() {
    let (types, allowed) = (types(), allowed());
    let needs = BTreeMap::from(NEEDS);
    let known: BTreeSet<_> =
        needs.keys().filter(|kind| kind.starts_with("AWS::")).copied().collect();
    assert_eq!(types.iter().map(String::as_str).collect::<BTreeSet<_>>(), known);
    for (kind, needs) in NEEDS {
        for action in actions(needs) {
            let (service, _) = action.split_once(':').unwrap();
            let granted = allowed.contains(&action) || allowed.contains(&format!("{service}:*"));
            assert!(granted, "{kind}: {action}");
        }
    }
    let service = |action: &str| action.split_once(':').unwrap().0.to_owned();
    let used = NEEDS.iter().flat_map(|(_, needs)| actions(needs));
    assert_eq!(
        allowed.iter().map(|action| service(action)).collect::<BTreeSet<_>>(),
        used.map(|action| service(&action)).collect()
    );
}

/// IAM takes 10,240 characters of a role's own policies, without blanks.
#[test]
fn the_policy_fits_into_a_role() {
    let length = policy().to_string().len();
    assert!(length < 10_240, "{length}");
}

/// What may do everything, or read the secrets, does not deploy alone.
#[test]
fn the_policy_reads_no_event_and_no_secret_of_a_provider() {
    let allowed = allowed();
    for action in
        ["dynamodb:Query", "dynamodb:GetItem", "lambda:InvokeFunction", "sqs:ReceiveMessage"]
    {
        assert!(!allowed.contains(action), "{action}");
    }
    let policy = policy();
    for statement in policy["Statement"].as_array().unwrap() {
        let text = statement.to_string();
        if text.contains("secretsmanager:GetSecretValue") {
            assert!(!text.contains("secret:affiliate-webhooks/"), "{text}");
        }
        assert_ne!(statement["Action"], "*");
    }
}

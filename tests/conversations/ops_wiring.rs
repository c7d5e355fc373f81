//! How it is wired, what is set and which alarms are on: of `cargo local`, and of a stack.

mod aws;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;

use aws::Aws;
use serde_json::{Value, json};
use shared::wire::Timestamp;
use tests::scene::Scene;
use tests::scratch::Scratch;
use tests::{OpsPage, Stage, Workspace};

use crate::leaks::{EVERYTHING, assert_without};
use crate::ops::{CliOutput, json as told, nobody, ops, ops_command, run};
use crate::ops_requests::visited;
use crate::samples;

/// An endpoint whose path is a secret of its own.
const ENDPOINT: &str = "https://user:pass@rewards.example.com/hook/t0ken";

async fn in_folder(stage: &Stage, folder: &Workspace, words: &[&str]) -> CliOutput {
    let mut command = ops_command().await;
    command.current_dir(folder.path());
    command.args(["--local", "--dynamodb", &stage.stack.dynamodb, "wiring"]).args(words);
    run(command).await
}

fn of<'a>(wiring: &'a Value, provider: &str) -> &'a Value {
    let mut providers = wiring["providers"].as_array().unwrap().iter();
    providers.find(|of| of["provider"] == provider).unwrap()
}

/// The lines of a log that tell of requests of a provider, the last first.
fn lines(log: &[String], provider: &str) -> Vec<Value> {
    let lines = log
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(line.get(line.find('{')?..)?).ok());
    let mut lines: Vec<Value> =
        lines.filter(|line| line["message"] == "webhook" && line["provider"] == provider).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line["_aws"]["Timestamp"].as_i64()));
    lines
}

/// True where a path is one that a route takes, such as `/a/{b}`.
fn leads(route: &str, path: &str) -> bool {
    let (route, path): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
    let fits = |(of, own): (&&str, &&str)| of == own || of.starts_with('{');
    route.len() == path.len() && route.iter().zip(&path).all(fits)
}

#[tokio::test]
async fn what_came_in_last_is_what_the_log_says() {
    let scene = samples::scene(|_| {}).await;
    samples::play(&scene).await;
    scene.stage.lines(samples::samples().len()).await;
    let folder = Workspace::of(&scene.stage.stack);
    let wiring = in_folder(&scene.stage, &folder, &["--json"]).await;
    let wiring: Value = serde_json::from_str(wiring.succeeds()).unwrap();
    let log = scene.stage.stack.logs();
    let taken = ["recorded", "duplicate", "archived", "test"];
    for provider in ["uppromote", "affonso", "firstpromoter", "firstpromoter-v1"] {
        let lines = lines(&log, provider);
        let last = |is: &dyn Fn(&Value) -> bool| {
            let line = lines.iter().find(|line| is(line));
            line.map(|line| line["_aws"]["Timestamp"].as_i64().unwrap())
        };
        let is_taken = |line: &Value| taken.contains(&line["outcome"].as_str().unwrap());
        let told = |name: &str| {
            let at = of(&wiring, provider)[name]["at"].as_str();
            at.map(|at| Timestamp::parse(at).unwrap().ms())
        };
        assert_eq!(told("event"), last(&is_taken), "{provider}");
        assert_eq!(
            told("refusal"),
            last(&|line| !is_taken(line) && line["outcome"] != "ping"),
            "{provider}"
        );
        assert_eq!(told("vouched"), last(&|line| line["secret"].is_string()), "{provider}");
    }
    // Every address is one of the stack's routes, and not the one for all others.
    let stack = &scene.stage.stack;
    let addresses = wiring["providers"].as_array().unwrap().iter();
    for address in addresses.flat_map(|of| of["addresses"].as_array().unwrap()) {
        let path = address["url"].as_str().unwrap().strip_prefix(&stack.http).unwrap();
        let mut routes = stack.routes.iter().filter(|(_, route, _)| !route.contains("+}"));
        assert!(routes.any(|(_, route, _)| leads(route, path)), "{path} is no route");
    }

    let text = in_folder(&scene.stage, &folder, &[]).await.succeeds().to_owned();
    let file = Scratch::new("wiring.html");
    in_folder(&scene.stage, &folder, &["--html", file.text()]).await.succeeds();
    let html = std::fs::read_to_string(file.path()).unwrap();
    let page = OpsPage::start_in(folder.path(), &stack.dynamodb, &[]).await;
    let screen = page.look(&page.enter().await, "/wiring").await;
    assert_eq!(screen.status, 200);
    for (name, told) in [("text", &text), ("file", &html), ("screen", &screen.body)] {
        assert_without(&EVERYTHING, told, name);
        for part in ["firstpromoter_v1.path_token", "/webhooks/firstpromoter-v1/TOKEN/fulfilments"]
        {
            assert!(told.contains(part), "{name}: {part} is not in\n{told}");
        }
        assert!(told.contains(wiring["sentence"].as_str().unwrap()), "{name}");
        for saying in wiring["settings"].as_array().unwrap() {
            let says = saying["says"].as_str().unwrap();
            let flat = told.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(flat.contains(says), "{name}: {says} is not in\n{told}");
        }
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(!html.contains("href="), "a file leads nowhere");
    scene.stop().await;
}

#[tokio::test]
async fn a_stranger_is_told_as_a_refusal_and_a_setting_as_it_is() {
    let (stage, _log) = visited().await;
    let folder = Workspace::of(&stage.stack);
    let wiring = in_folder(&stage, &folder, &["--json"]).await;
    let wiring: Value = serde_json::from_str(wiring.succeeds()).unwrap();
    let own = of(&wiring, "firstpromoter");
    assert_eq!(own["event"]["outcome"], "duplicate", "{own}");
    assert_eq!(own["refusal"]["reason"], "no_secret_matches", "{own}");
    assert_eq!(own["vouched"]["secret"], "hmac[0]", "{own}");
    let missing = wiring["missing"].as_array().unwrap();
    for says in [
        "The endpoint for rewards is not set (RewardEndpointUrl), so nothing is delivered",
        "No event of Affonso since it was started.",
    ] {
        let is_told = missing.iter().any(|of| of.as_str().unwrap().starts_with(says));
        assert!(is_told, "{says} is not in {missing:#?}");
    }
    // Where no `cargo local` runs there is nothing to tell.
    let mut elsewhere = ops_command().await;
    elsewhere.args(["--local", "--dynamodb", "http://127.0.0.1:1", "wiring"]);
    elsewhere.current_dir(folder.path());
    run(elsewhere).await.fails(2, "no cargo local that has its DynamoDB at http://127.0.0.1:1");
}

/// A command against the stack `mine` of an AWS, with a table of this machine.
async fn deployed(url: &str, stage: &Stage, words: &[&str]) -> Command {
    let mut command = nobody().await;
    command
        .env("AWS_ACCESS_KEY_ID", "x")
        .env("AWS_SECRET_ACCESS_KEY", "x")
        .env("AWS_ENDPOINT_URL", url)
        .env("AWS_ENDPOINT_URL_DYNAMODB", &stage.stack.dynamodb)
        .args(["--stack", "mine"])
        .args(words);
    command
}

fn line(seconds_ago: i64, provider: &str, outcome: &str, more: &Value) -> String {
    let at = Timestamp::now().plus_seconds(-seconds_ago).ms();
    let mut line = json!({
        "message": "webhook", "provider": provider, "outcome": outcome, "status": 200,
        "_aws": { "Timestamp": at },
    });
    line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    line.to_string()
}

#[tokio::test]
async fn a_deployed_stack_is_told_of_by_its_description_and_its_logs() {
    let stage = Stage::start().await;
    let mut parameters = stage.stack.parameters.clone();
    for (name, value) in [("RewardEndpointUrl", ENDPOINT), ("AlarmEmail", "jane@orchid.example")] {
        parameters.insert(name.to_owned(), value.to_owned());
    }
    let day = 86_400;
    let logs = BTreeMap::from([
        (
            "payouts",
            vec![
                line(9 * day, "uppromote", "recorded", &json!({ "secret": "of-long-ago" })),
                line(2 * day, "uppromote", "recorded", &json!({ "secret": "two-days-ago" })),
                line(60, "affonso", "recorded", &json!({ "secret": "now", "type": "payout.paid" })),
                line(90, "affonso", "recorded", &json!({ "secret": "before" })),
            ],
        ),
        (
            "commissions",
            vec![line(
                3_000,
                "firstpromoter",
                "unauthorized",
                &json!({ "status": 401, "reason": "no_secret_matches" }),
            )],
        ),
    ]);
    let asked = Arc::default();
    let aws = Aws { parameters, logs, asked: Arc::clone(&asked), ..Aws::default() };
    let url = aws.clone().start().await;
    let wiring = run(deployed(&url, &stage, &["wiring", "--json"]).await).await;
    let wiring: Value = serde_json::from_str(wiring.succeeds()).unwrap();
    assert_eq!(
        wiring["sentence"],
        "Events came from 2 of 4 providers in the last 7 days. The last request of 1 was refused. \
         4 things to look at."
    );
    assert_eq!(of(&wiring, "affonso")["vouched"]["secret"], "now");
    assert_eq!(of(&wiring, "affonso")["event"]["type"], "payout.paid");
    assert_eq!(of(&wiring, "uppromote")["vouched"]["secret"], "two-days-ago");
    assert_eq!(of(&wiring, "firstpromoter")["event"], Value::Null);
    let address = &of(&wiring, "firstpromoter-v1")["addresses"][0]["url"];
    assert_eq!(address, "https://in.example.com/webhooks/firstpromoter-v1/TOKEN/customers");
    let begin = [
        "No limit is set (MaxAmount), so every reward that FirstPromoter v1 announces waits",
        "For use on one machine alone: EndpointUrlDynamoDb is ",
        "No event of FirstPromoter v2 in the last 7 days; the last request was refused: \
         unauthorized, no_secret_matches.",
        "No event of FirstPromoter v1 in the last 7 days.",
    ];
    let missing = wiring["missing"].as_array().unwrap();
    assert_eq!(missing.len(), begin.len(), "{missing:#?}");
    for (says, begin) in missing.iter().zip(begin) {
        assert!(says.as_str().unwrap().starts_with(begin), "{says}");
    }
    // Nobody's address, and no path of an endpoint, is told.
    let text = run(deployed(&url, &stage, &["wiring"]).await).await.succeeds().to_owned();
    for told in [&text, &wiring.to_string()] {
        assert!(told.contains("Rewards are posted to https://rewards.example.com."), "{told}");
        for secret in ["t0ken", "user:pass", "orchid"] {
            assert!(!told.contains(secret), "{secret} is in\n{told}");
        }
    }
    // Each time is looked at once, the latest first.
    let asked = std::mem::take(&mut *asked.lock().unwrap());
    let of_payouts =
        asked.iter().filter(|(_, of)| of["logGroupName"] == "/aws/lambda/mine-payouts");
    let spans: Vec<(i64, Option<i64>)> = of_payouts
        .map(|(_, of)| (of["startTime"].as_i64().unwrap(), of["endTime"].as_i64()))
        .take(4)
        .collect();
    assert_eq!(spans[0].1, None);
    assert!(spans.windows(2).all(|pair| pair[1].1 == Some(pair[0].0)), "{spans:?}");

    let no_stack = Aws { forbidden: vec!["DescribeStacks"], ..aws.clone() }.start().await;
    let told = run(deployed(&no_stack, &stage, &["wiring"]).await).await.succeeds().to_owned();
    let gap = "Not read: addresses and settings: stack mine: not allowed: \
               cloudformation:DescribeStacks. The rest stands.";
    let flat = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(gap), "{told}");
    assert!(told.contains(" ago, now\n"), "{told}");
    let no_logs = Aws { forbidden: vec!["FilterLogEvents"], ..aws.clone() }.start().await;
    let told = run(deployed(&no_logs, &stage, &["wiring"]).await).await.succeeds().to_owned();
    let gap =
        "Not read: /aws/lambda/mine-payouts: not allowed: logs:FilterLogEvents. The rest stands.";
    assert_eq!(told.matches(gap).count(), 1, "{told}");
    assert!(told.contains("Rewards are posted to ") && !told.contains("No event of "), "{told}");
    let sentence = "Whether events came from any of 4 providers in the last 7 days is not known.";
    let flat = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.starts_with(sentence), "{told}");
    for of in ["last event", "last refusal", "secret that vouched last"] {
        assert_eq!(told.matches(&format!("  {of}: not known\n")).count(), 4, "{of}: {told}");
    }
    nothing_is_told_of_logs_that_nobody_may_read(&aws, &stage).await;
    let nothing = Aws { forbidden: vec!["DescribeStacks", "FilterLogEvents"], ..aws }.start().await;
    run(deployed(&nothing, &stage, &["wiring"]).await).await.fails(2, "stack mine: not allowed: ");
}

/// Nor is a page spoilt by them.
async fn nothing_is_told_of_logs_that_nobody_may_read(aws: &Aws, stage: &Stage) {
    let forbidden = vec!["FilterLogEvents", "DescribeAlarms"];
    let url = Aws { forbidden, ..aws.clone() }.start().await;
    let file = Scratch::new("screen.html");
    let page = async |screen: &str| {
        run(deployed(&url, stage, &[screen, "--html", file.text()]).await).await.succeeds();
        std::fs::read_to_string(file.path()).unwrap()
    };
    let wiring = page("wiring").await;
    assert!(wiring.contains("not known") && !wiring.contains("nothing came"), "{wiring}");
    let now = page("now").await;
    let gap = "/aws/lambda/mine-payouts: logs:FilterLogEvents. The rest stands.";
    assert!(now.contains(gap) && !now.contains("NOT READ"), "{now}");
}

fn alarm(name: &str, state: &str, seconds_ago: i64) -> Value {
    let at = Timestamp::now().plus_seconds(-seconds_ago).seconds();
    json!({
        "AlarmName": name, "StateValue": state, "StateUpdatedTimestamp": 0,
        "StateTransitionedTimestamp": at,
        "AlarmDescription": "A promise waits.\nRun: cargo ops --stack mine parked\nR.md#parked",
    })
}

#[tokio::test]
async fn alarms_that_are_on_are_told_of_with_what_to_do() {
    let scene = Scene::start().await;
    let stage = &scene.stage;
    let alarms = json!([
        alarm("mine-parked", "ALARM", 9_000),
        alarm("mine-unavailable", "OK", 60),
        alarm("mine-dev-parked", "ALARM", 60),
        alarm("mine-webhooks-failing", "ALARM", 90_000),
    ]);
    let ms = Timestamp::now().plus_seconds(-120).ms();
    let of_sweep = |more: &Value| {
        let mut line = json!({ "_aws": { "Timestamp": ms } });
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line.to_string()
    };
    let sweep = vec![
        of_sweep(&json!({ "message": "backlog", "state": "requested", "OldestSeconds": 5400.0 })),
        of_sweep(&json!({ "message": "backlog", "state": "parked", "OldestSeconds": 90000.0 })),
        of_sweep(&json!({ "message": "sweep", "outcome": "complete" })),
    ];
    let aws = Aws { alarms, logs: BTreeMap::from([("sweep", sweep)]), ..Aws::default() };
    let url = aws.clone().start().await;
    let now = run(deployed(&url, stage, &["now", "--json"]).await).await;
    let now: Value = serde_json::from_str(now.succeeds()).unwrap();
    let sentence = now["sentence"].as_str().unwrap();
    for part in [
        "2 alarms are on: webhooks-failing, parked. Nothing waits for a person. Nothing is late. \
         Last sweep ",
        " ago; the oldest work was 90 min old then.",
    ] {
        assert!(sentence.contains(part), "{part} is not in {sentence}");
    }
    assert_eq!((&now["alarms"]["count"], &now["gaps"]), (&json!(3), &json!([])));
    let text = run(deployed(&url, stage, &["now"]).await).await.succeeds().to_owned();
    for part in [
        "\nparked, on for 2 h\n  A promise waits.\n",
        "  Do: By the reason:",
        "  cargo ops --stack mine parked\n  R.md#parked\n",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let file = Scratch::new("now.html");
    let words = ["now", "--html", file.text()];
    run(deployed(&url, stage, &words).await).await.succeeds();
    let page = std::fs::read_to_string(file.path()).unwrap();
    assert!(page.contains("Alarms that are on") && page.contains("A promise waits."), "{page}");

    // What may not be read is a gap.
    let refused = Aws { forbidden: vec!["DescribeAlarms"], ..aws.clone() }.start().await;
    let text = run(deployed(&refused, stage, &["now"]).await).await.succeeds().to_owned();
    assert!(text.starts_with("Nothing waits for a person. Nothing is late. Last sweep"), "{text}");
    let gap = "Not read: the alarms: not allowed: cloudwatch:DescribeAlarms. The rest stands.\n";
    assert!(text.contains(gap), "{text}");
    // And of a stack that has none, that is said.
    let none = Aws { alarms: json!([alarm("mine-dev-parked", "ALARM", 60)]), ..aws }.start().await;
    let text = run(deployed(&none, stage, &["now"]).await).await.succeeds().to_owned();
    assert!(text.contains("There are no alarms."), "{text}");
    // Beside `cargo local` there are none, and nothing is said of them.
    assert!(!ops(&scene, &["now"]).await.succeeds().contains("alarm"));
    assert_eq!(told(&scene, &["now"]).await["alarms"], Value::Null);
}

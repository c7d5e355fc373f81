//! The operator's command, and JSON of each of its answers.

use local::fakes::endpoint::EndpointFault;
use serde_json::Value;
use tests::scene::{KEY, Scene};
use tests::scratch::Scratch;
use tests::webhooks::{COMMISSIONS, commission};
use tests::{Webhook, Workspace};

use crate::ops::{json, ops_command, park, run};
use crate::samples::fresh;

/// The names of all commands, as the help lists them.
async fn commands() -> Vec<String> {
    let mut command = ops_command().await;
    command.arg("--help");
    let help = run(command).await;
    let list = help.succeeds().split("\nCommands:\n").nth(1).unwrap();
    let list = list.split("\n\n").next().unwrap();
    let names = list.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// A command that is new has to be tried here.
#[tokio::test]
async fn every_command_prints_json_where_it_is_asked_for() {
    let scene = Scene::with_parameters(&[("RewardEndpointIdempotent", "no")]).await;
    park(&scene, EndpointFault::DropsReply).await;
    scene.stage.send(&fresh("affonso-unknown-type", 200)).await.is(200);
    let signed = scene.stage.signed(COMMISSIONS, commission(5).approved().body());
    let files = Scratch::new("json");
    std::fs::create_dir_all(files.path()).unwrap();
    let file = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    let (captured, log) = (file("captured.json"), file("functions.log"));
    std::fs::write(&captured, signed.to_string()).unwrap();
    std::fs::write(&log, scene.stage.stack.logs().join("\n")).unwrap();
    let workspace = Workspace::of(&scene.stage.stack);
    let id = json(&scene, &["inbox"]).await["items"][0]["id"].as_str().unwrap().to_owned();
    let (page, pages) = (file("page.html"), file("man"));
    let person = ["affiliate", "firstpromoter", "31"];
    let resume = ["resume", KEY, "--granted", "--because", "in the books", "--by", "jane"];
    let names = commands().await;
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        let tried: Vec<Vec<&str>> = match name.as_str() {
            "now" => vec![vec!["now"], vec!["now", "--html", &page]],
            "affiliate" => vec![
                person.to_vec(),
                [&person[..], &["--csv"]].concat(),
                [&person[..], &["--html", &page]].concat(),
            ],
            "find" => vec![vec!["find", KEY], vec!["find", &id]],
            "parked" => vec![vec!["parked"], vec!["parked", "--rows"]],
            "resume" => vec![resume.to_vec()],
            "requests" => vec![vec!["requests", "--log", &log]],
            "doctor" => vec![vec!["doctor", &captured]],
            "inbox" => vec![vec!["inbox"]],
            "show" => vec![vec!["show", &id]],
            "story" => vec![vec!["story", KEY], vec!["story", KEY, "--html", &page]],
            "completions" => vec![vec!["completions", "bash"]],
            "man" => vec![vec!["man"], vec!["man", "--out", &pages]],
            "wiring" => vec![vec!["wiring"], vec!["wiring", "--html", &page]],
            // The pages' own test reads its first line, which is the address.
            "serve" => continue,
            other => panic!("how is {other} tried with --json?"),
        };
        for words in tried {
            let mut command = ops_command().await;
            command.current_dir(workspace.path()).env("USER", "night-shift");
            command.args(["--local", "--dynamodb", &scene.stage.stack.dynamodb]);
            command.args(&words).arg("--json");
            let said = run(command).await;
            let read: Result<Value, _> = serde_json::from_str(said.succeeds());
            assert!(read.is_ok_and(|read| read.is_object()), "{words:?}: {said:?}");
        }
    }
}

//! The operator's command beside two `cargo local` of one clone, and beside one that was
//! killed: it answers from the log of the one that it is asked about, or says that there
//! is none.

use std::path::Path;

use serde_json::{Value, json};
use shared::wire::Timestamp;
use tests::webhooks::{AFFONSO, commission};
use tests::{OpsPage, Stage, Workspace};

use crate::ops::{CliOutput, ops_command, run};

/// An event that stage `one` gets, and no other.
const EVENT: &str = "evt_of_one";

/// The command in a folder, against the table of a stage.
async fn within(folder: &Path, stage: &Stage, words: &[&str]) -> CliOutput {
    let mut command = ops_command().await;
    command.current_dir(folder).args(["--local", "--dynamodb", &stage.stack.dynamodb]).args(words);
    run(command).await
}

/// Its answer, as JSON.
async fn json_within(folder: &Path, stage: &Stage, words: &[&str]) -> Value {
    let said = within(folder, stage, &[words, &["--json"]].concat()).await;
    serde_json::from_str(said.succeeds()).unwrap()
}

/// Two stages: of the one a payout is created, the other gets a commission.
async fn two() -> (Stage, Stage) {
    let (one, two) = (Stage::start().await, Stage::start().await);
    let body = json!({
        "id": EVENT, "type": "payout.created", "createdAt": "2026-10-01T10:00:00Z",
        "data": {"payoutId": "pay_1", "affiliateId": "aff_1", "amount": 7.5, "status": "PENDING"},
    });
    one.post_to(AFFONSO, body.to_string()).await.is(200);
    two.post(&commission(5).approved()).await.is(200);
    one.lines(1).await;
    two.lines(1).await;
    (one, two)
}

/// Notes in a log that a sweep was complete.
fn swept(log: &Path) {
    let line = json!({
        "message": "sweep", "outcome": "complete", "_aws": {"Timestamp": Timestamp::now().ms()},
    });
    let said = std::fs::read_to_string(log).unwrap();
    std::fs::write(log, format!("{said}\n{line}\n")).unwrap();
}

#[tokio::test]
async fn each_of_two_runs_is_told_of_by_its_own_log() {
    let (one, two) = two().await;
    let workspace = Workspace::of_all(&[&one.stack, &two.stack]);
    swept(&workspace.logs()[0]);
    let folder = workspace.path();
    for (stage, provider, other) in
        [(&one, "affonso", "firstpromoter"), (&two, "firstpromoter", "affonso")]
    {
        let requests = json_within(folder, stage, &["requests"]).await;
        let of: Vec<_> = requests["requests"].as_array().unwrap().iter().collect();
        assert_eq!((of.len(), &of[0]["provider"]), (1, &json!(provider)), "{requests}");

        let now = json_within(folder, stage, &["now"]).await;
        let sweep = if provider == "affonso" { "Last sweep " } else { "No sweep was complete" };
        assert!(now["sentence"].as_str().unwrap().contains(sweep), "{now}");
        // It was started a moment ago.
        assert!(!now["sentence"].as_str().unwrap().contains("35 min"), "{now}");
        assert_eq!(now["gaps"], json!([]), "{now}");

        let wiring = json_within(folder, stage, &["wiring"]).await;
        let mut providers = wiring["providers"].as_array().unwrap().iter();
        let event = |name: &str| {
            providers.clone().find(|of| of["provider"] == name).unwrap()["event"].is_object()
        };
        assert_eq!((event(provider), event(other)), (true, false), "{wiring}");
        assert!(providers.any(|of| of.to_string().contains(&stage.stack.http)), "{wiring}");

        let page = OpsPage::start_in(folder, &stage.stack.dynamodb, &[]).await;
        let screen = page.look(&page.enter().await, "/").await.body;
        assert!(screen.contains("1 request in the last 30 min: 1 recorded."), "{screen}");
        assert!(screen.contains(sweep) && !screen.contains("Not read"), "{screen}");
    }
    let found = json_within(folder, &one, &["find", EVENT]).await;
    assert_eq!(found["events"][0]["partition"], "affonso#payout#pay_1", "{found}");
    let found = within(folder, &two, &["find", EVENT]).await;
    found.fails(1, "no request in the log brought an event of that id since ");
}

/// Of a run that another folder has, or that was killed, no log is at hand, even where
/// there is one of somebody else.
#[tokio::test]
async fn where_no_log_is_at_hand_that_is_a_gap_and_no_other_log_is_taken() {
    let (one, two) = two().await;
    let mut workspace = Workspace::of_all(&[&one.stack]);
    swept(&workspace.logs()[0]);
    // As the clone's usual run leaves it, when it is over.
    std::fs::copy(&workspace.logs()[0], workspace.path().join(".local/functions.log")).unwrap();
    let none = |stage: &Stage| {
        format!("no cargo local that has its DynamoDB at {} runs in this", stage.stack.dynamodb)
    };
    let is_told = async |folder: &Path, stage: &Stage| {
        let says = none(stage);
        within(folder, stage, &["requests"]).await.fails(2, &says);
        within(folder, stage, &["wiring"]).await.fails(2, &says);
        let now = json_within(folder, stage, &["now"]).await;
        let gaps = now["gaps"].as_array().unwrap();
        let gap = format!("the last sweep: {says}");
        assert!(gaps.len() == 1 && gaps[0].as_str().unwrap().starts_with(&gap), "{now}");
        assert!(!now["sentence"].as_str().unwrap().contains("sweep"), "{now}");
        let found = within(folder, stage, &["find", "nobody-has-this"]).await;
        found.fails(1, &format!("not read: the log of requests: {says}"));
        let page = OpsPage::start_in(folder, &stage.stack.dynamodb, &[]).await;
        let screen = page.look(&page.enter().await, "/").await.body;
        for gap in [gap, format!("the requests: {says}")] {
            assert!(screen.contains(&gap), "{gap} is not in\n{screen}");
        }
        assert!(!screen.contains("request in the last"), "{screen}");
    };
    is_told(workspace.path(), &two).await;
    let requests = json_within(workspace.path(), &one, &["requests"]).await;
    assert_eq!(requests["outcomes"]["recorded"], 1, "{requests}");
    // Its table answers still, as that of another clone's run on the same port would.
    workspace.kill();
    is_told(workspace.path(), &one).await;
    // What it left is read by who says so.
    let log = workspace.path().join(".local/functions.log");
    let left = ["requests", "--log", log.to_str().unwrap()];
    let requests = json_within(workspace.path(), &one, &left).await;
    assert_eq!(requests["outcomes"]["recorded"], 1, "{requests}");
}

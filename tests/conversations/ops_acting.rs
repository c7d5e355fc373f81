//! What the operator's command does only after it was shown, agreed to and looked at.

use std::fs::File;
use std::process::Stdio;

use local::fakes::endpoint::EndpointFault;
use serde_json::Value;
use tests::OpsPage;
use tests::scene::{ID, KEY, Scene, key};
use tests::webhooks::commission;

use crate::ops::{json, ops, ops_command, park, run};
use crate::ops_page::{encoded, field};

/// A cause of which each reward is to be looked at.
const EACH: &str = "reason=amount_over_limit,from=requested";

/// Two rewards that are more than is given without a person's word.
async fn over_limit() -> (Scene, [String; 2]) {
    let scene = Scene::with_parameters(&[("MaxAmount", "*=100")]).await;
    let keys = [41, 42].map(key);
    for id in [41, 42] {
        scene.approve(id).await;
        assert_eq!(scene.until_parked(&key(id)).await.reason, "amount_over_limit");
    }
    (scene, keys)
}

async fn waiting(scene: &Scene) -> usize {
    json(scene, &["parked"]).await["parked"].as_array().unwrap().len()
}

#[tokio::test]
async fn what_is_to_be_looked_at_one_by_one_is_offered_in_no_bulk() {
    let (scene, keys) = over_limit().await;
    for command in [&["parked"][..], &["now"]] {
        let told = ops(&scene, command).await.succeeds().to_owned();
        assert!(told.contains(" resume KEY\n") && !told.contains("--where"), "{told}");
    }
    let causes = json(&scene, &["parked"]).await["causes"].clone();
    assert_eq!(causes[0]["resuming"], "one_by_one", "{causes}");

    // Whoever has looked may say so, after the remedy.
    let remedy = "each is to be looked at before it goes on. Right: resume.";
    let dry = ops(&scene, &["resume", "--where", EACH, "--dry-run"]).await;
    assert!(dry.succeeds().contains(remedy), "{dry:?}");
    let unasked = ops(&scene, &["resume", "--where", EACH]).await;
    unasked.fails(2, "nothing was written: nobody can be asked");
    assert!(unasked.err.contains(remedy), "{unasked:?}");
    assert_eq!(waiting(&scene).await, 2);
    let done = ops(&scene, &["resume", "--where", EACH, "--limit", "1", "--yes"]).await;
    assert!(done.err.contains(remedy), "{done:?}");
    assert!(done.out.starts_with("1 of 1 promise went on; 1 more is beyond"), "{done:?}");
    scene.until_state(&keys[0], "confirmed").await;
    assert_eq!(waiting(&scene).await, 1);
}

#[tokio::test]
async fn the_page_takes_all_only_of_what_goes_on_together_and_of_a_whole_cause() {
    let (scene, keys) = over_limit().await;
    let page = OpsPage::start(&scene.stage.stack.dynamodb, &["--allow-resume", "jane"]).await;
    let cookie = page.enter().await;
    let form = page.look(&cookie, "/waiting?reason=amount_over_limit&from=requested").await.body;
    assert!(!form.contains("name=\"all\"") && !form.contains(" checked"), "{form}");
    let (token, ticked) = (field(&form, "token").unwrap(), field(&form, "ticked").unwrap());
    let reason = ("reason", "amount_over_limit");
    let (from, because, all) = (("from", "requested"), ("because", "seen"), ("all", "yes"));
    let ticked = ("ticked", ticked.as_str());
    for (fields, status, says) in [
        (&[reason, from, because, all][..], 403, "not resumed together"),
        (&[reason, from, because, all, ticked], 403, "not resumed together"),
        (&[reason, because, all], 400, "names no reason and state"),
        (&[reason, because, ticked], 400, "names no reason and state"),
        (&[reason, ("from", "here"), because, ticked], 400, "names no reason and state"),
        (&[from, because, ticked], 400, "names no reason and state"),
        (&[reason, from, because, ("all", "no")], 400, "Tick what goes on"),
    ] {
        let form = encoded(&[&[("token", token.as_str())], fields].concat());
        for path in ["/waiting/preview", "/waiting/resume"] {
            let answer = page.post(&cookie, path, &form).await;
            assert_eq!(answer.status, status, "{fields:?}: {answer:?}");
            assert!(answer.body.contains(says), "{fields:?}: {answer:?}");
        }
    }
    assert_eq!(waiting(&scene).await, 2);
    let form = encoded(&[("token", token.as_str()), reason, from, because, ticked]);
    let shown = page.post(&cookie, "/waiting/preview", &form).await;
    assert!(shown.body.contains("it is delivered next"), "{shown:?}");
    assert_eq!(page.post(&cookie, "/waiting/resume", &form).await.status, 200);
    scene.until_state(&keys[0], "confirmed").await;
    assert_eq!(waiting(&scene).await, 1);
}

#[tokio::test]
async fn nothing_is_taken_back_unasked() {
    let scene = Scene::start().await;
    scene.confirm().await;
    scene.post(&commission(ID).denied()).await.is(200);
    scene.until_state(KEY, "parked").await;
    let becomes = format!("{KEY}: it will be taken back from the recipient");
    let cause = "reason=withdrawn_after_delivery,from=reversal_due";
    for words in [&["resume", KEY][..], &["resume", "--where", cause]] {
        let unasked = ops(&scene, words).await;
        unasked.fails(2, "say --yes");
        assert!(unasked.err.contains("it will be taken back from the recipient"), "{unasked:?}");
    }
    assert_eq!(scene.promise(KEY).await.state, "parked");
    let done = ops(&scene, &["resume", KEY, "--yes"]).await;
    assert_eq!((done.code, done.out.trim()), (0, becomes.as_str()), "{done:?}");
    scene.until_state(KEY, "reversed").await;
}

#[tokio::test]
async fn what_is_not_to_go_on_as_it_is_goes_on_by_no_bare_word() {
    let scene = Scene::start().await;
    scene.platform_has_commission(ID, 0);
    scene.post(&commission(ID).approved().amount(0)).await.is(200);
    assert_eq!(scene.until_parked(KEY).await.reason, "amount_not_positive");
    let told = ops(&scene, &["parked"]).await.succeeds().to_owned();
    assert!(told.contains("Do not resume it as it is."), "{told}");
    assert!(!told.contains("resume KEY") && !told.contains("--where"), "{told}");
    let unasked = ops(&scene, &["resume", KEY]).await;
    unasked.fails(2, "say --yes");
    assert!(unasked.err.contains("amount_not_positive: none is to go on as it is."), "{unasked:?}");
    assert_eq!(scene.promise(KEY).await.state, "parked");
    let closed = ops(&scene, &["resume", KEY, "--close", "--because", "nothing to give"]).await;
    assert_eq!(closed.succeeds(), format!("{KEY}: it is settled: not given\n"));
}

#[tokio::test]
async fn a_no_is_a_document_too() {
    let scene = Scene::with_parameters(&[("RewardEndpointIdempotent", "no")]).await;
    park(&scene, EndpointFault::DropsReply).await;
    let no = async |words: &[&str]| {
        let said = ops(&scene, &[words, &["--json"]].concat()).await;
        assert_eq!((said.code, said.err.as_str()), (1, ""), "{said:?}");
        serde_json::from_str::<Value>(&said.out).unwrap()
    };
    let bulk = ["resume", "--where", "reason=unknown_outcome,from=requested"];
    for (more, dry_run) in [("--dry-run", true), ("--yes", false)] {
        let plan = no(&[&bulk[..], &[more]].concat()).await;
        assert_eq!((&plan["dry_run"], &plan["promises"][0]["key"]), (&dry_run.into(), &KEY.into()));
        assert!(plan["promises"][0]["left"].is_string(), "{plan}");
    }
    let asked = no(&["resume", KEY]).await;
    assert_eq!((&asked["key"], asked["ways"].as_array().unwrap().len()), (&KEY.into(), 4));
    for way in asked["ways"].as_array().unwrap() {
        assert!(way["command"].as_str().unwrap().contains("--because WHY"), "{way}");
        assert!(way["state"].is_string(), "{way}");
    }
}

#[tokio::test]
async fn who_decides_is_asked_for_with_the_whole_command() {
    let scene = Scene::start().await;
    park(&scene, EndpointFault::Refuse { status: 422, reason: "no_account".into() }).await;
    let nameless = async |words: &[&str]| {
        let mut command = ops_command().await;
        command.args(["--local", "--dynamodb", &scene.stage.stack.dynamodb]);
        command.args(words).env_remove("USER");
        run(command).await
    };
    let cause = "reason=422 no_account,from=requested";
    let shown = nameless(&["resume", "--where", cause, "--dry-run"]).await;
    assert!(shown.succeeds().starts_with("1 of 1 promise would go on\n"), "{shown:?}");
    let one = nameless(&["resume", KEY]).await;
    one.fails(2, &format!("resume {KEY} --by NAME"));
    assert!(one.err.contains("it is delivered next, once you say who you are"), "{one:?}");
    let many = nameless(&["resume", "--where", cause, "--yes"]).await;
    many.fails(2, &format!("resume --where '{cause}' --limit 200 --yes --by NAME"));
    assert_eq!(scene.promise(KEY).await.state, "parked");
}

#[tokio::test]
async fn an_answer_that_cannot_be_written_is_no_success() {
    let scene = Scene::start().await;
    park(&scene, EndpointFault::Refuse { status: 422, reason: "no_account".into() }).await;
    let to = async |words: &[&str], out: Stdio| {
        let mut command = ops_command().await;
        command.args(["--local", "--dynamodb", &scene.stage.stack.dynamodb]);
        command.args(words).env("USER", "night-shift").stdout(out);
        run(command).await
    };
    let nowhere = "reason=over_age,from=requested";
    for (words, code) in [
        (&["now"][..], 0),
        (&["--json", "story", KEY], 0),
        (&["affiliate", "firstpromoter", "31", "--csv"], 0),
        (&["resume", "--where", nowhere], 1),
    ] {
        let full = to(words, File::create("/dev/full").unwrap().into()).await;
        // What goes to standard error alone is not lost.
        assert_eq!(full.code, if code == 0 { 2 } else { code }, "{full:?}");
        assert_eq!(full.err.contains("the answer cannot be written"), code == 0, "{full:?}");
        // Whoever closed the pipe has seen enough.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        assert_eq!(to(words, writer.into()).await.code, code, "{words:?}");
    }
}

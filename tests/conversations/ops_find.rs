//! The operator's question what an id is, where it is that of an event.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::OneStack;
use tests::scene::Scene;
use tests::scratch::Scratch;
use tests::webhooks::AFFONSO;

use crate::ops::{CliOutput, nobody, ops, run};
use crate::samples;

/// What the functions printed, as `cargo local` writes it.
fn written(scene: &Scene) -> Scratch {
    let log = Scratch::new("functions.log");
    std::fs::write(log.path(), scene.stage.stack.logs().join("\n")).unwrap();
    log
}

/// The command against a stack.
async fn of_stack(stack: &OneStack, words: &[&str]) -> CliOutput {
    let mut command = nobody().await;
    command.envs(stack.env()).args(["--stack", "mine"]).args(words);
    run(command).await
}

/// The partitions and identities of the events in an answer.
fn events(answer: &CliOutput) -> Vec<(String, String)> {
    let answer: Value = serde_json::from_str(answer.succeeds()).unwrap();
    let text = |event: &Value, name: &str| event[name].as_str().unwrap().to_owned();
    let events = answer["events"].as_array().unwrap().iter();
    events.map(|event| (text(event, "partition"), text(event, "identity"))).collect()
}

/// Every line of an event says which it is and what it is about, so that each is found,
/// whatever provider it came from.
#[tokio::test]
async fn an_event_of_any_provider_is_found_by_its_id_alone() {
    let scene = samples::scene(|_| {}).await;
    samples::play(&scene).await;
    // Each that was recorded comes again.
    for (name, _, status) in samples::samples() {
        if status == 200 {
            scene.stage.send(&samples::fresh(&name, status)).await;
        }
    }
    let (mut outcomes, mut tried) = (BTreeSet::new(), BTreeSet::new());
    let lines = scene.stage.lines(samples::samples().len()).await;
    for line in &lines {
        let outcome = line["outcome"].as_str().unwrap();
        if ["recorded", "duplicate", "archived", "test"].contains(&outcome) {
            assert!(line["identity"].is_string(), "{line}");
        }
        assert!(outcome != "recorded" || line["subject"].is_string(), "{line}");
        outcomes.insert((line["provider"].to_string(), outcome.to_owned()));
    }
    for provider in shared::provider::ALL {
        for outcome in ["recorded", "duplicate"] {
            let seen = (json!(provider.provider.name()).to_string(), outcome.to_owned());
            assert!(outcomes.contains(&seen), "{seen:?} is not in {outcomes:?}");
        }
    }
    let log = written(&scene);
    for line in lines.iter().filter(|line| line["outcome"] == "recorded") {
        let (kind, id) = line["subject"].as_str().unwrap().split_once('#').unwrap();
        let provider = line["provider"].as_str().unwrap();
        if !tried.insert((provider.to_owned(), kind.to_owned())) {
            continue;
        }
        let identity = line["identity"].as_str().unwrap();
        let here = (format!("{provider}#{kind}#{id}"), identity.to_owned());
        let found = ["find", "--json", "--since", "1d", "--log", log.text(), "--", identity];
        let found = ops(&scene, &found).await;
        assert!(events(&found).contains(&here), "{here:?} is not in {found:?}");
        let shown = ops(&scene, &["show", "--json", "--", &here.0, identity]).await;
        let shown: Value = serde_json::from_str(shown.succeeds()).unwrap();
        assert_eq!((&shown["type"], &shown["object"]), (&line["type"], &json!(here.0)));
    }
    assert!(tried.len() > 10, "{tried:?}");

    // UpPromote's identity names its object, with the version or without: no log is asked.
    let own = lines.iter().find(|line| line["provider"] == "uppromote").unwrap();
    let identity = own["identity"].as_str().unwrap();
    let (made, version) = identity.rsplit_once('#').unwrap();
    assert!(version.parse::<u64>().is_ok(), "{identity}");
    for id in [identity, made] {
        let found = events(&ops(&scene, &["find", "--json", id]).await);
        assert!(found.iter().any(|(_, of)| of == identity), "{id}: {found:?}");
    }
    ops(&scene, &["show", identity]).await.succeeds();
}

/// A payout that an event of this id created.
fn created(event: &str, payout: &str) -> String {
    let body = json!({
        "id": event, "type": "payout.created", "createdAt": "2026-10-01T10:00:00Z",
        "data": {"payoutId": payout, "affiliateId": "aff_1", "amount": 12.9, "status": "PENDING"},
    });
    body.to_string()
}

#[tokio::test]
async fn the_id_of_an_event_may_have_anything_in_it() {
    let scene = Scene::without_stream(|_| {}).await;
    let long = "x".repeat(512);
    let wide = "\u{e9}".repeat(256);
    let ids = [
        "evt_1",
        "a#b c",
        "it's \"so\", \\ 50%",
        "\u{1f381}\u{1f389}",
        "a*b",
        "{ $.x = \"y\" }",
        long.as_str(),
        wide.as_str(),
        "-9",
    ];
    for (n, id) in ids.iter().enumerate() {
        scene.stage.post_to(AFFONSO, created(id, &format!("pay_{n}"))).await.is(200);
    }
    // One that came twice, and one of another type that took the same id.
    scene.stage.post_to(AFFONSO, created("evt_1", "pay_0")).await.is(200);
    let other = created("evt_1", "pay_0").replace("payout.created", "payout.paid");
    scene.stage.post_to(AFFONSO, other).await.is(200);
    scene.stage.lines(ids.len() + 2).await;
    let log = written(&scene);
    let lines = scene.stage.stack.logs();
    let stack = OneStack::start(&scene.stage.stack.dynamodb, &[], Some(lines)).await;
    for (n, id) in ids.iter().enumerate() {
        let here = (format!("affonso#payout#pay_{n}"), (*id).to_owned());
        let local = ops(&scene, &["find", "--json", "--log", log.text(), "--", id]).await;
        assert!(events(&local).contains(&here), "{local:?}");
        let found = of_stack(&stack, &["find", "--json", "--", id]).await;
        assert!(events(&found).contains(&here), "{found:?}");
        assert_eq!(events(&found).len(), if n == 0 { 2 } else { 1 }, "{found:?}");
        let text = of_stack(&stack, &["find", "--", id]).await.succeeds().to_owned();
        assert!(text.contains(" show ") && text.contains(" story affonso payout pay_"), "{text}");
        assert!(text.lines().all(|line| line.contains(" --stack ") || line.chars().count() <= 100));
        if n > 0 {
            let shown = of_stack(&stack, &["show", "--json", "--", id]).await;
            let shown: Value = serde_json::from_str(shown.succeeds()).unwrap();
            assert_eq!(shown["identity"], *id, "{shown}");
        }
    }
    let both = of_stack(&stack, &["find", "evt_1"]).await.succeeds().to_owned();
    for part in [
        "event evt_1 of affonso payout pay_0: payout.created, received ",
        "in the log: 1 duplicate, 1 recorded, the last at ",
        "event evt_1#payout.paid of affonso payout pay_0: payout.paid, received ",
        "in the log: 1 recorded, the last at ",
    ] {
        assert!(both.contains(part), "{part} is not in\n{both}");
    }
    of_stack(&stack, &["show", "evt_1"]).await.fails(1, "several events have the id evt_1");
    assert!(
        stack.patterns().iter().all(|pattern| pattern.starts_with("{ $.message = \"webhook\""))
    );

    // What has expired is said to have been there.
    scene.stage.empty().await;
    let gone = of_stack(&stack, &["find", "a#b c"]).await.succeeds().to_owned();
    assert!(gone.contains("payout.created, not kept any more, 1 request in the log"), "{gone}");
    let gone = of_stack(&stack, &["show", "a#b c"]).await;
    gone.fails(1, "a#b c of affonso#payout#pay_1: payout.created, not kept any more");
    let never = of_stack(&stack, &["find", "evt_0"]).await;
    never.fails(1, "no request in the log brought an event of that id since ");
}

#[tokio::test]
async fn a_log_that_may_not_be_read_is_a_gap_and_without_one_it_is_said_so() {
    let scene = Scene::without_stream(|_| {}).await;
    scene.stage.post_to(AFFONSO, created("evt_1", "pay_1")).await.is(200);
    let stack = OneStack::start(&scene.stage.stack.dynamodb, &[], None).await;
    for command in ["find", "show"] {
        let refused = of_stack(&stack, &[command, "evt_1"]).await;
        refused.fails(1, "/aws/lambda/mine-payouts: not allowed: logs:FilterLogEvents");
        // Of a log that nobody read, nothing is told.
        assert!(!refused.err.contains("no request in"), "{refused:?}");
        assert!(!refused.err.contains("--log FILE"), "{refused:?}");
        ops(&scene, &[command, "evt_1"]).await.fails(1, "`story` of that object tells its events");
    }
    // The rest of the answer stands, and a log is read only where it is asked for.
    let _ = stack.patterns();
    let found = of_stack(&stack, &["find", "pay_1"]).await;
    assert!(found.succeeds().starts_with("affonso payout pay_1: pending"), "{found:?}");
    assert_eq!(stack.patterns(), Vec::<String>::new());
    let found = of_stack(&stack, &["find", "pay_1", "--since", "2h"]).await.succeeds().to_owned();
    assert!(found.starts_with("affonso payout pay_1: pending"), "{found}");
    assert!(found.contains("Not read: /aws/lambda/mine-payouts: not allowed"), "{found}");
}

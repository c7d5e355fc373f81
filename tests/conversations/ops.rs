//! The operator's command against a running bundle.

use std::process::{Command, Output};

use local::build_functions;
use local::fakes::Fault;
use local::fakes::endpoint::EndpointFault;
use serde_json::Value;
use tests::scene::{KEY, Scene, commission};
use tests::text;

/// What the command came to: exit code, standard output, standard error.
pub type Said = (i32, String, String);

pub async fn ops(url: &str, words: &[&str]) -> Said {
    let binary = build_functions(None).await.unwrap().join("ops");
    let mut command = Command::new(binary);
    command.args(["--local", "--dynamodb", url]).args(words).env("USER", "night-shift");
    run(command).await
}

async fn run(mut command: Command) -> Said {
    // The bundle that it talks to runs on this thread.
    let output = tokio::task::spawn_blocking(move || command.output());
    let Output { status, stdout, stderr } = output.await.unwrap().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

async fn json(scene: &Scene, words: &[&str]) -> Value {
    let (code, out, err) = ops(&scene.stage.stack.dynamodb, &[words, &["--json"]].concat()).await;
    assert_eq!((code, err.as_str()), (0, ""), "{words:?}");
    serde_json::from_str(&out).unwrap()
}

async fn announce(scene: &Scene, fault: EndpointFault) {
    scene.endpoint.inject(Fault::of(fault).times(1));
    scene.knows(88_901, 500);
    let event = commission("e1", "updated", 88_901, ("pending", "approved"), 1);
    assert_eq!(scene.commission(&event).await.0, 200);
    scene.until(KEY, &["parked"]).await;
}

#[tokio::test]
async fn an_unknown_outcome_waits_for_a_word_and_goes_on_by_it() {
    let scene = Scene::with(|options| {
        let parameters = &mut options.parameters;
        parameters.insert("RewardEndpointIdempotent".into(), "no".into());
    })
    .await;
    let url = scene.stage.stack.dynamodb.clone();
    assert_eq!(ops(&url, &["parked"]).await.1, "nothing is parked\n");
    announce(&scene, EndpointFault::DropsReply).await;

    let parked = json(&scene, &["parked"]).await;
    let waiting = &parked["parked"][0];
    for (name, value) in [
        ("key", KEY),
        ("from", "requested"),
        ("reason", "unknown_outcome"),
        ("last", "no answer"),
        ("amount", "500"),
        ("unit", "points"),
    ] {
        assert_eq!(text(waiting, name), value, "{waiting}");
    }
    assert_eq!((&waiting["unknown"], &waiting["attempts"]), (&true.into(), &1.into()));
    assert_eq!(waiting["recipient"]["id"], "31");
    let (_, table, _) = ops(&url, &["parked"]).await;
    assert!(table.starts_with("KEY ") && table.contains(KEY) && table.contains("outcome unknown"));
    assert!(!format!("{parked}{table}").contains("p@example.com"));

    let (code, out, err) = ops(&url, &["resume", KEY]).await;
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("say whether it was granted"), "{err}");
    assert_eq!(ops(&url, &["resume", KEY, "--granted"]).await.0, 2);
    assert_eq!(text(&scene.promise(KEY).await, "state"), "parked");

    let word = ["resume", KEY, "--granted", "--because", "in the books", "--by", "jane"];
    let resumed = json(&scene, &word).await;
    assert_eq!(text(&resumed, "state"), "delivered");
    let confirmed = scene.until(KEY, &["confirmed"]).await;
    assert_eq!(scene.raw_calls(KEY), 1);
    assert!(scene.platform.commission(88_901).unwrap().fulfilled);
    assert_eq!(text(&confirmed["words"][0], "because"), "in the books");

    let (code, _, err) = ops(&url, &word).await;
    assert_eq!(code, 1);
    assert!(err.contains("is not parked"), "{err}");
}

#[tokio::test]
async fn a_story_tells_what_happened_and_names_nobody_unless_asked() {
    let scene = Scene::start().await;
    let url = scene.stage.stack.dynamodb.clone();
    let reason = "unknown_customer".to_owned();
    announce(&scene, EndpointFault::Refuse { status: 422, reason }).await;
    let (code, line, _) = ops(&url, &["resume", KEY]).await;
    assert_eq!(code, 0);
    assert!(line.starts_with(&format!("{KEY} is requested, deliver#")), "{line}");
    scene.until(KEY, &["confirmed"]).await;

    let of = ["story", "firstpromoter", "commission", "88901"];
    let (code, story, _) = ops(&url, &of).await;
    assert_eq!(code, 0);
    for part in [
        "firstpromoter#commission#88901\n",
        "commission.updated",
        "secret ",
        "night-shift resumed it",
        "amount 500 points",
        "500 points to promoter 31",
        &format!("promise {KEY}: confirmed"),
    ] {
        assert!(story.contains(part), "{part} is not in\n{story}");
    }
    let steps = ["event", "promised", "word", "delivered", "confirmed", "state"];
    let lines = story.lines().skip(3).map(|line| line.split_whitespace().nth(1));
    let told: Vec<_> = lines.take(steps.len()).map(Option::unwrap).collect();
    assert_eq!(told, steps, "{story}");

    let told = json(&scene, &of).await;
    let everything = json(&scene, &[&of[..], &["--personal"]].concat()).await;
    for personal in ["p@example.com", "u-77"] {
        assert!(!format!("{story}{told}").contains(personal));
        assert!(everything.to_string().contains(personal), "{everything}");
    }
    // Nor the one it would go to by now.
    let mut moved = commission("e2", "updated", 88_901, ("", "approved"), 2);
    moved["data"]["promoter_campaign"]["promoter"] =
        serde_json::json!({"id": 32, "email": "q@example.com"});
    assert_eq!(scene.commission(&moved).await.0, 200);
    scene.until(KEY, &["parked"]).await;
    let (told, all) =
        (json(&scene, &of).await, json(&scene, &[&of[..], &["--personal"]].concat()).await);
    assert!(!told.to_string().contains("q@example.com"), "{told}");
    let stated = &all["promises"][0]["stated"]["recipient"];
    assert_eq!(stated["email"], "q@example.com");
    // Not even then: the body.
    assert!(!everything.to_string().contains("\"body\""));
    assert_eq!(told["record"]["status"], "approved");
}

#[tokio::test]
async fn what_cannot_be_asked_or_is_not_there_is_said_in_words() {
    let scene = Scene::start().await;
    let url = scene.stage.stack.dynamodb.as_str();
    let closed = "http://127.0.0.1:1";
    for (url, words, code, said) in [
        (url, &["resume", KEY][..], 1, "there is no such promise"),
        (
            url,
            &["story", "affonso", "payout", "x"],
            1,
            "nothing is recorded under affonso#payout#x",
        ),
        (url, &["--table", "Other", "parked"], 2, "there is no table Other"),
        (url, &["resume", "88901"], 2, "must be PROVIDER:ID:EPOCH"),
        (url, &["--stack", "x", "parked"], 2, "--stack"),
        (closed, &["parked"], 2, "is cargo local running"),
    ] {
        let (exit, out, err) = ops(url, words).await;
        assert_eq!((exit, out.as_str()), (code, ""), "{words:?}: {err}");
        assert!(err.contains(said), "{words:?}: {err}");
    }
    let mut nowhere = Command::new(build_functions(None).await.unwrap().join("ops"));
    nowhere.arg("parked");
    let (code, _, err) = run(nowhere).await;
    assert_eq!(code, 2);
    assert!(err.contains("say where: --local or --stack NAME"), "{err}");
}

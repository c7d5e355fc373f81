//! The operator's command, what came in and was not understood, and what was refused.

use serde_json::Value;
use shared::wire::Timestamp;
use tests::scene::Scene;
use tests::scratch::Scratch;
use tests::webhooks::{AFFONSO, COMMISSIONS, commission, payout};
use tests::{OneStack, Stage, Webhook, events_file};

use crate::ops::{CliOutput, json, nobody, ops, ops_command, run};
use crate::samples::{fresh, play, scene};

#[tokio::test]
async fn the_inbox_is_listed_with_what_to_do_and_each_item_can_be_shown() {
    let scene = Scene::without_stream(|_| {}).await;
    assert_eq!(ops(&scene, &["inbox"]).await.succeeds(), "nothing is in the inbox\n");
    for sample in ["firstpromoter-malformed", "affonso-unknown-type", "firstpromoter-test"] {
        let status = if sample.ends_with("malformed") { 400 } else { 200 };
        scene.stage.send(&fresh(sample, status)).await.is(status);
    }
    let text = ops(&scene, &["inbox"]).await.succeeds().to_owned();
    for part in [
        "3 items in the inbox, latest first: 1 quarantined, 1 test, 1 unknown_type.\n",
        "\nquarantined: rightly signed, and not to be read",
        "\ntest: the provider's test button",
        "\nunknown_type: recorded and answered 200",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let listed = json(&scene, &["inbox"]).await;
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 3, "{listed}");
    for item in items {
        let id = item["id"].as_str().unwrap();
        let shown = json(&scene, &["show", id]).await;
        assert_eq!(shown["inbox"], item["why"], "{shown}");
        assert_eq!(shown["length"], item["length"]);
        ops(&scene, &["show", id]).await.succeeds();
    }
    let one = json(&scene, &["inbox", "--limit", "1"]).await;
    assert_eq!((one["items"].as_array().map(Vec::len), &one["more"]), (Some(1), &true.into()));
    ops(&scene, &["show", "evt_nobody_knows"]).await.fails(1, "nothing is kept under");
}

#[tokio::test]
async fn an_event_of_an_object_is_shown_by_its_identity() {
    let scene = Scene::without_stream(|_| {}).await;
    let first = commission(5).approved();
    let second = commission(5).edited("approved").second(2).promoter(32, "q@example.com");
    scene.post(&first).await.is(200);
    scene.post(&second).await.is(200);
    let object = "firstpromoter#commission#5";
    let several = ops(&scene, &["show", object]).await;
    several.fails(1, "has several events, which one?");
    let identity = several.err.lines().last().unwrap().split_whitespace().last().unwrap();
    let shown = ops(&scene, &["show", object, identity]).await.succeeds().to_owned();
    assert!(shown.contains("\"status\": \"approved\"") && shown.contains("are hidden"), "{shown}");
    assert!(!shown.contains("q@example.com") && !shown.contains("p@example.com"), "{shown}");
    let all = ops(&scene, &["show", object, identity, "--personal"]).await.succeeds().to_owned();
    assert!(all.contains("@example.com"), "{all}");
    ops(&scene, &["show", object, "no-such"]).await.fails(1, "has no such event");
}

/// Every sample, and not a person in what the commands say of them.
#[tokio::test]
async fn no_command_names_anybody_unless_asked() {
    let scene = scene(|_| {}).await;
    play(&scene).await;
    let sensitive = events_file("sensitive.json");
    let seeds = ["personal", "payment", "credentials"].map(|kind| sensitive[kind].clone());
    let seeds: Vec<String> = seeds
        .iter()
        .flat_map(|list| list.as_array().unwrap())
        .map(|seed| seed.as_str().unwrap().to_owned())
        .collect();
    let without = |text: &str, what: &str| {
        let named = seeds.iter().find(|seed| text.contains(*seed));
        assert_eq!(named, None, "in {what}");
    };
    for words in [&["parked"][..], &["parked", "--rows"], &["inbox"]] {
        for words in [words.to_vec(), [words, &["--json"]].concat()] {
            let said = ops(&scene, &words).await;
            without(&format!("{}{}", said.out, said.err), &words.join(" "));
        }
    }
    let listed = json(&scene, &["inbox"]).await;
    for item in listed["items"].as_array().unwrap() {
        let id = item["id"].as_str().unwrap();
        for words in [&["show", id][..], &["show", id, "--json"]] {
            let said = ops(&scene, words).await;
            without(&format!("{}{}", said.out, said.err), id);
        }
    }
}

/// A `cargo local` that does not run.
const NOT_RUNNING: [&str; 3] = ["--local", "--dynamodb", "http://127.0.0.1:1"];

async fn doctor(captured: &Scratch, words: &[&str]) -> CliOutput {
    let mut command = ops_command().await;
    command.args(["doctor", captured.text()]).args(words);
    run(command).await
}

#[tokio::test]
async fn a_captured_request_is_told_by_which_secret_it_fits_and_what_comes_near() {
    let stage = Stage::start().await;
    let webhook = commission(5).approved();
    let mut event = stage.signed(COMMISSIONS, webhook.body());
    let captured = Scratch::new("captured.json");
    std::fs::write(captured.path(), event.to_string()).unwrap();
    let fits = doctor(&captured, &NOT_RUNNING).await;
    let expected =
        "It fits: firstpromoter, commission.updated, by the secret hmac[0]. The answer is 200.\n";
    assert!(fits.succeeds().starts_with(expected), "{fits:?}");
    stage.send(&event).await.is(200);

    event["body"] = Value::from(format!("{}\n", webhook.body()));
    event["isBase64Encoded"] = false.into();
    std::fs::write(captured.path(), event.to_string()).unwrap();
    stage.send(&event).await.is(401);
    let near = doctor(&captured, &NOT_RUNNING).await;
    assert_eq!((near.code, near.err.as_str()), (1, ""), "{near:?}");
    assert!(near.out.contains("NEAR with hmac[0] of firstpromoter: the captured body"), "{near:?}");
    let near = doctor(&captured, &[&NOT_RUNNING[..], &["--json"]].concat()).await;
    let told: Value = serde_json::from_str(&near.out).unwrap();
    assert_eq!((near.code, &told["near"][0]["misses"][0]), (1, &"newline_added".into()));
    assert_eq!(told["reason"], "no_secret_matches");
    let key = local::dev_secrets()["webhooks"]["firstpromoter"]["hmac"][0].clone();
    assert!(!near.out.contains(key.as_str().unwrap()) && !near.out.contains("p@example.com"));

    // Secrets of a file need no place to look.
    let secrets = Scratch::new("secrets.json");
    std::fs::write(secrets.path(), local::dev_secrets().to_string()).unwrap();
    let with = ["--secrets", secrets.text()];
    assert_eq!(doctor(&captured, &with).await.code, 1);
    std::fs::write(secrets.path(), "\"a-secret-that-is-no-object\"").unwrap();
    let broken = doctor(&captured, &with).await;
    broken.fails(2, "not a JSON object");
    assert!(!broken.err.contains("a-secret-that"), "{broken:?}");
    doctor(&captured, &[]).await.fails(2, "say where: --local or --stack NAME");
}

/// The stack's own limit decides, and it is said which did.
#[tokio::test]
async fn an_old_request_is_held_to_the_age_that_its_stack_lets_in() {
    let stage = Stage::start().await;
    let webhook = payout("evt_1", "created");
    let mut event = stage.signed(AFFONSO, webhook.body());
    event["requestContext"]["timeEpoch"] = Timestamp::now().plus_seconds(1_000).ms().into();
    let captured = Scratch::new("captured.json");
    std::fs::write(captured.path(), event.to_string()).unwrap();
    let parameter = [("AffonsoPastToleranceSeconds", "7200")];
    let own = OneStack::start(&stage.stack.dynamodb, &parameter, None).await;
    let usual = OneStack::start(&stage.stack.dynamodb, &[], None).await;
    let of_stack = async |stack: &OneStack, words: &[&str]| {
        let mut command = nobody().await;
        command.envs(stack.env()).args(["--stack", "mine", "doctor", captured.text()]);
        command.args(words);
        run(command).await
    };
    let fits = of_stack(&own, &[]).await;
    let says = "Let in are 7200 s, by AffonsoPastToleranceSeconds of the stack.";
    let told = fits.succeeds().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.starts_with("It fits: affonso, ") && told.contains(says), "{fits:?}");
    for late in [of_stack(&usual, &[]).await, doctor(&captured, &NOT_RUNNING).await] {
        let told = late.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("let in are at most 300 s, by default; Affonso"), "{late:?}");
        assert_eq!(late.code, 1, "{late:?}");
    }
    let told: Value = serde_json::from_str(of_stack(&own, &["--json"]).await.succeeds()).unwrap();
    let limit = &told["age_limit"];
    assert_eq!((&limit["seconds"], &limit["from"]), (&7_200.into(), &"stack".into()), "{told}");

    // With secrets of a file the stack is asked for its limit alone, and may be silent.
    let secrets = Scratch::new("secrets.json");
    std::fs::write(secrets.path(), local::dev_secrets().to_string()).unwrap();
    let with = ["--secrets", secrets.text()];
    of_stack(&own, &with).await.succeeds();
    let mut command = nobody().await;
    command.args(["--stack", "mine", "doctor", captured.text()]).args(with);
    let late = run(command).await;
    let told = late.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let gap = "Note: the age limit of the stack is not read: no AWS credentials found";
    assert!(late.code == 1 && told.contains(gap), "{late:?}");
}

#[tokio::test]
async fn what_goes_with_an_installed_command_needs_no_table_and_no_colour() {
    for (words, part) in [
        (&["completions", "bash"][..], "complete -F _affiliate__ops"),
        (&["completions", "fish"], "complete -c affiliate-ops"),
        (&["man"], ".TH affiliate-ops 1"),
    ] {
        let mut command = ops_command().await;
        command.args(words).env("NO_COLOR", "1");
        let said = run(command).await;
        assert!(said.succeeds().contains(part), "{said:?}");
    }
    let pages = Scratch::new("man");
    let mut command = ops_command().await;
    command.args(["man", "--out", pages.text()]);
    run(command).await.succeeds();
    assert!(pages.path().join("affiliate-ops-doctor.1").is_file());
    let mut command = ops_command().await;
    command.arg("--help").env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1");
    let help = run(command).await;
    assert!(help.succeeds().contains("Usage: ") && !help.out.contains('\u{1b}'), "{help:?}");
}

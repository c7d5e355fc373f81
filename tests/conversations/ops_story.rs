//! The operator's question what happened to one object.

use local::cli::run_folder::RunFolder;
use local::fakes::Fault;
use local::fakes::endpoint::EndpointFault;
use serde_json::{Value, json};
use shared::wire::Timestamp;
use tests::scene::{ID, KEY, Scene, V1_ID, V1_KEY};
use tests::scratch::Scratch;
use tests::webhooks::{commission, pending_fulfilment};

use crate::ops::{json, ops, ops_command, park, run};

#[tokio::test]
async fn a_story_tells_what_happened_and_names_nobody_unless_asked() {
    let scene = Scene::start().await;
    let reason = "unknown_customer".to_owned();
    park(&scene, EndpointFault::Refuse { status: 422, reason }).await;
    let resumed = ops(&scene, &["resume", KEY]).await;
    assert_eq!(resumed.succeeds(), format!("{KEY}: it is delivered next\n"));
    scene.until_state(KEY, "confirmed").await;

    let of = ["story", "firstpromoter", "commission", "88901"];
    let story = ops(&scene, &of).await.succeeds().to_owned();
    for part in [
        "firstpromoter commission 88901\n",
        "commission.updated",
        "secret ",
        "delivery: 422 unknown_customer, ",
        " ms; parked, because your endpoint",
        "night-shift resumed it\n",
        "    amount 500 points\n",
        "promised 500 points to promoter 31\n",
        &format!("promise {KEY}: confirmed, 500 points to promoter 31\n"),
        "  Now: Given, and FirstPromoter knows.\n  Next: nothing is due.\n",
    ] {
        assert!(story.contains(part), "{part} is not in\n{story}");
    }
    assert!(story.lines().all(|line| line.chars().count() <= 100), "{story}");
    // A key is as good as the three words.
    assert_eq!(ops(&scene, &["story", KEY]).await.succeeds(), story);
    let timeline = json(&scene, &of).await["timeline"].as_array().unwrap().clone();
    let mut steps: Vec<_> = timeline.iter().map(|step| step["what"].as_str().unwrap()).collect();
    steps.dedup();
    assert_eq!(steps, ["event", "promised", "tried", "word", "tried"], "{story}");
    let refused = timeline.iter().find(|step| step["what"] == "tried").unwrap();
    assert_eq!(
        (&refused["from"], &refused["to"], &refused["by"], refused["ms"].is_u64()),
        (&"delivering".into(), &"parked".into(), &"deliver".into(), true)
    );

    let personally = [&of[..], &["--personal"]].concat();
    let told = json(&scene, &of).await;
    let everything = json(&scene, &personally).await;
    for personal in ["p@example.com", "u-77"] {
        assert!(!format!("{story}{told}").contains(personal));
        assert!(everything.to_string().contains(personal), "{everything}");
    }
    // The person whom the reward would go to by now is named as little.
    let moved = commission(ID).edited("approved").second(2).promoter(32, "q@example.com");
    scene.post(&moved).await.is(200);
    scene.until_state(KEY, "parked").await;
    let (told, all) = (json(&scene, &of).await, json(&scene, &personally).await);
    assert!(!told.to_string().contains("q@example.com"), "{told}");
    assert_eq!(all["promises"][0]["stated"]["recipient"]["email"], "q@example.com");
    // A body is not even told with --personal.
    assert!(!all.to_string().contains("\"body\""));
    assert!(!everything.to_string().contains("\"body\""));
    assert_eq!(told["record"]["status"], "approved");
}

/// The values before and after come from the bodies that are kept.
#[tokio::test]
async fn a_story_tells_the_values_before_and_after() {
    let scene = Scene::start().await;
    scene.post(&commission(ID).created("pending")).await.is(200);
    let more = commission(ID).edited("pending").amount(700).second(1);
    scene.post(&more).await.is(200);
    scene.post(&commission(ID).amount(700).denied().second(2)).await.is(200);
    let story = ops(&scene, &["story", "firstpromoter#commission#88901"]).await;
    let story = story.succeeds();
    for part in [
        "    amount 500 points\n",
        "    amount 500 points -> 700 points\n",
        "    status pending -> denied\n",
    ] {
        assert!(story.contains(part), "{part} is not in\n{story}");
    }
}

/// Both replies that were lost are told when the promise has long been confirmed.
#[tokio::test]
async fn lost_replies_are_told_after_all_is_well() {
    let scene = Scene::start().await;
    scene.endpoint.inject(Fault::of(EndpointFault::DropsReply).times(2));
    scene.confirm().await;
    let told = json(&scene, &["story", KEY]).await;
    let timeline = told["timeline"].as_array().unwrap();
    let lost = timeline.iter().filter(|step| step["outcome"] == "no answer");
    let lost: Vec<_> = lost.map(|step| step["to"].as_str().unwrap()).collect();
    assert_eq!(lost, ["requested", "requested"], "{told}");
    assert_eq!(told["promises"][0]["now"], "Given, and FirstPromoter knows.");
    let log = told["promises"][0]["log"]["entries"].as_array().unwrap();
    assert!(log.len() >= 4 && log.iter().all(|entry| entry["outcome"] != Value::Null), "{log:?}");
}

#[tokio::test]
async fn who_looks_next_door_is_told_where_it_is() {
    let scene = Scene::start().await;
    scene.platform_has_fulfilment(V1_ID, "free_months", 2);
    scene.post(&pending_fulfilment(V1_ID)).await.is(202);
    scene.until_promise(V1_KEY, |_| true).await;
    let wrong = ops(&scene, &["story", "firstpromoter", "fulfilment", "900"]).await;
    wrong.fails(1, "nothing is recorded under firstpromoter#fulfilment#900; did you mean\n");
    assert!(wrong.err.contains(" story firstpromoter-v1 fulfilment 900\n"), "{wrong:?}");
    // The key of the wrong provider, too.
    ops(&scene, &["story", "firstpromoter:900:1"]).await.fails(1, "did you mean");
    for key in ["firstpromoter:900:1", "firstpromoter-v1:900:2"] {
        let wrong = ops(&scene, &["resume", key]).await;
        wrong.fails(1, &format!("{key}: there is no such promise; did you mean\n"));
        assert!(wrong.err.contains(&format!(" resume {V1_KEY}\n")), "{wrong:?}");
    }
}

/// By the age that the run says, or that the template has.
#[tokio::test]
async fn a_story_says_when_it_is_given_up_also_where_there_is_no_stack() {
    let scene = Scene::without_stream(|_| {}).await;
    scene.approve(ID).await;
    let folder = Scratch::new("run");
    let own = RunFolder::take(&folder.path().join(".local"), 8000).unwrap();
    let url = scene.stage.stack.dynamodb.as_str();
    let open_at: Timestamp = serde_json::from_value(scene.promise(KEY).await["open_at"].clone())
        .expect("a promise has the time since which it is open");
    for (says, hours) in [
        (None, 24),
        // Of another run.
        (Some(json!({"dynamodb": "http://127.0.0.1:1", "age": "7200"})), 24),
        (Some(json!({"dynamodb": url, "age": "7200"})), 2),
    ] {
        if let Some(says) = says {
            let note = json!({
                "http": "", "dynamodb": says["dynamodb"], "log": "",
                "parameters": {"MaxAgeSeconds": says["age"]},
            });
            std::fs::write(own.path().join("wiring.json"), note.to_string()).unwrap();
        }
        let story = async |more: &[&str]| {
            let mut command = ops_command().await;
            command.args(["--local", "--dynamodb", url, "story", KEY]).args(more);
            command.current_dir(folder.path());
            run(command).await.succeeds().to_owned()
        };
        assert!(story(&[]).await.contains("given up on "), "{hours}");
        let told: Value = serde_json::from_str(&story(&["--json"]).await).unwrap();
        let until = told["promises"][0]["next"]["gives_up_at"].clone();
        let until: Timestamp = serde_json::from_value(until).unwrap();
        assert_eq!(until, open_at.plus_seconds(hours * 3600), "{told}");
    }
}

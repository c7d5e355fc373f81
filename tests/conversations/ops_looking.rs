//! The operator's questions: did somebody get their reward, what has this id, how does
//! all stand.

use local::fakes::endpoint::EndpointFault;
use serde_json::{Value, json};
use shared::ledger::Partition;
use tests::OpsPage;
use tests::scene::{KEY, Scene};
use tests::scratch::Scratch;

use crate::leaks::{EVERYTHING, assert_without};
use crate::ops::{json, ops, park};
use crate::samples;

/// The rewards of an answer by key, with whether they are given.
pub fn given(person: &Value) -> Vec<(&str, &str)> {
    let rewards = person["rewards"].as_array().unwrap().iter();
    let given =
        rewards.map(|reward| (reward["key"].as_str().unwrap(), reward["given"].as_str().unwrap()));
    given.collect()
}

#[tokio::test]
async fn each_of_the_three_people_gets_an_answer_in_one_look() {
    let scene = Scene::with_parameters(&[("RewardEndpointIdempotent", "no")]).await;
    let now = ops(&scene, &["now"]).await.succeeds().to_owned();
    assert!(now.starts_with("Nothing waits for a person. Nothing is late.\nNot read: "), "{now}");
    park(&scene, EndpointFault::DropsReply).await;

    // The partner manager: three answers, and nobody knows is one of them.
    let person = ["affiliate", "firstpromoter", "31"];
    let text = ops(&scene, &person).await.succeeds().to_owned();
    for part in [
        "affiliate 31 of firstpromoter\n",
        "Promised 1 reward: 1 waits for a person. Of 1 nobody knows whether it is given.\n",
        &format!("  {KEY}: 500 points to promoter 31, promised "),
        "Nobody knows whether it is given. It waits for a person, because your endpoint was",
        "  rewards, nobody knows: 500 points in 1\n",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    // The engineer on call.
    let now = ops(&scene, &["now"]).await.succeeds().to_owned();
    for part in [
        "1 reward waits for a person. Nothing is late.\n",
        "  parked                 1  oldest ",
        "unknown_outcome, from requested: 1 reward",
        "Do: Look whether the key was given",
    ] {
        assert!(now.contains(part), "{part} is not in\n{now}");
    }
    // Whoever has an id of some kind, as the endpoint's log may have.
    let partition = "firstpromoter#commission#88901";
    for id in [KEY, &format!("{KEY}:reverse"), "88901", partition] {
        let found = json(&scene, &["find", id]).await;
        assert_eq!(found["objects"][0]["partition"], partition, "{id}");
        assert_eq!(found["objects"][0]["rewards"][0]["key"], KEY, "{id}");
    }
    ops(&scene, &["find", "nobody-has-this"]).await.fails(1, " has the id nobody-has-this");

    let word = ["resume", KEY, "--granted", "--because", "in the books", "--by", "jane"];
    ops(&scene, &word).await.succeeds();
    scene.until_state(KEY, "confirmed").await;
    let answer = json(&scene, &person).await;
    assert_eq!(given(&answer), [(KEY, "given")]);
    assert_eq!(answer["rewards"][0]["platform_knows"], "yes");
    let csv = ops(&scene, &[&person[..], &["--csv"]].concat()).await;
    let rows: Vec<_> = csv.succeeds().split("\r\n").collect();
    assert!(rows[0].starts_with("\"what\",\"id\",\"amount\""), "{csv:?}");
    assert!(rows[1].starts_with(&format!("\"reward\",\"{KEY}\",\"500\",\"points\"")), "{csv:?}");
    for said in [text, now, answer.to_string(), csv.out] {
        assert!(!said.contains("p@example.com"), "{said}");
    }
    ops(&scene, &["affiliate", "firstpromoter", "32"]).await.fails(1, "nothing is recorded of");
}

/// A reward to the referred customer is for the commission of somebody else.
#[tokio::test]
async fn a_customers_reward_is_found_by_the_customer_and_stays_found_when_it_is_settled() {
    let scene = Scene::with_parameters(&[("RewardRecipient", "referral")]).await;
    scene.confirm().await;
    let person = ["affiliate", "--customer", "firstpromoter", "77"];
    assert_eq!(given(&json(&scene, &person).await), [(KEY, "given")]);
    let text = ops(&scene, &person).await.succeeds().to_owned();
    assert!(text.contains("Promised 1 reward: 1 given and confirmed.\n"), "{text}");
    assert!(text.contains(" to customer 77, "), "{text}");
    let found = json(&scene, &["find", "77"]).await;
    assert_eq!(found["rewards"][0]["key"], KEY, "{found}");
    // Nothing is recorded of them but what was promised to them.
    let there = " affiliate --customer firstpromoter 77\n";
    let found = ops(&scene, &["find", "77"]).await;
    assert!(found.succeeds().ends_with(there), "{found:?}");
    for words in [&["affiliate", "firstpromoter", "77"][..], &["story", "firstpromoter:77:1"]] {
        ops(&scene, words).await.fails(1, "did you mean\n");
        ops(&scene, words).await.fails(1, there);
    }
    ops(&scene, &["story", "firstpromoter", "customer", "77"]).await.fails(1, there);
    // The affiliate's answer has it too, and does not count it as theirs.
    let affiliate = json(&scene, &["affiliate", "firstpromoter", "31"]).await;
    assert_eq!((given(&affiliate), &affiliate["rewarded"]), (vec![(KEY, "given")], &json!({})));
}

/// Who was promised nothing is not unknown, and who has no record may have rewards.
#[tokio::test]
async fn somebody_without_a_reward_or_a_record_is_found_all_the_same() {
    let scene = samples::scene(|_| {}).await;
    samples::play(&scene).await;
    let customer = ops(&scene, &["affiliate", "--customer", "firstpromoter", "7120055"]).await;
    let says = "customer 7120055 of firstpromoter, customer\nNo reward was promised.\n";
    assert_eq!(customer.succeeds(), says);
    let there = " affiliate --customer firstpromoter 7120055\n";
    let found = ops(&scene, &["find", "7120055"]).await.succeeds().to_owned();
    assert!(found.contains(there) && found.contains(" story firstpromoter customer 7120055\n"));
    ops(&scene, &["affiliate", "firstpromoter", "7120055"]).await.fails(1, there);
    let page = OpsPage::start(&scene.stage.stack.dynamodb, &[]).await;
    let screen = page.look(&page.enter().await, "/find?q=7120055").await.body;
    assert!(screen.contains("href=\"/customer/firstpromoter/7120055\""), "{screen}");
    let found = json(&scene, &["find", "884133"]).await;
    assert_eq!(found["objects"][0]["partition"], "firstpromoter-v1#affiliate#884133", "{found}");
    assert_eq!(found["objects"][0]["is_recorded"], false);
    let found = ops(&scene, &["find", "884133"]).await;
    let there = "affiliate firstpromoter-v1 884133\n";
    assert!(found.succeeds().ends_with(there), "{found:?}");
    assert_eq!(found.succeeds().matches("firstpromoter-v1 884133").count(), 1, "{found:?}");
    // Next door.
    let wrong = ops(&scene, &["affiliate", "firstpromoter", "884133"]).await;
    wrong.fails(1, "did you mean\n  ");
    wrong.fails(1, there);
    let other = ops(&scene, &["story", "firstpromoter:301881:9"]).await;
    other.fails(1, "there is no promise firstpromoter:301881:9; did you mean\n");
    other.fails(1, "story firstpromoter:301881:1");
}

/// Every record that the samples make, asked for in every way.
#[tokio::test]
async fn nobody_is_named_in_any_answer_unless_asked() {
    let scene = samples::scene(|_| {}).await;
    samples::play(&scene).await;
    let store = crate::table::store(&scene.stage);
    let (mut told, mut all, mut stories) = (String::new(), String::new(), 0);
    let mut affiliates = Vec::new();
    for item in scene.stage.items().await {
        let pk: Partition = item.text("pk").parse().unwrap();
        if item.text("sk") == "record" || pk.kind() == "inbox" {
            for (personal, into) in [(false, &mut told), (true, &mut all)] {
                let story = ops::Story::read(&store, &pk, None, personal).await;
                let story = story.unwrap().unwrap();
                let text = story.text(&ops::TargetArgs::default());
                let wide = text.lines().find(|line| line.chars().count() > 100);
                assert_eq!(wide, None, "{pk}");
                into.push_str(&text);
                into.push_str(&json!(story).to_string());
            }
            stories += 1;
        }
        if pk.kind() == "affiliate" && item.text("sk") == "record" {
            affiliates.push(pk);
        }
    }
    assert!(stories > 40 && affiliates.len() > 2, "{stories} stories, {affiliates:?}");
    for pk in &affiliates {
        let person = ["affiliate", pk.provider(), pk.id()];
        for more in [&[][..], &["--json"], &["--csv"], &["--all"]] {
            told.push_str(ops(&scene, &[&person[..], more].concat()).await.succeeds());
        }
        told.push_str(ops(&scene, &["find", pk.id()]).await.succeeds());
    }
    for more in [&[][..], &["--json"]] {
        told.push_str(ops(&scene, &[&["now"][..], more].concat()).await.succeeds());
    }
    assert_without(&EVERYTHING, &told, "the answers");
    assert_without(&["credentials", "payment"], &all, "the answers with --personal");
}

/// The screens as files: they say what the commands say.
#[tokio::test]
async fn a_page_in_a_file_says_what_the_command_says_and_is_for_its_owner() {
    use std::os::unix::fs::PermissionsExt;

    let scene = Scene::with_parameters(&[("RewardEndpointIdempotent", "no")]).await;
    park(&scene, EndpointFault::DropsReply).await;
    let folder = Scratch::new("pages");
    std::fs::create_dir_all(folder.path()).unwrap();
    for (name, words, sentence) in [
        ("now", &["now"][..], "1 reward waits for a person. Nothing is late."),
        ("person", &["affiliate", "firstpromoter", "31"], "Promised 1 reward: 1 waits for a"),
        ("story", &["story", KEY], "Nobody knows whether it is given. It waits for a person"),
    ] {
        let path = folder.path().join(format!("{name}.html"));
        let file = path.to_str().unwrap();
        let said = ops(&scene, &[words, &["--html", file]].concat()).await;
        assert!(said.succeeds().starts_with("written: "), "{said:?}");
        let page = std::fs::read_to_string(&path).unwrap();
        assert!(page.contains(sentence), "{name}: {page}");
        assert!(!page.contains("p@example.com") && !page.contains("href="), "{name}");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let nowhere = folder.path().join("nowhere/x.html");
    ops(&scene, &["now", "--html", nowhere.to_str().unwrap()]).await.fails(2, "nowhere/x.html");
}

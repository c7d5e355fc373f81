//! More of one cause than a screen shows, and than go on at one time.

use std::collections::BTreeSet;

use local::fakes::endpoint::EndpointFault;
use serde_json::json;
use tests::OpsPage;
use tests::messages::item_of_promise;
use tests::scene::{ID, KEY, Scene};

use crate::ops::{json, ops, park};
use crate::ops_page::{encoded, field};

/// So many wait.
const ALL: usize = 230;
/// So many of them go on at one time.
const MOST: usize = 200;

/// One that the endpoint refused, and copies of it.
async fn many() -> Scene {
    let scene = Scene::start().await;
    park(&scene, EndpointFault::Refuse { status: 422, reason: "-no-account".into() }).await;
    let (pk, sk) = item_of_promise(KEY);
    let items = [
        scene.stage.raw_item(&pk, &sk).await.unwrap(),
        scene.stage.raw_item(&pk, "record").await.unwrap(),
    ];
    for n in 1..ALL {
        for item in &items {
            let (mut item, id) = (item.clone(), ID + u64::try_from(n).unwrap());
            item["pk"] = json!({"S": format!("firstpromoter#commission#{id}")});
            for (name, value) in [("id", id.to_string()), ("key", format!("firstpromoter:{id}:1"))]
            {
                if item.get(name).is_some() {
                    item[name] = json!({ "S": value });
                }
            }
            scene.stage.stack.put_item(item).await.unwrap();
        }
    }
    scene
}

/// The rewards that can be ticked on a screen, as it names them.
fn ticked(screen: &str) -> Vec<String> {
    let fields = screen.split("name=\"ticked\" value=\"").skip(1);
    fields.map(|of| of.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn all_of_a_cause_are_seen_page_by_page_and_what_is_left_of_them_is_said() {
    let scene = many().await;
    let page = OpsPage::start(&scene.stage.stack.dynamodb, &["--allow-resume", "jane"]).await;
    let cookie = page.enter().await;
    let cause = [("reason", "422 -no-account"), ("from", "requested")];
    let path = format!("/waiting?{}", encoded(&cause));
    let first = page.look(&cookie, &path).await.body;
    for part in [
        "230 rewards wait for a person, for this reason.",
        "also the 205 that are not shown here; at one time the 200 that wait longest",
        "Page 1 of 10, ",
        "&amp;page=2\">later</a>",
    ] {
        assert!(first.contains(part), "{part} is not in\n{first}");
    }
    let mut seen = BTreeSet::new();
    for n in 1..=10 {
        let screen = page.look(&cookie, &format!("{path}&page={n}")).await.body;
        let rows = ticked(&screen);
        assert_eq!(rows.len(), if n == 10 { 5 } else { 25 }, "{screen}");
        seen.extend(rows);
    }
    assert_eq!(seen.len(), ALL);

    let token = field(&first, "token").unwrap();
    let form = |more: &[(&str, &str)]| {
        let because = [("token", token.as_str()), ("because", "the account is made")];
        encoded(&[&because[..], &cause, more].concat())
    };
    let left = "30 other rewards wait for the same reason, and are left";
    let shown = page.post(&cookie, "/waiting/preview", &form(&[("all", "yes")])).await;
    assert_eq!(shown.status, 200, "{shown:?}");
    for part in ["200 rewards of 200 would go on.", left, ": no more than 200 go on at one time."] {
        assert!(shown.body.contains(part), "{part} is not in\n{}", shown.body);
    }
    let chosen = ticked(&shown.body);
    assert_eq!(chosen.len(), MOST);
    let fields: Vec<_> = chosen.iter().map(|choice| ("ticked", choice.as_str())).collect();
    let done = page.post(&cookie, "/waiting/resume", &form(&fields)).await;
    assert_eq!(done.status, 200, "{done:?}");
    for part in ["200 rewards of 200 went on.", left] {
        assert!(done.body.contains(part), "{part} is not in\n{}", done.body);
    }
    assert_eq!(json(&scene, &["parked"]).await["parked"].as_array().unwrap().len(), ALL - MOST);
}

/// An endpoint's reason may begin with a dash, and the command that is printed for it is
/// one that is taken.
#[tokio::test]
async fn a_printed_command_is_taken_whatever_an_endpoint_said() {
    let scene = Scene::start().await;
    park(&scene, EndpointFault::Refuse { status: 422, reason: "no_account".into() }).await;
    let (pk, sk) = item_of_promise(KEY);
    let dashed = |item: &mut serde_json::Value| {
        item["parked"]["M"]["reason"] = json!({ "S": "-flag" });
    };
    scene.stage.edit_item(&pk, &sk, dashed).await;
    let told = ops(&scene, &["parked"]).await.succeeds().to_owned();
    let printed = "parked --reason=-flag --from requested --rows";
    assert!(told.contains(&format!(" {printed}\n")), "{told}");
    let words: Vec<&str> = printed.split(' ').collect();
    assert!(ops(&scene, &words).await.succeeds().contains(KEY));
}

#[tokio::test]
async fn the_causes_of_one_state_are_those_that_were_parked_from_it() {
    let scene = Scene::start().await;
    park(&scene, EndpointFault::Refuse { status: 422, reason: "no_account".into() }).await;
    let page = OpsPage::start(&scene.stage.stack.dynamodb, &[]).await;
    let cookie = page.enter().await;
    let only = page.look(&cookie, "/waiting?from=requested").await.body;
    assert!(only.contains("1 reward waits") && only.contains("Only those with from=requested."));
    let none = page.look(&cookie, "/waiting?from=delivered").await;
    assert_eq!(none.status, 404, "{none:?}");
    assert!(none.body.contains("nothing is parked with from=delivered; 1 is"), "{none:?}");
}

/// It is left in any case, however long it waits.
#[tokio::test]
async fn a_reward_of_unknown_outcome_takes_no_place_of_one_that_can_go_on() {
    let scene = Scene::start().await;
    park(&scene, EndpointFault::Refuse { status: 422, reason: "no-account".into() }).await;
    let (pk, sk) = item_of_promise(KEY);
    let mut older = scene.stage.raw_item(&pk, &sk).await.unwrap();
    older["pk"] = json!({"S": "firstpromoter#commission#1"});
    older["key"] = json!({"S": "firstpromoter:1:1"});
    let parked = &mut older["parked"]["M"];
    parked["unknown"] = json!({"BOOL": true});
    parked["at"] = json!({"S": "2026-01-01T00:00:00.000Z"});
    scene.stage.stack.put_item(older).await.unwrap();
    let cause = "reason=422 no-account,from=requested";
    let bulk = ["resume", "--where", cause, "--limit", "1", "--dry-run", "--because", "made"];
    let plan = json(&scene, &bulk).await;
    let keys: Vec<_> = plan["promises"].as_array().unwrap().iter().map(|of| &of["key"]).collect();
    assert_eq!((keys, &plan["beyond_limit"]), (vec![&json!(KEY)], &json!(1)), "{plan}");
}

//! The operator's command and page about somebody who has very much.

use std::io::Write as _;
use std::time::Instant;

use serde_json::{Value, json};
use shared::wire::Timestamp;
use tests::OpsPage;
use tests::proxy::DynamoProxy;
use tests::scene::{ID, KEY, Scene};
use tests::webhooks::commission;

use crate::ops::{json, ops, ops_at};

/// The commissions of the figures in docs/operators.md.
const MANY: usize = 5_000;
/// The objects that a screen about somebody reads.
const ON_SCREEN: usize = 200;

/// Copies items of the first commission until there are so many of them.
async fn copied(scene: &Scene, items: &[Value], many: usize) {
    for n in 1..many {
        for item in items {
            let mut item = item.clone();
            item["pk"] = json!({"S": format!("firstpromoter#commission#many-{n}")});
            // The two indexes have them in opposite orders.
            for (name, value) in [
                ("id", format!("many-{n}")),
                ("key", many_key(n)),
                ("affiliate_at", time(n)),
                ("rewarded_at", time(many - n)),
            ] {
                if item.get(name).is_some() {
                    item[name] = json!({ "S": value });
                }
            }
            scene.stage.stack.put_item(item).await.unwrap();
        }
    }
}

fn time(second: usize) -> String {
    Timestamp::from_ms(1_790_000_000_000 + 1_000 * i64::try_from(second).unwrap()).to_rfc3339()
}

fn many_key(n: usize) -> String {
    format!("firstpromoter:many-{n}:1")
}

async fn record(scene: &Scene) -> Value {
    scene.stage.raw_item("firstpromoter#commission#88901", "record").await.unwrap()
}

/// More than a page of the index, and more than a call can read. What it prints is what
/// docs/operators.md tells.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_affiliate_with_many_commissions_is_read_page_by_page() {
    let scene = Scene::without_stream(|_| {}).await;
    scene.post(&commission(ID).created("pending")).await.is(200);
    copied(&scene, &[record(&scene).await], MANY).await;
    let answer = json(&scene, &["affiliate", "firstpromoter", "31"]).await;
    assert_eq!(answer["commissions"].as_array().unwrap().len(), MANY);
    assert_eq!(answer["latest"], Value::Null);
    let total = &answer["earned"]["pending"][0];
    assert_eq!((&total["count"], &total["number"]), (&json!(MANY), &json!("2500000")));
    let started = Instant::now();
    let text = ops(&scene, &["affiliate", "firstpromoter", "31"]).await.succeeds().to_owned();
    let command = started.elapsed();
    assert!(text.contains("and 4975 earlier ones: --all, --csv or --json\n"), "{text}");
    assert!(text.lines().count() < 40, "{text}");

    let page = OpsPage::start(&scene.stage.stack.dynamodb, &[]).await;
    let cookie = page.enter().await;
    let started = Instant::now();
    let screen = page.look(&cookie, "/affiliate/firstpromoter/31").await;
    let (screen, took) = (screen.body, started.elapsed());
    for part in [
        format!("Of the latest {ON_SCREEN}: no reward was promised."),
        format!("There is more: all counts and sums on this page are of the latest {ON_SCREEN}. "),
        "href=\"/affiliate/firstpromoter/31?all=yes\"".to_owned(),
        format!("100000 points</span> in {ON_SCREEN}"),
    ] {
        assert!(screen.contains(&part), "{part} is not in\n{screen}");
    }
    let all = page.look(&cookie, "/affiliate/firstpromoter/31?all=yes").await.body;
    assert!(all.contains("No reward was promised.") && !all.contains("There is more"), "{all}");
    let csv = page.look(&cookie, "/affiliate/firstpromoter/31?as=csv").await.body;
    assert_eq!(csv.lines().count(), MANY + 1);
    let figures = format!("{MANY} commissions: the command in {command:?}, the screen in {took:?}");
    writeln!(std::io::stdout(), "{figures}").unwrap();
}

/// A call for each hundred records, and one for each hundred promises.
#[tokio::test]
async fn the_calls_for_somebody_grow_by_the_hundred() {
    let (scene, proxy) = DynamoProxy::before_scene_without_stream(|_| {}).await;
    scene.approve(ID).await;
    let (pk, sk) = tests::messages::item_of_promise(KEY);
    let promise = scene.stage.raw_item(&pk, &sk).await.unwrap();
    copied(&scene, &[record(&scene).await, promise], 250).await;
    let calls = || (proxy.calls("BatchGetItem"), proxy.calls("GetItem"));
    let (batches, gets) = calls();
    let person = ["affiliate", "firstpromoter", "31", "--json"];
    let said = ops_at(&proxy.url(), &person).await;
    let answer: Value = serde_json::from_str(said.succeeds()).unwrap();
    assert_eq!(answer["rewards"].as_array().unwrap().len(), 250);
    assert_eq!(calls(), (batches + 3 + 3, gets));
    // The latest come first, whichever call was answered first.
    let times: Vec<_> =
        answer["rewards"].as_array().unwrap().iter().map(|one| &one["promised_at"]).collect();
    assert!(times.is_sorted_by(|a, b| a.as_str() >= b.as_str()), "{times:?}");

    let page = OpsPage::start(&proxy.url(), &[]).await;
    let cookie = page.enter().await;
    let (batches, gets) = calls();
    let screen = page.look(&cookie, "/affiliate/firstpromoter/31").await;
    assert!(screen.body.contains("Of the latest 200: promised 200 rewards: "), "{screen:?}");
    // The latest of either index: together more than are shown.
    assert_eq!(calls(), (batches + 2 + 3, gets));
}

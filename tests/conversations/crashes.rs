//! The functions die in the middle of their steps.

use std::time::Duration;

use tests::scene::{Scene, commission};
use tests::text;

const KEY: &str = "firstpromoter:88901:1";

/// Lets the function die once at a point and asserts that all the same one
/// reward is given, confirmed, and known to be.
async fn dies_at(function: &str, point: &str) {
    let folder =
        std::env::temp_dir().join(format!("crash-{}-{function}-{point}", std::process::id()));
    drop(std::fs::remove_file(&folder));
    let marker = folder.to_str().unwrap().to_owned();
    let scene = Scene::with(|options| {
        options
            .env
            .insert("CRASH_AT".into(), format!("{function}:{point}"));
        options.env.insert("CRASH_ONCE".into(), marker);
    })
    .await;
    scene.knows(88_901, 500);
    let event = commission("e1", "updated", 88_901, ("pending", "approved"), 1);
    // The platform sends again what was not answered 2xx.
    for _ in 0..5 {
        if scene.commission(&event).await.0 == 200 {
            break;
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    scene.settle(Duration::from_secs(40)).await;
    assert!(folder.exists(), "{function} never came to {point}");
    std::fs::remove_file(&folder).unwrap();
    assert_eq!(
        text(&scene.promise(KEY).await, "state"),
        "confirmed",
        "{function} {point}"
    );
    let what = (KEY.to_owned(), "500".to_owned(), "31".to_owned());
    assert_eq!(scene.granted()["88901"].iter().collect::<Vec<_>>(), [&what]);
    assert!(scene.platform.commission(88_901).unwrap().fulfilled);
    scene.stage.stack.stop().await;
}

/// Before and after each call of the store, the queue and the other side.
async fn dies_at_each(function: &str, points: &[&str]) {
    for point in points {
        dies_at(function, point).await;
    }
}

#[tokio::test]
async fn intake_may_die_around_its_transaction() {
    dies_at_each("CommissionsFunction", &["before_commit", "after_commit"]).await;
}

#[tokio::test]
async fn dispatch_may_die_around_its_message() {
    dies_at_each("DispatchFunction", &["before_send", "after_send"]).await;
}

const STEP: [&str; 6] = [
    "before_lease",
    "after_lease",
    "before_call",
    "after_call",
    "before_outcome",
    "after_outcome",
];

#[tokio::test]
async fn deliver_may_die_around_everything_it_does() {
    dies_at_each("DeliverFunction", &STEP).await;
}

#[tokio::test]
async fn confirm_may_die_around_everything_it_does() {
    dies_at_each("ConfirmFunction", &STEP).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_everything_is_settled_and_nothing_doubled() {
    let scene = Scene::start().await;
    let ids: Vec<u64> = (1..=30).collect();
    for id in &ids {
        scene.knows(*id, 500);
        let event = commission(
            &format!("e{id}"),
            "updated",
            *id,
            ("pending", "approved"),
            1,
        );
        assert_eq!(scene.commission(&event).await.0, 200);
        if id % 3 == 0 {
            for function in ["DeliverFunction", "ConfirmFunction", "DispatchFunction"] {
                scene.stage.stack.kill_instances(function).unwrap();
            }
        }
    }
    scene.settle(Duration::from_secs(90)).await;
    let granted = scene.granted();
    for id in ids {
        let what = (
            format!("firstpromoter:{id}:1"),
            "500".to_owned(),
            "31".to_owned(),
        );
        assert_eq!(granted[&id.to_string()].iter().collect::<Vec<_>>(), [&what]);
        assert!(scene.platform.commission(id).unwrap().fulfilled);
    }
}

//! Somebody else writes between what a function reads and what it writes.

use std::time::Duration;

use serde_json::{Value, json};
use shared::wire::Timestamp;
use tests::patience::eventually;
use tests::proxy::DynamoProxy;
use tests::scene::{Scene, commission, deaf_template};
use tests::text;

/// A scene behind a proxy whose stream tells of nothing: only the sweep does.
async fn deaf(name: &str, change: impl FnOnce(&mut local::Options)) -> (Scene, DynamoProxy) {
    let file = std::env::temp_dir().join(format!("overtaken-{}-{name}.yaml", std::process::id()));
    let deaf = deaf_template(&file);
    let behind = DynamoProxy::before_scene(|options| {
        options.template = deaf;
        change(options);
    })
    .await;
    std::fs::remove_file(file).unwrap();
    behind
}

fn key(id: u64) -> String {
    format!("firstpromoter:{id}:1")
}

fn approved(id: u64, event: &str, second: u32) -> Value {
    commission(&format!("{event}{id}"), "updated", id, ("pending", "approved"), second)
}

/// Another amount, stated while somebody else is about to write.
fn raised(id: u64) -> Value {
    let mut raised = approved(id, "raised", 2);
    raised["data"]["amount"] = json!(700);
    raised
}

/// What a sweep leaves of a promise that an event changed before the sweep wrote.
/// A machine that was too slow for it tries the next one.
async fn swept_over(
    scene: &Scene,
    proxy: &DynamoProxy,
    prepare: impl AsyncFn(u64),
) -> (u64, Value) {
    for id in 1.. {
        scene.knows(id, 500);
        scene.take(&approved(id, "a", 1)).await;
        prepare(id).await;
        let held = proxy.hold(&format!("firstpromoter#commission#{id}"));
        let event = held.meanwhile(async { scene.take(&raised(id)).await });
        let (_, quick) = futures_util::future::join(scene.sweep(), event).await;
        if quick {
            assert_eq!(proxy.pending(), 0);
            return (id, scene.promise(&key(id)).await);
        }
    }
    unreachable!("ids do not end")
}

/// Whoever writes to it is alive: it is not over age by what the sweep had read.
#[tokio::test]
async fn over_age_is_not_said_of_a_promise_that_went_on() {
    let (scene, proxy) = deaf("age", |options| {
        options.env.insert("MAX_AGE_SECONDS".into(), "1".into());
    })
    .await;
    let grow_old = async |_| tokio::time::sleep(Duration::from_secs(3)).await;
    let (id, promise) = swept_over(&scene, &proxy, grow_old).await;
    assert_eq!(text(&promise, "state"), "requested", "{promise}");
    assert_eq!(text(&promise, "amount"), "700");
    // The next sweep has read what is there.
    scene.sweep().await;
    let parked = scene.until(&key(id), &["parked"]).await;
    assert_eq!(text(&parked["parked"], "reason"), "over_age");
    assert!(scene.granted().is_empty());
}

/// So with a call whose worker is thought to have ended.
#[tokio::test]
async fn nor_that_its_worker_ended() {
    let (scene, proxy) = deaf("ended", |_| {}).await;
    let lose_its_worker = async |id: u64| {
        let items = scene.stage.stack.items().await.unwrap();
        let pk = format!("firstpromoter#commission#{id}");
        let is_it = |item: &&Value| item["pk"]["S"] == pk && item["sk"]["S"] == "fulfilment#1";
        let mut promise = items.iter().find(is_it).unwrap().clone();
        promise.as_object_mut().unwrap().remove("due");
        promise["state"] = json!({"S": "delivering"});
        promise["open"] = json!({"S": "delivering"});
        promise["lease"] = json!({"M": {"due": {"S": "deliver#1"},
            "until": {"S": "2026-10-01T10:00:02.000Z"}}});
        scene.stage.stack.put_item(promise).await.unwrap();
    };
    let (id, promise) = swept_over(&scene, &proxy, lose_its_worker).await;
    assert_eq!(text(&promise, "state"), "delivering", "{promise}");
    assert_eq!(promise["amended"], true, "{promise}");
    scene.sweep().await;
    let parked = scene.until(&key(id), &["parked"]).await;
    assert_eq!(parked["parked"]["unknown"], true, "{parked}");
    assert!(scene.granted().is_empty());
}

/// The platform shows it as denied; before that is written, an event says that it
/// was approved since. The event leaves the promise as it is, so only its record
/// tells.
#[tokio::test]
async fn denied_there_is_not_written_beside_a_record_that_was_approved_since() {
    use local::fakes::firstpromoter::Status;
    let (scene, proxy) = deaf("denied", |_| {}).await;
    for id in 1.. {
        scene.knows(id, 500);
        scene.take(&approved(id, "a", 1)).await;
        scene.sweep().await;
        scene.until(&key(id), &["delivered"]).await;
        assert!(scene.platform.set_status(id, Status::Denied));
        let mut since = approved(id, "b", 2);
        since["timestamp"] = json!(Timestamp::now().plus_seconds(60).text());
        let held = proxy.hold("record");
        let event = held.meanwhile(async { scene.take(&since).await });
        let (_, quick) = futures_util::future::join(scene.sweep(), event).await;
        if !quick {
            scene.settle().await;
            continue;
        }
        assert!(scene.platform.set_status(id, Status::Approved));
        scene.settle().await;
        let promise = scene.promise(&key(id)).await;
        assert_eq!(text(&promise, "state"), "confirmed", "{promise}");
        assert_eq!(scene.raw_calls(&format!("{}:reverse", key(id))), 0);
        break;
    }
    assert_eq!(proxy.pending(), 0);
}

/// Its number of the step is the same, and the promise another.
#[tokio::test]
async fn a_message_of_the_epoch_before_does_nothing() {
    let (scene, _proxy) = deaf("epoch", |options| {
        options.parameters.insert("Reversals".into(), "deliver".into());
    })
    .await;
    scene.knows(1, 500);
    scene.take(&approved(1, "a", 1)).await;
    scene.sweep().await;
    scene.until(&key(1), &["delivered"]).await;
    scene.take(&commission("d1", "updated", 1, ("approved", "denied"), 2)).await;
    scene.until(&key(1), &["reversal_due"]).await;
    scene.sweep().await;
    scene.until(&key(1), &["reversed"]).await;
    scene.take(&approved(1, "b", 3)).await;
    let next = "firstpromoter:1:2";
    assert_eq!(text(&scene.promise(next).await, "due"), "deliver#1");

    let done = scene.stage.stack.messages_done("DeliverQueue");
    let message =
        |sk: &str| json!({"pk": "firstpromoter#commission#1", "sk": sk, "due": "deliver#1"});
    let stale = message("fulfilment#1").to_string();
    scene.stage.stack.send_message("DeliverQueue", stale).await.unwrap();
    eventually("the message stays", async || {
        (scene.stage.stack.messages_done("DeliverQueue") > done).then_some(())
    })
    .await;
    assert_eq!(text(&scene.promise(next).await, "state"), "requested");
    assert_eq!(scene.raw_calls(next), 0);
    let ours = message("fulfilment#2").to_string();
    scene.stage.stack.send_message("DeliverQueue", ours).await.unwrap();
    scene.until(next, &["delivered"]).await;
}

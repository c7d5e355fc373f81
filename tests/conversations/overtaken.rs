//! Somebody else writes between what a function reads and what it writes.

use std::time::Duration;

use futures_util::future::join;
use local::fakes::firstpromoter::Status;
use serde_json::json;
use tests::Setup;
use tests::item::Promise;
use tests::messages::{commission_pk, promise_sk, step_message};
use tests::patience::eventually;
use tests::proxy::DynamoProxy;
use tests::scene::{Scene, key};
use tests::webhooks::commission;

/// The promise that a sweep leaves when an event changed it before the sweep
/// wrote, and its commission. A machine that was too slow for it tries the next.
async fn swept_over(
    scene: &Scene,
    proxy: &DynamoProxy,
    prepare: impl AsyncFn(u64),
) -> (u64, Promise) {
    for id in 1.. {
        scene.platform_has_commission(id, 500);
        scene.take(&commission(id).approved()).await;
        prepare(id).await;
        // Another amount, stated while somebody else is about to write.
        let raised = commission(id).approved().amount(700).second(2);
        let held = proxy.hold(&commission_pk(id));
        let event = held.meanwhile(async { scene.take(&raised).await });
        let (_, quick) = join(scene.sweep(), event).await;
        if quick {
            assert_eq!(proxy.pending(), 0);
            return (id, scene.promise(&key(id)).await);
        }
    }
    unreachable!("ids do not end")
}

/// A promise that somebody writes to is alive: it is not over age by what the
/// sweep had read.
#[tokio::test]
async fn over_age_is_not_said_of_a_promise_that_went_on() {
    let (scene, proxy) = DynamoProxy::before_scene_without_stream(|options| {
        options.set_env([("MAX_AGE_SECONDS", "1")]);
    })
    .await;
    let grow_old = async |_| tokio::time::sleep(Duration::from_secs(3)).await;
    let (id, promise) = swept_over(&scene, &proxy, grow_old).await;
    assert_eq!(promise.state, "requested", "{promise}");
    assert_eq!(promise.amount.as_deref(), Some("700"));
    // The next sweep has read what is there.
    scene.sweep().await;
    assert_eq!(scene.until_parked(&key(id)).await.reason, "over_age");
    assert!(scene.granted().is_empty());
}

/// A call whose worker is thought to have ended is not over by what the sweep had
/// read either.
#[tokio::test]
async fn nor_that_its_worker_ended() {
    let (scene, proxy) = DynamoProxy::before_scene_without_stream(|_| {}).await;
    let lose_its_worker = async |id: u64| {
        let lease = json!({"M": {"due": {"S": "deliver#1"},
            "until": {"S": "2026-10-01T10:00:02.000Z"}}});
        let leased = |promise: &mut serde_json::Value| {
            promise.as_object_mut().unwrap().remove("due");
            promise["state"] = json!({"S": "delivering"});
            promise["open"] = json!({"S": "delivering"});
            promise["lease"] = lease;
        };
        scene.stage.edit_item(&commission_pk(id), &promise_sk(1), leased).await;
    };
    let (id, promise) = swept_over(&scene, &proxy, lose_its_worker).await;
    assert_eq!(promise.state, "delivering", "{promise}");
    assert_eq!(promise["amended"], true, "{promise}");
    scene.sweep().await;
    assert!(scene.until_parked(&key(id)).await.unknown);
    assert!(scene.granted().is_empty());
}

/// The platform shows it as denied; before that is written, an event says that it
/// was approved since. The event leaves the promise as it is, so only its record
/// tells.
#[tokio::test]
async fn denied_there_is_not_written_beside_a_record_that_was_approved_since() {
    let (scene, proxy) = DynamoProxy::before_scene_without_stream(|_| {}).await;
    for id in 1.. {
        scene.platform_has_commission(id, 500);
        scene.take(&commission(id).approved()).await;
        scene.sweep().await;
        scene.until_state(&key(id), "delivered").await;
        assert!(scene.platform.set_status(id, Status::Denied));
        let since = commission(id).approved().event(&format!("since-{id}")).in_seconds(60);
        let held = proxy.hold("record");
        let event = held.meanwhile(async { scene.take(&since).await });
        let (_, quick) = join(scene.sweep(), event).await;
        if !quick {
            scene.settle().await;
            continue;
        }
        assert!(scene.platform.set_status(id, Status::Approved));
        scene.settle().await;
        let promise = scene.promise(&key(id)).await;
        assert_eq!(promise.state, "confirmed", "{promise}");
        assert_eq!(scene.raw_calls(&format!("{}:reverse", key(id))), 0);
        break;
    }
    assert_eq!(proxy.pending(), 0);
}

/// The number of the message's step is the same, and the promise another.
#[tokio::test]
async fn a_message_of_the_epoch_before_does_nothing() {
    let (scene, _proxy) = DynamoProxy::before_scene_without_stream(|options| {
        options.set_parameters([("Reversals", "deliver")]);
    })
    .await;
    scene.platform_has_commission(1, 500);
    scene.take(&commission(1).approved()).await;
    scene.sweep().await;
    scene.until_state(&key(1), "delivered").await;
    scene.take(&commission(1).denied()).await;
    scene.until_state(&key(1), "reversal_due").await;
    scene.sweep().await;
    scene.until_state(&key(1), "reversed").await;
    scene.take(&commission(1).approved().second(3)).await;
    let next = "firstpromoter:1:2";
    assert_eq!(scene.promise(next).await.due.as_deref(), Some("deliver#1"));

    let stack = &scene.stage.stack;
    let done = stack.messages_done("local-deliver");
    let stale = step_message(1, 1, "deliver#1");
    stack.send_message("local-deliver", stale).await.unwrap();
    let gone = async || (stack.messages_done("local-deliver") > done).then_some(());
    eventually("the message stays", gone).await;
    assert_eq!(scene.promise(next).await.state, "requested");
    assert_eq!(scene.raw_calls(next), 0);
    stack.send_message("local-deliver", step_message(1, 2, "deliver#1")).await.unwrap();
    scene.until_state(next, "delivered").await;
}

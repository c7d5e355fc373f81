//! What DynamoDB may do and the embedded one does not: reads that are no
//! snapshot, keys left unprocessed, transactions cancelled, answers lost.

use std::time::Duration;

use serde_json::json;
use tests::proxy::DynamoProxy;
use tests::scene::{commission, deaf_template};
use tests::{Scene, text};

/// A scene behind a proxy whose stream tells of nothing, so that nothing is
/// given before the sweep.
async fn deaf(name: &str) -> (Scene, DynamoProxy) {
    let file = std::env::temp_dir().join(format!("torn-{}-{name}.yaml", std::process::id()));
    let deaf = deaf_template(&file);
    let behind = DynamoProxy::before_scene(|options| options.template = deaf).await;
    std::fs::remove_file(file).unwrap();
    behind
}

/// `NeverAgainstTheRecord`: between a denial's read of the promise and of the
/// record, the approval is committed.
#[tokio::test]
async fn a_denial_whose_read_is_torn_by_the_approval_leaves_nothing_to_give() {
    let (scene, proxy) = deaf("denial").await;
    // A machine that was too slow tears the next one.
    for id in 1.. {
        scene.knows(id, 500);
        let event = |name: &str, kind, status, second| {
            commission(&format!("{name}{id}"), kind, id, status, second)
        };
        scene.take(&event("c", "created", ("", "pending"), 0)).await;
        let (approved, denied) = (
            event("a", "updated", ("pending", "approved"), 1),
            event("d", "updated", ("approved", "denied"), 2),
        );
        let torn = proxy.tear(&format!("event#d{id}"), "fulfilment#");
        let approval = torn.meanwhile(async { scene.take(&approved).await });
        let ((), quick) = futures_util::future::join(scene.take(&denied), approval).await;

        let key = format!("firstpromoter:{id}:1");
        scene.settle().await;
        assert_eq!(text(&scene.promise(&key).await, "state"), "denied");
        let record = scene.stage.item(&format!("firstpromoter#commission#{id}"), "record").await;
        assert_eq!(text(&record, "status"), "denied");
        assert_eq!(scene.granted().len(), 0);
        if quick {
            break;
        }
    }
    assert_eq!(proxy.pending(), 0);
}

#[tokio::test]
async fn keys_left_unprocessed_are_asked_for_once_more() {
    let (scene, proxy) = DynamoProxy::before_scene(|_| {}).await;
    for (id, left_out) in [(1, "record"), (2, "fulfilment#"), (3, "event#")] {
        scene.knows(id, 500);
        proxy.leave_out(left_out, 1);
        let approved = commission(&format!("a{id}"), "updated", id, ("pending", "approved"), 1);
        let answer = scene.commission(&approved).await;
        assert_eq!(answer, (200, json!({"result": "recorded"})), "{left_out}");
        assert_eq!(proxy.pending(), 0, "{left_out}");
        scene.until(&format!("firstpromoter:{id}:1"), &["confirmed"]).await;
    }
    // As a whole, too; and what stays away for good is sent again.
    proxy.leave_out("", 1);
    let denied = commission("d1", "updated", 1, ("approved", "denied"), 2);
    assert_eq!(scene.commission(&denied).await, (200, json!({"result": "recorded"})));
    proxy.leave_out("", 100);
    let late = commission("d2", "updated", 2, ("approved", "denied"), 2);
    assert_eq!(scene.commission(&late).await, (503, json!({"error": "unavailable"})));
    assert!(proxy.calls("BatchGetItem") < 100, "it asks without end");
}

#[tokio::test]
async fn a_cancelled_transaction_is_decided_anew() {
    let (scene, proxy) = DynamoProxy::before_scene(|_| {}).await;
    for (id, reason) in [(1, "TransactionConflict"), (2, "ConditionalCheckFailed")] {
        scene.knows(id, 500);
        proxy.cancel(&format!("firstpromoter#commission#{id}"), reason, 3);
        let approved = commission(&format!("a{id}"), "updated", id, ("pending", "approved"), 1);
        let answer = scene.commission(&approved).await;
        assert_eq!(answer, (200, json!({"result": "recorded"})), "{reason}");
        scene.until(&format!("firstpromoter:{id}:1"), &["confirmed"]).await;
    }
    assert_eq!(proxy.pending(), 0);
    assert_eq!(scene.granted().len(), 2);
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_recorded_once() {
    let (scene, proxy) = DynamoProxy::before_scene(|_| {}).await;
    scene.knows(1, 500);
    proxy.hang_up("BatchGetItem", 1);
    proxy.lose_answers("TransactWriteItems", 1);
    proxy.delay("TransactWriteItems", Duration::from_millis(200), 1);
    scene.take(&commission("a1", "updated", 1, ("pending", "approved"), 1)).await;
    scene.settle().await;
    assert_eq!(proxy.pending(), 0);
    assert_eq!(text(&scene.promise("firstpromoter:1:1").await, "state"), "confirmed");
    assert_eq!((scene.stage.count("event#").await, scene.granted()["1"].len()), (1, 1));
}

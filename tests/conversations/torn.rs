//! The liberties that DynamoDB takes and the embedded one does not: reads that are no
//! snapshot, keys left unprocessed, transactions cancelled, answers lost.

use std::time::Duration;

use futures_util::future::join;
use tests::messages::commission_pk;
use tests::proxy::DynamoProxy;
use tests::scene::key;
use tests::webhooks::commission;

/// `NeverAgainstTheRecord`: between a denial's read of the promise and of the
/// record, the approval is committed.
#[tokio::test]
async fn a_denial_whose_read_is_torn_by_the_approval_leaves_nothing_to_give() {
    let (scene, proxy) = DynamoProxy::before_scene_without_stream(|_| {}).await;
    // A machine that was too slow tears the next one.
    for id in 1.. {
        scene.platform_has_commission(id, 500);
        scene.take(&commission(id).created("pending")).await;
        let denial = format!("d{id}");
        let (approved, denied) = (commission(id).approved(), commission(id).denied());
        let torn = proxy.tear(&format!("event#{denial}"), "fulfilment#");
        let approval = torn.meanwhile(async { scene.take(&approved).await });
        let ((), quick) = join(scene.take(&denied.event(&denial)), approval).await;

        scene.settle().await;
        assert_eq!(scene.promise(&key(id)).await.state, "denied");
        assert_eq!(scene.record(id).await.status(), "denied");
        assert_eq!(scene.granted().len(), 0);
        if quick {
            break;
        }
    }
    assert_eq!(proxy.pending(), 0);
}

#[tokio::test]
async fn keys_left_unprocessed_are_asked_for_once_more() {
    let (scene, proxy) = DynamoProxy::before_scene().await;
    for (id, left_out) in [(1, "record"), (2, "fulfilment#"), (3, "event#")] {
        scene.platform_has_commission(id, 500);
        proxy.leave_out(left_out, 1);
        scene.post(&commission(id).approved()).await.is(200).outcome("recorded");
        assert_eq!(proxy.pending(), 0, "{left_out}");
        scene.until_state(&key(id), "confirmed").await;
    }
    // The whole answer, too. Keys that stay away for good cost a 503, and the
    // platform sends again.
    proxy.leave_out("", 1);
    scene.post(&commission(1).denied()).await.is(200).outcome("recorded");
    proxy.leave_out("", 100);
    scene.post(&commission(2).denied()).await.is(503).error("unavailable");
    assert!(proxy.calls("BatchGetItem") < 100, "it asks without end");
}

#[tokio::test]
async fn a_cancelled_transaction_is_decided_anew() {
    let (scene, proxy) = DynamoProxy::before_scene().await;
    for (id, reason) in [(1, "TransactionConflict"), (2, "ConditionalCheckFailed")] {
        scene.platform_has_commission(id, 500);
        proxy.cancel(&commission_pk(id), reason, 3);
        scene.post(&commission(id).approved()).await.is(200).outcome("recorded");
        scene.until_state(&key(id), "confirmed").await;
    }
    assert_eq!(proxy.pending(), 0);
    assert_eq!(scene.granted().len(), 2);
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_recorded_once() {
    let (scene, proxy) = DynamoProxy::before_scene().await;
    scene.platform_has_commission(1, 500);
    proxy.hang_up("BatchGetItem", 1);
    proxy.lose_answers("TransactWriteItems", 1);
    proxy.delay("TransactWriteItems", Duration::from_millis(200), 1);
    scene.take(&commission(1).approved()).await;
    scene.settle().await;
    assert_eq!(proxy.pending(), 0);
    assert_eq!(scene.promise(&key(1)).await.state, "confirmed");
    assert_eq!(scene.stage.count("event#").await, 1);
    scene.granted_once(1);
}

//! No reward leaves against what the ledger knows, over the real binaries.

use local::fakes::Fault;
use local::fakes::endpoint::EndpointFault;
use local::fakes::firstpromoter::{Commission, Operation, Status};
use serde_json::json;
use shared::wire::Timestamp;
use tests::item::Promise;
use tests::messages::{batch, commission_pk, promise_sk, step_message};
use tests::scene::{ID, KEY, Scene, key};
use tests::scratch::Scratch;
use tests::webhooks::commission;
use tests::{Setup, Stage};

#[tokio::test]
async fn a_list_that_never_catches_up_is_a_persons_to_settle() {
    let scene = Scene::with(|options| options.set_env([("MAX_AGE_SECONDS", "1")])).await;
    let known = Commission::new(ID, "points", 500).with_status(Status::Pending);
    scene.platform.add_commission(known);
    // Given on the signed event's word; the list goes on to know nothing of it.
    scene.post(&commission(ID).approved()).await.is(200);
    let promise = scene.sweep_until_parked(KEY).await;
    assert_eq!(promise.parked().from, "delivered");
    assert_eq!(promise.parked().reason, "contradicted_at_provider");
    scene.granted_once(ID);
}

#[tokio::test]
pub async fn what_only_the_api_denied_waits_for_a_person_until_its_event_comes() {
    let scene = Scene::start().await;
    let known = Commission::new(ID, "points", 500).with_status(Status::Denied);
    scene.platform.add_commission(known);
    scene.post(&commission(ID).approved().without_promoter()).await.is(200);
    let there = scene.until_state(KEY, "denied").await;
    assert_eq!(there.open.as_deref(), Some("denied"));
    scene.sweep().await;
    assert_eq!(scene.until_parked(KEY).await.reason, "contradicted_at_provider");
    scene.post(&commission(ID).denied()).await.is(200);
    assert_eq!(scene.until_state(KEY, "denied").await.open, None);
    assert!(scene.granted().is_empty());
}

/// A record may be ahead of its promise, be it by a hand's work: the sweep brings the
/// promise into line.
#[tokio::test]
pub async fn what_the_record_says_is_approved_since_goes_on_by_the_sweep() {
    let scene = Scene::start().await;
    let known = Commission::new(ID, "points", 500).with_status(Status::Denied);
    scene.platform.add_commission(known);
    scene.post(&commission(ID).approved().without_promoter()).await.is(200);
    scene.until_state(KEY, "denied").await;
    assert!(scene.platform.set_status(ID, Status::Approved));
    let mut record = scene.stage.raw_item(&commission_pk(ID), "record").await.unwrap();
    record["announced"] = json!({"S": Timestamp::now().to_rfc3339()});
    scene.stage.stack.put_item(record).await.unwrap();
    scene.sweep().await;
    scene.until_state(KEY, "confirmed").await;
    scene.granted_once(ID);
}

#[tokio::test]
async fn another_endpoint_is_not_asked_to_repeat_what_the_first_may_have_done() {
    for idempotent in ["yes", "no"] {
        let data = Scratch::new("endpoints");
        let deployed = async |idempotent: &str| {
            Scene::with(|options| {
                options.data = Some(data.path().to_owned());
                options.set_parameters([("RewardEndpointIdempotent", idempotent)]);
                options.set_env([("RETRY_FIRST_MS", "600000")]);
            })
            .await
        };
        let scene = deployed("yes").await;
        scene.endpoint.inject(Fault::of(EndpointFault::DropsReply));
        scene.approve(ID).await;
        let unclear = |promise: &Promise| promise["check"] == true && promise["lease"].is_null();
        scene.until_promise(KEY, unclear).await;
        let (pk, sk) = (commission_pk(ID), promise_sk(1));
        let mut promise = scene.stage.raw_item(&pk, &sk).await.unwrap();
        scene.stop().await;

        // Each scene has an endpoint of its own, so the address changes too.
        let scene = deployed(idempotent).await;
        promise.as_object_mut().unwrap().remove("not_before");
        promise["version"] = json!({"N": "90"});
        scene.stage.stack.put_item(promise).await.unwrap();
        scene.sweep().await;
        let parked = scene.until_parked(KEY).await;
        assert_eq!((parked.reason.as_str(), parked.unknown), ("unknown_outcome", true));
        assert_eq!(scene.raw_calls(KEY), 0);
        scene.stop().await;
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_said_to_be_that() {
    let stage = Stage::start().await;
    let unreadable = json!({"Records": [{"messageId": "m1", "body": "{\"pk\":7}"}]});
    for function in ["DeliverFunction", "ConfirmFunction"] {
        let answer = stage.invoke(function, &unreadable).await;
        assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "m1"}]}));
    }
    let logs = stage.stack.logs().join("\n");
    assert!(logs.contains("the message cannot be read"), "{logs}");
    assert!(!logs.contains("unavailable"), "{logs}");
}

/// A batch of confirmations that ends within a few calls goes before a question
/// that may take all the time there is.
#[tokio::test]
async fn what_goes_together_is_told_before_anything_is_asked_alone() {
    let scene = Scene::without_stream(|_| {}).await;
    for (id, event) in
        [(1, commission(1).approved()), (2, commission(2).approved().without_promoter())]
    {
        scene.platform_has_commission(id, 500);
        scene.take(&event).await;
    }
    let work = async |function, ids: &[u64]| {
        let mut messages = Vec::new();
        for id in ids {
            let due = scene.promise(&key(*id)).await.due.unwrap();
            messages.push(step_message(*id, 1, &due));
        }
        scene.stage.invoke(function, &batch(&messages)).await;
    };
    work("DeliverFunction", &[1]).await;
    work("ConfirmFunction", &[2, 1]).await;
    let asked: Vec<_> = scene.platform.calls().iter().map(|call| call.operation).collect();
    assert_eq!(asked, [Some(Operation::MarkFulfilled), Some(Operation::ListCommissions)]);
    assert_eq!(scene.promise(&key(1)).await.state, "confirmed");
    assert_eq!(scene.promise(&key(2)).await.state, "requested");
}

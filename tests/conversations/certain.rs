//! No reward leaves against what the ledger knows, over the real binaries.

use local::fakes::Fault;
use local::fakes::endpoint::EndpointFault;
use local::fakes::firstpromoter::{Commission, Operation, Status};
use serde_json::{Value, json};
use tests::patience::eventually;
use tests::scene::{KEY, Scene, approved, commission, deaf_template, denied};
use tests::text;

#[tokio::test]
async fn a_list_that_never_catches_up_is_a_persons_to_settle() {
    let scene = Scene::with(|options| {
        options.env.insert("MAX_AGE_SECONDS".into(), "1".into());
    })
    .await;
    let known = Commission::new(88_901, "points", 500).with_status(Status::Pending);
    scene.platform.add_commission(known);
    // Given on the signed event's word; the list goes on to know nothing of it.
    assert_eq!(scene.commission(&approved("e1", 1)).await.0, 200);
    let parked = eventually("never over age", async || {
        scene.sweep().await;
        Some(scene.promise(KEY).await).filter(|promise| !promise["parked"].is_null())
    })
    .await;
    assert_eq!(text(&parked["parked"], "from"), "delivered");
    assert_eq!(text(&parked["parked"], "reason"), "contradicted_at_provider");
    assert_eq!(scene.granted()["88901"].len(), 1);
}

#[tokio::test]
async fn what_only_the_api_denied_waits_for_a_person_until_its_event_comes() {
    let scene = Scene::start().await;
    let known = Commission::new(88_901, "points", 500).with_status(Status::Denied);
    scene.platform.add_commission(known);
    let mut event = approved("e1", 1);
    event["data"]["promoter_campaign"] = Value::Null;
    assert_eq!(scene.commission(&event).await.0, 200);
    let there = scene.until(KEY, &["denied"]).await;
    assert_eq!(text(&there, "open"), "denied");
    scene.sweep().await;
    let parked = scene.until(KEY, &["parked"]).await;
    assert_eq!(text(&parked["parked"], "reason"), "contradicted_at_provider");
    assert_eq!(scene.commission(&denied("e2", 2)).await.0, 200);
    let settled = scene.until(KEY, &["denied"]).await;
    assert!(settled["open"].is_null(), "{settled}");
    assert!(scene.granted().is_empty());
}

#[tokio::test]
async fn another_endpoint_is_not_asked_to_repeat_what_the_first_may_have_done() {
    let data = std::env::temp_dir().join(format!("endpoints-{}", std::process::id()));
    let deployed = |idempotent: &'static str| {
        let data = data.clone();
        Scene::with(move |options| {
            options.data = Some(data);
            options.parameters.insert("RewardEndpointIdempotent".into(), idempotent.into());
            options.env.insert("RETRY_FIRST_MS".into(), "600000".into());
        })
    };
    for idempotent in ["yes", "no"] {
        let _ = std::fs::remove_dir_all(&data);
        let scene = deployed("yes").await;
        scene.endpoint.inject(Fault::of(EndpointFault::DropsReply));
        scene.knows(88_901, 500);
        assert_eq!(scene.commission(&approved("e1", 1)).await.0, 200);
        let unclear = |promise: &Value| promise["check"] == true && promise["lease"].is_null();
        scene.until_it(KEY, unclear).await;
        let mut items = scene.stage.stack.items().await.unwrap();
        scene.stage.stack.stop().await;

        // Each scene has an endpoint of its own, so the address changes too.
        let scene = deployed(idempotent).await;
        items.retain(|item| item["sk"]["S"] == "fulfilment#1");
        let mut promise = items.remove(0);
        promise.as_object_mut().unwrap().remove("not_before");
        promise["version"] = json!({"N": "90"});
        scene.stage.stack.put_item(promise).await.unwrap();
        scene.sweep().await;
        let parked = scene.until(KEY, &["parked"]).await;
        assert_eq!(text(&parked["parked"], "reason"), "unknown_outcome");
        assert_eq!(parked["parked"]["unknown"], true);
        assert_eq!(scene.raw_calls(KEY), 0);
        scene.stage.stack.stop().await;
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_said_to_be_that() {
    let stage = tests::Stage::start().await;
    let batch = json!({"Records": [{"messageId": "m1", "body": "{\"pk\":7}"}]}).to_string();
    for function in ["DeliverFunction", "ConfirmFunction"] {
        let answer = stage.stack.invoke(function, batch.clone().into()).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "m1"}]}));
    }
    let logs = stage.stack.logs().join("\n");
    assert!(logs.contains("the message cannot be read"), "{logs}");
    assert!(!logs.contains("unavailable"), "{logs}");
}

/// What ends within a few calls goes before what may take all the time there is.
#[tokio::test]
async fn what_goes_together_is_told_before_anything_is_asked_alone() {
    let file = std::env::temp_dir().join(format!("certain-{}.yaml", std::process::id()));
    let template = deaf_template(&file);
    let scene = Scene::with(|options| options.template = template).await;
    std::fs::remove_file(file).unwrap();
    let mut lacking = commission("e2", "updated", 2, ("pending", "approved"), 1);
    lacking["data"]["promoter_campaign"] = Value::Null;
    for event in [commission("e1", "updated", 1, ("pending", "approved"), 1), lacking] {
        scene.knows(event["entity_id"].as_u64().unwrap(), 500);
        scene.take(&event).await;
    }
    let work = async |function, ids: &[u64]| {
        let mut records = Vec::new();
        for id in ids {
            let promise = scene.promise(&format!("firstpromoter:{id}:1")).await;
            let pk = format!("firstpromoter#commission#{id}");
            let message = json!({"pk": pk, "sk": "fulfilment#1", "due": promise["due"]});
            records.push(json!({"messageId": id.to_string(), "body": message.to_string(), "eventSource": "aws:sqs"}));
        }
        let batch = json!({ "Records": records }).to_string();
        scene.stage.stack.invoke(function, batch.into()).await.unwrap();
    };
    work("DeliverFunction", &[1]).await;
    work("ConfirmFunction", &[2, 1]).await;
    let asked: Vec<_> = scene.platform.calls().iter().map(|call| call.operation).collect();
    assert_eq!(asked, [Some(Operation::MarkFulfilled), Some(Operation::ListCommissions)]);
    for (key, state) in [("firstpromoter:1:1", "confirmed"), ("firstpromoter:2:1", "requested")] {
        assert_eq!(text(&scene.promise(key).await, "state"), state);
    }
}

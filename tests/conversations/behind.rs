//! FirstPromoter's API is behind its own webhooks, or a person was quicker, or a
//! key was replaced.

use local::fakes::Fault;
use local::fakes::firstpromoter::{Commission, Keys, Operation, PlatformFault, Status};
use serde_json::{Value, json};
use shared::wire::Timestamp;
use tests::patience::eventually;
use tests::scene::{KEY, Scene, commission, pending_commission};
use tests::text;

/// With a first pause of so many milliseconds: FirstPromoter's API is thought to
/// be behind by seven of them.
async fn with(parameters: &[(&str, &str)], first_pause: u32) -> Scene {
    Scene::with(|options| {
        for (name, value) in parameters {
            options.parameters.insert((*name).into(), (*value).into());
        }
        options.env.insert("RETRY_FIRST_MS".into(), first_pause.to_string());
    })
    .await
}

/// Until the platform was asked for the list so often, and answered.
async fn listed(scene: &Scene, times: usize) {
    let answered = || {
        let calls = scene.platform.calls().into_iter();
        calls
            .filter(|call| call.operation == Some(Operation::ListCommissions))
            .filter(|call| call.fault.is_none())
            .count()
    };
    eventually("it is not asked", async || (answered() >= times).then_some(())).await;
}

fn approvals(scene: &Scene) -> usize {
    let calls = scene.platform.calls().into_iter();
    calls.filter(|call| call.operation == Some(Operation::Approve)).count()
}

#[tokio::test]
async fn what_a_person_denied_is_not_approved_by_asking() {
    let scene = with(&[("AutoApprove", "yes")], 50).await;
    let denied = Commission::new(88_901, "points", 500).with_status(Status::Denied);
    scene.platform.add_commission(denied);
    // The event of the denial is still to come.
    let created = commission("e0", "created", 88_901, ("", "pending"), 0);
    assert_eq!(scene.commission(&created).await.0, 200);
    scene.until(KEY, &["denied"]).await;
    let status = scene.platform.commission(88_901).unwrap().status;
    assert_eq!((status, approvals(&scene)), (Status::Denied, 0));
    assert!(scene.granted().is_empty());
}

#[tokio::test]
async fn nor_again_after_a_reply_that_was_lost() {
    let scene = with(&[("AutoApprove", "yes")], 1000).await;
    let dropped = Fault::of(PlatformFault::DropsReply).times(1);
    scene.platform.inject(dropped.on(Operation::Approve));
    let pending = pending_commission();
    scene.platform.add_commission(pending);
    let created = commission("e0", "created", 88_901, ("", "pending"), 0);
    assert_eq!(scene.commission(&created).await.0, 200);
    eventually("it is not asked to", async || (approvals(&scene) > 0).then_some(())).await;
    assert!(scene.platform.set_status(88_901, Status::Denied));
    scene.until(KEY, &["denied"]).await;
    let status = scene.platform.commission(88_901).unwrap().status;
    assert_eq!((status, approvals(&scene)), (Status::Denied, 1));
    assert!(scene.granted().is_empty());
}

/// An approval whose payload does not say who is rewarded.
fn lacking(event: &str) -> Value {
    let mut event = commission(event, "updated", 88_901, ("pending", "approved"), 1);
    event["data"]["promoter_campaign"] = Value::Null;
    event
}

#[tokio::test]
async fn a_pending_that_comes_first_after_an_outage_is_not_believed() {
    let scene = with(&[], 500).await;
    let pending = pending_commission();
    scene.platform.add_commission(pending);
    let outage = Fault::of(PlatformFault::Unavailable503).times(4);
    scene.platform.inject(outage.on(Operation::ListCommissions));
    assert_eq!(scene.commission(&lacking("e1")).await.0, 200);
    listed(&scene, 1).await;
    assert!(scene.platform.set_status(88_901, Status::Approved));
    scene.until(KEY, &["confirmed"]).await;
}

#[tokio::test]
async fn terms_that_contradict_a_fresh_event_are_asked_for_again() {
    let scene = with(&[], 500).await;
    scene.knows(88_901, 500);
    let mut event = lacking("e1");
    event["data"]["amount"] = json!(700);
    event["timestamp"] = json!(Timestamp::now().text());
    assert_eq!(scene.commission(&event).await.0, 200);
    listed(&scene, 1).await;
    let _ = scene.platform.edit_commission(88_901, |known| known.amount = 700);
    scene.until(KEY, &["confirmed"]).await;
    let granted = scene.granted();
    let amounts: Vec<_> = granted["88901"].iter().map(|reward| &reward.1).collect();
    assert_eq!(amounts, ["700"]);
}

#[tokio::test]
async fn a_replaced_key_parks_nothing() {
    let scene = Scene::start().await;
    let keys = |key: &str| Keys {
        api_key: key.into(),
        account_id: "dev-account-17".into(),
        v1_api_key: "x".into(),
    };
    let old = local::dev_secrets()["credentials"].clone();
    let old_key = text(&old["firstpromoter"], "api_key");
    scene.platform.expect_keys(keys(&old_key));
    scene.knows(88_901, 500);
    let approved = commission("e1", "updated", 88_901, ("pending", "approved"), 1);
    assert_eq!(scene.commission(&approved).await.0, 200);
    scene.until(KEY, &["confirmed"]).await;
    let mut new = old;
    new["firstpromoter"]["api_key"] = "new-key".into();
    let stack = &scene.stage.stack;
    stack.put_secret("ApiCredentials", &new).unwrap();
    scene.platform.expect_keys(keys("new-key"));
    // The functions still use the old one.
    for id in 88_902..88_907 {
        scene.knows(id, 500);
        let event = format!("x{id}");
        let approved = commission(&event, "updated", id, ("pending", "approved"), 1);
        assert_eq!(scene.commission(&approved).await.0, 200);
    }
    for id in 88_902..88_907 {
        let key = format!("firstpromoter:{id}:1");
        scene.until(&key, &["confirmed"]).await;
    }
}

#[tokio::test]
async fn a_look_up_that_only_adds_to_a_fresh_event_is_believed_at_once() {
    let scene = with(&[], 900_000).await;
    scene.knows(88_901, 500);
    let mut event = lacking("e1");
    event["timestamp"] = json!(Timestamp::now().text());
    assert_eq!(scene.commission(&event).await.0, 200);
    // A second question would come a quarter of an hour later.
    scene.until(KEY, &["confirmed"]).await;
    assert_eq!(scene.granted()["88901"].len(), 1);
}

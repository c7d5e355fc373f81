//! FirstPromoter's API is behind its own webhooks, or a person was quicker, or a
//! key was replaced.

use local::fakes::Fault;
use local::fakes::firstpromoter::{Commission, Keys, Operation, PlatformFault, Status};
use tests::Setup;
use tests::patience::eventually;
use tests::scene::{ID, KEY, Scene, key};
use tests::webhooks::{CommissionEvent, commission};

/// A scene with a first pause of so many milliseconds. FirstPromoter's API is
/// thought to be behind by seven of them.
async fn with(parameters: &[(&str, &str)], first_pause: u32) -> Scene {
    Scene::with(|options| {
        options.set_parameters(parameters.iter().copied());
        options.set_env([("RETRY_FIRST_MS", first_pause.to_string())]);
    })
    .await
}

/// Waits until the platform was asked for the list once, and answered.
async fn listed(scene: &Scene) {
    let answered = || {
        let calls = scene.platform.calls().into_iter();
        let mut lists = calls.filter(|call| call.operation == Some(Operation::ListCommissions));
        lists.any(|call| call.fault.is_none())
    };
    eventually("the platform is not asked", async || answered().then_some(())).await;
}

fn approvals(scene: &Scene) -> usize {
    let calls = scene.platform.calls().into_iter();
    calls.filter(|call| call.operation == Some(Operation::Approve)).count()
}

fn status(scene: &Scene) -> Status {
    scene.platform.commission(ID).unwrap().status
}

#[tokio::test]
async fn what_a_person_denied_is_not_approved_by_asking() {
    let scene = with(&[("AutoApprove", "yes")], 50).await;
    let denied = Commission::new(ID, "points", 500).with_status(Status::Denied);
    scene.platform.add_commission(denied);
    // The event of the denial is still to come.
    scene.post(&commission(ID).created("pending")).await.is(200);
    scene.until_state(KEY, "denied").await;
    assert_eq!((status(&scene), approvals(&scene)), (Status::Denied, 0));
    assert!(scene.granted().is_empty());
}

#[tokio::test]
async fn nor_again_after_a_reply_that_was_lost() {
    let scene = with(&[("AutoApprove", "yes")], 1000).await;
    let dropped = Fault::of(PlatformFault::DropsReply).times(1);
    scene.platform.inject(dropped.on(Operation::Approve));
    scene.platform_has_pending_commission();
    scene.post(&commission(ID).created("pending")).await.is(200);
    let asked = async || (approvals(&scene) > 0).then_some(());
    eventually("the platform is not asked to approve", asked).await;
    assert!(scene.platform.set_status(ID, Status::Denied));
    scene.until_state(KEY, "denied").await;
    assert_eq!((status(&scene), approvals(&scene)), (Status::Denied, 1));
    assert!(scene.granted().is_empty());
}

/// An approval whose payload does not say who is rewarded.
fn lacking() -> CommissionEvent {
    commission(ID).approved().without_promoter()
}

#[tokio::test]
async fn a_pending_that_comes_first_after_an_outage_is_not_believed() {
    let scene = with(&[], 500).await;
    scene.platform_has_pending_commission();
    let outage = Fault::of(PlatformFault::Unavailable503).times(4);
    scene.platform.inject(outage.on(Operation::ListCommissions));
    scene.post(&lacking()).await.is(200);
    listed(&scene).await;
    assert!(scene.platform.set_status(ID, Status::Approved));
    scene.until_state(KEY, "confirmed").await;
}

#[tokio::test]
pub async fn terms_that_contradict_a_fresh_event_are_asked_for_again() {
    let scene = with(&[], 500).await;
    scene.platform_has_commission(ID, 500);
    scene.post(&lacking().amount(700).in_seconds(0)).await.is(200);
    listed(&scene).await;
    assert!(scene.platform.edit_commission(ID, |known| known.amount = 700));
    scene.until_state(KEY, "confirmed").await;
    assert_eq!(scene.granted_once(ID).amount, "700");
}

#[tokio::test]
async fn a_replaced_key_parks_nothing() {
    let scene = Scene::start().await;
    let keys = |key: &str| Keys {
        api_key: key.into(),
        account_id: "dev-account-17".into(),
        v1_api_key: "x".into(),
    };
    let mut credentials = local::dev_secrets()["credentials"].clone();
    let old_key = credentials["firstpromoter"]["api_key"].as_str().unwrap();
    scene.platform.expect_keys(keys(old_key));
    scene.confirm().await;
    credentials["firstpromoter"]["api_key"] = "new-key".into();
    scene.stage.stack.put_secret("ApiCredentials", &credentials).unwrap();
    scene.platform.expect_keys(keys("new-key"));
    // The functions still use the old one.
    for id in 88_902..88_907 {
        scene.approve(id).await;
    }
    for id in 88_902..88_907 {
        scene.until_state(&key(id), "confirmed").await;
    }
}

#[tokio::test]
async fn a_look_up_that_only_adds_to_a_fresh_event_is_believed_at_once() {
    let scene = with(&[], 900_000).await;
    scene.platform_has_commission(ID, 500);
    scene.post(&lacking().in_seconds(0)).await.is(200);
    // A second question would come a quarter of an hour later.
    scene.until_state(KEY, "confirmed").await;
    scene.granted_once(ID);
}

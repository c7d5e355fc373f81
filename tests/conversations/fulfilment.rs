//! From an approval to the platform's "fulfilled", and every turn on the way.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use local::fakes::Fault;
use local::fakes::endpoint::EndpointFault;
use local::fakes::firstpromoter::Operation;
use serde_json::json;
use tests::Setup;
use tests::delivery::Grant;
use tests::messages::{batch, step_message};
use tests::patience::eventually;
use tests::scene::{ID, KEY, Scene, V1_ID, V1_KEY};
use tests::script::{Answer, ScriptedPlatform};
use tests::webhooks::{commission, pending_fulfilment};

#[tokio::test]
async fn an_approved_reward_is_delivered_confirmed_and_reported_back() {
    let scene = Scene::start().await;
    scene.platform_has_commission(ID, 500);
    let mut webhooks = scene.platform.webhooks();
    scene.post(&commission(ID).created("pending")).await.is(200);
    assert_eq!(scene.promises().await.len(), 0);
    scene.post(&commission(ID).approved()).await.is(200);

    let promise = scene.until_state(KEY, "confirmed").await;
    assert!(promise.ms_between("delivered_at", "confirmed_at") >= 0);
    assert_eq!(scene.granted_once(ID), Grant::new(KEY, "500", "31"));
    assert!(scene.platform_shows_fulfilled(ID));

    // The platform was told after the delivery was answered, and reports back.
    let delivered = scene.endpoint.calls()[0].at;
    let calls = scene.platform.calls();
    let told = calls.iter().find(|call| call.operation == Some(Operation::MarkFulfilled)).unwrap();
    assert!(told.at > delivered);
    let event = webhooks.recv().await.unwrap();
    let payouts = "/webhooks/firstpromoter/payouts";
    scene.stage.post_to(payouts, event.to_string()).await.is(200);
    let payout = format!("firstpromoter#payout#{}", event["entity_id"]);
    assert_eq!(scene.stage.record(&payout).await.status(), "completed");
}

#[tokio::test]
async fn two_announcements_of_one_approval_at_once_make_one_promise() {
    let scene = Scene::start().await;
    scene.platform_has_commission(ID, 500);
    let by_its_own_type = commission(ID).of_kind("approved").with_status("approved").second(1);
    let both = [commission(ID).approved(), by_its_own_type];
    for answer in join_all(both.iter().map(|event| scene.post(event))).await {
        answer.is(200);
    }
    scene.until_state(KEY, "confirmed").await;
    assert_eq!((scene.promises().await.len(), scene.raw_calls(KEY)), (1, 1));
}

#[tokio::test]
async fn a_commission_created_approved_is_promised_and_an_edit_of_an_old_one_is_not() {
    let scene = Scene::start().await;
    scene.platform_has_commission(ID, 500);
    scene.post(&commission(ID).created("approved").second(1)).await.is(200);
    scene.until_state(KEY, "confirmed").await;
    let edited = commission(7).edited("approved").second(1);
    scene.post(&edited.changes(json!({"internal_note": [null, "x"]}))).await.is(200);
    assert_eq!(scene.promises().await.len(), 1);
}

#[tokio::test]
async fn a_denial_that_overtakes_its_approval_is_final() {
    let scene = Scene::start().await;
    scene.post(&commission(ID).denied()).await.is(200);
    scene.post(&commission(ID).approved()).await.is(200);
    assert_eq!(scene.promises().await.len(), 0);
    // Approved once more, later: now it is owed.
    scene.platform_has_commission(ID, 500);
    scene.post(&commission(ID).updated("denied", "approved").second(3)).await.is(200);
    scene.until_state(KEY, "confirmed").await;
    scene.granted_once(ID);
}

#[tokio::test]
pub async fn a_withdrawal_after_delivery_waits_for_a_person_or_is_delivered_too() {
    let scene = Scene::start().await;
    scene.confirm().await;
    scene.post(&commission(ID).denied()).await.is(200);
    let parked = scene.until_parked(KEY).await;
    assert_eq!(parked.reason, "withdrawn_after_delivery");
    assert_eq!(parked.from, "reversal_due");

    let scene = Scene::with_parameters(&[("Reversals", "deliver")]).await;
    scene.confirm().await;
    scene.post(&commission(ID).denied()).await.is(200);
    scene.until_state(KEY, "reversed").await;
    let back = scene.deliveries().pop().unwrap();
    assert_eq!(back.id, "firstpromoter:88901:1:reverse");
    assert_eq!(back.kind, "reward.reversed");

    // Approved again after it was taken back: a new epoch, a new key.
    assert!(scene.platform.edit_commission(ID, |c| c.fulfilled = false));
    scene.post(&commission(ID).updated("denied", "approved").second(3)).await.is(200);
    scene.until_state("firstpromoter:88901:2", "confirmed").await;
    assert_eq!(scene.granted()[&ID].len(), 2);
}

#[tokio::test]
async fn a_changed_amount_updates_before_and_parks_after_the_delivery() {
    let scene = Scene::start().await;
    scene.confirm().await;
    scene.post(&commission(ID).edited("approved").amount(900).second(2)).await.is(200);
    assert_eq!(scene.until_parked(KEY).await.reason, "changed_after_delivery");
    scene.granted_once(ID);
}

#[tokio::test]
async fn missing_ids_are_looked_up_before_anything_is_given() {
    let scene = Scene::start().await;
    scene.platform_has_commission(ID, 500);
    let promoter = scene.platform.commission(ID).unwrap().promoter.id.to_string();
    scene.post(&commission(ID).approved().without_promoter()).await.is(200);
    scene.until_state(KEY, "confirmed").await;
    assert_eq!(scene.granted_once(ID), Grant::new(KEY, "500", &promoter));
}

#[tokio::test]
async fn v1_by_api_gives_only_what_the_platform_knows_the_same_way() {
    let scene = Scene::start().await;
    scene.platform_has_fulfilment(V1_ID, "free_months", 2);
    scene.post(&pending_fulfilment(V1_ID)).await.is(202);
    scene.until_state(V1_KEY, "confirmed").await;
    scene.post(&pending_fulfilment(V1_ID).event(2)).await.is(200);
    // The test button, or a forger who has the URL: another amount, an unknown id.
    scene.platform_has_fulfilment(901, "free_months", 2);
    for (id, amount) in [(901, 200), (902, 2)] {
        let made_up = pending_fulfilment(id).amount(amount).event(10 + id);
        scene.post(&made_up).await.is(202);
        let parked = scene.until_parked(&format!("firstpromoter-v1:{id}:1")).await;
        assert_eq!(parked.reason, "not_found_at_provider");
        assert!(!scene.granted().contains_key(&id));
    }
}

async fn by_response(hold: &str) -> Scene {
    Scene::with_parameters(&[("V1Confirm", "response"), ("V1HoldSeconds", hold)]).await
}

#[tokio::test]
pub async fn v1_by_response_holds_its_answer_until_the_delivery() {
    let hold = Duration::from_secs(8);
    let scene = by_response("8").await;
    let mut ids = 900_u64..;
    // The function looks every 150 ms. On a machine too busy to be that quick, or to
    // be through in time at all, another one is.
    let id = eventually("none is answered soon after its delivery", async || {
        let (id, started) = (ids.next()?, Instant::now());
        let answer = scene.post(&pending_fulfilment(id).event(id)).await;
        if answer.status == 503 {
            assert!(started.elapsed() >= hold, "not held");
            return None;
        }
        answer.is(200);
        let promise = scene.promise(&format!("firstpromoter-v1:{id}:1")).await;
        assert_eq!(promise.state, "confirmed");
        (promise.ms_between("delivered_at", "confirmed_at") <= 1500).then_some(id)
    })
    .await;
    // Redelivered under a new event id: the same reward, told at once.
    scene.post(&pending_fulfilment(id).event(2)).await.is(200);
    assert_eq!(scene.raw_calls(&format!("firstpromoter-v1:{id}:1")), 1);
    assert_eq!(scene.platform.calls().len(), 0);
}

#[tokio::test]
async fn v1_by_response_is_503_while_undelivered_and_a_redelivery_collects_the_200() {
    let scene = by_response("1").await;
    scene.endpoint.inject(Fault::of(EndpointFault::Unavailable503).times(3));
    scene.post(&pending_fulfilment(V1_ID)).await.is(503);
    scene.until_state(V1_KEY, "delivered").await;
    scene.post(&pending_fulfilment(V1_ID)).await.is(200);
    scene.until_state(V1_KEY, "confirmed").await;
    scene.granted_once(V1_ID);
}

/// Five commissions are granted once each, and the platform knows.
fn assert_five_granted(scene: &Scene) {
    let granted = scene.granted();
    assert_eq!(granted.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert!(granted.values().all(|grants| grants.len() == 1), "{granted:?}");
    assert!((1..=5).all(|id| scene.platform_shows_fulfilled(id)));
}

#[tokio::test]
async fn lost_messages_and_stream_records_cost_time_only() {
    // Nothing that becomes due is dispatched.
    let scene = Scene::with(|options| options.set_env([("UNTOUCHED_SECONDS", "1")])).await;
    scene.stage.stack.stop_sqs().await;
    for id in 1..=5 {
        scene.approve(id).await;
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(scene.granted().len(), 0);
    scene.stage.stack.start_sqs().await.unwrap();
    scene.settle().await;
    assert_five_granted(&scene);
}

#[tokio::test]
async fn a_message_of_a_settled_promise_does_nothing() {
    let scene = Scene::start().await;
    scene.approve(ID).await;
    let before = scene.until_state(KEY, "confirmed").await;
    for due in ["deliver#1", "confirm#3", "lookup#1", "reverse#9"] {
        let event = batch(&[step_message(ID, 1, due)]);
        for function in ["DeliverFunction", "ConfirmFunction"] {
            let answer = scene.stage.invoke(function, &event).await;
            assert_eq!(answer["batchItemFailures"], json!([]));
        }
    }
    assert_eq!(scene.promise(KEY).await, before);
    assert_eq!(scene.raw_calls(KEY), 1);
}

#[tokio::test]
async fn a_withdrawal_during_the_call_is_decided_by_its_outcome() {
    let endpoint = ScriptedPlatform::start().await;
    let scene = Scene::delivering_to(endpoint.url("/grants")).await;
    let (answer, held) = Answer::text(200, "").held();
    endpoint.then("POST", "/grants", answer);
    scene.approve(ID).await;
    endpoint.asked("POST", "/grants", 1).await;
    scene.post(&commission(ID).denied()).await.is(200);
    assert_eq!(scene.promise(KEY).await.state, "delivering");
    held.release();
    // The reward was given, so a person is to take it back.
    assert_eq!(scene.until_parked(KEY).await.reason, "withdrawn_after_delivery");
    assert!(!scene.platform_shows_fulfilled(ID));
}

#[tokio::test]
async fn a_withdrawal_while_parked_ends_what_was_never_given() {
    let scene = Scene::start().await;
    let reason = "unknown_customer".to_owned();
    scene.endpoint.inject(EndpointFault::Refuse { status: 422, reason });
    scene.post(&commission(ID).approved()).await.is(200);
    scene.until_state(KEY, "parked").await;
    scene.post(&commission(ID).denied()).await.is(200);
    scene.until_state(KEY, "denied").await;
    assert_eq!(scene.endpoint.grants().len(), 0);
}

#[tokio::test]
async fn v1_and_v2_announcing_the_same_reward_make_one_promise() {
    let scene = Scene::start().await;
    scene.platform_has_commission(V1_ID, 2);
    scene.platform_has_fulfilment(V1_ID, "free_months", 2);
    scene.post(&commission(V1_ID).approved().campaign(7731)).await.is(200);
    scene.post(&pending_fulfilment(V1_ID)).await.is(202);
    scene.until_state(V1_KEY, "confirmed").await;
    assert_eq!(scene.promises().await.len(), 1);
    assert_eq!(scene.granted().len(), 1);
}

#[tokio::test]
pub async fn without_the_stream_the_sweep_alone_settles_everything() {
    let scene = Scene::without_stream(|_| {}).await;
    for id in 1..=5 {
        scene.approve(id).await;
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(scene.granted().len(), 0);
    scene.settle().await;
    assert_five_granted(&scene);
}

//! From an approval to the platform's "fulfilled", and every turn on the way.

use std::time::{Duration, Instant};

use local::fakes::firstpromoter::Operation;
use serde_json::{Value, json};
use shared::wire::Timestamp;
use tests::patience::eventually;
use tests::scene::{KEY, Scene, approved, commission, deaf_template, denied};
use tests::script::{Answer, ScriptedPlatform};
use tests::text;

#[tokio::test]
async fn an_approved_reward_is_delivered_confirmed_and_reported_back() {
    let scene = Scene::start().await;
    scene.knows(88_901, 500);
    let mut webhooks = scene.platform.webhooks();
    let created = commission("e0", "created", 88_901, ("", "pending"), 0);
    assert_eq!(scene.commission(&created).await.0, 200);
    assert_eq!(scene.promises().await.len(), 0);
    assert_eq!(scene.commission(&approved("e1", 1)).await.0, 200);

    let promise = scene.until(KEY, &["confirmed"]).await;
    assert!(text(&promise, "delivered_at") <= text(&promise, "confirmed_at"));
    let granted = scene.granted();
    let what = (KEY.to_owned(), "500".to_owned(), "31".to_owned());
    assert_eq!(granted["88901"].iter().collect::<Vec<_>>(), [&what]);
    assert!(scene.platform.commission(88_901).unwrap().fulfilled);

    // The platform was told after the delivery was answered, and reports back.
    let delivered = scene.endpoint.calls()[0].at;
    let calls = scene.platform.calls();
    let told = calls.iter().find(|call| call.operation == Some(Operation::MarkFulfilled)).unwrap();
    assert!(told.at > delivered);
    let event = webhooks.recv().await.unwrap();
    assert_eq!(scene.stage.post("/webhooks/firstpromoter/payouts", event.to_string()).await.0, 200);
    let payout = format!("firstpromoter#payout#{}", event["entity_id"]);
    assert_eq!(text(&scene.stage.item(&payout, "record").await, "status"), "completed");
}

#[tokio::test]
async fn two_announcements_of_one_approval_at_once_make_one_promise() {
    let scene = Scene::start().await;
    scene.knows(88_901, 500);
    let both = [approved("e1", 1), commission("e2", "approved", 88_901, ("", "approved"), 1)];
    let answers =
        futures_util::future::join_all(both.iter().map(|event| scene.commission(event))).await;
    assert!(answers.iter().all(|(status, _)| *status == 200));
    scene.until(KEY, &["confirmed"]).await;
    assert_eq!((scene.promises().await.len(), scene.raw_calls(KEY)), (1, 1));
}

#[tokio::test]
async fn a_commission_created_approved_is_promised_and_an_edit_of_an_old_one_is_not() {
    let scene = Scene::start().await;
    scene.knows(88_901, 500);
    let created = commission("e1", "created", 88_901, ("", "approved"), 1);
    scene.commission(&created).await;
    scene.until(KEY, &["confirmed"]).await;
    let mut edited = commission("e2", "updated", 7, ("", "approved"), 1);
    edited["changes"] = json!({"internal_note": [null, "x"]});
    assert_eq!(scene.commission(&edited).await.0, 200);
    assert_eq!(scene.promises().await.len(), 1);
}

#[tokio::test]
async fn a_denial_that_overtakes_its_approval_is_final() {
    let scene = Scene::start().await;
    scene.commission(&denied("e2", 2)).await;
    scene.commission(&approved("e1", 1)).await;
    assert_eq!(scene.promises().await.len(), 0);
    // Approved once more, later: now it is owed.
    scene.knows(88_901, 500);
    scene.commission(&commission("e3", "updated", 88_901, ("denied", "approved"), 3)).await;
    scene.until(KEY, &["confirmed"]).await;
    assert_eq!(scene.granted()["88901"].len(), 1);
}

#[tokio::test]
async fn a_withdrawal_after_delivery_waits_for_a_person_or_is_delivered_too() {
    let scene = Scene::start().await;
    scene.knows(88_901, 500);
    scene.commission(&approved("e1", 1)).await;
    scene.until(KEY, &["confirmed"]).await;
    scene.commission(&denied("e2", 2)).await;
    let parked = scene.until(KEY, &["parked"]).await;
    assert_eq!(
        (text(&parked["parked"], "reason").as_str(), text(&parked["parked"], "from").as_str()),
        ("withdrawn_after_delivery", "reversal_due")
    );

    let scene = Scene::with(|options| {
        options.parameters.insert("Reversals".into(), "deliver".into());
    })
    .await;
    scene.knows(88_901, 500);
    scene.commission(&approved("e1", 1)).await;
    scene.until(KEY, &["confirmed"]).await;
    scene.commission(&denied("e2", 2)).await;
    scene.until(KEY, &["reversed"]).await;
    let back = scene.endpoint.calls().into_iter().next_back().unwrap();
    let body: Value = serde_json::from_slice(&back.body).unwrap();
    assert_eq!(
        (back.id.as_deref(), &body["type"]),
        (Some("firstpromoter:88901:1:reverse"), &json!("reward.reversed"))
    );

    // Approved again after it was taken back: a new epoch, a new key.
    assert!(scene.platform.edit_commission(88_901, |c| c.fulfilled = false));
    scene.commission(&commission("e3", "updated", 88_901, ("denied", "approved"), 3)).await;
    scene.until("firstpromoter:88901:2", &["confirmed"]).await;
    assert_eq!(scene.granted()["88901"].len(), 2);
}

#[tokio::test]
async fn a_changed_amount_updates_before_and_parks_after_the_delivery() {
    let scene = Scene::start().await;
    scene.knows(88_901, 500);
    scene.commission(&approved("e1", 1)).await;
    scene.until(KEY, &["confirmed"]).await;
    let mut changed = commission("e2", "updated", 88_901, ("", "approved"), 2);
    changed["data"]["amount"] = json!(900);
    scene.commission(&changed).await;
    let parked = scene.until(KEY, &["parked"]).await;
    assert_eq!(text(&parked["parked"], "reason"), "changed_after_delivery");
    assert_eq!(scene.granted()["88901"].len(), 1);
}

#[tokio::test]
async fn missing_ids_are_looked_up_before_anything_is_given() {
    let scene = Scene::start().await;
    scene.knows(88_901, 500);
    let promoter = scene.platform.commission(88_901).unwrap().promoter.id.to_string();
    let mut event = approved("e1", 1);
    event["data"]["promoter_campaign"] = Value::Null;
    scene.commission(&event).await;
    scene.until(KEY, &["confirmed"]).await;
    let (key, amount, recipient) = scene.granted()["88901"].first().unwrap().clone();
    assert_eq!((key.as_str(), amount.as_str(), recipient), (KEY, "500", promoter));
}

#[tokio::test]
async fn v1_by_api_gives_only_what_the_platform_knows_the_same_way() {
    let scene = Scene::start().await;
    scene.knows_v1(900, 2);
    assert_eq!(scene.fulfilment(1, 900, 2).await.0, 202);
    scene.until("firstpromoter-v1:900:1", &["confirmed"]).await;
    assert_eq!(scene.fulfilment(2, 900, 2).await.0, 200);
    // The test button, or a forger who has the URL: another amount, an unknown id.
    scene.knows_v1(901, 2);
    for (id, amount) in [(901, 200), (902, 2)] {
        assert_eq!(scene.fulfilment(10 + id, id, amount).await.0, 202);
        let parked = scene.until(&format!("firstpromoter-v1:{id}:1"), &["parked"]).await;
        assert_eq!(text(&parked["parked"], "reason"), "not_found_at_provider");
        assert!(!scene.granted().contains_key(&id.to_string()));
    }
}

async fn by_response(hold: &str) -> Scene {
    Scene::with(|options| {
        options.parameters.insert("V1Confirm".into(), "response".into());
        options.parameters.insert("V1HoldSeconds".into(), hold.into());
    })
    .await
}

#[tokio::test]
async fn v1_by_response_holds_its_answer_until_the_delivery() {
    let hold = Duration::from_secs(8);
    let scene = by_response("8").await;
    let mut ids = 900_u64..;
    // It looks every 150 ms. On a machine too busy to be that quick, or to be
    // through in time at all, another one is.
    let key = eventually("none is answered soon after its delivery", async || {
        let (id, started) = (ids.next()?, Instant::now());
        let (status, _) = scene.fulfilment(id, id, 2).await;
        if status == 503 {
            assert!(started.elapsed() >= hold, "not held");
            return None;
        }
        let key = format!("firstpromoter-v1:{id}:1");
        let promise = scene.promise(&key).await;
        assert_eq!((status, text(&promise, "state").as_str()), (200, "confirmed"));
        let ms = |name| Timestamp::parse(&text(&promise, name)).unwrap().ms();
        let held_on = ms("confirmed_at") - ms("delivered_at");
        (held_on <= 1500).then_some(key)
    })
    .await;
    // Redelivered under a new event id: the same reward, told at once.
    let id = key.split(':').nth(1).unwrap().parse().unwrap();
    assert_eq!(scene.fulfilment(2, id, 2).await.0, 200);
    assert_eq!(scene.raw_calls(&key), 1);
    assert_eq!(scene.platform.calls().len(), 0);
}

#[tokio::test]
async fn v1_by_response_is_503_while_undelivered_and_a_redelivery_collects_the_200() {
    use local::fakes::endpoint::EndpointFault;
    let scene = by_response("1").await;
    scene.endpoint.inject(local::fakes::Fault::of(EndpointFault::Unavailable503).times(3));
    assert_eq!(scene.fulfilment(1, 900, 2).await.0, 503);
    scene.until("firstpromoter-v1:900:1", &["delivered"]).await;
    assert_eq!(scene.fulfilment(1, 900, 2).await.0, 200);
    scene.until("firstpromoter-v1:900:1", &["confirmed"]).await;
    assert_eq!(scene.granted()["900"].len(), 1);
}

#[tokio::test]
async fn lost_messages_and_stream_records_cost_time_only() {
    let scene = Scene::with(|options| {
        // Nothing that becomes due is dispatched.
        options.env.insert("UNTOUCHED_SECONDS".into(), "1".into());
    })
    .await;
    scene.stage.stack.stop_sqs().await;
    for id in 1..=5 {
        scene.knows(id, 500);
        let event = commission(&format!("e{id}"), "updated", id, ("pending", "approved"), 1);
        assert_eq!(scene.commission(&event).await.0, 200);
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(scene.granted().len(), 0);
    scene.stage.stack.start_sqs().await.unwrap();
    scene.settle().await;
    assert_eq!(scene.granted().len(), 5);
    assert!(scene.granted().values().all(|keys| keys.len() == 1));
    assert!((1..=5).all(|id| scene.platform.commission(id).unwrap().fulfilled));
}

#[tokio::test]
async fn a_message_of_a_settled_promise_does_nothing() {
    let scene = Scene::start().await;
    scene.knows(88_901, 500);
    scene.commission(&approved("e1", 1)).await;
    let before = scene.until(KEY, &["confirmed"]).await;
    for due in ["deliver#1", "confirm#3", "lookup#1", "reverse#9"] {
        let message =
            json!({"pk": "firstpromoter#commission#88901", "sk": "fulfilment#1", "due": due});
        let event = json!({"Records": [{"messageId": "m", "body": message.to_string(), "eventSource": "aws:sqs"}]});
        for function in ["DeliverFunction", "ConfirmFunction"] {
            let answer =
                scene.stage.stack.invoke(function, event.to_string().into()).await.unwrap();
            assert_eq!(
                serde_json::from_slice::<Value>(&answer).unwrap()["batchItemFailures"],
                json!([])
            );
        }
    }
    assert_eq!(scene.promise(KEY).await, before);
    assert_eq!(scene.raw_calls(KEY), 1);
}

#[tokio::test]
async fn a_withdrawal_during_the_call_is_decided_by_its_outcome() {
    let endpoint = ScriptedPlatform::start().await;
    let scene = Scene::delivering_to(endpoint.url("/grants")).await;
    scene.knows(88_901, 500);
    let (answer, held) = Answer::text(200, "").held();
    endpoint.then("POST", "/grants", answer);
    scene.commission(&approved("e1", 1)).await;
    endpoint.asked("POST", "/grants", 1).await;
    assert_eq!(scene.commission(&denied("e2", 2)).await.0, 200);
    assert_eq!(text(&scene.promise(KEY).await, "state"), "delivering");
    held.release();
    // It was given: taken back, here by a person.
    let parked = scene.until(KEY, &["parked"]).await;
    assert_eq!(text(&parked["parked"], "reason"), "withdrawn_after_delivery");
    assert!(!scene.platform.commission(88_901).unwrap().fulfilled);
}

#[tokio::test]
async fn a_withdrawal_while_parked_ends_what_was_never_given() {
    use local::fakes::endpoint::EndpointFault;
    let scene = Scene::start().await;
    let reason = "unknown_customer".to_owned();
    scene.endpoint.inject(EndpointFault::Refuse { status: 422, reason });
    scene.commission(&approved("e1", 1)).await;
    scene.until(KEY, &["parked"]).await;
    scene.commission(&denied("e2", 2)).await;
    scene.until(KEY, &["denied"]).await;
    assert_eq!(scene.endpoint.grants().len(), 0);
}

#[tokio::test]
async fn v1_and_v2_announcing_the_same_reward_make_one_promise() {
    let scene = Scene::start().await;
    scene.knows(900, 2);
    scene.knows_v1(900, 2);
    let mut event = commission("e1", "updated", 900, ("pending", "approved"), 1);
    event["data"]["promoter_campaign"]["campaign_id"] = json!(7731);
    assert_eq!(scene.commission(&event).await.0, 200);
    assert_eq!(scene.fulfilment(1, 900, 2).await.0, 202);
    scene.until("firstpromoter-v1:900:1", &["confirmed"]).await;
    assert_eq!(scene.promises().await.len(), 1);
    assert_eq!(scene.granted().len(), 1);
}

#[tokio::test]
async fn without_the_stream_the_sweep_alone_settles_everything() {
    let file = std::env::temp_dir().join(format!("deaf-{}.yaml", std::process::id()));
    let file = deaf_template(&file);
    let path = file.clone();
    let scene = Scene::with(move |options| options.template = path).await;
    std::fs::remove_file(file).unwrap();
    for id in 1..=5 {
        scene.knows(id, 500);
        let event = commission(&format!("e{id}"), "updated", id, ("pending", "approved"), 1);
        assert_eq!(scene.commission(&event).await.0, 200);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(scene.granted().len(), 0);
    scene.settle().await;
    assert_eq!(scene.granted().len(), 5);
    assert!((1..=5).all(|id| scene.platform.commission(id).unwrap().fulfilled));
}

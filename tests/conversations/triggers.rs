//! The samples of what calls the workers: queues, the stream and the schedule.

use serde_json::{Value, json};
use tests::events_file;
use tests::messages::{commission_pk, promise_sk};
use tests::scene::Scene;

use crate::samples::{fresh, scene_without_stream};

/// The promise that the samples are about.
const KEY: &str = "firstpromoter:301881:1";
const ID: u64 = 301_881;

/// A scene in which the reward of commission 301881 is promised, and nothing tells
/// the workers of it.
async fn promised() -> Scene {
    let scene = scene_without_stream().await;
    scene.stage.send(&fresh("firstpromoter-commission-updated", 200)).await.is(200);
    assert_eq!(scene.promise(KEY).await.state, "requested");
    scene
}

/// Invokes a worker by its sample, which it has to work off whole.
async fn call(scene: &Scene, function: &str, sample: &str) {
    let answer = scene.stage.invoke(function, &events_file(sample)).await;
    assert_eq!(answer["batchItemFailures"], json!([]), "{sample}");
}

fn names(item: &Value) -> Vec<&String> {
    item.as_object().unwrap().keys().collect()
}

#[tokio::test]
async fn the_messages_of_the_queues_deliver_and_confirm() {
    let scene = promised().await;
    call(&scene, "DeliverFunction", "deliver-sqs.json").await;
    let delivered = scene.promise(KEY).await;
    assert_eq!(
        (delivered.state.as_str(), delivered.due.as_deref()),
        ("delivered", Some("confirm#3"))
    );
    scene.granted_once(ID);
    call(&scene, "ConfirmFunction", "confirm-sqs.json").await;
    assert_eq!(scene.promise(KEY).await.state, "confirmed");
    assert!(scene.platform_shows_fulfilled(ID));
}

#[tokio::test]
async fn the_change_of_the_stream_is_queued() {
    let scene = promised().await;
    call(&scene, "DeliverFunction", "deliver-sqs.json").await;
    let sample = events_file("dispatch-stream.json");
    let image = &sample["Records"][0]["dynamodb"]["NewImage"];
    let there = scene.stage.raw_item(&commission_pk(ID), &promise_sk(1)).await.unwrap();
    assert_eq!(names(image), names(&there));
    assert_eq!(image["due"], there["due"]);
    call(&scene, "DispatchFunction", "dispatch-stream.json").await;
    scene.until_state(KEY, "confirmed").await;
}

#[tokio::test]
async fn the_schedule_has_queued_what_lies_untouched() {
    let scene = promised().await;
    let swept = scene.stage.invoke("SweepFunction", &events_file("sweep-schedule.json")).await;
    assert_eq!(swept["sent"], 1, "{swept}");
    scene.until_state(KEY, "delivered").await;
    scene.granted_once(ID);
}

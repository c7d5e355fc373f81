//! A commission is approved again while its reward is still on its way back: the worker
//! that ends the one promise makes the next.

use serde_json::json;
use tests::Setup;
use tests::patience::eventually;
use tests::scene::{ID, KEY, Scene};
use tests::script::{Answer, ScriptedPlatform};
use tests::webhooks::commission;

const NEXT: &str = "firstpromoter:88901:2";
const LIST: &str = "/api/commissions";
const MARK: &str = "/api/commissions/mark_fulfilled";
const UNMARK: &str = "/api/commissions/mark_unfulfilled";
const BATCH: &str = "/api/batch_processes/6";

async fn denied(scene: &Scene) {
    scene.post(&commission(ID).denied()).await.is(200);
}

async fn approved_again(scene: &Scene) {
    scene.post(&commission(ID).updated("denied", "approved").second(3)).await.is(200);
}

fn batch(status: &str) -> Answer {
    let done = u8::from(status == "completed");
    let body = json!({"id": 6, "status": status, "total": 1, "selected_total": 1,
        "processed_count": done, "failed_count": 0, "processing_errors": []});
    Answer::json(if done == 1 { 200 } else { 202 }, &body)
}

/// A platform that has taken the mark of a reward, and gets to know that it was taken
/// back.
async fn unmarking(
    first: Answer,
    change: impl FnOnce(&mut local::Options),
) -> (Scene, ScriptedPlatform) {
    let platform = ScriptedPlatform::start().await;
    let scene = Scene::with(|options| {
        options.set_parameters([
            ("FirstpromoterApiUrl", platform.url("/api").as_str()),
            ("Reversals", "deliver_and_unmark"),
        ]);
        change(options);
    })
    .await;
    platform.always("POST", MARK, batch("completed"));
    platform.then("POST", UNMARK, first);
    platform.always("POST", UNMARK, batch("completed"));
    platform.always("GET", LIST, Answer::json(200, &json!([])));
    scene.take(&commission(ID).approved()).await;
    scene.until_state(KEY, "confirmed").await;
    denied(&scene).await;
    platform.asked("POST", UNMARK, 1).await;
    (scene, platform)
}

#[tokio::test]
pub async fn while_the_endpoint_takes_it_back() {
    let endpoint = ScriptedPlatform::start().await;
    let url = endpoint.url("/grants");
    let parameters = [("RewardEndpointUrl", url.as_str()), ("Reversals", "deliver")];
    let scene = Scene::with_parameters(&parameters).await;
    endpoint.then("POST", "/grants", Answer::text(200, ""));
    scene.confirm().await;
    let (answer, held) = Answer::text(200, "").held();
    endpoint.then("POST", "/grants", answer);
    endpoint.always("POST", "/grants", Answer::text(200, ""));
    denied(&scene).await;
    endpoint.asked("POST", "/grants", 2).await;
    assert!(scene.platform.edit_commission(ID, |known| known.fulfilled = false));
    approved_again(&scene).await;
    assert!(scene.find_promise(NEXT).await.is_none());
    held.release();
    scene.until_state(NEXT, "confirmed").await;
    assert_eq!(scene.promise(KEY).await.state, "reversed");
    assert_eq!(endpoint.requests().len(), 3);
}

#[tokio::test]
pub async fn while_the_platform_is_told() {
    let (answer, held) = batch("completed").held();
    let (scene, _platform) = unmarking(answer, |_| {}).await;
    approved_again(&scene).await;
    assert!(scene.find_promise(NEXT).await.is_none());
    held.release();
    scene.until_state(NEXT, "confirmed").await;
    assert_eq!(scene.promise(KEY).await.state, "reversed");
}

#[tokio::test]
pub async fn while_the_platform_never_gets_done() {
    let (scene, platform) =
        unmarking(batch("in_progress"), |options| options.set_env([("MAX_AGE_SECONDS", "1")]))
            .await;
    platform.always("GET", BATCH, batch("in_progress"));
    platform.asked("GET", BATCH, 1).await;
    approved_again(&scene).await;
    // It is over age at some sweep.
    let next = eventually("no sweep ends it", async || {
        scene.sweep().await;
        scene.find_promise(NEXT).await
    });
    next.await;
    assert_eq!(scene.promise(KEY).await.state, "reversed");
}

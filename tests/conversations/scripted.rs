//! A platform that answers what it should not.

use serde_json::{Value, json};
use tests::scene::{ID, KEY, Scene};
use tests::script::{Answer, ScriptedPlatform};
use tests::webhooks::commission;

const MARK: &str = "/api/commissions/mark_fulfilled";
const LIST: &str = "/api/commissions";

fn shown(status: &str, fulfilled: bool) -> Value {
    json!([{"id": ID, "status": status, "amount": 500, "unit": "points", "fulfilled": fulfilled,
        "promoter_campaign": {"campaign_id": 5104, "promoter": {"id": 31}}}])
}

#[tokio::test]
async fn a_reward_is_confirmed_once_the_platform_has_taken_it_whatever_it_said_before() {
    let platform = ScriptedPlatform::start().await;
    let scene = Scene::with_parameters(&[("FirstpromoterApiUrl", &platform.url("/api"))]).await;
    // The platform hangs up, is down, says half a word, then that the batch failed;
    // only then it takes the mark.
    platform.then("POST", MARK, Answer::dropped());
    platform.then("POST", MARK, Answer::text(502, "<html>"));
    platform.then("POST", MARK, Answer::text(200, r#"{"failed_count":"#));
    let (failed, taken) = (
        json!({"id": 5, "status": "completed", "total": 1, "processed_count": 0, "failed_count": 1}),
        json!({"id": 6, "status": "completed", "total": 1, "selected_total": 1, "processed_count": 1,
            "failed_count": 0, "processing_errors": []}),
    );
    platform.then("POST", MARK, Answer::json(200, &failed));
    platform.always("POST", MARK, Answer::json(200, &taken));
    platform.always("GET", LIST, Answer::json(200, &shown("approved", false)));
    scene.take(&commission(ID).approved()).await;
    scene.until_state(KEY, "confirmed").await;
    let asked = platform.asked("POST", MARK, 5).await;
    assert!(asked.iter().all(|asked| asked.header("authorization").is_some()));
    assert_eq!((asked.len(), scene.raw_calls(KEY)), (5, 1));
    assert_eq!(platform.unscripted(), [""; 0]);
}

#[tokio::test]
async fn an_endpoint_that_takes_its_time_is_waited_for() {
    let endpoint = ScriptedPlatform::start().await;
    let scene = Scene::delivering_to(endpoint.url("/grants")).await;
    scene.platform_has_commission(ID, 500);
    let (answer, held) = Answer::text(204, "").header("x-request-id", "r-1").held();
    endpoint.then("POST", "/grants", answer);
    scene.take(&commission(ID).approved()).await;
    endpoint.asked("POST", "/grants", 1).await;
    assert_eq!(scene.promise(KEY).await.state, "delivering");
    held.release();
    scene.until_state(KEY, "confirmed").await;
    assert_eq!(endpoint.requests().len(), 1);
}

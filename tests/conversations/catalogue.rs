//! Events that are about more, or say more, or come otherwise than most.

use serde_json::{Map, Value, json};
use tests::Stage;
use tests::golden::{self, Markers};
use tests::item::Item;
use tests::proxy::DynamoProxy;
use tests::scene::{ID, KEY, Scene};
use tests::webhooks::{COMMISSIONS, TOKEN, commission, v1_path};

use crate::samples::fresh;

/// The most that a record may take, in bytes. It is read whole with every event.
const MAX_RECORD_BYTES: usize = 100_000;

/// The size of an item, at least what the table counts.
fn size(item: &Item) -> usize {
    item.to_string().len()
}

#[tokio::test]
async fn a_sign_up_for_forty_campaigns_is_one_transaction() {
    const PROMOTIONS: usize = 40;
    let (scene, proxy) = DynamoProxy::before_scene_without_stream(|_| {}).await;
    let promotion = |n: usize| {
        json!({"id": 9_000 + n, "status": "offer_running", "ref_id": format!("otter-{n}"),
            "promoter_id": 71, "campaign_id": 300 + n, "campaign_name": "c".repeat(400),
            "referral_link": format!("https://shop.example/?fpr=otter-{n}"), "visitors_count": n,
            "current_referral_reward": {"id": 5, "name": "r".repeat(200), "unit": "cash"}})
    };
    let promotions: Vec<_> = (0..PROMOTIONS).map(promotion).collect();
    let body = json!({"event": {"id": 88, "type": "promoter_signed_up", "created_at": "2026-11-01T10:00:00Z"},
        "data": {"promoter": {"id": 71, "status": "pending"}, "promotions": promotions}});
    let send = async || scene.stage.post_to(&v1_path("promoters"), body.to_string()).await;

    send().await.is(200).outcome("recorded");
    assert_eq!(proxy.calls("TransactWriteItems"), 1);
    let items = scene.stage.items().await;
    // A record and the event's item for each.
    assert_eq!(items.len(), 2 * (1 + PROMOTIONS));
    for n in 0..PROMOTIONS {
        let pk = format!("firstpromoter-v1#enrolment#{}", 9_000 + n);
        let record = scene.stage.record(&pk).await;
        assert_eq!(record.status(), "pending", "{pk}");
        assert_eq!(record["links"], json!([{"kind": "affiliate", "id": "71"}]), "{pk}");
        assert_eq!(record.facts["campaign_id"], json!((300 + n).to_string()), "{pk}");
        let told = scene.stage.item(&pk, "event#88#promoter_signed_up").await;
        assert_eq!(told.text("kept_with"), "firstpromoter-v1#affiliate#71");
    }
    let affiliate = scene.stage.record("firstpromoter-v1#affiliate#71").await;
    assert_eq!(affiliate.status(), "pending");
    for item in &items {
        assert!(size(item) < MAX_RECORD_BYTES, "{} {}", item.text("pk"), size(item));
    }

    send().await.is(200).outcome("duplicate");
    assert_eq!(proxy.calls("TransactWriteItems"), 1);
    assert_eq!(scene.stage.items().await, items);
}

#[tokio::test]
async fn a_change_from_what_is_not_held_is_a_gap_and_is_applied() {
    let scene = Scene::without_stream(|_| {}).await;
    scene.post(&commission(ID).created("pending")).await.is(200);
    // Between the two it was denied, and nobody said so.
    let approved = commission(ID).updated("denied", "approved").second(5).event("after-the-gap");
    scene.post(&approved).await.is(200).outcome("recorded");

    let record = scene.record(ID).await;
    assert_eq!((record.status(), record.version), ("approved", 2));
    assert_eq!(scene.promise(KEY).await.state, "requested");
    let pk = format!("firstpromoter#commission#{ID}");
    let event = scene.stage.item(&pk, "event#after-the-gap").await;
    assert_eq!(event["gap"], json!(["status"]));
    let lines = scene.stage.lines(2).await;
    assert_eq!((&lines[0]["gap"], &lines[0]["Gaps"]), (&Value::Null, &Value::Null));
    assert_eq!((&lines[1]["gap"], &lines[1]["Gaps"]), (&json!(["status"]), &json!(1.0)));
}

#[tokio::test]
async fn an_event_at_another_address_of_its_provider_writes_the_same() {
    let stage = Stage::start().await;
    let markers = Markers::of_samples();
    let of_v1 = |family: &str| format!("/webhooks/firstpromoter-v1/{TOKEN}/{family}");
    let mut sent = 0;
    for (sample, elsewhere, home) in [
        (
            "affonso-coupon-created",
            "/webhooks/affonso/payouts".to_owned(),
            "/webhooks/affonso/affiliates",
        ),
        (
            "firstpromoter-promoter-created",
            COMMISSIONS.to_owned(),
            "/webhooks/firstpromoter/promoters",
        ),
        (
            "firstpromoter-v1-promoter-accepted",
            of_v1("rewards"),
            "/webhooks/firstpromoter-v1/{token}/promoters",
        ),
    ] {
        let sample_event = fresh(sample, 200);
        let body = sample_event["body"].as_str().unwrap();
        let (mut written, mut told) = (Vec::new(), Vec::new());
        for path in [home.replace("{token}", TOKEN), elsewhere] {
            let answer = stage.post_to(&path, body).await;
            answer.is(200).outcome("recorded");
            sent += 1;
            let line = stage.lines(sent).await.pop().unwrap();
            told.push((line["misrouted"].clone(), line["Misrouted"].clone()));
            let items = stage.items().await;
            stage.empty().await;
            written.push(golden::entry(sample, 200, &Value::Null, &items, &markers));
        }
        assert_eq!(told, [(Value::Null, Value::Null), (json!(home), json!(1.0))], "{sample}");
        assert_eq!(written[0], written[1], "{sample}");
        assert_ne!(written[0]["items"], json!({}));
    }
}

#[tokio::test]
async fn a_type_that_no_page_lists_is_an_update_of_what_it_names() {
    let scene = Scene::without_stream(|_| {}).await;
    scene.post(&commission(ID).created("pending")).await.is(200);
    let frozen = commission(ID).of_kind("frozen").with_status("denied").amount(450).second(5);
    scene.post(&frozen).await.is(200).outcome("recorded");
    let record = scene.record(ID).await;
    assert_eq!((record.status(), record.amount.as_deref()), ("denied", Some("450 points")));

    let nobody = json!({"event_id": "e-nobody", "event_type": "commission.frozen", "entity_id": null,
        "data": {"status": "denied"}, "timestamp": "2026-10-01T10:00:06Z"});
    scene.stage.post_to(COMMISSIONS, nobody.to_string()).await.is(200).outcome("archived");
    let kept = scene.stage.item("firstpromoter#inbox#e-nobody", "event#e-nobody").await;
    assert_eq!(kept.text("type"), "commission.frozen");
    assert_eq!(scene.record(ID).await.version, 2);

    let lines = scene.stage.lines(3).await;
    let unlisted: Vec<_> = lines.iter().map(|line| line["Unlisted"].clone()).collect();
    assert_eq!(unlisted, [Value::Null, json!(1.0), json!(1.0)]);
    assert_eq!((&lines[0]["unlisted"], &lines[1]["unlisted"]), (&Value::Null, &json!(true)));
}

#[tokio::test]
async fn huge_fields_are_kept_whole_with_the_event_alone() {
    let stage = Stage::start().await;
    let answer = |n: usize| (format!("question-{n}"), Value::from(format!("{n}-").repeat(150)));
    let answers: Map<_, _> = (0..500).map(answer).collect();
    let body = json!({"event_id": "e-huge", "event_type": "promoter.updated", "entity_id": 71,
        "timestamp": "2026-10-01T10:00:00Z", "data": {"id": 71, "status": "active", "custom_fields": answers}});
    assert!(body.to_string().len() > 200_000);
    let path = "/webhooks/firstpromoter/promoters";
    stage.post_to(path, body.to_string()).await.is(200).outcome("recorded");

    let record = stage.record("firstpromoter#affiliate#71").await;
    assert_eq!(record.status(), "active");
    assert_eq!(record.facts["custom_fields"], json!({"kept_in": "event"}));
    assert!(size(&record) < MAX_RECORD_BYTES);
    let event = stage.item("firstpromoter#affiliate#71", "event#e-huge").await;
    assert_eq!(event["over"], json!(["custom_fields"]));
    let kept: Value = serde_json::from_str(&event.kept_body()).unwrap();
    assert_eq!(kept["data"]["custom_fields"], body["data"]["custom_fields"]);
    assert_eq!(stage.lines(1).await[0]["over"], json!(["custom_fields"]));
}

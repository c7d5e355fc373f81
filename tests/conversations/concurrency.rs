//! Many requests at once.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::patience::{Patience, eventually};
use tests::webhooks::{COMMISSIONS, payout};
use tests::{Response, Stage, Webhook};

/// Sends all at once, and again what was not taken, as a platform does.
async fn send_until_taken(stage: &Stage, requests: Vec<Value>) {
    let mut open = requests;
    let mut patience = Patience::new();
    while !open.is_empty() {
        let answers = send_at_once(stage, &open).await;
        assert_taken_or_busy(&answers);
        let busy = open.into_iter().zip(answers).filter(|(_, answer)| answer.status == 503);
        open = busy.map(|(request, _)| request).collect();
        patience.wait([open.len()], || format!("{} are never recorded", open.len())).await;
    }
}

async fn send_at_once(stage: &Stage, requests: &[Value]) -> Vec<Response> {
    join_all(requests.iter().map(|request| stage.send(request))).await
}

fn assert_taken_or_busy(answers: &[Response]) {
    assert!(answers.iter().all(|answer| [200, 503].contains(&answer.status)), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_identical_requests_leave_one_event() {
    let stage = Stage::start().await;
    let paid = json!({"payment_id": 5, "status": "SUCCESS", "total_processed": 10,
        "processed_at": "2026-10-01T10:00:00Z"});
    let approved = json!({"event_id": "e", "event_type": "commission.approved",
        "timestamp": "2026-10-01T10:00:00Z", "data": {"id": 6, "status": "approved", "amount": 5,
        "unit": "points", "promoter_id": 1}});
    for (path, body) in [("/webhooks/uppromote/payment-paid", paid), (COMMISSIONS, approved)] {
        let before = stage.count("event#").await;
        let request = stage.signed(path, body.to_string());
        let answers = send_at_once(&stage, &vec![request.clone(); 50]).await;
        // One that the table was too busy for is sent again, and then a duplicate.
        assert_taken_or_busy(&answers);
        let recorded = answers.iter().filter(|answer| answer.body["result"] == "recorded").count();
        let refused = answers.iter().filter(|answer| answer.status == 503).count();
        assert!(recorded == 1 || recorded == 0 && refused > 0, "{answers:?}");
        let taken = async || (stage.send(&request).await.status == 200).then_some(());
        eventually("never taken", taken).await;
        assert_eq!(stage.count("event#").await - before, 1);
    }
    assert_eq!(stage.count("fulfilment#").await, 1);
}

/// Seconds that a request goes on trying while others write to its object.
const PATIENCE: f64 = 2.6;

/// Changes of one payout, a minute apart.
fn changes(stage: &Stage, of: &str, count: u32) -> Vec<Value> {
    let change = |minute| {
        let event = payout(&format!("{of}-{minute}"), "payout.updated").of(of);
        let event = event.status("PROCESSING").invoice(minute).minute(minute);
        stage.signed(&event.path(), event.body())
    };
    (0..count).map(change).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn different_events_of_one_object_at_once_are_all_recorded() {
    let stage = Stage::with(|options| options.instances = 20).await;
    // Now all instances are there.
    send_at_once(&stage, &changes(&stage, "warm", 20)).await;
    let before = stage.lines(20).await.len();
    let requests = changes(&stage, "p", 20);
    let answers = send_at_once(&stage, &requests).await;
    let lines = stage.lines(before + 20).await;
    // A machine may be too slow for all to have their turn in time, but nobody
    // gives up before.
    for line in lines.iter().filter(|line| line["status"] == 503) {
        assert!(line["DurationMs"].as_f64().unwrap() > PATIENCE * 1000.0, "{line}");
    }
    for (request, _) in requests.iter().zip(answers).filter(|(_, answer)| answer.status == 503) {
        stage.send(request).await.is(200);
    }
    let record = stage.record("affonso#payout#p").await;
    assert_eq!(record.version, 20);
    assert_eq!(record.facts["invoice_number"], "19");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_id_under_several_types_at_once_leaves_one_event_each() {
    let stage = Stage::with(|options| options.instances = 4).await;
    let kinds = ["payout.created", "payout.updated", "payout.paid"];
    let request = |kind: &str| {
        let body = json!({"id": "shared", "type": kind, "createdAt": "2026-10-01T10:00:00Z",
            "data": {"payoutId": "p", "status": "COMPLETED"}});
        stage.signed("/webhooks/affonso/payouts", body.to_string())
    };
    let requests = (0..24).map(|n| request(kinds[n % 3])).collect();
    send_until_taken(&stage, requests).await;
    let events = stage.items_of("event#").await;
    let mut types: Vec<_> = events.iter().map(|event| event.text("type")).collect();
    types.sort();
    assert_eq!(types, ["payout.created", "payout.paid", "payout.updated"]);
    assert_eq!(stage.record("affonso#payout#p").await.version, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn different_events_of_one_object_at_once_lose_nothing() {
    let stage = Stage::with(|options| options.instances = 4).await;
    send_until_taken(&stage, changes(&stage, "p", 24)).await;
    let record = stage.record("affonso#payout#p").await;
    assert_eq!(record.version, 24);
    assert_eq!(record.facts["invoice_number"], "23");
    assert_eq!(stage.count("event#").await, 24);
}

//! Many requests at once.

use futures_util::future::join_all;
use serde_json::json;
use tests::patience::{Patience, eventually};
use tests::{Stage, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_identical_requests_leave_one_event() {
    let stage = Stage::start().await;
    let paid = json!({"payment_id": 5, "status": "SUCCESS", "total_processed": 10,
        "processed_at": "2026-10-01T10:00:00Z"});
    let approved = json!({"event_id": "e", "event_type": "commission.approved",
        "timestamp": "2026-10-01T10:00:00Z", "data": {"id": 6, "status": "approved", "amount": 5,
        "unit": "points", "promoter_id": 1}});
    for (path, body) in [
        ("/webhooks/uppromote/payment-paid", paid),
        ("/webhooks/firstpromoter/commissions", approved),
    ] {
        let before = stage.count("event#").await;
        let request = stage.signed(path, body.to_string());
        let answers = join_all((0..50).map(|_| stage.send(&request))).await;
        let recorded = answers.iter().filter(|(_, body)| body["result"] == "recorded").count();
        // One that the table was too busy for is sent again, and then a duplicate.
        assert!(answers.iter().all(|(status, _)| matches!(status, 200 | 503)), "{answers:?}");
        let refused = answers.iter().filter(|(status, _)| *status == 503).count();
        assert!(recorded == 1 || recorded == 0 && refused > 0, "{answers:?}");
        eventually("never taken", async || (stage.send(&request).await.0 == 200).then_some(()))
            .await;
        assert_eq!(stage.count("event#").await - before, 1);
    }
    assert_eq!(stage.count("fulfilment#").await, 1);
}

/// Seconds that a request goes on trying while others write to its object.
const PATIENCE: f64 = 2.6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn different_events_of_one_object_at_once_are_all_recorded() {
    let stage = Stage::with(|options| options.instances = 20).await;
    let requests = |of: &str| -> Vec<_> {
        let request = |minute: u32| {
            let body = json!({"id": format!("{of}-{minute}"), "type": "payout.updated",
                "data": {"payoutId": of, "status": "PROCESSING", "invoiceNumber": minute,
                         "updatedAt": format!("2026-10-01T10:{minute:02}:00Z")}});
            stage.signed("/webhooks/affonso/payouts", body.to_string())
        };
        (0..20).map(request).collect()
    };
    // So that all instances are there.
    join_all(requests("warm").iter().map(|request| stage.send(request))).await;
    let before = stage.lines(20).await.len();
    let requests = requests("p");
    let answers = join_all(requests.iter().map(|request| stage.send(request))).await;
    let lines = stage.lines(before + 20).await;
    // A machine may be too slow for all to have their turn in time, but nobody
    // gives up before.
    for line in lines.iter().filter(|line| line["status"] == 503) {
        assert!(line["DurationMs"].as_f64().unwrap() > PATIENCE * 1000.0, "{line}");
    }
    for (request, _) in requests.iter().zip(answers).filter(|(_, (status, _))| *status == 503) {
        assert_eq!(stage.send(request).await.0, 200);
    }
    let record = stage.item("affonso#payout#p", "record").await;
    assert_eq!(
        (text(&record, "version").as_str(), &record["facts"]["invoice_number"]),
        ("20", &json!("19"))
    );
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
    let requests: Vec<_> = (0..24).map(|n| request(kinds[n % 3])).collect();
    let mut open: Vec<_> = requests.iter().collect();
    while !open.is_empty() {
        let answers = join_all(open.iter().map(|request| stage.send(request))).await;
        open = open.into_iter().zip(answers).filter(|(_, a)| a.0 == 503).map(|(r, _)| r).collect();
    }
    let types =
        stage.items().await.into_iter().filter(|item| text(item, "sk").starts_with("event#"));
    let mut types: Vec<_> = types.map(|item| text(&item, "type")).collect();
    types.sort();
    assert_eq!(types, ["payout.created", "payout.paid", "payout.updated"]);
    let record = stage.item("affonso#payout#p", "record").await;
    assert_eq!(text(&record, "version"), "3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn different_events_of_one_object_at_once_lose_nothing() {
    let stage = Stage::with(|options| options.instances = 4).await;
    let requests: Vec<_> = (0..24)
        .map(|minute| {
            let body = json!({"id": format!("e{minute}"), "type": "payout.updated",
                "data": {"payoutId": "p", "status": "PROCESSING", "invoiceNumber": minute,
                         "updatedAt": format!("2026-10-01T10:{minute:02}:00Z")}});
            stage.signed("/webhooks/affonso/payouts", body.to_string())
        })
        .collect();
    // A provider sends again what was not answered 200.
    let mut open = requests;
    let mut patience = Patience::new();
    while !open.is_empty() {
        let answers = join_all(open.iter().map(|request| stage.send(request))).await;
        assert!(answers.iter().all(|(status, _)| matches!(status, 200 | 503)), "{answers:?}");
        open = open.into_iter().zip(answers).filter(|(_, a)| a.0 == 503).map(|(r, _)| r).collect();
        patience.wait([open.len()], || format!("{} are never recorded", open.len())).await;
    }
    let record = stage.item("affonso#payout#p", "record").await;
    assert_eq!(
        (text(&record, "version").as_str(), &record["facts"]["invoice_number"]),
        ("24", &json!("23"))
    );
    assert_eq!(stage.count("event#").await, 24);
}

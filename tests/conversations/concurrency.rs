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

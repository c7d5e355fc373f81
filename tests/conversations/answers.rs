//! The response protocol, row by row.

use serde_json::{Value, json};
use tests::{Stage, kept_body, now, text, unsigned};

const PAID: &str = "/webhooks/uppromote/payment-paid";
const AFFONSO: &str = "/webhooks/affonso/payouts";
const V2: &str = "/webhooks/firstpromoter/commissions";
const TOKEN: &str = "dev-path-token-8f2b6c1e9a7d4035b1e6";

fn payment(id: u32) -> String {
    json!({"payment_id": id, "affiliate_id": 1, "status": "SUCCESS", "total_processed": 10,
           "processed_at": "2026-10-01T10:00:00Z"})
    .to_string()
}

fn payout(event: &str, kind: &str, minute: u8) -> String {
    json!({"id": event, "type": kind, "createdAt": "2026-10-01T10:00:00Z",
           "data": {"payoutId": "p1", "status": "PENDING", "updatedAt": format!("2026-10-01T10:{minute:02}:00Z")}})
    .to_string()
}

fn v1(path: &str) -> String {
    format!("/webhooks/firstpromoter-v1/{TOKEN}/{path}")
}

/// With FirstPromoter v1 told by its API.
async fn closing_by_api() -> Stage {
    Stage::with(|options| {
        options.parameters.insert("V1Confirm".into(), "api".into());
    })
    .await
}

fn fulfilment(event: u32, campaign: u32) -> String {
    json!({"event": {"id": event, "type": "fulfilment_pending", "created_at": "2026-10-01T10:00:00Z"},
           "data": {"id": 900, "status": "pending", "amount": 2, "unit": "free_months",
                    "promoter": {"id": 4}, "campaign": {"id": campaign}}})
    .to_string()
}

#[tokio::test]
async fn recorded_duplicate_unknown_and_test_events_are_200() {
    let stage = Stage::start().await;
    let recorded = (200, json!({"result": "recorded"}));
    assert_eq!(stage.post(PAID, payment(1)).await, recorded);
    assert_eq!(stage.post(PAID, payment(1)).await, (200, json!({"result": "duplicate"})));
    assert_eq!(stage.post(AFFONSO, payout("e1", "payout.created", 1)).await, recorded);
    assert_eq!(
        stage.post(AFFONSO, payout("e1", "payout.created", 1)).await.1["result"],
        "duplicate"
    );
    assert_eq!(stage.post(AFFONSO, payout("e2", "payout.sent", 1)).await.1["result"], "archived");
    assert_eq!(stage.post(AFFONSO, payout("e2", "payout.sent", 1)).await.1["result"], "duplicate");
    let test = r#"{"event_id":"t","event_type":"commission.created","data":{"test":true}}"#;
    assert_eq!(stage.post(V2, test).await.1["result"], "test");

    let event = stage.item("affonso#inbox#e2", "event#e2").await;
    assert_eq!(
        (text(&event, "type").as_str(), text(&event, "identity").as_str()),
        ("payout.sent", "e2")
    );
    assert_eq!(stage.count("event#").await, 4);
    assert_eq!(stage.count("record").await, 2);
    assert_eq!(stage.count("fulfilment#").await, 0);
}

#[tokio::test]
async fn an_event_is_kept_with_what_it_changed_and_when_it_may_go() {
    let stage = Stage::start().await;
    let body = payout("e1", "payout.created", 1);
    stage.post(AFFONSO, &body).await;
    let event = stage.item("affonso#payout#p1", "event#e1").await;
    assert_eq!(
        serde_json::from_str::<Value>(&kept_body(&event)).unwrap(),
        serde_json::from_str::<Value>(&body).unwrap()
    );
    assert_eq!(event["changed"], json!(["status"]));
    assert_eq!(text(&event, "sha256").len(), 64);
    assert_eq!(text(&event, "secret"), "hmac[0]");
    let days = (text(&event, "expires_at").parse::<u64>().unwrap() - now()) / 86_400;
    assert!((398..=400).contains(&days), "{days}");
}

#[tokio::test]
async fn a_late_event_does_not_undo_a_later_one() {
    let stage = Stage::start().await;
    stage.post(AFFONSO, payout("e2", "payout.paid", 5).replace("PENDING", "COMPLETED")).await;
    stage.post(AFFONSO, payout("e1", "payout.created", 1)).await;
    let record = stage.item("affonso#payout#p1", "record").await;
    assert_eq!(
        (text(&record, "status").as_str(), text(&record, "version").as_str()),
        ("completed", "2")
    );
}

#[tokio::test]
async fn a_v1_fulfilment_is_202_until_its_delivery_is_recorded() {
    let stage = closing_by_api().await;
    let path = v1("fulfilments");
    assert_eq!(stage.post(&path, fulfilment(1, 7731)).await.0, 202);
    assert_eq!(stage.post(&path, fulfilment(1, 7731)).await, (202, json!({"result": "duplicate"})));
    // A redelivery under another event id is the same promise.
    assert_eq!(stage.post(&v1("customers"), fulfilment(2, 7731)).await.0, 202);
    assert_eq!(stage.count("fulfilment#").await, 1);

    // Its delivery is recorded, as the delivering step does it.
    let items = stage.stack.items().await.unwrap();
    let mut promise = items.into_iter().find(|item| item["sk"]["S"] == "fulfilment#1").unwrap();
    promise["state"] = json!({"S": "delivered"});
    promise["version"] = json!({"N": "1000"});
    promise.as_object_mut().unwrap().remove("due");
    stage.stack.put_item(promise).await.unwrap();
    assert_eq!(stage.post(&path, fulfilment(1, 7731)).await.0, 200);
    assert_eq!(stage.post(&path, fulfilment(3, 7731)).await.0, 200);
}

#[tokio::test]
async fn a_v1_fulfilment_of_another_source_is_recorded_and_not_promised() {
    let stage = Stage::start().await;
    assert_eq!(stage.post(&v1("fulfilments"), fulfilment(1, 5104)).await.0, 202);
    let event = stage.item("firstpromoter-v1#fulfilment#900", "event#1").await;
    assert_eq!(text(&event, "no_promise"), "not_source");
    assert_eq!(stage.count("fulfilment#").await, 0);
}

#[tokio::test]
async fn the_subscription_ping_is_200_and_leaves_nothing() {
    let stage = Stage::with(|options| options.secrets = json!({})).await;
    let ping = unsigned("/webhooks/uppromote/referral-new", "", &[]);
    assert_eq!(stage.send(&ping).await, (200, json!({"result": "ping"})));
    let signed =
        unsigned("/webhooks/uppromote/referral-new", "", &[("x-uppromote-signature", "00")]);
    assert_eq!(stage.send(&signed).await.0, 503);
    assert_eq!(stage.items().await.len(), 0);
}

#[tokio::test]
async fn what_is_not_authenticated_is_401_and_writes_nothing() {
    let stage = Stage::start().await;
    let generic = (401, json!({"error": "unauthorized"}));
    let wrong = "0".repeat(64);
    for request in [
        unsigned(PAID, payment(1), &[]),
        unsigned(PAID, payment(1), &[("x-uppromote-signature", &wrong)]),
        unsigned(PAID, "", &[("x-uppromote-signature", &wrong)]),
        unsigned(
            AFFONSO,
            payout("e", "payout.paid", 1),
            &[("x-affonso-signature", &format!("t={},v1={wrong}", now()))],
        ),
        unsigned(V2, "{not json", &[("x-webhook-signature", &wrong)]),
        unsigned("/webhooks/firstpromoter-v1/wrong/customers", fulfilment(1, 1), &[]),
    ] {
        assert_eq!(stage.send(&request).await, generic, "{request}");
    }
    let mut stale = stage.signed(AFFONSO, payout("e", "payout.paid", 1));
    local::sign::sign(&mut stale, &local::dev_secrets()["webhooks"], now() - 400).unwrap();
    assert_eq!(stage.send(&stale).await, generic);
    assert_eq!(stage.items().await.len(), 0);
    let outcomes: Vec<_> = stage.lines(7).await.iter().map(|line| text(line, "outcome")).collect();
    assert_eq!(outcomes.iter().filter(|o| *o == "stale_valid").count(), 1, "{outcomes:?}");
}

#[tokio::test]
async fn an_older_affonso_signature_passes_where_the_setting_allows_it() {
    let stage = Stage::with(|options| {
        options.parameters.insert("AffonsoPastToleranceSeconds".into(), "259200".into());
    })
    .await;
    let mut old = stage.signed(AFFONSO, payout("e", "payout.paid", 1));
    local::sign::sign(&mut old, &local::dev_secrets()["webhooks"], now() - 200_000).unwrap();
    assert_eq!(stage.send(&old).await.0, 200);
}

/// A request as the provider of a route of the template would send it there, and
/// its answer.
fn to_route(path: &str, n: usize) -> (String, String, u16) {
    let path = path.replace("{token}", TOKEN).replace("{event}", "payment.paid");
    let unknown = format!("unknown_{n}");
    let (body, status) = if path.contains("/payment") {
        (payment(u32::try_from(n).unwrap()), 200)
    } else if path.contains("/uppromote/") {
        (json!({ "id": n }).to_string(), 200)
    } else if path.contains("/firstpromoter-v1/") {
        let status = if path.ends_with("/fulfilments") { 202 } else { 200 };
        (json!({"event": {"id": n, "type": unknown}, "data": {}}).to_string(), status)
    } else if path.contains("/affonso/") {
        (json!({"id": n.to_string(), "type": unknown, "data": {}}).to_string(), 200)
    } else {
        (json!({"event_id": n.to_string(), "event_type": unknown, "data": {}}).to_string(), 200)
    };
    (path, body, status)
}

#[tokio::test]
async fn a_slash_at_the_end_of_an_address_means_nothing() {
    let stage = Stage::start().await;
    let routes = stage.stack.routes.iter().filter(|route| !route.1.ends_with("+}"));
    let mut recorded = 0;
    for (n, (_, path, _)) in routes.enumerate() {
        let (path, body, status) = to_route(path, n + 1);
        for (slashes, result) in [("/", None), ("//", Some("duplicate")), ("", Some("duplicate"))] {
            let (answered, body) = stage.post(&format!("{path}{slashes}"), &body).await;
            assert_eq!(answered, status, "{path}{slashes}: {body}");
            assert!(
                result.is_none_or(|result| body["result"] == result),
                "{path}{slashes}: {body}"
            );
        }
        recorded += 1;
    }
    assert_eq!(recorded, stage.stack.routes.len() - 1);
    assert_eq!(stage.count("event#").await, recorded);
    // The ping too; and what is no address without the slash is none with it.
    let ping = unsigned("/webhooks/uppromote/referral-new/", "", &[]);
    assert_eq!(stage.send(&ping).await, (200, json!({"result": "ping"})));
    // What comes of an address put together with one slash too many, or copied with
    // the space after it.
    for path in ["/webhooks/affonso//payouts", "/webhooks/affonso/payouts%20"] {
        let (status, answer) = stage.post(path, payout("e-of-slashes", "payout.created", 1)).await;
        assert_eq!(status, 200, "{path}: {answer}");
    }
    for path in
        ["/webhooks/affonso/", "/webhooks/affonso/x/payouts", "/webhooks/firstpromoter-v1/x/y/"]
    {
        assert_eq!(stage.send(&unsigned(path, "{}", &[])).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn one_event_id_under_two_types_is_two_events_and_other_bytes_are_counted() {
    let stage = Stage::start().await;
    let created = payout("e1", "payout.created", 1);
    let paid = payout("e1", "payout.paid", 2).replace("PENDING", "COMPLETED");
    let differs = payout("e1", "payout.paid", 3).replace("PENDING", "FAILED");
    let unknown = |kind: &str| payout("e1", kind, 4);
    let mut answers = Vec::new();
    for body in [
        &created,
        &paid,
        &paid,
        &created,
        &differs,
        &unknown("payout.sent"),
        &unknown("payout.paused"),
        &unknown("payout.paused"),
    ] {
        answers.push(text(&stage.post(AFFONSO, body).await.1, "result"));
    }
    let (recorded, duplicate, archived) = ("recorded", "duplicate", "archived");
    assert_eq!(
        answers,
        [recorded, recorded, duplicate, duplicate, duplicate, archived, archived, duplicate]
    );
    let record = stage.item("affonso#payout#p1", "record").await;
    assert_eq!(
        (text(&record, "status"), text(&record, "version")),
        ("completed".into(), "2".into())
    );
    for (pk, sk, kind) in [
        ("affonso#payout#p1", "event#e1", "payout.created"),
        ("affonso#payout#p1", "event#e1#payout.paid", "payout.paid"),
        ("affonso#inbox#e1", "event#e1", "payout.sent"),
        ("affonso#inbox#e1", "event#e1#payout.paused", "payout.paused"),
    ] {
        assert_eq!(text(&stage.item(pk, sk).await, "type"), kind);
    }
    let lines = stage.lines(8).await;
    let differing: Vec<_> = lines.iter().filter(|line| line["duplicate_differs"] == true).collect();
    assert_eq!(differing.len(), 1, "{lines:?}");
    assert_eq!(
        (&differing[0]["DuplicateDiffers"], &differing[0]["type"]),
        (&json!(1.0), &json!("payout.paid"))
    );
}

#[tokio::test]
async fn an_event_from_the_future_counts_as_of_its_arrival_and_is_counted() {
    let stage = Stage::start().await;
    let future = payout("e1", "payout.paid", 1).replace("2026-10-01T10:01", "9999-12-31T23:59");
    stage.post(AFFONSO, &future).await;
    stage.post(AFFONSO, payout("e2", "payout.created", 1)).await;
    let record = stage.item("affonso#payout#p1", "record").await;
    assert!(!text(&record, "as_of").starts_with("9999"), "{record}");
    // What came is kept as it came.
    let event = stage.item("affonso#payout#p1", "event#e1").await;
    assert!(kept_body(&event).contains("9999-12-31T23:59"), "{event}");
    let lines = stage.lines(2).await;
    let ahead: Vec<_> =
        lines.iter().map(|line| (&line["clock_ahead"], &line["ClockAhead"])).collect();
    assert_eq!(ahead, [(&json!(true), &json!(1.0)), (&Value::Null, &json!(0.0))]);
}

#[tokio::test]
async fn unknown_routes_are_404_and_other_methods_not_accepted() {
    let stage = Stage::start().await;
    for path in [
        "/webhooks/uppromote/payment-lost",
        "/webhooks/affonso",
        "/",
        "/webhooks/firstpromoter-v1/x/y",
    ] {
        assert_eq!(stage.send(&unsigned(path, "{}", &[])).await.0, 404, "{path}");
    }
    let mut get = unsigned(PAID, "", &[]);
    get["requestContext"]["http"]["method"] = json!("GET");
    assert_eq!(stage.send(&get).await.0, 404);
    // API Gateway passes no GET on; a function invoked with one refuses it.
    let mut get = tests::events_file("uppromote-payment-paid.json");
    get["requestContext"]["http"]["method"] = json!("GET");
    let response = stage.stack.invoke("PayoutsFunction", get.to_string().into()).await.unwrap();
    let response: Value = serde_json::from_slice(&response).unwrap();
    assert_eq!(
        (&response["statusCode"], &response["headers"]["allow"]),
        (&json!(405), &json!("POST"))
    );
    assert_eq!(stage.items().await.len(), 0);
}

#[tokio::test]
async fn a_misrouted_event_is_handled_as_at_home_and_told_apart() {
    let stage = Stage::start().await;
    let body = payout("e1", "payout.created", 1);
    assert_eq!(stage.post("/webhooks/affonso/referrals", &body).await.1["result"], "recorded");
    assert_eq!(stage.post(AFFONSO, &body).await.1["result"], "duplicate");
    let lines = stage.lines(2).await;
    assert_eq!(lines[0]["misrouted"], "/webhooks/affonso/payouts");
    let counted: Vec<_> = lines.iter().map(|line| line["Misrouted"].as_f64()).collect();
    assert_eq!(counted, [Some(1.0), Some(0.0)]);
}

#[tokio::test]
async fn the_line_of_an_event_says_what_happened_to_it() {
    let stage = closing_by_api().await;
    stage.post(&v1("fulfilments"), fulfilment(1, 7731)).await;
    stage.post(&v1("fulfilments"), fulfilment(1, 7731)).await;
    let lines = stage.lines(2).await;
    for (line, outcome, duplicate) in
        [(&lines[0], "recorded", false), (&lines[1], "duplicate", true)]
    {
        let shown = json!({
            "provider": line["provider"], "type": line["type"], "identity": line["identity"],
            "subject": line["subject"], "outcome": line["outcome"], "duplicate": line["duplicate"],
            "status": line["status"], "secret": line["secret"], "promise": line["promise"],
            "promise_state": line["promise_state"],
        });
        assert_eq!(
            shown,
            json!({
                "provider": "firstpromoter-v1", "type": "fulfilment_pending", "identity": "1",
                "subject": "fulfilment#900", "outcome": outcome, "duplicate": duplicate, "status": 202,
                "secret": "path_token[0]", "promise": "firstpromoter-v1:900:1", "promise_state": "lookup_due",
            })
        );
        assert!(line["DurationMs"].as_f64().unwrap() > 0.0);
        let metrics = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(metrics["Namespace"], "AffiliateWebhooks");
        assert_eq!(metrics["Dimensions"][2], json!(["provider", "secret"]));
        let of_rewards = &line["_aws"]["CloudWatchMetrics"][1];
        assert_eq!(of_rewards["Dimensions"], json!([["promise_state"]]));
        assert_eq!(of_rewards["Metrics"][0]["Name"], "RewardEvents");
        assert_eq!(line["RewardEvents"], 1.0);
    }
}

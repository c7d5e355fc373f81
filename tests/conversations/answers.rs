//! The response protocol, row by row.

use local::sign;
use serde_json::{Value, json};
use tests::webhooks::{
    AFFONSO, COMMISSIONS, FulfilmentEvent, PayoutEvent, TOKEN, payout, pending_fulfilment, v1_path,
};
use tests::{Setup, Stage, Webhook, now, unsigned};

const PAID: &str = "/webhooks/uppromote/payment-paid";
const P: &str = "affonso#payout#p";

fn payment(id: u32) -> String {
    json!({"payment_id": id, "affiliate_id": 1, "status": "SUCCESS", "total_processed": 10,
           "processed_at": "2026-10-01T10:00:00Z"})
    .to_string()
}

fn created(event: &str) -> PayoutEvent {
    payout(event, "payout.created").minute(1)
}

fn paid(event: &str) -> PayoutEvent {
    payout(event, "payout.paid").minute(2).status("COMPLETED")
}

/// A stage whose FirstPromoter v1 is told by its API.
async fn closing_by_api() -> Stage {
    Stage::with(|options| options.set_parameters([("V1Confirm", "api")])).await
}

/// A try of v1's, under an event id.
fn v1_try(event: u64) -> FulfilmentEvent {
    pending_fulfilment(900).event(event)
}

#[tokio::test]
async fn recorded_duplicate_unknown_and_test_events_are_200() {
    let stage = Stage::start().await;
    let unknown = payout("e2", "payout.sent");
    stage.post_to(PAID, payment(1)).await.is(200).outcome("recorded");
    stage.post_to(PAID, payment(1)).await.is(200).outcome("duplicate");
    stage.post(&created("e1")).await.is(200).outcome("recorded");
    stage.post(&created("e1")).await.is(200).outcome("duplicate");
    stage.post(&unknown).await.is(200).outcome("archived");
    stage.post(&unknown).await.is(200).outcome("duplicate");
    let test = r#"{"event_id":"t","event_type":"commission.created","data":{"test":true}}"#;
    stage.post_to(COMMISSIONS, test).await.is(200).outcome("test");

    let event = stage.item("affonso#inbox#e2", "event#e2").await;
    assert_eq!((event.text("type"), event.text("identity")), ("payout.sent".into(), "e2".into()));
    assert_eq!(stage.count("event#").await, 4);
    assert_eq!(stage.count("record").await, 2);
    assert_eq!(stage.count("fulfilment#").await, 0);
}

#[tokio::test]
async fn an_event_is_kept_with_what_it_changed_and_when_it_may_go() {
    let stage = Stage::start().await;
    let body = created("e1").body();
    stage.post_to(AFFONSO, &body).await.is(200);
    let event = stage.item(P, "event#e1").await;
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(json(&event.kept_body()), json(&body));
    assert_eq!(event["changed"], json!(["status"]));
    assert_eq!(event.text("sha256").len(), 64);
    assert_eq!(event.text("secret"), "hmac[0]");
    let days = (event.number("expires_at") - now()) / 86_400;
    assert!((398..=400).contains(&days), "{days}");
}

#[tokio::test]
async fn a_late_event_does_not_undo_a_later_one() {
    let stage = Stage::start().await;
    stage.post(&paid("e2")).await.is(200);
    stage.post(&created("e1")).await.is(200);
    let record = stage.record(P).await;
    assert_eq!((record.status(), record.version), ("completed", 2));
}

#[tokio::test]
async fn a_v1_fulfilment_is_202_until_its_delivery_is_recorded() {
    let stage = closing_by_api().await;
    stage.post(&v1_try(1)).await.is(202);
    stage.post(&v1_try(1)).await.is(202).outcome("duplicate");
    // A redelivery under another event id is the same promise.
    stage.post_to(&v1_path("customers"), v1_try(2).body()).await.is(202);
    assert_eq!(stage.count("fulfilment#").await, 1);

    // The delivery is recorded, as the deliver function does it.
    let delivered = |promise: &mut Value| {
        promise["state"] = json!({"S": "delivered"});
        promise["version"] = json!({"N": "1000"});
        promise.as_object_mut().unwrap().remove("due");
    };
    stage.edit_item("firstpromoter-v1#fulfilment#900", "fulfilment#1", delivered).await;
    stage.post(&v1_try(1)).await.is(200);
    stage.post(&v1_try(3)).await.is(200);
}

#[tokio::test]
async fn a_v1_fulfilment_of_another_source_is_recorded_and_not_promised() {
    let stage = Stage::start().await;
    stage.post(&v1_try(1).campaign(5104)).await.is(202);
    let event = stage.item("firstpromoter-v1#fulfilment#900", "event#1").await;
    assert_eq!(event.text("no_promise"), "not_source");
    assert_eq!(stage.count("fulfilment#").await, 0);
}

#[tokio::test]
async fn the_subscription_ping_is_200_and_leaves_nothing() {
    let stage = Stage::with(|options| options.secrets = json!({})).await;
    let path = "/webhooks/uppromote/referral-new";
    stage.send(&unsigned(path, "", &[])).await.is(200).outcome("ping");
    stage.send(&unsigned(path, "{}", &[])).await.is(200).outcome("ping");
    let length = |digits| "0".repeat(digits);
    for digits in [2, 64] {
        let signed = unsigned(path, "", &[("x-uppromote-signature", &*length(digits))]);
        stage.send(&signed).await.is(503);
    }
    assert_eq!(stage.items().await.len(), 0);
    // A ping is one metric, with one dimension; what has not the form of UpPromote's
    // wakes nobody.
    let lines = stage.lines(4).await;
    let sets = lines[1]["_aws"]["CloudWatchMetrics"].as_array().unwrap();
    assert_eq!((sets.len(), &sets[0]["Dimensions"]), (1, &json!([["outcome"]])));
    assert_eq!(sets[0]["Metrics"], json!([{ "Name": "Events", "Unit": "Count" }]));
    let waking: Vec<bool> = lines.iter().map(|line| line["FromSenders"] == 1.0).collect();
    assert_eq!(waking, [false, false, false, true]);
}

#[tokio::test]
async fn what_is_not_authenticated_is_401_and_writes_nothing() {
    let stage = Stage::start().await;
    let wrong = "0".repeat(64);
    let affonso = format!("t={},v1={wrong}", now());
    let v1 = "/webhooks/firstpromoter-v1/wrong/customers";
    let refused = "unauthorized";
    for (number, (request, outcome, reason)) in [
        (unsigned(PAID, payment(1), &[]), refused, "missing"),
        (
            unsigned(PAID, payment(1), &[("x-uppromote-signature", &wrong)]),
            refused,
            "no_secret_matches",
        ),
        (unsigned(PAID, "", &[("x-uppromote-signature", "00")]), refused, "length"),
        (
            unsigned(AFFONSO, paid("e").body(), &[("x-affonso-signature", &affonso)]),
            refused,
            "no_secret_matches",
        ),
        (unsigned(COMMISSIONS, "{not json", &[("x-webhook-signature", "?")]), refused, "malformed"),
        (unsigned(v1, v1_try(1).body(), &[]), refused, "length"),
        (signed_before(&stage, 400), "stale_valid", "too_old"),
    ]
    .into_iter()
    .enumerate()
    {
        stage.send(&request).await.is(401).error("unauthorized");
        let line = stage.lines(number + 1).await.pop().unwrap();
        assert_eq!((&line["outcome"], &line["reason"]), (&json!(outcome), &json!(reason)));
        assert_eq!(line["Refusals"], 1.0, "{line}");
        let sets = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        assert_eq!(sets[1]["Dimensions"], json!([["provider", "reason"]]));
        let of_a_sender = reason == "no_secret_matches";
        assert_eq!(line["SenderRefusals"] == 1.0, of_a_sender, "{line}");
        assert_eq!(sets.len() == 3, of_a_sender, "{line}");
    }
    assert_eq!(stage.items().await.len(), 0);
}

/// A request of Affonso's that was signed so many seconds ago.
fn signed_before(stage: &Stage, seconds: u64) -> Value {
    let mut old = stage.signed(AFFONSO, paid("e").body());
    sign::sign(&mut old, &local::dev_secrets()["webhooks"], now() - seconds).unwrap();
    old
}

#[tokio::test]
async fn an_older_affonso_signature_passes_where_the_setting_allows_it() {
    let stage = Stage::with(|options| {
        options.set_parameters([("AffonsoPastToleranceSeconds", "259200")]);
    })
    .await;
    stage.send(&signed_before(&stage, 200_000)).await.is(200);
}

/// A request as the provider of a route of the template would send it there, and
/// its answer: status and outcome.
fn to_route(path: &str, n: usize) -> (String, String, u16, &'static str) {
    let path = path.replace("{token}", TOKEN).replace("{event}", "payment.paid");
    let unknown = format!("unknown_{n}");
    let (body, status, outcome) = if path.contains("/payment") {
        (payment(u32::try_from(n).unwrap()), 200, "recorded")
    } else if path.contains("/uppromote/") {
        let body = if path.ends_with("status-changed") {
            let id = if path.contains("/affiliate") { "affiliate_id" } else { "referral_id" };
            json!({id: n, "previous_status": "pending", "current_status": "approved"})
        } else if path.contains("/affiliate") {
            json!({"id": n, "email": null, "email_verified": "verified"})
        } else {
            json!({"id": n, "commission": "4.20"})
        };
        (body.to_string(), 200, "recorded")
    } else if path.contains("/firstpromoter-v1/") {
        let status = if path.ends_with("/fulfilments") { 202 } else { 200 };
        (json!({"event": {"id": n, "type": unknown}, "data": {}}).to_string(), status, "archived")
    } else if path.contains("/affonso/") {
        (json!({"id": n.to_string(), "type": unknown, "data": {}}).to_string(), 200, "archived")
    } else {
        let body = json!({"event_id": n.to_string(), "event_type": unknown, "data": {}});
        (body.to_string(), 200, "archived")
    };
    (path, body, status, outcome)
}

#[tokio::test]
async fn a_slash_at_the_end_of_an_address_means_nothing() {
    let stage = Stage::start().await;
    let routes = stage.stack.routes.iter().filter(|route| !route.1.ends_with("+}"));
    let mut recorded = 0;
    for (n, (_, path, _)) in routes.enumerate() {
        let (path, body, status, first) = to_route(path, n + 1);
        for (slashes, outcome) in [("/", first), ("//", "duplicate"), ("", "duplicate")] {
            let answer = stage.post_to(&format!("{path}{slashes}"), &body).await;
            answer.is(status).outcome(outcome);
        }
        recorded += 1;
    }
    assert!(recorded > 0);
    assert_eq!(recorded, stage.stack.routes.len() - 1);
    assert_eq!(stage.count("event#").await, recorded);
    // The ping too; and what is no address without the slash is none with it.
    let ping = unsigned("/webhooks/uppromote/referral-new/", "", &[]);
    stage.send(&ping).await.is(200).outcome("ping");
    // An address put together with one slash too many, or copied with the space
    // after it.
    for path in ["/webhooks/affonso//payouts", "/webhooks/affonso/payouts%20"] {
        stage.post_to(path, created("e-of-slashes").body()).await.is(200);
    }
    for path in
        ["/webhooks/affonso/", "/webhooks/affonso/x/payouts", "/webhooks/firstpromoter-v1/x/y/"]
    {
        stage.send(&unsigned(path, "{}", &[])).await.is(404);
    }
}

#[tokio::test]
async fn one_event_id_under_two_types_is_two_events_and_other_bytes_are_counted() {
    let stage = Stage::start().await;
    let differs = paid("e1").minute(3).status("FAILED");
    let unknown = |kind: &str| payout("e1", kind).minute(4);
    for (event, outcome) in [
        (created("e1"), "recorded"),
        (paid("e1"), "recorded"),
        (paid("e1"), "duplicate"),
        (created("e1"), "duplicate"),
        (differs, "duplicate"),
        (unknown("payout.sent"), "archived"),
        (unknown("payout.paused"), "archived"),
        (unknown("payout.paused"), "duplicate"),
    ] {
        stage.post(&event).await.outcome(outcome);
    }
    let record = stage.record(P).await;
    assert_eq!((record.status(), record.version), ("completed", 2));
    for (pk, sk, kind) in [
        (P, "event#e1", "payout.created"),
        (P, "event#e1#payout.paid", "payout.paid"),
        ("affonso#inbox#e1", "event#e1", "payout.sent"),
        ("affonso#inbox#e1", "event#e1#payout.paused", "payout.paused"),
    ] {
        assert_eq!(stage.item(pk, sk).await.text("type"), kind);
    }
    let lines = stage.lines(8).await;
    let differing: Vec<_> = lines.iter().filter(|line| line["duplicate_differs"] == true).collect();
    assert_eq!(differing.len(), 1, "{lines:?}");
    assert_eq!(differing[0]["DuplicateDiffers"], 1.0);
    assert_eq!(differing[0]["type"], "payout.paid");
}

#[tokio::test]
async fn an_event_from_the_future_counts_as_of_its_arrival_and_is_counted() {
    let stage = Stage::start().await;
    let before = now();
    stage.post(&paid("e1").updated_at("9999-12-31T23:59:00Z")).await.is(200);
    stage.post(&created("e2")).await.is(200);
    let record = stage.record(P).await;
    // The attribute is the time and the rank, with a slash between.
    let as_of = record.text("as_of");
    let arrived = shared::wire::Timestamp::parse(as_of.split('/').next().unwrap()).unwrap();
    let since = arrived.seconds() - i64::try_from(before).unwrap();
    assert!((0..=600).contains(&since), "{record:?}");
    // The body is kept as it came.
    let event = stage.item(P, "event#e1").await;
    assert!(event.kept_body().contains("9999-12-31T23:59"), "{event}");
    let lines = stage.lines(2).await;
    let ahead: Vec<_> =
        lines.iter().map(|line| (&line["clock_ahead"], &line["ClockAhead"])).collect();
    assert_eq!(ahead, [(&json!(true), &json!(1.0)), (&Value::Null, &Value::Null)]);
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
        stage.send(&unsigned(path, "{}", &[])).await.is(404);
    }
    let mut get = unsigned(PAID, "", &[]);
    get["requestContext"]["http"]["method"] = json!("GET");
    stage.send(&get).await.is(404);
    // API Gateway passes no GET on; a function invoked with one refuses it.
    let mut get = tests::events_file("uppromote-payment-paid.json");
    get["requestContext"]["http"]["method"] = json!("GET");
    let response = stage.invoke("PayoutsFunction", &get).await;
    assert_eq!(response["statusCode"], 405);
    assert_eq!(response["headers"]["allow"], "POST");
    assert_eq!(stage.items().await.len(), 0);
}

#[tokio::test]
async fn a_misrouted_event_is_handled_as_at_home_and_told_apart() {
    let stage = Stage::start().await;
    let elsewhere = "/webhooks/affonso/referrals";
    stage.post_to(elsewhere, created("e1").body()).await.outcome("recorded");
    stage.post(&created("e1")).await.outcome("duplicate");
    let lines = stage.lines(2).await;
    assert_eq!(lines[0]["misrouted"], "/webhooks/affonso/payouts");
    let counted: Vec<_> = lines.iter().map(|line| line["Misrouted"].as_f64()).collect();
    assert_eq!(counted, [Some(1.0), None]);
}

#[tokio::test]
async fn the_line_of_an_event_says_what_happened_to_it() {
    let stage = closing_by_api().await;
    stage.post(&v1_try(1)).await.is(202);
    stage.post(&v1_try(1)).await.is(202);
    let lines = stage.lines(2).await;
    for (line, outcome, duplicate) in
        [(&lines[0], "recorded", false), (&lines[1], "duplicate", true)]
    {
        let expected = json!({
            "provider": "firstpromoter-v1", "type": "fulfilment_pending", "identity": "1",
            "subject": "fulfilment#900", "outcome": outcome, "duplicate": duplicate, "status": 202,
            "secret": "path_token[0]", "promise": "firstpromoter-v1:900:1", "promise_state": "lookup_due",
        });
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&line[name], value, "{name}: {line}");
        }
        assert!(line["DurationMs"].as_f64().unwrap() > 0.0);
        let [of_webhooks, of_rewards] = [0, 1].map(|n| &line["_aws"]["CloudWatchMetrics"][n]);
        assert_eq!(of_webhooks["Namespace"], "AffiliateWebhooks/local");
        assert_eq!(of_webhooks["Dimensions"][2], json!(["provider", "secret"]));
        assert_eq!(of_rewards["Dimensions"], json!([["promise_state"]]));
        assert_eq!(of_rewards["Metrics"][0]["Name"], "RewardEvents");
        assert_eq!(line["RewardEvents"], 1.0);
    }
}

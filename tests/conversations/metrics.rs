//! The metrics are those that the template's alarms and dashboard look at.

#[path = "../../shared/tests/it/printed.rs"]
mod printed;

use std::collections::{BTreeMap, BTreeSet};

use local::fakes::Fault;
use local::fakes::endpoint::EndpointFault;
use local::fakes::firstpromoter::{Operation, PlatformFault};
use serde_json::{Value, json};
use tests::patience::eventually;
use tests::scene::Scene;
use tests::webhooks::{AFFONSO, COMMISSIONS, commission, payout};
use tests::{Setup, unsigned};

/// Sets of dimensions by the name of a metric.
type Sets = BTreeMap<String, BTreeSet<Vec<String>>>;

fn listed() -> Sets {
    let mut listed = Sets::new();
    for (metrics, sets) in printed::PRINTED {
        for metric in metrics {
            let owned = |set: &&[&str]| set.iter().map(|name| (*name).to_owned()).collect();
            listed.insert((*metric).to_owned(), sets.iter().map(owned).collect());
        }
    }
    listed
}

/// What `CloudWatch` makes of the lines: a metric without a value is none, and neither
/// is a set with a dimension that has none.
fn made(lines: &[Value]) -> Sets {
    let mut made = Sets::new();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    for line in lines {
        for set in line["_aws"]["CloudWatchMetrics"].as_array().into_iter().flatten() {
            assert_eq!(set["Namespace"], "AffiliateWebhooks/local");
            for metric in set["Metrics"].as_array().unwrap() {
                let name = text(&metric["Name"]).unwrap();
                if line[&name].as_f64().is_none_or(|value| value == 0.0) {
                    continue;
                }
                for dimensions in set["Dimensions"].as_array().unwrap() {
                    let names = dimensions.as_array().unwrap().iter().filter_map(text);
                    let names: Vec<String> = names.collect();
                    assert!(names.iter().all(|name| line[name].is_string()), "{line}");
                    made.entry(name.clone()).or_default().insert(names);
                }
            }
        }
    }
    made
}

#[tokio::test]
async fn every_metric_is_printed_with_its_dimensions_and_no_other_is() {
    let scene = Scene::with(|options| {
        options.set_env([("RETRY_SLOW_MS", "100")]);
        options.set_parameters([("SecretsTtlSeconds", "1")]);
    })
    .await;
    let stage = &scene.stage;

    // Of webhooks: one of each oddity.
    let (created, paid) = (payout("e1", "payout.created"), payout("e2", "payout.paid"));
    stage.post_to("/webhooks/affonso/referrals", tests::Webhook::body(&created)).await.is(200);
    stage.post(&paid.updated_at("9999-12-31T23:59:00Z")).await.is(200);
    stage.post(&payout("e2", "payout.paid").status("FAILED")).await.outcome("duplicate");
    let unread = json!({"id": "e3", "type": "payout.created", "createdAt": "2026-10-01T10:00:00Z",
        "data": {"payoutId": "p3", "affiliateId": "a", "amount": "many", "status": "PENDING"}});
    stage.post_to(AFFONSO, unread.to_string()).await.is(200);
    // Of a campaign whose rewards another source announces.
    let other = || commission(7).campaign(7731);
    scene.post(&other().created("pending")).await.is(200);
    scene.post(&other().updated("denied", "approved").second(5)).await.is(200);
    scene.post(&other().of_kind("frozen").second(6)).await.is(200);
    let of_v1 = json!({"event": {"id": 1, "type": "lead_signup"}, "data": {"id": 2}});
    stage.post_to(COMMISSIONS, of_v1.to_string()).await.outcome("archived");
    let wrong = [("x-webhook-signature", &*"0".repeat(64))];
    stage.send(&unsigned(COMMISSIONS, "{}", &wrong)).await.is(401);
    stage.send(&unsigned(COMMISSIONS, "x".repeat(1024 * 1024 + 1), &wrong)).await.is(413);

    // Of rewards: each refused once on its way.
    scene.endpoint.inject(Fault::of(EndpointFault::Unauthorized401).times(1));
    let refused = Fault::of(PlatformFault::Unauthorized401).times(1);
    scene.platform.inject(refused.on(Operation::MarkFulfilled));
    scene.confirm().await;
    // An open one, so that its age is more than nothing.
    scene.endpoint.inject(EndpointFault::Unauthorized401);
    scene.approve(8).await;
    let listed = listed();
    eventually("not every metric is printed", async || {
        scene.sweep().await;
        (made(&lines(&scene)).len() >= listed.len()).then_some(())
    })
    .await;
    assert_eq!(made(&lines(&scene)), listed);
}

fn lines(scene: &Scene) -> Vec<Value> {
    let logs = scene.stage.stack.logs();
    logs.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

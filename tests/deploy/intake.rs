//! What comes in over the HTTP API.

use std::collections::{BTreeMap, BTreeSet};

use local::fakes::firstpromoter::{Commission, Payout, Promoter, Status};
use serde_json::json;
use tests::golden::{self, Entries, Markers};
use tests::patience::eventually;
use tests::samples::{Step, fresh, provider_of, steps};
use tests::unsigned;

use crate::deployment::Deployment;
use crate::tools::workspace;

/// The samples of each provider that a smoke test sends.
const OF_EACH: usize = 4;

/// The API has the routes of the template, and no other.
pub fn every_route_is_there(stack: &Deployment) {
    let template = std::fs::read_to_string(workspace().join("template.yaml")).unwrap();
    let paths = template.lines().filter_map(|line| line.trim().strip_prefix("Path: /webhooks/"));
    let expected: BTreeSet<_> = paths.map(|path| format!("POST /webhooks/{path}")).collect();
    assert!(!expected.is_empty());
    let mut routes = BTreeSet::new();
    let mut query = json!({"ApiId": stack.physical("WebhookApi")});
    loop {
        let page = stack.emulator.call("apigatewayv2", "get_routes", &query);
        let keys = page["Items"].as_array().unwrap().iter().map(|route| &route["RouteKey"]);
        routes.extend(keys.map(|key| key.as_str().unwrap().to_owned()));
        match page.get("NextToken").filter(|token| !token.is_null()) {
            Some(token) => query["NextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(routes, expected);
}

/// A new stack answers UpPromote's empty ping, and takes no event of a provider that has no secret yet.
pub async fn a_provider_is_closed_until_its_secret_is_filled_in(stack: &Deployment) {
    let ping = unsigned("/webhooks/uppromote/payment-paid", "", &[]);
    stack.send(&ping).await.is(200);
    let sample = "uppromote-payment-paid";
    stack.send(&fresh(sample, 200)).await.is(503);
    assert_eq!(stack.items().len(), 0);
    stack.fill_secrets();
    eventually("the secret is not read", async || {
        (stack.send(&fresh(sample, 200)).await.status == 200).then_some(())
    })
    .await;
}

/// FirstPromoter has what the samples announce.
fn platform_has_rewards_of_samples(stack: &Deployment) {
    let commission = Commission::new(301_881, "points", 500);
    stack.platform.add_commission(commission.with_status(Status::Approved));
    let mut payout = Payout::new(3_180_442, "free_months", 2);
    payout.promoter = Promoter::new(884_133);
    stack.platform.add_payout(payout);
}

/// The beginning of each provider's samples, and all that are answered with another code than 200, get their answers.
pub async fn some_samples_of_each_provider_are_answered(stack: &Deployment) {
    platform_has_rewards_of_samples(stack);
    let mut sent: BTreeMap<_, usize> = BTreeMap::new();
    for Step { name, status, .. } in steps() {
        let count = sent.entry(provider_of(&name)).or_default();
        if *count < OF_EACH || status != 200 {
            *count += 1;
            stack.send(&fresh(&name, status)).await.is(status);
        }
    }
    assert!(sent.len() > 3 && sent.values().all(|count| *count >= OF_EACH), "{sent:?}");
    stack.settle().await;
}

/// The same bytes write the same items as on the embedded stage, sent alone to an empty table.
pub async fn each_sample_writes_what_its_golden_entry_says(stack: &Deployment) {
    // Promises stay as their events made them: nothing tells the workers of them.
    stack.set_stream(false).await;
    let markers = Markers::of_samples();
    let mut now: BTreeMap<&str, Entries> = BTreeMap::new();
    stack.empty();
    for Step { name, function, status, .. } in steps() {
        let entries = now.entry(provider_of(&name)).or_default();
        if entries.contains_key(&name) {
            continue;
        }
        let log = function.replace("Function", "Log");
        let (answer, line) = stack.send_for_line(&fresh(&name, status), &log).await;
        let entry = golden::entry(&name, answer.status, &line, &stack.items(), &markers);
        entries.insert(name, entry);
        stack.empty();
    }
    for (provider, entries) in &now {
        golden::compare(provider, entries);
    }
    stack.set_stream(true).await;
}

/// Every sample gets its answer, and the two rewards among them are given and confirmed.
pub async fn all_samples_are_answered_and_their_rewards_given(stack: &Deployment) {
    platform_has_rewards_of_samples(stack);
    for Step { name, status, after_settling, .. } in steps() {
        if after_settling {
            stack.settle().await;
        }
        stack.send(&fresh(&name, status)).await.is(status);
    }
    stack.settle().await;
    let promises = stack.promises();
    let states: Vec<_> = promises.iter().map(|p| (p.key.as_str(), p.state.as_str())).collect();
    let expected = ["firstpromoter:301881:1", "firstpromoter-v1:3180442:1"];
    assert_eq!(states, expected.map(|key| (key, "confirmed")));
    for key in expected {
        assert_eq!(stack.deliveries(key).len(), 1, "{key}");
    }
}

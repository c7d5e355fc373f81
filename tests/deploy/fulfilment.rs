//! The conversations about rewards.

use std::time::{Duration, Instant};

use local::fakes::Fault;
use local::fakes::endpoint::EndpointFault;
use local::fakes::firstpromoter::{Commission, Payout, Promoter, Status};
use serde_json::Value;
use tests::delivery::Grant;
use tests::patience::eventually;
use tests::webhooks::{commission, pending_fulfilment};

use crate::deployment::Deployment;

/// Longest time until a task that nobody took is queued again: the sweep lets one lie for two minutes.
const UNTOUCHED: Duration = Duration::from_mins(15);

async fn approve(stack: &Deployment, id: u64) -> String {
    let approved = Commission::new(id, "points", 500).with_status(Status::Approved);
    stack.platform.add_commission(approved);
    stack.post(&commission(id).approved()).await.is(200);
    format!("firstpromoter:{id}:1")
}

fn announce_v1(stack: &Deployment, id: u64) -> String {
    let mut payout = Payout::new(id, "free_months", 2);
    payout.promoter = Promoter::new(31);
    stack.platform.add_payout(payout);
    format!("firstpromoter-v1:{id}:1")
}

/// It was granted once, and FirstPromoter knows.
fn assert_given(stack: &Deployment, id: u64, key: &str) {
    let grants: Vec<_> =
        stack.deliveries(key).iter().map(tests::delivery::Delivery::grant).collect();
    assert_eq!(grants, [Grant::new(key, "500", "31")]);
    assert!(stack.platform.commission(id).unwrap().fulfilled);
}

/// v2: an approved reward is delivered, then confirmed, once each.
pub async fn a_reward_is_delivered_and_confirmed(stack: &Deployment) {
    let key = approve(stack, 91_001).await;
    stack.until_state(&key, "confirmed").await;
    assert_given(stack, 91_001, &key);
}

/// v1 by API: the announcement is accepted, what FirstPromoter knows is given, and a redelivery hears of it.
pub async fn v1_by_api(stack: &Deployment) {
    let key = announce_v1(stack, 92_001);
    stack.post(&pending_fulfilment(92_001).event(92_001)).await.is(202);
    stack.until_state(&key, "confirmed").await;
    stack.post(&pending_fulfilment(92_001).event(92_002)).await.is(200);
    assert_eq!(stack.deliveries(&key).len(), 1);
}

/// v1 by response: the answer waits for the delivery. A reward that takes longer is answered 503, and the redelivery collects the
/// 200.
pub async fn v1_by_response(stack: &Deployment) {
    let mut ids = 93_001_u64..;
    let calls = stack.platform.calls().len();
    // On a machine that is too busy to be through in time, another one is.
    let key = eventually("none is answered with its delivery", async || {
        let id = ids.next()?;
        let answer = stack.post(&pending_fulfilment(id).event(id)).await;
        if answer.status == 503 {
            return None;
        }
        answer.is(200);
        Some(format!("firstpromoter-v1:{id}:1"))
    })
    .await;
    assert_eq!(stack.until_state(&key, "confirmed").await.key, key);
    assert_eq!(stack.deliveries(&key).len(), 1);

    let (id, key) = (93_900, "firstpromoter-v1:93900:1");
    let down = Fault::of(EndpointFault::Unavailable503).for_key(key).times(2);
    stack.endpoint.inject(down);
    stack.post(&pending_fulfilment(id).event(id)).await.is(503);
    stack.until_state(key, "delivered").await;
    stack.post(&pending_fulfilment(id).event(id)).await.is(200);
    stack.until_state(key, "confirmed").await;
    assert_eq!(stack.platform.calls().len(), calls, "the API is not asked");
}

/// A reward that the endpoint refuses waits for a person, whom `cargo ops` tells of it and obeys.
pub async fn a_parked_reward_goes_on_by_a_word(stack: &Deployment) {
    let reason = "unknown_customer".to_owned();
    let refused = EndpointFault::Refuse { status: 422, reason };
    stack.endpoint.inject(Fault::of(refused).for_key("firstpromoter:94001:1").times(1));
    let key = approve(stack, 94_001).await;
    stack.until_state(&key, "parked").await;
    let parked: Value = serde_json::from_str(&stack.ops(&["parked"]).await).unwrap();
    assert_eq!(parked["parked"][0]["key"], key.as_str(), "{parked}");
    let now: Value = serde_json::from_str(&stack.ops(&["now"]).await).unwrap();
    let alarms = now["alarms"]["count"].as_u64().unwrap_or_default();
    assert!(alarms > 20, "{alarms} alarms: {now}");
    let wiring: Value = serde_json::from_str(&stack.ops(&["wiring"]).await).unwrap();
    assert_eq!(wiring["providers"].as_array().map(Vec::len), Some(4), "{wiring}");
    assert!(wiring["settings"].as_array().is_some_and(|all| all.len() > 10), "{wiring}");
    let word = ["resume", &key, "--because", "the customer is known now", "--by", "jane"];
    let resumed: Value = serde_json::from_str(&stack.ops(&word).await).unwrap();
    assert_eq!(resumed["state"], "requested", "{resumed}");
    let confirmed = stack.until_state(&key, "confirmed").await;
    assert_eq!(confirmed["words"][0]["by"], "jane");
    assert!(stack.platform.commission(94_001).unwrap().fulfilled);
}

/// A reward of which the stream says nothing is queued by the sweep.
pub async fn what_the_stream_loses_the_sweep_makes_good(stack: &Deployment) {
    stack.set_stream(false).await;
    let key = approve(stack, 95_001).await;
    let begun = Instant::now();
    while ["requested", "delivering"].contains(&stack.promise(&key).state.as_str()) {
        assert!(begun.elapsed() < UNTOUCHED, "the sweep leaves it: {}", stack.promise(&key));
        stack.sweep().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    // What the stream tells after all, of the delivery too, gives nothing a second time.
    stack.set_stream(true).await;
    stack.until_state(&key, "confirmed").await;
    assert_given(stack, 95_001, &key);
}

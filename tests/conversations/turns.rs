//! The rarer turns: approvals asked for, unmarking, what a person decides.

use local::fakes::Fault;
use local::fakes::firstpromoter::{Behaviour, Operation, Payout, PlatformFault, Status};
use serde_json::{Value, json};
use tests::scene::{KEY, Scene, TOKEN, approved, commission, denied, pending_commission};
use tests::text;

use crate::ops::ops;

async fn with(parameters: &'static [(&'static str, &'static str)]) -> Scene {
    Scene::with(|options| {
        for (name, value) in parameters {
            options.parameters.insert((*name).into(), (*value).into());
        }
    })
    .await
}

/// A pending commission of which the platform is to be asked.
async fn pending(scene: &Scene) {
    let pending = pending_commission();
    scene.platform.add_commission(pending);
    let created = commission("e0", "created", 88_901, ("", "pending"), 0);
    assert_eq!(scene.commission(&created).await.0, 200);
}

#[tokio::test]
async fn a_pending_reward_is_approved_where_that_is_asked_for() {
    let scene = with(&[("AutoApprove", "yes")]).await;
    // Slow enough for the event to come first.
    let later = PlatformFault::Stays202 { finishes_after: None };
    let fault = Fault::of(later).times(1);
    scene.platform.inject(fault.on(Operation::Approve));
    pending(&scene).await;
    scene.until(KEY, &["awaiting_approval"]).await;
    assert_eq!(scene.granted().len(), 0);
    assert!(scene.platform.set_status(88_901, Status::Approved));
    assert_eq!(scene.commission(&approved("e1", 1)).await.0, 200);
    scene.until(KEY, &["confirmed"]).await;
    assert_eq!(scene.granted()["88901"].len(), 1);
}

#[tokio::test]
async fn an_approval_whose_event_is_lost_is_found_by_asking() {
    for fault in [
        None,
        Some(PlatformFault::CreatedBut500),
        Some(PlatformFault::DropsReply),
        Some(PlatformFault::RateLimited { retry_after: None }),
    ] {
        let name = format!("{fault:?}");
        let scene = with(&[("AutoApprove", "yes")]).await;
        if let Some(fault) = fault {
            let fault = Fault::of(fault).times(1);
            scene.platform.inject(fault.on(Operation::Approve));
        }
        pending(&scene).await;
        scene.until(KEY, &["confirmed"]).await;
        let stands = scene.platform.commission(88_901).unwrap();
        assert!(stands.fulfilled, "{name}");
        assert_eq!(scene.granted()["88901"].len(), 1, "{name}");
        scene.stage.stack.stop().await;
    }
}

#[tokio::test]
async fn a_refused_approval_waits_and_the_event_still_decides() {
    let scene = with(&[("AutoApprove", "yes")]).await;
    let fault = Fault::of(PlatformFault::Forbidden403);
    scene.platform.inject(fault.on(Operation::Approve));
    pending(&scene).await;
    let waits = scene.until_it(KEY, |promise| text(promise, "last") == "403").await;
    assert_eq!(text(&waits, "state"), "approval_due");
    assert!(scene.platform.set_status(88_901, Status::Approved));
    assert_eq!(scene.commission(&approved("e1", 1)).await.0, 200);
    scene.until(KEY, &["confirmed"]).await;
}

#[tokio::test]
async fn unmarking_ends_when_the_platform_has_done_it() {
    for fault in [
        PlatformFault::Stays202 { finishes_after: Some(2) },
        PlatformFault::CreatedBut500,
        PlatformFault::DropsReply,
        PlatformFault::RateLimited { retry_after: Some(1) },
    ] {
        let name = format!("{fault:?}");
        let scene = with(&[("Reversals", "deliver_and_unmark")]).await;
        let fault = Fault::of(fault).times(1);
        scene.platform.inject(fault.on(Operation::MarkUnfulfilled));
        scene.knows(88_901, 500);
        scene.commission(&approved("e1", 1)).await;
        scene.until(KEY, &["confirmed"]).await;
        scene.commission(&denied("e2", 2)).await;
        scene.until(KEY, &["reversed"]).await;
        scene.until_it(KEY, |promise| promise["due"].is_null()).await;
        let stands = scene.platform.commission(88_901).unwrap();
        assert!(!stands.fulfilled, "{name}");
        scene.stage.stack.stop().await;
    }
}

#[tokio::test]
async fn what_was_withdrawn_may_be_kept_by_a_persons_word() {
    let scene = Scene::start().await;
    let url = scene.stage.stack.dynamodb.clone();
    scene.knows(88_901, 500);
    scene.commission(&approved("e1", 1)).await;
    scene.until(KEY, &["confirmed"]).await;
    scene.commission(&denied("e2", 2)).await;
    scene.until(KEY, &["parked"]).await;
    let word = ["resume", KEY, "--close", "--because", "a gesture"];
    let (code, said, err) = ops(&url, &word).await;
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(said.trim(), format!("{KEY} is confirmed, settled"));
    assert_eq!(ops(&url, &["parked"]).await.1, "nothing is parked\n");
    // The denied commission goes on to be heard of.
    scene.commission(&denied("e3", 3)).await;
    assert_eq!(text(&scene.promise(KEY).await, "state"), "confirmed");
    let (_, story, _) = ops(&url, &["story", "firstpromoter", "commission", "88901"]).await;
    assert!(story.contains("to close it as it stands: a gesture"), "{story}");
}

#[tokio::test]
async fn a_reward_of_v1_is_found_on_a_later_page() {
    let scene = Scene::start().await;
    scene.platform.set_behaviour(Behaviour { v1_page: 2, ..Behaviour::default() });
    for id in 895..=900 {
        let mut payout = Payout::new(id, "free_months", 2);
        payout.promoter.id = 31;
        scene.platform.add_payout(payout);
    }
    assert_eq!(scene.fulfilment(1, 900, 2).await.0, 202);
    scene.until("firstpromoter-v1:900:1", &["confirmed"]).await;
    // One that is on none of them.
    assert_eq!(scene.fulfilment(2, 894, 2).await.0, 202);
    let parked = scene.until("firstpromoter-v1:894:1", &["parked"]).await;
    assert_eq!(text(&parked["parked"], "reason"), "not_found_at_provider");
}

#[tokio::test]
async fn a_waived_unit_goes_out_once_the_platform_knows_it() {
    let key = "firstpromoter-v1:900:1";
    let scene = Scene::start().await;
    let url = scene.stage.stack.dynamodb.clone();
    let mut payout = Payout::new(900, "cookies", 3);
    payout.promoter.id = 31;
    scene.platform.add_payout(payout);
    let body = json!({"event": {"id": 1, "type": "fulfilment_pending", "created_at": "2026-10-01T10:00:00Z"},
        "data": {"id": 900, "status": "pending", "amount": 3, "unit": "cookies",
                 "promoter": {"id": 31}, "campaign": {"id": 7731}}});
    let path = format!("/webhooks/firstpromoter-v1/{TOKEN}/fulfilments");
    assert_eq!(scene.stage.post(&path, body.to_string()).await.0, 202);
    let parked = scene.until(key, &["parked"]).await;
    assert_eq!(text(&parked["parked"], "reason"), "unknown_unit");
    assert_eq!(ops(&url, &["resume", key]).await.0, 0);
    scene.until(key, &["confirmed"]).await;
    let (delivered, amount, to) = scene.granted()["900"].first().unwrap().clone();
    assert_eq!((delivered.as_str(), amount.as_str(), to.as_str()), (key, "3", "31"));
}

#[tokio::test]
async fn what_the_look_up_found_is_told_to_the_endpoint() {
    let scene = Scene::start().await;
    scene.knows(88_901, 500);
    let mut event = approved("e1", 1);
    event["data"]["promoter_campaign"] = Value::Null;
    event["data"]["referral"] = Value::Null;
    scene.commission(&event).await;
    scene.until(KEY, &["confirmed"]).await;
    let known = scene.platform.commission(88_901).unwrap();
    let body: Value = serde_json::from_slice(&scene.endpoint.calls()[0].body).unwrap();
    assert_eq!(body["data"]["affiliate_id"], known.promoter.id.to_string());
    let referral = known.referral.unwrap().id.to_string();
    assert_eq!(body["data"]["customer_id"], referral);
    assert_eq!(body["data"]["campaign_id"], known.campaign.to_string());
}

#[tokio::test]
async fn a_rule_added_by_a_deploy_counts_when_its_rewards_are_resumed() {
    let key = "firstpromoter-v1:900:1";
    let data = std::env::temp_dir().join(format!("rules-{}", std::process::id()));
    let deployed = |rules: &'static str| {
        let data = data.clone();
        Scene::with(move |options| {
            options.data = Some(data);
            for (name, value) in [
                ("V1Confirm", "response"),
                ("V1HoldSeconds", "1"),
                ("RewardRecipient", "rules"),
                ("RewardRecipientRules", rules),
            ] {
                options.parameters.insert(name.into(), value.into());
            }
        })
    };
    let scene = deployed("*:points=promoter").await;
    assert_eq!(scene.fulfilment(1, 900, 2).await.0, 202);
    let parked = scene.until(key, &["parked"]).await;
    assert_eq!(text(&parked["parked"], "reason"), "no_recipient_rule");
    scene.stage.stack.stop().await;

    let scene = deployed("*:points=promoter,*:free_months=promoter").await;
    let url = scene.stage.stack.dynamodb.clone();
    assert_eq!(ops(&url, &["resume", key]).await.0, 0);
    scene.until(key, &["delivered"]).await;
    assert_eq!(scene.granted()["900"].len(), 1);
    // The next of FirstPromoter's tries collects its 200.
    assert_eq!(scene.fulfilment(2, 900, 2).await.0, 200);
    scene.stage.stack.stop().await;
    std::fs::remove_dir_all(data).unwrap();
}

#[tokio::test]
async fn an_api_that_lags_behind_its_webhooks_is_asked_again() {
    let scene = Scene::start().await;
    let known = pending_commission();
    scene.platform.add_commission(known);
    let mut event = approved("e1", 1);
    event["data"]["promoter_campaign"] = Value::Null;
    scene.commission(&event).await;
    // Often, and for longer than any pause that was believed in.
    let often = |promise: &Value| text(promise, "attempts").parse().is_ok_and(|n: u32| n >= 5);
    let asked = scene.until_it(KEY, often).await;
    assert_eq!(text(&asked, "state"), "lookup_due");
    assert_eq!(text(&asked, "last"), "shown otherwise than announced");
    assert!(scene.platform.set_status(88_901, Status::Approved));
    scene.until(KEY, &["confirmed"]).await;
    assert_eq!(scene.granted()["88901"].len(), 1);
}

#[tokio::test]
async fn what_v1s_test_button_made_up_is_closed_for_good() {
    let key = "firstpromoter-v1:900:1";
    let scene = Scene::start().await;
    let url = scene.stage.stack.dynamodb.clone();
    assert_eq!(scene.fulfilment(1, 900, 2).await.0, 202);
    scene.until(key, &["parked"]).await;
    let word = ["resume", key, "--close", "--because", "the test button"];
    assert_eq!(ops(&url, &word).await.1.trim(), format!("{key} is denied, settled"));
    assert_eq!(ops(&url, &["parked"]).await.1, "nothing is parked\n");
    // Sent again, it is not news.
    assert_eq!(scene.fulfilment(2, 900, 2).await.0, 202);
    assert_eq!(text(&scene.promise(key).await, "state"), "denied");
    assert_eq!(scene.granted().len(), 0);
}

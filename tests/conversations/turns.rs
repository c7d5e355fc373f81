//! The rarer turns: approvals asked for, unmarking, what a person decides.

use local::fakes::Fault;
use local::fakes::firstpromoter::{Behaviour, Operation, PlatformFault, Status};
use tests::Setup;
use tests::delivery::Grant;
use tests::item::Promise;
use tests::scene::{ID, KEY, Scene, V1_ID, V1_KEY};
use tests::scratch::Scratch;
use tests::webhooks::{commission, pending_fulfilment};

use crate::ops::ops;

/// A pending commission of which the platform is to be asked.
async fn pending(scene: &Scene) {
    scene.platform_has_pending_commission();
    scene.post(&commission(ID).created("pending")).await.is(200);
}

#[tokio::test]
async fn a_pending_reward_is_approved_where_that_is_asked_for() {
    let scene = Scene::with_parameters(&[("AutoApprove", "yes")]).await;
    // Slow enough for the event to come first.
    let later = PlatformFault::Stays202 { finishes_after: None };
    scene.platform.inject(Fault::of(later).times(1).on(Operation::Approve));
    pending(&scene).await;
    scene.until_state(KEY, "awaiting_approval").await;
    assert_eq!(scene.granted().len(), 0);
    assert!(scene.platform.set_status(ID, Status::Approved));
    scene.post(&commission(ID).approved()).await.is(200);
    scene.until_state(KEY, "confirmed").await;
    scene.granted_once(ID);
}

#[tokio::test]
async fn an_approval_whose_event_is_lost_is_found_by_asking() {
    for fault in [
        None,
        Some(PlatformFault::CreatedBut500),
        Some(PlatformFault::DropsReply),
        Some(PlatformFault::RateLimited { retry_after: None }),
    ] {
        let (name, struck) = (format!("{fault:?}"), usize::from(fault.is_some()));
        let scene = Scene::with_parameters(&[("AutoApprove", "yes")]).await;
        if let Some(fault) = fault {
            scene.platform.inject(Fault::of(fault).times(1).on(Operation::Approve));
        }
        pending(&scene).await;
        scene.until_state(KEY, "confirmed").await;
        assert!(scene.platform_shows_fulfilled(ID), "{name}");
        assert_eq!(scene.granted()[&ID].len(), 1, "{name}");
        assert_eq!(scene.platform_struck(), struck, "{name}");
        scene.stop().await;
    }
}

#[tokio::test]
async fn a_refused_approval_waits_and_the_event_still_decides() {
    let scene = Scene::with_parameters(&[("AutoApprove", "yes")]).await;
    scene.platform.inject(Fault::of(PlatformFault::Forbidden403).on(Operation::Approve));
    pending(&scene).await;
    let refused = |promise: &Promise| promise.last.as_deref() == Some("403");
    assert_eq!(scene.until_promise(KEY, refused).await.state, "approval_due");
    assert!(scene.platform.set_status(ID, Status::Approved));
    scene.post(&commission(ID).approved()).await.is(200);
    scene.until_state(KEY, "confirmed").await;
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
        let scene = Scene::with_parameters(&[("Reversals", "deliver_and_unmark")]).await;
        scene.platform.inject(Fault::of(fault).times(1).on(Operation::MarkUnfulfilled));
        scene.confirm().await;
        scene.post(&commission(ID).denied()).await.is(200);
        scene.until_state(KEY, "reversed").await;
        scene.until_promise(KEY, |promise| promise.due.is_none()).await;
        assert!(!scene.platform_shows_fulfilled(ID), "{name}");
        assert_eq!(scene.platform_struck(), 1, "{name}");
        scene.stop().await;
    }
}

#[tokio::test]
async fn what_was_withdrawn_may_be_kept_by_a_persons_word() {
    let scene = Scene::start().await;
    scene.confirm().await;
    scene.post(&commission(ID).denied()).await.is(200);
    scene.until_state(KEY, "parked").await;
    let word = ["resume", KEY, "--close", "--because", "a gesture"];
    let said = ops(&scene, &word).await;
    assert_eq!(said.succeeds().trim(), format!("{KEY}: it is settled: given"));
    assert_eq!(ops(&scene, &["parked"]).await.succeeds(), "nothing is parked\n");
    // The denied commission goes on to be heard of.
    scene.post(&commission(ID).denied().second(3)).await.is(200);
    assert_eq!(scene.promise(KEY).await.state, "confirmed");
    let story = ops(&scene, &["story", "firstpromoter", "commission", "88901"]).await;
    assert!(story.out.contains("closed it as it stood: a gesture"), "{story:?}");
}

#[tokio::test]
async fn a_reward_of_v1_is_found_on_a_later_page() {
    let scene = Scene::start().await;
    scene.platform.set_behaviour(Behaviour { v1_page: 2, ..Behaviour::default() });
    for id in 895..=900 {
        scene.platform_has_fulfilment(id, "free_months", 2);
    }
    scene.post(&pending_fulfilment(900)).await.is(202);
    scene.until_state("firstpromoter-v1:900:1", "confirmed").await;
    // One that is on none of them.
    scene.post(&pending_fulfilment(894).event(2)).await.is(202);
    let parked = scene.until_parked("firstpromoter-v1:894:1").await;
    assert_eq!(parked.reason, "not_found_at_provider");
}

#[tokio::test]
async fn a_waived_unit_goes_out_once_the_platform_knows_it() {
    let scene = Scene::start().await;
    scene.platform_has_fulfilment(V1_ID, "cookies", 3);
    scene.post(&pending_fulfilment(V1_ID).unit("cookies").amount(3)).await.is(202);
    assert_eq!(scene.until_parked(V1_KEY).await.reason, "unknown_unit");
    ops(&scene, &["resume", V1_KEY]).await.succeeds();
    scene.until_state(V1_KEY, "confirmed").await;
    assert_eq!(scene.granted_once(V1_ID), Grant::new(V1_KEY, "3", "31"));
}

#[tokio::test]
async fn what_the_look_up_found_is_told_to_the_endpoint() {
    let scene = Scene::start().await;
    scene.platform_has_commission(ID, 500);
    let lacking = commission(ID).approved().without_promoter().without_referral();
    scene.post(&lacking).await.is(200);
    scene.until_state(KEY, "confirmed").await;
    let known = scene.platform.commission(ID).unwrap();
    let delivery = scene.deliveries().remove(0);
    assert_eq!(delivery.affiliate, Some(known.promoter.id.to_string()));
    assert_eq!(delivery.customer, Some(known.referral.unwrap().id.to_string()));
    assert_eq!(delivery.campaign, Some(known.campaign.to_string()));
}

#[tokio::test]
async fn a_rule_added_by_a_deploy_counts_when_its_rewards_are_resumed() {
    let data = Scratch::new("rules");
    let deployed = async |rules: &str| {
        Scene::with(|options| {
            options.data = Some(data.path().to_owned());
            options.set_parameters([
                ("V1Confirm", "response"),
                ("V1HoldSeconds", "1"),
                ("RewardRecipient", "rules"),
                ("RewardRecipientRules", rules),
            ]);
        })
        .await
    };
    let scene = deployed("*:points=promoter").await;
    scene.post(&pending_fulfilment(V1_ID)).await.is(202);
    assert_eq!(scene.until_parked(V1_KEY).await.reason, "no_recipient_rule");
    scene.stop().await;

    let scene = deployed("*:points=promoter,*:free_months=promoter").await;
    ops(&scene, &["resume", V1_KEY]).await.succeeds();
    scene.until_state(V1_KEY, "delivered").await;
    scene.granted_once(V1_ID);
    // The next of FirstPromoter's tries collects its 200.
    scene.post(&pending_fulfilment(V1_ID).event(2)).await.is(200);
    scene.stop().await;
}

#[tokio::test]
async fn an_api_that_lags_behind_its_webhooks_is_asked_again() {
    let scene = Scene::start().await;
    scene.platform_has_pending_commission();
    scene.post(&commission(ID).approved().without_promoter()).await.is(200);
    // Often, and for longer than any pause that was believed in.
    let asked = scene.until_promise(KEY, |promise| promise.attempts >= 5).await;
    assert_eq!(asked.state, "lookup_due");
    assert_eq!(asked.last.as_deref(), Some("shown otherwise than announced"));
    assert!(scene.platform.set_status(ID, Status::Approved));
    scene.until_state(KEY, "confirmed").await;
    scene.granted_once(ID);
}

#[tokio::test]
async fn what_v1s_test_button_made_up_is_closed_for_good() {
    let scene = Scene::start().await;
    scene.post(&pending_fulfilment(V1_ID)).await.is(202);
    scene.until_state(V1_KEY, "parked").await;
    let word = ["resume", V1_KEY, "--close", "--because", "the test button"];
    let said = ops(&scene, &word).await;
    assert_eq!(said.succeeds().trim(), format!("{V1_KEY}: it is settled: not given"));
    assert_eq!(ops(&scene, &["parked"]).await.succeeds(), "nothing is parked\n");
    // Sent again, it is not news.
    scene.post(&pending_fulfilment(V1_ID).event(2)).await.is(202);
    assert_eq!(scene.promise(V1_KEY).await.state, "denied");
    assert_eq!(scene.granted().len(), 0);
}

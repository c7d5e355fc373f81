//! Every way in which the other side can fail.

use std::time::Duration;

use local::fakes::Fault;
use local::fakes::endpoint::EndpointFault;
use local::fakes::firstpromoter::{Operation, PlatformFault, Status};
use serde_json::json;
use tests::item::Promise;
use tests::options::hasty;
use tests::patience::eventually;
use tests::scene::{ID, KEY, Scene};
use tests::webhooks::commission;
use tests::{Setup, Stage};

/// A scene whose calls and leases are soon over where the fault is to be slow.
async fn against(slow: bool) -> Scene {
    Scene::with(|options| {
        if slow {
            hasty(options);
        }
    })
    .await
}

#[tokio::test]
async fn the_platforms_faults_end_in_one_confirmation() {
    for fault in [
        PlatformFault::CreatedBut500,
        PlatformFault::RateLimited { retry_after: None },
        PlatformFault::RateLimited { retry_after: Some(1) },
        PlatformFault::BatchPartialFailure,
        PlatformFault::Stays202 { finishes_after: Some(1) },
        PlatformFault::AlreadyFulfilled422,
        PlatformFault::NoPayoutYet422,
        PlatformFault::DropsReply,
        PlatformFault::Slow(Duration::from_secs(3)),
        PlatformFault::Unavailable503,
        PlatformFault::BatchStops,
    ] {
        let name = format!("{fault:?}");
        let scene = against(matches!(fault, PlatformFault::Slow(_))).await;
        scene.platform.inject(Fault::of(fault).times(1).on(Operation::MarkFulfilled));
        scene.confirm().await;
        assert!(scene.platform_shows_fulfilled(ID), "{name}");
        assert_eq!(scene.raw_calls(KEY), 1, "{name}");
        assert_eq!(scene.platform_struck(), 1, "{name}");
        scene.stop().await;
    }
}

/// A scene with so short a pause before what a person has to mend.
async fn mended_quickly() -> Scene {
    Scene::with(|options| {
        options.set_env([("RETRY_SLOW_MS", "100")]);
        options.set_parameters([("SecretsTtlSeconds", "1")]);
    })
    .await
}

fn refusals(stage: &Stage) -> usize {
    stage.printed("platform_refused")
}

#[tokio::test]
async fn a_refused_key_parks_nothing_and_all_go_on_when_it_is_mended() {
    for fault in [PlatformFault::Unauthorized401, PlatformFault::Forbidden403] {
        let scene = mended_quickly().await;
        scene.platform.inject(Fault::of(fault).times(3).on(Operation::MarkFulfilled));
        scene.confirm().await;
        assert!(refusals(&scene.stage) >= 3);
        assert_eq!(scene.raw_calls(KEY), 1);
        scene.stop().await;
    }
}

#[tokio::test]
async fn credentials_that_cannot_be_read_park_nothing() {
    let scene = mended_quickly().await;
    let stack = &scene.stage.stack;
    stack.put_secret("ApiCredentials", &json!("no JSON object")).unwrap();
    scene.approve(ID).await;
    // Neither can the reward be signed, nor FirstPromoter be asked.
    scene.until_promise(KEY, |promise| promise.last.is_some()).await;
    let dev = local::dev_secrets()["credentials"].clone();
    let signing =
        json!({"reward_endpoint": dev["reward_endpoint"], "firstpromoter": {"api_key": 7}});
    stack.put_secret("ApiCredentials", &signing).unwrap();
    eventually("no refusal", async || (refusals(&scene.stage) > 0).then_some(())).await;
    assert_eq!(scene.raw_calls(KEY), 1);
    stack.put_secret("ApiCredentials", &dev).unwrap();
    scene.until_state(KEY, "confirmed").await;
}

#[tokio::test]
async fn an_endpoint_that_cannot_just_now_is_asked_again() {
    for status in [408, 421, 423, 425] {
        let scene = Scene::start().await;
        let reason = "not_now".to_owned();
        scene.endpoint.inject(Fault::of(EndpointFault::Refuse { status, reason }).times(1));
        scene.confirm().await;
        assert_eq!(scene.raw_calls(KEY), 2, "{status}");
        scene.stop().await;
    }
}

#[tokio::test]
async fn denied_at_the_platform_meanwhile_is_taken_back() {
    let scene = Scene::start().await;
    scene.platform_has_commission(ID, 500);
    assert!(scene.platform.set_status(ID, Status::Denied));
    scene.post(&commission(ID).approved()).await.is(200);
    assert_eq!(scene.until_parked(KEY).await.reason, "withdrawn_after_delivery");
}

#[tokio::test]
async fn the_endpoints_faults_end_in_one_grant() {
    for fault in [
        EndpointFault::RateLimited { retry_after: None },
        EndpointFault::RateLimited { retry_after: Some(1) },
        EndpointFault::Unavailable503,
        EndpointFault::GrantedBut500,
        EndpointFault::DropsReply,
        EndpointFault::Slow(Duration::from_secs(3)),
        EndpointFault::Conflict409,
        EndpointFault::HugeAnswer { bytes: 8 << 20 },
    ] {
        let name = format!("{fault:?}");
        let scene = against(matches!(fault, EndpointFault::Slow(_))).await;
        scene.endpoint.inject(Fault::of(fault).times(1));
        scene.confirm().await;
        assert_eq!(scene.granted()[&ID].len(), 1, "{name}");
        assert_eq!(scene.endpoint_struck(), 1, "{name}");
        scene.stop().await;
    }
}

#[tokio::test]
async fn a_refusal_waits_for_a_person_with_its_reason() {
    let scene = Scene::start().await;
    let reason = "unknown_customer".to_owned();
    scene.endpoint.inject(Fault::of(EndpointFault::Refuse { status: 422, reason }));
    scene.approve(ID).await;
    let parked = scene.until_parked(KEY).await;
    assert_eq!(parked.from, "requested");
    assert!(parked.reason.starts_with("422"), "{parked:?}");
    assert!(!scene.platform_shows_fulfilled(ID));
}

#[tokio::test]
async fn redirects_are_not_followed_and_a_locked_door_is_tried_slowly() {
    for fault in [EndpointFault::Redirect, EndpointFault::Unauthorized401] {
        let scene = Scene::start().await;
        scene.endpoint.inject(fault);
        scene.approve(ID).await;
        let waits = |promise: &Promise| promise.find("not_before").is_some();
        let waiting = scene.until_promise(KEY, waits).await;
        assert_eq!(waiting.state, "requested");
        assert!(waiting.ms_between("created_at", "not_before") > 800_000, "{waiting}");
        assert_eq!(scene.raw_calls(KEY), 1);
    }
}

#[tokio::test]
async fn an_endpoint_without_idempotency_gets_at_most_one_call() {
    for fault in [
        EndpointFault::Unavailable503,
        EndpointFault::GrantedBut500,
        EndpointFault::DropsReply,
        EndpointFault::RateLimited { retry_after: None },
    ] {
        let name = format!("{fault:?}");
        let scene = Scene::with_parameters(&[("RewardEndpointIdempotent", "no")]).await;
        scene.endpoint.inject(fault);
        scene.approve(ID).await;
        scene.until_state(KEY, "parked").await;
        scene.sweep().await;
        assert_eq!(scene.raw_calls(KEY), 1, "{name}");
        assert!(!scene.platform_shows_fulfilled(ID), "{name}");
    }
}

#[tokio::test]
async fn twenty_tries_are_twenty_messages() {
    let scene = Scene::with(|options| {
        options.set_env([("RETRY_FIRST_MS", "1"), ("RETRY_MAX_MS", "20")]);
    })
    .await;
    let busy = EndpointFault::RateLimited { retry_after: None };
    scene.endpoint.inject(Fault::of(busy).times(20));
    scene.confirm().await;
    assert_eq!(scene.raw_calls(KEY), 21);
    assert_eq!(scene.stage.stack.messages_done("local-deliver"), 21);
}

#[tokio::test]
async fn what_is_over_age_waits_for_a_person() {
    let scene = Scene::with(|options| options.set_env([("MAX_AGE_SECONDS", "1")])).await;
    scene.endpoint.inject(EndpointFault::Unavailable503);
    scene.approve(ID).await;
    let promise = scene.sweep_until_parked(KEY).await;
    assert_eq!(promise.parked().reason, "over_age", "{promise}");
    assert!(promise.parked().unknown, "{promise}");
}

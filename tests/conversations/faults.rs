//! Every way in which the other side can fail.

use std::time::Duration;

use local::fakes::Fault;
use local::fakes::endpoint::EndpointFault;
use local::fakes::firstpromoter::{Operation, PlatformFault};
use serde_json::json;
use shared::wire::Timestamp;
use tests::patience::eventually;
use tests::scene::{KEY, Scene, commission, hasty};
use tests::text;

async fn announce(scene: &Scene) {
    scene.knows(88_901, 500);
    let event = commission("e1", "updated", 88_901, ("pending", "approved"), 1);
    assert_eq!(scene.commission(&event).await.0, 200);
}

#[tokio::test]
async fn the_platforms_faults_end_in_one_confirmation() {
    let retry_after = Some(1);
    for fault in [
        PlatformFault::CreatedBut500,
        PlatformFault::RateLimited { retry_after: None },
        PlatformFault::RateLimited { retry_after },
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
        let slow = matches!(fault, PlatformFault::Slow(_));
        let scene = Scene::with(|options| {
            if slow {
                hasty(options);
            }
        })
        .await;
        scene.platform.inject(Fault::of(fault).times(1).on(Operation::MarkFulfilled));
        announce(&scene).await;
        scene.until(KEY, &["confirmed"]).await;
        assert!(scene.platform.commission(88_901).unwrap().fulfilled, "{name}");
        assert_eq!(scene.raw_calls(KEY), 1, "{name}");
        scene.stage.stack.stop().await;
    }
}

/// With so short a pause before what a person has to mend.
async fn mended_quickly() -> Scene {
    Scene::with(|options| {
        options.env.insert("RETRY_SLOW_MS".into(), "100".into());
        options.parameters.insert("SecretsTtlSeconds".into(), "1".into());
    })
    .await
}

fn refusals(scene: &Scene) -> usize {
    let logs = scene.stage.stack.logs();
    logs.iter().filter(|line| line.contains("\"message\":\"platform_refused\"")).count()
}

#[tokio::test]
async fn a_refused_key_parks_nothing_and_all_go_on_when_it_is_mended() {
    for fault in [PlatformFault::Unauthorized401, PlatformFault::Forbidden403] {
        let scene = mended_quickly().await;
        scene.platform.inject(Fault::of(fault).times(3).on(Operation::MarkFulfilled));
        announce(&scene).await;
        scene.until(KEY, &["confirmed"]).await;
        assert!(refusals(&scene) >= 3);
        assert_eq!(scene.raw_calls(KEY), 1);
        scene.stage.stack.stop().await;
    }
}

#[tokio::test]
async fn credentials_that_cannot_be_read_park_nothing() {
    let scene = mended_quickly().await;
    let stack = &scene.stage.stack;
    stack.put_secret("ApiCredentials", &json!("no JSON object")).unwrap();
    announce(&scene).await;
    // Neither can the reward be signed, nor FirstPromoter be asked.
    scene.until_it(KEY, |promise| !promise["last"].is_null()).await;
    let dev = local::dev_secrets()["credentials"].clone();
    let signing =
        json!({"reward_endpoint": dev["reward_endpoint"], "firstpromoter": {"api_key": 7}});
    stack.put_secret("ApiCredentials", &signing).unwrap();
    eventually("no refusal", async || (refusals(&scene) > 0).then_some(())).await;
    assert_eq!(scene.raw_calls(KEY), 1);
    stack.put_secret("ApiCredentials", &dev).unwrap();
    scene.until(KEY, &["confirmed"]).await;
}

#[tokio::test]
async fn an_endpoint_that_cannot_just_now_is_asked_again() {
    for status in [408, 421, 423, 425] {
        let scene = Scene::start().await;
        let reason = "not_now".to_owned();
        scene.endpoint.inject(Fault::of(EndpointFault::Refuse { status, reason }).times(1));
        announce(&scene).await;
        scene.until(KEY, &["confirmed"]).await;
        assert_eq!(scene.raw_calls(KEY), 2, "{status}");
        scene.stage.stack.stop().await;
    }
}

#[tokio::test]
async fn denied_at_the_platform_meanwhile_is_taken_back() {
    use local::fakes::firstpromoter::Status;
    let scene = Scene::start().await;
    announce_denied(&scene).await;
    let parked = scene.until(KEY, &["parked"]).await;
    assert_eq!(text(&parked["parked"], "reason"), "withdrawn_after_delivery");

    async fn announce_denied(scene: &Scene) {
        scene.knows(88_901, 500);
        assert!(scene.platform.set_status(88_901, Status::Denied));
        let event = commission("e1", "updated", 88_901, ("pending", "approved"), 1);
        assert_eq!(scene.commission(&event).await.0, 200);
    }
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
        let slow = matches!(fault, EndpointFault::Slow(_));
        let scene = Scene::with(|options| {
            if slow {
                hasty(options);
            }
        })
        .await;
        scene.endpoint.inject(Fault::of(fault).times(1));
        announce(&scene).await;
        scene.until(KEY, &["confirmed"]).await;
        assert_eq!(scene.granted()["88901"].len(), 1, "{name}");
        scene.stage.stack.stop().await;
    }
}

#[tokio::test]
async fn a_refusal_waits_for_a_person_with_its_reason() {
    let scene = Scene::start().await;
    let reason = "unknown_customer".to_owned();
    scene.endpoint.inject(Fault::of(EndpointFault::Refuse { status: 422, reason }));
    announce(&scene).await;
    let parked = scene.until(KEY, &["parked"]).await;
    assert_eq!(text(&parked["parked"], "from"), "requested");
    assert!(text(&parked["parked"], "reason").starts_with("422"), "{parked}");
    assert!(!scene.platform.commission(88_901).unwrap().fulfilled);
}

#[tokio::test]
async fn redirects_are_not_followed_and_a_locked_door_is_tried_slowly() {
    for fault in [EndpointFault::Redirect, EndpointFault::Unauthorized401] {
        let scene = Scene::start().await;
        scene.endpoint.inject(fault);
        announce(&scene).await;
        let waiting = scene.until_it(KEY, |promise| !promise["not_before"].is_null()).await;
        assert_eq!(text(&waiting, "state"), "requested");
        let ms = |name| Timestamp::parse(&text(&waiting, name)).unwrap().ms();
        assert!(ms("not_before") - ms("created_at") > 800_000, "{waiting}");
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
        let scene = Scene::with(|options| {
            options.parameters.insert("RewardEndpointIdempotent".into(), "no".into());
        })
        .await;
        scene.endpoint.inject(fault);
        announce(&scene).await;
        scene.until(KEY, &["parked"]).await;
        scene.sweep().await;
        assert_eq!(scene.raw_calls(KEY), 1, "{name}");
        assert!(!scene.platform.commission(88_901).unwrap().fulfilled, "{name}");
    }
}

#[tokio::test]
async fn twenty_tries_are_twenty_messages() {
    let scene = Scene::with(|options| {
        options.env.insert("RETRY_FIRST_MS".into(), "1".into());
        options.env.insert("RETRY_MAX_MS".into(), "20".into());
    })
    .await;
    let busy = EndpointFault::RateLimited { retry_after: None };
    scene.endpoint.inject(Fault::of(busy).times(20));
    announce(&scene).await;
    scene.until(KEY, &["confirmed"]).await;
    assert_eq!(scene.raw_calls(KEY), 21);
    assert_eq!(scene.stage.stack.messages_done("DeliverQueue"), 21);
}

#[tokio::test]
async fn what_is_over_age_waits_for_a_person() {
    let scene = Scene::with(|options| {
        options.env.insert("MAX_AGE_SECONDS".into(), "1".into());
    })
    .await;
    scene.endpoint.inject(EndpointFault::Unavailable503);
    announce(&scene).await;
    let parked = eventually("it is never over age", async || {
        scene.sweep().await;
        let promise = scene.promise(KEY).await;
        (text(&promise, "state") == "parked").then_some(promise)
    })
    .await;
    assert_eq!(text(&parked["parked"], "reason"), "over_age", "{parked}");
    assert_eq!(parked["parked"]["unknown"], true);
}

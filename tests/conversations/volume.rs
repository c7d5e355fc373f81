//! Many commissions, shuffled, repeated, with faults everywhere.

use std::io::Write as _;
use std::time::Instant;

use futures_util::StreamExt;
use local::fakes::Fault;
use local::fakes::endpoint::EndpointFault;
use local::fakes::firstpromoter::PlatformFault;
use tests::scene::{Scene, key};
use tests::webhooks::{CommissionEvent, commission};
use tests::{Setup, noise};

/// `VOLUME=2000` for a long look.
fn volume() -> u64 {
    std::env::var("VOLUME").ok().and_then(|text| text.parse().ok()).unwrap_or(500)
}

/// The events of so many commissions: some come twice, some are denied long before
/// they are approved.
fn events(count: u64) -> Vec<CommissionEvent> {
    let mut events = Vec::new();
    for id in 1..=count {
        events.push(commission(id).created("pending"));
        events.push(commission(id).approved());
        if id % 10 == 0 {
            events.push(commission(id).approved());
        }
        if id % 7 == 0 {
            events.push(commission(id).denied().second(0));
        }
    }
    noise::shuffle(&mut events);
    events
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_confirmed_early() {
    let scene = Scene::with(|options| options.set_env([("FIRSTPROMOTER_SPACING_MS", "16")])).await;
    let count = volume();
    for id in 1..=count {
        scene.platform_has_commission(id, 500);
    }
    let events = events(count);
    scene.endpoint.inject(
        Fault::one_of([
            EndpointFault::Unavailable503,
            EndpointFault::GrantedBut500,
            EndpointFault::DropsReply,
            EndpointFault::RateLimited { retry_after: None },
        ])
        .chance(0.2, 7),
    );
    scene.platform.inject(
        Fault::one_of([
            PlatformFault::CreatedBut500,
            PlatformFault::RateLimited { retry_after: None },
            PlatformFault::BatchPartialFailure,
            PlatformFault::DropsReply,
            PlatformFault::Unavailable503,
        ])
        .chance(0.2, 11),
    );
    let started = Instant::now();
    let scene = &scene;
    futures_util::stream::iter(events)
        .for_each_concurrent(4, |event| async move { scene.take(&event).await })
        .await;
    let sent = started.elapsed();
    scene.settle().await;

    assert!(scene.endpoint_struck() > 0 && scene.platform_struck() > 0);
    assert_eq!(scene.promises().await.len(), usize::try_from(count).unwrap());
    let granted = scene.granted();
    assert_eq!(granted.len(), usize::try_from(count).unwrap());
    let mut times = Vec::new();
    for id in 1..=count {
        let promise = scene.promise(&key(id)).await;
        assert_eq!(promise.state, "confirmed", "{promise}");
        assert_eq!(granted[&id].len(), 1, "{id}");
        assert!(promise.ms_between("delivered_at", "confirmed_at") >= 0, "{promise}");
        assert!(scene.platform_shows_fulfilled(id), "{id}");
        times.push(promise.ms_between("created_at", "delivered_at"));
    }
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    // Twenty times the real pace: 320 ms between calls became 16.
    let busiest = scene.platform.busiest_minute(20.0);
    let report = format!(
        "{count} commissions, events sent in {sent:?}, settled after {:?}: 0 lost, 0 doubled; {} endpoint calls, {} platform calls, busiest minute {busiest}; request to delivered p50 {} ms, p95 {} ms, p99 {} ms",
        started.elapsed(),
        scene.endpoint.calls().len(),
        scene.platform.calls().len(),
        at(50),
        at(95),
        at(99),
    );
    writeln!(std::io::stdout(), "{report}").unwrap();
    assert!(busiest <= 400, "{busiest} calls in a minute");
}

//! Many commissions, shuffled, repeated, with faults everywhere.
#![expect(clippy::unwrap_used, reason = "a test that does not find what it expects fails")]

use std::io::Write as _;
use std::time::Instant;

use futures_util::StreamExt;
use local::fakes::Fault;
use local::fakes::endpoint::EndpointFault;
use local::fakes::firstpromoter::PlatformFault;
use serde_json::Value;
use tests::scene::{Scene, commission};
use tests::text;

/// `VOLUME=2000` for a long look.
fn volume() -> u64 {
    std::env::var("VOLUME").ok().and_then(|text| text.parse().ok()).unwrap_or(500)
}

/// A fixed shuffle.
fn shuffle<T>(items: &mut [T]) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for i in (1..items.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let other = usize::try_from(state % u64::try_from(i + 1).unwrap()).unwrap();
        items.swap(i, other);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_confirmed_early() {
    let scene = Scene::with(|options| {
        options.env.insert("FIRSTPROMOTER_SPACING_MS".into(), "16".into());
    })
    .await;
    let count = volume();
    let mut events: Vec<(u64, Value)> = Vec::new();
    for id in 1..=count {
        scene.knows(id, 500);
        events.push((id, commission(&format!("c{id}"), "created", id, ("", "pending"), 0)));
        let approved = commission(&format!("a{id}"), "updated", id, ("pending", "approved"), 1);
        if id % 10 == 0 {
            events.push((id, approved.clone()));
        }
        if id % 7 == 0 {
            events.push((
                id,
                commission(&format!("d{id}"), "updated", id, ("approved", "denied"), 0),
            ));
        }
        events.push((id, approved));
    }
    shuffle(&mut events);
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
        .for_each_concurrent(4, |(_, event)| async move {
            scene.take(&event).await;
        })
        .await;
    let sent = started.elapsed();
    scene.settle().await;

    let granted = scene.granted();
    assert_eq!(granted.len(), usize::try_from(count).unwrap());
    let mut times = Vec::new();
    for promise in scene.promises().await {
        let key = text(&promise, "key");
        assert_eq!(text(&promise, "state"), "confirmed", "{promise}");
        let id = key.split(':').nth(1).unwrap().to_owned();
        assert_eq!(granted[&id].len(), 1, "{id}");
        assert!(text(&promise, "delivered_at") <= text(&promise, "confirmed_at"));
        assert!(scene.platform.commission(id.parse().unwrap()).unwrap().fulfilled);
        times.push(milliseconds(&promise, "created_at", "delivered_at"));
    }
    assert_eq!(times.len(), granted.len());
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

fn milliseconds(promise: &Value, from: &str, to: &str) -> i64 {
    let ms = |name| shared::wire::Timestamp::parse(&text(promise, name)).unwrap().ms();
    ms(to) - ms(from)
}

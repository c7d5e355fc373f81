//! The workers are killed in the middle of their steps.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::fakes::Fault;
use local::fakes::endpoint::EndpointFault;
use local::fakes::firstpromoter::PlatformFault;
use tests::scene::{Scene, commission};
use tests::text;

/// Kills a function's processes whenever asked.
fn assassin(scene: &Scene) -> Arc<Mutex<Vec<&'static str>>> {
    let _ = scene;
    Arc::default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_of_a_delivery_it_is_still_one_reward() {
    let scene = Scene::start().await;
    let wanted = assassin(&scene);
    let mark = wanted.clone();
    // The call arrives, takes effect slowly, and meanwhile its caller dies.
    scene.endpoint.inject(
        Fault::of(EndpointFault::Slow(Duration::from_millis(800))).times(1).when(move |_| {
            mark.lock().unwrap().push("DeliverFunction");
            true
        }),
    );
    let mark = wanted.clone();
    scene.platform.inject(
        Fault::of(PlatformFault::Slow(Duration::from_millis(800))).times(1).when(move |_| {
            mark.lock().unwrap().push("ConfirmFunction");
            true
        }),
    );
    scene.knows(88_901, 500);
    let event = commission("e1", "updated", 88_901, ("pending", "approved"), 1);
    assert_eq!(scene.commission(&event).await.0, 200);
    let mut killed = 0;
    for _ in 0..400 {
        let next = wanted.lock().unwrap().pop();
        if let Some(function) = next {
            scene.stage.stack.kill_instances(function).unwrap();
            killed += 1;
        }
        if text(&scene.promise("firstpromoter:88901:1").await, "state") == "confirmed" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        if killed > 0 {
            scene.sweep().await;
        }
    }
    scene.settle(Duration::from_secs(30)).await;
    assert_eq!(killed, 2);
    assert_eq!(text(&scene.promise("firstpromoter:88901:1").await, "state"), "confirmed");
    assert_eq!(scene.granted()["88901"].len(), 1);
    assert!(scene.platform.commission(88_901).unwrap().fulfilled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_everything_is_settled_and_nothing_doubled() {
    let scene = Scene::start().await;
    let ids: Vec<u64> = (1..=30).collect();
    for id in &ids {
        scene.knows(*id, 500);
        let event = commission(&format!("e{id}"), "updated", *id, ("pending", "approved"), 1);
        assert_eq!(scene.commission(&event).await.0, 200);
        if id % 3 == 0 {
            for function in ["DeliverFunction", "ConfirmFunction", "DispatchFunction"] {
                scene.stage.stack.kill_instances(function).unwrap();
            }
        }
    }
    scene.settle(Duration::from_secs(90)).await;
    let granted = scene.granted();
    for id in ids {
        let what = (format!("firstpromoter:{id}:1"), "500".to_owned(), "31".to_owned());
        assert_eq!(granted[&id.to_string()].iter().collect::<Vec<_>>(), [&what]);
        assert!(scene.platform.commission(id).unwrap().fulfilled);
    }
}

//! The functions die in the middle of their steps.

use std::time::Duration;

use futures_util::future::join_all;
use local::fakes::Fault;
use local::fakes::firstpromoter::{Operation, PayoutStatus, PlatformFault};
use tests::patience::{Patience, eventually};
use tests::scene::{KEY, Scene, commission, deaf_template, hasty, pending_commission, step_of};
use tests::text;

const V1_KEY: &str = "firstpromoter-v1:900:1";

/// What is under way when the function dies.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Play {
    /// An approval, through to the platform's "fulfilled".
    Approval,
    /// One whose payload lacks who is rewarded.
    LookUp,
    /// A pending commission that the platform is asked to approve.
    Approve,
    /// The same, and then the approval's own event is lost.
    Await,
    /// A withdrawal after the confirmation, taken back and unmarked.
    Reverse,
    /// An approval after a call whose end nobody knows.
    Check,
    /// A v1 fulfilment, by the API.
    V1Api,
    /// A v1 fulfilment, by the answer to its webhook.
    V1Response,
    /// An approval that the stream does not tell of.
    Deaf,
}

impl Play {
    fn parameters(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Play::Approve | Play::Await => &[("AutoApprove", "yes")],
            Play::Reverse => &[("Reversals", "deliver_and_unmark")],
            Play::V1Response => &[("V1Confirm", "response"), ("V1HoldSeconds", "8")],
            _ => &[],
        }
    }

    fn key(self) -> &'static str {
        match self {
            Play::V1Api | Play::V1Response => V1_KEY,
            _ => KEY,
        }
    }

    fn end(self) -> &'static str {
        match self {
            Play::Reverse => "reversed",
            _ => "confirmed",
        }
    }

    /// Plays it up to the step in question, arms the crash, and goes on.
    async fn run(self, scene: &Scene, arm: impl Fn()) {
        let approved = commission("e1", "updated", 88_901, ("pending", "approved"), 1);
        match self {
            Play::Approval | Play::Deaf => {
                scene.knows(88_901, 500);
                arm();
                scene.take(&approved).await;
            }
            Play::Check => {
                scene.knows(88_901, 500);
                let dropped = Fault::of(PlatformFault::DropsReply).times(1);
                scene.platform.inject(dropped.on(Operation::MarkFulfilled));
                arm();
                scene.take(&approved).await;
            }
            Play::LookUp => {
                scene.knows(88_901, 500);
                let _ = scene.platform.edit_commission(88_901, |known| known.promoter.id = 31);
                let mut event = approved;
                event["data"]["promoter_campaign"] = serde_json::Value::Null;
                arm();
                scene.take(&event).await;
            }
            Play::Approve | Play::Await => {
                let pending = pending_commission();
                scene.platform.add_commission(pending);
                if self == Play::Approve {
                    arm();
                }
                let created = commission("e0", "created", 88_901, ("", "pending"), 0);
                scene.take(&created).await;
                if self == Play::Await {
                    scene.until(KEY, &["awaiting_approval"]).await;
                    arm();
                }
            }
            Play::Reverse => {
                scene.knows(88_901, 500);
                scene.take(&approved).await;
                scene.until(KEY, &["confirmed"]).await;
                let denied = commission("e2", "updated", 88_901, ("approved", "denied"), 2);
                arm();
                scene.take(&denied).await;
            }
            Play::V1Api | Play::V1Response => {
                scene.knows_v1(900, 500);
                let mut payout = scene.platform.payout(900).unwrap();
                payout.promoter.id = 31;
                scene.platform.add_payout(payout);
                arm();
                // FirstPromoter asks again under the same event id, or another.
                for event in 1..=5 {
                    let (status, _) = scene.fulfilment(event.min(3), 900, 500).await;
                    if status == 200 || status == 202 {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
            }
        }
    }
}

/// Lets the function die once at a point and asserts that all the same one
/// reward is given, confirmed, and known to be.
async fn dies_at(play: Play, function: &str, point: &str) {
    let what = format!("{play:?} {function} {point}");
    let name = format!("crash-{}-{}", std::process::id(), what.replace(' ', "-").to_lowercase());
    let armed = std::env::temp_dir().join(name);
    let deaf = (play == Play::Deaf).then(|| deaf_template(&armed.with_extension("yaml")));
    let scene = Scene::with(|options| {
        hasty(options);
        for (name, value) in play.parameters() {
            options.parameters.insert((*name).into(), (*value).into());
        }
        for (name, value) in [
            ("CRASH_AT", format!("{function}:{point}")),
            ("CRASH_ARMED", armed.to_str().unwrap().to_owned()),
        ] {
            options.env.insert(name.into(), value);
        }
        if let Some(deaf) = &deaf {
            options.template.clone_from(deaf);
        }
    })
    .await;
    play.run(&scene, || std::fs::write(&armed, "").unwrap()).await;
    until_settled(&scene, play, &what).await;
    // What is recorded is seen a moment before the function goes on and dies.
    let came_there = async || (!armed.exists()).then_some(());
    eventually(&format!("{what}: never came there"), came_there).await;
    assert_one_reward(&scene, play, &what).await;
    scene.stage.stack.stop().await;
    if let Some(deaf) = deaf {
        std::fs::remove_file(deaf).unwrap();
    }
}

/// Sweeps until the promise is where it ends; the sweep may die, too.
async fn until_settled(scene: &Scene, play: Play, what: &str) {
    let mut patience = Patience::new();
    loop {
        let promise = scene.promise(play.key()).await;
        if text(&promise, "state") == play.end() && text(&promise, "due").is_empty() {
            return;
        }
        patience.wait([step_of(&promise)], || format!("{what}: {promise}")).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        drop(scene.stage.stack.invoke("SweepFunction", "{}".into()).await);
        if play == Play::V1Response {
            // The next of the seven tries of the day.
            drop(scene.fulfilment(4, 900, 500).await);
        }
    }
}

async fn assert_one_reward(scene: &Scene, play: Play, what: &str) {
    let (id, key) = match play.key() {
        V1_KEY => ("900", V1_KEY),
        key => ("88901", key),
    };
    let reward = (key.to_owned(), "500".to_owned(), "31".to_owned());
    let granted = scene.granted();
    assert_eq!(granted.len(), 1, "{what}");
    if matches!(play, Play::Approve | Play::Await) {
        // The fake names its own promoter; the key is what counts here.
        assert_eq!(granted[id].len(), 1, "{what}");
    } else {
        assert_eq!(granted[id].iter().collect::<Vec<_>>(), [&reward], "{what}");
    }
    match play {
        Play::V1Api => {
            let payout = scene.platform.payout(900).unwrap();
            assert_eq!(payout.status, PayoutStatus::Completed, "{what}");
        }
        Play::V1Response => {
            assert_eq!(scene.fulfilment(5, 900, 500).await.0, 200, "{what}");
        }
        _ => {
            let fulfilled = scene.platform.commission(88_901).unwrap().fulfilled;
            assert_eq!(fulfilled, play != Play::Reverse, "{what}");
        }
    }
    if play == Play::Reverse {
        assert!(scene.raw_calls(&format!("{KEY}:reverse")) >= 1, "{what}");
    }
}

/// Before and after each call of the store, the queue and the other side. Each
/// on a stage of its own; they mostly wait, so all at once.
async fn dies_at_each(play: Play, function: &str, points: &[&str]) {
    join_all(points.iter().map(|point| dies_at(play, function, point))).await;
}

#[tokio::test]
async fn intake_may_die_around_its_transaction_and_its_answer() {
    let function = "CommissionsFunction";
    dies_at_each(Play::Approval, function, &["before_commit", "after_commit"]).await;
    let points = ["before_commit", "after_commit", "before_answered", "after_answered"];
    dies_at_each(Play::V1Response, "FulfilmentsFunction", &points).await;
}

#[tokio::test]
async fn dispatch_may_die_around_its_message() {
    let points = ["before_send", "after_send"];
    dies_at_each(Play::Approval, "DispatchFunction", &points).await;
}

#[tokio::test]
async fn sweep_may_die_around_its_message_and_its_note() {
    let points = ["before_send", "after_send", "after_note"];
    dies_at_each(Play::Deaf, "SweepFunction", &points).await;
}

/// Where nothing may be posted twice, a person says what became of it.
#[tokio::test]
async fn an_endpoint_without_idempotency_is_not_called_again_after_a_crash() {
    let points = ["after_lease", "before_call", "after_call", "before_outcome"];
    join_all(points.map(|point| async move {
        let armed = std::env::temp_dir().join(format!("crash-{}-once-{point}", std::process::id()));
        std::fs::write(&armed, "").unwrap();
        let scene = Scene::with(|options| {
            hasty(options);
            let parameters = &mut options.parameters;
            parameters.insert("RewardEndpointIdempotent".into(), "no".into());
            for (name, value) in [
                ("CRASH_AT", format!("DeliverFunction:{point}")),
                ("CRASH_ARMED", armed.to_str().unwrap().to_owned()),
            ] {
                options.env.insert(name.into(), value);
            }
        })
        .await;
        scene.knows(88_901, 500);
        let approved = commission("e1", "updated", 88_901, ("pending", "approved"), 1);
        scene.take(&approved).await;
        scene.until(KEY, &["delivering"]).await;
        scene.settle().await;
        let parked = scene.promise(KEY).await;
        assert_eq!(text(&parked["parked"], "reason"), "unknown_outcome");
        assert!(scene.raw_calls(KEY) <= 1, "{point}");
        assert!(!armed.exists(), "{point}");
        scene.stage.stack.stop().await;
    }))
    .await;
}

const STEP: [&str; 6] =
    ["before_lease", "after_lease", "before_call", "after_call", "before_outcome", "after_outcome"];

#[tokio::test]
async fn deliver_may_die_around_everything_it_does() {
    for play in [Play::Approval, Play::Reverse, Play::V1Response] {
        dies_at_each(play, "DeliverFunction", &STEP).await;
    }
}

#[tokio::test]
async fn confirm_may_die_around_everything_it_tells() {
    for play in [Play::Approval, Play::Check, Play::Reverse] {
        dies_at_each(play, "ConfirmFunction", &STEP).await;
    }
}

#[tokio::test]
async fn confirm_may_die_around_everything_it_asks() {
    for play in [Play::LookUp, Play::Approve, Play::Await, Play::V1Api] {
        dies_at_each(play, "ConfirmFunction", &STEP).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_everything_is_settled_and_nothing_doubled() {
    let scene = Scene::with(hasty).await;
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
    scene.settle().await;
    let granted = scene.granted();
    for id in ids {
        let what = (format!("firstpromoter:{id}:1"), "500".to_owned(), "31".to_owned());
        assert_eq!(granted[&id.to_string()].iter().collect::<Vec<_>>(), [&what]);
        assert!(scene.platform.commission(id).unwrap().fulfilled);
    }
}

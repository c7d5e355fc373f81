//! The functions die in the middle of their steps.

use std::time::Duration;

use futures_util::future::join_all;
use local::Options;
use local::fakes::Fault;
use local::fakes::firstpromoter::{Operation, PayoutStatus, PlatformFault};
use serde_json::json;
use tests::Setup;
use tests::delivery::Grant;
use tests::item::Promise;
use tests::options::hasty;
use tests::patience::{Patience, eventually};
use tests::scene::{ID, KEY, Scene, V1_ID, V1_KEY, key};
use tests::scratch::{Scratch, template_without_stream};
use tests::webhooks::{FulfilmentEvent, commission, pending_fulfilment};

/// The conversation that is under way when the function dies.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Play {
    /// An approval, through to the platform's "fulfilled".
    Approval,
    /// An approval whose payload lacks who is rewarded.
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
    WithoutStream,
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

    /// Plays up to the step in question, arms the crash, and goes on.
    async fn run(self, scene: &Scene, arm: impl Fn()) {
        match self {
            Play::Approval | Play::WithoutStream => {
                scene.platform_has_commission(ID, 500);
                arm();
                scene.take(&commission(ID).approved()).await;
            }
            Play::Check => {
                scene.platform_has_commission(ID, 500);
                let dropped = Fault::of(PlatformFault::DropsReply).times(1);
                scene.platform.inject(dropped.on(Operation::MarkFulfilled));
                arm();
                scene.take(&commission(ID).approved()).await;
            }
            Play::LookUp => {
                scene.platform_has_commission(ID, 500);
                assert!(scene.platform.edit_commission(ID, |known| known.promoter.id = 31));
                arm();
                scene.take(&commission(ID).approved().without_promoter()).await;
            }
            Play::Approve => {
                scene.platform_has_pending_commission();
                arm();
                scene.take(&commission(ID).created("pending")).await;
            }
            Play::Await => {
                scene.platform_has_pending_commission();
                scene.take(&commission(ID).created("pending")).await;
                scene.until_state(KEY, "awaiting_approval").await;
                arm();
            }
            Play::Reverse => {
                scene.platform_has_commission(ID, 500);
                scene.take(&commission(ID).approved()).await;
                scene.until_state(KEY, "confirmed").await;
                arm();
                scene.take(&commission(ID).denied()).await;
            }
            Play::V1Api | Play::V1Response => {
                scene.platform_has_fulfilment(V1_ID, "free_months", 500);
                arm();
                ask(scene).await;
            }
        }
    }
}

/// A try of FirstPromoter v1's.
fn v1_try(event: u64) -> FulfilmentEvent {
    pending_fulfilment(V1_ID).amount(500).event(event)
}

/// FirstPromoter v1 asks, and again under the same event id or another, until it
/// is answered.
async fn ask(scene: &Scene) {
    for event in 1..=5 {
        let answer = scene.post(&v1_try(event.min(3))).await;
        if [200, 202].contains(&answer.status) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Sets a function to die once at a point, as soon as `armed` is a file.
fn set_crash(options: &mut Options, function: &str, point: &str, armed: &Scratch) {
    hasty(options);
    let at = format!("{function}:{point}");
    options.set_env([("CRASH_AT", at.as_str()), ("CRASH_ARMED", armed.text())]);
}

fn arm(armed: &Scratch) {
    std::fs::write(armed.path(), "").unwrap();
}

/// Lets the function die once at a point and asserts that all the same one
/// reward is given, confirmed, and known to be.
async fn dies_at(play: Play, function: &str, point: &str) {
    let what = format!("{play:?} {function} {point}");
    let armed = Scratch::new("armed");
    let silent = (play == Play::WithoutStream).then(template_without_stream);
    let scene = Scene::with(|options| {
        set_crash(options, function, point, &armed);
        options.set_parameters(play.parameters().iter().copied());
        if let Some(silent) = &silent {
            silent.path().clone_into(&mut options.template);
        }
    })
    .await;
    play.run(&scene, || arm(&armed)).await;
    until_settled(&scene, play, &what).await;
    // The table shows the step a moment before the function goes on and dies.
    let came_there = async || (!armed.path().exists()).then_some(());
    eventually(&format!("{what}: never came there"), came_there).await;
    assert_one_reward(&scene, play, &what).await;
    scene.stop().await;
}

/// Sweeps until the promise is where it ends; the sweep may die, too.
async fn until_settled(scene: &Scene, play: Play, what: &str) {
    let mut patience = Patience::new();
    loop {
        let promise = scene.find_promise(play.key()).await;
        if promise.as_ref().is_some_and(|it| it.state == play.end() && it.due.is_none()) {
            return;
        }
        let step = promise.as_ref().map(Promise::step);
        patience.wait([step], || format!("{what}: {promise:?}")).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        drop(scene.stage.try_invoke("SweepFunction", &json!({})).await);
        if play == Play::V1Response {
            // The next of the seven tries of the day.
            drop(scene.post(&v1_try(4)).await);
        }
    }
}

async fn assert_one_reward(scene: &Scene, play: Play, what: &str) {
    let id = if play.key() == V1_KEY { V1_ID } else { ID };
    let granted = scene.granted();
    assert_eq!(granted.len(), 1, "{what}");
    let reward = Grant::new(play.key(), "500", "31");
    assert_eq!(granted[&id].iter().collect::<Vec<_>>(), [&reward], "{what}");
    match play {
        Play::V1Api => {
            let payout = scene.platform.payout(V1_ID).unwrap();
            assert_eq!(payout.status, PayoutStatus::Completed, "{what}");
        }
        Play::V1Response => assert_eq!(scene.post(&v1_try(5)).await.status, 200, "{what}"),
        _ => {
            let fulfilled = scene.platform_shows_fulfilled(ID);
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
    dies_at_each(Play::WithoutStream, "SweepFunction", &points).await;
}

/// A person says what became of a reward that may not be posted twice.
#[tokio::test]
async fn an_endpoint_without_idempotency_is_not_called_again_after_a_crash() {
    let points = ["after_lease", "before_call", "after_call", "before_outcome"];
    join_all(points.map(|point| async move {
        let armed = Scratch::new("armed");
        arm(&armed);
        let scene = Scene::with(|options| {
            set_crash(options, "DeliverFunction", point, &armed);
            options.set_parameters([("RewardEndpointIdempotent", "no")]);
        })
        .await;
        scene.platform_has_commission(ID, 500);
        scene.take(&commission(ID).approved()).await;
        scene.until_state(KEY, "delivering").await;
        scene.settle().await;
        assert_eq!(scene.promise(KEY).await.parked().reason, "unknown_outcome");
        assert!(scene.raw_calls(KEY) <= 1, "{point}");
        assert!(!armed.path().exists(), "{point}");
        scene.stop().await;
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
    for id in 1..=30 {
        scene.approve(id).await;
        if id % 3 == 0 {
            for function in ["DeliverFunction", "ConfirmFunction", "DispatchFunction"] {
                scene.stage.stack.kill_instances(function).unwrap();
            }
        }
    }
    scene.settle().await;
    for id in 1..=30 {
        assert_eq!(scene.granted_once(id), Grant::new(&key(id), "500", "31"));
        assert!(scene.platform_shows_fulfilled(id));
    }
}

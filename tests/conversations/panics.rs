//! A panic in the middle of a function costs one try and nothing else. It is
//! made from outside, by a clock that fails, so that it can happen in the very
//! binaries that are shipped (`FUNCTIONS_PROFILE=release`).

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use local::{InvokeError, Options};
use serde_json::{Value, json};
use tests::messages::{batch, commission_pk, promise_sk, step_message, stream_batch};
use tests::options::hasty;
use tests::scene::{ID, KEY, Scene};
use tests::scratch::Scratch;
use tests::webhooks::{commission, payout};
use tests::{Setup, Stage};

/// The library that makes the clock fail, built once.
fn failing_clock() -> &'static str {
    static BUILT: OnceLock<Scratch> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/support/failing_clock.c");
        let library = Scratch::new("failing-clock.so");
        let cc = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let built = Command::new(cc)
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([library.path(), Path::new(source)])
            .status();
        assert!(built.unwrap().success(), "the C compiler cannot build {source}");
        library
    });
    built.text()
}

/// A clock of one function that fails once, when it is told to.
struct Clock {
    file: Scratch,
    function: &'static str,
}

impl Clock {
    fn of(function: &'static str) -> Self {
        Self { file: Scratch::new("clock"), function }
    }

    fn set(&self, options: &mut Options) {
        options.set_env([
            ("LD_PRELOAD", failing_clock()),
            ("CLOCK_FAILS", self.file.text()),
            ("CLOCK_FAILS_IN", self.function),
        ]);
    }

    /// Lets the clock fail when it is read for the `reading`th time from now on.
    fn fails_at(&self, reading: u32) {
        // Whole at once, for whoever looks meanwhile.
        let draft = Scratch::new("clock-draft");
        std::fs::write(draft.path(), reading.to_string()).unwrap();
        std::fs::rename(draft.path(), self.file.path()).unwrap();
    }
}

/// `sam build` lets a panic abort the process where the profile does not say what
/// it does, and `cargo build` does not: only the manifest shows what ships.
#[test]
fn the_release_profile_says_that_a_panic_unwinds() {
    let manifest = include_str!("../../Cargo.toml");
    let (_, profile) = manifest.split_once("[profile.release]").unwrap();
    let profile = profile.split("\n[").next().unwrap();
    assert!(profile.lines().any(|line| line == r#"panic = "unwind""#), "{profile}");
}

#[tokio::test]
async fn a_panic_in_intake_is_a_503_with_its_line_and_the_next_try_is_taken() {
    let clock = Clock::of("PayoutsFunction");
    let stage = Stage::with(|options| clock.set(options)).await;
    // The request is dated; its read of the table is signed; its write is.
    for reading in 1..=3_u32 {
        let name = format!("e{reading}");
        let event = payout(&name, "payout.paid").of(&name).status("COMPLETED");
        clock.fails_at(reading);
        stage.post(&event).await.is(503).error("unavailable");
        assert_eq!(stage.printed("panic"), usize::try_from(reading).unwrap());
        stage.post(&event).await.is(200).outcome("recorded");
        assert_eq!(stage.record(&format!("affonso#payout#{name}")).await.version, 1);
    }
    // The same process goes on.
    assert_eq!(stage.processes(), 1);
    let lines = stage.lines(6).await;
    let outcomes: Vec<_> =
        lines.iter().map(|line| json!([line["outcome"], line["status"]])).collect();
    let each = [json!(["unavailable", 503]), json!(["recorded", 200])];
    assert_eq!(outcomes, [each.clone(), each.clone(), each].concat());
}

/// Asserts that what a worker was called for, and did not do, comes again.
async fn panics_at(function: &'static str, reading: u32) {
    let what = format!("{function}, reading {reading}");
    let clock = Clock::of(function);
    let scene = Scene::without_stream(|options| {
        hasty(options);
        clock.set(options);
    })
    .await;
    scene.platform_has_commission(ID, 500);
    scene.take(&commission(ID).approved()).await;
    let event = work_of(function, &scene).await;
    clock.fails_at(reading);
    let failed = scene.stage.try_invoke(function, &event).await;
    // Reported, not dead: the same process goes on, and the batch comes again.
    assert!(matches!(failed, Err(InvokeError::Function { .. })), "{what}: {failed:?}");
    assert_eq!(scene.stage.printed("panic"), 1, "{what}");
    let given = ["confirmed", "delivered"].contains(&scene.promise(KEY).await.state.as_str());
    assert_eq!(given, function == "ConfirmFunction", "{what}");
    scene.settle().await;
    assert_eq!(scene.promise(KEY).await.state, "confirmed", "{what}");
    assert_eq!(scene.granted()[&ID].len(), 1, "{what}");
    assert!(scene.platform_shows_fulfilled(ID), "{what}");
    scene.stop().await;
}

/// The event with which a worker's turn comes.
async fn work_of(function: &str, scene: &Scene) -> Value {
    match function {
        "DeliverFunction" => message("deliver", scene).await,
        "ConfirmFunction" => {
            let delivery = message("deliver", scene).await;
            scene.stage.invoke("DeliverFunction", &delivery).await;
            message("confirm", scene).await
        }
        "SweepFunction" => json!({}),
        _ => {
            let image = scene.stage.raw_item(&commission_pk(ID), &promise_sk(1)).await;
            stream_batch(ID, &image.unwrap())
        }
    }
}

/// The message that the queue would bring of the promise.
async fn message(task: &str, scene: &Scene) -> Value {
    let due = scene.promise(KEY).await.due.unwrap();
    assert!(due.starts_with(task), "{due}");
    batch(&[step_message(ID, 1, &due)])
}

#[tokio::test]
async fn a_panic_in_a_worker_loses_nothing_and_gives_nothing_twice() {
    for (function, readings) in [
        ("DispatchFunction", 1..=2),
        // Dated, read, leased, called, recorded.
        ("DeliverFunction", 1..=6),
        ("ConfirmFunction", 1..=6),
        ("SweepFunction", 1..=2),
    ] {
        futures_util::future::join_all(readings.map(|reading| panics_at(function, reading))).await;
    }
}

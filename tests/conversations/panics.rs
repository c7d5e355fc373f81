//! A panic in the middle of a function costs one try and nothing else. It is
//! made from outside, by a clock that fails, so that it can happen in the very
//! binaries that are shipped (`FUNCTIONS_PROFILE=release`).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use local::{InvokeError, Options};
use serde_json::{Value, json};
use tests::scene::{KEY, Scene, commission, deaf_template, hasty};
use tests::{Stage, text};

/// The library that makes the clock fail, built once.
fn failing_clock() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/support/failing_clock.c");
        let name = format!("failing-clock-{}.so", std::process::id());
        let library = std::env::temp_dir().join(name);
        let cc = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let built = Command::new(cc)
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([library.as_os_str(), source.as_ref()])
            .status();
        assert!(built.unwrap().success(), "the C compiler cannot build {source}");
        library
    })
}

/// A clock of one function that fails once, when it is told to.
struct Clock {
    file: PathBuf,
    function: &'static str,
}

impl Clock {
    fn of(function: &'static str, name: &str) -> Self {
        let file = format!("clock-{}-{function}-{name}", std::process::id());
        Self { file: std::env::temp_dir().join(file), function }
    }

    fn set(&self, options: &mut Options) {
        for (name, value) in [
            ("LD_PRELOAD", failing_clock().to_str().unwrap()),
            ("CLOCK_FAILS", self.file.to_str().unwrap()),
            ("CLOCK_FAILS_IN", self.function),
        ] {
            options.env.insert(name.into(), value.into());
        }
    }

    /// It fails at the `reading`th time that it is read from now on.
    fn fails_at(&self, reading: u32) {
        // Whole at once, for whoever looks meanwhile.
        let draft = self.file.with_extension("draft");
        std::fs::write(&draft, reading.to_string()).unwrap();
        std::fs::rename(draft, &self.file).unwrap();
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

fn panics(stage: &Stage) -> usize {
    let logs = stage.stack.logs();
    logs.iter().filter(|line| line.contains(r#""message":"panic""#)).count()
}

#[tokio::test]
async fn a_panic_in_intake_is_a_503_with_its_line_and_the_next_try_is_taken() {
    let clock = Clock::of("PayoutsFunction", "intake");
    let stage = Stage::with(|options| clock.set(options)).await;
    // Where the request is dated; where its read is signed; where its write is.
    for reading in 1..=3 {
        let event = format!("e{reading}");
        let body = json!({"id": event, "type": "payout.paid",
            "data": {"payoutId": event, "status": "COMPLETED"}});
        let post = async || stage.post("/webhooks/affonso/payouts", body.to_string()).await;
        clock.fails_at(reading);
        assert_eq!(post().await, (503, json!({"error": "unavailable"})), "reading {reading}");
        assert_eq!(panics(&stage), usize::try_from(reading).unwrap());
        assert_eq!(post().await, (200, json!({"result": "recorded"})), "reading {reading}");
        assert_eq!(
            text(&stage.item(&format!("affonso#payout#{event}"), "record").await, "version"),
            "1"
        );
    }
    // It is the same process that goes on.
    assert_eq!(stage.processes(), 1);
    let outcomes: Vec<_> = stage
        .lines(6)
        .await
        .iter()
        .map(|line| (text(line, "outcome"), line["status"].clone()))
        .collect();
    let one = [("unavailable".to_owned(), json!(503)), ("recorded".to_owned(), json!(200))];
    assert_eq!(outcomes, [&one[..], &one[..], &one[..]].concat());
}

/// What a worker was called for and did not do comes again.
async fn panics_at(function: &'static str, reading: u32) {
    let what = format!("{function}, reading {reading}");
    let clock = Clock::of(function, &reading.to_string());
    let deaf = deaf_template(&clock.file.with_extension("yaml"));
    let scene = Scene::with(|options| {
        hasty(options);
        clock.set(options);
        options.template.clone_from(&deaf);
    })
    .await;
    std::fs::remove_file(deaf).unwrap();
    scene.knows(88_901, 500);
    scene.take(&commission("e1", "updated", 88_901, ("pending", "approved"), 1)).await;
    let event = match function {
        "DeliverFunction" => message("deliver", &scene).await,
        "ConfirmFunction" => {
            let event = message("deliver", &scene).await;
            scene.stage.stack.invoke("DeliverFunction", event.to_string().into()).await.unwrap();
            message("confirm", &scene).await
        }
        "SweepFunction" => json!({}),
        _ => stream_record(&scene).await,
    };
    clock.fails_at(reading);
    let failed = scene.stage.stack.invoke(function, event.to_string().into()).await;
    // Reported, not dead: the same process goes on, and the batch comes again.
    assert!(matches!(failed, Err(InvokeError::Function { .. })), "{what}: {failed:?}");
    assert_eq!(panics(&scene.stage), 1, "{what}");
    let done =
        ["confirmed", "delivered"].contains(&text(&scene.promise(KEY).await, "state").as_str());
    assert_eq!(done, function == "ConfirmFunction", "{what}");
    scene.settle().await;
    assert_eq!(text(&scene.promise(KEY).await, "state"), "confirmed", "{what}");
    assert_eq!(scene.granted()["88901"].len(), 1, "{what}");
    assert!(scene.platform.commission(88_901).unwrap().fulfilled, "{what}");
    scene.stage.stack.stop().await;
}

/// What the queue would bring of the promise.
async fn message(task: &str, scene: &Scene) -> Value {
    let promise = scene.promise(KEY).await;
    let due = text(&promise, "due");
    assert!(due.starts_with(task), "{promise}");
    let body = json!({"pk": "firstpromoter#commission#88901", "sk": "fulfilment#1", "due": due});
    json!({"Records": [{"messageId": "m", "body": body.to_string(), "eventSource": "aws:sqs"}]})
}

/// What the stream would bring of the promise.
async fn stream_record(scene: &Scene) -> Value {
    let key = json!({"pk": {"S": "firstpromoter#commission#88901"}, "sk": {"S": "fulfilment#1"}});
    let image = scene.stage.stack.item(key.clone()).await.unwrap().unwrap();
    json!({"Records": [{"eventID": "1", "eventName": "INSERT", "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1", "dynamodb": {"Keys": key, "NewImage": image, "SequenceNumber": "1",
        "SizeBytes": 1, "StreamViewType": "NEW_AND_OLD_IMAGES", "ApproximateCreationDateTime": 1.0}}]})
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

//! The operator's command against a running bundle.

use std::process::{Command, Output};

use local::build_functions;
use local::fakes::Fault;
use local::fakes::endpoint::EndpointFault;
use serde_json::Value;
use tests::scene::{ID, KEY, Scene};

/// The end of the command.
#[derive(Debug)]
pub struct CliOutput {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl CliOutput {
    /// Asserts that it succeeded and complained of nothing, and gives what it
    /// printed.
    #[track_caller]
    pub fn succeeds(&self) -> &str {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{self:?}");
        &self.out
    }

    /// Asserts that it failed with this code, printed nothing and said why.
    #[track_caller]
    pub fn fails(&self, code: i32, why: &str) {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{self:?}");
        assert!(self.err.contains(why), "{self:?}");
    }
}

/// The command against a scene's table.
pub async fn ops(scene: &Scene, words: &[&str]) -> CliOutput {
    ops_at(&scene.stage.stack.dynamodb, words).await
}

/// The command against the table at an endpoint.
pub async fn ops_at(url: &str, words: &[&str]) -> CliOutput {
    let mut command = ops_command().await;
    command.args(["--local", "--dynamodb", url]).args(words).env("USER", "night-shift");
    run(command).await
}

/// The command, without any word.
pub async fn ops_command() -> Command {
    Command::new(build_functions(None).await.unwrap().join("affiliate-ops"))
}

/// A command without anybody's AWS settings.
pub async fn nobody() -> Command {
    let mut command = ops_command().await;
    let names = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("AWS_"));
    for name in names {
        command.env_remove(name);
    }
    command.env("HOME", std::env::temp_dir().join("nobodys-home")).env("AWS_REGION", "eu-west-1");
    command
}

/// Runs a command to its end.
pub async fn run(mut command: Command) -> CliOutput {
    // The bundle that it talks to runs on this thread.
    let output = tokio::task::spawn_blocking(move || command.output());
    let Output { status, stdout, stderr } = output.await.unwrap().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    CliOutput { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
}

/// What the command prints with `--json`.
pub async fn json(scene: &Scene, words: &[&str]) -> Value {
    let said = ops(scene, &[words, &["--json"]].concat()).await;
    serde_json::from_str(said.succeeds()).unwrap()
}

/// A reward that is parked by a fault of the endpoint.
pub async fn park(scene: &Scene, fault: EndpointFault) {
    scene.endpoint.inject(Fault::of(fault).times(1));
    scene.approve(ID).await;
    scene.until_state(KEY, "parked").await;
}

#[tokio::test]
async fn an_unknown_outcome_waits_for_a_word_and_goes_on_by_it() {
    let scene = Scene::with_parameters(&[("RewardEndpointIdempotent", "no")]).await;
    assert_eq!(ops(&scene, &["parked"]).await.succeeds(), "nothing is parked\n");
    park(&scene, EndpointFault::DropsReply).await;

    let parked = json(&scene, &["parked"]).await;
    let waiting = &parked["parked"][0];
    for (name, value) in [
        ("key", KEY),
        ("from", "requested"),
        ("reason", "unknown_outcome"),
        ("last", "no answer"),
        ("amount", "500"),
        ("unit", "points"),
    ] {
        assert_eq!(waiting[name], value, "{waiting}");
    }
    assert_eq!((&waiting["unknown"], &waiting["attempts"]), (&true.into(), &1.into()));
    assert_eq!(waiting["recipient"]["id"], "31");
    let table = ops(&scene, &["parked", "--rows"]).await.out;
    assert!(table.starts_with("KEY ") && table.contains(KEY) && table.contains("outcome unknown"));
    assert!(!format!("{parked}{table}").contains("p@example.com"));

    ops(&scene, &["resume", KEY]).await.fails(1, "say whether it was given");
    assert_eq!(ops(&scene, &["resume", KEY, "--granted"]).await.code, 2);
    assert_eq!(scene.promise(KEY).await.state, "parked");

    let word = ["resume", KEY, "--granted", "--because", "in the books", "--by", "jane"];
    assert_eq!(json(&scene, &word).await["state"], "delivered");
    let confirmed = scene.until_state(KEY, "confirmed").await;
    assert_eq!(scene.raw_calls(KEY), 1);
    assert!(scene.platform_shows_fulfilled(ID));
    assert_eq!(confirmed["words"][0]["because"], "in the books");
    ops(&scene, &word).await.fails(1, "is not parked");
}

#[tokio::test]
async fn what_cannot_be_asked_or_is_not_there_is_said_in_words() {
    let scene = Scene::start().await;
    let url = scene.stage.stack.dynamodb.as_str();
    let closed = "http://127.0.0.1:1";
    let unrecorded = ["story", "affonso", "payout", "x"];
    for (url, words, code, why) in [
        (url, &["resume", KEY][..], 1, "there is no such promise"),
        (url, &unrecorded, 1, "nothing is recorded under affonso#payout#x\n"),
        (
            url,
            &["story", "affonso", "payments", "x"],
            1,
            "payments is no kind; kinds are commission",
        ),
        (url, &["story", "affonso#payout"], 2, "must be PROVIDER:ID:NUMBER, or PROVIDER KIND ID"),
        (url, &["--table", "Other", "parked"], 2, "there is no table Other"),
        (url, &["resume", "88901"], 2, "must be PROVIDER:ID:NUMBER"),
        (url, &["--stack", "x", "parked"], 2, "--stack"),
        (closed, &["parked"], 2, "is cargo local running"),
    ] {
        ops_at(url, words).await.fails(code, why);
    }
    let mut nowhere = ops_command().await;
    nowhere.arg("parked");
    run(nowhere).await.fails(2, "say where: --local or --stack NAME");
}

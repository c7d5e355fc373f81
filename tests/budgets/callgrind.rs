//! The instructions that a function's binary takes, counted by valgrind's callgrind
//! while the Lambda Runtime API gives it events.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::Response;
use axum::routing::{get, post};
use serde_json::Value;
use tests::patience::eventually;
use tests::scratch::Scratch;
use tokio::net::TcpListener;

/// The environment of a function.
pub type Environment = BTreeMap<String, String>;

/// What the function is given, and what it said.
#[derive(Default)]
struct Api {
    events: VecDeque<Value>,
    answers: Vec<Value>,
    /// The function has asked for an event, and there is none left.
    idle: bool,
}

type Shared = State<Arc<Mutex<Api>>>;

/// The program valgrind; `None` where there is none.
pub fn valgrind() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut places = std::env::split_paths(&path).map(|folder| folder.join("valgrind"));
    places.find(|place| place.is_file())
}

/// A counter of the instructions of one binary.
pub struct Counter {
    valgrind: PathBuf,
    binary: PathBuf,
    env: Environment,
}

impl Counter {
    /// A counter of this binary in this environment.
    pub fn new(valgrind: &Path, binary: &Path, env: Environment) -> Self {
        Self { valgrind: valgrind.to_owned(), binary: binary.to_owned(), env }
    }

    /// The instructions of a process from its start until it waits for an event after
    /// these, and its answers to them. `name` is the file's name in the folder
    /// `CALLGRIND`, where that is set.
    pub async fn count(&self, name: &str, events: &[Value]) -> (u64, Vec<Value>) {
        let state = Api { events: events.iter().cloned().collect(), ..Api::default() };
        let state = Arc::new(Mutex::new(state));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = router(Arc::clone(&state));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });

        let scratch = Scratch::new("callgrind.out");
        let kept = std::env::var_os("CALLGRIND").map(|folder| PathBuf::from(folder).join(name));
        let out = kept.as_deref().unwrap_or(scratch.path());
        let mut process = self.start(out, &address);
        let process = &mut process;
        eventually("the function to have answered", async || {
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none(), "{name}: the function ended: {ended:?}");
            state.lock().unwrap().idle.then_some(())
        })
        .await;
        end(process);
        eventually("callgrind to have written its file", async || process.try_wait().unwrap())
            .await;
        serving.abort();
        let answers = std::mem::take(&mut state.lock().unwrap().answers);
        (total(out), answers)
    }

    fn start(&self, out: &Path, runtime_api: &str) -> Child {
        Command::new(&self.valgrind)
            .args(["--tool=callgrind", "--quiet"])
            .arg(format!("--callgrind-out-file={}", out.display()))
            .arg(&self.binary)
            .env_clear()
            .envs(&self.env)
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }
}

/// Ends a process so that callgrind still writes its file.
fn end(process: &Child) {
    let killed = Command::new("kill").args(["-TERM", &process.id().to_string()]).status();
    assert!(killed.unwrap().success());
}

/// The instructions of callgrind's file.
fn total(file: &Path) -> u64 {
    let text = std::fs::read_to_string(file).unwrap();
    let totals = text.lines().find_map(|line| line.strip_prefix("totals: "));
    totals.unwrap().trim().parse().unwrap()
}

fn router(state: Arc<Mutex<Api>>) -> Router {
    let base = "/2018-06-01/runtime";
    Router::new()
        .route(&format!("{base}/invocation/next"), get(next))
        .route(&format!("{base}/invocation/{{id}}/response"), post(answered))
        .route(&format!("{base}/invocation/{{id}}/error"), post(answered))
        .with_state(state)
}

async fn next(State(state): Shared) -> Response<Body> {
    let event = {
        let mut state = state.lock().unwrap();
        state.idle = state.events.is_empty();
        state.events.pop_front()
    };
    let Some(event) = event else {
        return std::future::pending().await;
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let deadline = now + Duration::from_mins(1);
    Response::builder()
        .header("Content-Type", "application/json")
        .header("Lambda-Runtime-Aws-Request-Id", "00000001-0000-4000-8000-000000000000")
        .header("Lambda-Runtime-Deadline-Ms", deadline.as_millis().to_string())
        .header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:1:function:f")
        .header("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Sampled=0")
        .body(event.to_string().into())
        .unwrap()
}

async fn answered(State(state): Shared, body: Bytes) -> Response<Body> {
    state.lock().unwrap().answers.push(serde_json::from_slice(&body).unwrap());
    Response::builder().status(202).body(r#"{"status":"OK"}"#.into()).unwrap()
}

//! One instance of a function: a child process and its Runtime API.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;

use super::output::Output;
use super::runtime_api::{Api, Failure, Invocation, Phase};
use crate::error::InvokeError;
use crate::stage::server::bind;
use crate::stage::template::{ACCOUNT, Function, REGION};

/// The time that Lambda gives a function to start.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// A running process that has asked for its first invocation. Dropping it ends
/// the process.
pub(super) struct Instance {
    invocations: mpsc::Sender<Invocation>,
    written: mpsc::Sender<oneshot::Sender<Vec<String>>>,
    exited: watch::Receiver<Option<String>>,
    api: AbortHandle,
    _kill: oneshot::Sender<()>,
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.api.abort();
    }
}

impl Instance {
    /// Starts `binary` and waits until it is ready. A signal on `kill_all` ends the
    /// process, too.
    pub(super) async fn start(
        function: &Function,
        binary: &Path,
        serial: u64,
        output: &Arc<Output>,
        kill_all: watch::Receiver<()>,
    ) -> Result<Self, InvokeError> {
        let start =
            |problem: String| InvokeError::Start(format!("{}: {problem}", binary.display()));
        let (listener, address) = bind("", 0).await.map_err(|error| start(error.to_string()))?;
        let mut command = Command::new(binary);
        command
            .env_clear()
            .envs(environment(function, &address.to_string(), serial))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // In a group of its own, so that Ctrl-C reaches us alone and an
        // invocation under way can end.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(|error| start(error.to_string()))?;
        let (written, questions) = mpsc::channel(1);
        if let Some(stdout) = child.stdout.take() {
            let output = Arc::clone(output);
            tokio::spawn(async move { output.follow(stdout, questions).await });
        }
        if let Some(stderr) = child.stderr.take() {
            let output = Arc::clone(output);
            // Nobody asks for what is written there.
            let (_, questions) = mpsc::channel(1);
            tokio::spawn(async move { output.follow(stderr, questions).await });
        }

        let (invocations, invocation_receiver) = mpsc::channel(1);
        let (phase, phase_receiver) = watch::channel(Phase::Starting);
        let arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}", function.name);
        let router = Api::new(invocation_receiver, phase, arn, function.timeout).router();
        let api = tokio::spawn(async move {
            // The API serves until it is aborted.
            let _ = axum::serve(listener, router).await;
        })
        .abort_handle();
        let (kill, killed) = oneshot::channel();
        let (exit, exited) = watch::channel(None);
        tokio::spawn(watch_over(child, killed, kill_all, exit));

        let instance = Self { invocations, written, exited, api, _kill: kill };
        instance.wait_until_ready(phase_receiver).await?;
        Ok(instance)
    }

    async fn wait_until_ready(&self, mut phase: watch::Receiver<Phase>) -> Result<(), InvokeError> {
        let settled = phase.wait_for(|phase| !matches!(phase, Phase::Starting));
        let mut exited = self.exited.clone();
        let outcome = tokio::select! {
            settled = settled => match settled.as_deref() {
                Ok(Phase::Failed(failure)) => Err(format!("{}: {}", failure.kind, failure.message)),
                Ok(_) => Ok(()),
                Err(_) => Err("its Runtime API is gone".to_owned()),
            },
            exit = exited.wait_for(Option::is_some) => Err(match exit.as_deref() {
                Ok(Some(status)) => status.clone(),
                _ => "it ended".to_owned(),
            }),
            () = tokio::time::sleep(INIT_TIMEOUT) =>
                Err(format!("it did not ask for an invocation within {INIT_TIMEOUT:?}")),
        };
        outcome.map_err(InvokeError::Init)
    }

    /// The lines on standard output since the last time; none of a process that ended.
    pub(super) async fn lines(&self) -> Vec<String> {
        let (question, answer) = oneshot::channel();
        // The one who reads standard output stops at its end.
        if self.written.send(question).await.is_err() {
            return Vec::new();
        }
        answer.await.unwrap_or_default()
    }

    /// True if the process has ended.
    pub(super) fn is_gone(&self) -> bool {
        self.exited.borrow().is_some()
    }

    /// Runs one invocation. After [`InvokeError::Function`] the instance can be
    /// used again; after any other error it cannot.
    pub(super) async fn run(
        &self,
        request_id: String,
        payload: Bytes,
        timeout: Duration,
    ) -> Result<Bytes, InvokeError> {
        let (reply, replied) = oneshot::channel();
        if self.invocations.send(Invocation { request_id, payload, reply }).await.is_err() {
            return Err(InvokeError::Crashed("it stopped asking for invocations".to_owned()));
        }
        let mut exited = self.exited.clone();
        tokio::select! {
            // An answer given just before the end counts.
            biased;
            reply = replied => match reply {
                Ok(Ok(bytes)) => Ok(bytes),
                Ok(Err(Failure { kind, message })) => Err(InvokeError::Function { kind, message }),
                Err(_) => Err(InvokeError::Crashed("its Runtime API is gone".to_owned())),
            },
            exit = exited.wait_for(Option::is_some) => Err(InvokeError::Crashed(match exit.as_deref() {
                Ok(Some(status)) => status.clone(),
                _ => "it ended".to_owned(),
            })),
            () = tokio::time::sleep(timeout) => Err(InvokeError::TimedOut(timeout)),
        }
    }
}

/// Waits for the process to end, or ends it, and says how it ended.
async fn watch_over(
    mut child: Child,
    killed: oneshot::Receiver<()>,
    mut kill_all: watch::Receiver<()>,
    exit: watch::Sender<Option<String>>,
) {
    let status = tokio::select! {
        status = child.wait() => status,
        _ = killed => end(&mut child).await,
        _ = kill_all.changed() => end(&mut child).await,
    };
    let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
    exit.send_replace(Some(status));
}

async fn end(child: &mut Child) -> std::io::Result<std::process::ExitStatus> {
    child.start_kill()?;
    child.wait().await
}

/// The environment that Lambda gives a function, without this process's own.
fn environment(function: &Function, runtime_api: &str, serial: u64) -> Vec<(String, String)> {
    let memory = function.memory.to_string();
    let group = format!("/aws/lambda/{}", function.name);
    let stream = format!("local/[$LATEST]{serial:08x}");
    let lambda = [
        ("AWS_LAMBDA_RUNTIME_API", runtime_api),
        ("AWS_LAMBDA_FUNCTION_NAME", &function.name),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &memory),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", &group),
        ("AWS_LAMBDA_LOG_STREAM_NAME", &stream),
        ("AWS_REGION", REGION),
        ("AWS_DEFAULT_REGION", REGION),
        // The engines take any key: this one tells who calls.
        ("AWS_ACCESS_KEY_ID", &function.name),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_SESSION_TOKEN", "local"),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
        ("LAMBDA_TASK_ROOT", "/var/task"),
        ("_HANDLER", &function.handler),
        ("LANG", "en_US.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin"),
        ("TZ", ":UTC"),
    ];
    let own = function.environment.iter().map(|(name, value)| (name.clone(), value.clone()));
    own.chain(lambda.map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
}

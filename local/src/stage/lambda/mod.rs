//! Runs the functions as Lambda does: one invocation at a time per instance,
//! more instances on demand up to a cap, a new one after a crash or time-out.

mod instance;
mod output;
mod runtime_api;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use tokio::sync::{Semaphore, watch};

use crate::error::{InvokeError, LocalError};
use crate::stage::template::Function;
use instance::Instance;
pub use output::Logs;
use output::Output;

/// The largest request and response of a synchronous invocation: 6 MB and the
/// 100 KB Lambda allows on top.
pub const MAX_PAYLOAD: usize = 6 * 1_024 * 1_024 + 100 * 1_024;

/// All functions of the template, with their processes.
#[derive(Debug)]
pub(crate) struct Host {
    pools: BTreeMap<String, Pool>,
    output: Arc<Output>,
    requests: AtomicU64,
}

/// What came of an invocation.
pub(crate) struct Invoked {
    pub(crate) result: Result<Bytes, InvokeError>,
    /// The lines that the function wrote on standard output meanwhile.
    pub(crate) lines: Vec<String>,
}

/// The instances of one function.
struct Pool {
    function: Function,
    binary: PathBuf,
    free: Semaphore,
    idle: Mutex<Vec<Instance>>,
    kill: watch::Sender<()>,
    started: AtomicU64,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Pool").field("function", &self.function).finish_non_exhaustive()
    }
}

impl Host {
    /// Prepares `functions`, whose binaries are in `bin_dir`, with at most
    /// `instances` processes each. Nothing is started yet.
    pub(crate) fn new(
        functions: BTreeMap<String, Function>,
        bin_dir: &Path,
        instances: usize,
        logs: &Logs,
    ) -> Result<Self, LocalError> {
        let mut pools = BTreeMap::new();
        for (id, function) in functions {
            let binary =
                bin_dir.join(format!("{}{}", function.binary, std::env::consts::EXE_SUFFIX));
            if !binary.is_file() {
                return Err(LocalError::NoBinary { function: id, binary });
            }
            let pool = Pool {
                function,
                binary,
                free: Semaphore::new(instances.max(1)),
                idle: Mutex::default(),
                kill: watch::Sender::new(()),
                started: AtomicU64::new(0),
            };
            pools.insert(id, pool);
        }
        Ok(Self { pools, output: Arc::new(Output::open(logs)?), requests: AtomicU64::new(1) })
    }

    fn pool(&self, function: &str) -> Result<&Pool, InvokeError> {
        self.pools.get(function).ok_or_else(|| InvokeError::Unknown(function.to_owned()))
    }

    /// Invokes a function by its logical id and waits for the response. With
    /// every instance busy and the cap reached, it waits for one first.
    pub(crate) async fn invoke(
        &self,
        function: &str,
        payload: Bytes,
    ) -> Result<Bytes, InvokeError> {
        self.invoke_heard(function, payload).await.result
    }

    /// [`invoke`](Self::invoke), with what the function wrote meanwhile.
    pub(crate) async fn invoke_heard(&self, function: &str, payload: Bytes) -> Invoked {
        let mut lines = Vec::new();
        let result = self.run(function, payload, &mut lines).await;
        Invoked { result, lines }
    }

    async fn run(
        &self,
        function: &str,
        payload: Bytes,
        lines: &mut Vec<String>,
    ) -> Result<Bytes, InvokeError> {
        let pool = self.pool(function)?;
        if payload.len() > MAX_PAYLOAD {
            return Err(InvokeError::TooLarge(payload.len()));
        }
        let request = self.requests.fetch_add(1, Ordering::Relaxed);
        let request_id = format!("{request:08x}-0000-4000-8000-000000000000");
        // The semaphore is never closed.
        let _slot = pool.free.acquire().await;
        let instance = match pool.take_idle() {
            Some(instance) => instance,
            None => pool.start(&self.output).await?,
        };
        let result = instance.run(request_id, payload, pool.function.timeout).await;
        *lines = instance.lines().await;
        if matches!(result, Ok(_) | Err(InvokeError::Function { .. })) {
            pool.idle().push(instance);
        }
        result
    }

    /// Ends every instance of a function; the next invocation starts anew.
    pub(crate) fn kill(&self, function: &str) -> Result<(), InvokeError> {
        self.pool(function)?.kill_all();
        Ok(())
    }

    /// Ends every instance of every function.
    pub(crate) fn kill_all(&self) {
        self.pools.values().for_each(Pool::kill_all);
    }

    /// The number of processes of a function that were started so far.
    pub(crate) fn started(&self, function: &str) -> Result<u64, InvokeError> {
        Ok(self.pool(function)?.started.load(Ordering::Relaxed))
    }

    /// The lines that functions wrote, if they are kept in memory.
    pub(crate) fn logs(&self) -> Vec<String> {
        self.output.lines()
    }
}

impl Pool {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Instance>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_idle(&self) -> Option<Instance> {
        let mut idle = self.idle();
        idle.retain(|instance| !instance.is_gone());
        idle.pop()
    }

    async fn start(&self, output: &Arc<Output>) -> Result<Instance, InvokeError> {
        let serial = self.started.fetch_add(1, Ordering::Relaxed);
        Instance::start(&self.function, &self.binary, serial, output, self.kill.subscribe()).await
    }

    fn kill_all(&self) {
        self.kill.send_replace(());
        self.idle().clear();
    }
}

//! The Lambda Runtime API for one instance, which asks for the next invocation
//! and answers it with a response or an error.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, State};
use axum::http::{Request, Response, StatusCode};
use axum::routing::{get, post};
use serde_json::Value;
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot, watch};

use super::MAX_PAYLOAD;

/// One invocation on its way to an instance.
pub(super) struct Invocation {
    pub(super) request_id: String,
    pub(super) payload: Bytes,
    pub(super) reply: oneshot::Sender<Result<Bytes, Failure>>,
}

/// The error that a function reports instead of a response.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) kind: String,
    pub(super) message: String,
}

/// The progress of an instance on its way to its first invocation.
#[derive(Debug, Clone)]
pub(super) enum Phase {
    Starting,
    Ready,
    Failed(Failure),
}

/// The state of the API.
pub(super) struct Api {
    invocations: AsyncMutex<mpsc::Receiver<Invocation>>,
    current: Mutex<Option<Invocation>>,
    phase: watch::Sender<Phase>,
    arn: String,
    timeout: Duration,
}

impl Api {
    pub(super) fn new(
        invocations: mpsc::Receiver<Invocation>,
        phase: watch::Sender<Phase>,
        arn: String,
        timeout: Duration,
    ) -> Self {
        Self {
            invocations: AsyncMutex::new(invocations),
            current: Mutex::default(),
            phase,
            arn,
            timeout,
        }
    }

    /// The routes, for one instance.
    pub(super) fn router(self) -> Router {
        let base = "/2018-06-01/runtime";
        Router::new()
            .route(&format!("{base}/invocation/next"), get(next))
            .route(&format!("{base}/invocation/{{id}}/response"), post(response))
            .route(&format!("{base}/invocation/{{id}}/error"), post(error))
            .route(&format!("{base}/init/error"), post(init_error))
            .with_state(Arc::new(self))
    }

    fn finish(&self, request_id: &str, outcome: Result<Bytes, Failure>) -> StatusCode {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match current.take_if(|invocation| invocation.request_id == request_id) {
            Some(invocation) => {
                // After a time-out nobody waits for the reply any more.
                let _ = invocation.reply.send(outcome);
                StatusCode::ACCEPTED
            }
            None => StatusCode::BAD_REQUEST,
        }
    }
}

fn status(code: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::from(r#"{"status":"OK"}"#));
    *response.status_mut() = code;
    response
}

async fn next(State(api): State<Arc<Api>>) -> Response<Body> {
    api.phase.send_replace(Phase::Ready);
    let Some(invocation) = api.invocations.lock().await.recv().await else {
        // The instance is being ended: an answer would only make it complain.
        return std::future::pending().await;
    };
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + api.timeout;
    let response = Response::builder()
        .header("Content-Type", "application/json")
        .header("Lambda-Runtime-Aws-Request-Id", &invocation.request_id)
        .header("Lambda-Runtime-Deadline-Ms", deadline.as_millis().to_string())
        .header("Lambda-Runtime-Invoked-Function-Arn", &api.arn)
        .header("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Sampled=0")
        .body(Body::from(invocation.payload.clone()));
    *api.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(invocation);
    response.unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
}

async fn response(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    let outcome = to_bytes(request.into_body(), MAX_PAYLOAD).await.map_err(|_| Failure {
        kind: "Function.ResponseSizeTooLarge".to_owned(),
        message: format!("the response is more than {MAX_PAYLOAD} bytes"),
    });
    status(api.finish(&id, outcome))
}

async fn error(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Response<Body> {
    let failure = failure(request).await;
    status(api.finish(&id, Err(failure)))
}

async fn init_error(State(api): State<Arc<Api>>, request: Request<Body>) -> Response<Body> {
    let failure = failure(request).await;
    api.phase.send_replace(Phase::Failed(failure));
    status(StatusCode::ACCEPTED)
}

async fn failure(request: Request<Body>) -> Failure {
    let bytes = to_bytes(request.into_body(), MAX_PAYLOAD).await.unwrap_or_default();
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or("unknown").to_owned();
    Failure { kind: text("errorType"), message: text("errorMessage") }
}

//! The HTTP front: API Gateway's HTTP API with payload format 2.0.

mod payload;
mod routes;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderValue, Request, Response, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::error::InvokeError;
use crate::say::say;
use crate::stage::lambda::{Host, Invoked};
use crate::stage::observer::{Exchange, Observer};
pub(crate) use routes::Routes;

/// The largest body that an HTTP API takes.
const MAX_BODY: usize = 10 * 1_024 * 1_024;
/// The time that an HTTP API waits for a function.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

/// The header in which an HTTP API gives back the id of a request.
const REQUEST_ID: &str = "apigw-requestid";

/// The routes, and the functions that they lead to.
pub(crate) struct Front {
    routes: Arc<Routes>,
    host: Arc<Host>,
    observer: Option<Arc<dyn Observer>>,
    requests: AtomicU64,
}

impl Front {
    pub(crate) fn new(
        routes: Arc<Routes>,
        host: Arc<Host>,
        observer: Option<Arc<dyn Observer>>,
    ) -> Self {
        Self { routes, host, observer, requests: AtomicU64::new(1) }
    }
}

/// Serves the routes until `closed` resolves.
pub(crate) async fn serve(listener: TcpListener, front: Front, closed: oneshot::Receiver<()>) {
    let app = Router::new().fallback(answer).with_state(Arc::new(front));
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let until = async {
        let _ = closed.await;
    };
    // Serving only fails when the listener does, and then nothing is left to do.
    let _ = axum::serve(listener, service).with_graceful_shutdown(until).await;
}

/// Answers a request, and tells the observer of it.
async fn answer(
    State(front): State<Arc<Front>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response<Body> {
    let id = format!("local-{:08x}", front.requests.fetch_add(1, Ordering::Relaxed));
    let (at, mut began) = (SystemTime::now(), Instant::now());
    let path = payload::decode(request.uri().path());
    let mut exchange = Exchange {
        id: id.clone(),
        at,
        method: request.method().as_str().to_owned(),
        path,
        event: None,
        status: 0,
        took: Duration::ZERO,
        lines: Vec::new(),
    };
    let mut response = front.handle(request, peer, &mut exchange, &mut began).await;
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    if let Some(observer) = &front.observer {
        exchange.status = response.status().as_u16();
        exchange.took = began.elapsed();
        observer.answered(exchange);
    }
    response
}

impl Front {
    /// Answers a request, and notes what becomes of it. What counts as its begin is the
    /// time when it was there whole.
    async fn handle(
        &self,
        request: Request<Body>,
        peer: SocketAddr,
        exchange: &mut Exchange,
        began: &mut Instant,
    ) -> Response<Body> {
        let (parts, body) = request.into_parts();
        // An HTTP API answers 404 for a wrong method, too.
        let Some(found) = self.routes.find(parts.method.as_str(), &exchange.path) else {
            return payload::refusal(StatusCode::NOT_FOUND, "Not Found");
        };
        let Ok(body) = to_bytes(body, MAX_BODY).await else {
            return payload::refusal(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        };
        *began = Instant::now();
        let event = payload::event(&parts, &body, &found, &exchange.path, peer, &exchange.id);
        if let Some(observer) = &self.observer {
            observer.arrived(&exchange.id, &event);
        }
        let function = found.function.to_owned();
        let response = self.invoke(function, &event, &mut exchange.lines).await;
        exchange.event = Some(event);
        response
    }

    async fn invoke(
        &self,
        function: String,
        event: &Value,
        lines: &mut Vec<String>,
    ) -> Response<Body> {
        let host = Arc::clone(&self.host);
        let (name, event) = (function.clone(), Bytes::from(event.to_string()));
        // In a task of its own: as on AWS, a caller that hangs up ends nothing.
        let invocation = tokio::spawn(async move { host.invoke_heard(&name, event).await });
        let invoked = match tokio::time::timeout(INTEGRATION_TIMEOUT, invocation).await {
            Ok(Ok(invoked)) => invoked,
            Ok(Err(error)) => return failed(&function, &error.to_string()),
            Err(_) => {
                return payload::refusal(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
            }
        };
        let Invoked { result, lines: heard } = invoked;
        *lines = heard;
        match result {
            Ok(response) => payload::response(&response)
                .unwrap_or_else(|| failed(&function, "no HTTP response")),
            Err(InvokeError::TooLarge(_)) => {
                payload::refusal(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
            }
            Err(error) => failed(&function, &error.to_string()),
        }
    }
}

fn failed(function: &str, problem: &str) -> Response<Body> {
    say(&format!("local: {function}: {problem}"));
    payload::refusal(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

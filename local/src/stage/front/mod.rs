//! The HTTP front: API Gateway's HTTP API with payload format 2.0.

mod payload;
mod routes;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{Request, Response, StatusCode};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::error::InvokeError;
use crate::say::say;
use crate::stage::lambda::Host;
pub(crate) use routes::Routes;

/// The largest body that an HTTP API takes.
const MAX_BODY: usize = 10 * 1_024 * 1_024;
/// The time that an HTTP API waits for a function.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

struct Front {
    routes: Arc<Routes>,
    host: Arc<Host>,
    requests: AtomicU64,
}

/// Serves the routes until `closed` resolves.
pub(crate) async fn serve(
    listener: TcpListener,
    routes: Arc<Routes>,
    host: Arc<Host>,
    closed: oneshot::Receiver<()>,
) {
    let front = Arc::new(Front { routes, host, requests: AtomicU64::new(1) });
    let app = Router::new().fallback(answer).with_state(front);
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let until = async {
        let _ = closed.await;
    };
    // Serving only fails when the listener does, and then nothing is left to do.
    let _ = axum::serve(listener, service).with_graceful_shutdown(until).await;
}

async fn answer(
    State(front): State<Arc<Front>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = payload::decode(parts.uri.path());
    // An HTTP API answers 404 for a wrong method, too.
    let Some(found) = front.routes.find(parts.method.as_str(), &path) else {
        return payload::refusal(StatusCode::NOT_FOUND, "Not Found");
    };
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return payload::refusal(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    let id = format!("local-{:08x}", front.requests.fetch_add(1, Ordering::Relaxed));
    let event = payload::event(&parts, &body, &found, &path, peer, &id);
    let function = found.function.to_owned();
    invoke(&front.host, function, Bytes::from(event.to_string())).await
}

async fn invoke(host: &Arc<Host>, function: String, event: Bytes) -> Response<Body> {
    let host = Arc::clone(host);
    let name = function.clone();
    // In a task of its own: as on AWS, a caller that hangs up ends nothing.
    let invocation = tokio::spawn(async move { host.invoke(&name, event).await });
    match tokio::time::timeout(INTEGRATION_TIMEOUT, invocation).await {
        Ok(Ok(Ok(response))) => {
            payload::response(&response).unwrap_or_else(|| failed(&function, "no HTTP response"))
        }
        Ok(Ok(Err(InvokeError::TooLarge(_)))) => {
            payload::refusal(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
        }
        Ok(Ok(Err(error))) => failed(&function, &error.to_string()),
        Ok(Err(error)) => failed(&function, &error.to_string()),
        Err(_) => payload::refusal(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
    }
}

fn failed(function: &str, problem: &str) -> Response<Body> {
    say(&format!("local: {function}: {problem}"));
    payload::refusal(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

//! A listener on this machine whose handler may also hang up.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// The largest body that is read, more than any caller here sends.
const MAX_BODY: usize = 16 * 1_024 * 1_024;
/// The time between two attempts to accept, after one failed for want of
/// descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A request, read whole.
#[derive(Debug, Clone)]
pub struct Received {
    /// Method.
    pub method: Method,
    /// Path, as it was sent.
    pub path: String,
    /// Text after the `?`; empty without one.
    pub query: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Received {
    async fn read(request: Request<Incoming>) -> Option<Self> {
        let (parts, body) = request.into_parts();
        Some(Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            body: to_bytes(Body::new(body), MAX_BODY).await.ok()?,
        })
    }

    /// A header as text; the first when it is repeated.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A listener that runs until dropped; its connections end with it.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens on `port` of the loopback interface, on a free one for 0. A request
    /// for which `answer` gives nothing has its connection closed without a reply.
    ///
    /// # Errors
    /// An error of the system when the port cannot be used.
    pub async fn start<F, A>(port: u16, answer: F) -> io::Result<Self>
    where
        F: Fn(Received) -> A + Clone + Send + 'static,
        A: Future<Output = Option<Response<Body>>> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        Ok(Self { address: listener.local_addr()?, task: tokio::spawn(accept(listener, answer)) })
    }

    /// The address that the server listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The connections belong to the task and end with it.
        self.task.abort();
    }
}

async fn accept<F, A>(listener: TcpListener, answer: F)
where
    F: Fn(Received) -> A + Clone + Send + 'static,
    A: Future<Output = Option<Response<Body>>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(serve(stream, answer.clone()));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve<F, A>(stream: TcpStream, answer: F)
where
    F: Fn(Received) -> A + Clone + Send + 'static,
    A: Future<Output = Option<Response<Body>>> + Send + 'static,
{
    let service = service_fn(move |request| {
        let answer = answer.clone();
        async move {
            // An error makes the connection end where the reply would start.
            let received = Received::read(request).await.ok_or("unreadable")?;
            answer(received).await.ok_or("hung up")
        }
    });
    // A caller that went away is no concern of the fake's.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// A JSON reply.
#[must_use]
pub fn json(status: u16, body: &Value) -> Response<Body> {
    let mut response = empty(status);
    *response.body_mut() = Body::from(body.to_string());
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

/// A reply without a body.
#[must_use]
pub fn empty(status: u16) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

/// Adds `Retry-After`, if there are seconds to wait.
pub(super) fn retry_after(response: &mut Response<Body>, seconds: Option<u64>) {
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
}

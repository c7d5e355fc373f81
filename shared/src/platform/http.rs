//! HTTP calls to the company's reward endpoint and the platforms' APIs. No
//! redirects, bounded time, bounded answers.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lambda_runtime::Error;
use tokio::time::{Instant, timeout_at};

use crate::crash;

/// Longest time to connect.
const CONNECT: Duration = Duration::from_secs(3);
/// Largest answer read, in bytes: some thousand payouts of v1's list. The body of a
/// longer one is dropped.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// Longest idle time of a connection that is used again. A connection that idled
/// longer may be dead without our knowing: an instance is frozen between two
/// invocations.
const IDLE: Duration = Duration::from_secs(10);
/// Longest pause that a `Retry-After` header may ask for, in seconds.
const DAY: i64 = 86_400;

/// The result of a call.
#[derive(Debug, Clone)]
pub enum Reply {
    /// An answer.
    Answer {
        /// The status code.
        status: u16,
        /// The headers.
        headers: HeaderMap,
        /// The body; empty when it was too long, broke off or did not end.
        body: Vec<u8>,
    },
    /// The request never left.
    NotSent,
    /// The request left, and no answer came: it may have had its effect.
    Lost,
}

impl Reply {
    /// A short label of the outcome, for logs and parked promises.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Reply::Answer { status, .. } => status.to_string(),
            Reply::NotSent => "no connection".into(),
            Reply::Lost => "no answer".into(),
        }
    }

    /// The seconds that a `Retry-After` header asks for, a day at most.
    #[must_use]
    pub fn retry_after(&self) -> Option<i64> {
        let Reply::Answer { headers, .. } = self else {
            return None;
        };
        let text = headers.get("retry-after")?.to_str().ok()?.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            // A number too long to be read is more than a day.
            return Some(text.parse().unwrap_or(DAY).min(DAY));
        }
        until(text).map(|seconds| seconds.min(DAY))
    }
}

/// The seconds until an HTTP date, rounded up.
fn until(date: &str) -> Option<i64> {
    let date = httpdate::parse_http_date(date).ok()?;
    let wait = date.duration_since(SystemTime::now()).unwrap_or_default();
    i64::try_from(wait.as_millis().div_ceil(1000)).ok()
}

/// The options of an HTTP client.
#[derive(Debug, Clone, Copy)]
pub struct HttpOptions {
    /// The longest time for one call, answer and all.
    pub timeout: Duration,
    /// True when plain HTTP is spoken too, for use without AWS.
    pub plain: bool,
    /// True when connections are used again. If not, every call has its own, so
    /// that no call is lost unnoticed on a dead connection.
    pub reuse: bool,
}

/// An HTTP client.
pub struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    timeout: Duration,
    https_only: bool,
}

impl Http {
    /// A client that trusts the system's roots.
    ///
    /// # Errors
    /// The system's roots cannot be read.
    pub fn new(options: &HttpOptions) -> Result<Self, Error> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT));
        tcp.set_nodelay(true);
        let tls = HttpsConnectorBuilder::new().with_native_roots()?;
        let tls = tls.https_or_http().enable_http1().wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(if options.reuse { 4 } else { 0 })
            .build(tls);
        Ok(Self { client, timeout: options.timeout, https_only: !options.plain })
    }

    /// Sends a request and reads the answer, within the time-out as a whole.
    pub async fn send(&self, request: Request<Vec<u8>>) -> Reply {
        crash::point("before_call");
        if self.https_only && request.uri().scheme_str() != Some("https") {
            return Reply::NotSent;
        }
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let reply = self.exchange(request).await;
        crash::point("after_call");
        reply
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Reply {
        let end = Instant::now() + self.timeout;
        let response = match timeout_at(end, self.client.request(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) if error.is_connect() => return Reply::NotSent,
            Ok(Err(_)) | Err(_) => return Reply::Lost,
        };
        let (parts, body) = response.into_parts();
        // The status alone decides; a body that breaks off, or does not end,
        // takes nothing back.
        let body = timeout_at(end, Limited::new(body, MAX_ANSWER).collect()).await;
        Reply::Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body
                .ok()
                .and_then(Result::ok)
                .map(|body| body.to_bytes().to_vec())
                .unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    fn asks(text: &str) -> Option<i64> {
        let headers =
            HeaderMap::from_iter([("retry-after".parse().unwrap(), text.parse().unwrap())]);
        let reply = Reply::Answer { status: 429, headers, body: Vec::new() };
        reply.retry_after()
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let date = |at| httpdate::fmt_http_date(at);
        let now = SystemTime::now();
        let soon = asks(&date(now + Duration::from_secs(90))).unwrap();
        assert!((89..=90).contains(&soon), "{soon}");
        for (text, seconds) in [
            ("7", Some(7)),
            (" 86400 ", Some(86_400)),
            ("86401", Some(86_400)),
            ("99999999999999999999", Some(86_400)),
            ("", None),
            ("-1", None),
            ("soon", None),
            (&date(now - Duration::from_secs(90)), Some(0)),
            (&date(now + Duration::from_hours(48)), Some(86_400)),
        ] {
            assert_eq!(asks(text), seconds, "{text}");
        }
    }

    #[tokio::test]
    async fn the_status_counts_though_the_body_never_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await.unwrap();
            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nd";
            stream.write_all(head).await.unwrap();
            std::future::pending::<()>().await;
        });
        let http =
            Http::new(&HttpOptions { timeout: Duration::from_secs(2), plain: true, reuse: true })
                .unwrap();
        let request = Request::get(format!("http://{address}/")).body(Vec::new());
        let reply = http.send(request.unwrap()).await;
        assert_eq!(reply.label(), "200");
        server.abort();
    }
}

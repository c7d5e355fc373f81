//! Calls to others over HTTP: the company's reward endpoint, the platforms'
//! APIs. No redirects, bounded time, bounded answers.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lambda_http::http::{HeaderMap, Request};

use crate::crash;

/// Time to connect.
const CONNECT: Duration = Duration::from_secs(3);
/// Largest answer read, in bytes. Longer ones are cut off unread.
const MAX_ANSWER: usize = 1024 * 1024;

/// What a call came to.
#[derive(Debug, Clone)]
pub enum Reply {
    /// An answer.
    Answer {
        /// Its status code.
        status: u16,
        /// Its headers.
        headers: HeaderMap,
        /// Its body; empty when it was too long or broke off.
        body: Vec<u8>,
    },
    /// The request never left.
    NotSent,
    /// The request left, and no answer came: it may have had its effect.
    Lost,
}

impl Reply {
    /// A few words for logs and parked promises.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Reply::Answer { status, .. } => status.to_string(),
            Reply::NotSent => "no connection".into(),
            Reply::Lost => "no answer".into(),
        }
    }

    /// The seconds of a `Retry-After` header; its date form is not read.
    #[must_use]
    pub fn retry_after(&self) -> Option<i64> {
        match self {
            Reply::Answer { headers, .. } => {
                let seconds: i64 = headers
                    .get("retry-after")?
                    .to_str()
                    .ok()?
                    .trim()
                    .parse()
                    .ok()?;
                (0..=86_400).contains(&seconds).then_some(seconds)
            }
            _ => None,
        }
    }
}

/// An HTTP client.
pub struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    timeout: Duration,
    https_only: bool,
}

impl Http {
    /// A client that trusts the system's roots and waits `timeout` for an
    /// answer. `local` lets it speak plain HTTP, for use without AWS.
    ///
    /// # Errors
    /// When the system's roots cannot be read.
    pub fn new(timeout: Duration, local: bool) -> Result<Self, lambda_http::Error> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(CONNECT));
        tcp.set_nodelay(true);
        let tls = HttpsConnectorBuilder::new().with_native_roots()?;
        let tls = tls.https_or_http().enable_http1().wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new()).build(tls);
        Ok(Self {
            client,
            timeout,
            https_only: !local,
        })
    }

    /// Sends a request and reads the answer, within the time-out as a whole.
    pub async fn send(&self, request: Request<Vec<u8>>) -> Reply {
        crash::point("before_call");
        if self.https_only && request.uri().scheme_str() != Some("https") {
            return Reply::NotSent;
        }
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let reply = tokio::time::timeout(self.timeout, self.exchange(request)).await;
        crash::point("after_call");
        reply.unwrap_or(Reply::Lost)
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Reply {
        let response = match self.client.request(request).await {
            Ok(response) => response,
            Err(error) if error.is_connect() => return Reply::NotSent,
            Err(_) => return Reply::Lost,
        };
        let (parts, body) = response.into_parts();
        // The status alone decides; a body that breaks off takes nothing back.
        let body = Limited::new(body, MAX_ANSWER).collect().await;
        Reply::Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body
                .map(|body| body.to_bytes().to_vec())
                .unwrap_or_default(),
        }
    }
}

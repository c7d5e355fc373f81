//! A relay to a reward endpoint of one's own, so that its calls show.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::{Response, header};
use time::OffsetDateTime;
use tokio::time::timeout;

use crate::error::LocalError;
use crate::play::fakes::server::{Received, Server, empty};
use crate::stage::client::{Answer, Anywhere};

/// Headers of an answer that whoever delivers reads, or a person who looks on.
const PASSED_ON: [header::HeaderName; 3] =
    [header::CONTENT_TYPE, header::RETRY_AFTER, header::LOCATION];
/// The longest time for one call, longer than any function waits.
const PATIENCE: Duration = Duration::from_secs(30);
/// Headers of one connection, which the next one has anew.
const OF_CONNECTION: [&str; 3] = ["host", "content-length", "connection"];

/// A call that went to the endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The time when it came in.
    pub(crate) at: OffsetDateTime,
    /// The `webhook-id`.
    pub(crate) id: String,
    /// Body as sent.
    pub(crate) body: Bytes,
    /// The status code of the answer.
    pub(crate) status: Option<u16>,
    /// The reason why there was none.
    pub(crate) problem: Option<&'static str>,
    /// The time until the answer.
    pub(crate) took: Duration,
}

/// A server on this machine that hands every call on to one URL.
#[derive(Debug)]
pub(crate) struct Relay {
    server: Server,
    calls: Arc<Mutex<Vec<Call>>>,
    /// The URL of the endpoint.
    pub(crate) target: String,
}

impl Relay {
    /// Starts a relay to `target` on a free port.
    pub(crate) async fn start(target: &str) -> io::Result<Self> {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (shared, client) = (Arc::clone(&calls), Anywhere::anywhere("")?);
        let url = target.to_owned();
        let server = Server::start(0, move |request| {
            let (calls, client, url) = (Arc::clone(&shared), client.clone(), url.clone());
            // In a task of its own, so that a call that the caller gave up on shows, too.
            let handed = async move { hand_on(&calls, &client, &url, request).await };
            let handed = tokio::spawn(handed);
            async move { handed.await.ok().flatten() }
        })
        .await?;
        Ok(Self { server, calls, target: target.to_owned() })
    }

    /// The relay's own URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/rewards", self.server.address())
    }

    /// The calls that were answered, or ended without an answer, in that order.
    pub(crate) fn calls_from(&self, seen: usize) -> Vec<Call> {
        lock(&self.calls).iter().skip(seen).cloned().collect()
    }
}

fn lock(calls: &Mutex<Vec<Call>>) -> MutexGuard<'_, Vec<Call>> {
    calls.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Hands a call on. Where nobody answers, nobody answers here.
async fn hand_on(
    calls: &Mutex<Vec<Call>>,
    client: &Anywhere,
    url: &str,
    request: Received,
) -> Option<Response<Body>> {
    let (at, began) = (OffsetDateTime::now_utc(), Instant::now());
    let headers = request.headers.iter().filter_map(|(name, value)| {
        let name = name.as_str();
        (!OF_CONNECTION.contains(&name)).then(|| Some((name, value.to_str().ok()?))).flatten()
    });
    let called = client.call(request.method.as_str(), url, headers, request.body.clone());
    let called = timeout(PATIENCE, called).await;
    let (status, problem) = match &called {
        Ok(Ok(answer)) => (Some(answer.status), None),
        Ok(Err(LocalError::NotConnected(_))) => (None, Some("nobody listens there")),
        Ok(Err(_)) => (None, Some("it closed the connection")),
        Err(_) => (None, Some("it did not answer")),
    };
    let id = request.header("webhook-id").unwrap_or_default().to_owned();
    let took = began.elapsed();
    lock(calls).push(Call { at, id, body: request.body, status, problem, took });
    called.ok()?.ok().map(|answer| passed_on(&answer))
}

fn passed_on(answer: &Answer) -> Response<Body> {
    let mut response = empty(answer.status);
    *response.body_mut() = Body::from(answer.body.clone());
    for name in PASSED_ON {
        let value = answer.headers.iter().find(|(given, _)| *given == name.as_str());
        if let Some(value) = value.and_then(|(_, value)| value.parse().ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::play::fakes::server::json as reply;

    #[tokio::test]
    async fn a_call_is_handed_on_as_it_is_and_so_is_its_answer() {
        let endpoint = Server::start(0, |request| async move {
            assert_eq!(request.header("webhook-id"), Some("a:1:1"));
            assert_eq!((request.path.as_str(), request.query.as_str()), ("/own", "key=1"));
            let mut answer = reply(429, &serde_json::json!({ "body": request.body.len() }));
            answer.headers_mut().insert(header::RETRY_AFTER, 7.into());
            Some(answer)
        });
        let endpoint = endpoint.await.unwrap();
        let relay =
            Relay::start(&format!("http://{}/own?key=1", endpoint.address())).await.unwrap();
        let client = Anywhere::anywhere("").unwrap();
        let headers = [("webhook-id", "a:1:1"), ("webhook-signature", "v1,x")];
        let answer = client.call("POST", &relay.url(), headers, "four").await.unwrap();
        assert_eq!((answer.status, answer.body.as_ref()), (429, br#"{"body":4}"#.as_slice()));
        assert!(answer.headers.contains(&("retry-after".to_owned(), "7".to_owned())));
        let calls = relay.calls_from(0);
        let [call] = calls.as_slice() else { panic!("{calls:?}") };
        assert_eq!(
            (call.status, call.id.as_str(), call.body.as_ref()),
            (Some(429), "a:1:1", b"four".as_slice())
        );
        assert!(relay.calls_from(1).is_empty());
    }

    #[tokio::test]
    async fn where_nobody_answers_nobody_answers_here() {
        let mute = Server::start(0, |_| async { None }).await.unwrap();
        for (target, problem) in [
            ("http://127.0.0.1:1/".to_owned(), "nobody listens there"),
            (format!("http://{}/", mute.address()), "it closed the connection"),
        ] {
            let relay = Relay::start(&target).await.unwrap();
            let client = Anywhere::anywhere("").unwrap();
            let called = client.call("POST", &relay.url(), [], "").await;
            assert!(matches!(called, Err(LocalError::NoAnswer(_))), "{called:?}");
            assert_eq!(relay.calls_from(0).first().unwrap().problem, Some(problem));
        }
    }
}

//! The company's own system, as far as it takes rewards.
//!
//! The endpoint takes a `POST` on any path, checks its signature by the Standard
//! Webhooks scheme and grants its reward once for each `webhook-id`, unless it was taken
//! back before.

mod call;
mod fault;
mod signature;
#[cfg(test)]
mod tests;

pub use call::Call;
pub use fault::EndpointFault;
pub use signature::Unverified;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Method, Response, header};
use serde_json::{Value, json};

use crate::play::fakes::Clock;
use crate::play::fakes::faults::{Fault, FaultKind, Faults};
use crate::play::fakes::server::{Received, Server, empty, json as reply, retry_after};
use signature::Keys;

/// The target of a redirect, on the endpoint itself.
const ELSEWHERE: &str = "/elsewhere";

/// A reward endpoint on this machine.
#[derive(Debug)]
pub struct RewardEndpoint {
    server: Server,
    books: Arc<Mutex<Books>>,
}

#[derive(Debug)]
struct Books {
    keys: Keys,
    calls: Vec<Call>,
    grants: BTreeMap<String, Bytes>,
    /// The keys of the rewards that were taken back.
    taken_back: BTreeSet<String>,
    faults: Faults<EndpointFault>,
    clock: Clock,
}

impl RewardEndpoint {
    /// Starts an endpoint on a port of 127.0.0.1, on a free one for 0. `secrets`
    /// are those that signatures may be by, each `whsec_` and base64.
    ///
    /// # Errors
    /// An error when the port cannot be had, or a secret is not base64 or empty.
    pub async fn start(port: u16, secrets: &[&str]) -> io::Result<Self> {
        let books = Arc::new(Mutex::new(Books {
            keys: Keys::parse(secrets)?,
            calls: Vec::new(),
            grants: BTreeMap::new(),
            taken_back: BTreeSet::new(),
            faults: Faults::default(),
            clock: Clock::start(),
        }));
        let shared = Arc::clone(&books);
        let server = Server::start(port, move |request| {
            let books = Arc::clone(&shared);
            async move { answer(&books, request).await }
        })
        .await?;
        Ok(Self { server, books })
    }

    /// The URL of the endpoint, which takes calls on any other path, too.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/rewards", self.server.address())
    }

    /// Takes signatures by these secrets from now on.
    ///
    /// # Errors
    /// An error when one of them is not base64 or empty; then the old ones stay.
    pub fn set_secrets(&self, secrets: &[&str]) -> io::Result<()> {
        let keys = Keys::parse(secrets)?;
        self.lock().keys = keys;
        Ok(())
    }

    /// Adds a fault. Of several faults the earliest that strikes decides; a call
    /// that is not verified is never struck.
    pub fn inject(&self, fault: impl Into<Fault<EndpointFault>>) {
        self.lock().faults.inject(fault.into());
    }

    /// Removes every fault.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// Every call so far, in the order of arrival, whatever its answer: the calls
    /// that an oracle counts.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// The calls after the first `seen`, but none after one that is still
    /// being answered.
    #[must_use]
    pub(crate) fn calls_from(&self, seen: usize) -> Vec<Call> {
        let books = self.lock();
        let new = books.calls.iter().skip(seen);
        new.take_while(|call| call.status.is_some() || call.fault.is_some()).cloned().collect()
    }

    /// The granted rewards: the first body for each `webhook-id`. A second grant,
    /// which a system without idempotency would have made, does not show here.
    #[must_use]
    pub fn grants(&self) -> BTreeMap<String, Bytes> {
        self.lock().grants.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Books> {
        lock(&self.books)
    }
}

fn lock(books: &Mutex<Books>) -> MutexGuard<'_, Books> {
    books.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(books: &Mutex<Books>, request: Received) -> Option<Response<Body>> {
    let (call, delay, reply) = lock(books).handle(request);
    if let Some(delay) = delay {
        tokio::time::sleep(delay).await;
    }
    let status = reply.as_ref().map(|reply| reply.status().as_u16());
    if let Some(call) = lock(books).calls.get_mut(call) {
        call.status = status;
    }
    reply
}

impl Books {
    /// Answers a call as the faults let it, and records it; gives the number of
    /// the record, the time to wait, and the reply or nothing.
    fn handle(&mut self, request: Received) -> (usize, Option<Duration>, Option<Response<Body>>) {
        let verification = self.keys.verify(&request, self.clock.now());
        let mut call = Call::new(request, verification, self.clock.now());
        let (delay, reply) = if call.method != Method::POST.as_str() {
            (None, Some(empty(405)))
        } else if let Err(problem) = verification {
            let body = json!({ "error": problem.to_string() });
            (None, Some(reply(401, &body)))
        } else {
            let fault = self.faults.strike(&call);
            call.fault = fault.as_ref().map(FaultKind::name);
            self.struck(fault, &call)
        };
        self.calls.push(call);
        (self.calls.len() - 1, delay, reply)
    }

    fn struck(
        &mut self,
        fault: Option<EndpointFault>,
        call: &Call,
    ) -> (Option<Duration>, Option<Response<Body>>) {
        let answer = match fault {
            None => self.grant(call),
            Some(EndpointFault::Slow(delay)) => return (Some(delay), Some(self.grant(call))),
            Some(EndpointFault::DropsReply) => {
                self.grant(call);
                return (None, None);
            }
            Some(EndpointFault::GrantedBut500) => {
                self.grant(call);
                reply(500, &json!({ "error": "something went wrong" }))
            }
            Some(EndpointFault::Conflict409) => {
                self.grant(call);
                reply(409, &json!({ "error": "already granted" }))
            }
            Some(EndpointFault::HugeAnswer { bytes }) => {
                self.grant(call);
                huge(bytes)
            }
            Some(EndpointFault::Refuse { status, reason }) => {
                reply(status, &json!({ "error": reason }))
            }
            Some(EndpointFault::RateLimited { retry_after: after }) => {
                let mut limited = reply(429, &json!({ "error": "too many requests" }));
                retry_after(&mut limited, after);
                limited
            }
            Some(EndpointFault::Unauthorized401) => reply(401, &json!({ "error": "unauthorized" })),
            Some(EndpointFault::Unavailable503) => reply(503, &json!({ "error": "unavailable" })),
            Some(EndpointFault::Redirect) => redirect(),
        };
        (None, Some(answer))
    }

    fn grant(&mut self, call: &Call) -> Response<Body> {
        let id = call.id.clone().unwrap_or_default();
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let reversal = body.get("type").and_then(Value::as_str) == Some("reward.reversed");
        if reversal && let Some(key) = body.pointer("/data/key").and_then(Value::as_str) {
            self.taken_back.insert(key.to_owned());
        }
        // A reversal may overtake its reward, which is not given any more then.
        let new = !self.grants.contains_key(&id) && !self.taken_back.contains(&id);
        if new {
            self.grants.insert(id, call.body.clone());
        }
        reply(200, &json!({ "granted": new && !reversal }))
    }
}

fn redirect() -> Response<Body> {
    let mut response = empty(302);
    let location = HeaderValue::from_static(ELSEWHERE);
    response.headers_mut().insert(header::LOCATION, location);
    response
}

fn huge(bytes: usize) -> Response<Body> {
    let mut response = empty(200);
    *response.body_mut() = Body::from(vec![b' '; bytes]);
    response
}

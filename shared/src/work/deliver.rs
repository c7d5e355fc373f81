//! The delivery of rewards to the company's own system, and their reversal.

use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use http::Request;
use lambda_runtime::Error;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::aws::store::StoreError;
use crate::fulfilment::{Input, ParkReason, State, reward};
use crate::platform::credentials::RewardEndpoint;
use crate::platform::http::{Http, HttpOptions, Reply};
use crate::provider::RewardsList;
use crate::wire::Timestamp;
use crate::work::{Claim, WorkError, Worker, response};
use crate::{function, observe};

/// Longest reason kept of an endpoint's refusal, in characters.
const MAX_REASON: usize = 100;

/// Runs the function until its instance ends.
///
/// # Errors
/// A setting is missing or wrong; the function then does not start.
pub async fn run(rewards: RewardsList) -> Result<(), Error> {
    function::start(
        |env| {
            let worker = Worker::from_env(rewards, env)?;
            let timeout = Duration::from_secs(worker.settings.timeout_seconds);
            // An endpoint that does not recognise a repeated key must not be called
            // on a connection that may be dead: nobody would know whether the call
            // arrived.
            let reuse = worker.settings.endpoint_idempotent;
            let http = Http::new(&HttpOptions { timeout, plain: worker.settings.local, reuse })?;
            Ok((worker, http))
        },
        |(worker, http), event: SqsEvent| async {
            Ok(Box::pin(worker.deliver_batch(http, event)).await)
        },
    )
    .await
}

impl Worker {
    async fn deliver_batch(&self, http: &Http, event: SqsEvent) -> SqsBatchResponse {
        let mut failed = Vec::new();
        for message in event.records {
            let done = match self.claim(&message).await {
                Ok(Some(claim)) => self.deliver(http, claim).await.map_err(WorkError::from),
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                tracing::error!(%error, "deliver: the message comes again");
                failed.extend(message.message_id);
            }
        }
        response(failed)
    }

    async fn deliver(&self, http: &Http, claim: Claim) -> Result<(), StoreError> {
        let input = match reward(&claim.promise, claim.rewards, claim.pk.id()) {
            Some(body) => self.post(http, &claim, &body.to_string()).await,
            None => Input::Refused(ParkReason::IncompleteTerms),
        };
        self.apply_with_retry(&claim.pk, claim.rewards, claim.promise, &input).await.map(|_| ())
    }

    /// Posts a reward, or its reversal, and judges the answer.
    async fn post(&self, http: &Http, claim: &Claim, body: &str) -> Input {
        let attempts = claim.promise.retry.attempts;
        let idempotent = self.settings.endpoint_idempotent;
        let request = match self.request(claim, body).await {
            Ok(request) => request,
            // The request never left this machine.
            Err(problem) => {
                tracing::error!(%problem, "deliver: not configured");
                return Input::retry_later(self.slowly(), problem, None);
            }
        };
        let reply = http.send(request).await;
        let again = self.not_before(attempts, reply.retry_after());
        Judged { retry_at: again, retry_slowly_at: self.slowly().max(again), idempotent }.of(&reply)
    }

    async fn request(&self, claim: &Claim, body: &str) -> Result<Request<Vec<u8>>, String> {
        let url = self.settings.url_of(claim.promise.terms.unit.as_deref());
        if url.is_empty() {
            return Err("no reward endpoint is configured".into());
        }
        let credentials = self.credentials.get().await.map_err(|error| error.to_string())?;
        let reversing = claim.promise.state == State::Reversing;
        let id = format!("{}{}", claim.promise.key, if reversing { ":reverse" } else { "" });
        let now = Timestamp::now().seconds();
        let signature = sign(&credentials.reward_endpoint, &id, now, body.as_bytes())?;
        Request::builder()
            .method("POST")
            .uri(url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", now)
            .header("webhook-signature", signature)
            .body(body.as_bytes().to_vec())
            .map_err(|_| "the reward endpoint is no URL".into())
    }
}

/// The signatures by every configured key, so that a key can be rotated.
fn sign(endpoint: &RewardEndpoint, id: &str, now: i64, body: &[u8]) -> Result<String, String> {
    let signatures: Result<Vec<String>, _> = endpoint
        .signing
        .iter()
        .map(|secret| Webhook::new(secret.expose())?.sign(id, now, body))
        .collect();
    match signatures {
        Ok(signatures) if !signatures.is_empty() => Ok(signatures.join(" ")),
        Ok(_) => Err("no signing secret is configured".into()),
        Err(_) => Err("a signing secret is not whsec_ and base64".into()),
    }
}

/// The settings and times by which a reply of the endpoint is judged.
pub struct Judged {
    /// The time of the next try.
    pub retry_at: Timestamp,
    /// The time of the next try where the operator has to mend something first.
    pub retry_slowly_at: Timestamp,
    /// True when the endpoint takes `webhook-id` as an idempotency key. If not,
    /// nothing is ever sent twice.
    pub idempotent: bool,
}

impl Judged {
    /// The input that the endpoint's reply means for the promise.
    #[must_use]
    pub fn of(&self, reply: &Reply) -> Input {
        let last = reply.label();
        let retry = |not_before| Input::retry_later(not_before, last.clone(), None);
        let Reply::Answer { status, body, .. } = reply else {
            return match reply {
                Reply::NotSent => retry(self.retry_at),
                _ => self.unknown(last),
            };
        };
        match status {
            200..=299 | 409 => Input::Done,
            // Refused for now, and not given: RFC 9110, 8470 and 4918 define these
            // codes beside 429.
            408 | 421 | 423 | 425 | 429 if self.idempotent => retry(self.retry_at),
            401 | 403 | 404 | 300..=399 if self.idempotent => {
                let refused = json!({ "outcome": "endpoint_refused", "last": last });
                let metrics = [("EndpointRefused", "Count", 1.0)];
                observe::print("endpoint_refused", &refused, &[(&[&["outcome"]], &metrics)]);
                retry(self.retry_slowly_at)
            }
            300..=499 => Input::Refused(ParkReason::RefusedByEndpoint(reason(&last, body))),
            _ => self.unknown(last),
        }
    }

    fn unknown(&self, last: String) -> Input {
        Input::Unknown { not_before: self.retry_at, last, repeatable: self.idempotent }
    }
}

/// The reason that the endpoint gives, where it looks like a code. Free text may
/// name people and is dropped.
fn reason(status: &str, body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let given = ["reason", "code", "error"].iter().find_map(|name| body.get(*name)?.as_str());
    let is_code = |text: &&str| {
        text.len() <= MAX_REASON
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
    };
    match given.filter(is_code) {
        Some(given) => format!("{status} {given}"),
        None => status.to_owned(),
    }
}

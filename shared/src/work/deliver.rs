//! The reward to the company's own system, and back again.

use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use lambda_http::http::Request;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::credentials::RewardEndpoint;
use crate::fulfilment::{Input, State};
use crate::http::{Http, Reply};
use crate::observe;
use crate::store::StoreError;
use crate::timestamp::Timestamp;
use crate::work::{Claim, Worker, read_message, response};

/// Seconds before the next try when the endpoint refuses us as a whole: a
/// matter of configuration, which a person has to mend.
const SLOW_SECONDS: i64 = 900;
/// Longest reason kept of an endpoint's refusal, in characters.
const MAX_REASON: usize = 100;

/// Runs the function until its instance ends.
///
/// # Errors
/// When a setting is missing or wrong; the function then does not start.
pub async fn run() -> Result<(), Error> {
    let variable = |name: &str| std::env::var(name).ok();
    observe::start(variable("RUST_LOG").as_deref());
    let worker = Worker::from_env(&variable)?;
    let timeout = Duration::from_secs(worker.settings.timeout_seconds);
    let reuse = worker.settings.endpoint_idempotent;
    let http = Http::new(timeout, worker.settings.local, reuse)?;
    let (worker, http) = (&worker, &http);
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(Box::pin(worker.deliver_batch(http, event.payload)).await)
    }))
    .await
}

impl Worker {
    async fn deliver_batch(&self, http: &Http, event: SqsEvent) -> SqsBatchResponse {
        let mut failed = Vec::new();
        for message in event.records {
            let done = match read_message(&message) {
                Some(message) => match self.claim(&message).await {
                    Ok(Some(claim)) => self.deliver(http, claim).await,
                    Ok(None) => Ok(()),
                    Err(error) => Err(error),
                },
                None => Err(StoreError::Unavailable("unreadable message".into())),
            };
            if let Err(error) = done {
                tracing::error!(%error, "deliver: the message comes again");
                failed.extend(message.message_id);
            }
        }
        response(failed)
    }

    async fn deliver(&self, http: &Http, claim: Claim) -> Result<(), StoreError> {
        if !claim.promise.terms.is_complete() {
            // Nothing may go out without saying how much of what to whom.
            let input = Input::Refused("incomplete_terms".into());
            return self.apply(&claim.pk, claim.promise, &input).await.map(|_| ());
        }
        let idempotent = self.settings.endpoint_idempotent;
        let attempts = claim.promise.attempts;
        let input = match self.request(&claim).await {
            Ok(request) => {
                let reply = http.send(request).await;
                let again = self.not_before(attempts, reply.retry_after());
                judge(&reply, idempotent, again)
            }
            // Nothing left this machine.
            Err(problem) => {
                tracing::error!(%problem, "deliver: not configured");
                let not_before = Timestamp::now().plus_seconds(SLOW_SECONDS);
                Input::Again { not_before, last: problem, batch: None }
            }
        };
        self.apply(&claim.pk, claim.promise, &input).await.map(|_| ())
    }

    async fn request(&self, claim: &Claim) -> Result<Request<Vec<u8>>, String> {
        let settings = &self.settings;
        let unit = claim.promise.terms.unit.as_deref().unwrap_or_default();
        let url = settings.endpoint_by_unit.get(unit).unwrap_or(&settings.endpoint);
        if url.is_empty() {
            return Err("no reward endpoint is configured".into());
        }
        let credentials = self.credentials.get().await.map_err(|error| error.to_string())?;
        let body = reward(claim).to_string();
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
            .body(body.into_bytes())
            .map_err(|_| "the reward endpoint is no URL".into())
    }
}

/// The signatures by every key, so that one can be rotated.
fn sign(endpoint: &RewardEndpoint, id: &str, now: i64, body: &[u8]) -> Result<String, String> {
    let signatures: Result<Vec<String>, _> = endpoint
        .signing
        .iter()
        .map(|secret| Webhook::new(secret.text())?.sign(id, now, body))
        .collect();
    match signatures {
        Ok(signatures) if !signatures.is_empty() => Ok(signatures.join(" ")),
        Ok(_) => Err("no signing secret is configured".into()),
        Err(_) => Err("a signing secret is not whsec_ and base64".into()),
    }
}

/// The body, as docs/reward.schema.json describes it. The same for every try
/// of one key.
fn reward(claim: &Claim) -> Value {
    let promise = &claim.promise;
    let kind = if promise.state == State::Reversing { "reward.reversed" } else { "reward.granted" };
    let subject = if claim.is_v1() { "fulfilment_id" } else { "commission_id" };
    let recipient = promise.terms.recipient.as_ref();
    json!({
        "type": kind,
        "timestamp": promise.announced_at.text(),
        "data": {
            "key": promise.key,
            "epoch": promise.epoch,
            "provider": claim.pk.split('#').next().unwrap_or_default(),
            subject: claim.subject_id(),
            "campaign_id": promise.campaign_id,
            "affiliate_id": promise.terms.affiliate_id,
            "customer_id": promise.terms.customer_id,
            "recipient": {
                "role": recipient.map(|to| to.role.as_str()),
                "id": recipient.and_then(|to| to.id.as_deref()),
                "reference": recipient.and_then(|to| to.reference.as_deref()),
                "email": recipient.and_then(|to| to.email.as_deref()),
            },
            "amount": promise.terms.amount,
            "unit": promise.terms.unit,
        },
    })
}

/// What the endpoint's reply means for the promise.
fn judge(reply: &Reply, idempotent: bool, again: Timestamp) -> Input {
    let last = reply.word();
    let slowly = Timestamp::now().plus_seconds(SLOW_SECONDS).max(again);
    let retry = |not_before| Input::Again { not_before, last: last.clone(), batch: None };
    match reply {
        Reply::Answer { status: 200..=299 | 409, .. } => Input::Done,
        Reply::NotSent => retry(again),
        // Without an idempotency key nothing is ever sent twice.
        Reply::Answer { status: 429 | 401 | 403 | 404 | 300..=399, .. } if !idempotent => {
            Input::Refused(last)
        }
        Reply::Answer { status: 429, .. } => retry(again),
        Reply::Answer { status: 401 | 403 | 404 | 300..=399, .. } => {
            let refused = json!({ "outcome": "endpoint_refused", "last": last });
            let metrics = [("EndpointRefused", "Count", 1.0)];
            let metrics = [(json!([["outcome"]]), &metrics[..])];
            observe::print("endpoint_refused", &refused, &metrics);
            retry(slowly)
        }
        Reply::Answer { status: 400..=499, body, .. } => Input::Refused(reason(&last, body)),
        Reply::Answer { .. } | Reply::Lost => {
            Input::Unknown { not_before: again, last, repeatable: idempotent }
        }
    }
}

/// The endpoint's reason, where it gives one that looks like a code. Free text
/// may name people.
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

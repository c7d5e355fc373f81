//! The account: its data, its faults and its calls.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::batch::{Batch, Course};
use super::call::Parameters;
use super::model::timestamp;
use super::{Call, Commission, Operation, Payout, PlatformFault};
use crate::play::fakes::Clock;
use crate::play::fakes::faults::{FaultKind, Faults};
use crate::play::fakes::server::{Received, empty, json as reply, retry_after};

/// Choices where the documentation leaves the behaviour open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behaviour {
    /// True if v2 lists are `{"data": […], "meta": {…}}` instead of an array.
    pub wrapped_lists: bool,
    /// True if a commission that already is in the state that the call asks for
    /// counts as processed. Otherwise it is an error.
    pub repeats_accepted: bool,
    /// True if one commission's error refuses all of the call. Otherwise the
    /// others are processed, and only a call of nothing but errors is refused.
    pub whole_batches: bool,
    /// The number of polls that find a batch of more than five still in progress.
    pub polls_until_done: u32,
    /// The number of payouts on a page of v1's list; 0 puts all on one. Pages of
    /// this list are not documented.
    pub v1_page: usize,
    /// The status in a 202: `in_progress` (the guide) or `pending` (the `OpenAPI`
    /// document).
    pub accepted_status: &'static str,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            wrapped_lists: false,
            repeats_accepted: false,
            whole_batches: false,
            polls_until_done: 1,
            v1_page: 0,
            accepted_status: "in_progress",
        }
    }
}

/// The keys of an account.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// v2's API key, sent as a bearer token.
    pub api_key: String,
    /// v2's `Account-ID`.
    pub account_id: String,
    /// v1's `X-API-KEY`.
    pub v1_api_key: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(super) struct Platform {
    pub(super) behaviour: Behaviour,
    pub(super) keys: Option<Keys>,
    pub(super) commissions: BTreeMap<u64, Commission>,
    pub(super) payouts: BTreeMap<u64, Payout>,
    pub(super) batches: Vec<Batch>,
    pub(super) subscribers: Vec<mpsc::UnboundedSender<Value>>,
    pub(super) faults: Faults<PlatformFault>,
    pub(super) calls: Vec<Call>,
    pub(super) clock: Clock,
    webhooks_sent: u64,
}

/// The reply to a call whose effect has happened.
pub(super) struct DelayedReply {
    /// The time to wait before the reply.
    pub(super) delay: Option<Duration>,
    /// The reply; `None` closes the connection.
    pub(super) reply: Option<Response<Body>>,
}

impl Platform {
    pub(super) fn new() -> Self {
        Self {
            behaviour: Behaviour::default(),
            keys: None,
            commissions: BTreeMap::new(),
            payouts: BTreeMap::new(),
            batches: Vec::new(),
            subscribers: Vec::new(),
            faults: Faults::default(),
            calls: Vec::new(),
            clock: Clock::start(),
            webhooks_sent: 0,
        }
    }

    /// Does a call, as the faults let it, and records it under the number
    /// returned.
    pub(super) fn handle(&mut self, request: &Received) -> (usize, DelayedReply) {
        let parameters = Parameters::read(request);
        let mut call = Call::new(request, &parameters, self.clock.now());
        let answer = match call.operation {
            None => DelayedReply::now(error(404, false, "Not found", "not_found")),
            Some(operation) if !self.authorized(operation, request) => {
                DelayedReply::now(if operation.is_v1() {
                    reply(401, &json!({ "error": "Invalid API key" }))
                } else {
                    empty(401)
                })
            }
            Some(operation) => {
                let fault = self.faults.strike(&call);
                call.fault = fault.as_ref().map(FaultKind::name);
                self.struck(operation, fault.as_ref(), &call, &parameters)
            }
        };
        self.calls.push(call);
        (self.calls.len() - 1, answer)
    }

    /// Records the status of the answer to a call.
    pub(super) fn answered(&mut self, call: usize, status: Option<u16>) {
        if let Some(call) = self.calls.get_mut(call) {
            call.status = status;
        }
    }

    /// Gives a webhook to every receiver of webhooks.
    pub(super) fn announce(&mut self, entity: &str, id: u64, change: [&str; 2], data: &Value) {
        self.webhooks_sent += 1;
        let now = self.clock.now();
        // Two runs may share a table, so their event ids have to differ.
        let run = self.clock.wall.unix_timestamp() & 0xffff_ffff;
        let payload = json!({
            "event_id": format!("{run:08x}-fa4e-4000-8000-{:012x}", self.webhooks_sent),
            "event_type": format!("{entity}.updated"),
            "action": "updated",
            "entity_type": entity,
            "entity_id": id,
            "changes": { "status": change },
            "data": data,
            "timestamp": timestamp(now),
        });
        self.subscribers.retain(|subscriber| subscriber.send(payload.clone()).is_ok());
    }

    fn authorized(&self, operation: Operation, request: &Received) -> bool {
        let header = |name| request.header(name).filter(|value| !value.is_empty());
        let (api_key, account_id, v1_api_key) = (
            header("authorization")
                .and_then(|value| value.strip_prefix("Bearer "))
                .filter(|key| !key.is_empty()),
            header("account-id"),
            header("x-api-key"),
        );
        let fits = |sent: Option<&str>, expected: fn(&Keys) -> &String| {
            sent.is_some_and(|sent| self.keys.as_ref().is_none_or(|keys| expected(keys) == sent))
        };
        if operation.is_v1() {
            fits(v1_api_key, |keys| &keys.v1_api_key)
        } else {
            fits(api_key, |keys| &keys.api_key) && fits(account_id, |keys| &keys.account_id)
        }
    }

    fn struck(
        &mut self,
        operation: Operation,
        fault: Option<&PlatformFault>,
        call: &Call,
        parameters: &Parameters,
    ) -> DelayedReply {
        let v1 = operation.is_v1();
        let mut done = |course| self.perform(operation, call, parameters, course);
        DelayedReply::now(match fault {
            None => done(Course::Documented),
            Some(PlatformFault::BatchPartialFailure) => done(Course::LeavesOneOut),
            Some(PlatformFault::Stays202 { finishes_after }) => {
                done(Course::Drags(*finishes_after))
            }
            Some(PlatformFault::BatchStops) => done(Course::Stops),
            Some(PlatformFault::CreatedBut500) => {
                done(Course::Documented);
                error(500, v1, "Something went wrong", "internal_error")
            }
            Some(PlatformFault::AlreadyFulfilled422) => {
                done(Course::Documented);
                error(422, v1, "Commission is already fulfilled", "already_fulfilled")
            }
            Some(PlatformFault::DropsReply) => {
                done(Course::Documented);
                return DelayedReply { delay: None, reply: None };
            }
            Some(PlatformFault::Slow(delay)) => {
                return DelayedReply { delay: Some(*delay), reply: Some(done(Course::Documented)) };
            }
            Some(PlatformFault::RateLimited { retry_after: after }) => {
                let mut limited = error(429, v1, "Too many requests", "rate_limited");
                retry_after(&mut limited, *after);
                limited
            }
            Some(PlatformFault::NoPayoutYet422) => {
                error(422, v1, "Commission has no payout", "payout_missing")
            }
            Some(PlatformFault::Unauthorized401) => empty(401),
            Some(PlatformFault::Forbidden403) => error(403, v1, "Access denied", "forbidden"),
            Some(PlatformFault::Unavailable503) => {
                error(503, v1, "Service unavailable", "unavailable")
            }
        })
    }

    fn perform(
        &mut self,
        operation: Operation,
        call: &Call,
        parameters: &Parameters,
        course: Course,
    ) -> Response<Body> {
        match operation {
            Operation::ListCommissions => self.list_commissions(call, parameters),
            Operation::BatchProcess => self.poll(&call.path),
            Operation::ListPayouts => self.list_payouts(parameters),
            Operation::UpdatePayout => self.update_payout(parameters),
            Operation::Approve
            | Operation::Deny
            | Operation::MarkFulfilled
            | Operation::MarkUnfulfilled => self.batch(operation, &call.ids, course),
        }
    }
}

impl DelayedReply {
    fn now(reply: Response<Body>) -> Self {
        Self { delay: None, reply: Some(reply) }
    }
}

/// An error in the form of v1 or of v2.
pub(super) fn error(status: u16, v1: bool, message: &str, code: &str) -> Response<Body> {
    if v1 {
        reply(status, &json!({ "error": message }))
    } else {
        reply(status, &json!({ "message": message, "code": code }))
    }
}

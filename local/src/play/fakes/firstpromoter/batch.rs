//! Calls that change several commissions at once.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};

use super::model::timestamp;
use super::platform::{Platform, error};
use super::{Operation, Status};
use crate::play::fakes::server::json as reply;

/// The most commissions that are processed before the answer.
const SYNCHRONOUS: usize = 5;

/// The course that a batch takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// As documented.
    Documented,
    /// The last commission fails.
    LeavesOneOut,
    /// The batch stays in progress for so many polls, or for good.
    Drags(Option<u32>),
    /// The batch is accepted, and stopped before anything was done.
    Stops,
}

/// A batch process.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    operation: Operation,
    ids: Vec<u64>,
    status: &'static str,
    created_at: String,
    errors: Vec<(u64, Refusal)>,
    /// The work of a batch in progress.
    rest: Option<Rest>,
}

#[derive(Debug, Clone, Copy)]
struct Rest {
    course: Course,
    /// Polls to be answered before the batch is over; `None` for ever.
    polls: Option<u32>,
}

/// The reason why a commission is not processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Refusal {
    code: &'static str,
    message: &'static str,
}

impl Refusal {
    const NOT_FOUND: Self = Self::new("not_found", "Commission not found");
    const CASH: Self = Self::new("monetary", "Commission is not a non-monetary reward");
    const NOT_APPROVED: Self = Self::new("not_approved", "Commission is not approved");
    const NO_PAYOUT: Self = Self::new("payout_missing", "Commission has no payout");
    const FULFILLED: Self = Self::new("already_fulfilled", "Commission is already fulfilled");
    const NOT_FULFILLED: Self = Self::new("not_fulfilled", "Commission is not fulfilled");
    const SAME: Self = Self::new("status_unchanged", "Commission already has this status");
    const LEFT_OUT: Self = Self::new("processing_failed", "Commission could not be processed");

    const fn new(code: &'static str, message: &'static str) -> Self {
        Self { code, message }
    }

    /// True if the commission already is in the state that the call asks for.
    fn is_repeat(self) -> bool {
        [Self::FULFILLED, Self::NOT_FULFILLED, Self::SAME].contains(&self)
    }
}

impl Platform {
    /// Answers one of the `POST /commissions/…`.
    pub(super) fn batch(
        &mut self,
        operation: Operation,
        ids: &[u64],
        course: Course,
    ) -> Response<Body> {
        let mut seen = BTreeSet::new();
        let ids: Vec<u64> = ids.iter().copied().filter(|id| seen.insert(*id)).collect();
        if ids.is_empty() {
            return error(422, false, "ids must be a list of ids", "invalid_ids");
        }
        if ids.len() > SYNCHRONOUS || matches!(course, Course::Drags(_) | Course::Stops) {
            return self.accept(operation, ids, course);
        }
        let checked = self.check(operation, &ids);
        let refused: Vec<Refusal> = checked.iter().filter_map(|(_, result)| *result).collect();
        let all = refused.len() == ids.len();
        if let Some(refusal) = refused.first()
            && (all || self.behaviour.whole_batches)
        {
            return error(422, false, refusal.message, refusal.code);
        }
        let errors = self.process(operation, &ids, course);
        let batch = self.new_batch(operation, ids, "completed", None);
        self.store(Batch { errors, ..batch }, 200)
    }

    /// Answers `GET /batch_processes/{id}`, which moves a batch in progress.
    pub(super) fn poll(&mut self, path: &str) -> Response<Body> {
        let id = path.rsplit('/').next().and_then(|id| id.parse().ok());
        let index = id.and_then(|id: usize| id.checked_sub(1));
        let Some(index) = index.filter(|index| *index < self.batches.len()) else {
            return error(404, false, "Batch process not found", "not_found");
        };
        self.advance(index);
        let now = timestamp(self.clock.now());
        let shown = self.batches.get(index).map(|batch| batch.json(index, &now));
        reply(200, &shown.unwrap_or_default())
    }

    fn accept(&mut self, operation: Operation, ids: Vec<u64>, course: Course) -> Response<Body> {
        let polls = match course {
            Course::Drags(polls) => polls,
            Course::Stops => Some(0),
            Course::Documented | Course::LeavesOneOut => Some(self.behaviour.polls_until_done),
        };
        let status = self.behaviour.accepted_status;
        let batch = self.new_batch(operation, ids, status, Some(Rest { course, polls }));
        self.store(batch, 202)
    }

    fn new_batch(
        &self,
        operation: Operation,
        ids: Vec<u64>,
        status: &'static str,
        rest: Option<Rest>,
    ) -> Batch {
        Batch {
            operation,
            ids,
            status,
            created_at: timestamp(self.clock.now()),
            errors: Vec::new(),
            rest,
        }
    }

    fn store(&mut self, batch: Batch, status: u16) -> Response<Body> {
        let shown = batch.json(self.batches.len(), &batch.created_at);
        self.batches.push(batch);
        reply(status, &shown)
    }

    fn advance(&mut self, index: usize) {
        let Some(batch) = self.batches.get_mut(index) else {
            return;
        };
        let Some(rest) = &mut batch.rest else {
            return;
        };
        batch.status = "in_progress";
        match &mut rest.polls {
            None => return,
            Some(0) => {}
            Some(polls) => {
                *polls -= 1;
                return;
            }
        }
        let course = rest.course;
        batch.rest = None;
        if course == Course::Stops {
            batch.status = "stopped";
            return;
        }
        batch.status = "completed";
        let (operation, ids) = (batch.operation, batch.ids.clone());
        let errors = self.process(operation, &ids, course);
        if let Some(batch) = self.batches.get_mut(index) {
            batch.errors = errors;
        }
    }

    /// Processes the commissions that can be, and gives the others.
    fn process(
        &mut self,
        operation: Operation,
        ids: &[u64],
        course: Course,
    ) -> Vec<(u64, Refusal)> {
        let mut errors = Vec::new();
        for (id, refusal) in self.check(operation, ids) {
            let left_out = course == Course::LeavesOneOut && ids.last() == Some(&id);
            match refusal {
                Some(refusal) => errors.push((id, refusal)),
                None if left_out => errors.push((id, Refusal::LEFT_OUT)),
                None => self.apply(operation, id),
            }
        }
        errors
    }

    fn check(&self, operation: Operation, ids: &[u64]) -> Vec<(u64, Option<Refusal>)> {
        let checked = ids.iter().map(|id| {
            let refusal = self.refusal(operation, *id);
            let forgiven =
                |refusal: &Refusal| !(self.behaviour.repeats_accepted && refusal.is_repeat());
            (*id, refusal.filter(forgiven))
        });
        checked.collect()
    }

    /// The demand of the documentation that a commission does not meet.
    fn refusal(&self, operation: Operation, id: u64) -> Option<Refusal> {
        let Some(commission) = self.commissions.get(&id) else {
            return Some(Refusal::NOT_FOUND);
        };
        match operation {
            Operation::Approve => (commission.status == Status::Approved).then_some(Refusal::SAME),
            Operation::Deny => (commission.status == Status::Denied).then_some(Refusal::SAME),
            _ if commission.unit == "cash" => Some(Refusal::CASH),
            // The status does not matter: workers call it for denied commissions.
            Operation::MarkUnfulfilled => (!commission.fulfilled).then_some(Refusal::NOT_FULFILLED),
            _ if commission.status != Status::Approved => Some(Refusal::NOT_APPROVED),
            _ if !commission.has_payout => Some(Refusal::NO_PAYOUT),
            _ => commission.fulfilled.then_some(Refusal::FULFILLED),
        }
    }

    fn apply(&mut self, operation: Operation, id: u64) {
        // An accepted repeat changes nothing and announces nothing.
        if self.refusal(operation, id).is_some() {
            return;
        }
        let now = self.clock.now();
        let Some(commission) = self.commissions.get_mut(&id) else {
            return;
        };
        let before = commission.status.as_str();
        match operation {
            Operation::Approve => commission.set_status(Status::Approved),
            Operation::Deny => commission.set_status(Status::Denied),
            _ => {
                commission.fulfilled = operation == Operation::MarkFulfilled;
                let change = if commission.fulfilled {
                    ["pending", "completed"]
                } else {
                    ["completed", "pending"]
                };
                let payout = commission.payout_id().unwrap_or_default();
                let data = commission.payout_data(now);
                return self.announce("payout", payout, change, &data);
            }
        }
        let change = [before, commission.status.as_str()];
        let data = commission.webhook_data();
        self.announce("commission", id, change, &data);
    }
}

impl Batch {
    /// A `BatchOperationResponse`. The id is the place in the list, from 1.
    fn json(&self, index: usize, now: &str) -> Value {
        let over = self.rest.is_none() && self.status == "completed";
        let failed = self.errors.len();
        let processed = if over { self.ids.len() - failed } else { 0 };
        let errors = self.errors.iter().map(
            |(id, refusal)| json!({ "id": id, "code": refusal.code, "message": refusal.message }),
        );
        json!({
            "id": index + 1,
            "status": self.status,
            "total": self.ids.len(),
            "selected_total": self.ids.len(),
            "processed_count": processed,
            "failed_count": failed,
            "action_label": label(self.operation),
            "created_at": self.created_at,
            "updated_at": now,
            "meta": {},
            "progress": if over { 100 } else { 0 },
            "processing_errors": errors.collect::<Vec<_>>(),
        })
    }
}

fn label(operation: Operation) -> &'static str {
    match operation {
        Operation::Approve => "Approve commissions",
        Operation::Deny => "Deny commissions",
        Operation::MarkUnfulfilled => "Mark commissions as unfulfilled",
        _ => "Mark commissions as fulfilled",
    }
}

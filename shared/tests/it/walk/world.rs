//! The world: a platform with its events, the table, and the workers.
//!
//! # What may happen
//! An event is posted with each change and waits in `events` until it arrives. A worker
//! is a [`Job`] from the time it leases a promise: it calls once, by the settings it was
//! started with, and writes down the outcome, or dies. Nobody else gets the promise while
//! its worker lives; after that anybody does, as if the lease's time were up.
//!
//! # What must hold
//! The world writes as the binaries do: what is due leads to a lease, a reconciliation or
//! a parking, and to nothing else; a torn read, the record as it was before the latest
//! event, is never written from; and no worker gets a reward to give that the newest event
//! denies, unless the platform was asked after it.

use crate::machine::table::{Row, row};
use crate::mapping::event;
use crate::providers::{
    FIRSTPROMOTER, FIRSTPROMOTER_V1, decide, input_from_record, rewards, transition,
};
use crate::walk::setup::Setup;
use shared::fulfilment::{
    Endpoint, Input, Policy, Promise, Snapshot, State, Taken, Taker, Transition, View,
};
use shared::ledger::Record;
use shared::provider::Definition;
use shared::receive::decide::Decision;
use shared::wire::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// A worker that took what is due.
pub(super) struct Job {
    pub(super) epoch: u32,
    /// The promise as it was leased, and the record that was read with it.
    pub(super) taken: Promise,
    pub(super) record: Record,
    /// The outcome of its call, once it has called.
    pub(super) outcome: Option<Input>,
}

/// A change that the platform accepted and has not made at once.
pub(super) struct Batch {
    pub(super) id: String,
    /// The batch marks as fulfilled; else it takes the mark away.
    pub(super) marks: bool,
    pub(super) has_run: bool,
}

#[expect(clippy::struct_excessive_bools, reason = "a world has many sides")]
pub(super) struct World {
    pub(super) setup: Setup,
    pub(super) policy: Policy,
    // The platform.
    pub(super) unit: &'static str,
    pub(super) promoter: u32,
    /// The platform names no promoter any more.
    pub(super) names_no_promoter: bool,
    pub(super) status: &'static str,
    pub(super) status_since: Timestamp,
    /// The views that its list has given.
    pub(super) views_shown_before: Vec<View>,
    pub(super) marked_fulfilled: bool,
    pub(super) amount: u32,
    pub(super) clock: i64,
    pub(super) events_posted: u32,
    pub(super) events: Vec<Value>,
    pub(super) batches: Vec<Batch>,
    // The endpoint: which it is, what was given, and taken back, under which key.
    pub(super) endpoint: Endpoint,
    pub(super) given_by_endpoint: BTreeMap<String, String>,
    pub(super) given_terms: BTreeMap<String, String>,
    pub(super) taken_back: BTreeSet<String>,
    pub(super) calls_of_unknown_end: BTreeMap<String, u32>,
    pub(super) times_resumed: u32,
    // The table, and the workers that hold something of it.
    pub(super) record: Option<Record>,
    /// The record before the latest event: what a torn read may bring.
    pub(super) record_before: Option<Record>,
    pub(super) promises: BTreeMap<u32, Promise>,
    pub(super) jobs: Vec<Job>,
    /// Requests of v1 whose answer is held, by the promise they wait for.
    pub(super) held_requests: Vec<u32>,
    // For the oracle.
    /// Time and status of the newest event that was taken in.
    pub(super) newest_event: Option<(Timestamp, &'static str)>,
    pub(super) event_was_lost: bool,
    /// The time at which the operator closed it last.
    pub(super) closed_at: Option<Timestamp>,
    pub(super) operator_let_it_differ: bool,
    pub(super) operator_let_it_be_kept: bool,
    /// The list, which is behind, showed as fulfilled what is not marked any more.
    pub(super) old_mark_was_shown: bool,
    /// A batch marked as fulfilled what was taken back meanwhile.
    pub(super) batch_marked_too_late: bool,
    /// The settings said for a time that it was another source's.
    pub(super) source_was_changed: bool,
    /// Nothing happens any more but what is owed.
    pub(super) coming_to_rest: bool,
    pub(super) log: Vec<String>,
    /// The rows of the machine's tables that were taken.
    pub(super) rows: BTreeSet<Row>,
    /// The states in which promises began.
    pub(super) starts: BTreeSet<State>,
}

pub(super) type Check = Result<(), String>;

impl World {
    pub(super) fn new(setup: Setup) -> Self {
        let mut world = World {
            setup,
            policy: setup.policy(),
            unit: if setup.begins_in_unknown_unit { "gift" } else { "points" },
            promoter: 31,
            names_no_promoter: false,
            status: if setup.is_v1() { "approved" } else { "pending" },
            status_since: Timestamp::parse("2026-10-01T00:00:00Z").unwrap(),
            views_shown_before: vec![],
            marked_fulfilled: false,
            amount: 500,
            clock: 0,
            events_posted: 0,
            events: vec![],
            batches: vec![],
            endpoint: Endpoint { id: "a".into(), idempotent: setup.endpoint_is_idempotent },
            given_by_endpoint: BTreeMap::new(),
            given_terms: BTreeMap::new(),
            taken_back: BTreeSet::new(),
            calls_of_unknown_end: BTreeMap::new(),
            times_resumed: 0,
            record: None,
            record_before: None,
            promises: BTreeMap::new(),
            jobs: vec![],
            held_requests: vec![],
            newest_event: None,
            event_was_lost: false,
            closed_at: None,
            operator_let_it_differ: false,
            operator_let_it_be_kept: false,
            old_mark_was_shown: false,
            batch_marked_too_late: false,
            source_was_changed: false,
            coming_to_rest: false,
            log: vec![],
            rows: BTreeSet::new(),
            starts: BTreeSet::new(),
        };
        world.post_event("commission.created", &json!({}));
        world
    }

    /// The world's clock.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_ms(
            Timestamp::parse("2026-10-01T00:00:00Z").unwrap().ms() + self.clock * 1000,
        )
    }

    /// Notes what happened, for the one who reads a failure.
    pub(super) fn log_line(&mut self, text: String) {
        self.log.push(text);
    }

    pub(super) fn provider(&self) -> &'static Definition {
        if self.setup.is_v1() { FIRSTPROMOTER_V1 } else { FIRSTPROMOTER }
    }

    /// The promise of now.
    pub(super) fn latest(&self) -> Option<&Promise> {
        self.promises.values().next_back()
    }

    /// The keys that were given and not taken back.
    pub(super) fn holding(&self) -> Vec<&String> {
        self.given_terms.keys().filter(|key| !self.taken_back.contains(*key)).collect()
    }

    /// Writes promises as the store does.
    pub(super) fn write_promises(&mut self, next: Vec<Promise>, by: &str) {
        for p in next {
            let text = format!(
                "  {by}: {} {} due={:?} amount={:?} parked={:?}{}{}{}",
                p.key,
                p.state.name(),
                p.due,
                p.terms.amount,
                p.parked.as_ref().map(|x| (&x.reason, x.from.name(), x.unknown)),
                if p.withdrawal.next_epoch.is_some() { " again" } else { "" },
                if p.withdrawal.pending { " withdrawn" } else { "" },
                if p.effect_uncertain { " check" } else { "" }
            );
            self.log_line(text);
            if let Some(record) = self.record.as_mut().filter(|_| p.version == 1)
                && record.epoch != p.epoch
            {
                record.epoch = p.epoch;
                record.version += 1;
            }
            if p.version == 1 {
                self.starts.insert(p.state);
            }
            self.promises.insert(p.epoch, p);
        }
    }

    /// Takes an event in.
    pub(super) fn take_in(&mut self, body: &Value) {
        let path = if self.setup.is_v1() {
            "/webhooks/firstpromoter-v1/t/fulfilments"
        } else {
            "/webhooks/firstpromoter/commissions"
        };
        let ev = event(self.provider(), path, &body.to_string()).unwrap();
        let known = Snapshot {
            record: self.record.clone(),
            promise: self.latest().cloned(),
            ..Snapshot::default()
        };
        let Decision::Write(write) = decide(&known, &ev, &self.policy, self.now()) else {
            return;
        };
        let (data, at) = (&body["data"], body["timestamp"].as_str().unwrap());
        self.log_line(format!(
            "intake: {} {} {} {} at {at}",
            body["event_type"], data["status"], data["amount"], data["unit"]
        ));
        // No date counts for more than five minutes ahead.
        let at = Timestamp::parse(at).unwrap().min(self.now().plus_seconds(300));
        let status = match data["status"].as_str() {
            Some("denied") => "denied",
            Some("pending") if !self.setup.is_v1() => "pending",
            _ => "approved",
        };
        if self.newest_event.is_none_or(|newest| newest.0 < at) {
            self.newest_event = Some((at, status));
        }
        if let (Some(promise), Some(record)) = (&known.promise, &write.record) {
            self.note_reconciled(promise, record);
        }
        self.record_before = std::mem::replace(&mut self.record, write.record);
        self.write_promises(write.promises, "intake");
        if self.setup.is_v1() {
            self.held_requests.extend(self.latest().map(|promise| promise.epoch));
        }
    }

    /// True while the worker that holds the lease lives.
    pub(super) fn has_live_worker(&self, p: &Promise) -> bool {
        self.jobs.iter().any(|job| job.epoch == p.epoch && job.taken.lease == p.lease)
    }

    /// Notes the row that the record's input to its promise takes.
    fn note_reconciled(&mut self, promise: &Promise, record: &Record) {
        if let Some(input) = input_from_record(&self.policy, self.provider(), promise, record) {
            let result = transition(promise, &input, self.policy.reversals, self.now());
            self.rows.insert(row(promise, &input, &result));
        }
    }

    /// Applies an input and saves what comes of it.
    pub(super) fn apply(&mut self, epoch: u32, input: &Input, by: &str) {
        let p = self.promises[&epoch].clone();
        let result = transition(&p, input, self.policy.reversals, self.now());
        self.rows.insert(row(&p, input, &result));
        match result {
            Transition::Changed(next) => self.write_promises(vec![*next], by),
            Transition::NewEpoch { ended, next } => self.write_promises(vec![*ended, *next], by),
            Transition::Unchanged => {}
            Transition::Invalid(why) => self.log_line(format!("  {by}: invalid {input:?}: {why}")),
        }
    }

    /// A worker takes what is due, or finds what another left. A torn read may
    /// bring it the record as it was before the latest event.
    pub(super) fn claim_what_is_due(&mut self, torn: bool) -> Result<bool, String> {
        let Some(p) = self.latest().cloned() else {
            return Ok(false);
        };
        if p.lease.is_some() && self.has_live_worker(&p) {
            return Ok(false);
        }
        self.clock += 1;
        if p.due.is_none() {
            if p.lease.is_none() {
                return Ok(false);
            }
            let lost = self.worker_lost();
            self.apply(p.epoch, &lost, "released");
            return Ok(true);
        }
        let torn = torn && self.record_before.as_ref().is_some_and(|r| r.epoch == p.epoch);
        let record = if torn { self.record_before.clone() } else { self.record.clone() };
        let record = record.unwrap();
        match self.try_to_lease(&p, &record) {
            Taken::Reconciled(_) if torn => {
                // Written on the condition that the record is the one read.
                self.log_line("claim: torn, and read again".into());
            }
            Taken::Reconciled(next) => {
                self.note_reconciled(&p, &record);
                self.write_promises(next, "claim, reconciled");
            }
            Taken::Leased(leased) if leased.lease.is_none() => {
                self.write_promises(vec![*leased], "claim");
            }
            Taken::Leased(leased) => {
                self.known_to_be_denied(&leased)?;
                let result = Transition::Changed(leased.clone());
                self.rows.insert(row(&p, &Input::Leased(self.now()), &result));
                self.write_promises(vec![*leased.clone()], "claim");
                self.jobs.push(Job { epoch: p.epoch, taken: *leased, record, outcome: None });
            }
            other => return Err(format!("{other:?} of what is due")),
        }
        Ok(true)
    }

    fn try_to_lease(&self, p: &Promise, record: &Record) -> Taken {
        let now = self.now();
        let mut p = p.clone();
        // Whoever held the lease is gone, and waiting is not played.
        p.retry.not_before = None;
        if let Some(lease) = &mut p.lease {
            lease.until = now;
        }
        let taker = Taker {
            policy: &self.policy,
            rewards: rewards(self.provider()),
            epoch: p.epoch,
            due: p.due.as_deref().unwrap_or_default(),
            endpoint: &self.endpoint,
            until: now.plus_seconds(1000),
            early_ms: 0,
            now,
        };
        taker.take(&p, record)
    }

    pub(super) fn worker_lost(&self) -> Input {
        Input::WorkerLost { not_before: self.now(), repeatable: self.endpoint.idempotent }
    }

    /// Nothing is given that the newest event denies, unless the platform was
    /// asked after it.
    fn known_to_be_denied(&self, p: &Promise) -> Check {
        match self.newest_event {
            Some((at, "denied"))
                if p.state == State::Delivering
                    && p.platform.found_since.is_none_or(|found| found < at) =>
            {
                Err(format!("{} claimed to be given, denied at {}", p.key, at.to_rfc3339()))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn retry_later(&self, last: &str, batch: Option<String>) -> Input {
        Input::RetryLater { not_before: self.now(), last: last.into(), batch }
    }

    pub(super) fn outcome_unknown(&self, repeatable: bool) -> Input {
        Input::Unknown { not_before: self.now(), last: "no answer".into(), repeatable }
    }
}

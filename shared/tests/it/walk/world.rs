//! The platform with its events, the table, and the workers.

use crate::machine::table::{Row, row};
use crate::mapping::event;
use crate::promises::policy;
use crate::providers::{
    FIRSTPROMOTER, FIRSTPROMOTER_V1, decide, input_from_record, rewards, transition,
};
use shared::fulfilment::{
    Endpoint, Input, Policy, Promise, Reversals, Snapshot, State, Taken, Taker, Transition,
    V1Confirm, View,
};
use shared::ledger::{Record, Source};
use shared::provider::Definition;
use shared::receive::decide::Decision;
use shared::wire::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// How the rewards are announced and told.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Wire {
    V2,
    V1Api,
    V1Response,
}

/// What does not change while the world is walked.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "a world has many sides")]
pub(super) struct Setup {
    pub(super) reversals: Reversals,
    pub(super) wire: Wire,
    /// The endpoint knows a key again.
    pub(super) idempotent: bool,
    /// v2 is asked to approve.
    pub(super) auto: bool,
    /// The payload does not say who gets it.
    pub(super) lacking: bool,
    /// The payload does not say whose campaign it is, and that decides.
    pub(super) nameless: bool,
    /// Events may be lost for good.
    pub(super) lossy: bool,
    /// It begins as a reward that nobody knows.
    pub(super) odd: bool,
    /// The platform's list may show what was, until everything comes to rest.
    pub(super) lags: bool,
    /// Its rows say when their status changed.
    pub(super) clocks: bool,
    /// Its events count whole seconds, and several things happen in one.
    pub(super) coarse: bool,
    /// Some of its events are dated far ahead.
    pub(super) ahead: bool,
}

/// Milliseconds by which the list is thought to be behind.
pub(super) const LAG_MS: i64 = 5_000;

impl Setup {
    /// A world in which nothing is set.
    pub(super) fn plain(wire: Wire, reversals: Reversals) -> Self {
        Self {
            reversals,
            wire,
            idempotent: false,
            auto: false,
            lacking: false,
            nameless: false,
            lossy: false,
            odd: false,
            lags: false,
            clocks: false,
            coarse: false,
            ahead: false,
        }
    }

    pub(super) fn is_v1(self) -> bool {
        self.wire != Wire::V2
    }

    fn policy(self) -> Policy {
        let mut policy = policy();
        policy.sources.by_campaign.clear();
        policy.reversals = self.reversals;
        policy.auto_approve = self.auto;
        if self.nameless {
            policy.sources.by_campaign.insert("9".into(), Source::Off);
        }
        if self.is_v1() {
            policy.sources.default = Source::V1;
        }
        if self.wire == Wire::V1Api {
            policy.v1_confirm = V1Confirm::Api;
        }
        policy
    }
}

pub(super) struct Job {
    pub(super) epoch: u32,
    pub(super) taken: Promise,
    pub(super) record: Record,
    pub(super) outcome: Option<Input>,
}

#[expect(clippy::struct_excessive_bools, reason = "a world has many sides")]
pub(super) struct World {
    pub(super) setup: Setup,
    pub(super) policy: Policy,
    // The platform.
    pub(super) unit: &'static str,
    pub(super) promoter: u32,
    /// It names no promoter any more.
    pub(super) nobody: bool,
    pub(super) status: &'static str,
    pub(super) status_since: Timestamp,
    /// What it has shown so far.
    pub(super) views: Vec<View>,
    pub(super) fulfilled: bool,
    pub(super) amount: u32,
    pub(super) clock: i64,
    pub(super) n: u32,
    pub(super) events: Vec<Value>,
    pub(super) batches: Vec<(String, bool, bool)>,
    // The endpoint: which it is, what was given, and taken back, under which key.
    pub(super) endpoint: Endpoint,
    pub(super) granted_by: BTreeMap<String, String>,
    pub(super) granted: BTreeMap<String, String>,
    pub(super) reversed: BTreeSet<String>,
    pub(super) calls: BTreeMap<String, u32>,
    pub(super) resumes: u32,
    // The table, and the workers that hold something of it.
    pub(super) record: Option<Record>,
    /// The record before the latest event: what a torn read may bring.
    pub(super) record_before: Option<Record>,
    pub(super) promises: BTreeMap<u32, Promise>,
    pub(super) jobs: Vec<Job>,
    /// Requests of v1 whose answer is held, by the promise they wait for.
    pub(super) holds: Vec<u32>,
    // What the oracle has to know.
    /// Time and status of the newest event that was taken in.
    pub(super) newest: Option<(Timestamp, &'static str)>,
    pub(super) lost: bool,
    /// When a person closed it last.
    pub(super) closed: Option<Timestamp>,
    pub(super) diverged: bool,
    pub(super) kept: bool,
    /// The settings said for a time that it was another source's.
    pub(super) moved: bool,
    /// Nothing happens any more but what is owed.
    pub(super) resting: bool,
    pub(super) log: Vec<String>,
    /// The rows of the machine's tables that were taken.
    pub(super) rows: BTreeSet<Row>,
}

pub(super) type Check = Result<(), String>;

impl World {
    pub(super) fn new(setup: Setup) -> Self {
        let mut world = World {
            setup,
            policy: setup.policy(),
            unit: if setup.odd { "gift" } else { "points" },
            promoter: 31,
            nobody: false,
            status: if setup.is_v1() { "approved" } else { "pending" },
            status_since: Timestamp::parse("2026-10-01T00:00:00Z").unwrap(),
            views: vec![],
            fulfilled: false,
            amount: 500,
            clock: 0,
            n: 0,
            events: vec![],
            batches: vec![],
            endpoint: Endpoint { id: "a".into(), idempotent: setup.idempotent },
            granted_by: BTreeMap::new(),
            granted: BTreeMap::new(),
            reversed: BTreeSet::new(),
            calls: BTreeMap::new(),
            resumes: 0,
            record: None,
            record_before: None,
            promises: BTreeMap::new(),
            jobs: vec![],
            holds: vec![],
            newest: None,
            lost: false,
            closed: None,
            diverged: false,
            kept: false,
            moved: false,
            resting: false,
            log: vec![],
            rows: BTreeSet::new(),
        };
        world.emit("commission.created", &json!({}));
        world
    }

    /// The world's clock.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_ms(
            Timestamp::parse("2026-10-01T00:00:00Z").unwrap().ms() + self.clock * 1000,
        )
    }

    /// Notes what happened, for the one who reads a failure.
    pub(super) fn say(&mut self, text: String) {
        self.log.push(text);
    }

    pub(super) fn provider(&self) -> &'static Definition {
        if self.setup.is_v1() { FIRSTPROMOTER_V1 } else { FIRSTPROMOTER }
    }

    /// The platform posts an event, some time.
    pub(super) fn emit(&mut self, event_type: &str, changes: &Value) {
        self.n += 1;
        if !(self.setup.coarse && self.n.is_multiple_of(2)) {
            self.clock += 1;
        }
        let ahead = self.setup.ahead && !self.resting && self.n.is_multiple_of(4);
        let at = if ahead { self.now().plus_seconds(1_000_000) } else { self.now() };
        let (id, at) = (format!("e{}", self.n), at.to_rfc3339());
        self.events.push(if self.setup.is_v1() {
            let status = if self.status == "approved" { "pending" } else { self.status };
            json!({"timestamp": at,
                "event": {"id": id, "type": "fulfilment_pending", "created_at": at},
                "data": {"id": 88, "status": status, "amount": self.amount, "unit": self.unit,
                    "promoter": {"id": self.promoter, "cust_id": format!("c{}", self.promoter)},
                    "campaign": {"id": 5104}}})
        } else {
            let mut data = self.shown();
            let campaign = &mut data["promoter_campaign"];
            if self.setup.lacking {
                campaign.as_object_mut().unwrap().remove("promoter");
            }
            if self.setup.nameless {
                campaign.as_object_mut().unwrap().remove("campaign_id");
            }
            json!({"event_id": id, "event_type": event_type, "timestamp": at,
                "changes": changes, "data": data})
        });
    }

    /// The reward as v2's API shows it.
    pub(super) fn shown(&self) -> Value {
        let mut shown = self.shown_with_promoter();
        if self.nobody {
            shown["promoter_campaign"]["promoter"] = Value::Null;
        }
        shown
    }

    fn shown_with_promoter(&self) -> Value {
        json!({"id": 88, "status": self.status, "amount": self.amount, "unit": self.unit,
            "promoter_campaign": {"campaign_id": 5104, "promoter":
                {"id": self.promoter, "email": format!("p{}@example.com", self.promoter)}}})
    }

    /// The platform changes the status and says so.
    pub(super) fn become_(&mut self, status: &'static str) {
        let old = self.status;
        self.remember_view();
        self.clock += 1;
        self.status = status;
        self.status_since = self.now();
        self.say(format!("platform: {old} -> {status}"));
        self.emit("commission.updated", &json!({"status": [old, status]}));
    }

    /// What the list shows may be shown again.
    pub(super) fn remember_view(&mut self) {
        let view = self.view_of_now();
        self.views.push(view);
    }

    /// The promise of now.
    pub(super) fn latest(&self) -> Option<&Promise> {
        self.promises.values().next_back()
    }

    /// The keys that were given and not taken back.
    pub(super) fn holding(&self) -> Vec<&String> {
        self.granted.keys().filter(|key| !self.reversed.contains(*key)).collect()
    }

    /// Writes promises as the store does.
    pub(super) fn save(&mut self, next: Vec<Promise>, by: &str) {
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
            self.say(text);
            if let Some(record) = self.record.as_mut().filter(|_| p.version == 1)
                && record.epoch != p.epoch
            {
                record.epoch = p.epoch;
                record.version += 1;
            }
            self.promises.insert(p.epoch, p);
        }
    }

    /// Takes an event in.
    pub(super) fn intake(&mut self, body: &Value) {
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
        self.say(format!(
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
        if self.newest.is_none_or(|newest| newest.0 < at) {
            self.newest = Some((at, status));
        }
        if let (Some(promise), Some(record)) = (&known.promise, &write.record) {
            self.note_reconciled(promise, record);
        }
        self.record_before = std::mem::replace(&mut self.record, write.record);
        self.save(write.promises, "intake");
        if self.setup.is_v1() {
            self.holds.extend(self.latest().map(|promise| promise.epoch));
        }
    }

    /// Whether the worker that holds the lease lives.
    pub(super) fn live(&self, p: &Promise) -> bool {
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
    pub(super) fn stepped(&mut self, epoch: u32, input: &Input, by: &str) {
        let p = self.promises[&epoch].clone();
        let result = transition(&p, input, self.policy.reversals, self.now());
        self.rows.insert(row(&p, input, &result));
        match result {
            Transition::Changed(next) => self.save(vec![*next], by),
            Transition::NewEpoch { ended, next } => self.save(vec![*ended, *next], by),
            Transition::Unchanged => {}
            Transition::Invalid(why) => self.say(format!("  {by}: invalid {input:?}: {why}")),
        }
    }

    /// A worker takes what is due, or finds what another left. A torn read may
    /// bring it the record as it was before the latest event.
    pub(super) fn claim(&mut self, torn: bool) -> Result<bool, String> {
        let Some(p) = self.latest().cloned() else {
            return Ok(false);
        };
        if p.lease.is_some() && self.live(&p) {
            return Ok(false);
        }
        self.clock += 1;
        if p.due.is_none() {
            if p.lease.is_none() {
                return Ok(false);
            }
            let lost = self.worker_lost();
            self.stepped(p.epoch, &lost, "released");
            return Ok(true);
        }
        let torn = torn && self.record_before.as_ref().is_some_and(|r| r.epoch == p.epoch);
        let record = if torn { self.record_before.clone() } else { self.record.clone() };
        let record = record.unwrap();
        match self.take(&p, &record) {
            Taken::Reconciled(_) if torn => {
                // Written on the condition that the record is the one read.
                self.say("claim: torn, and read again".into());
            }
            Taken::Reconciled(next) => {
                self.note_reconciled(&p, &record);
                self.save(next, "claim, reconciled");
            }
            Taken::Leased(leased) if leased.lease.is_none() => self.save(vec![*leased], "claim"),
            Taken::Leased(leased) => {
                self.known_to_be_denied(&leased)?;
                let result = Transition::Changed(leased.clone());
                self.rows.insert(row(&p, &Input::Leased(self.now()), &result));
                self.save(vec![*leased.clone()], "claim");
                self.jobs.push(Job { epoch: p.epoch, taken: *leased, record, outcome: None });
            }
            other => return Err(format!("{other:?} of what is due")),
        }
        Ok(true)
    }

    fn take(&self, p: &Promise, record: &Record) -> Taken {
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
        match self.newest {
            Some((at, "denied"))
                if p.state == State::Delivering
                    && p.platform.found_since.is_none_or(|found| found < at) =>
            {
                Err(format!("{} claimed to be given, denied at {}", p.key, at.to_rfc3339()))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn again(&self, last: &str, batch: Option<String>) -> Input {
        Input::RetryLater { not_before: self.now(), last: last.into(), batch }
    }

    pub(super) fn unknown(&self, repeatable: bool) -> Input {
        Input::Unknown { not_before: self.now(), last: "no answer".into(), repeatable }
    }
}

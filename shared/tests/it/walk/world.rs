//! The platform with its events, the table, and the workers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use shared::fulfilment::{Input, Policy, Promise, Reversals, Stepped, step};
use shared::ledger::{Decision, Known, Record, decide};
use shared::provider::Provider::FirstPromoter;
use shared::timestamp::Timestamp;

use crate::mapping::event;
use crate::promises::policy;

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Standing {
    Fulfilled,
    Approved,
    Pending,
    Denied,
}

pub(super) struct Job {
    pub(super) epoch: u32,
    pub(super) taken: Promise,
    pub(super) record: Record,
    pub(super) outcome: Option<Input>,
}

#[expect(clippy::struct_excessive_bools, reason = "a world has many sides")]
pub(super) struct World {
    pub(super) policy: Policy,
    pub(super) idempotent: bool,
    pub(super) lacking: bool,
    // The platform.
    pub(super) status: &'static str,
    pub(super) fulfilled: bool,
    pub(super) amount: u32,
    pub(super) clock: i64,
    pub(super) n: u32,
    pub(super) events: Vec<Value>,
    pub(super) batches: Vec<(String, bool, bool)>,
    // The endpoint: what was given, and taken back, under which key.
    pub(super) granted: BTreeMap<String, String>,
    pub(super) reversed: BTreeSet<String>,
    pub(super) calls: BTreeMap<String, u32>,
    pub(super) resumes: u32,
    // The table, and the workers that hold something of it.
    pub(super) record: Option<Record>,
    pub(super) promises: BTreeMap<u32, Promise>,
    pub(super) jobs: Vec<Job>,
    pub(super) diverged: bool,
    pub(super) kept: bool,
    pub(super) log: Vec<String>,
}

pub(super) type Check = Result<(), String>;

impl World {
    pub(super) fn new(reversals: Reversals, idempotent: bool, auto: bool, lacking: bool) -> Self {
        let mut policy = policy();
        policy.source_by_campaign.clear();
        policy.reversals = reversals;
        policy.auto_approve = auto;
        let mut world = World {
            policy,
            idempotent,
            lacking,
            status: "pending",
            fulfilled: false,
            amount: 500,
            clock: 0,
            n: 0,
            events: vec![],
            batches: vec![],
            granted: BTreeMap::new(),
            reversed: BTreeSet::new(),
            calls: BTreeMap::new(),
            resumes: 0,
            record: None,
            promises: BTreeMap::new(),
            jobs: vec![],
            diverged: false,
            kept: false,
            log: vec![],
        };
        world.emit("commission.created", None);
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

    /// The platform posts an event, some time.
    pub(super) fn emit(&mut self, event_type: &str, old: Option<&str>) {
        self.clock += 1;
        self.n += 1;
        let promoter = if self.lacking {
            Value::Null
        } else {
            json!({"id": 31, "email": "p@example.com"})
        };
        let changes = old.map_or(json!({}), |old| json!({"status": [old, self.status]}));
        self.events.push(json!({"event_id": format!("e{}", self.n), "event_type": event_type, "timestamp": self.now().text(),
            "changes": changes,
            "data": {"id": 88, "status": self.status, "amount": self.amount, "unit": "points",
                "promoter_campaign": {"campaign_id": 5104, "promoter": promoter}}}));
    }

    /// The platform changes the status and says so.
    pub(super) fn become_(&mut self, status: &'static str) {
        let old = self.status;
        self.status = status;
        self.say(format!("platform: {old} -> {status}"));
        self.emit("commission.updated", Some(old));
    }

    /// The promise of now.
    pub(super) fn latest(&self) -> Option<&Promise> {
        self.promises.values().next_back()
    }

    /// The keys that were given and not taken back.
    pub(super) fn holding(&self) -> Vec<&String> {
        self.granted
            .keys()
            .filter(|key| !self.reversed.contains(*key))
            .collect()
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
                p.parked
                    .as_ref()
                    .map(|x| (&x.reason, x.from.name(), x.unknown)),
                if p.again.is_some() { " again" } else { "" },
                if p.withdrawn { " withdrawn" } else { "" },
                if p.check { " check" } else { "" }
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
        let ev = event(
            FirstPromoter,
            "/webhooks/firstpromoter/commissions",
            &body.to_string(),
        )
        .unwrap();
        let known = Known {
            record: self.record.clone(),
            event: false,
            promise: self.latest().cloned(),
        };
        let now = self.now();
        if let Decision::Write(write) = decide(&known, &ev, &self.policy, now) {
            self.say(format!(
                "intake: {} {} {} at {}",
                body["event_type"],
                body["data"]["status"],
                body["data"]["amount"],
                body["timestamp"]
            ));
            self.record = write.record;
            self.save(write.promises, "intake");
        }
    }

    /// Whether the worker that holds the lease lives.
    pub(super) fn live(&self, p: &Promise) -> bool {
        self.jobs
            .iter()
            .any(|job| job.epoch == p.epoch && job.taken.lease == p.lease)
    }

    /// Applies an input and saves what comes of it.
    pub(super) fn stepped(&mut self, epoch: u32, input: &Input, by: &str) {
        let p = self.promises[&epoch].clone();
        match step(&p, input, self.policy.reversals, self.now()) {
            Stepped::Changed(next) => self.save(vec![*next], by),
            Stepped::NewEpoch { ended, next } => self.save(vec![*ended, *next], by),
            Stepped::Unchanged => {}
            Stepped::Invalid(why) => self.say(format!("  {by}: invalid {input:?}: {why}")),
        }
    }

    /// A worker takes what is due, or finds what another left.
    pub(super) fn claim(&mut self) -> bool {
        let Some(p) = self.latest().cloned() else {
            return false;
        };
        if p.lease.is_some() && self.live(&p) {
            return false;
        }
        self.clock += 1;
        if p.due.is_none() {
            if p.lease.is_none() {
                return false;
            }
            let crashed = Input::Unknown {
                not_before: self.now(),
                last: "the worker ended in the middle".into(),
                repeatable: self.idempotent,
            };
            self.stepped(p.epoch, &crashed, "released");
            return true;
        }
        let until = self.now().plus_seconds(1000);
        self.stepped(p.epoch, &Input::Leased(until), "claim");
        let taken = self.promises[&p.epoch].clone();
        let record = self.record.clone().unwrap();
        self.jobs.push(Job {
            epoch: p.epoch,
            taken,
            record,
            outcome: None,
        });
        true
    }

    pub(super) fn again(&self, last: &str, batch: Option<String>) -> Input {
        Input::Again {
            not_before: self.now(),
            last: last.into(),
            batch,
        }
    }

    pub(super) fn unknown(&self, repeatable: bool) -> Input {
        Input::Unknown {
            not_before: self.now(),
            last: "no answer".into(),
            repeatable,
        }
    }
}

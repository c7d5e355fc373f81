//! Random walks of platform, endpoint, intake, workers and persons over the
//! pure core, with an oracle of its own: one reward held while it is approved,
//! none while it is not, nothing told too early, nothing stuck.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use shared::fulfilment::{
    GIVEN_THERE, Input, Policy, Promise, Reversals, State, Stepped, Terms, Word, entry, heard,
    restate, step,
};
use shared::ledger::{Decision, Known, Record, decide};
use shared::provider::Provider::FirstPromoter;
use shared::timestamp::Timestamp;

use crate::mapping::event;
use crate::promises::policy;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Standing {
    Fulfilled,
    Approved,
    Pending,
    Denied,
}

struct Job {
    epoch: u32,
    taken: Promise,
    record: Record,
    outcome: Option<Input>,
}

struct World {
    policy: Policy,
    idempotent: bool,
    lacking: bool,
    // platform
    status: &'static str,
    fulfilled: bool,
    amount: u32,
    clock: i64,
    n: u32,
    events: Vec<Value>,
    batches: Vec<(String, bool, bool)>,
    // endpoint
    granted: BTreeMap<String, String>,
    reversed: BTreeSet<String>,
    calls: BTreeMap<String, u32>,
    resumes: u32,
    // table
    record: Option<Record>,
    promises: BTreeMap<u32, Promise>,
    jobs: Vec<Job>,
    diverged: bool,
    kept: bool,
    log: Vec<String>,
}

type Check = Result<(), String>;

impl World {
    fn new(reversals: Reversals, idempotent: bool, auto: bool, lacking: bool) -> Self {
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
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(
            Timestamp::parse("2026-10-01T00:00:00Z").unwrap().ms() + self.clock * 1000,
        )
    }
    fn say(&mut self, text: String) {
        self.log.push(text);
    }
    fn emit(&mut self, event_type: &str, old: Option<&str>) {
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
    fn become_(&mut self, status: &'static str) {
        let old = self.status;
        self.status = status;
        self.say(format!("platform: {old} -> {status}"));
        self.emit("commission.updated", Some(old));
    }
    fn latest(&self) -> Option<&Promise> {
        self.promises.values().next_back()
    }
    fn holding(&self) -> Vec<&String> {
        self.granted
            .keys()
            .filter(|key| !self.reversed.contains(*key))
            .collect()
    }
    fn save(&mut self, next: Vec<Promise>, by: &str) {
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
            if p.version == 1 {
                if let Some(record) = &mut self.record {
                    if record.epoch != p.epoch {
                        record.epoch = p.epoch;
                        record.version += 1;
                    }
                }
            }
            self.promises.insert(p.epoch, p);
        }
    }
    fn intake(&mut self, body: &Value) {
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
    fn live(&self, p: &Promise) -> bool {
        self.jobs
            .iter()
            .any(|job| job.epoch == p.epoch && job.taken.lease == p.lease)
    }
    fn stepped(&mut self, epoch: u32, input: &Input, by: &str) {
        let p = self.promises[&epoch].clone();
        match step(&p, input, self.policy.reversals, self.now()) {
            Stepped::Changed(next) => self.save(vec![*next], by),
            Stepped::NewEpoch { ended, next } => self.save(vec![*ended, *next], by),
            Stepped::Unchanged => {}
            Stepped::Invalid(why) => self.say(format!("  {by}: invalid {input:?}: {why}")),
        }
    }
    fn claim(&mut self) -> bool {
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
    fn again(&self, last: &str, batch: Option<String>) -> Input {
        Input::Again {
            not_before: self.now(),
            last: last.into(),
            batch,
        }
    }
    fn unknown(&self, repeatable: bool) -> Input {
        Input::Unknown {
            not_before: self.now(),
            last: "no answer".into(),
            repeatable,
        }
    }
    fn standing(&self) -> Standing {
        match (self.fulfilled, self.status) {
            (true, _) => Standing::Fulfilled,
            (_, "approved") => Standing::Approved,
            (_, "pending") => Standing::Pending,
            _ => Standing::Denied,
        }
    }
    fn there(&self) -> Terms {
        let body = json!({"event_id": "x", "event_type": "commission.updated", "timestamp": self.now().text(),
            "data": {"id": 88, "status": self.status, "amount": self.amount, "unit": "points",
            "promoter_campaign": {"campaign_id": 5104, "promoter": {"id": 31, "email": "p@example.com"}}}});
        let ev = event(
            FirstPromoter,
            "/webhooks/firstpromoter/commissions",
            &body.to_string(),
        )
        .unwrap();
        let Decision::Write(write) = decide(&Known::default(), &ev, &self.policy, self.now())
        else {
            panic!()
        };
        shared::fulfilment::terms(
            &self.policy,
            FirstPromoter,
            &write.record.unwrap(),
            Some("5104"),
            None,
        )
    }
    fn mark(&mut self, roll: u8, promise: &Promise) -> Result<Input, String> {
        if self.status != "approved" || self.fulfilled {
            return Ok(self.stands());
        }
        let told = |w: &mut World| -> Check {
            w.fulfilled = true;
            if promise.delivered_at.is_none() || !w.granted.contains_key(&promise.key) {
                return Err("told fulfilled before given".into());
            }
            Ok(())
        };
        Ok(match roll % 8 {
            0 => self.again("429", None),
            1 => {
                told(self)?;
                self.unknown(true)
            }
            2 => self.unknown(true),
            3 => {
                let id = format!("m{}", self.clock);
                self.batches.push((id.clone(), true, false));
                self.again("accepted", Some(id))
            }
            4 if roll > 200 => Input::Refused("401".into()),
            _ => {
                told(self)?;
                Input::Done
            }
        })
    }
    fn stands(&self) -> Input {
        match self.standing() {
            Standing::Fulfilled => Input::Done,
            Standing::Approved => self.again("not fulfillable yet", None),
            _ => Input::DeniedThere,
        }
    }
    fn batch(&self, id: &str) -> Option<Input> {
        let done = self.batches.iter().find(|b| b.0 == id).map(|b| b.2);
        match done {
            Some(true) => Some(Input::Done),
            Some(false) => Some(self.again("accepted", Some(id.into()))),
            None => None,
        }
    }
    fn tick(&mut self, i: usize) {
        let Some(i) = self
            .batches
            .iter()
            .enumerate()
            .filter(|(_, b)| !b.2)
            .map(|(i, _)| i)
            .nth(i)
        else {
            return;
        };
        let marks = self.batches[i].1;
        self.batches[i].2 = true;
        self.say(format!(
            "platform: batch {} runs, fulfilled={marks}",
            self.batches[i].0
        ));
        if !marks {
            self.fulfilled = false;
        } else if self.status == "approved" {
            self.fulfilled = true;
        }
    }
    /// The call itself: what it does there, and what the worker makes of it.
    fn call(&mut self, i: usize, roll: u8) -> Check {
        let job = &self.jobs[i];
        if job.outcome.is_some() {
            return Ok(());
        }
        let (taken, record) = (job.taken.clone(), job.record.clone());
        let amount = taken.terms.amount.clone().unwrap_or_default();
        self.clock += 1;
        let input = match taken.state {
            State::Delivering => {
                let effect = |w: &mut World| -> Check {
                    let calls = w.calls.entry(taken.key.clone()).or_default();
                    *calls += 1;
                    if !w.idempotent && *calls > 1 + w.resumes {
                        return Err(format!("raw call number {calls} of {}", taken.key));
                    }
                    Ok(())
                };
                let grant = |w: &mut World| -> Check {
                    if !w.granted.contains_key(&taken.key) {
                        if !w.holding().is_empty() {
                            return Err(format!(
                                "{} given while {:?} is held",
                                taken.key,
                                w.holding()
                            ));
                        }
                        w.granted.insert(taken.key.clone(), amount.clone());
                    } else if w.reversed.contains(&taken.key) {
                        return Err("given again under a key that was taken back".into());
                    }
                    Ok(())
                };
                match roll % 10 {
                    0 => {
                        effect(self)?;
                        grant(self)?;
                        self.unknown(self.idempotent)
                    }
                    1 => {
                        effect(self)?;
                        self.unknown(self.idempotent)
                    }
                    2 => {
                        if self.idempotent {
                            self.again("429", None)
                        } else {
                            Input::Refused("429".into())
                        }
                    }
                    3 if roll > 120 => Input::Refused("422".into()),
                    4 => self.again("no connection", None),
                    _ => {
                        effect(self)?;
                        grant(self)?;
                        Input::Done
                    }
                }
            }
            State::Reversing => {
                let reverse = |w: &mut World| -> Check {
                    if let Some(given) = w.granted.get(&taken.key) {
                        if *given != amount {
                            return Err(format!("{} gave {given}, {amount} taken back", taken.key));
                        }
                        w.reversed.insert(taken.key.clone());
                    }
                    Ok(())
                };
                match roll % 8 {
                    0 => {
                        reverse(self)?;
                        self.unknown(self.idempotent)
                    }
                    1 => self.unknown(self.idempotent),
                    2 => self.again("no connection", None),
                    3 if roll > 120 => Input::Refused("422".into()),
                    _ => {
                        reverse(self)?;
                        Input::Done
                    }
                }
            }
            State::LookupDue | State::AwaitingApproval => {
                if roll % 6 == 0 {
                    self.again("503", None)
                } else {
                    let mut known = taken.terms.clone();
                    if let Some(Input::Approved(terms, _)) =
                        restate(&self.policy, FirstPromoter, &taken, &record)
                    {
                        known = taken.known(&terms);
                    }
                    match self.standing() {
                        Standing::Approved => self.found(&taken, known.with(&self.there())),
                        Standing::Fulfilled => Input::Refused(GIVEN_THERE.into()),
                        Standing::Pending if taken.state == State::AwaitingApproval => {
                            self.again("not approved yet", None)
                        }
                        _ => Input::DeniedThere,
                    }
                }
            }
            State::ApprovalDue => match (self.status, roll % 6) {
                (_, 0) => self.again("429", None),
                ("pending", 1) => self.unknown(true),
                ("pending", 2) => {
                    self.become_("approved");
                    self.unknown(true)
                }
                ("pending", 3) if roll > 150 => Input::Refused("401".into()),
                ("pending", _) => {
                    self.become_("approved");
                    Input::Asked(self.now())
                }
                _ => match self.standing() {
                    Standing::Approved => self.found(&taken, taken.terms.with(&self.there())),
                    Standing::Fulfilled => Input::Refused(GIVEN_THERE.into()),
                    _ => Input::DeniedThere,
                },
            },
            State::Reversed => {
                if let Some(id) = &taken.batch {
                    self.batch(id).unwrap_or(Input::Done)
                } else {
                    match roll % 6 {
                        0 => self.again("429", None),
                        1 => {
                            self.fulfilled = false;
                            self.unknown(true)
                        }
                        2 => {
                            let id = format!("u{}", self.clock);
                            self.batches.push((id.clone(), false, false));
                            self.again("accepted", Some(id))
                        }
                        _ => {
                            self.fulfilled = false;
                            Input::Done
                        }
                    }
                }
            }
            State::Confirming => {
                let polled = taken.batch.as_ref().and_then(|id| self.batch(id));
                match polled {
                    Some(input @ Input::Again { .. }) => input,
                    _ if taken.check || taken.batch.is_some() => match self.standing() {
                        Standing::Approved => self.mark(roll, &taken)?,
                        _ => self.stands(),
                    },
                    _ => self.mark(roll, &taken)?,
                }
            }
            other => return Err(format!("leased in {other:?}")),
        };
        self.say(
            format!("call of {} in {}: {input:?}", taken.key, taken.state.name())
                .chars()
                .take(150)
                .collect(),
        );
        self.jobs[i].outcome = Some(input);
        Ok(())
    }
    fn found(&self, taken: &Promise, terms: Terms) -> Input {
        let entry = entry(&self.policy, FirstPromoter, taken, &terms, Some("5104"));
        Input::Found {
            terms,
            campaign_id: Some("5104".into()),
            entry,
        }
    }
    fn finish(&mut self, i: usize) {
        let job = self.jobs.remove(i);
        let Some(input) = job.outcome else {
            self.say("worker: gone before its call".into());
            return;
        };
        let announced = self.record.as_ref().and_then(|record| record.announced);
        let taken = (&job.taken, job.record.announced);
        let newest = (&self.promises[&job.epoch], announced);
        let Some(input) = heard(&input, taken, newest, self.now()) else {
            self.say(format!("worker: late {input:?}").chars().take(80).collect());
            return;
        };
        let input = input.into_owned();
        self.stepped(job.epoch, &input, "worker");
    }
    fn person(&mut self, roll: u8) -> bool {
        let Some(p) = self.latest().cloned() else {
            return false;
        };
        let Some(parked) = p.parked.clone() else {
            return false;
        };
        let given = self.granted.contains_key(&p.key);
        let back = self.reversed.contains(&p.key);
        let (mut granted, mut keep) = (None, false);
        if parked.unknown {
            granted = Some(if parked.from == State::ReversalDue {
                back
            } else {
                given
            });
        } else if parked.reason == GIVEN_THERE {
            if given {
                granted = Some(true)
            } else {
                self.fulfilled = false
            }
        } else if parked.reason == "withdrawn_after_delivery" && roll % 3 == 0 {
            keep = true;
            self.kept = true;
        }
        if parked.reason == "changed_after_delivery" || p.stated.is_some() {
            self.diverged = true;
        }
        self.resumes += 1;
        self.clock += 1;
        self.say(format!(
            "person: {:?} {} granted={granted:?} keep={keep}",
            parked.from, parked.reason
        ));
        self.stepped(
            p.epoch,
            &Input::Resumed(Word {
                by: "ana".into(),
                granted,
                close: keep,
                because: "x".into(),
            }),
            "person",
        );
        true
    }
    fn act(&mut self, what: u8, roll: u8) -> Check {
        match what % 16 {
            0 => match (self.status, roll % 2) {
                ("pending", _) => self.become_("approved"),
                ("approved", 0) => self.become_("denied"),
                ("approved", _) => self.become_("pending"),
                (_, _) => self.become_("approved"),
            },
            1 => {
                self.amount += 100;
                self.say(format!("platform: amount {}", self.amount));
                self.emit("commission.updated", None);
            }
            2 => {
                self.emit("commission.updated", None);
                if self.status == "approved" {
                    self.emit("commission.approved", None)
                }
            }
            3..=6 => {
                if !self.events.is_empty() {
                    let i = usize::from(roll / 4) % self.events.len();
                    let i = if roll % 4 == 0 { i } else { 0 };
                    let body = self.events.remove(i);
                    self.intake(&body);
                }
            }
            7..=9 => {
                self.claim();
            }
            10 | 11 => {
                if !self.jobs.is_empty() {
                    let i = usize::from(roll) % self.jobs.len();
                    self.call(i, roll)?;
                }
            }
            12 | 13 => {
                if !self.jobs.is_empty() {
                    let i = usize::from(roll) % self.jobs.len();
                    if self.jobs[i].outcome.is_some() || roll % 4 == 0 {
                        if roll % 8 == 0 {
                            self.say("worker: dies".into());
                            self.jobs.remove(i);
                        } else {
                            self.finish(i);
                        }
                    }
                }
            }
            14 => match roll % 3 {
                0 => {
                    self.person(roll / 3);
                }
                _ => self.tick(usize::from(roll) % 3),
            },
            _ => {
                if roll % 4 == 0 {
                    if let Some(p) = self.latest().cloned() {
                        if !self.live(&p) {
                            self.stepped(p.epoch, &Input::OverAge, "over age");
                        }
                    }
                }
            }
        }
        Ok(())
    }
    fn settle(&mut self) -> Check {
        self.say("--- to rest".into());
        for round in 0..80 {
            let mut moved = false;
            while !self.events.is_empty() {
                let body = self.events.remove(0);
                self.intake(&body);
                moved = true;
            }
            while !self.jobs.is_empty() {
                self.call(0, 95)?;
                self.finish(0);
                moved = true;
            }
            while self.batches.iter().any(|b| !b.2) {
                self.tick(0);
                moved = true;
            }
            // It waits for an approval that does not come, until it is over age.
            if self.status == "pending"
                && self
                    .latest()
                    .is_some_and(|p| p.state == State::AwaitingApproval)
            {
                return self.at_rest();
            }
            moved |= self.claim();
            moved |= self.person(1);
            if !moved {
                return self.at_rest();
            }
            if round == 79 {
                return Err("never at rest".into());
            }
        }
        Ok(())
    }
    fn at_rest(&self) -> Check {
        let held = self.holding();
        let p = self.latest();
        let announced = self.record.as_ref().is_some_and(|r| r.announced.is_some());
        if self.status == "approved" && announced {
            if held.len() != 1 {
                return Err(format!(
                    "approved, and held {held:?}; {:?}",
                    p.map(|p| p.state)
                ));
            }
            let amount = &self.granted[held[0]];
            if *amount != self.amount.to_string() && !self.diverged {
                return Err(format!(
                    "{amount} given, {} approved, and nobody was asked",
                    self.amount
                ));
            }
            if p.map(|p| p.state) != Some(State::Confirmed) {
                return Err(format!("approved and given, {:?}", p.map(|p| p.state)));
            }
            if !self.fulfilled && !p.unwrap().kept {
                return Err("given and confirmed, and the platform does not show it".into());
            }
        } else if !held.is_empty() && !self.kept {
            return Err(format!(
                "{}, and held {held:?}; {:?}",
                self.status,
                p.map(|p| p.state)
            ));
        }
        Ok(())
    }
}

fn play(
    way: usize,
    idempotent: bool,
    auto: bool,
    lacking: bool,
    acts: &[(u8, u8)],
) -> Result<(), String> {
    let reversals = [
        Reversals::Deliver,
        Reversals::Park,
        Reversals::DeliverAndUnmark,
    ][way];
    let mut world = World::new(reversals, idempotent, auto, lacking);
    let mut run = || -> Check {
        for (what, roll) in acts {
            world.act(*what, *roll)?;
        }
        world.settle()
    };
    let end = run();
    end.map_err(|why| {
        format!(
            "{why}\n{reversals:?} idempotent={idempotent} auto={auto} lacking={lacking}\n{}",
            world.log.join("\n")
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("WALKS").ok().and_then(|n| n.parse().ok()).unwrap_or(3_000), max_shrink_iters: 200_000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_walk(acts in prop::collection::vec((0..16_u8, any::<u8>()), 1..90), way in 0..3_usize, idempotent: bool, auto: bool, lacking: bool) {
        if let Err(why) = play(way, idempotent, auto, lacking, &acts) { return Err(TestCaseError::fail(why)); }
    }
}

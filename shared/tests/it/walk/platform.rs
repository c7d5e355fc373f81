//! The platform: its events, its list and its batches.

use crate::mapping::event;
use crate::providers::{FIRSTPROMOTER, decide, stated_terms};
use crate::walk::calls::terms_in_words;
use crate::walk::setup::Wire;
use crate::walk::world::World;
use serde_json::{Value, json};
use shared::fulfilment::{Input, PlatformStatus, Snapshot, Terms, View};
use shared::receive::decide::Decision;

impl World {
    /// The platform posts an event, which arrives some time later.
    pub(super) fn post_event(&mut self, event_type: &str, changes: &Value) {
        self.events_posted += 1;
        if !(self.setup.events_share_seconds && self.events_posted.is_multiple_of(2)) {
            self.clock += 1;
        }
        let ahead = self.setup.dates_events_ahead
            && !self.coming_to_rest
            && self.events_posted.is_multiple_of(4);
        let at = if ahead { self.now().plus_seconds(1_000_000) } else { self.now() };
        let (id, at) = (format!("e{}", self.events_posted), at.to_rfc3339());
        self.events.push(if self.setup.is_v1() {
            let status = if self.status == "approved" { "pending" } else { self.status };
            json!({"timestamp": at,
                "event": {"id": id, "type": "fulfilment_pending", "created_at": at},
                "data": {"id": 88, "status": status, "amount": self.amount, "unit": self.unit,
                    "promoter": {"id": self.promoter, "cust_id": format!("c{}", self.promoter)},
                    "campaign": {"id": 5104}}})
        } else {
            let mut data = self.row_at_platform();
            let campaign = &mut data["promoter_campaign"];
            if self.setup.payload_lacks_recipient {
                campaign.as_object_mut().unwrap().remove("promoter");
            }
            if self.setup.payload_lacks_campaign {
                campaign.as_object_mut().unwrap().remove("campaign_id");
            }
            json!({"event_id": id, "event_type": event_type, "timestamp": at,
                "changes": changes, "data": data})
        });
    }

    /// The reward as v2's API shows it.
    fn row_at_platform(&self) -> Value {
        let mut shown = self.row_with_promoter();
        if self.names_no_promoter {
            shown["promoter_campaign"]["promoter"] = Value::Null;
        }
        shown
    }

    fn row_with_promoter(&self) -> Value {
        json!({"id": 88, "status": self.status, "amount": self.amount, "unit": self.unit,
            "promoter_campaign": {"campaign_id": 5104, "promoter":
                {"id": self.promoter, "email": format!("p{}@example.com", self.promoter)}}})
    }

    /// The platform changes the status and says so.
    pub(super) fn change_status(&mut self, status: &'static str) {
        let old = self.status;
        self.remember_view();
        self.clock += 1;
        self.status = status;
        self.status_since = self.now();
        self.log_line(format!("platform: {old} -> {status}"));
        self.post_event("commission.updated", &json!({"status": [old, status]}));
    }

    /// Notes what the list shows now: one that lags may show it again.
    pub(super) fn remember_view(&mut self) {
        let view = self.view_of_now();
        self.views_shown_before.push(view);
    }

    /// The status at the platform.
    fn status_at_platform(&self) -> PlatformStatus {
        match (self.marked_fulfilled, self.status) {
            (true, _) => PlatformStatus::Fulfilled,
            (_, "approved") => PlatformStatus::Approved,
            (_, "pending") => PlatformStatus::Pending,
            _ => PlatformStatus::Denied,
        }
    }

    /// The view that the platform would give now.
    pub(super) fn view_of_now(&self) -> View {
        View {
            standing: self.status_at_platform(),
            since: self.setup.list_has_clocks.then_some(self.status_since),
            terms: self.terms_at_platform(),
            campaign_id: (self.setup.wire == Wire::V2).then(|| "5104".into()),
            ..View::of(PlatformStatus::NotFound)
        }
    }

    /// The view that its list gives: one that lags may show anything that it has shown.
    pub(super) fn view_that_is_shown(&mut self, roll: u8, asked: &Terms) -> View {
        let past =
            self.setup.list_lags && !self.coming_to_rest && !self.views_shown_before.is_empty();
        let view = if past && roll.is_multiple_of(2) {
            self.views_shown_before[usize::from(roll / 2) % self.views_shown_before.len()].clone()
        } else {
            self.view_of_now()
        };
        let marked = view.standing == PlatformStatus::Fulfilled;
        self.old_mark_was_shown |= marked && !self.marked_fulfilled;
        if self.setup.wire == Wire::V2 {
            return view;
        }
        // v1 finds only what is as it was announced, and its rows have no clock.
        let same = terms_in_words(asked) == terms_in_words(&view.terms);
        View::of(if same { view.standing } else { PlatformStatus::NotFound })
    }

    /// The terms that the platform shows.
    pub(super) fn terms_at_platform(&self) -> Terms {
        let body = json!({"event_id": "x", "event_type": "commission.updated", "timestamp": self.now().to_rfc3339(),
            "data": self.row_at_platform()});
        let path = "/webhooks/firstpromoter/commissions";
        let ev = event(FIRSTPROMOTER, path, &body.to_string()).unwrap();
        let Decision::Write(write) = decide(&Snapshot::default(), &ev, &self.policy, self.now())
        else {
            panic!()
        };
        let record = write.record.unwrap();
        stated_terms(&self.policy, FIRSTPROMOTER, &record, Some("5104"), None)
    }

    /// The outcome of polling a batch.
    pub(super) fn poll_batch(&self, id: &str) -> Option<Input> {
        let done = self.batches.iter().find(|batch| batch.id == id).map(|batch| batch.has_run);
        match done {
            Some(true) => Some(Input::Done),
            Some(false) => Some(self.retry_later("accepted", Some(id.into()))),
            None => None,
        }
    }

    /// A batch runs.
    pub(super) fn run_batch(&mut self, i: usize) {
        let Some(batch) = self.batches.iter_mut().filter(|batch| !batch.has_run).nth(i) else {
            return;
        };
        batch.has_run = true;
        let marks = batch.marks;
        let line = format!("platform: batch {} runs, fulfilled={marks}", batch.id);
        self.log_line(line);
        if !marks {
            self.marked_fulfilled = false;
        } else if self.status == "approved" {
            self.marked_fulfilled = true;
            self.batch_marked_too_late |= self.holding().is_empty();
        }
    }
}

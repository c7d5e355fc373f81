//! The account of the fake FirstPromoter, which holds what webhooks announce.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::mpsc;

use super::announced::{Announced, payout};
use crate::play::fakes::FakeFirstPromoter;
use crate::play::fakes::firstpromoter::{Commission, Payout};
use crate::play::sign::body;
use crate::stage::{Exchange, Observer};

/// The account, as what comes in at the front changes it: FirstPromoter would have known
/// of a commission before its webhook, so the fake knows of it when the request arrives.
/// What a refused request said is undone.
#[derive(Debug)]
pub(crate) struct Account {
    firstpromoter: Arc<FakeFirstPromoter>,
    /// True while the samples are played, which the account holds from the start.
    playing: AtomicBool,
    /// What was before a request that is not answered yet, by the request's id.
    before: Mutex<BTreeMap<String, Before>>,
    exchanges: mpsc::UnboundedSender<Exchange>,
}

/// What the account held before a request.
#[derive(Debug)]
enum Before {
    Commission(u64, Option<Box<Commission>>),
    Payout(u64, Option<Box<Payout>>),
}

impl Account {
    /// The account of a fake; it passes on each request with its answer.
    pub(super) fn new(
        firstpromoter: Arc<FakeFirstPromoter>,
        exchanges: mpsc::UnboundedSender<Exchange>,
    ) -> Self {
        let (playing, before) = (AtomicBool::new(false), Mutex::default());
        Self { firstpromoter, playing, before, exchanges }
    }

    /// Adds the commission, or the payout of v1, that a sample announces.
    pub(super) fn seed(&self, body: &Value) {
        if let Some(announced) = Announced::of(body).filter(Announced::is_whole) {
            self.firstpromoter.add_commission(announced.commission());
        }
        if let Some(payout) = payout(body) {
            self.firstpromoter.add_payout(payout);
        }
    }

    /// Says whether the samples are being played. What the account holds stays as it is
    /// then, as it is what the samples come to.
    pub(crate) fn set_playing(&self, playing: bool) {
        self.playing.store(playing, Ordering::Relaxed);
    }

    /// Takes up what a webhook says; gives what was before, if that was anything else.
    fn take_up(&self, body: &Value) -> Option<Before> {
        let fake = &self.firstpromoter;
        let playing = self.playing.load(Ordering::Relaxed);
        if body.get("action").and_then(Value::as_str) == Some("deleted") {
            return None;
        }
        if let Some(announced) = Announced::of(body) {
            let id = announced.id;
            let before = fake.commission(id);
            match &before {
                Some(_) if playing => return None,
                Some(_) => {
                    let _ = fake.edit_commission(id, |held| announced.apply(held));
                }
                None => fake.add_commission(announced.commission()),
            }
            return Some(Before::Commission(id, before.map(Box::new)));
        }
        let mut payout = payout(body)?;
        let (id, before) = (payout.id, fake.payout(payout.id));
        if let Some(held) = &before {
            if playing {
                return None;
            }
            // That it is pending was said before it was paid.
            payout.status = held.status;
        }
        fake.add_payout(payout);
        Some(Before::Payout(id, before.map(Box::new)))
    }

    /// Goes back to what was before a webhook that was refused.
    fn undo(&self, before: Before) {
        let fake = &self.firstpromoter;
        match before {
            Before::Commission(id, None) => fake.remove_commission(id),
            Before::Commission(id, Some(before)) => {
                // A confirmation that came meanwhile stays.
                let _ = fake.edit_commission(id, |held| {
                    let fulfilled = held.fulfilled;
                    *held = *before;
                    held.fulfilled |= fulfilled;
                });
            }
            Before::Payout(id, None) => fake.remove_payout(id),
            Before::Payout(id, Some(mut before)) => {
                before.status = fake.payout(id).map_or(before.status, |held| held.status);
                fake.add_payout(*before);
            }
        }
    }

    fn before(&self) -> MutexGuard<'_, BTreeMap<String, Before>> {
        self.before.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Account {
    fn arrived(&self, id: &str, event: &Value) {
        let body = body(event).ok().and_then(|body| serde_json::from_slice(&body).ok());
        let before = body.and_then(|body: Value| self.take_up(&body));
        if let Some(before) = before {
            self.before().insert(id.to_owned(), before);
        }
    }

    fn answered(&self, exchange: Exchange) {
        let before = self.before().remove(&exchange.id);
        if let Some(before) = before.filter(|_| !(200..300).contains(&exchange.status)) {
            self.undo(before);
        }
        // At the end of a run nobody listens.
        let _ = self.exchanges.send(exchange);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use serde_json::json;

    use super::*;
    use crate::play::fakes::firstpromoter::{PayoutStatus, Status};

    async fn account() -> Account {
        let fake = Arc::new(FakeFirstPromoter::start(0).await.unwrap());
        Account::new(fake, mpsc::unbounded_channel().0)
    }

    fn approved(id: u64, amount: i64) -> Value {
        json!({
            "entity_type": "commission",
            "data": { "id": id, "status": "approved", "amount": amount, "unit": "points" },
        })
    }

    fn send(account: &Account, body: &Value, status: u16) {
        account.arrived("1", &json!({ "body": body.to_string() }));
        account.answered(Exchange {
            id: "1".to_owned(),
            at: SystemTime::now(),
            method: "POST".to_owned(),
            path: "/".to_owned(),
            event: None,
            status,
            took: Duration::ZERO,
            lines: Vec::new(),
        });
        assert!(account.before().is_empty());
    }

    #[tokio::test]
    async fn what_a_request_says_is_held_from_its_arrival_on() {
        let account = account().await;
        account.arrived("1", &json!({ "body": approved(7, 5).to_string() }));
        let held = account.firstpromoter.commission(7).unwrap();
        assert_eq!((held.status, held.amount, held.has_payout), (Status::Approved, 5, true));
    }

    #[tokio::test]
    async fn a_refused_request_leaves_the_account_as_it_was() {
        let account = account().await;
        send(&account, &approved(7, 5), 401);
        assert_eq!(account.firstpromoter.commission(7), None);
        send(&account, &approved(7, 5), 200);
        assert!(account.firstpromoter.edit_commission(7, |held| held.fulfilled = true));
        send(&account, &approved(7, 9), 401);
        assert_eq!(account.firstpromoter.commission(7).unwrap().amount, 5);
    }

    #[tokio::test]
    async fn a_later_webhook_changes_what_it_says_and_nothing_else() {
        let account = account().await;
        send(&account, &approved(7, 5), 200);
        let promoter = account.firstpromoter.commission(7).unwrap().promoter;
        assert!(account.firstpromoter.edit_commission(7, |held| held.fulfilled = true));
        let mut denied = approved(7, 6);
        denied["data"]["status"] = json!("denied");
        send(&account, &denied, 200);
        let held = account.firstpromoter.commission(7).unwrap();
        assert_eq!((held.status, held.amount, held.fulfilled), (Status::Denied, 6, true));
        assert_eq!(held.promoter, promoter);
        denied["action"] = json!("deleted");
        denied["data"]["amount"] = json!(0);
        send(&account, &denied, 200);
        assert_eq!(account.firstpromoter.commission(7).unwrap().amount, 6);
    }

    #[tokio::test]
    async fn while_the_samples_are_played_only_what_is_new_is_taken_up() {
        let account = account().await;
        send(&account, &approved(7, 5), 200);
        account.set_playing(true);
        send(&account, &approved(7, 6), 200);
        send(&account, &approved(8, 6), 200);
        let amount = |id| account.firstpromoter.commission(id).unwrap().amount;
        assert_eq!((amount(7), amount(8)), (5, 6));
    }

    #[tokio::test]
    async fn a_payout_that_is_paid_stays_paid() {
        let account = account().await;
        let mut body = json!({
            "event": { "type": "fulfilment_pending" },
            "data": { "id": 3, "amount": 2, "unit": "credits",
                "promoter": { "id": 4 }, "campaign": { "id": 5 } },
        });
        send(&account, &body, 200);
        assert!(account.firstpromoter.set_payout_status(3, PayoutStatus::Completed));
        body["data"]["amount"] = json!(9);
        send(&account, &body, 200);
        let held = account.firstpromoter.payout(3).unwrap();
        assert_eq!((held.amount, held.status), (9, PayoutStatus::Completed));
        body["data"]["id"] = json!(30);
        send(&account, &body, 503);
        assert_eq!(account.firstpromoter.payout(30), None);
    }
}

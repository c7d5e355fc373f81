//! The platforms' events, in words.

use serde_json::{Value, json};
use shared::wire::Timestamp;

/// The v1 token of the development secrets.
pub const TOKEN: &str = "dev-path-token-8f2b6c1e9a7d4035b1e6";

/// Affonso's events of payouts are sent here.
pub const AFFONSO: &str = "/webhooks/affonso/payouts";
/// FirstPromoter's events of commissions are sent here.
pub const COMMISSIONS: &str = "/webhooks/firstpromoter/commissions";

/// FirstPromoter v1 sends the events of a family here.
#[must_use]
pub fn v1_path(family: &str) -> String {
    format!("/webhooks/firstpromoter-v1/{TOKEN}/{family}")
}

/// A platform's request, apart from its signature.
pub trait Webhook {
    /// The address that it is sent to.
    fn path(&self) -> String;

    /// The body.
    fn body(&self) -> String;
}

/// A `commission.*` event of FirstPromoter.
#[derive(Debug, Clone)]
pub struct CommissionEvent {
    id: u64,
    event: Option<String>,
    kind: &'static str,
    changes: Value,
    second: u32,
    timestamp: Option<String>,
    data: Value,
}

/// A commission of 500 points that promoter 31 earned in campaign 5104 by
/// referral 77. It is created pending, at second 0.
#[must_use]
pub fn commission(id: u64) -> CommissionEvent {
    let data = json!({"id": id, "status": "pending", "amount": 500, "unit": "points",
        "promoter_campaign": {"campaign_id": 5104, "promoter": {"id": 31, "email": "p@example.com"}},
        "referral": {"id": 77, "uid": "u-77"}});
    let changes = json!({});
    CommissionEvent { id, event: None, kind: "created", changes, second: 0, timestamp: None, data }
}

impl CommissionEvent {
    /// The commission was created in this status.
    #[must_use]
    pub fn created(self, status: &str) -> Self {
        self.of_kind("created").with_status(status)
    }

    /// The commission's status changed.
    #[must_use]
    pub fn updated(self, from: &str, to: &str) -> Self {
        self.of_kind("updated").with_status(to).changes(json!({"status": [from, to]}))
    }

    /// Something of the commission changed, but not this status.
    #[must_use]
    pub fn edited(self, status: &str) -> Self {
        self.of_kind("updated").with_status(status)
    }

    /// The commission was approved, at second 1.
    #[must_use]
    pub fn approved(self) -> Self {
        self.updated("pending", "approved").second(1)
    }

    /// The commission was denied after all, at second 2.
    #[must_use]
    pub fn denied(self) -> Self {
        self.updated("approved", "denied").second(2)
    }

    /// The event is of the type `commission.{kind}`.
    #[must_use]
    pub fn of_kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    /// The payload names this status.
    #[must_use]
    pub fn with_status(mut self, status: &str) -> Self {
        self.data["status"] = status.into();
        self
    }

    /// The payload names these changes.
    #[must_use]
    pub fn changes(self, changes: Value) -> Self {
        Self { changes, ..self }
    }

    /// Another event id than the one made of what happened and when.
    #[must_use]
    pub fn event(self, event: &str) -> Self {
        Self { event: Some(event.into()), ..self }
    }

    /// The second at which the event is dated, for the order.
    #[must_use]
    pub fn second(self, second: u32) -> Self {
        Self { second, ..self }
    }

    /// The event is dated so many seconds from now, by the clock of the functions.
    #[must_use]
    pub fn in_seconds(self, seconds: i64) -> Self {
        let timestamp = Timestamp::now().plus_seconds(seconds).to_rfc3339();
        Self { timestamp: Some(timestamp), ..self }
    }

    /// Another amount.
    #[must_use]
    pub fn amount(mut self, amount: u32) -> Self {
        self.data["amount"] = amount.into();
        self
    }

    /// Another campaign.
    #[must_use]
    pub fn campaign(mut self, campaign: u32) -> Self {
        self.data["promoter_campaign"]["campaign_id"] = campaign.into();
        self
    }

    /// Another promoter.
    #[must_use]
    pub fn promoter(mut self, id: u32, email: &str) -> Self {
        self.data["promoter_campaign"]["promoter"] = json!({ "id": id, "email": email });
        self
    }

    /// The payload does not say who is rewarded.
    #[must_use]
    pub fn without_promoter(mut self) -> Self {
        self.data["promoter_campaign"] = Value::Null;
        self
    }

    /// The payload does not say whose purchase it was.
    #[must_use]
    pub fn without_referral(mut self) -> Self {
        self.data["referral"] = Value::Null;
        self
    }

    fn timestamp(&self) -> String {
        let (minute, second) = (self.second / 60, self.second % 60);
        let of_the_play = || format!("2026-10-01T10:{minute:02}:{second:02}Z");
        self.timestamp.clone().unwrap_or_else(of_the_play)
    }

    fn event_id(&self) -> String {
        let status = self.data["status"].as_str().unwrap();
        let made = || format!("{}-{}-{status}-{}", self.id, self.kind, self.second);
        self.event.clone().unwrap_or_else(made)
    }
}

impl Webhook for CommissionEvent {
    fn path(&self) -> String {
        COMMISSIONS.into()
    }

    fn body(&self) -> String {
        json!({"event_id": self.event_id(), "event_type": format!("commission.{}", self.kind),
            "entity_id": self.id, "changes": self.changes, "timestamp": self.timestamp(),
            "data": self.data})
        .to_string()
    }
}

/// A `fulfilment_pending` of FirstPromoter v1.
#[derive(Debug, Clone)]
pub struct FulfilmentEvent {
    event: u64,
    data: Value,
}

/// A v1 fulfilment of 2 free months that promoter 31 waits for in campaign 7731,
/// under event id 1.
#[must_use]
pub fn pending_fulfilment(id: u64) -> FulfilmentEvent {
    let data = json!({"id": id, "status": "pending", "amount": 2, "unit": "free_months",
        "promoter": {"id": 31}, "campaign": {"id": 7731}});
    FulfilmentEvent { event: 1, data }
}

impl FulfilmentEvent {
    /// Another event id.
    #[must_use]
    pub fn event(self, event: u64) -> Self {
        Self { event, ..self }
    }

    /// Another amount.
    #[must_use]
    pub fn amount(mut self, amount: u32) -> Self {
        self.data["amount"] = amount.into();
        self
    }

    /// Another unit.
    #[must_use]
    pub fn unit(mut self, unit: &str) -> Self {
        self.data["unit"] = unit.into();
        self
    }

    /// Another campaign.
    #[must_use]
    pub fn campaign(mut self, campaign: u32) -> Self {
        self.data["campaign"]["id"] = campaign.into();
        self
    }
}

impl Webhook for FulfilmentEvent {
    fn path(&self) -> String {
        v1_path("fulfilments")
    }

    fn body(&self) -> String {
        json!({"event": {"id": self.event, "type": "fulfilment_pending", "created_at": "2026-10-01T10:00:00Z"},
            "data": self.data})
        .to_string()
    }
}

/// A `payout.*` event of Affonso.
#[derive(Debug, Clone)]
pub struct PayoutEvent {
    event: String,
    kind: String,
    data: Value,
}

/// A pending payout `p` of Affonso, last changed at minute 0.
#[must_use]
pub fn payout(event: &str, kind: &str) -> PayoutEvent {
    let data = json!({"payoutId": "p", "status": "PENDING"});
    PayoutEvent { event: event.into(), kind: kind.into(), data }.minute(0)
}

impl PayoutEvent {
    /// Another payout.
    #[must_use]
    pub fn of(mut self, payout: &str) -> Self {
        self.data["payoutId"] = payout.into();
        self
    }

    /// Another status.
    #[must_use]
    pub fn status(mut self, status: &str) -> Self {
        self.data["status"] = status.into();
        self
    }

    /// The minute at which the payout was last changed, for the order.
    #[must_use]
    pub fn minute(self, minute: u32) -> Self {
        self.updated_at(&format!("2026-10-01T10:{minute:02}:00Z"))
    }

    /// The time at which the payout was last changed.
    #[must_use]
    pub fn updated_at(mut self, time: &str) -> Self {
        self.data["updatedAt"] = time.into();
        self
    }

    /// The number of its invoice.
    #[must_use]
    pub fn invoice(mut self, number: u32) -> Self {
        self.data["invoiceNumber"] = number.into();
        self
    }
}

impl Webhook for PayoutEvent {
    fn path(&self) -> String {
        AFFONSO.into()
    }

    fn body(&self) -> String {
        json!({"id": self.event, "type": self.kind, "createdAt": "2026-10-01T10:00:00Z",
            "data": self.data})
        .to_string()
    }
}

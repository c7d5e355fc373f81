//! The data of an account, and its form in the API and in webhooks.

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Status of a commission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Waits for an approval.
    Pending,
    /// Approved.
    Approved,
    /// Denied.
    Denied,
}

impl Status {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
        }
    }
}

/// Status of a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayoutStatus {
    /// Not begun.
    Pending,
    /// Begun.
    Processing,
    /// Done.
    Completed,
}

impl PayoutStatus {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Processing, Self::Completed]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// The person who promotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promoter {
    /// FirstPromoter's id.
    pub id: u64,
    /// E-mail address.
    pub email: String,
}

impl Promoter {
    /// A promoter with an invented address.
    #[must_use]
    pub fn new(id: u64) -> Self {
        Self { id, email: format!("promoter-{id}@example.com") }
    }
}

/// The customer who was brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referral {
    /// FirstPromoter's id.
    pub id: u64,
    /// E-mail address.
    pub email: String,
    /// The company's own id.
    pub uid: String,
}

impl Referral {
    /// A referral with an invented address and uid.
    #[must_use]
    pub fn new(id: u64) -> Self {
        Self { id, email: format!("customer-{id}@example.com"), uid: format!("customer-{id}") }
    }

    fn json(&self) -> Value {
        json!({ "id": self.id, "email": self.email, "uid": self.uid })
    }
}

/// A commission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commission {
    /// Id.
    pub id: u64,
    /// Status.
    pub status: Status,
    /// `points`, `credits`, `free_months`, `mon_discount`, `discount_per` or
    /// `cash`.
    pub unit: String,
    /// Amount in the unit; cents for cash.
    pub amount: i64,
    /// The person who earned the commission.
    pub promoter: Promoter,
    /// The customer whose purchase caused the commission.
    pub referral: Option<Referral>,
    /// Id of the campaign.
    pub campaign: u64,
    /// True if the payout record exists that an approval creates.
    pub has_payout: bool,
    /// True if that payout is completed.
    pub fulfilled: bool,
    /// Time of creation.
    pub created_at: OffsetDateTime,
    /// Time of the last change of the status; `None` until the first approval or
    /// denial.
    pub status_updated_at: Option<OffsetDateTime>,
    /// FirstPromoter's own judgement on fraud.
    pub fraud_check: String,
    /// True if promoter and customer are one person.
    pub is_self_referral: bool,
}

impl Commission {
    /// A pending commission of campaign 1, its promoter and its referral named
    /// after its id.
    #[must_use]
    pub fn new(id: u64, unit: &str, amount: i64) -> Self {
        Self {
            id,
            status: Status::Pending,
            unit: unit.to_owned(),
            amount,
            promoter: Promoter::new(id),
            referral: Some(Referral::new(id)),
            campaign: 1,
            has_payout: false,
            fulfilled: false,
            created_at: OffsetDateTime::now_utc(),
            status_updated_at: None,
            fraud_check: "no_suspicion".into(),
            is_self_referral: false,
        }
    }

    /// The commission in this status; an approved one has its payout record.
    #[must_use]
    pub fn with_status(mut self, status: Status) -> Self {
        self.set_status(status);
        self
    }

    /// The id of the payout, while there is one.
    #[must_use]
    pub fn payout_id(&self) -> Option<u64> {
        self.has_payout.then_some(self.id + 500_000)
    }

    pub(super) fn set_status(&mut self, status: Status) {
        if self.status != status {
            self.status = status;
            self.status_updated_at = Some(OffsetDateTime::now_utc());
        }
        self.has_payout |= status == Status::Approved;
    }

    /// The commission as `GET /commissions` shows it.
    pub(super) fn json(&self) -> Value {
        json!({
            "id": self.id,
            "status": self.status.as_str(),
            "metadata": {},
            "is_self_referral": self.is_self_referral,
            "commission_type": "sale",
            "created_by_user_email": null,
            "created_by_user_at": null,
            "sale_amount": 0,
            "original_sale_amount": 0,
            "original_sale_currency": null,
            "event_id": null,
            "plan_id": null,
            "tier": 1,
            "internal_note": null,
            "external_note": null,
            "unit": self.unit,
            "fraud_check": self.fraud_check,
            "amount": self.amount,
            // The value for a fulfilled reward is not documented.
            "is_paid": false,
            "is_split": false,
            "created_at": timestamp(self.created_at),
            "status_updated_at": self.status_updated_at.map(timestamp),
            "promoter_campaign": {
                "id": self.promoter.id + 700_000,
                "campaign_id": self.campaign,
                "promoter_id": self.promoter.id,
                "created_at": timestamp(self.created_at),
                "promoter": promoter(&self.promoter),
                "campaign": campaign(self.campaign),
            },
            "referral": self.referral.as_ref().map(Referral::json),
            "reward": { "id": self.campaign + 900_000, "name": format!("{} {}", self.amount, self.unit) },
            "split_details": null,
        })
    }

    /// The `data` of a webhook on the commission.
    pub(super) fn webhook_data(&self) -> Value {
        json!({
            "id": self.id,
            "status": self.status.as_str(),
            "amount": self.amount,
            "unit": self.unit,
            "referral": self.referral.as_ref().map(Referral::json),
            "created_at": timestamp(self.created_at),
        })
    }

    /// The `data` of a webhook on the payout of the commission.
    pub(super) fn payout_data(&self, now: OffsetDateTime) -> Value {
        let status = if self.fulfilled { "completed" } else { "pending" };
        json!({
            "id": self.payout_id(),
            "status": status,
            "amount": self.amount,
            "payments_batch_id": null,
            "tax_rate": null,
            "unit": self.unit,
            "period_start": null,
            "period_end": null,
            "paid_at": self.fulfilled.then(|| timestamp(now)),
            "processing_started_at": null,
            "failed_at": null,
            "error": null,
            "total_incl_tax": self.amount,
            "created_at": timestamp(self.created_at),
            "payout_method": null,
            "promoter": promoter(&self.promoter),
            "campaign": campaign(self.campaign),
        })
    }
}

/// A payout of v1, which is v1's form of a fulfilment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// Id.
    pub id: u64,
    /// Status.
    pub status: PayoutStatus,
    /// Unit in v1's spelling (`discount_mon`).
    pub unit: String,
    /// Amount in the unit; cents for cash.
    pub amount: i64,
    /// The person who gets the payout.
    pub promoter: Promoter,
    /// Id of the campaign.
    pub campaign: u64,
    /// Time of creation.
    pub created_at: OffsetDateTime,
}

impl Payout {
    /// A pending payout of campaign 1, its promoter named after its id.
    #[must_use]
    pub fn new(id: u64, unit: &str, amount: i64) -> Self {
        Self {
            id,
            status: PayoutStatus::Pending,
            unit: unit.to_owned(),
            amount,
            promoter: Promoter::new(id),
            campaign: 1,
            created_at: OffsetDateTime::now_utc(),
        }
    }

    /// The payout as v1 shows it.
    pub(super) fn json(&self) -> Value {
        let completed = self.status == PayoutStatus::Completed;
        json!({
            "id": self.id,
            "status": self.status.as_str(),
            "amount": self.amount,
            "date_paid": completed.then(|| timestamp(self.created_at)),
            "due_date": null,
            "unit": self.unit,
            "created_at": timestamp(self.created_at),
            "has_issues": false,
            "promoter": {
                "id": self.promoter.id,
                "status": "active",
                "cust_id": "",
                "email": self.promoter.email,
            },
            "campaign": campaign(self.campaign),
        })
    }
}

fn promoter(promoter: &Promoter) -> Value {
    let name = format!("Promoter {}", promoter.id);
    json!({ "id": promoter.id, "email": promoter.email, "name": name })
}

fn campaign(id: u64) -> Value {
    json!({ "id": id, "name": format!("Campaign {id}"), "color": "#4a90d9" })
}

pub(super) fn timestamp(at: OffsetDateTime) -> String {
    // Only a year beyond 9999 cannot be written.
    at.format(&Rfc3339).unwrap_or_default()
}

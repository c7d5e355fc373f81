//! Commissions and payouts that webhooks announce, as the account holds them.

use serde_json::Value;

use crate::play::fakes::firstpromoter::{Commission, Payout, Promoter, Referral, Status};

fn number(value: &Value, pointer: &str) -> Option<u64> {
    value.pointer(pointer)?.as_u64()
}

pub(super) fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}

/// What a v2 webhook says of a commission.
#[derive(Debug, Clone)]
pub(super) struct Announced {
    pub(super) id: u64,
    status: Status,
    unit: String,
    amount: i64,
    promoter: Option<Promoter>,
    referral: Option<Referral>,
    campaign: Option<u64>,
}

impl Announced {
    /// The commission that a webhook's body speaks of, unless it is deleted.
    pub(super) fn of(body: &Value) -> Option<Self> {
        if body.get("entity_type")?.as_str()? != "commission" {
            return None;
        }
        let promoter = number(body, "/data/promoter_campaign/promoter/id");
        let email = |pointer: &str| text(body, pointer).unwrap_or_default();
        Some(Self {
            id: number(body, "/data/id")?,
            status: match body.pointer("/data/status")?.as_str()? {
                "approved" => Status::Approved,
                "denied" => Status::Denied,
                _ => Status::Pending,
            },
            unit: text(body, "/data/unit")?,
            amount: body.pointer("/data/amount")?.as_i64()?,
            promoter: promoter
                .map(|id| Promoter { id, email: email("/data/promoter_campaign/promoter/email") }),
            referral: number(body, "/data/referral/id").map(|id| Referral {
                id,
                email: email("/data/referral/email"),
                uid: text(body, "/data/referral/uid").unwrap_or_default(),
            }),
            campaign: number(body, "/data/promoter_campaign/campaign_id"),
        })
    }

    /// True if the webhook says who earned it in which campaign.
    pub(super) fn is_whole(&self) -> bool {
        self.promoter.is_some() && self.campaign.is_some()
    }

    /// The commission; what the webhook does not say is made up.
    pub(super) fn commission(&self) -> Commission {
        let mut commission = Commission::new(self.id, &self.unit, self.amount);
        commission.referral = None;
        self.apply(&mut commission);
        commission
    }

    /// Changes a commission to what the webhook says of it.
    pub(super) fn apply(&self, commission: &mut Commission) {
        commission.unit.clone_from(&self.unit);
        commission.amount = self.amount;
        if let Some(promoter) = &self.promoter {
            commission.promoter = promoter.clone();
        }
        if let Some(referral) = &self.referral {
            commission.referral = Some(referral.clone());
        }
        if let Some(campaign) = self.campaign {
            commission.campaign = campaign;
        }
        *commission = commission.clone().with_status(self.status);
    }
}

/// The payout that a fulfilment of v1 speaks of.
pub(super) fn payout(body: &Value) -> Option<Payout> {
    if body.pointer("/event/type")?.as_str()? != "fulfilment_pending" {
        return None;
    }
    let amount = body.pointer("/data/amount")?.as_i64()?;
    let unit = text(body, "/data/unit")?;
    let mut payout = Payout::new(number(body, "/data/id")?, &unit, amount);
    payout.promoter = Promoter {
        id: number(body, "/data/promoter/id")?,
        email: text(body, "/data/promoter/email").unwrap_or_default(),
    };
    payout.campaign = number(body, "/data/campaign/id")?;
    Some(payout)
}

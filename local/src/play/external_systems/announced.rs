//! Commissions and payouts that webhooks announce, as the account holds them.

use serde_json::Value;

use crate::play::fakes::firstpromoter::{Commission, Payout, Promoter, Referral, Status};

fn number(value: &Value, pointer: &str) -> Option<u64> {
    value.pointer(pointer)?.as_u64()
}

pub(super) fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}

/// The commission that a v2 webhook speaks of.
pub(super) fn commission(body: &Value) -> Option<Commission> {
    if body.get("entity_type")?.as_str()? != "commission" {
        return None;
    }
    let amount = body.pointer("/data/amount")?.as_i64()?;
    let unit = text(body, "/data/unit")?;
    let status = match body.pointer("/data/status")?.as_str()? {
        "approved" => Status::Approved,
        "denied" => Status::Denied,
        _ => Status::Pending,
    };
    let mut commission = Commission::new(number(body, "/data/id")?, &unit, amount);
    commission.promoter = Promoter {
        id: number(body, "/data/promoter_campaign/promoter/id")?,
        email: text(body, "/data/promoter_campaign/promoter/email").unwrap_or_default(),
    };
    commission.referral = number(body, "/data/referral/id").map(|id| Referral {
        id,
        email: text(body, "/data/referral/email").unwrap_or_default(),
        uid: text(body, "/data/referral/uid").unwrap_or_default(),
    });
    commission.campaign = number(body, "/data/promoter_campaign/campaign_id")?;
    Some(commission.with_status(status))
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

//! The message to the company's own system.

use serde_json::{Value, json};

use crate::fulfilment::promise::Promise;
use crate::fulfilment::rewards::Rewards;
use crate::fulfilment::state::State;

/// The body of a delivery, or of its reversal while a promise is being taken back,
/// as docs/reward.schema.json describes it. It is the same for every try of one
/// key. `None` while recipient, unit or amount is missing: then nothing may go out.
#[must_use]
pub fn reward(promise: &Promise, rewards: &Rewards, subject_id: &str) -> Option<Value> {
    if !promise.terms.is_complete() {
        return None;
    }
    let kind = if promise.state == State::Reversing { "reward.reversed" } else { "reward.granted" };
    let recipient = promise.terms.recipient.as_ref();
    Some(json!({
        "type": kind,
        "timestamp": promise.announced_at.to_rfc3339(),
        "data": {
            "key": promise.key,
            "epoch": promise.epoch,
            "provider": rewards.provider.name(),
            rewards.id_field: subject_id,
            "campaign_id": promise.campaign_id,
            "affiliate_id": promise.terms.affiliate_id,
            "customer_id": promise.terms.customer_id,
            "recipient": {
                "role": recipient.map(|to| to.role.as_str()),
                "id": recipient.and_then(|to| to.id.as_deref()),
                "reference": recipient.and_then(|to| to.reference.as_deref()),
                "email": recipient.and_then(|to| to.email.as_deref()),
            },
            "amount": promise.terms.amount,
            "unit": promise.terms.unit,
        },
    }))
}

//! The rewards of webhooks v1: fulfilments that are pending.

use crate::fulfilment::{Party, RewardStatus, Rewards};
use crate::ledger::{Kind, Source};
use crate::provider::firstpromoter_v1::PROVIDER;
use crate::provider::status::is_withdrawn;

/// The rewards of webhooks v1.
pub static REWARDS: Rewards = Rewards {
    provider: PROVIDER,
    source: Source::V1,
    kind: Kind::Fulfilment,
    id_field: "fulfilment_id",
    is_signed: false,
    can_be_asked: false,
    can_approve: false,
    dates_status: false,
    can_unmark: false,
    confirms_by_response: true,
    status,
    promoter: Party {
        id: "affiliate_id",
        fact: "affiliate",
        path: &[],
        reference: Some("cust_id"),
    },
    referral: Party { id: "customer_id", fact: "customer", path: &[], reference: Some("uid") },
};

/// The status of a reward by its fulfilment's. A fulfilment is pending because its
/// reward was approved.
fn status(status: Option<&str>) -> RewardStatus {
    match status {
        None | Some("pending" | "processing") => RewardStatus::Approved,
        Some(status) if is_withdrawn(status) => RewardStatus::Withdrawn,
        Some(_) => RewardStatus::Unclear,
    }
}

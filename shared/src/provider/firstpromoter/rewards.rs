//! The rewards of webhooks v2: commissions that are not money.

use crate::fulfilment::{Party, RewardStatus, Rewards};
use crate::ledger::{Kind, Source};
use crate::provider::firstpromoter::PROVIDER;
use crate::provider::status::is_withdrawn;

/// The rewards of webhooks v2.
pub static REWARDS: Rewards = Rewards {
    provider: PROVIDER,
    source: Source::V2,
    kind: Kind::Commission,
    id_field: "commission_id",
    is_signed: true,
    can_be_asked: true,
    can_approve: true,
    dates_status: true,
    can_unmark: true,
    confirms_by_response: false,
    status,
    promoter: Party { id: "affiliate_id", fact: "enrolment", path: &["promoter"], reference: None },
    referral: Party { id: "customer_id", fact: "customer", path: &[], reference: Some("uid") },
};

/// The status of a reward by its commission's, which says whether the reward is
/// approved.
fn status(status: Option<&str>) -> RewardStatus {
    match status {
        Some("approved") => RewardStatus::Approved,
        Some("pending") => RewardStatus::Withdrawn,
        Some(status) if is_withdrawn(status) => RewardStatus::Withdrawn,
        _ => RewardStatus::Unclear,
    }
}

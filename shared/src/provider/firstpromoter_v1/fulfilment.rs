//! `fulfilment_pending`: a reward that the company must fulfil.

use std::collections::BTreeMap;

use crate::ledger::{Change, Identity, Kind, Malformed, Subject};
use crate::provider::definition::Delivered;
use crate::provider::firstpromoter::unit::unit_of;
use crate::provider::firstpromoter_v1::envelope::{Promoter, Reward, clock_of, event_part};
use crate::provider::mapping::{amount_fact, facts, object, rename, required, state};
use crate::wire::{Credential, Decimal, Id, NumberId, Text, Time, Unread, Word, payload};

/// The event type of a reward to be fulfilled. An answer of exactly 200 marks the
/// reward fulfilled for good, so such events have answers of their own.
pub const FULFILMENT_PENDING: &str = "fulfilment_pending";

payload! {
    /// The data of `fulfilment_pending`.
    struct Fulfilment {
        id: Id,
        status: Word,
        amount: Decimal,
        unit: Word,
        date_paid: Text,
        due_date: Text,
        created_at: Time,
        has_issues: Text,
        reward: Reward,
        promoter: Promoter,
        campaign: Campaign,
    }

    /// A campaign.
    struct Campaign {
        id: NumberId,
        name: Text,
        landing_url: Text,
        description: Text,
        private: Text,
        color: Text,
        /// The URL that FirstPromoter calls, with our token in it.
        #[serde(skip_serializing)]
        default_webhook_url: Credential,
        auto_approve_rewards: Text,
        auto_approve_promoters: Text,
        offer: Reward,
        referral_reward: Reward,
        promotion_reward: Reward,
        target_reward: Reward,
    }
}

pub(super) fn read(
    delivered: &Delivered,
    unread: &mut Unread,
) -> Result<(Identity, Change), Malformed> {
    let body = delivered.body;
    let (identity, part) = event_part(body, unread)?;
    let fulfilment: Fulfilment = object(body, "data", unread)?;
    let id = required(&fulfilment.id, "data.id")?;
    let mut facts = facts(&fulfilment)?;
    facts.remove("id");
    let unit = fulfilment.unit.map(unit_of).deciding();
    amount_fact(&mut facts, &fulfilment.amount.clone().deciding(), &unit);
    facts.remove("unit");
    rename(&mut facts, "promoter", "affiliate");
    rename(&mut facts, "created_at", "occurred_at");
    let affiliate = fulfilment.promoter.then(|promoter| promoter.id.clone()).deciding();
    state(&mut facts, "affiliate_id", affiliate.map(NumberId::as_str));
    let campaign = fulfilment.campaign.then(|campaign| campaign.id.clone()).deciding();
    state(&mut facts, "campaign_id", campaign.map(NumberId::as_str));
    let status = fulfilment.status.map(Word::lower);
    let clock = clock_of(FULFILMENT_PENDING, &part, &status, unread);
    state(&mut facts, "status", status);
    let change = Change {
        subject: Subject { kind: Kind::Fulfilment, id },
        clock: Some(clock),
        facts,
        deletes: false,
        announces: true,
        changes_unread: false,
        was: BTreeMap::new(),
    };
    Ok((identity, change))
}

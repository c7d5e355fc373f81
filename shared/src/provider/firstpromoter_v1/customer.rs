//! A lead that became a customer.

use std::collections::BTreeMap;

use crate::ledger::{Change, Identity, Kind, Malformed, Subject};
use crate::provider::definition::Delivered;
use crate::provider::firstpromoter_v1::envelope::{Promoter, Reward, clock_of, event_part};
use crate::provider::mapping::{facts, object, rename, required, state};
use crate::wire::{Id, NumberId, Personal, Text, Time, Unread, Word, payload};

payload! {
    /// The data of New Customer: a lead.
    struct Lead {
        id: Id,
        state: Word,
        /// The name of `state` in the vendor's list of fields.
        status: Word,
        email: Personal,
        uid: Personal,
        customer_since: Text,
        cancelled_at: Text,
        plan_name: Text,
        suspicion: Text,
        username: Personal,
        website: Personal,
        created_at: Time,
        split_promotion_id: Text,
        split_percentage_value: Text,
        visitor_sub_id: Text,
        promotion: Promotion,
        promoter: Promoter,
    }

    /// A promoter's part in a campaign.
    struct Promotion {
        id: Text,
        status: Text,
        ref_id: Text,
        promo_code: Text,
        customer_promo_code: Text,
        target_reached_at: Text,
        promoter_id: NumberId,
        campaign_id: NumberId,
        referral_link: Text,
        current_offer: Reward,
        current_referral_reward: Reward,
        current_promotion_reward: Reward,
        current_target_reward: Reward,
        campaign_name: Text,
        hidden: Text,
        visitors_count: Text,
        leads_count: Text,
        customers_count: Text,
        refunds_count: Text,
        cancellations_count: Text,
        sales_count: Text,
        /// The total of sales, in cents.
        sales_total: Text,
        /// The total of refunds, in cents, negative.
        refunds_total: Text,
        active_customers_count: Text,
    }
}

pub(super) fn read(
    delivered: &Delivered,
    unread: &mut Unread,
) -> Result<(Identity, Change), Malformed> {
    let body = delivered.body;
    let (identity, part) = event_part(body, unread)?;
    let lead: Lead = object(body, "data", unread)?;
    let id = required(&lead.id, "data.id")?;
    let mut facts = facts(&lead)?;
    facts.remove("id");
    facts.remove("state");
    rename(&mut facts, "promoter", "affiliate");
    rename(&mut facts, "created_at", "occurred_at");
    let promoted = lead.promotion.then(|promotion| promotion.promoter_id.clone());
    let affiliate = lead.promoter.then(|promoter| promoter.id.clone()).agreed(promoted);
    state(&mut facts, "affiliate_id", affiliate.map(NumberId::as_str));
    let campaign = lead.promotion.then(|promotion| promotion.campaign_id.clone());
    state(&mut facts, "campaign_id", campaign.map(NumberId::as_str));
    let status = lead.state.map(Word::lower).or(lead.status.map(Word::lower));
    let clock = clock_of(delivered.event_type, &part, &status, unread);
    state(&mut facts, "status", status);
    let change = Change {
        subject: Subject { kind: Kind::Customer, id },
        clock: Some(clock),
        facts,
        deletes: false,
        announces: false,
        changes_unread: false,
        was: BTreeMap::new(),
    };
    Ok((identity, change))
}

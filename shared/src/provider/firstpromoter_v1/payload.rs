//! The payloads of webhooks v1, as far as they are read.

use std::collections::BTreeMap;

use crate::wire::Timestamp;
use crate::wire::{
    Credential, Decimal, Id, NumberId, Personal, Present, Text, Time, Word, payload,
};

payload! {
    /// The `event` part of the envelope.
    struct EventPart {
        id: Id,
        created_at: Timestamp,
    }

    /// The data of New Customer: a lead.
    struct Lead {
        id: Id,
        state: Word,
        /// The field list's name for `state`.
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
        /// Cents.
        sales_total: Text,
        /// Cents, negative.
        refunds_total: Text,
        active_customers_count: Text,
    }

    /// An offer or a reward of a campaign.
    struct Reward {
        id: Text,
        amount: Text,
        #[serde(rename = "type")]
        kind as "type": Text,
        unit: Text,
        name: Text,
        per_of_sale: Text,
        default_promo_code: Text,
    }

    /// An affiliate.
    struct Promoter {
        id: NumberId,
        status: Text,
        cust_id: Personal,
        email: Personal,
        created_at: Text,
        #[serde(skip_serializing)]
        temp_password: Credential,
        default_promotion_id: Text,
        pref: Text,
        default_ref_id: Text,
        note: Personal,
        w8_form_url: Present,
        w9_form_url: Present,
        parent_promoter_id: Text,
        /// By unit.
        earnings_balance: BTreeMap<String, Option<Text>>,
        /// By unit.
        current_balance: BTreeMap<String, Option<Text>>,
        /// By unit.
        paid_balance: BTreeMap<String, Option<Text>>,
        /// The promoter's log-in to the dashboard.
        #[serde(skip_serializing)]
        auth_token: Credential,
        profile: Profile,
    }

    /// Who an affiliate is.
    struct Profile {
        id: Text,
        first_name: Personal,
        last_name: Personal,
        website: Personal,
        company_name: Personal,
        phone_number: Personal,
        address: Personal,
        vat_id: Present,
        country: Text,
        paypal_email: Present,
        avatar_url: Personal,
        description: Personal,
        /// By network.
        social_accounts: BTreeMap<String, Option<SocialAccount>>,
    }

    /// An account in a social network.
    struct SocialAccount {
        url: Personal,
    }

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

//! The payloads of webhooks v2, as far as they are read.

use crate::wire::Timestamp;
use crate::wire::{Decimal, Id, NumberId, Personal, Present, Text, Time, Verdict, Word, payload};

payload! {
    /// The envelope.
    struct Envelope {
        event_id: Id,
        entity_id: Id,
        timestamp: Timestamp,
    }

    /// The data of `commission.*`: the API's Commission, any part of it.
    struct Commission {
        id: Id,
        status: Word,
        amount: Decimal,
        unit: Word,
        currency: Text,
        commission_type: Text,
        is_self_referral: Verdict,
        sale_amount: Decimal,
        original_sale_amount: Decimal,
        original_sale_currency: Text,
        event_id: Text,
        plan_id: Text,
        tier: Text,
        internal_note: Personal,
        external_note: Personal,
        fraud_check: Verdict,
        is_paid: Text,
        is_split: Text,
        created_at: Time,
        status_updated_at: Time,
        promoter_id: NumberId,
        referral_id: NumberId,
        promoter_campaign: PromoterCampaign,
        referral: Referral,
        reward: Reward,
    }

    /// Which promoter takes part in which campaign.
    struct PromoterCampaign {
        id: Id,
        campaign_id: NumberId,
        promoter_id: NumberId,
        promoter: Promoter,
        campaign: Campaign,
    }

    /// A promoter, as embedded.
    struct Promoter {
        id: NumberId,
        email: Personal,
        name: Personal,
    }

    /// A campaign, as embedded.
    struct Campaign {
        id: NumberId,
        name: Text,
    }

    /// A referral, as embedded: whose purchase caused the commission.
    struct Referral {
        id: NumberId,
        email: Personal,
        uid: Personal,
    }

    /// A reward, as embedded.
    struct Reward {
        id: Id,
        name: Text,
    }

    /// The data of `payout.*`: the API's Payout, any part of it.
    struct Payout {
        id: Id,
        status: Word,
        amount: Decimal,
        unit: Word,
        payments_batch_id: Id,
        tax_rate: Decimal,
        period_start: Text,
        period_end: Text,
        paid_at: Text,
        processing_started_at: Text,
        failed_at: Text,
        error: Personal,
        total_incl_tax: Decimal,
        created_at: Time,
        payout_method: Present,
        promoter_id: NumberId,
        campaign_id: NumberId,
        promoter: Promoter,
        campaign: Campaign,
    }
}

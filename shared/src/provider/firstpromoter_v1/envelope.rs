//! The envelope of webhooks v1, and the parts that its resources share.

use std::collections::BTreeMap;

use crate::ledger::{Clock, Identity, Malformed};
use crate::provider::mapping::{clock, first_time, required};
use crate::wire::json::Json;
use crate::wire::{
    Credential, Field, Id, NumberId, Personal, Present, Text, Timestamp, Unread, payload,
};

payload! {
    /// The `event` part of the envelope.
    struct EventPart {
        id: Id,
        created_at: Timestamp,
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
        /// The balance of earnings, by unit.
        earnings_balance: BTreeMap<String, Option<Text>>,
        /// The current balance, by unit.
        current_balance: BTreeMap<String, Option<Text>>,
        /// The balance paid out, by unit.
        paid_balance: BTreeMap<String, Option<Text>>,
        /// The promoter's log-in to the dashboard.
        #[serde(skip_serializing)]
        auth_token: Credential,
        profile: Profile,
    }

    /// The profile of an affiliate.
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
        /// The accounts, by network.
        social_accounts: BTreeMap<String, Option<SocialAccount>>,
    }

    /// An account in a social network.
    struct SocialAccount {
        url: Personal,
    }
}

pub(super) fn event_part(
    body: &Json,
    unread: &mut Unread,
) -> Result<(Identity, EventPart), Malformed> {
    let part: EventPart = unread.member(body, "event").value().cloned().unwrap_or_default();
    Ok((Identity::Given(required(&part.id, "event.id")?), part))
}

pub(super) fn clock_of(
    event_type: &str,
    part: &EventPart,
    status: &Field<String>,
    unread: &mut Unread,
) -> Clock {
    let time = first_time([(&part.created_at, "event.created_at")], unread);
    clock(time, event_type, status)
}

//! FirstPromoter, legacy webhooks v1: unsigned, so the route's token or Basic
//! credentials in the URL are all there is to go by.

use std::collections::BTreeMap;

use crate::event::{Change, Content, Event, Family, Identity, Kind, Malformed, Subject};
use crate::json::Json;
use crate::provider::Provider;
use crate::provider::firstpromoter::unit_name;
use crate::provider::mapping::{
    amount_fact, archive_identity, clock, embed, facts, first_id, lower, member, read, rename,
    required,
};
use crate::secrets::ProviderSecrets;
use crate::timestamp::Timestamp;
use crate::verify::{Incoming, Matches, basic_matches, matching, secret_equals};
use crate::wire::{Credential, Decimal, Id, Loose, Personal, Present, Text, payload};

/// The event of a reward to be fulfilled. Exactly 200 as its answer marks the
/// reward fulfilled for good, so it has an answer of its own.
pub const FULFILMENT_PENDING: &str = "fulfilment_pending";

pub(crate) fn matches<'a>(secrets: &'a ProviderSecrets, incoming: &Incoming) -> Vec<Matches<'a>> {
    vec![
        matching(&secrets.path_token, |named| {
            let given = incoming.path_token;
            given.is_some_and(|token| secret_equals(named, token.as_bytes()))
        }),
        basic_matches(&secrets.basic, incoming),
    ]
}

payload! {
    /// The `event` part of the envelope.
    struct EventPart {
        id: Id,
        created_at: Timestamp,
    }

    /// The data of New Customer: a lead.
    struct Lead {
        id: Id,
        state: Text,
        /// The field list's name for `state`.
        status: Text,
        email: Personal,
        uid: Personal,
        customer_since: Text,
        cancelled_at: Text,
        plan_name: Text,
        suspicion: Text,
        username: Personal,
        website: Personal,
        created_at: Text,
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
        promoter_id: Id,
        campaign_id: Id,
        referral_link: Text,
        current_offer: Loose<Reward>,
        current_referral_reward: Loose<Reward>,
        current_promotion_reward: Loose<Reward>,
        current_target_reward: Loose<Reward>,
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
        kind: Text,
        unit: Text,
        name: Text,
        per_of_sale: Text,
        default_promo_code: Text,
    }

    /// An affiliate.
    struct Promoter {
        id: Id,
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
        earnings_balance: Loose<BTreeMap<String, Text>>,
        /// By unit.
        current_balance: Loose<BTreeMap<String, Text>>,
        /// By unit.
        paid_balance: Loose<BTreeMap<String, Text>>,
        /// The promoter's log-in to the dashboard.
        #[serde(skip_serializing)]
        auth_token: Credential,
        profile: Loose<Profile>,
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
        social_accounts: Loose<BTreeMap<String, Loose<SocialAccount>>>,
    }

    /// An account in a social network.
    struct SocialAccount {
        url: Personal,
    }

    /// The data of `fulfilment_pending`.
    struct Fulfilment {
        id: Id,
        status: Text,
        amount: Decimal,
        unit: Text,
        date_paid: Text,
        due_date: Text,
        created_at: Text,
        has_issues: Text,
        reward: Loose<Reward>,
        promoter: Promoter,
        campaign: Campaign,
    }

    /// A campaign.
    struct Campaign {
        id: Id,
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
        offer: Loose<Reward>,
        referral_reward: Loose<Reward>,
        promotion_reward: Loose<Reward>,
        target_reward: Loose<Reward>,
    }
}

/// The family of an event type, known or to come.
fn family(event_type: &str) -> Option<Family> {
    match event_type {
        "lead_becomes_referral"
        | "new_customer"
        | "lead_becomes_customer"
        | "lead_signup"
        | "lead_cancelled"
        | "lead_subscribed" => Some(Family::Customers),
        "reward_created" => Some(Family::Commissions),
        "promoter_signed_up" | "promoter_signs_up" | "promoter_accepted" => {
            Some(Family::Affiliates)
        }
        FULFILMENT_PENDING => Some(Family::Fulfilments),
        _ => None,
    }
}

pub(super) fn event(event_type: String, body: &Json, sha256: &str) -> Result<Event, Malformed> {
    let family = family(&event_type);
    let read_part = || {
        let part: EventPart = read(member(body, "event")?, "event")?;
        Ok((Identity::Given(required(&part.id, "event.id")?), part))
    };
    let (identity, content) = match event_type.as_str() {
        // One event under the names that the vendor's pages have given it.
        "lead_becomes_referral" | "new_customer" | "lead_becomes_customer" => {
            let (identity, part) = read_part()?;
            (identity, Content::Change(new_customer(&event_type, body, &part)?.into()))
        }
        FULFILMENT_PENDING => {
            let (identity, part) = read_part()?;
            (identity, Content::Change(fulfilment(body, &part)?.into()))
        }
        _ => {
            let id = body.get("event").and_then(|event| event.get("id"));
            (archive_identity(id, sha256), Content::Unknown)
        }
    };
    Ok(Event { provider: Provider::FirstPromoterV1, event_type, family, identity, content })
}

fn new_customer(event_type: &str, body: &Json, part: &EventPart) -> Result<Change, Malformed> {
    let lead: Lead = read(member(body, "data")?, "data")?;
    let id = required(&lead.id, "data.id")?;
    let status = lower(&lead.state).or_else(|| lower(&lead.status));
    let mut facts = facts(&lead)?;
    facts.remove("id");
    facts.remove("state");
    rename(&mut facts, "promoter", "affiliate");
    embed(&mut facts, "status", status.as_deref());
    let promotion = lead.promotion.value();
    let affiliate = first_id([
        lead.promoter.value().and_then(|p| p.id.value()),
        promotion.and_then(|p| p.promoter_id.value()),
    ]);
    embed(&mut facts, "affiliate_id", affiliate.as_ref().map(Id::as_str));
    let campaign = promotion.and_then(|p| p.campaign_id.value());
    embed(&mut facts, "campaign_id", campaign.map(Id::as_str));
    rename(&mut facts, "created_at", "occurred_at");
    Ok(Change {
        subject: Subject { kind: Kind::Customer, id },
        clock: Some(clock(part.created_at.value().copied(), event_type, status.as_deref())),
        facts,
        was: BTreeMap::new(),
        deletes: false,
        announces: false,
    })
}

fn fulfilment(body: &Json, part: &EventPart) -> Result<Change, Malformed> {
    let fulfilment: Fulfilment = read(member(body, "data")?, "data")?;
    let id = required(&fulfilment.id, "data.id")?;
    let status = lower(&fulfilment.status);
    let unit = fulfilment.unit.value().map(|unit| unit_name(&unit.0));
    let promoter = fulfilment.promoter.value();
    let campaign_id = fulfilment.campaign.value().and_then(|c| c.id.value()).cloned();

    let mut facts = facts(&fulfilment)?;
    facts.remove("id");
    facts.remove("unit");
    amount_fact(&mut facts, &fulfilment.amount, unit.as_deref());
    rename(&mut facts, "promoter", "affiliate");
    rename(&mut facts, "created_at", "occurred_at");
    embed(&mut facts, "status", status.as_deref());
    let affiliate_id = promoter.and_then(|p| p.id.value());
    embed(&mut facts, "affiliate_id", affiliate_id.map(Id::as_str));
    embed(&mut facts, "campaign_id", campaign_id.as_ref().map(Id::as_str));
    Ok(Change {
        subject: Subject { kind: Kind::Fulfilment, id },
        clock: Some(clock(part.created_at.value().copied(), FULFILMENT_PENDING, status.as_deref())),
        facts,
        was: BTreeMap::new(),
        deletes: false,
        announces: true,
    })
}

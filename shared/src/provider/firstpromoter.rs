//! FirstPromoter, webhooks v2: an envelope around the full resource.
//!
//! Whether the vendor still signs every request is not certain, so a static
//! header or Basic credentials on the subscription are accepted too, as
//! configured.

use std::collections::BTreeMap;

use crate::event::{Change, Content, Event, Facts, Family, Identity, Kind, Malformed, Subject};
use crate::json::Json;
use crate::provider::Provider;
use crate::provider::mapping::{
    amount_fact, archive_identity, clock, embed, facts, first_id, lower, member, read, rename,
    required,
};
use crate::secrets::ProviderSecrets;
use crate::timestamp::Timestamp;
use crate::verify::{
    Incoming, Matches, basic_matches, hmac_matches, mac_from_hex, matching, secret_equals,
};
use crate::wire::{Decimal, Field, Id, Personal, Present, Text, payload};

/// HMAC-SHA256 of the raw body in hex. The key is the subscription's 64
/// characters as text; decoding them from hex gives another, wrong MAC.
pub const SIGNATURE_HEADER: &str = "x-webhook-signature";

pub(crate) fn matches<'a>(secrets: &'a ProviderSecrets, incoming: &Incoming) -> Vec<Matches<'a>> {
    let mac = incoming.header(SIGNATURE_HEADER).and_then(mac_from_hex);
    vec![
        matching(&secrets.hmac, |named| {
            mac.is_some_and(|mac| hmac_matches(named, &[incoming.body], &mac))
        }),
        matching(&secrets.header, |named| {
            let name = named.header.as_deref().unwrap_or_default();
            let given = incoming.header(name);
            given.is_some_and(|given| secret_equals(named, given.as_bytes()))
        }),
        basic_matches(&secrets.basic, incoming),
    ]
}

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
        status: Text,
        amount: Decimal,
        unit: Text,
        currency: Text,
        commission_type: Text,
        is_self_referral: Text,
        sale_amount: Decimal,
        original_sale_amount: Decimal,
        original_sale_currency: Text,
        event_id: Text,
        plan_id: Text,
        tier: Text,
        internal_note: Personal,
        external_note: Personal,
        fraud_check: Text,
        is_paid: Text,
        is_split: Text,
        created_at: Text,
        status_updated_at: Text,
        promoter_id: Id,
        referral_id: Id,
        promoter_campaign: PromoterCampaign,
        referral: Referral,
        reward: Reward,
    }

    /// Which promoter takes part in which campaign.
    struct PromoterCampaign {
        id: Id,
        campaign_id: Id,
        promoter_id: Id,
        promoter: Promoter,
        campaign: Campaign,
    }

    /// A promoter, as embedded.
    struct Promoter {
        id: Id,
        email: Personal,
        name: Personal,
    }

    /// A campaign, as embedded.
    struct Campaign {
        id: Id,
        name: Text,
    }

    /// A referral, as embedded: whose purchase caused the commission.
    struct Referral {
        id: Id,
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
        status: Text,
        amount: Decimal,
        unit: Text,
        payments_batch_id: Id,
        tax_rate: Decimal,
        period_start: Text,
        period_end: Text,
        paid_at: Text,
        processing_started_at: Text,
        failed_at: Text,
        error: Personal,
        total_incl_tax: Decimal,
        created_at: Text,
        payout_method: Present,
        promoter_id: Id,
        campaign_id: Id,
        promoter: Promoter,
        campaign: Campaign,
    }
}

/// The family of an event type, known or to come.
fn family(event_type: &str) -> Option<Family> {
    match event_type.split('.').next()? {
        "payout" | "payout_method" | "payments_batch" => Some(Family::Payouts),
        "commission" => Some(Family::Commissions),
        "referral" => Some(Family::Customers),
        "promoter" | "promoter_campaign" | "contract_document" => Some(Family::Affiliates),
        _ => None,
    }
}

pub(super) fn event(event_type: String, body: &Json, sha256: &str) -> Result<Event, Malformed> {
    let family = family(&event_type);
    let known = match event_type.as_str() {
        _ if is_test(body) => None,
        "commission.created"
        | "commission.updated"
        | "commission.approved"
        | "commission.pending"
        | "commission.denied"
        | "commission.deleted" => Some(Kind::Commission),
        "payout.created" | "payout.updated" | "payout.pending" | "payout.processing"
        | "payout.completed" | "payout.failed" | "payout.cancelled" | "payout.deleted" => {
            Some(Kind::Payout)
        }
        _ => None,
    };
    let (identity, content) = if let Some(kind) = known {
        let envelope: Envelope = read(body, "body")?;
        let identity = Identity::Given(required(&envelope.event_id, "event_id")?);
        let change = match kind {
            Kind::Payout => payout(&event_type, body, &envelope)?,
            _ => commission(&event_type, body, &envelope)?,
        };
        (identity, Content::Change(change.into()))
    } else {
        let identity = archive_identity(body.get("event_id"), sha256);
        (identity, if is_test(body) { Content::Test } else { Content::Unknown })
    };
    Ok(Event { provider: Provider::FirstPromoter, event_type, family, identity, content })
}

/// The dashboard's test button sends `"data": {"test": true}`.
fn is_test(body: &Json) -> bool {
    let test = body.get("data").and_then(|data| data.get("test"));
    test == Some(&Json::Bool(true))
}

fn commission(event_type: &str, body: &Json, envelope: &Envelope) -> Result<Change, Malformed> {
    let commission: Commission = read(member(body, "data")?, "data")?;
    let id = subject_id(&commission.id, envelope)?;
    let became = became(body);
    let named = event_type
        .strip_prefix("commission.")
        .filter(|name| matches!(*name, "approved" | "pending" | "denied"));
    let status =
        lower(&commission.status).or_else(|| became.clone()).or_else(|| named.map(str::to_owned));
    let facts = commission_facts(&commission, status.as_deref())?;
    // An update says what changed; only a change to approved announces.
    let announces = match event_type {
        "commission.created" => status.as_deref() == Some("approved"),
        "commission.approved" => true,
        "commission.updated" => became.as_deref() == Some("approved"),
        _ => false,
    };
    Ok(Change {
        subject: Subject { kind: Kind::Commission, id },
        clock: Some(clock(envelope.timestamp.value().copied(), event_type, status.as_deref())),
        announces,
        facts,
        was: BTreeMap::new(),
        deletes: event_type == "commission.deleted",
    })
}

fn commission_facts(commission: &Commission, status: Option<&str>) -> Result<Facts, Malformed> {
    let mut facts = facts(commission)?;
    let unit = commission.unit.value().map(|unit| unit_name(&unit.0));
    amount_fact(&mut facts, &commission.amount, unit.as_deref());
    for name in ["id", "unit", "promoter_id", "referral_id"] {
        facts.remove(name);
    }
    rename(&mut facts, "created_at", "occurred_at");
    rename(&mut facts, "referral", "customer");
    rename(&mut facts, "promoter_campaign", "enrolment");
    embed(&mut facts, "status", status);
    embed(&mut facts, "affiliate_id", commission.affiliate_id().as_ref().map(Id::as_str));
    embed(&mut facts, "campaign_id", commission.campaign_id().as_ref().map(Id::as_str));
    embed(&mut facts, "customer_id", commission.customer_id().as_ref().map(Id::as_str));
    Ok(facts)
}

/// The facts that the API's commission states, as a webhook's would.
///
/// # Errors
/// [`Malformed`] when it is none.
pub fn facts_of_commission(commission: &Json) -> Result<Facts, Malformed> {
    let commission: Commission = read(commission, "commission")?;
    let status = lower(&commission.status);
    commission_facts(&commission, status.as_deref())
}

impl Commission {
    fn enrolment(&self) -> Option<&PromoterCampaign> {
        self.promoter_campaign.value()
    }

    fn affiliate_id(&self) -> Option<Id> {
        let enrolment = self.enrolment();
        let promoter = enrolment.and_then(|e| e.promoter.value());
        first_id([
            promoter.and_then(|p| p.id.value()),
            enrolment.and_then(|e| e.promoter_id.value()),
            self.promoter_id.value(),
        ])
    }

    fn campaign_id(&self) -> Option<Id> {
        let enrolment = self.enrolment();
        let campaign = enrolment.and_then(|e| e.campaign.value());
        first_id([
            campaign.and_then(|c| c.id.value()),
            enrolment.and_then(|e| e.campaign_id.value()),
        ])
    }

    fn customer_id(&self) -> Option<Id> {
        let referral = self.referral.value();
        first_id([referral.and_then(|r| r.id.value()), self.referral_id.value()])
    }
}

fn payout(event_type: &str, body: &Json, envelope: &Envelope) -> Result<Change, Malformed> {
    let payout: Payout = read(member(body, "data")?, "data")?;
    let id = subject_id(&payout.id, envelope)?;
    let named = event_type.strip_prefix("payout.").filter(|name| {
        matches!(*name, "pending" | "processing" | "completed" | "failed" | "cancelled")
    });
    let status =
        lower(&payout.status).or_else(|| became(body)).or_else(|| named.map(str::to_owned));
    let mut facts = facts(&payout)?;
    let unit = payout.unit.value().map(|unit| unit_name(&unit.0));
    amount_fact(&mut facts, &payout.amount, unit.as_deref());
    for name in ["id", "unit", "promoter_id"] {
        facts.remove(name);
    }
    rename(&mut facts, "created_at", "occurred_at");
    rename(&mut facts, "promoter", "affiliate");
    embed(&mut facts, "status", status.as_deref());
    let promoter = payout.promoter.value().and_then(|p| p.id.value());
    let affiliate = first_id([promoter, payout.promoter_id.value()]);
    embed(&mut facts, "affiliate_id", affiliate.as_ref().map(Id::as_str));
    let campaign = payout.campaign.value().and_then(|c| c.id.value());
    let campaign = first_id([campaign, payout.campaign_id.value()]);
    embed(&mut facts, "campaign_id", campaign.as_ref().map(Id::as_str));
    Ok(Change {
        subject: Subject { kind: Kind::Payout, id },
        clock: Some(clock(envelope.timestamp.value().copied(), event_type, status.as_deref())),
        facts,
        was: BTreeMap::new(),
        deletes: event_type == "payout.deleted",
        announces: false,
    })
}

/// The id in the resource, which must be the envelope's where both name one.
fn subject_id(id: &Field<Id>, envelope: &Envelope) -> Result<Id, Malformed> {
    match (id.value(), envelope.entity_id.value()) {
        (Some(id), Some(entity)) if id != entity => {
            Err(Malformed::new("data.id", "differs from entity_id"))
        }
        (Some(id), _) | (None, Some(id)) => Ok(id.clone()),
        (None, None) => Err(Malformed::new("data.id", "is missing")),
    }
}

/// The new status of `"changes": {"status": [old, new]}`.
fn became(body: &Json) -> Option<String> {
    match body.get("changes")?.get("status")? {
        Json::Array(change) => change.get(1)?.text().map(str::to_ascii_lowercase),
        _ => None,
    }
}

/// FirstPromoter's unit in the ledger's words: its cash is counted in cents,
/// and v1 spells one unit differently from v2.
pub(crate) fn unit_name(unit: &str) -> String {
    match unit.to_ascii_lowercase().as_str() {
        "cash" => "cash_cents".to_owned(),
        "discount_mon" => "mon_discount".to_owned(),
        other => other.to_owned(),
    }
}

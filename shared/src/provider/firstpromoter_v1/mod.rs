//! FirstPromoter, legacy webhooks v1: unsigned, so the route's token or Basic
//! credentials in the URL are all there is to go by.

mod payload;

use std::collections::BTreeMap;

use crate::ledger::Provider;
use crate::ledger::{Change, Clock, Content, Event, Family, Identity, Kind, Malformed, Subject};
use crate::provider::firstpromoter;
use crate::provider::firstpromoter::unit_of;
use crate::provider::mapping::{
    amount_fact, archive_identity, clock, facts, first_time, object, rename, required, state,
    type_at,
};
use crate::provider::named;
use crate::provider::secrets::ProviderSecrets;
use crate::provider::signature::{Incoming, Matches, basic_matches, matching, secret_equals};
use crate::wire::json::Json;
use crate::wire::{Field, NumberId, Unread, Word};

use payload::{EventPart, Fulfilment, Lead};

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

/// The event types of the vendor's pages, and the names that some have or had
/// elsewhere.
pub(super) const EVENTS: [&str; 12] = [
    "lead_signup",
    "lead_becomes_referral",
    "new_customer",
    "lead_becomes_customer",
    "lead_cancelled",
    "lead_subscribed",
    "promoter_signed_up",
    "promoter_signs_up",
    "promoter_signup",
    "promoter_accepted",
    "reward_created",
    FULFILMENT_PENDING,
];

/// One event each, under the names that the vendor's pages have given it.
pub(super) const ALIASES: [&[&str]; 2] = [
    &["lead_becomes_referral", "new_customer", "lead_becomes_customer"],
    &["promoter_signed_up", "promoter_signs_up", "promoter_signup"],
];

/// The family of an event type, known or to come.
pub(super) fn family(event_type: &str) -> Option<Family> {
    match event_type {
        "lead_becomes_referral"
        | "new_customer"
        | "lead_becomes_customer"
        | "lead_signup"
        | "lead_cancelled"
        | "lead_subscribed" => Some(Family::Customers),
        "reward_created" => Some(Family::Commissions),
        "promoter_signed_up" | "promoter_signs_up" | "promoter_signup" | "promoter_accepted" => {
            Some(Family::Affiliates)
        }
        FULFILMENT_PENDING => Some(Family::Fulfilments),
        _ => None,
    }
}

pub(super) fn event_type(body: &Json) -> Result<String, Malformed> {
    if is_v2(body) {
        return type_at(body, &["event_type"]);
    }
    type_at(body, &["event", "type"])
}

/// Whether a body has v2's format.
fn is_v2(body: &Json) -> bool {
    !named(body, &["event", "type"]) && named(body, &["event_type"])
}

pub(super) fn event(event_type: String, body: &Json, sha256: &str) -> Result<Event, Malformed> {
    let mut unread = Unread::default();
    let other_format = is_v2(body).then_some(Provider::FirstPromoter);
    let family = match other_format {
        Some(_) => firstpromoter::family(&event_type),
        None => family(&event_type),
    };
    let (identity, content) = match event_type.as_str() {
        _ if other_format.is_some() => {
            (archive_identity(body.get("event_id"), sha256), Content::Unknown)
        }
        // One event under the names that the vendor's pages have given it.
        "lead_becomes_referral" | "new_customer" | "lead_becomes_customer" => {
            let (identity, part) = event_part(body, &mut unread)?;
            (identity, Content::Change(new_customer(&event_type, body, &part, &mut unread)?.into()))
        }
        FULFILMENT_PENDING => {
            let (identity, part) = event_part(body, &mut unread)?;
            (identity, Content::Change(fulfilment(body, &part, &mut unread)?.into()))
        }
        _ => {
            let id = body.get("event").and_then(|event| event.get("id"));
            (archive_identity(id, sha256), Content::Unknown)
        }
    };
    Ok(Event {
        provider: Provider::FirstPromoterV1,
        event_type,
        family,
        identity,
        content,
        unread: unread.into_paths(),
        other_format,
    })
}

fn event_part(body: &Json, unread: &mut Unread) -> Result<(Identity, EventPart), Malformed> {
    let part: EventPart = unread.member(body, "event").value().cloned().unwrap_or_default();
    Ok((Identity::Given(required(&part.id, "event.id")?), part))
}

fn clock_of(
    event_type: &str,
    part: &EventPart,
    status: &Field<String>,
    unread: &mut Unread,
) -> Clock {
    let time = first_time([(&part.created_at, "event.created_at")], unread);
    clock(time, event_type, status.value().map(String::as_str))
}

fn new_customer(
    event_type: &str,
    body: &Json,
    part: &EventPart,
    unread: &mut Unread,
) -> Result<Change, Malformed> {
    object(body, "data")?;
    let lead: Lead = unread.member(body, "data").value().cloned().unwrap_or_default();
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
    let clock = clock_of(event_type, part, &status, unread);
    state(&mut facts, "status", status);
    Ok(Change {
        subject: Subject { kind: Kind::Customer, id },
        clock: Some(clock),
        facts,
        deletes: false,
        announces: false,
        changes_unread: false,
        was: BTreeMap::new(),
    })
}

fn fulfilment(body: &Json, part: &EventPart, unread: &mut Unread) -> Result<Change, Malformed> {
    object(body, "data")?;
    let fulfilment: Fulfilment = unread.member(body, "data").value().cloned().unwrap_or_default();
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
    let clock = clock_of(FULFILMENT_PENDING, part, &status, unread);
    state(&mut facts, "status", status);
    Ok(Change {
        subject: Subject { kind: Kind::Fulfilment, id },
        clock: Some(clock),
        facts,
        deletes: false,
        announces: true,
        changes_unread: false,
        was: BTreeMap::new(),
    })
}

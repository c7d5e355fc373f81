//! FirstPromoter, webhooks v2: an envelope around the full resource.
//!
//! Whether the vendor still signs every request is not certain, so a static
//! header or Basic credentials on the subscription are accepted too, as
//! configured.

mod changes;
mod payload;

use serde_json::Value;

use crate::ledger::{
    Change, Clock, Content, Event, Facts, Family, Identity, Kind, Malformed, Provider, Subject,
    unit_name,
};
use crate::provider::mapping::{
    amount_fact, archive_identity, clock, facts, first_time, rename, required, state, type_at,
};
use crate::provider::secrets::ProviderSecrets;
use crate::provider::signature::{
    Incoming, Matches, basic_matches, hmac_matches, mac_from_hex, matching, secret_equals,
};
use crate::provider::{firstpromoter_v1, named};
use crate::wire::json::Json;
use crate::wire::{Field, Id, NumberId, Read, Unread, Word};

use changes::Changes;
use payload::{Commission, Envelope, Payout};

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

/// The event types of the vendor's pages, and the older spellings of some.
pub(super) const EVENTS: [&str; 49] = [
    "promoter.created",
    "promoter.updated",
    "promoter.deleted",
    "promoter.balance.updated",
    "promoter_campaign.created",
    "promoter_campaign.updated",
    "promoter_campaign.deleted",
    "promoter_campaign.accepted",
    "promoter_campaign.pending",
    "promoter_campaign.rejected",
    "promoter_campaign.blocked",
    "promoter_campaign.inactive",
    "referral.created",
    "referral.updated",
    "referral.deleted",
    "referral.converted",
    "referral.cancelled",
    "referral.moved",
    "commission.created",
    "commission.updated",
    "commission.deleted",
    "commission.approved",
    "commission.pending",
    "commission.denied",
    "payout.created",
    "payout.updated",
    "payout.deleted",
    "payout.pending",
    "payout.processing",
    "payout.completed",
    "payout.failed",
    "payout.cancelled",
    "payout.commissions.added",
    "payout.commissions.removed",
    "payout_method.created",
    "payout_method.updated",
    "payout_method.deleted",
    "payments_batch.created",
    "payments_batch.updated",
    "payments_batch.deleted",
    "payments_batch.initiated",
    "payments_batch.processing",
    "payments_batch.completed",
    "payments_batch.failed",
    "contract_document.signed",
    "promoter.profile.updated",
    "payout.commissions.created",
    "payout.commissions.updated",
    "payout.commissions.deleted",
];

/// The family of an event type, known or to come.
pub(super) fn family(event_type: &str) -> Option<Family> {
    match event_type.split('.').next()? {
        "payout" | "payout_method" | "payments_batch" => Some(Family::Payouts),
        "commission" => Some(Family::Commissions),
        "referral" => Some(Family::Customers),
        "promoter" | "promoter_campaign" | "contract_document" => Some(Family::Affiliates),
        _ => None,
    }
}

pub(super) fn event_type(body: &Json) -> Result<String, Malformed> {
    if is_v1(body) {
        return type_at(body, &["event", "type"]);
    }
    type_at(body, &["event_type"])
}

/// Whether a body has v1's format. The vendor's help pages describe it for
/// accounts of v2 as well.
fn is_v1(body: &Json) -> bool {
    !named(body, &["event_type"]) && named(body, &["event", "type"])
}

pub(super) fn event(event_type: String, body: &Json, sha256: &str) -> Result<Event, Malformed> {
    let mut unread = Unread::default();
    let other_format = is_v1(body).then_some(Provider::FirstPromoterV1);
    let family = match other_format {
        Some(_) => firstpromoter_v1::family(&event_type),
        None => family(&event_type),
    };
    let known = match event_type.as_str() {
        _ if is_test(body) || other_format.is_some() => None,
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
        let envelope = Envelope::read(body, &mut unread).unwrap_or_default();
        let identity = Identity::Given(required(&envelope.event_id, "event_id")?);
        let change = match kind {
            Kind::Payout => payout(&event_type, body, &envelope, &mut unread)?,
            _ => commission(&event_type, body, &envelope, &mut unread)?,
        };
        (identity, Content::Change(change.into()))
    } else {
        let of_v1 = body.get("event").filter(|_| other_format.is_some());
        let id = of_v1.map_or(body.get("event_id"), |event| event.get("id"));
        let identity = archive_identity(id, sha256);
        (identity, if is_test(body) { Content::Test } else { Content::Unknown })
    };
    Ok(Event {
        provider: Provider::FirstPromoter,
        event_type,
        family,
        identity,
        content,
        unread: unread.into_paths(),
        other_format,
    })
}

/// The dashboard's test button sends `"data": {"test": true}`.
fn is_test(body: &Json) -> bool {
    let test = body.get("data").and_then(|data| data.get("test"));
    test == Some(&Json::Bool(true))
}

/// The resource. Where it was deleted there may be nothing left to show; else
/// one that shows nothing is one that cannot be read.
fn data<T: Read>(body: &Json, deletes: bool, unread: &mut Unread) -> Field<T> {
    let shows_nothing = match body.get("data") {
        None | Some(Json::Null) => true,
        Some(Json::Array(items)) => items.is_empty(),
        Some(Json::Object(members)) => members.is_empty(),
        _ => false,
    };
    match (shows_nothing, deletes) {
        (true, true) => Field::Absent,
        (true, false) => {
            unread.note("data");
            Field::Unread
        }
        (false, _) => unread.member(body, "data"),
    }
}

fn commission(
    event_type: &str,
    body: &Json,
    envelope: &Envelope,
    unread: &mut Unread,
) -> Result<Change, Malformed> {
    let deletes = event_type == "commission.deleted";
    let commission = data::<Commission>(body, deletes, unread);
    let id = subject_id(commission.value().map(|commission| &commission.id), envelope)?;
    let changes = Changes::read(body, unread);
    let named = event_type
        .strip_prefix("commission.")
        .filter(|name| matches!(*name, "approved" | "pending" | "denied"));
    let mut facts = match &commission {
        Field::Value(commission) => commission_facts(commission)?,
        Field::Absent => Facts::new(),
        // What it would have said of the reward is not known.
        Field::Null | Field::Unread => {
            REWARD.map(|name| (name.to_owned(), Value::Null)).into_iter().collect()
        }
    };
    let told = commission.value().map_or(Field::Absent, |c| c.status.map(Word::lower));
    let status = told.or(found(changes.became.clone())).or(found(named.map(str::to_owned)));
    // It may be a denial: what was approved before is not known to be any more.
    let status = status.deciding();
    let clock = clock_of(event_type, envelope, &status, unread);
    // An update says what changed; only a change to approved announces.
    let announces = match event_type {
        "commission.created" => status.value().is_some_and(|status| status == "approved"),
        "commission.approved" => true,
        "commission.updated" => changes.became.as_deref() == Some("approved"),
        _ => false,
    };
    state(&mut facts, "status", status);
    Ok(Change {
        subject: Subject { kind: Kind::Commission, id },
        clock: Some(clock),
        announces,
        facts,
        deletes,
        changes_unread: changes.unread,
        was: changes.was,
    })
}

/// What decides a reward, besides its status.
const REWARD: [&str; 4] = ["amount", "affiliate_id", "campaign_id", "customer_id"];

/// A check whose result cannot be read: not known to have been passed.
const UNREAD_CHECK: &str = "unread";

fn commission_facts(commission: &Commission) -> Result<Facts, Malformed> {
    let mut facts = facts(commission)?;
    let unit = commission.unit.map(unit_of).deciding();
    amount_fact(&mut facts, &commission.amount.clone().deciding(), &unit);
    for name in ["id", "unit", "promoter_id", "referral_id"] {
        facts.remove(name);
    }
    rename(&mut facts, "created_at", "occurred_at");
    rename(&mut facts, "referral", "customer");
    rename(&mut facts, "promoter_campaign", "enrolment");
    for (name, id) in [
        ("affiliate_id", commission.affiliate_id()),
        ("campaign_id", commission.campaign_id()),
        ("customer_id", commission.customer_id()),
    ] {
        state(&mut facts, name, id.deciding().map(NumberId::as_str));
    }
    let checks = [
        ("fraud_check", &commission.fraud_check),
        ("is_self_referral", &commission.is_self_referral),
    ];
    for (name, _) in checks.into_iter().filter(|(_, check)| **check == Field::Unread) {
        facts.insert(name.into(), UNREAD_CHECK.into());
    }
    Ok(facts)
}

/// The facts that the API's commission states, as a webhook's would.
///
/// # Errors
/// [`Malformed`] when it is none.
pub fn facts_of_commission(commission: &Json) -> Result<Facts, Malformed> {
    let commission = Commission::read(commission, &mut Unread::default())
        .ok_or_else(|| Malformed::new("commission", "is not an object"))?;
    let mut facts = commission_facts(&commission)?;
    state(&mut facts, "status", commission.status.map(Word::lower));
    Ok(facts)
}

impl Commission {
    fn affiliate_id(&self) -> Field<NumberId> {
        let enrolled = self.promoter_campaign.then(|enrolment| {
            enrolment
                .promoter
                .then(|promoter| promoter.id.clone())
                .agreed(enrolment.promoter_id.clone())
        });
        enrolled.agreed(self.promoter_id.clone())
    }

    fn campaign_id(&self) -> Field<NumberId> {
        self.promoter_campaign.then(|enrolment| {
            enrolment
                .campaign
                .then(|campaign| campaign.id.clone())
                .agreed(enrolment.campaign_id.clone())
        })
    }

    fn customer_id(&self) -> Field<NumberId> {
        self.referral.then(|referral| referral.id.clone()).agreed(self.referral_id.clone())
    }
}

fn payout(
    event_type: &str,
    body: &Json,
    envelope: &Envelope,
    unread: &mut Unread,
) -> Result<Change, Malformed> {
    let deletes = event_type == "payout.deleted";
    let payout = data::<Payout>(body, deletes, unread);
    let id = subject_id(payout.value().map(|payout| &payout.id), envelope)?;
    let payout = payout.value().cloned().unwrap_or_default();
    let changes = Changes::read(body, unread);
    let named = event_type.strip_prefix("payout.").filter(|name| {
        matches!(*name, "pending" | "processing" | "completed" | "failed" | "cancelled")
    });
    let mut facts = facts(&payout)?;
    amount_fact(&mut facts, &payout.amount, &payout.unit.map(unit_of));
    for name in ["id", "unit", "promoter_id"] {
        facts.remove(name);
    }
    rename(&mut facts, "created_at", "occurred_at");
    rename(&mut facts, "promoter", "affiliate");
    let affiliate = payout.promoter.then(|p| p.id.clone()).agreed(payout.promoter_id.clone());
    state(&mut facts, "affiliate_id", affiliate.map(NumberId::as_str));
    let campaign = payout.campaign.then(|c| c.id.clone()).agreed(payout.campaign_id.clone());
    state(&mut facts, "campaign_id", campaign.map(NumberId::as_str));
    let status = payout.status.map(Word::lower).or(found(changes.became));
    let status = status.or(found(named.map(str::to_owned)));
    let clock = clock_of(event_type, envelope, &status, unread);
    state(&mut facts, "status", status);
    Ok(Change {
        subject: Subject { kind: Kind::Payout, id },
        clock: Some(clock),
        facts,
        deletes,
        announces: false,
        changes_unread: changes.unread,
        was: changes.was,
    })
}

fn found(text: Option<String>) -> Field<String> {
    text.map_or(Field::Absent, Field::Value)
}

fn clock_of(
    event_type: &str,
    envelope: &Envelope,
    status: &Field<String>,
    unread: &mut Unread,
) -> Clock {
    let time = first_time([(&envelope.timestamp, "timestamp")], unread);
    clock(time, event_type, status.value().map(String::as_str))
}

/// The id in the resource, which must be the envelope's where both name one.
fn subject_id(id: Option<&Field<Id>>, envelope: &Envelope) -> Result<Id, Malformed> {
    let id = id.unwrap_or(&Field::Absent);
    match (id, &envelope.entity_id) {
        (Field::Value(id), Field::Value(entity)) if id != entity => {
            Err(Malformed::new("data.id", "differs from entity_id"))
        }
        (Field::Value(id), _) | (_, Field::Value(id)) => Ok(id.clone()),
        _ => required(id, "data.id"),
    }
}

/// The same of a payload's field.
pub(super) fn unit_of(unit: &Word) -> String {
    unit_name(&unit.lower())
}

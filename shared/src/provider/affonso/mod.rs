//! Affonso: an envelope with an id, signed with a time-stamp.
//!
//! The vendor's pages describe three forms of the signature. B and C are told
//! apart by their headers; A (the body alone, so open to replay) is accepted
//! only where `allow_body_only` says so.

use std::collections::BTreeMap;

use crate::ledger::Provider;
use crate::ledger::{Change, Content, Event, Family, Identity, Kind, Malformed, Subject};
use crate::provider::mapping::{
    amount_fact, archive_identity, clock, facts, first_time, object, rename, required, state,
};
use crate::provider::secrets::ProviderSecrets;
use crate::provider::signature::{
    FUTURE_TOLERANCE_SECONDS, Incoming, Matches, Refusal, hmac_matches, mac_from_hex, matching,
};
use crate::wire::Timestamp;
use crate::wire::json::Json;
use crate::wire::{Decimal, Field, Id, Read, Text, Unread, Word, payload};

/// `t=1704067200,v1=<hex>` (B), `<hex>` beside [`TIMESTAMP_HEADER`] (C) or
/// `sha256=<hex>` (A).
pub const SIGNATURE_HEADER: &str = "x-affonso-signature";
/// The time-stamp of form C, Unix seconds.
pub const TIMESTAMP_HEADER: &str = "x-affonso-timestamp";

/// Most `v1=` values looked at; two are sent while a secret is rotated.
const MAX_SIGNATURES: usize = 8;

/// A signature header as far as it can be read without a secret.
struct Signature<'h> {
    /// The signed time-stamp, as sent; none in form A.
    timestamp: Option<&'h str>,
    macs: Vec<[u8; 32]>,
}

pub(crate) fn matches<'a>(
    secrets: &'a ProviderSecrets,
    incoming: &Incoming,
    past_tolerance_seconds: i64,
    now: Timestamp,
) -> Result<Vec<Matches<'a>>, Refusal> {
    let signature = read_signature(incoming, secrets.allow_body_only);
    let matches = matching(&secrets.hmac, |named| {
        signature.as_ref().is_some_and(|signature| {
            let prefix = signature.timestamp.map(|t| format!("{t}.")).unwrap_or_default();
            let parts = [prefix.as_bytes(), incoming.body];
            signature.macs.iter().any(|mac| hmac_matches(named, &parts, mac))
        })
    });
    let right = matches.as_ref().is_some_and(|m| !m.is_empty());
    let timestamp = signature.and_then(|s| s.timestamp);
    if let (true, Some(timestamp)) = (right, timestamp) {
        in_tolerance(timestamp, past_tolerance_seconds, now)?;
    }
    Ok(vec![matches])
}

fn in_tolerance(timestamp: &str, past_seconds: i64, now: Timestamp) -> Result<(), Refusal> {
    let signed: i64 = timestamp.parse().map_err(|_| Refusal::Unauthorized)?;
    let age = now.seconds().saturating_sub(signed);
    if age > past_seconds {
        Err(Refusal::StaleValid)
    } else if age < -FUTURE_TOLERANCE_SECONDS {
        Err(Refusal::Unauthorized)
    } else {
        Ok(())
    }
}

fn read_signature<'h>(incoming: &'h Incoming, allow_body_only: bool) -> Option<Signature<'h>> {
    let header = incoming.header(SIGNATURE_HEADER)?;
    if header.split(',').any(|pair| pair.trim_start().starts_with("t=")) {
        return form_b(header);
    }
    let mac = mac_from_hex(header.strip_prefix("sha256=").unwrap_or(header))?;
    if incoming.headers.contains_key(TIMESTAMP_HEADER) {
        let timestamp = incoming.header(TIMESTAMP_HEADER).filter(|t| is_timestamp(t))?;
        return Some(Signature { timestamp: Some(timestamp), macs: vec![mac] });
    }
    // Signed as form B, a body reads `t.{…}`: no JSON, and not to be taken for it.
    let body = incoming.body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(incoming.body);
    let is_json = body.first().is_some_and(|first| b"{[ \t\r\n".contains(first));
    (allow_body_only && is_json).then(|| Signature { timestamp: None, macs: vec![mac] })
}

/// `t` once, `v1` once or more, in any order; other keys are passed over.
fn form_b(header: &str) -> Option<Signature<'_>> {
    let mut timestamp = None;
    let mut macs = Vec::new();
    for pair in header.split(',') {
        match pair.trim().split_once('=') {
            Some(("t", value)) => {
                let first = timestamp.replace(value).is_none();
                (first && is_timestamp(value)).then_some(())?;
            }
            Some(("v1", value)) if macs.len() < MAX_SIGNATURES => macs.extend(mac_from_hex(value)),
            _ => {}
        }
    }
    Some(Signature { timestamp: Some(timestamp?), macs })
}

fn is_timestamp(text: &str) -> bool {
    (1..=18).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

payload! {
    /// The envelope. Only `id`, `type` and `data` are common to all of the
    /// vendor's descriptions.
    struct Envelope {
        id: Id,
        created_at as "createdAt": Timestamp,
        /// An older spelling of it.
        timestamp: Timestamp,
    }

    /// The data of `payout.*`
    struct Payout {
        payout_id as "payoutId": Id,
        affiliate_id as "affiliateId": Id,
        affiliate_program_id as "affiliateProgramId": Id,
        invoice_number as "invoiceNumber": Text,
        amount: Decimal,
        status: Word,
        is_managed_payout as "isManagedPayout": Text,
        paid_at as "paidAt": Text,
        created_at as "createdAt": Timestamp,
        updated_at as "updatedAt": Timestamp,
    }
}

/// The event types of the vendor's pages.
pub(super) const EVENTS: [&str; 22] = [
    "affiliate.created",
    "affiliate.confirmed",
    "affiliate.updated",
    "affiliate.deleted",
    "referral.updated",
    "referral.lead",
    "referral.converted",
    "referral.deleted",
    "transaction.created",
    "transaction.updated",
    "transaction.approved",
    "transaction.paid",
    "transaction.rejected",
    "transaction.deleted",
    "payout.created",
    "payout.updated",
    "payout.paid",
    "payout.failed",
    "payout.deleted",
    "coupon.created",
    "coupon.deleted",
    // Of the help pages alone.
    "coupon.updated",
];

/// The family of an event type, known or to come.
fn family(event_type: &str) -> Option<Family> {
    match event_type.split('.').next()? {
        "payout" => Some(Family::Payouts),
        "transaction" => Some(Family::Commissions),
        "referral" => Some(Family::Customers),
        "affiliate" | "coupon" => Some(Family::Affiliates),
        _ => None,
    }
}

pub(super) fn event(event_type: String, body: &Json, sha256: &str) -> Result<Event, Malformed> {
    let family = family(&event_type);
    let mut unread = Unread::default();
    let (identity, content) = match event_type.as_str() {
        "payout.created" | "payout.updated" | "payout.paid" | "payout.failed"
        | "payout.deleted" => {
            let envelope = Envelope::read(body, &mut unread).unwrap_or_default();
            let identity = Identity::Given(required(&envelope.id, "id")?);
            let change = payout(&event_type, body, &envelope, &mut unread)?;
            (identity, Content::Change(change.into()))
        }
        _ => (archive_identity(body.get("id"), sha256), Content::Unknown),
    };
    Ok(Event {
        provider: Provider::Affonso,
        event_type,
        family,
        identity,
        content,
        unread: unread.into_paths(),
        other_format: None,
    })
}

fn payout(
    event_type: &str,
    body: &Json,
    envelope: &Envelope,
    unread: &mut Unread,
) -> Result<Change, Malformed> {
    object(body, "data")?;
    let payout: Payout = unread.member(body, "data").value().cloned().unwrap_or_default();
    let id = required(&payout.payout_id, "data.payoutId")?;
    let implied = match event_type {
        "payout.paid" => Field::Value("completed".to_owned()),
        "payout.failed" => Field::Value("failed".to_owned()),
        _ => Field::Absent,
    };
    let status = payout.status.map(Word::lower).or(implied);
    let times = [
        (&payout.updated_at, "data.updatedAt"),
        (&envelope.created_at, "createdAt"),
        (&envelope.timestamp, "timestamp"),
        (&payout.created_at, "data.createdAt"),
    ];
    let time = first_time(times, unread);

    let mut facts = facts(&payout)?;
    for name in ["payout_id", "updated_at"] {
        facts.remove(name);
    }
    // The page states no currency; amounts are in major units.
    amount_fact(&mut facts, &payout.amount, &Field::Value("cash_major".into()));
    rename(&mut facts, "affiliate_program_id", "campaign_id");
    rename(&mut facts, "created_at", "occurred_at");
    let clock = clock(time, event_type, status.value().map(String::as_str));
    state(&mut facts, "status", status);
    Ok(Change {
        subject: Subject { kind: Kind::Payout, id },
        clock: Some(clock),
        facts,
        deletes: event_type == "payout.deleted",
        announces: false,
        changes_unread: false,
        was: BTreeMap::new(),
    })
}

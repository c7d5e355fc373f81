//! UpPromote, public API v2: a bare object signed as a whole; the event's name
//! is in the route, because neither body nor header carries it.

use std::collections::BTreeMap;

use crate::ledger::Provider;
use crate::ledger::{Change, Content, Event, Family, Identity, Kind, Malformed, Subject};
use crate::provider::mapping::{amount_fact, facts, rename, required, state};
use crate::provider::secrets::ProviderSecrets;
use crate::provider::signature::{Incoming, Matches, hmac_matches, mac_from_hex, matching};
use crate::receive::route::Route;
use crate::wire::Timestamp;
use crate::wire::json::Json;
use crate::wire::{Decimal, Field, Id, Personal, Read, Text, Unread, Word, payload};

/// HMAC-SHA256 of the raw body in hex, no prefix, no time-stamp. Header and
/// algorithm are the vendor's; the hex encoding is what running receivers show.
pub const SIGNATURE_HEADER: &str = "x-uppromote-signature";

/// Seconds within which the same change of status is taken for a repeated
/// delivery, where no record tells.
const REPEAT_SECONDS: i64 = 600;

/// The events that can be subscribed to, by their vendor's name.
pub(super) const EVENTS: [(&str, Family); 9] = [
    ("payment.paid", Family::Payouts),
    ("referral.new", Family::Commissions),
    ("referral.approved", Family::Commissions),
    ("referral.denied", Family::Commissions),
    ("referral.status-changed", Family::Commissions),
    ("affiliate.new", Family::Affiliates),
    ("affiliate.approved", Family::Affiliates),
    ("affiliate.inactive", Family::Affiliates),
    ("affiliate.status-changed", Family::Affiliates),
];

/// The vendor's name of the event that a route segment means. `payment-paid`,
/// `payment.paid` and `payment_paid` are one; `None` for anything else.
#[must_use]
pub fn event_of_segment(segment: &str) -> Option<&'static str> {
    Provider::UpPromote.event_named(segment)
}

/// The family of an event, by its vendor's name.
#[must_use]
pub fn family(event: &str) -> Option<Family> {
    EVENTS.iter().find(|(name, _)| *name == event).map(|(_, family)| *family)
}

pub(crate) fn matches<'a>(secrets: &'a ProviderSecrets, incoming: &Incoming) -> Vec<Matches<'a>> {
    let mac = incoming.header(SIGNATURE_HEADER).and_then(mac_from_hex);
    vec![matching(&secrets.hmac, |named| {
        mac.is_some_and(|mac| hmac_matches(named, &[incoming.body], &mac))
    })]
}

/// Whether this is what UpPromote sends when a URL is subscribed: nothing,
/// unsigned, and a 200 expected. Seen by two receivers, not documented.
#[must_use]
pub fn is_subscription_ping(incoming: &Incoming) -> bool {
    incoming.body.is_empty() && !incoming.headers.contains_key(SIGNATURE_HEADER)
}

pub(super) fn event_type(route: &Route) -> Result<String, Malformed> {
    let event = route.event.ok_or_else(|| Malformed::new("route", "names no event"))?;
    Ok(event.to_owned())
}

payload! {
    /// `payment.paid`
    struct Payment {
        payment_id: Id,
        affiliate_id: Id,
        status: Word,
        affiliate_email: Personal,
        total_referrals: Decimal,
        total_processed: Decimal,
        payment_method: Text,
        processed_at: Timestamp,
    }
}

pub(super) fn event(
    event_type: String,
    body: &Json,
    sha256: &str,
    received: Timestamp,
) -> Result<Event, Malformed> {
    let family = family(&event_type);
    let mut unread = Unread::default();
    let (identity, content) = if event_type == "payment.paid" {
        payment(body, sha256, &mut unread)?
    } else {
        (archived(&event_type, sha256, received)?, Content::Unknown)
    };
    Ok(Event {
        provider: Provider::UpPromote,
        event_type,
        family,
        identity,
        content,
        unread: unread.into_paths(),
        other_format: None,
    })
}

/// The identity of an event that is only archived. A change of status may
/// rightly come again, so those are told apart by the time they come in.
fn archived(event_type: &str, sha256: &str, received: Timestamp) -> Result<Identity, Malformed> {
    let again = event_type.ends_with(".status-changed");
    let period = if again { received.seconds().div_euclid(REPEAT_SECONDS) } else { 0 };
    let identity = Id::new(&format!("{event_type}#{sha256}#{period}"));
    identity.map(Identity::Given).ok_or_else(|| Malformed::new("route", "is not an event type"))
}

/// The signature covers the body and not the route, so a body captured at one
/// route verifies at another. It must therefore look like its event: name a
/// payment and when it was processed, if perhaps not so that it can be read.
fn payment(
    body: &Json,
    sha256: &str,
    unread: &mut Unread,
) -> Result<(Identity, Content), Malformed> {
    let payment =
        Payment::read(body, unread).ok_or_else(|| Malformed::new("body", "is not an object"))?;
    let id = required(&payment.payment_id, "payment_id")?;
    if payment.processed_at == Field::Absent {
        return Err(Malformed::new("processed_at", "is missing"));
    }
    let mut facts = facts(&payment)?;
    facts.remove("payment_id");
    facts.remove("total_processed");
    // The page states no currency; the API's referrals are in the shop's.
    amount_fact(&mut facts, &payment.total_processed, &Field::Value("cash_major".into()));
    state(&mut facts, "status", payment.status.map(Word::lower));
    rename(&mut facts, "processed_at", "occurred_at");
    let identity = Identity::Transition(format!("payment.paid#{}#{sha256}", id.as_str()));
    let change = Change {
        subject: Subject { kind: Kind::Payout, id },
        clock: None,
        facts,
        deletes: false,
        announces: false,
        changes_unread: false,
        was: BTreeMap::new(),
    };
    Ok((identity, Content::Change(change.into())))
}

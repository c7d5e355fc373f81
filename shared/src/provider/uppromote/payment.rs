//! `payment.paid`: a payment to an affiliate.

use std::collections::BTreeMap;

use crate::ledger::{Change, Identity, Kind, Malformed, Subject};
use crate::provider::definition::Delivered;
use crate::provider::mapping::{amount_fact, facts, rename, required, state};
use crate::wire::{Decimal, Field, Id, Personal, Read, Text, Timestamp, Unread, Word, payload};

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

/// Reads a payment. The signature covers the body and not the route, so a body
/// captured at one route verifies at another. A body must therefore look like its
/// event: it names a payment and the time of its processing, even if that time
/// cannot be read.
pub(super) fn read(
    delivered: &Delivered,
    unread: &mut Unread,
) -> Result<(Identity, Change), Malformed> {
    let Delivered { body, sha256, .. } = delivered;
    let payment =
        Payment::read(body, unread).ok_or_else(|| Malformed::new("body", "is not an object"))?;
    let id = required(&payment.payment_id, "payment_id")?;
    if payment.processed_at == Field::Absent {
        return Err(Malformed::new("processed_at", "is missing"));
    }
    let mut facts = facts(&payment)?;
    facts.remove("payment_id");
    facts.remove("total_processed");
    // The vendor's page states no currency; the API's referrals are in the shop's.
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
    Ok((identity, change))
}

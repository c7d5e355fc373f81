//! `payout.*`: a payment to an affiliate.

use std::collections::BTreeMap;

use crate::ledger::{Change, Identity, Kind, Malformed, Subject};
use crate::provider::definition::Delivered;
use crate::provider::mapping::{
    amount_fact, clock, facts, first_time, object, rename, required, state,
};
use crate::wire::{Decimal, Field, Id, Read, Text, Timestamp, Unread, Word, payload};

payload! {
    /// The envelope of an event. Only `id`, `type` and `data` are common to all of
    /// the vendor's descriptions.
    struct Envelope {
        id: Id,
        created_at as "createdAt": Timestamp,
        /// An older spelling of the time.
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

pub(super) fn read(
    delivered: &Delivered,
    unread: &mut Unread,
) -> Result<(Identity, Change), Malformed> {
    let Delivered { event_type, body, .. } = delivered;
    let envelope = Envelope::read(body, unread).unwrap_or_default();
    let identity = Identity::Given(required(&envelope.id, "id")?);
    let payout: Payout = object(body, "data", unread)?;
    let id = required(&payout.payout_id, "data.payoutId")?;
    let implied = match *event_type {
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
    let clock = clock(time, event_type, &status);
    state(&mut facts, "status", status);
    let change = Change {
        subject: Subject { kind: Kind::Payout, id },
        clock: Some(clock),
        facts,
        deletes: *event_type == "payout.deleted",
        announces: false,
        changes_unread: false,
        was: BTreeMap::new(),
    };
    Ok((identity, change))
}

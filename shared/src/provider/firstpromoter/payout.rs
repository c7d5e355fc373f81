//! `payout.*`: a payment to an affiliate.

use crate::ledger::{Change, Identity, Kind, Malformed, Subject};
use crate::provider::definition::Delivered;
use crate::provider::firstpromoter::changes::Changes;
use crate::provider::firstpromoter::envelope::{
    Campaign, Envelope, Promoter, clock_of, data, found, subject_id,
};
use crate::provider::firstpromoter::unit::unit_of;
use crate::provider::mapping::{amount_fact, facts, rename, required, state};
use crate::wire::{
    Decimal, Id, NumberId, Personal, Present, Read, Text, Time, Unread, Word, payload,
};

payload! {
    /// The data of `payout.*`: the API's Payout, or any part of it.
    struct Payout {
        id: Id,
        status: Word,
        amount: Decimal,
        unit: Word,
        payments_batch_id: Id,
        tax_rate: Present,
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

pub(super) fn read(
    delivered: &Delivered,
    unread: &mut Unread,
) -> Result<(Identity, Change), Malformed> {
    let Delivered { event_type, body, .. } = delivered;
    let envelope = Envelope::read(body, unread).unwrap_or_default();
    let identity = Identity::Given(required(&envelope.event_id, "event_id")?);
    let deletes = *event_type == "payout.deleted";
    let payout = data::<Payout>(body, deletes, unread);
    let id = subject_id(payout.value().map(|payout| &payout.id), &envelope)?;
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
    let clock = clock_of(event_type, &envelope, &status, unread);
    state(&mut facts, "status", status);
    let change = Change {
        subject: Subject { kind: Kind::Payout, id },
        clock: Some(clock),
        facts,
        deletes,
        announces: false,
        changes_unread: changes.unread,
        was: changes.was,
    };
    Ok((identity, change))
}

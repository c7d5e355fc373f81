//! `payout.*`: a payment to an affiliate, and the commissions that are in it.

use serde_json::Value;

use crate::ledger::{Action, Facts, Family, Kind, Malformed, StatusWords};
use crate::provider::firstpromoter::commission::COMMISSION;
use crate::provider::firstpromoter::envelope::{
    CAMPAIGN, Envelope, PROMOTER, Told, data, named, read,
};
use crate::provider::firstpromoter::unit::AMOUNT;
use crate::provider::mapping::as_id;
use crate::provider::object::{Joined, Object, Reading, Understood};
use crate::wire::parts::{
    Member, decimal, id, number_id, object, personal, present, text, time, word,
};
use crate::wire::{Field, Id, Unread};

/// A payout: the API's, or any part of it.
pub(super) static PAYOUT: Object = Object {
    members: &[
        id("id").unstated(),
        word("status"),
        decimal("amount").unstated(),
        word("unit"),
        id("payments_batch_id").unstated(),
        present("tax_rate"),
        text("period_start"),
        text("period_end"),
        text("paid_at"),
        text("processing_started_at"),
        text("failed_at"),
        personal("error"),
        decimal("total_incl_tax"),
        time("created_at").named("occurred_at"),
        // The method's id is a link; of the method itself only its presence is kept.
        object("payout_method", &[id("id")]).unstated(),
        present("payout_method"),
        number_id("promoter_id").unstated(),
        number_id("campaign_id").unstated(),
        object("promoter", PROMOTER).named("affiliate"),
        object("campaign", CAMPAIGN),
    ],
    joined: &[
        Joined { fact: "affiliate_id", at: &[&["promoter", "id"], &["promoter_id"]] },
        Joined { fact: "campaign_id", at: &[&["campaign", "id"], &["campaign_id"]] },
        Joined { fact: "payout_batch_id", at: &[&["payments_batch_id"]] },
        Joined { fact: "payout_method_id", at: &[&["payout_method", "id"]] },
    ],
    amount: Some(AMOUNT),
    status: &["status"],
    words: &StatusWords::of(&[
        ("pending", "pending"),
        ("processing", "processing"),
        ("completed", "completed"),
        ("failed", "failed"),
        ("cancelled", "cancelled"),
    ]),
    ..Object::of(Kind::Payout, Family::Payouts, read)
};

/// A commission that joined a payout.
pub(super) static ADDED: Object = Object {
    members: MEMBERSHIP,
    words: COMMISSION.words,
    ..Object::of(Kind::Commission, Family::Payouts, added)
};

/// A commission that left a payout.
pub(super) static REMOVED: Object = Object {
    members: MEMBERSHIP,
    words: COMMISSION.words,
    ..Object::of(Kind::Commission, Family::Payouts, removed)
};

/// A payout whose commissions changed in a way of which the vendor's pages say no
/// more than that.
pub(super) static TOUCHED: Object = Object {
    members: MEMBERSHIP,
    words: PAYOUT.words,
    ..Object::of(Kind::Payout, Family::Payouts, touched)
};

/// The names that a payout and a commission in it may have. The vendor's older text
/// speaks of a record of its own, so the entity of the envelope may be that record.
const MEMBERSHIP: &[Member] = &[
    number_id("payout_id").unstated(),
    object("payout", &[number_id("id")]).unstated(),
    number_id("commission_id").unstated(),
    object("commission", &[number_id("id")]).unstated(),
    number_id("reward_id").unstated(),
];

/// The ids of the payout and of the commission that an event names.
fn ids(reading: &Reading, envelope: &Envelope, unread: &mut Unread) -> (Field<Id>, Field<Id>) {
    let parts = data(reading.row.object, reading.body, false, unread);
    let parts = parts.value().cloned().unwrap_or_default();
    let entity = envelope.id_of(reading.body, "payout");
    let payout = named(&parts, &[&["payout_id"], &["payout", "id"]], entity);
    let commission = named(&parts, &[&["commission_id"], &["commission", "id"]], Field::Absent);
    // The vendor's older name of a commission.
    let reward = as_id(&parts.at(&["reward_id"]));
    let is_unnamed = matches!(commission, Field::Absent | Field::Null);
    (payout, if is_unnamed { reward } else { commission })
}

fn added(reading: &Reading, unread: &mut Unread) -> Result<Understood, Malformed> {
    linked(reading, unread, |payout| (payout, Value::Null))
}

fn removed(reading: &Reading, unread: &mut Unread) -> Result<Understood, Malformed> {
    linked(reading, unread, |payout| (Value::Null, payout))
}

/// Reads a change of a commission's payout; `link` has the link after it and before.
fn linked(
    reading: &Reading,
    unread: &mut Unread,
    link: fn(Value) -> (Value, Value),
) -> Result<Understood, Malformed> {
    let envelope = Envelope::read(reading.body, unread)?;
    let (Field::Value(payout), Field::Value(commission)) = ids(reading, &envelope, unread) else {
        return Ok(Told::nothing(envelope));
    };
    let (now, before) = link(Value::from(payout.as_str()));
    let mut told = Told::of(commission, [("payout_id".to_owned(), now)].into_iter().collect());
    told.changes.was.insert("payout_id".to_owned(), before);
    let mut understood = told.understood(reading, envelope, unread);
    // What came to be or went is the membership, and not the commission.
    for clock in understood.changes.iter_mut().filter_map(|change| change.clock.as_mut()) {
        clock.action = Action::Updated;
    }
    Ok(understood)
}

fn touched(reading: &Reading, unread: &mut Unread) -> Result<Understood, Malformed> {
    let envelope = Envelope::read(reading.body, unread)?;
    Ok(match ids(reading, &envelope, unread) {
        (Field::Value(payout), _) => {
            Told::of(payout, Facts::new()).understood(reading, envelope, unread)
        }
        _ => Told::nothing(envelope),
    })
}

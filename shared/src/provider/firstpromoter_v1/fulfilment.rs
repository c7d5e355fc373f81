//! `fulfilment_pending`: a reward that the company must fulfil.

use crate::ledger::{Change, Family, Kind, Malformed, StatusWords};
use crate::provider::firstpromoter::unit::AMOUNT;
use crate::provider::firstpromoter_v1::envelope::{CREATED_AT, EventPart, PROMOTER, REWARD};
use crate::provider::mapping::{as_id, required};
use crate::provider::object::{Joined, Object, Reading, Understood};
use crate::wire::Unread;
use crate::wire::parts::{Member, decimal, id, number_id, object, text, word};

/// The event type of a reward to be fulfilled. An answer of exactly 200 marks the
/// reward fulfilled for good, so such events have answers of their own.
pub const FULFILMENT_PENDING: &str = "fulfilment_pending";

/// A campaign. The body holds the URL that FirstPromoter calls besides, which has our
/// token in it and is not read.
pub(super) const CAMPAIGN: &[Member] = &[
    number_id("id"),
    text("name"),
    text("landing_url"),
    text("description"),
    text("private"),
    text("color"),
    text("auto_approve_rewards"),
    text("auto_approve_promoters"),
    object("offer", REWARD),
    object("referral_reward", REWARD),
    object("promotion_reward", REWARD),
    object("target_reward", REWARD),
];

/// A fulfilment.
pub(super) static FULFILMENT: Object = Object {
    members: &[
        id("id").unstated(),
        word("status"),
        decimal("amount").unstated(),
        word("unit"),
        text("date_paid"),
        text("due_date"),
        CREATED_AT,
        text("has_issues"),
        object("reward", REWARD),
        object("promoter", PROMOTER).named("affiliate"),
        object("campaign", CAMPAIGN),
    ],
    joined: &[
        Joined { fact: "affiliate_id", at: &[&["promoter", "id"]] },
        Joined { fact: "campaign_id", at: &[&["campaign", "id"]] },
    ],
    amount: Some(AMOUNT),
    status: &["status"],
    words: &StatusWords::of(&[
        ("pending", "pending"),
        ("processing", "processing"),
        ("completed", "completed"),
        ("denied", "cancelled"),
        ("rejected", "cancelled"),
        ("cancelled", "cancelled"),
    ]),
    decides: true,
    ..Object::of(Kind::Fulfilment, Family::Fulfilments, read)
};

fn read(reading: &Reading, unread: &mut Unread) -> Result<Understood, Malformed> {
    let part = EventPart::read(reading, unread)?;
    let fulfilment = FULFILMENT.in_member(reading.body, "data", unread)?;
    let id = required(&as_id(&fulfilment.at(&["id"])), "data.id")?;
    let facts = FULFILMENT.facts(&fulfilment, unread);
    let status = FULFILMENT.status(&fulfilment);
    let change = part.change(reading, &FULFILMENT, id, status, facts);
    let changes = vec![Change { announces: true, ..change }];
    Ok(Understood { identity: part.identity, changes })
}

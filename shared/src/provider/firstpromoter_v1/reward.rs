//! `reward_created`: an affiliate's earning from one sale. It promises nothing:
//! rewards to be fulfilled are announced by `fulfilment_pending`.

use crate::ledger::{Family, Kind, Malformed, StatusWords};
use crate::provider::firstpromoter::unit::AMOUNT;
use crate::provider::firstpromoter_v1::customer::{AFFILIATE, CAMPAIGN, ENROLMENT};
use crate::provider::firstpromoter_v1::envelope::{
    CREATED_AT, EventPart, PROMOTER, PROMOTION, REWARD, implied,
};
use crate::provider::mapping::{as_id, required};
use crate::provider::object::{Joined, Object, Reading, Understood};
use crate::wire::Unread;
use crate::wire::parts::{decimal, id, number_id, object, personal, text, word};

/// A commission. A refund makes one with a negative amount; a commission that was
/// assigned by hand has no lead.
pub(super) static COMMISSION: Object = Object {
    members: &[
        id("id").unstated(),
        word("status"),
        decimal("amount").unstated(),
        word("unit"),
        CREATED_AT,
        text("event_id"),
        decimal("conversion_amount").named("sale_amount"),
        text("tier_level").named("tier"),
        text("split_type"),
        object("reward", REWARD),
        object("lead", &[number_id("id"), text("state"), personal("email"), personal("uid")])
            .named("customer"),
        object("promoter", PROMOTER).named("affiliate"),
        object("promotion", PROMOTION),
    ],
    joined: &[
        AFFILIATE,
        ENROLMENT,
        CAMPAIGN,
        Joined { fact: "customer_id", at: &[&["lead", "id"]] },
    ],
    amount: Some(AMOUNT),
    status: &["status"],
    words: &StatusWords::of(&[
        ("pending", "pending"),
        ("approved", "approved"),
        ("denied", "denied"),
    ]),
    ..Object::of(Kind::Commission, Family::Commissions, read)
};

fn read(reading: &Reading, unread: &mut Unread) -> Result<Understood, Malformed> {
    let part = EventPart::read(reading, unread)?;
    let reward = COMMISSION.in_member(reading.body, "data", unread)?;
    let id = required(&as_id(&reward.at(&["id"])), "data.id")?;
    let facts = COMMISSION.facts(&reward, unread);
    let status = COMMISSION.status(&reward).or(implied(reading));
    let change = part.change(reading, &COMMISSION, id, status, facts);
    Ok(Understood { identity: part.identity, changes: vec![change] })
}

//! `lead_*`: a lead, and the customer whom it became.

use crate::ledger::{Family, Kind, Malformed, StatusWords};
use crate::provider::firstpromoter_v1::envelope::{
    CREATED_AT, EventPart, PROMOTER, PROMOTION, implied,
};
use crate::provider::mapping::{as_id, required};
use crate::provider::object::{Joined, Object, Reading, Understood};
use crate::wire::Unread;
use crate::wire::parts::{Member, any, id, object, personal, text, word};

/// The places of a promoter, beside a lead or a reward.
pub(super) const AFFILIATE: Joined =
    Joined { fact: "affiliate_id", at: &[&["promoter", "id"], &["promotion", "promoter_id"]] };
/// The place of a promoter's part in a campaign, likewise.
pub(super) const ENROLMENT: Joined = Joined { fact: "enrolment_id", at: &[&["promotion", "id"]] };
/// The place of the campaign, likewise.
pub(super) const CAMPAIGN: Joined =
    Joined { fact: "campaign_id", at: &[&["promotion", "campaign_id"]] };

/// A lead.
pub(super) static LEAD: Object = Object {
    members: LEAD_MEMBERS,
    joined: &[AFFILIATE, ENROLMENT, CAMPAIGN],
    status: &["state", "status"],
    words: &StatusWords::of(&[
        ("subscribed", "subscriber"),
        ("signup", "lead"),
        ("active", "customer"),
        ("cancelled", "cancelled"),
        ("denied", "rejected"),
    ]),
    ..Object::of(Kind::Customer, Family::Customers, read)
};

const LEAD_MEMBERS: &[Member] = &[
    id("id").unstated(),
    word("state"),
    // The name of `state` in the vendor's list of fields.
    word("status"),
    personal("email"),
    personal("uid"),
    personal("first_name"),
    personal("last_name"),
    text("customer_since"),
    text("cancelled_at"),
    text("plan_name"),
    text("suspicion"),
    personal("username"),
    personal("website"),
    CREATED_AT,
    text("split_promotion_id"),
    text("split_percentage_value"),
    text("visitor_sub_id"),
    any("custom_fields"),
    object("promotion", PROMOTION),
    object("promoter", PROMOTER).named("affiliate"),
];

fn read(reading: &Reading, unread: &mut Unread) -> Result<Understood, Malformed> {
    let part = EventPart::read(reading, unread)?;
    let lead = LEAD.in_member(reading.body, "data", unread)?;
    let id = required(&as_id(&lead.at(&["id"])), "data.id")?;
    let facts = LEAD.facts(&lead, unread);
    let status = LEAD.status(&lead).or(implied(reading));
    let change = part.change(reading, &LEAD, id, status, facts);
    Ok(Understood { identity: part.identity, changes: vec![change] })
}

//! `promoter_*`: an affiliate, and the affiliate's part in campaigns.

use std::collections::BTreeSet;

use crate::ledger::{Change, Family, Kind, Malformed, StatusWords};
use crate::provider::firstpromoter_v1::envelope::{EventPart, PROFILE, REWARD, implied};
use crate::provider::firstpromoter_v1::fulfilment::CAMPAIGN;
use crate::provider::mapping::{as_id, required, state};
use crate::provider::object::{Joined, Object, Reading, Understood};
use crate::wire::json::Json;
use crate::wire::parts::{
    Member, Parts, any, id, number_id, object, personal, present, text, time, word,
};
use crate::wire::{Field, Id, Unread};

/// Most enrolments that one sign-up writes: a transaction takes 100 items. The others
/// are kept in the event.
const MAX_PROMOTIONS: usize = 45;

/// An affiliate.
pub(super) static AFFILIATE: Object = Object {
    members: &[
        id("id").unstated(),
        word("status"),
        personal("cust_id"),
        personal("email"),
        time("created_at").named("occurred_at"),
        text("default_promotion_id"),
        text("pref"),
        text("default_ref_id"),
        personal("note"),
        present("w8_form_url"),
        present("w9_form_url"),
        text("parent_promoter_id"),
        any("earnings_balance"),
        any("current_balance"),
        any("paid_balance"),
        any("pending_balance"),
        object("profile", PROFILE),
    ],
    status: &["status"],
    words: &StatusWords::of(&[
        ("pending", "pending"),
        ("active", "active"),
        ("approved", "active"),
        ("denied", "rejected"),
        ("blocked", "blocked"),
    ]),
    also: &[&ENROLMENT],
    ..Object::of(Kind::Affiliate, Family::Affiliates, signed_up)
};

/// An enrolment, which v1 calls a promotion. Its own `status` is that of the
/// campaign's offer.
pub(super) static ENROLMENT: Object = Object {
    members: &[
        id("id").unstated(),
        text("status").named("offer_status"),
        text("ref_id"),
        text("promo_code"),
        text("customer_promo_code"),
        text("target_reached_at"),
        number_id("promoter_id").unstated(),
        number_id("campaign_id").unstated(),
        text("referral_link"),
        text("ref_link"),
        object("current_offer", REWARD),
        object("current_referral_reward", REWARD),
        object("current_promotion_reward", REWARD),
        object("current_target_reward", REWARD),
        text("campaign_name"),
        text("hidden"),
        text("visitors_count"),
        text("leads_count"),
        text("customers_count"),
        text("refunds_count"),
        text("cancellations_count"),
        text("sales_count"),
        text("sales_total"),
        text("refunds_total"),
        text("active_customers_count"),
    ],
    joined: &[
        Joined { fact: "affiliate_id", at: &[&["promoter_id"]] },
        Joined { fact: "campaign_id", at: &[&["campaign_id"]] },
    ],
    // A sign-up says no word of it: whoever was not accepted waits.
    words: &StatusWords {
        words: &[("pending", "pending"), ("accepted", "accepted")],
        by_fact: &[],
        otherwise: Some("pending"),
    },
    also: &[&AFFILIATE],
    ..Object::of(Kind::Enrolment, Family::Affiliates, accepted)
};

/// Reads `promoter_signed_up`: the affiliate, and an enrolment for each promotion.
fn signed_up(reading: &Reading, unread: &mut Unread) -> Result<Understood, Malformed> {
    let part = EventPart::read(reading, unread)?;
    let data = data_of(reading)?;
    let changes = unread.within("data", |unread| {
        let promoter = AFFILIATE.in_member(data, "promoter", unread).map_err(in_data)?;
        let id = required(&as_id(&promoter.at(&["id"])), "data.promoter.id")?;
        let mut changes = vec![affiliate(&part, reading, &promoter, id.clone(), unread)];
        changes.extend(promotions(&part, reading, data, &id, unread));
        Ok(changes)
    })?;
    Ok(Understood { identity: part.identity, changes })
}

/// The enrolments of somebody who signed up. Nothing is said of their status: somebody who
/// joins another campaign may have been accepted in one of them long ago.
fn promotions(
    part: &EventPart,
    reading: &Reading,
    data: &Json,
    whose: &Id,
    unread: &mut Unread,
) -> Vec<Change> {
    let listed = match data.get("promotions") {
        None | Some(Json::Null) => &[][..],
        Some(Json::Array(listed)) => listed,
        Some(_) => {
            unread.note("promotions");
            &[]
        }
    };
    let mut changes = Vec::new();
    let mut seen = BTreeSet::new();
    for json in listed {
        let promotion = unread.within("promotions", |unread| ENROLMENT.parts(json, unread));
        let promotion = promotion.unwrap_or_default();
        let id = as_id(&promotion.at(&["id"]));
        match id.value() {
            // Of two with one id the first counts.
            Some(id) if !seen.insert(id.clone()) => unread.note("promotions"),
            Some(id) if changes.len() < MAX_PROMOTIONS => {
                let ids = (id.clone(), Some(whose));
                let change = enrolled(part, reading, &promotion, ids, Field::Absent, unread);
                changes.push(change);
            }
            Some(_) => unread.note_over("promotions"),
            None => unread.note("promotions"),
        }
    }
    changes
}

/// What is said beside a promotion that is accepted.
const ACCEPTED: &[Member] = &[word("state"), object("campaign", CAMPAIGN)];

/// Reads `promoter_accepted`: the enrolment that was accepted, and its affiliate.
fn accepted(reading: &Reading, unread: &mut Unread) -> Result<Understood, Malformed> {
    let part = EventPart::read(reading, unread)?;
    let data = data_of(reading)?;
    let changes = unread.within("data", |unread| {
        let promotion = ENROLMENT.in_member(data, "promotion", unread).map_err(in_data)?;
        let id = required(&as_id(&promotion.at(&["id"])), "data.promotion.id")?;
        let beside = Parts::read(data, ACCEPTED, unread).unwrap_or_default();
        let promoter =
            unread.member_by(data, "promoter", |json, unread| AFFILIATE.parts(json, unread));
        let promoter = promoter.value().cloned().unwrap_or_default();
        let whose = as_id(&promoter.at(&["id"])).value().cloned();
        let status = beside.first(&["state"]).or(implied(reading));
        let mut changes = Vec::new();
        let ids = (id, whose.as_ref());
        let mut change = enrolled(&part, reading, &promotion, ids, status, unread);
        let campaigns = [promotion.at(&["campaign_id"]), beside.at(&["campaign", "id"])];
        state(&mut change.facts, "campaign_id", Field::agreed(campaigns));
        changes.push(change);
        if let Some(id) = whose {
            changes.push(affiliate(&part, reading, &promoter, id, unread));
        }
        Ok(changes)
    })?;
    Ok(Understood { identity: part.identity, changes })
}

fn in_data(malformed: Malformed) -> Malformed {
    Malformed::new(format!("data.{}", malformed.field), malformed.reason)
}

fn data_of<'a>(reading: &Reading<'a>) -> Result<&'a Json, Malformed> {
    match reading.body.get("data") {
        Some(data @ Json::Object(_)) => Ok(data),
        Some(_) => Err(Malformed::new("data", "is not an object")),
        None => Err(Malformed::new("data", "is missing")),
    }
}

fn affiliate(
    part: &EventPart,
    reading: &Reading,
    promoter: &Parts,
    id: Id,
    unread: &mut Unread,
) -> Change {
    let facts = AFFILIATE.facts(promoter, unread);
    part.change(reading, &AFFILIATE, id, AFFILIATE.status(promoter), facts)
}

/// The change of an enrolment. Where it names no promoter, it is that of the promoter
/// beside it; where it names another, nobody's.
fn enrolled(
    part: &EventPart,
    reading: &Reading,
    promotion: &Parts,
    (id, whose): (Id, Option<&Id>),
    status: Field<String>,
    unread: &mut Unread,
) -> Change {
    let mut facts = ENROLMENT.facts(promotion, unread);
    let beside = whose.map_or(Field::Absent, |whose| Field::Value(whose.as_str()));
    let named = Field::agreed([promotion.at(&["promoter_id"]), beside]);
    state(&mut facts, "affiliate_id", named);
    part.change(reading, &ENROLMENT, id, status, facts)
}

//! `promoter_campaign.*`: an affiliate's part in one campaign.

use crate::ledger::{Family, Kind, StatusWords};
use crate::provider::firstpromoter::envelope::{CAMPAIGN, PROMOTER, read};
use crate::provider::object::{Joined, Object};
use crate::wire::parts::{any, id, number_id, object, text, time, word};

/// An enrolment.
pub(super) static ENROLMENT: Object = Object {
    members: &[
        id("id").unstated(),
        word("state"),
        word("status"),
        number_id("campaign_id").unstated(),
        number_id("promoter_id").unstated(),
        object("promoter", PROMOTER).named("affiliate"),
        object("campaign", CAMPAIGN),
        any("stats"),
        text("coupon"),
        text("display_coupon"),
        text("ref_token"),
        text("ref_link"),
        text("is_customized"),
        text("direct_url"),
        any("rewards_for_promoters"),
        any("rewards_for_referrals"),
        any("promo_codes"),
        time("created_at").named("occurred_at"),
    ],
    joined: &[
        Joined { fact: "affiliate_id", at: &[&["promoter_id"], &["promoter", "id"]] },
        Joined { fact: "campaign_id", at: &[&["campaign_id"], &["campaign", "id"]] },
    ],
    status: &["state", "status"],
    words: &StatusWords::of(&[
        ("pending", "pending"),
        ("not_set", "pending"),
        ("accepted", "accepted"),
        ("inactive", "inactive"),
        ("rejected", "rejected"),
        ("blocked", "blocked"),
    ]),
    ..Object::of(Kind::Enrolment, Family::Affiliates, read)
};

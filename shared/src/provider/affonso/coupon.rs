//! `coupon.*`: a discount code of an affiliate.

use crate::ledger::{ByFact, FactIs, Family, Kind, StatusWords, With};
use crate::provider::affonso::envelope::read;
use crate::provider::object::{Joined, Object};
use crate::wire::parts::{Form, Member, id, text, time};

/// A coupon. Alone among the vendor's objects it is spelled with underscores.
pub(super) static COUPON: Object = Object {
    members: &[
        id("id").unstated(),
        id("affiliate_id").unstated(),
        id("program_id").unstated(),
        text("code"),
        text("provider"),
        time("archived_at"),
        Member::new("created_at", Form::Instant).named("occurred_at"),
    ],
    joined: &[
        Joined { fact: "affiliate_id", at: &[&["affiliate_id"]] },
        Joined { fact: "campaign_id", at: &[&["program_id"]] },
    ],
    words: &StatusWords {
        words: &[],
        by_fact: &[ByFact {
            fact: "archived_at",
            is: FactIs::Stated,
            with: With::Any,
            status: "archived",
        }],
        otherwise: Some("active"),
    },
    ..Object::of(Kind::Coupon, Family::Affiliates, read)
};

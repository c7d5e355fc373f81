//! `payout_method.*`: a way in which an affiliate is paid. The account itself is
//! payment data, and not read.

use crate::ledger::{ByFact, FactIs, Family, Kind, StatusWords, With};
use crate::provider::firstpromoter::envelope::read;
use crate::provider::object::{Joined, Object};
use crate::wire::parts::{Form, Member, id, number_id, object, present, text};

/// A payout method. The schema names no promoter.
pub(super) static PAYOUT_METHOD: Object = Object {
    members: &[
        id("id").unstated(),
        text("method"),
        Member::new("date_added", Form::Date).named("occurred_at"),
        text("is_disabled"),
        text("is_selected"),
        text("managed_payouts"),
        present("details"),
        present("meta"),
        number_id("promoter_id").unstated(),
        object("promoter", &[number_id("id")]).unstated(),
    ],
    joined: &[Joined { fact: "affiliate_id", at: &[&["promoter_id"], &["promoter", "id"]] }],
    words: &StatusWords {
        words: &[],
        by_fact: &[ByFact {
            fact: "is_disabled",
            is: FactIs::Text("true"),
            with: With::Any,
            status: "disabled",
        }],
        otherwise: Some("active"),
    },
    ..Object::of(Kind::PayoutMethod, Family::Payouts, read)
};

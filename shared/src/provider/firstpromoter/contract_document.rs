//! `contract_document.signed`: a contract document of an affiliate.

use crate::ledger::{ByFact, FactIs, Family, Kind, StatusWords, With};
use crate::provider::firstpromoter::envelope::{PROMOTER, read};
use crate::provider::object::{Joined, Object};
use crate::wire::parts::{id, number_id, object, personal, text, time, word};

/// A contract document.
pub(super) static DOCUMENT: Object = Object {
    members: &[
        id("id").unstated(),
        word("status"),
        time("signed_at"),
        personal("signed_ip"),
        text("contract_version_id"),
        object("contract", &[id("id"), text("name")]),
        number_id("promoter_id").unstated(),
        object("promoter", PROMOTER).named("affiliate"),
        time("created_at").named("occurred_at"),
    ],
    joined: &[Joined { fact: "affiliate_id", at: &[&["promoter_id"], &["promoter", "id"]] }],
    status: &["status"],
    words: &StatusWords {
        words: &[("pending", "pending"), ("signed", "signed")],
        by_fact: &[ByFact {
            fact: "signed_at",
            is: FactIs::Stated,
            with: With::NoWord,
            status: "signed",
        }],
        otherwise: Some("pending"),
    },
    ..Object::of(Kind::Document, Family::Affiliates, read)
};

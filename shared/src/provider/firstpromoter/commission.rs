//! `commission.*`: an affiliate's earning from one sale, and the reward that it may
//! be.

use crate::ledger::{ByFact, FactIs, Facts, Family, Kind, Malformed, StatusWords, With};
use crate::provider::firstpromoter::envelope::{CAMPAIGN, PROMOTER, read};
use crate::provider::firstpromoter::unit::AMOUNT;
use crate::provider::mapping::state;
use crate::provider::object::{Joined, Object};
use crate::wire::Unread;
use crate::wire::json::Json;
use crate::wire::parts::{
    Form, Member, any, decimal, id, number_id, object, personal, text, time, word,
};

/// A promoter's part in a campaign, as embedded.
pub(super) const ENROLMENT: &[Member] = &[
    id("id"),
    number_id("campaign_id"),
    number_id("promoter_id"),
    object("promoter", PROMOTER),
    object("campaign", CAMPAIGN),
];

/// The places of the affiliate beside an enrolment.
pub(super) const AFFILIATE: Joined = Joined {
    fact: "affiliate_id",
    at: &[
        &["promoter_campaign", "promoter", "id"],
        &["promoter_campaign", "promoter_id"],
        &["promoter_id"],
    ],
};

/// The places of the campaign of an enrolment.
pub(super) const CAMPAIGN_OF_ENROLMENT: Joined = Joined {
    fact: "campaign_id",
    at: &[&["promoter_campaign", "campaign", "id"], &["promoter_campaign", "campaign_id"]],
};

/// A commission: the API's, or any part of it. Amounts are in cents for `cash`, else
/// counts; a refund makes a negative one. The currency is the account's, and not in
/// the body.
pub(super) static COMMISSION: Object = Object {
    members: &[
        id("id").unstated(),
        word("status"),
        decimal("amount").unstated(),
        word("unit"),
        text("currency"),
        text("commission_type"),
        Member::new("is_self_referral", Form::Verdict),
        decimal("sale_amount"),
        decimal("original_sale_amount"),
        text("original_sale_currency"),
        text("event_id"),
        text("plan_id"),
        text("tier"),
        personal("internal_note"),
        personal("external_note"),
        Member::new("fraud_check", Form::Verdict),
        text("is_paid"),
        text("is_split"),
        any("split_details"),
        any("metadata"),
        personal("created_by_user_email"),
        text("created_by_user_at"),
        time("created_at").named("occurred_at"),
        time("status_updated_at"),
        number_id("promoter_id").unstated(),
        number_id("referral_id").unstated(),
        object("promoter_campaign", ENROLMENT).named("enrolment"),
        // The customer whose purchase caused the commission.
        object("referral", &[number_id("id"), personal("email"), personal("uid")])
            .named("customer"),
        object("reward", &[id("id"), text("name")]),
    ],
    joined: &[
        AFFILIATE,
        CAMPAIGN_OF_ENROLMENT,
        Joined { fact: "customer_id", at: &[&["referral", "id"], &["referral_id"]] },
        Joined { fact: "enrolment_id", at: &[&["promoter_campaign", "id"]] },
    ],
    amount: Some(AMOUNT),
    status: &["status"],
    words: &StatusWords {
        words: &[("pending", "pending"), ("approved", "approved"), ("denied", "denied")],
        by_fact: &[ByFact {
            fact: "is_paid",
            is: FactIs::Text("true"),
            with: With::Word("approved"),
            status: "paid",
        }],
        otherwise: None,
    },
    decides: true,
    ..Object::of(Kind::Commission, Family::Commissions, read)
};

/// The facts of a commission from the API, in the form in which a webhook states
/// them.
///
/// # Errors
/// [`Malformed`] when the JSON is no commission.
pub fn facts_of_commission(commission: &Json) -> Result<Facts, Malformed> {
    let mut unread = Unread::default();
    let parts = COMMISSION
        .parts(commission, &mut unread)
        .ok_or_else(|| Malformed::new("commission", "is not an object"))?;
    let mut facts = COMMISSION.facts(&parts, &mut unread);
    state(&mut facts, "status", COMMISSION.status(&parts));
    Ok(facts)
}

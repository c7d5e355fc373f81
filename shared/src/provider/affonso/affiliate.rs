//! `affiliate.*`: a partner who brings customers.

use crate::ledger::{ByFact, FactIs, Family, Kind, StatusWords, With};
use crate::provider::affonso::envelope::read;
use crate::provider::object::{Joined, Object};
use crate::wire::parts::{Form, Member, any, id, personal, text, word};

/// An affiliate. The vendor's developer pages show a small body with `status`, its
/// help pages a larger one with the status of the account and that of the
/// partnership, which counts more.
pub(super) static AFFILIATE: Object = Object {
    members: &[
        id("affiliateId").unstated(),
        id("affiliateProgramId").unstated(),
        text("trackingId").named("tracking_id"),
        word("status"),
        Member::new("accountStatus", Form::Word).named("account_status"),
        Member::new("partnershipStatus", Form::Word).named("partnership_status"),
        personal("email"),
        personal("name"),
        text("source"),
        text("groupId").named("group_id"),
        text("onboardingCompleted").named("onboarding_completed"),
        personal("country"),
        text("externalUserId").named("external_user_id"),
        any("metadata"),
        any("promoCodes").named("promo_codes"),
        Member::new("createdAt", Form::Instant).named("occurred_at"),
        Member::new("updatedAt", Form::Instant).unstated(),
    ],
    joined: &[Joined { fact: "campaign_id", at: &[&["affiliateProgramId"]] }],
    status: &["partnershipStatus", "status", "accountStatus"],
    words: &StatusWords {
        words: &[
            ("pending", "pending"),
            ("approved", "active"),
            ("active", "active"),
            ("inactive", "inactive"),
            ("rejected", "rejected"),
        ],
        // An account can be active before any programme has taken its owner.
        by_fact: &[waits(With::Word("active")), waits(With::NoWord)],
        otherwise: None,
    },
    ..Object::of(Kind::Affiliate, Family::Affiliates, read)
};

/// An affiliate whose partnership has no status waits for one.
const fn waits(with: With) -> ByFact {
    ByFact { fact: "partnership_status", is: FactIs::NullBesideWord, with, status: "pending" }
}

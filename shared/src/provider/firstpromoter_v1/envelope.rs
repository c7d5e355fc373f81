//! The envelope of webhooks v1, and the parts that its resources share.

use crate::ledger::{Change, Facts, Identity, Malformed, Subject};
use crate::provider::mapping::{first_time, required, state};
use crate::provider::object::{Object, Reading};
use crate::wire::json::Json;
use crate::wire::parts::{Form, Member, any, id, number_id, object, personal, present, text};
use crate::wire::{Field, Id, Timestamp, Unread};

/// An offer or a reward of a campaign.
pub(super) const REWARD: &[Member] = &[
    id("id"),
    text("amount"),
    text("type"),
    text("unit"),
    text("name"),
    text("per_of_sale"),
    text("default_promo_code"),
];

/// The profile of an affiliate.
pub(super) const PROFILE: &[Member] = &[
    id("id"),
    personal("first_name"),
    personal("last_name"),
    personal("website"),
    personal("company_name"),
    personal("phone_number"),
    personal("address"),
    present("vat_id"),
    personal("country"),
    present("paypal_email"),
    personal("avatar_url"),
    personal("description"),
    any("social_accounts"),
];

/// An affiliate, as embedded. The body holds the promoter's log-in to the dashboard
/// and a password besides, which are not read.
pub(super) const PROMOTER: &[Member] = &[
    number_id("id"),
    text("status"),
    personal("cust_id"),
    personal("email"),
    text("created_at"),
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
    object("profile", PROFILE),
];

/// A promoter's part in a campaign, as embedded. Totals are in cents, those of
/// refunds negative.
pub(super) const PROMOTION: &[Member] = &[
    number_id("id"),
    text("status"),
    text("ref_id"),
    text("promo_code"),
    text("customer_promo_code"),
    text("target_reached_at"),
    number_id("promoter_id"),
    number_id("campaign_id"),
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
];

/// The `event` part of the envelope.
pub(super) struct EventPart {
    pub identity: Identity,
    time: Option<Timestamp>,
}

impl EventPart {
    pub(super) fn read(reading: &Reading, unread: &mut Unread) -> Result<Self, Malformed> {
        let none = Json::Null;
        let event = reading.body.get("event").unwrap_or(&none);
        let (id, created) = unread.within("event", |unread| {
            let id = unread.member::<Id>(event, "id");
            (id, unread.member::<Timestamp>(event, "created_at"))
        });
        let identity = Identity::Given(required(&id, "event.id")?);
        let time = first_time([(&created, "event.created_at")], unread);
        Ok(Self { identity, time })
    }

    /// The change of one object that the event states.
    pub(super) fn change(
        &self,
        reading: &Reading,
        object: &Object,
        id: Id,
        status: Field<String>,
        mut facts: Facts,
    ) -> Change {
        let clock = object.clock(self.time, reading.row, &status);
        state(&mut facts, "status", status);
        Change { clock: Some(clock), facts, ..Change::of(Subject { kind: object.kind, id }) }
    }
}

/// The status that the type of an event names.
pub(super) fn implied(reading: &Reading) -> Field<String> {
    reading.row.status.map_or(Field::Absent, |word| Field::Value(word.to_owned()))
}

/// The time of creation, as a fact.
pub(super) const CREATED_AT: Member = Member::new("created_at", Form::Time).named("occurred_at");

//! `commission.*`: an affiliate's earning from one sale, and the reward that it may
//! be.

use serde_json::Value;

use crate::ledger::{Change, Facts, Identity, Kind, Malformed, Subject};
use crate::provider::definition::Delivered;
use crate::provider::firstpromoter::changes::Changes;
use crate::provider::firstpromoter::envelope::{
    Campaign, Envelope, Promoter, clock_of, data, found, subject_id,
};
use crate::provider::firstpromoter::unit::unit_of;
use crate::provider::mapping::{amount_fact, facts, rename, required, state};
use crate::wire::json::Json;
use crate::wire::{
    Decimal, Field, Id, NumberId, Personal, Read, Text, Time, Unread, Verdict, Word, payload,
};

payload! {
    /// The data of `commission.*`: the API's Commission, or any part of it.
    struct Commission {
        id: Id,
        status: Word,
        amount: Decimal,
        unit: Word,
        currency: Text,
        commission_type: Text,
        is_self_referral: Verdict,
        sale_amount: Decimal,
        original_sale_amount: Decimal,
        original_sale_currency: Text,
        event_id: Text,
        plan_id: Text,
        tier: Text,
        internal_note: Personal,
        external_note: Personal,
        fraud_check: Verdict,
        is_paid: Text,
        is_split: Text,
        created_at: Time,
        status_updated_at: Time,
        promoter_id: NumberId,
        referral_id: NumberId,
        promoter_campaign: PromoterCampaign,
        referral: Referral,
        reward: Reward,
    }

    /// The part of a promoter in a campaign.
    struct PromoterCampaign {
        id: Id,
        campaign_id: NumberId,
        promoter_id: NumberId,
        promoter: Promoter,
        campaign: Campaign,
    }

    /// A referral, as embedded: the customer whose purchase caused the commission.
    struct Referral {
        id: NumberId,
        email: Personal,
        uid: Personal,
    }

    /// A reward, as embedded.
    struct Reward {
        id: Id,
        name: Text,
    }
}

pub(super) fn read(
    delivered: &Delivered,
    unread: &mut Unread,
) -> Result<(Identity, Change), Malformed> {
    let Delivered { event_type, body, .. } = delivered;
    let envelope = Envelope::read(body, unread).unwrap_or_default();
    let identity = Identity::Given(required(&envelope.event_id, "event_id")?);
    let deletes = *event_type == "commission.deleted";
    let commission = data::<Commission>(body, deletes, unread);
    let id = subject_id(commission.value().map(|commission| &commission.id), &envelope)?;
    let changes = Changes::read(body, unread);
    let named = event_type
        .strip_prefix("commission.")
        .filter(|name| matches!(*name, "approved" | "pending" | "denied"));
    let mut facts = match &commission {
        Field::Value(commission) => commission_facts(commission)?,
        Field::Absent => Facts::new(),
        // The data would have stated the reward, and cannot be read: every deciding
        // fact is unknown.
        Field::Null | Field::Unread => {
            REWARD.map(|name| (name.to_owned(), Value::Null)).into_iter().collect()
        }
    };
    let told = commission.value().map_or(Field::Absent, |c| c.status.map(Word::lower));
    let status = told.or(found(changes.became.clone())).or(found(named.map(str::to_owned)));
    // An unreadable status may be a denial: an earlier approval is not known to
    // hold.
    let status = status.deciding();
    let clock = clock_of(event_type, &envelope, &status, unread);
    // An update lists its changes; only a change to approved announces.
    let announces = match *event_type {
        "commission.created" => status.value().is_some_and(|status| status == "approved"),
        "commission.approved" => true,
        "commission.updated" => changes.became.as_deref() == Some("approved"),
        _ => false,
    };
    state(&mut facts, "status", status);
    let change = Change {
        subject: Subject { kind: Kind::Commission, id },
        clock: Some(clock),
        announces,
        facts,
        deletes,
        changes_unread: changes.unread,
        was: changes.was,
    };
    Ok((identity, change))
}

/// The facts that decide a reward, besides its status.
const REWARD: [&str; 4] = ["amount", "affiliate_id", "campaign_id", "customer_id"];

/// The verdict of a check that cannot be read: it is not known to be passed.
const UNREAD_CHECK: &str = "unread";

fn commission_facts(commission: &Commission) -> Result<Facts, Malformed> {
    let mut facts = facts(commission)?;
    let unit = commission.unit.map(unit_of).deciding();
    amount_fact(&mut facts, &commission.amount.clone().deciding(), &unit);
    for name in ["id", "unit", "promoter_id", "referral_id"] {
        facts.remove(name);
    }
    rename(&mut facts, "created_at", "occurred_at");
    rename(&mut facts, "referral", "customer");
    rename(&mut facts, "promoter_campaign", "enrolment");
    for (name, id) in [
        ("affiliate_id", commission.affiliate_id()),
        ("campaign_id", commission.campaign_id()),
        ("customer_id", commission.customer_id()),
    ] {
        state(&mut facts, name, id.deciding().map(NumberId::as_str));
    }
    let checks = [
        ("fraud_check", &commission.fraud_check),
        ("is_self_referral", &commission.is_self_referral),
    ];
    for (name, _) in checks.into_iter().filter(|(_, check)| **check == Field::Unread) {
        facts.insert(name.into(), UNREAD_CHECK.into());
    }
    Ok(facts)
}

/// The facts of a commission from the API, in the form in which a webhook states
/// them.
///
/// # Errors
/// [`Malformed`] when the JSON is no commission.
pub fn facts_of_commission(commission: &Json) -> Result<Facts, Malformed> {
    let commission = Commission::read(commission, &mut Unread::default())
        .ok_or_else(|| Malformed::new("commission", "is not an object"))?;
    let mut facts = commission_facts(&commission)?;
    state(&mut facts, "status", commission.status.map(Word::lower));
    Ok(facts)
}

impl Commission {
    fn affiliate_id(&self) -> Field<NumberId> {
        let enrolled = self.promoter_campaign.then(|enrolment| {
            enrolment
                .promoter
                .then(|promoter| promoter.id.clone())
                .agreed(enrolment.promoter_id.clone())
        });
        enrolled.agreed(self.promoter_id.clone())
    }

    fn campaign_id(&self) -> Field<NumberId> {
        self.promoter_campaign.then(|enrolment| {
            enrolment
                .campaign
                .then(|campaign| campaign.id.clone())
                .agreed(enrolment.campaign_id.clone())
        })
    }

    fn customer_id(&self) -> Field<NumberId> {
        self.referral.then(|referral| referral.id.clone()).agreed(self.referral_id.clone())
    }
}

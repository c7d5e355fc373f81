//! `transaction.*`: a sale, and the affiliate's earning from it if there is one.
//!
//! The vendor's pages show what a transaction says in its order, and the names of a
//! few members only. So each meaning has a list of the names that are likely, of
//! which the first that has a value counts.

use serde_json::Value;

use crate::ledger::{ByFact, FactIs, Facts, Family, Kind, Malformed, StatusWords, With};
use crate::provider::affonso::envelope::{Told, understood};
use crate::provider::mapping::state;
use crate::provider::object::{Amount, Joined, MAJOR_UNITS, Object, Reading, Understood};
use crate::wire::parts::{Form, Member, Parts, decimal, id, text, word};
use crate::wire::{Field, Unread};

/// A member that stands in one of several places, and becomes a fact there.
const fn either(wire: &'static str) -> Member {
    text(wire).unstated()
}

/// The names of the status of the earning.
const COMMISSION_STATUS: [&str; 3] = ["commissionStatus", "commission_status", "earningStatus"];
/// The names of the status of the sale.
const SALE_STATUS: [&str; 4] = ["saleStatus", "salesStatus", "sales_status", "transactionStatus"];
/// The other facts, each with the names of its members.
const EITHER: [(&str, &[&str]); 4] = [
    ("earning_type", &["type", "earningType", "earning_type", "commissionType"]),
    ("hold_days", &["holdDays", "holdPeriodDays", "hold_period_days"]),
    ("invoice_id", &["invoiceId", "payoutInvoiceId", "invoice_id"]),
    ("currency", &["commissionCurrency", "commission_currency", "saleCurrency"]),
];

/// The words of a bare `status` that speak of the sale; all others speak of the
/// earning.
const OF_THE_SALE: [&str; 6] =
    ["open", "complete", "trialing", "failed", "partial_refunded", "partially_refunded"];

/// A commission, with the sale that it is from.
pub(super) static TRANSACTION: Object = Object {
    members: &[
        id("transactionId").unstated(),
        id("referralId").unstated(),
        id("affiliateId").unstated(),
        id("affiliateProgramId").unstated(),
        decimal("saleAmount").named("sale_amount"),
        text("saleCurrency").named("sale_currency"),
        decimal("commissionAmount").unstated(),
        word("status"),
        word("commissionStatus"),
        word("commission_status"),
        word("earningStatus"),
        word("saleStatus"),
        word("salesStatus"),
        word("sales_status"),
        word("transactionStatus"),
        either("type"),
        either("earningType"),
        either("earning_type"),
        either("commissionType"),
        either("holdDays"),
        either("holdPeriodDays"),
        either("hold_period_days"),
        either("invoiceId"),
        either("payoutInvoiceId"),
        either("invoice_id"),
        either("commissionCurrency"),
        either("commission_currency"),
        Member::new("createdAt", Form::Instant).named("occurred_at"),
        Member::new("updatedAt", Form::Instant).unstated(),
    ],
    joined: &[
        Joined { fact: "affiliate_id", at: &[&["affiliateId"]] },
        Joined { fact: "customer_id", at: &[&["referralId"]] },
        Joined { fact: "campaign_id", at: &[&["affiliateProgramId"]] },
    ],
    amount: Some(Amount { value: "commissionAmount", unit: MAJOR_UNITS }),
    status: &COMMISSION_STATUS,
    words: &StatusWords {
        words: &[
            ("pending", "pending"),
            ("pending_manual_approval", "pending"),
            ("ready_for_payment", "approved"),
            ("approved", "approved"),
            ("processing_payout", "processing"),
            ("paid", "paid"),
            ("declined", "denied"),
            ("rejected", "denied"),
            ("refunded", "refunded"),
            ("dispute", "disputed"),
        ],
        by_fact: &[ByFact { fact: "amount", is: FactIs::Null, with: With::NoWord, status: "none" }],
        otherwise: None,
    },
    ..Object::of(Kind::Commission, Family::Commissions, read)
};

fn read(reading: &Reading, unread: &mut Unread) -> Result<Understood, Malformed> {
    let parts = TRANSACTION.in_member(reading.body, "data", unread)?;
    let mut facts = TRANSACTION.facts(&parts, unread);
    for (fact, names) in EITHER {
        state(&mut facts, fact, parts.first_fact(names, fact, unread));
    }
    let status = statuses(&parts, &mut facts);
    understood(
        reading,
        &TRANSACTION,
        Told { id: "transactionId", status, parts: &parts, facts },
        unread,
    )
}

/// States the status of the sale, and finds that of the earning.
fn statuses(parts: &Parts, facts: &mut Facts) -> Field<String> {
    let bare = parts.first(&["status"]);
    let of_sale = bare.value().is_some_and(|word| OF_THE_SALE.contains(&word.as_str()));
    let (bare_sale, bare_earning) =
        if of_sale { (bare, Field::Absent) } else { (Field::Absent, bare) };
    let sale = parts.first(&SALE_STATUS).or(bare_sale);
    state(facts, "sale_status", sale.map(|word| Value::from(sale_word(word))));
    parts.first(&COMMISSION_STATUS).or(bare_earning)
}

/// The ledger's word for the status of a sale; an unknown one stays as it is.
fn sale_word(word: &str) -> &str {
    match word {
        "partial_refunded" => "partially_refunded",
        word => word,
    }
}

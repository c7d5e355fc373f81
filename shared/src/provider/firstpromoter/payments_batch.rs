//! `payments_batch.*`: payouts that are paid together.

use crate::ledger::{Family, Kind, StatusWords};
use crate::provider::firstpromoter::envelope::read;
use crate::provider::object::Object;
use crate::wire::parts::{decimal, id, personal, text, time, word};

/// A payout batch.
pub(super) static PAYOUT_BATCH: Object = Object {
    members: &[
        id("id").unstated(),
        word("status"),
        text("ext_reference"),
        text("ext_id"),
        text("scheduled_at"),
        text("processing_started_at"),
        text("completed_at"),
        text("is_payable"),
        text("is_retriable"),
        text("is_payment_otp_required"),
        decimal("total"),
        text("promoters_count"),
        personal("error"),
        time("created_at").named("occurred_at"),
    ],
    status: &["status"],
    words: &StatusWords::of(&[
        ("awaiting_confirmation", "awaiting_confirmation"),
        ("pending", "pending"),
        ("initiated", "pending"),
        ("processing", "processing"),
        ("failed", "failed"),
        ("completed", "completed"),
    ]),
    ..Object::of(Kind::PayoutBatch, Family::Payouts, read)
};

//! The providers' words, each with its meaning, and the bodies that say them.

use serde_json::{Value, json};
use shared::provider::Definition;

use crate::providers::{AFFONSO, FIRSTPROMOTER, FIRSTPROMOTER_V1, UPPROMOTE};

pub fn affonso(event: &str, id: &str, data: Value) -> Value {
    json!({"id": "evt", "type": event, "createdAt": "2026-11-01T10:00:00Z", "data": with(data, id, "x")})
}

pub fn v2(event: &str, data: Value) -> Value {
    json!({"event_id": "e", "event_type": event, "entity_id": 7, "timestamp": "2026-11-01T10:00:00Z",
        "data": with(data, "id", 7)})
}

pub fn v1(event: &str, data: Value) -> Value {
    json!({"event": {"id": 1, "type": event, "created_at": "2026-11-01T10:00:00Z"},
        "data": with(data, "id", 7)})
}

fn with(mut data: Value, id: &str, value: impl Into<Value>) -> Value {
    data[id] = value.into();
    data
}

/// A kind of a provider: an event with a word for the status, and the meanings.
pub struct Words {
    pub of: &'static Definition,
    pub event: &'static str,
    pub body: fn(&'static str, &str) -> Value,
    pub meanings: &'static [(&'static str, &'static str)],
}

const UPPROMOTE_CHANGES: [Words; 2] = [
    Words {
        of: UPPROMOTE,
        event: "referral.status-changed",
        body: |_, word| json!({"referral_id": 7, "previous_status": "before", "current_status": word}),
        meanings: &[
            ("pending", "pending"),
            ("approved", "approved"),
            ("denied", "denied"),
            ("paid", "paid"),
        ],
    },
    Words {
        of: UPPROMOTE,
        event: "affiliate.status-changed",
        body: |_, word| json!({"affiliate_id": 7, "previous_status": "before", "current_status": word}),
        meanings: &[("pending", "pending"), ("active", "active"), ("inactive", "inactive")],
    },
];

const UPPROMOTE_PAYMENT: Words = Words {
    of: UPPROMOTE,
    event: "payment.paid",
    body: |_, word| json!({"payment_id": 7, "status": word, "total_processed": 1, "processed_at": "2026-11-01"}),
    meanings: &[("SUCCESS", "completed"), ("success", "completed")],
};

const AFFONSO_COMMISSION: &[(&str, &str)] = &[
    ("PENDING", "pending"),
    ("PENDING_MANUAL_APPROVAL", "pending"),
    ("READY_FOR_PAYMENT", "approved"),
    ("APPROVED", "approved"),
    ("PROCESSING_PAYOUT", "processing"),
    ("PAID", "paid"),
    ("DECLINED", "denied"),
    ("REJECTED", "denied"),
    ("REFUNDED", "refunded"),
    ("DISPUTE", "disputed"),
    ("ready_for_payment", "approved"),
];

const OF_AFFONSO: [Words; 6] = [
    Words {
        of: AFFONSO,
        event: "transaction.updated",
        body: |event, word| affonso(event, "transactionId", json!({"commissionStatus": word})),
        meanings: AFFONSO_COMMISSION,
    },
    // A bare status.
    Words {
        of: AFFONSO,
        event: "transaction.updated",
        body: |event, word| affonso(event, "transactionId", json!({"status": word})),
        meanings: AFFONSO_COMMISSION,
    },
    Words {
        of: AFFONSO,
        event: "payout.updated",
        body: |event, word| affonso(event, "payoutId", json!({"status": word})),
        meanings: &[
            ("PENDING", "pending"),
            ("PROCESSING", "processing"),
            ("COMPLETED", "completed"),
            ("FAILED", "failed"),
            ("cancelled", "cancelled"),
        ],
    },
    Words {
        of: AFFONSO,
        event: "referral.updated",
        body: |event, word| affonso(event, "referralId", json!({"status": word})),
        meanings: &[
            ("CLICK", "click"),
            ("LEAD", "lead"),
            ("TRIALING", "trial"),
            ("CUSTOMER", "customer"),
            ("ACTIVE", "customer"),
            ("CANCELED", "cancelled"),
            ("CANCELLED", "cancelled"),
            ("REJECTED", "rejected"),
        ],
    },
    Words {
        of: AFFONSO,
        event: "affiliate.updated",
        body: |event, word| affonso(event, "affiliateId", json!({"status": word})),
        meanings: &[("PENDING", "pending"), ("ACTIVE", "active"), ("INACTIVE", "inactive")],
    },
    // The partnership counts more than the account.
    Words {
        of: AFFONSO,
        event: "affiliate.updated",
        body: |event, word| {
            let data = json!({"accountStatus": "REJECTED", "partnershipStatus": word});
            affonso(event, "affiliateId", data)
        },
        meanings: &[("PENDING", "pending"), ("APPROVED", "active"), ("REJECTED", "rejected")],
    },
];

const V2_CUSTOMER: &[(&str, &str)] = &[
    ("subscribed", "subscriber"),
    ("signup", "lead"),
    ("lead", "lead"),
    ("pending", "pending"),
    ("active", "customer"),
    ("customer", "customer"),
    ("moved", "moved"),
    ("cancelled", "cancelled"),
    ("refunded", "refunded"),
    ("denied", "rejected"),
];

const OF_V2: [Words; 8] = [
    Words {
        of: FIRSTPROMOTER,
        event: "commission.updated",
        body: |event, word| v2(event, json!({"status": word, "is_paid": false})),
        meanings: &[("pending", "pending"), ("approved", "approved"), ("denied", "denied")],
    },
    // A payment of what is not approved is not believed.
    Words {
        of: FIRSTPROMOTER,
        event: "commission.updated",
        body: |event, word| v2(event, json!({"status": word, "is_paid": true})),
        meanings: &[("pending", "pending"), ("approved", "paid"), ("denied", "denied")],
    },
    Words {
        of: FIRSTPROMOTER,
        event: "payout.updated",
        body: |event, word| v2(event, json!({"status": word})),
        meanings: &[
            ("pending", "pending"),
            ("processing", "processing"),
            ("completed", "completed"),
            ("failed", "failed"),
            ("cancelled", "cancelled"),
        ],
    },
    Words {
        of: FIRSTPROMOTER,
        event: "referral.updated",
        body: |event, word| v2(event, json!({"state": word})),
        meanings: V2_CUSTOMER,
    },
    // The bodies of April 2026.
    Words {
        of: FIRSTPROMOTER,
        event: "referral.updated",
        body: |event, word| v2(event, json!({"status": word})),
        meanings: V2_CUSTOMER,
    },
    Words {
        of: FIRSTPROMOTER,
        event: "promoter.updated",
        body: |event, word| v2(event, json!({"status": word})),
        meanings: &[("pending", "pending"), ("active", "active")],
    },
    Words {
        of: FIRSTPROMOTER,
        event: "promoter_campaign.updated",
        body: |event, word| v2(event, json!({"state": word})),
        meanings: &[
            ("pending", "pending"),
            ("not_set", "pending"),
            ("accepted", "accepted"),
            ("inactive", "inactive"),
            ("rejected", "rejected"),
            ("blocked", "blocked"),
        ],
    },
    Words {
        of: FIRSTPROMOTER,
        event: "payments_batch.updated",
        body: |event, word| v2(event, json!({"status": word})),
        meanings: &[
            ("awaiting_confirmation", "awaiting_confirmation"),
            ("pending", "pending"),
            ("processing", "processing"),
            ("completed", "completed"),
            ("failed", "failed"),
        ],
    },
];

const V1_CUSTOMER: &[(&str, &str)] = &[
    ("subscribed", "subscriber"),
    ("signup", "lead"),
    ("active", "customer"),
    ("cancelled", "cancelled"),
    ("denied", "rejected"),
];

const OF_V1: [Words; 5] = [
    Words {
        of: FIRSTPROMOTER_V1,
        event: "reward_created",
        body: |event, word| v1(event, json!({"status": word})),
        meanings: &[("pending", "pending"), ("approved", "approved"), ("denied", "denied")],
    },
    Words {
        of: FIRSTPROMOTER_V1,
        event: "lead_signup",
        body: |event, word| v1(event, json!({"state": word})),
        meanings: V1_CUSTOMER,
    },
    // The name that the vendor's list of fields has for it.
    Words {
        of: FIRSTPROMOTER_V1,
        event: "lead_signup",
        body: |event, word| v1(event, json!({"status": word})),
        meanings: V1_CUSTOMER,
    },
    Words {
        of: FIRSTPROMOTER_V1,
        event: "promoter_signed_up",
        body: |event, word| v1(event, json!({"promoter": {"id": 7, "status": word}})),
        meanings: &[
            ("pending", "pending"),
            ("active", "active"),
            ("approved", "active"),
            ("denied", "rejected"),
            ("blocked", "blocked"),
        ],
    },
    Words {
        of: FIRSTPROMOTER_V1,
        event: "fulfilment_pending",
        body: |event, word| v1(event, json!({"status": word, "amount": 1, "unit": "points"})),
        meanings: &[
            ("pending", "pending"),
            ("processing", "processing"),
            ("completed", "completed"),
        ],
    },
];

pub fn all() -> impl Iterator<Item = Words> {
    let uppromote = UPPROMOTE_CHANGES.into_iter().chain([UPPROMOTE_PAYMENT]);
    uppromote.chain(OF_AFFONSO).chain(OF_V2).chain(OF_V1)
}

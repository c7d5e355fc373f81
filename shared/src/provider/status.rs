//! The words that providers have for a status, and what they mean.

use crate::wire::Field;

/// Whether a status says that nothing is owed any more.
#[must_use]
pub fn is_withdrawn(status: &str) -> bool {
    matches!(status, "denied" | "rejected" | "cancelled" | "deleted")
}

/// The rank of a status: how far along its life it stands, for events of the same
/// time.
pub fn rank(status: &Field<String>) -> u8 {
    match status.value().map(String::as_str) {
        None => 0,
        Some("pending" | "signup" | "no_payout_method") => 1,
        Some("processing" | "initiated") => 2,
        Some("approved" | "active") => 3,
        Some("completed" | "success" | "paid") => 4,
        Some("failed") => 5,
        Some("cancelled" | "canceled" | "denied" | "rejected") => 6,
        Some(_) => 1,
    }
}

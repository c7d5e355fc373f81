//! The words that providers use for a status, and their meaning for a reward.

/// True when a status says that nothing is owed any more.
#[must_use]
pub fn is_withdrawn(status: &str) -> bool {
    matches!(status, "denied" | "rejected" | "cancelled" | "deleted")
}

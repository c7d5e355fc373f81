//! The failures of the table.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;

use crate::aws::code;

/// Why a transaction is cancelled that may pass a moment later.
const BUSY: [&str; 3] = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];

/// Why nothing was read or written. No message quotes a value of an item: items
/// hold personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Somebody else wrote in between, or writes now: read again and decide anew.
    #[error("conflicting write")]
    Conflict,
    /// The record would not fit into an item.
    #[error("the record is too large")]
    TooLarge,
    /// An item is there and is not as this version reads it. Trying again does not
    /// help until somebody has mended it, or a version that reads it is deployed.
    #[error("corrupt item: {item} cannot be read because of its attribute {field}")]
    Corrupt {
        /// The kind of item.
        item: &'static str,
        /// The name of the attribute that is missing or not as expected.
        field: String,
    },
    /// The table does not answer as it must. Names the error's code only.
    #[error("table unavailable: {0}")]
    Unavailable(String),
}

impl StoreError {
    /// A request or an item that cannot be built. The builder's own words are left
    /// out, as they may quote what it was given.
    pub(super) fn unbuilt<E>(what: &str) -> impl Fn(E) -> Self {
        move |_| Self::Unavailable(format!("{what} cannot be built"))
    }
}

/// Why a transaction wrote nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// An item is not as it was read, or is there already.
    Condition,
    /// Others write to its items, or too much is written to them: a moment later
    /// it may pass as it is.
    Busy,
    /// The table does not answer as it must.
    Unavailable(String),
}

impl From<Refused> for StoreError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Condition | Refused::Busy => Self::Conflict,
            Refused::Unavailable(code) => Self::Unavailable(code),
        }
    }
}

/// The SDK makes no second attempt after a cancelled transaction; that is left to
/// whoever can read anew.
pub(super) fn refused(error: &SdkError<TransactWriteItemsError>) -> Refused {
    let any = |codes: &[&str]| match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            let mut reasons = cancelled.cancellation_reasons().iter();
            reasons.any(|reason| reason.code().is_some_and(|code| codes.contains(&code)))
        }
        _ => false,
    };
    let in_progress = error
        .as_service_error()
        .is_some_and(TransactWriteItemsError::is_transaction_in_progress_exception);
    if any(&["ConditionalCheckFailed"]) {
        Refused::Condition
    } else if in_progress || any(&BUSY) {
        Refused::Busy
    } else {
        Refused::Unavailable(code(error))
    }
}

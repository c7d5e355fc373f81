//! What can go wrong, in the operator's words.

use shared::aws::store::StoreError;

/// Why a command did not do what was asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpsError {
    /// It was asked and the answer is no; nothing was written.
    #[error("{0}")]
    No(String),
    /// It could not be asked.
    #[error("{0}")]
    Failed(String),
}

impl OpsError {
    /// The exit code: 1 for a no, 2 for what could not be asked, as clap uses
    /// for a command line that makes no sense.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::No(_) => 1,
            Self::Failed(_) => 2,
        }
    }
}

impl From<StoreError> for OpsError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

//! The errors of a command, in the operator's words.

use shared::aws::store::StoreError;

/// The reason why a command did not do what was asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpsError {
    /// The answer is no, and nothing was written.
    #[error("{0}")]
    No(String),
    /// The answer is no, and this is the document that was asked for.
    #[error("{0}")]
    Found(String),
    /// The question could not be asked.
    #[error("{0}")]
    Failed(String),
}

impl OpsError {
    /// The exit code: 1 for a no, 2 for a question that could not be asked, as clap
    /// uses for a command line that makes no sense.
    #[must_use]
    pub fn code(&self) -> u8 {
        match self {
            Self::No(_) | Self::Found(_) => 1,
            Self::Failed(_) => 2,
        }
    }
}

impl From<StoreError> for OpsError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}

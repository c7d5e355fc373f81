//! The webhook secrets of one provider.

use crate::wire::secret::Secret;

/// Shortest FirstPromoter v1 path token accepted, in characters.
pub const MIN_PATH_TOKEN: usize = 32;
/// Shortest HMAC key, header value and password accepted, in characters: less
/// is a slip, and can be guessed.
pub const MIN_SECRET: usize = 8;

/// A secret with the name that logs carry and the events it is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The configured name, or its place in the list (`hmac[0]`).
    pub name: String,
    /// The event types it may authenticate, by their vendor's names; empty for
    /// all.
    pub events: Vec<&'static str>,
    /// The HMAC key, path token, header value or `user:password`.
    pub secret: Secret,
    /// The name of the header, for a static header; lower case.
    pub header: Option<String>,
}

/// The secrets of one provider. All lists empty: not configured, closed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderSecrets {
    /// HMAC keys.
    pub hmac: Vec<Named>,
    /// Static headers.
    pub header: Vec<Named>,
    /// Basic credentials, as `user:password`.
    pub basic: Vec<Named>,
    /// Path tokens.
    pub path_token: Vec<Named>,
    /// Affonso: whether a signature without time-stamp is accepted (form A).
    pub allow_body_only: bool,
    /// Whether every configured method must pass, not just one.
    pub all: bool,
}

impl ProviderSecrets {
    /// Whether any method is configured.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        [&self.hmac, &self.header, &self.basic, &self.path_token]
            .iter()
            .any(|list| !list.is_empty())
    }
}

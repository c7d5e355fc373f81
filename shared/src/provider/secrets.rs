//! The webhook secrets of one provider.

use crate::wire::secret::Secret;

/// Shortest path token accepted, in characters.
pub const MIN_PATH_TOKEN: usize = 32;
/// Shortest HMAC key, header value and password accepted, in characters. A shorter
/// one is a slip, and can be guessed.
pub const MIN_SECRET: usize = 8;

/// A method by which a request is authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// An HMAC of the body.
    Hmac,
    /// A static header.
    Header,
    /// Basic credentials.
    Basic,
    /// A token in the path.
    PathToken,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 4] = [Self::Hmac, Self::Header, Self::Basic, Self::PathToken];

    /// The name of the method in the webhook secrets.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hmac => "hmac",
            Self::Header => "header",
            Self::Basic => "basic",
            Self::PathToken => "path_token",
        }
    }
}

/// A secret with the name that logs carry and the events that it may authenticate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedSecret {
    /// The configured name, or the secret's place in the list (`hmac[0]`).
    pub name: String,
    /// The event types it may authenticate, by their vendor's names; empty for
    /// all.
    pub events: Vec<&'static str>,
    /// The HMAC key, path token, header value or `user:password`.
    pub secret: Secret,
    /// The name of the header, for a static header; lower case.
    pub header: Option<String>,
}

/// The secrets of one provider. With all lists empty the provider is not
/// configured, and no request is let in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderSecrets {
    /// HMAC keys.
    pub hmac: Vec<NamedSecret>,
    /// Static headers.
    pub header: Vec<NamedSecret>,
    /// Basic credentials, as `user:password`.
    pub basic: Vec<NamedSecret>,
    /// Path tokens.
    pub path_token: Vec<NamedSecret>,
    /// True when a signature without a time-stamp is accepted.
    pub allow_body_only: bool,
    /// True when every configured method must pass, not just one.
    pub all: bool,
}

impl ProviderSecrets {
    /// No secrets: no request is let in.
    pub const NONE: Self = Self {
        hmac: Vec::new(),
        header: Vec::new(),
        basic: Vec::new(),
        path_token: Vec::new(),
        allow_body_only: false,
        all: false,
    };

    /// True when any method is configured.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        [&self.hmac, &self.header, &self.basic, &self.path_token]
            .iter()
            .any(|list| !list.is_empty())
    }
}

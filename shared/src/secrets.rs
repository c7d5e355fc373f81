//! The webhook verification secrets: their shape and their types.

mod section;

use std::fmt;

use serde_json::Value;

use crate::provider::Provider;

/// Shortest FirstPromoter v1 path token accepted, in characters.
pub const MIN_PATH_TOKEN: usize = 32;
/// Shortest HMAC key, header value and password accepted, in characters: less
/// is a slip, and can be guessed.
pub const MIN_SECRET: usize = 8;

/// A secret value. It prints as nothing, has no white space around it, which
/// comes of copying, and is never empty: an HMAC under an empty key is one that
/// anybody can compute.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// `None` for an empty or blank value.
    #[must_use]
    pub fn new(value: &str) -> Option<Self> {
        let value = value.trim();
        (!value.is_empty()).then(|| Self(value.to_owned()))
    }

    /// The value as text, to be sent and never to be shown.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

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

/// The webhook secrets of all providers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookSecrets {
    /// UpPromote.
    pub uppromote: ProviderSecrets,
    /// Affonso.
    pub affonso: ProviderSecrets,
    /// FirstPromoter v2.
    pub firstpromoter: ProviderSecrets,
    /// FirstPromoter v1.
    pub firstpromoter_v1: ProviderSecrets,
    /// What of the configuration is not used, without any value.
    pub problems: Vec<String>,
}

/// A secret's text without the byte order mark that some editors put before it.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// A JSON secret of Secrets Manager.
pub trait Shape: Default + PartialEq {
    /// Reads it. A section that does not have its shape is not used, and no
    /// other is hurt by it.
    fn parse(text: &str) -> Self;

    /// What of it was refused, without any value.
    fn problems(&self) -> &[String];
}

impl Shape for WebhookSecrets {
    fn problems(&self) -> &[String] {
        &self.problems
    }

    fn parse(text: &str) -> Self {
        let mut secrets = Self::default();
        let Ok(Value::Object(sections)) = serde_json::from_str(without_mark(text)) else {
            secrets.problems.push("the secret is not a JSON object".into());
            return secrets;
        };
        for (name, value) in sections {
            let (provider, slot) = match name.as_str() {
                "uppromote" => (Provider::UpPromote, &mut secrets.uppromote),
                "affonso" => (Provider::Affonso, &mut secrets.affonso),
                "firstpromoter" => (Provider::FirstPromoter, &mut secrets.firstpromoter),
                "firstpromoter_v1" => (Provider::FirstPromoterV1, &mut secrets.firstpromoter_v1),
                _ => {
                    secrets.problems.push("unknown section".into());
                    continue;
                }
            };
            let (section, problems) = section::read(provider, &value);
            *slot = section;
            let problems = problems.into_iter().map(|problem| format!("{name}: {problem}"));
            secrets.problems.extend(problems);
        }
        secrets
    }
}

#[cfg(test)]
mod tests;

//! Secret values, and the JSON documents of Secrets Manager that hold them.

use std::fmt;

use serde::{Deserialize, Deserializer, de};

/// A secret value. It prints as `[secret]`, has no white space around it, which
/// comes of copying, and is never empty: anybody can compute an HMAC under an empty
/// key.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret in `value`; `None` when that is empty or blank.
    #[must_use]
    pub fn new(value: &str) -> Option<Self> {
        let value = value.trim();
        (!value.is_empty()).then(|| Self(value.to_owned()))
    }

    /// The value as text, to be sent and never to be shown.
    pub(crate) fn expose(&self) -> &str {
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

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Secret::new(&text).ok_or_else(|| de::Error::custom("is empty"))
    }
}

/// A secret's text without the byte order mark that some editors put before it.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The parsed content of a JSON secret in Secrets Manager.
pub trait SecretDocument: Default + PartialEq {
    /// The problems of the parts that were refused, without any value.
    fn problems(&self) -> &[String];
}

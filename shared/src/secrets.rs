//! The webhook verification secrets: their shape and their types.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

/// Shortest FirstPromoter v1 path token accepted, in characters.
pub const MIN_PATH_TOKEN: usize = 32;

/// A secret value. It prints as nothing, and it is never empty: an HMAC under
/// an empty key is one that anybody can compute.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// `None` for an empty or blank value.
    #[must_use]
    pub fn new(value: &str) -> Option<Self> {
        (!value.trim().is_empty()).then(|| Self(value.to_owned()))
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
    /// The event types it may authenticate; empty for all.
    pub events: Vec<String>,
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
    /// What of the configuration was refused, without any value. A provider
    /// named here is closed.
    pub problems: Vec<String>,
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
        let Ok(Value::Object(sections)) = serde_json::from_str(text) else {
            secrets.problems.push("the secret is not a JSON object".into());
            return secrets;
        };
        for (name, value) in sections {
            let section = read_section(&value);
            let slot = match name.as_str() {
                "uppromote" => &mut secrets.uppromote,
                "affonso" => &mut secrets.affonso,
                "firstpromoter" => &mut secrets.firstpromoter,
                "firstpromoter_v1" => &mut secrets.firstpromoter_v1,
                _ => {
                    secrets.problems.push("unknown section".into());
                    continue;
                }
            };
            match section {
                Ok((section, ignored)) => {
                    *slot = section;
                    if ignored > 0 {
                        secrets
                            .problems
                            .push(format!("{name}: {ignored} empty or too short values ignored"));
                    }
                }
                Err(path) => secrets.problems.push(format!("{name}: wrong shape at {path}")),
            }
        }
        secrets
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    #[serde(default)]
    hmac: Vec<KeyEntry>,
    #[serde(default)]
    header: Vec<HeaderEntry>,
    #[serde(default)]
    basic: Vec<BasicEntry>,
    #[serde(default)]
    path_token: Vec<KeyEntry>,
    #[serde(default)]
    allow_body_only: bool,
    #[serde(default)]
    policy: Policy,
}

#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Policy {
    #[default]
    Any,
    All,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum KeyEntry {
    Plain(String),
    Named {
        #[serde(default)]
        name: Option<String>,
        key: String,
        #[serde(default)]
        events: Vec<String>,
    },
}

#[derive(Deserialize)]
struct HeaderEntry {
    name: String,
    value: String,
    #[serde(default)]
    events: Vec<String>,
}

#[derive(Deserialize)]
struct BasicEntry {
    user: String,
    password: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    events: Vec<String>,
}

/// The section and how many of its values were ignored; or the path at which
/// the shape is wrong. serde's own message would quote the value.
fn read_section(value: &Value) -> Result<(ProviderSecrets, usize), String> {
    let section: Section =
        serde_path_to_error::deserialize(value).map_err(|e| e.path().to_string())?;
    let mut ignored = 0;
    let mut keep = |named: Option<Named>| {
        ignored += usize::from(named.is_none());
        named
    };
    let secrets = ProviderSecrets {
        hmac: numbered(section.hmac, |i, entry| keep(key("hmac", i, entry, 1))),
        path_token: numbered(section.path_token, |i, entry| {
            keep(key("path_token", i, entry, MIN_PATH_TOKEN))
        }),
        header: numbered(section.header, |i, entry| keep(header(i, entry))),
        basic: numbered(section.basic, |i, entry| keep(basic(i, entry))),
        allow_body_only: section.allow_body_only,
        all: section.policy == Policy::All,
    };
    if secrets.all && ignored > 0 {
        // A method that must pass may not drop out because its value is empty.
        return Err("policy all, with an empty or too short value".into());
    }
    Ok((secrets, ignored))
}

fn numbered<T>(entries: Vec<T>, mut read: impl FnMut(usize, T) -> Option<Named>) -> Vec<Named> {
    let entries = entries.into_iter().enumerate();
    entries.filter_map(|(i, entry)| read(i, entry)).collect()
}

fn key(list: &str, index: usize, entry: KeyEntry, shortest: usize) -> Option<Named> {
    let (name, key, events) = match entry {
        KeyEntry::Plain(key) => (None, key, Vec::new()),
        KeyEntry::Named { name, key, events } => (name, key, events),
    };
    (key.chars().count() >= shortest).then_some(())?;
    Some(Named {
        name: name.unwrap_or_else(|| format!("{list}[{index}]")),
        events,
        secret: Secret::new(&key)?,
        header: None,
    })
}

fn header(index: usize, entry: HeaderEntry) -> Option<Named> {
    Some(Named {
        name: format!("header[{index}]"),
        events: entry.events,
        secret: Secret::new(&entry.value)?,
        header: Some(Secret::new(&entry.name)?.0.trim().to_ascii_lowercase()),
    })
}

fn basic(index: usize, entry: BasicEntry) -> Option<Named> {
    Secret::new(&entry.password)?;
    Some(Named {
        name: entry.name.unwrap_or_else(|| format!("basic[{index}]")),
        events: entry.events,
        secret: Secret::new(&format!("{}:{}", entry.user, entry.password))?,
        header: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_documented_shape() {
        let secrets = WebhookSecrets::parse(
            r#"{ "uppromote": { "hmac": [{ "name": "paid", "key": "k1", "events": ["payment.paid"] }, "k2"] },
                 "affonso": { "hmac": ["whsec_x"], "allow_body_only": true },
                 "firstpromoter": { "hmac": ["k"], "header": [{"name": "Authorization", "value": "Bearer b"}],
                                    "basic": [{"user": "u", "password": "p"}], "policy": "all" },
                 "firstpromoter_v1": { "path_token": ["0123456789012345678901234567890123"], "basic": [] } }"#,
        );
        assert_eq!(secrets.problems, Vec::<String>::new());
        let names: Vec<_> = secrets.uppromote.hmac.iter().map(|n| n.name.as_str()).collect();
        assert_eq!(names, ["paid", "hmac[1]"]);
        assert!(secrets.affonso.allow_body_only && secrets.firstpromoter.all);
        assert_eq!(secrets.firstpromoter.basic[0].secret.bytes(), b"u:p");
        assert_eq!(secrets.firstpromoter.header[0].header.as_deref(), Some("authorization"));
        assert!(secrets.firstpromoter_v1.is_configured());
    }

    #[test]
    fn a_wrong_section_closes_its_provider_alone_and_quotes_nothing() {
        let secrets = WebhookSecrets::parse(
            r#"{ "uppromote": { "hmac": ["", "  "] }, "affonso": { "hmacs": ["leak"] },
                 "firstpromoter": { "hmac": [{"kee": "leak"}] },
                 "firstpromoter_v1": { "path_token": ["short-leak"], "basic": [{"user": "u", "password": ""}] } }"#,
        );
        for section in [
            &secrets.uppromote,
            &secrets.affonso,
            &secrets.firstpromoter,
            &secrets.firstpromoter_v1,
        ] {
            assert!(!section.is_configured());
        }
        assert_eq!(secrets.problems.len(), 4);
        assert!(!format!("{secrets:?}").contains("leak"));
        assert!(!WebhookSecrets::parse("").uppromote.is_configured());
        let all = r#"{"firstpromoter": {"hmac": [""], "basic": [{"user":"u","password":"p"}], "policy": "all"}}"#;
        assert!(!WebhookSecrets::parse(all).firstpromoter.is_configured());
    }
}

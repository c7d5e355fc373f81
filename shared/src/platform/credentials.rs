//! The credentials for outgoing calls: the reward endpoint's signing keys and the
//! platforms' API keys.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::wire::secret::{Secret, SecretDocument, without_mark};

const SECTIONS: [&str; 3] = ["reward_endpoint", "firstpromoter", "firstpromoter_v1"];

/// The credentials of the company's own reward endpoint.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RewardEndpoint {
    /// Standard Webhooks secrets (`whsec_…`). Every one signs; there are several
    /// while one is rotated.
    pub signing: Vec<Secret>,
}

/// The credentials of FirstPromoter's API v2.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct FirstPromoter {
    /// The API key.
    pub api_key: Secret,
    /// The account's id.
    pub account_id: Secret,
}

/// The credentials of FirstPromoter's API v1.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct FirstPromoterV1 {
    /// The API key.
    pub api_key: Secret,
}

/// All credentials. A section that is not configured is `None` or empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Credentials {
    /// The reward endpoint.
    pub reward_endpoint: RewardEndpoint,
    /// FirstPromoter v2.
    pub firstpromoter: Option<FirstPromoter>,
    /// FirstPromoter v1.
    pub firstpromoter_v1: Option<FirstPromoterV1>,
    problems: Vec<String>,
}

impl Credentials {
    /// Reads the JSON secret of Secrets Manager. A section that does not have its
    /// shape is not used, and costs no other.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut credentials = Self::default();
        let sections: Value = serde_json::from_str(without_mark(text)).unwrap_or_default();
        if !sections.is_object() {
            credentials.problems.push("the secret is not a JSON object".into());
        }
        let problems = &mut credentials.problems;
        let names = sections.as_object().into_iter().flat_map(|sections| sections.keys());
        if names.into_iter().any(|name| !SECTIONS.contains(&name.as_str())) {
            problems.push("unknown section".into());
        }
        credentials.reward_endpoint = reward_endpoint(&sections, problems);
        credentials.firstpromoter = section(&sections, "firstpromoter", problems);
        credentials.firstpromoter_v1 = section(&sections, "firstpromoter_v1", problems);
        credentials
    }
}

impl SecretDocument for Credentials {
    fn problems(&self) -> &[String] {
        &self.problems
    }
}

/// Reads the signing keys one by one: an empty key does not keep the others from
/// signing.
fn reward_endpoint(sections: &Value, problems: &mut Vec<String>) -> RewardEndpoint {
    let Some(section) = sections.get("reward_endpoint") else {
        return RewardEndpoint::default();
    };
    let Some(keys) = section.get("signing").and_then(Value::as_array) else {
        problems.push("reward_endpoint: wrong shape at signing".into());
        return RewardEndpoint::default();
    };
    let signing = keys.iter().enumerate().filter_map(|(index, key)| {
        let key = key.as_str().and_then(Secret::new);
        if key.is_none() {
            problems.push(format!("reward_endpoint: wrong shape at signing[{index}]"));
        }
        key
    });
    RewardEndpoint { signing: signing.collect() }
}

fn section<T: DeserializeOwned>(
    sections: &Value,
    name: &str,
    problems: &mut Vec<String>,
) -> Option<T> {
    let value = sections.get(name)?;
    match serde_path_to_error::deserialize(value) {
        Ok(section) => Some(section),
        Err(error) => {
            problems.push(format!("{name}: wrong shape at {}", error.path()));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_section_is_not_used_and_quotes_nothing() {
        let credentials = Credentials::read(
            r#"{"reward_endpoint": {"signing": ["whsec_bGVhaw=="]},
                "firstpromoter": {"api_key": "leak-1"},
                "firstpromoter_v1": {"api_key": "leak-2"}}"#,
        );
        assert_eq!(credentials.reward_endpoint.signing.len(), 1);
        assert!(credentials.firstpromoter.is_none() && credentials.firstpromoter_v1.is_some());
        assert_eq!(credentials.problems.len(), 1);
        // Neither those that are used nor those that are not.
        let shown = format!("{credentials:?}");
        assert!(!shown.contains("leak") && !shown.contains("bGVhaw"), "{shown}");
    }

    #[test]
    fn an_empty_key_is_none() {
        for key in ["", " "] {
            let credentials = Credentials::read(&format!(
                r#"{{"reward_endpoint": {{"signing": []}}, "firstpromoter_v1": {{"api_key": "{key}"}}}}"#
            ));
            assert!(credentials.firstpromoter_v1.is_none());
            assert_eq!(credentials.problems, ["firstpromoter_v1: wrong shape at api_key"]);
        }
    }

    #[test]
    fn white_space_around_a_credential_is_no_part_of_it() {
        let credentials = r#"{"reward_endpoint": {"signing": [" whsec_YQ==\n"]},
                "firstpromoter": {"api_key": "key\r\n", "account_id": " account "},
                "firstpromoter_v1": {"api_key": "\tkey-1\n"}}"#;
        // Some editors save a text with a byte order mark.
        let credentials = Credentials::read(&format!("\u{feff}{credentials}"));
        assert_eq!(credentials.problems, Vec::<String>::new());
        let text = |secret: Option<&Secret>| secret.map(|secret| secret.expose().to_owned());
        let signing = &credentials.reward_endpoint.signing;
        assert_eq!(text(signing.first()).as_deref(), Some("whsec_YQ=="));
        let v2 = credentials.firstpromoter.as_ref();
        assert_eq!(text(v2.map(|v2| &v2.api_key)).as_deref(), Some("key"));
        assert_eq!(text(v2.map(|v2| &v2.account_id)).as_deref(), Some("account"));
        let v1 = credentials.firstpromoter_v1.as_ref();
        assert_eq!(text(v1.map(|v1| &v1.api_key)).as_deref(), Some("key-1"));
    }

    #[test]
    fn one_key_that_is_empty_does_not_keep_the_others_from_signing() {
        let credentials = Credentials::read(
            r#"{"reward_endpoint": {"signing": [" ", 7, "whsec_YQ=="]}, "reward_endpont": {}}"#,
        );
        assert_eq!(credentials.reward_endpoint.signing.len(), 1);
        assert_eq!(
            credentials.problems,
            [
                "unknown section",
                "reward_endpoint: wrong shape at signing[0]",
                "reward_endpoint: wrong shape at signing[1]"
            ]
        );
    }
}

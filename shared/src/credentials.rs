//! The credentials for calling others: the reward endpoint's signing keys and
//! the platforms' API keys.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use crate::secrets::{Secret, Shape};

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Secret::new(&text).ok_or_else(|| de::Error::custom("is empty"))
    }
}

/// The company's own reward endpoint.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct RewardEndpoint {
    /// Standard Webhooks secrets (`whsec_…`). Each signs; several while one is
    /// rotated.
    pub signing: Vec<Secret>,
}

/// FirstPromoter's API v2.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct FirstPromoter {
    /// The API key.
    pub api_key: Secret,
    /// The account's id.
    pub account_id: Secret,
}

/// FirstPromoter's API v1.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct FirstPromoterV1 {
    /// The API key.
    pub api_key: Secret,
}

/// All credentials. What is not configured is `None` or empty.
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

impl Shape for Credentials {
    fn parse(text: &str) -> Self {
        let mut credentials = Self::default();
        let sections: Value = serde_json::from_str(text).unwrap_or_default();
        if !sections.is_object() {
            credentials.problems.push("the secret is not a JSON object".into());
        }
        let problems = &mut credentials.problems;
        credentials.reward_endpoint =
            section(&sections, "reward_endpoint", problems).unwrap_or_default();
        credentials.firstpromoter = section(&sections, "firstpromoter", problems);
        credentials.firstpromoter_v1 = section(&sections, "firstpromoter_v1", problems);
        credentials
    }

    fn problems(&self) -> &[String] {
        &self.problems
    }
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
        let credentials = Credentials::parse(
            r#"{"reward_endpoint": {"signing": ["whsec_bGVhaw=="]},
                "firstpromoter": {"api_key": "leak"}, "firstpromoter_v1": {"api_key": ""}}"#,
        );
        assert_eq!(credentials.reward_endpoint.signing.len(), 1);
        assert!(credentials.firstpromoter.is_none() && credentials.firstpromoter_v1.is_none());
        assert_eq!(credentials.problems.len(), 2);
        assert!(!format!("{credentials:?}").contains("leak"));
    }
}

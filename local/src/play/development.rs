//! The settings for development, as the samples in events/ expect them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::stage::Options;

/// Parameters of the template.
const PARAMETERS: [(&str, &str); 4] = [
    // Every system that the functions call is on this machine.
    ("AllowPlainHttp", "yes"),
    ("FulfilFrom", "2026-01-01T00:00:00Z"),
    ("FulfilmentSourceByCampaign", "7731=v1"),
    ("RewardRecipient", "promoter"),
];

/// The template's secrets by logical id, each with its part of a secrets file.
const SECRETS: [(&str, &str); 2] =
    [("WebhookSecrets", "webhooks"), ("ApiCredentials", "credentials")];

/// The development secrets the samples are signed for.
#[must_use]
pub fn dev_secrets() -> Value {
    // A unit test reads it, so that it cannot be broken.
    serde_json::from_str(include_str!("../../dev-secrets.json")).unwrap_or_default()
}

/// Options for this bundle: those of the stage, with the development secrets
/// and the parameters that go with them.
#[must_use]
pub fn dev_options() -> Options {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Options {
        secrets: dev_secrets(),
        parts_of_secrets: BTreeMap::from(SECRETS.map(owned)),
        default_parameters: BTreeMap::from(PARAMETERS.map(owned)),
        ..Options::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::start::check;

    #[test]
    fn the_development_secrets_are_json() {
        assert!(dev_secrets()["webhooks"]["uppromote"]["hmac"].is_array());
    }

    #[tokio::test]
    async fn the_template_takes_what_is_set_here_and_checks_what_a_program_sets() {
        let mut options = dev_options();
        let mut set = |name: &str, value: &str| {
            options.parameters.insert(name.to_owned(), value.to_owned());
            options.clone()
        };
        for name in ["RewardEndpointUrl", "FirstpromoterApiUrl"] {
            let options = set(name, "http://127.0.0.1:8000/there");
            check(&options).await.unwrap();
        }
        let refusal = check(&set("V1HoldSeconds", "9")).await.unwrap_err();
        assert!(refusal.to_string().contains("V1HoldSeconds"), "{refusal}");
    }
}

//! The webhook verification secrets: their shape and their types.

mod section;

use serde_json::Value;

use crate::ledger::Provider;
use crate::provider::secrets::ProviderSecrets;
use crate::wire::secret::{Shape, without_mark};

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

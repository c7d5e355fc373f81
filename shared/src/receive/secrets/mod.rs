//! The webhook secrets of all providers.

mod section;

use serde_json::Value;

use crate::ledger::Provider;
use crate::provider::definition::Providers;
use crate::provider::secrets::ProviderSecrets;
use crate::wire::secret::{SecretDocument, without_mark};

/// The webhook secrets of all providers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookSecrets {
    sections: Vec<(Provider, ProviderSecrets)>,
    problems: Vec<String>,
}

impl WebhookSecrets {
    /// Reads the JSON secret of Secrets Manager, an object with one section for
    /// each provider. A section that does not have its shape is not used, and costs
    /// no other.
    #[must_use]
    pub fn read(all: Providers, text: &str) -> Self {
        let mut secrets = Self::default();
        let Ok(Value::Object(sections)) = serde_json::from_str(without_mark(text)) else {
            secrets.problems.push("the secret is not a JSON object".into());
            return secrets;
        };
        for (name, value) in sections {
            let definition = all.iter().find(|known| known.authentication.section == name);
            let Some(definition) = definition else {
                secrets.problems.push("unknown section".into());
                continue;
            };
            let (section, problems) = section::read(definition, &value);
            secrets.sections.push((definition.provider, section));
            let problems = problems.into_iter().map(|problem| format!("{name}: {problem}"));
            secrets.problems.extend(problems);
        }
        secrets
    }

    /// A provider's section; without one no request is let in.
    #[must_use]
    pub fn of(&self, provider: Provider) -> &ProviderSecrets {
        const NONE: &ProviderSecrets = &ProviderSecrets::NONE;
        let section = self.sections.iter().find(|(of, _)| *of == provider);
        section.map_or(NONE, |(_, secrets)| secrets)
    }
}

impl SecretDocument for WebhookSecrets {
    fn problems(&self) -> &[String] {
        &self.problems
    }
}

#[cfg(test)]
mod tests;

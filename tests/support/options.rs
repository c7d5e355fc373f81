//! The options that a bundle starts with, in words.

use local::{Options, dev_secrets};
use serde_json::Value;

/// Changes of the options.
pub trait Setup {
    /// Sets parameters of the template.
    fn set_parameters<'a, V: Into<String>>(
        &mut self,
        parameters: impl IntoIterator<Item = (&'a str, V)>,
    );

    /// Sets environment variables of the functions.
    fn set_env<'a, V: Into<String>>(&mut self, env: impl IntoIterator<Item = (&'a str, V)>);
}

impl Setup for Options {
    fn set_parameters<'a, V: Into<String>>(
        &mut self,
        parameters: impl IntoIterator<Item = (&'a str, V)>,
    ) {
        let parameters = parameters.into_iter();
        self.parameters.extend(parameters.map(|(name, value)| (name.into(), value.into())));
    }

    fn set_env<'a, V: Into<String>>(&mut self, env: impl IntoIterator<Item = (&'a str, V)>) {
        self.env.extend(env.into_iter().map(|(name, value)| (name.into(), value.into())));
    }
}

/// Calls and leases that are soon over, for what happens then. Where nothing may
/// go wrong but what a test lets go wrong, they are left long.
pub fn hasty(options: &mut Options) {
    options.set_env([("LEASE_SECONDS", "3"), ("CALL_TIMEOUT_SECONDS", "2")]);
}

/// The development secrets with another `webhooks` part.
#[must_use]
pub fn secrets_with(webhooks: Value) -> Value {
    let mut secrets = dev_secrets();
    secrets["webhooks"] = webhooks;
    secrets
}

//! Authentication of the exact body bytes (invariant `VerifiedBytes`).
//!
//! [`Authenticated`] is the only way to the bytes of a body, and only
//! [`verify`] makes one. Which scheme a provider uses stands in its module.

use crate::provider::definition::{Definition, same_event};
use crate::provider::secrets::{NamedSecret, ProviderSecrets};
use crate::provider::signature::{Incoming, Refusal};
use crate::wire::Timestamp;

/// Body bytes that a secret vouches for.
#[derive(Debug)]
pub struct Authenticated<'a> {
    body: &'a [u8],
    /// Per method that passed, the secrets that matched.
    methods: Vec<Vec<&'a NamedSecret>>,
    all: bool,
}

impl<'a> Authenticated<'a> {
    /// The exact bytes.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.body
    }

    /// The names of the secrets that vouch for an event of this type.
    ///
    /// # Errors
    /// [`Refusal::Unauthorized`] when the secrets that matched are bound to
    /// other events.
    pub fn vouched_by(&self, event_type: &str) -> Result<String, Refusal> {
        let names: Vec<&str> = self
            .methods
            .iter()
            .filter_map(|matches| matches.iter().find(|named| is_for(named, event_type)))
            .map(|named| named.name.as_str())
            .collect();
        let enough = if self.all { self.methods.len() } else { 1 };
        if names.len() < enough {
            return Err(Refusal::Unauthorized);
        }
        Ok(names.join("+"))
    }

    /// The names of the secrets that matched, whatever events they are for.
    /// For bytes whose type cannot be read.
    #[must_use]
    pub fn names(&self) -> String {
        let names = self.methods.iter().filter_map(|matches| matches.first());
        names.map(|named| named.name.as_str()).collect::<Vec<_>>().join("+")
    }
}

fn is_for(named: &NamedSecret, event_type: &str) -> bool {
    named.events.is_empty() || named.events.iter().any(|event| same_event(event, event_type))
}

/// Checks a request against a provider's secrets.
///
/// `past_tolerance_seconds` is how old a signed time-stamp may be.
///
/// # Errors
/// [`Refusal`], which says nothing about the secrets.
pub fn verify<'a>(
    definition: &Definition,
    secrets: &'a ProviderSecrets,
    incoming: &Incoming<'a>,
    past_tolerance_seconds: i64,
    now: Timestamp,
) -> Result<Authenticated<'a>, Refusal> {
    let matches = definition.authentication.matches;
    let methods = matches(secrets, incoming, past_tolerance_seconds, now)?;
    // Methods without a secret count neither for nor against.
    let configured: Vec<_> = methods.into_iter().flatten().collect();
    if configured.is_empty() {
        return Err(Refusal::NotConfigured);
    }
    let passed = configured.iter().filter(|matches| !matches.is_empty()).count();
    if passed < if secrets.all { configured.len() } else { 1 } {
        return Err(Refusal::Unauthorized);
    }
    Ok(Authenticated {
        body: incoming.body,
        methods: configured.into_iter().filter(|m| !m.is_empty()).collect(),
        all: secrets.all,
    })
}

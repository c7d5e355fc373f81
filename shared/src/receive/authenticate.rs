//! Authentication of the exact body bytes (invariant `VerifiedBytes`).
//!
//! [`Authenticated`] is the only way to the bytes of a body, and only [`verify`]
//! makes one. The provider's module defines which signatures it uses.

use crate::provider::definition::{Definition, same_event};
use crate::provider::secrets::{Method, NamedSecret, ProviderSecrets};
use crate::provider::signature::{Incoming, Reason, Refusal};
use crate::wire::Timestamp;
use crate::wire::secret::Secret;

/// Body bytes that a secret vouches for.
#[derive(Debug)]
pub struct Authenticated<'a> {
    body: &'a [u8],
    /// The secrets that matched, by method that passed.
    methods: Vec<Vec<&'a NamedSecret>>,
    all: bool,
}

impl<'a> Authenticated<'a> {
    /// The exact bytes of the body.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.body
    }

    /// The names of the secrets that vouch for an event of this type.
    ///
    /// # Errors
    /// [`Reason::OtherEvent`] when the secrets that matched are bound to other
    /// events.
    pub fn vouched_by(&self, event_type: &str) -> Result<String, Refusal> {
        let names: Vec<&str> = self
            .methods
            .iter()
            .filter_map(|matches| matches.iter().find(|named| is_for(named, event_type)))
            .map(|named| named.name.as_str())
            .collect();
        let enough = if self.all { self.methods.len() } else { 1 };
        if names.len() < enough {
            return Err(Refusal::Unauthorized(Reason::OtherEvent));
        }
        Ok(names.join("+"))
    }

    /// The names of the secrets that matched, whatever events they are bound to.
    /// For bytes whose event type cannot be read.
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
/// `past_tolerance_seconds` is the largest age of a signed time-stamp.
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
    // A method without a secret counts neither for nor against the request.
    let configured: Vec<_> = methods.into_iter().flatten().collect();
    if configured.is_empty() {
        return Err(Refusal::NotConfigured);
    }
    let needed = if secrets.all { configured.len() } else { 1 };
    let reason = configured.iter().filter_map(|matches| matches.as_ref().err()).max().copied();
    let methods: Vec<_> = configured.into_iter().flatten().collect();
    if methods.len() < needed {
        let reason = reason.filter(|_| methods.is_empty()).unwrap_or(Reason::NotEveryMethod);
        return Err(Refusal::Unauthorized(reason));
    }
    Ok(Authenticated { body: incoming.body, methods, all: secrets.all })
}

/// Tells whether a request has the form that its provider's requests have, whatever
/// secrets there are: what a secret in the place of each would refuse as of a sender.
#[must_use]
pub fn has_form(definition: &Definition, incoming: &Incoming) -> bool {
    let own = definition.authentication.methods;
    let in_place = |method: Method| {
        let secret = own.contains(&method).then(|| Secret::new("in the place of one")).flatten();
        let named =
            |secret| NamedSecret { name: String::new(), events: Vec::new(), secret, header: None };
        secret.map(named).into_iter().collect()
    };
    let secrets = ProviderSecrets {
        hmac: in_place(Method::Hmac),
        header: in_place(Method::Header),
        basic: in_place(Method::Basic),
        path_token: in_place(Method::PathToken),
        ..ProviderSecrets::NONE
    };
    // Nothing matches, so no time-stamp is looked at.
    match verify(definition, &secrets, incoming, 0, Timestamp::ZERO) {
        Ok(_) => true,
        Err(refusal) => refusal.reason().is_some_and(Reason::is_of_a_sender),
    }
}

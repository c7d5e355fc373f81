//! Reading an authenticated body as an event.

use crate::ledger::{Event, Malformed};
use crate::provider::definition::{Delivered, Providers};
use crate::provider::signature::Refusal;
use crate::receive::authenticate::Authenticated;
use crate::receive::keep::Kept;
use crate::receive::route::Route;
use crate::wire::json::{self, Flawed, Json};

/// The reading of an authenticated body.
pub(super) enum Reading {
    /// An event.
    Event {
        /// The event.
        event: Event,
        /// The body of the event.
        body: Json,
        /// The names of the secrets that vouch for the event.
        secret: String,
    },
    /// No event: the body goes to quarantine.
    Malformed {
        /// The problem with the body.
        malformed: Malformed,
        /// The body, as far as it is JSON.
        body: Option<Json>,
    },
}

/// Reads an authenticated body.
///
/// # Errors
/// [`Refusal::Unauthorized`] when no secret that matched is good for its type.
pub(super) fn read(
    all: Providers,
    route: &Route,
    authenticated: &Authenticated,
    kept: &Kept,
) -> Result<Reading, Refusal> {
    if let Some(event) = route.event {
        authenticated.vouched_by(event)?;
    }
    let Flawed { json: body, flaw } = match json::read(authenticated.bytes()) {
        Ok(read) => read,
        Err(error) => {
            let malformed = Malformed::new("body", error.to_string());
            return Ok(Reading::Malformed { malformed, body: None });
        }
    };
    // A field that is missing may have been lost to the body's flaw.
    let malformed = |other: Malformed, body| {
        let flaw = flaw.as_ref().map(|flaw| Malformed::new("body", flaw.to_string()));
        Reading::Malformed { malformed: flaw.unwrap_or(other), body: Some(body) }
    };
    let event_type = match route.definition.event_type(all, route.event, &body) {
        Ok(event_type) => event_type,
        Err(error) => return Ok(malformed(error, body)),
    };
    let secret = authenticated.vouched_by(&event_type)?;
    let delivered = Delivered {
        event_type: &event_type,
        body: &body,
        sha256: &kept.sha256,
        received: kept.received,
    };
    Ok(match route.definition.event(all, &delivered) {
        Ok(mut event) => {
            // The flaw itself has no path: only those of the fields that it cost
            // can tell its place.
            event.unread.extend(flaw.map(|flaw| format!("body: {flaw}")));
            Reading::Event { event, body, secret }
        }
        Err(error) => malformed(error, body),
    })
}

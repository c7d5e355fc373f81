//! What a receiving function says of a request as far as the request and the secrets
//! decide it, without a table: by the steps of [`super::Receiver`], one by one.

use http::StatusCode;

use crate::ledger::{Content, Malformed};
use crate::provider::Definition;
use crate::provider::definition::Providers;
use crate::provider::signature::Reason;
use crate::receive::answer;
use crate::receive::authenticate::verify;
use crate::receive::entry::Entry;
use crate::receive::gateway::Request;
use crate::receive::keep::Kept;
use crate::receive::log::{Outcome, RequestLog};
use crate::receive::read::{self, Reading};
use crate::receive::recorded;
use crate::receive::rejection::Rejection;
use crate::receive::secrets::WebhookSecrets;
use crate::wire::Timestamp;

/// What becomes of a request that comes for the first time, while all that it needs
/// can be reached.
#[derive(Debug)]
pub struct Examined {
    /// The outcome.
    pub outcome: Outcome,
    /// The status code of the answer. Where that waits for a delivery, it is the one
    /// before it.
    pub status: StatusCode,
    /// What was wrong with the signature, token or credential of a refused request.
    pub reason: Option<Reason>,
    /// The problem with a body that goes to quarantine.
    pub malformed: Option<Malformed>,
    /// The names of the secrets that match it, whatever events they are bound to.
    pub matched: Option<String>,
    /// The request's line, as far as it is known.
    pub line: RequestLog,
}

/// Examines a request as API Gateway and a receiving function would at `now`.
/// `past_tolerance_seconds` is the largest age of the time-stamps that a provider
/// signs.
#[must_use]
pub fn examine(
    providers: Providers,
    request: &Request,
    secrets: &WebhookSecrets,
    past_tolerance_seconds: impl Fn(&Definition) -> i64,
    now: Timestamp,
) -> Examined {
    let mut examined = Examined {
        outcome: Outcome::NotFound,
        status: StatusCode::NOT_FOUND,
        reason: None,
        malformed: None,
        matched: None,
        line: RequestLog::default(),
    };
    if !request.is_handed_on() {
        return examined;
    }
    match steps(providers, request, secrets, past_tolerance_seconds, now, &mut examined) {
        Ok((status, outcome)) => Examined { outcome, status, ..examined },
        Err(Rejection { outcome, malformed, reason }) => {
            Examined { outcome, status: answer::refused(outcome), malformed, reason, ..examined }
        }
    }
}

fn steps(
    providers: Providers,
    request: &Request,
    secrets: &WebhookSecrets,
    past_tolerance_seconds: impl Fn(&Definition) -> i64,
    now: Timestamp,
    found: &mut Examined,
) -> Result<(StatusCode, Outcome), Rejection> {
    let entry = Entry::read(providers, request, &mut found.line)?;
    if entry.is_ping() {
        return Ok((StatusCode::OK, Outcome::Ping));
    }
    let (route, incoming) = (&entry.route, entry.incoming());
    let own = secrets.of(route.definition.provider);
    let tolerance = past_tolerance_seconds(route.definition);
    let authenticated = verify(route.definition, own, &incoming, tolerance, now)?;
    found.matched = Some(authenticated.names());
    let kept = Kept::new(providers, &incoming, authenticated.bytes(), now);
    match read::read(providers, route, &authenticated, &kept)? {
        Reading::Malformed { malformed, .. } => Err(Rejection::quarantined(malformed)),
        Reading::Event { event, body, secret } => {
            found.line.describe(providers, &event, route, &secret);
            // Of what changes no record a part is kept, which is never too large.
            if matches!(event.content, Content::Change(_)) {
                let kept = kept.event(&event, &body, &secret, 0);
                kept.stored().ok_or(Outcome::TooLarge)?;
            }
            Ok((answer::accepted(providers, route, &event, None), recorded(&event)))
        }
    }
}

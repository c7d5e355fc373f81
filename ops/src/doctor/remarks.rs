//! What a diagnosis says beside its verdict: of the address, the size, the capture and
//! the reading.

use http::HeaderMap;
use shared::provider::ALL;
use shared::provider::Definition;
use shared::provider::definition::Signing;
use shared::receive::body::MAX_BODY_BYTES;
use shared::receive::examine::Examined;
use shared::receive::gateway::Request;
use shared::receive::log::Outcome;
use shared::receive::route::Route;

use crate::doctor::capture::Captured;
use crate::doctor::diagnosis::{Diagnosis, name};
use crate::doctor::search::has_milliseconds;

/// What is wrong with a time in milliseconds.
pub(super) const MILLISECONDS: &str = "its time is in milliseconds: it must be in seconds, and as those it is far ahead. Mend the sender";

impl Diagnosis {
    /// Notes why no route takes the request, and what would become of it if one did.
    pub(super) fn elsewhere(&mut self, captured: &Captured, otherwise: Self) {
        if let Some(method) = captured.method.as_deref().filter(|method| *method != "POST") {
            self.notes.push(format!("the method is {method}, and only POST has a route"));
        }
        let path = &captured.path;
        let is_known = Route::of_path(ALL, path).is_some();
        if !path.is_empty() && !is_known {
            self.notes.push("the path is no address of any provider".into());
        } else if is_known && !Request::new("POST", path, HeaderMap::new(), b"").is_handed_on() {
            self.notes.push(
                "the path is right from webhooks on, and has something else before that: no route \
                 of the API begins so, unless a mapping of your own domain takes it away"
                    .into(),
            );
        }
        let Self { provider, event, scheme, secret, near, notes, age_seconds, age_limit, .. } =
            otherwise;
        let reason = otherwise.reason.and_then(name);
        let otherwise = match (otherwise.fits, provider.as_deref(), &secret) {
            (true, Some(provider), Some(secret)) => {
                format!("but for that it fits: {provider}, by the secret {secret}")
            }
            (true, provider, _) => {
                format!("but for that it fits: a ping of {}", provider.unwrap_or("a provider"))
            }
            (false, ..) => {
                let outcome = name(otherwise.outcome).unwrap_or_default();
                format!("it would be refused at its address too: {}", reason.unwrap_or(outcome))
            }
        };
        self.notes.push(otherwise);
        self.notes.extend(notes);
        (self.provider, self.event, self.scheme) = (provider, event, scheme);
        (self.near, self.age_seconds, self.age_limit) = (near, age_seconds, age_limit);
    }

    /// Notes which limit a body is over.
    pub(super) fn too_large(&mut self, captured: &Captured) {
        let length = captured.body.len();
        self.notes.push(if length > MAX_BODY_BYTES {
            format!("the body has {length} bytes, and at most {MAX_BODY_BYTES} are read")
        } else {
            "the body is too large to be kept, compressed. If it was recorded before, the answer \
             is 200"
                .into()
        });
    }

    /// Notes a time in milliseconds.
    pub(super) fn milliseconds(&mut self, definition: Option<&Definition>, captured: &Captured) {
        if definition.is_some_and(|definition| has_milliseconds(definition, captured)) {
            self.notes.push(MILLISECONDS.into());
        }
    }

    /// Notes what the capture itself tells.
    pub(super) fn about(&mut self, captured: &Captured) {
        let declared = captured.headers.get("content-length");
        let declared = declared.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        if let Some(declared) = declared.filter(|length: &usize| *length != captured.body.len()) {
            self.notes.push(format!(
                "Content-Length says {declared} bytes and the captured body has {}: these are not \
                 the bytes that were sent",
                captured.body.len()
            ));
        }
        if let Some(encoding) = captured.headers.get("content-encoding") {
            let encoding = encoding.to_str().unwrap_or("something");
            if encoding != "identity" {
                self.notes
                    .push("the body is compressed (Content-Encoding), and is not undone".into());
            }
        }
        if captured.body.is_empty() && self.outcome != Outcome::Ping {
            self.notes.push("the body is empty".into());
        }
    }

    /// Notes what the reading of an event tells.
    pub(super) fn read(&mut self, examined: &Examined) {
        let line = &examined.line;
        match examined.outcome {
            Outcome::Archived => {
                self.notes
                    .push("nobody knows its type: it is archived, and changes nothing".into());
            }
            Outcome::Test => {
                self.notes.push("it is the provider's test: archived, and changes nothing".into());
            }
            _ => {}
        }
        if let Some(path) = &line.misrouted {
            self.notes.push(format!("it is recorded all the same, and belongs to {path}"));
        }
        let format = line.other_format.as_ref();
        self.notes.extend(format.map(|format| format!("the body is of another format, {format}")));
        if !line.unread.is_empty() {
            self.notes.push(format!("cannot be read, and left out: {}", line.unread.join(", ")));
        }
    }

    /// Says what the capture does not.
    pub(super) fn assume(&mut self, captured: &Captured, definition: Option<&Definition>) {
        if captured.path.is_empty() {
            self.assumed.push("the address is not in the capture, and taken to be right".into());
        }
        if captured.method.is_none() {
            self.assumed.push("the method is not in the capture, and taken to be POST".into());
        }
        let signing = definition.map(|definition| definition.authentication.signing);
        if captured.at.is_none() && matches!(signing, Some(Signing::Timestamped { .. })) {
            self.assumed.push(
                "when it came in is not in the capture, and taken to be now; --at says another \
                 time"
                    .into(),
            );
        }
    }
}

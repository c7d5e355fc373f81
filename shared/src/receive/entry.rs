//! What is known of a request before any secret is asked: its address, its method and
//! its size.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;

use crate::provider::definition::Providers;
use crate::provider::signature::{Incoming, Reason, Refusal};
use crate::receive::authenticate::has_form;
use crate::receive::body::MAX_BODY_BYTES;
use crate::receive::gateway::Request;
use crate::receive::log::{Outcome, RequestLog};
use crate::receive::rejection::Rejection;
use crate::receive::route::Route;

/// A request to an address of a provider, small enough to be read.
pub(super) struct Entry<'r> {
    /// The route of its address.
    pub(super) route: Route<'r>,
    headers: &'r HeaderMap,
    /// The exact bytes of the body.
    body: Cow<'r, [u8]>,
}

impl<'r> Entry<'r> {
    /// Reads a request, and notes for its line what it reads.
    ///
    /// # Errors
    /// The rejection of a request with a wrong address, method or size, or whose body
    /// is no base64.
    pub(super) fn read(
        providers: Providers,
        request: &'r Request,
        line: &mut RequestLog,
    ) -> Result<Self, Rejection> {
        let path = request.raw_path.as_deref().unwrap_or_default();
        let route = Route::of_path(providers, path).ok_or(Outcome::NotFound)?;
        line.provider = Some(route.definition.provider.name());
        if !request.is_post() {
            return Err(Outcome::MethodNotAllowed.into());
        }
        let entry = Self { route, headers: &request.headers, body: body_bytes(request)? };
        if entry.body.len() > MAX_BODY_BYTES {
            line.has_form = has_form(entry.route.definition, &entry.incoming());
            return Err(Outcome::TooLarge.into());
        }
        Ok(entry)
    }

    /// The request as its provider's signature looks at it.
    pub(super) fn incoming(&self) -> Incoming<'_> {
        Incoming { headers: self.headers, body: &self.body, path_token: self.route.path_token }
    }

    /// True of the request that the provider sends when an address is subscribed.
    pub(super) fn is_ping(&self) -> bool {
        self.route.definition.is_ping.is_some_and(|is_ping| is_ping(&self.incoming()))
    }
}

/// The exact bytes of the body.
fn body_bytes(request: &Request) -> Result<Cow<'_, [u8]>, Rejection> {
    let body = request.body.as_deref().unwrap_or_default().as_bytes();
    Ok(if request.is_base64_encoded == Some(true) {
        // API Gateway encodes bodies itself; a sender of bad base64 is nobody we
        // know.
        Cow::Owned(STANDARD.decode(body).map_err(|_| Refusal::Unauthorized(Reason::NotBase64))?)
    } else {
        Cow::Borrowed(body)
    })
}

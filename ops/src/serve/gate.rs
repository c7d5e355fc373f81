//! Who may come in: only the browser that the printed address was opened in.

use std::sync::{Mutex, PoisonError};

use axum::http::header::{COOKIE, HOST, HeaderMap, HeaderName, ORIGIN};
use axum::http::{Method, Uri};
use ring::hmac;

use crate::OpsError;
use crate::page::random;

/// The parameter of the printed address that carries the key.
const KEY: &str = "key";

/// The gate before every screen.
pub(super) struct Gate {
    /// Host and port as they are printed.
    host: String,
    cookie: String,
    session: String,
    /// What a form sends back; a page of somebody else does not know it.
    token: String,
    /// The key of the printed address, until it is used.
    key: Mutex<Option<String>>,
}

/// What is done with a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It is answered.
    Come,
    /// It had the key, and gets this cookie for it.
    Cookie(String),
    /// It is refused, for this reason.
    Refused(&'static str),
}

impl Gate {
    /// A gate for the port, with a new key.
    ///
    /// # Errors
    /// [`OpsError::Failed`] when the system gives no random numbers.
    pub(super) fn new(port: u16) -> Result<Self, OpsError> {
        Ok(Self {
            host: format!("127.0.0.1:{port}"),
            // Cookies do not tell ports apart, so the name does.
            cookie: format!("ops-{port}"),
            session: random()?,
            token: random()?,
            key: Mutex::new(Some(random()?)),
        })
    }

    /// The address to open, good for one time.
    pub(super) fn address(&self) -> String {
        let key = self.key.lock().unwrap_or_else(PoisonError::into_inner).clone();
        format!("http://{}/?{KEY}={}", self.host, key.unwrap_or_default())
    }

    /// The token for forms.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// True for the token of a form of this server.
    pub(super) fn is_token(&self, token: &str) -> bool {
        same(token, &self.token)
    }

    /// Decides about a request by its head.
    pub(super) fn admits(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Admission {
        // A name that somebody else's DNS points here is not this host.
        if only(headers, &HOST) != Some(self.host.as_str()) {
            return Admission::Refused("the address is not the one that was printed");
        }
        if method == Method::POST {
            let origin = format!("http://{}", self.host);
            if only(headers, &ORIGIN) != Some(origin.as_str()) {
                return Admission::Refused("the form is from somewhere else");
            }
        } else if let Some(key) = key(uri).filter(|_| method == Method::GET) {
            return self.takes(&key);
        }
        let cookies = headers.get_all(COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
        let mut pairs = cookies.flat_map(|cookies| cookies.split(';'));
        let is_ours = |pair: &str| {
            let pair = pair.trim().split_once('=');
            pair.is_some_and(|(name, value)| name == self.cookie && same(value, &self.session))
        };
        if pairs.any(is_ours) {
            return Admission::Come;
        }
        Admission::Refused("open the address that was printed when this was started")
    }

    fn takes(&self, given: &str) -> Admission {
        let mut key = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        match key.take_if(|key| same(given, key)) {
            Some(_) => Admission::Cookie(format!(
                "{}={}; HttpOnly; SameSite=Strict; Path=/",
                self.cookie, self.session
            )),
            None => Admission::Refused("this key was used, or is none: start anew for another"),
        }
    }
}

/// The only value of a header; none where there are two.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}

fn key(uri: &Uri) -> Option<String> {
    let mut pairs = form_urlencoded::parse(uri.query()?.as_bytes());
    pairs.find(|(name, _)| name == KEY).map(|(_, value)| value.into_owned())
}

/// True for equal texts, in a time that does not tell how much of them is equal.
fn same(given: &str, ours: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, ours.as_bytes());
    let tag = hmac::sign(&key, ours.as_bytes());
    hmac::verify(&key, given.as_bytes(), tag.as_ref()).is_ok()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(of: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in of {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn refused(admission: &Admission) -> bool {
        matches!(admission, Admission::Refused(_))
    }

    #[test]
    fn the_key_is_good_once_and_its_cookie_from_then_on() {
        let gate = Gate::new(4711).unwrap();
        let address = gate.address();
        assert!(address.starts_with("http://127.0.0.1:4711/?key="), "{address}");
        assert_eq!(address.rsplit('=').next().unwrap().len(), 32);
        let host = (HOST, "127.0.0.1:4711");
        let uri: Uri = address.parse().unwrap();
        let wrong: Uri = "/?key=00".parse().unwrap();
        let get =
            |uri: &Uri, of: &[(HeaderName, &str)]| gate.admits(&Method::GET, uri, &headers(of));
        // Neither a wrong key nor a wrong host uses it up, nor whoever only asks whether
        // something is there.
        assert!(refused(&get(&wrong, std::slice::from_ref(&host))));
        assert!(refused(&get(&uri, &[(HOST, "evil.example:4711")])));
        let only_asked = gate.admits(&Method::HEAD, &uri, &headers(std::slice::from_ref(&host)));
        assert!(refused(&only_asked));
        let Admission::Cookie(cookie) = get(&uri, std::slice::from_ref(&host)) else {
            panic!("the key is not taken")
        };
        assert!(cookie.starts_with("ops-4711=") && cookie.contains("HttpOnly; SameSite=Strict"));
        assert!(refused(&get(&uri, std::slice::from_ref(&host))), "used");
        let root = Uri::from_static("/");
        let pair = cookie.split(';').next().unwrap();
        let with = |of: &str| get(&root, &[host.clone(), (COOKIE, of)]);
        assert_eq!(with(&format!("a=b; {pair}")), Admission::Come);
        for of in ["", "ops-4711=", "ops-4711=00", &pair.replace("4711", "4712")] {
            assert!(refused(&with(of)), "{of}");
        }
    }

    #[test]
    fn a_form_has_to_come_from_here() {
        let gate = Gate::new(1).unwrap();
        let pair = format!("ops-1={}", gate.session);
        let post = |of: &[(HeaderName, &str)]| {
            let of = [&[(HOST, "127.0.0.1:1"), (COOKIE, &pair)], of].concat();
            gate.admits(&Method::POST, &Uri::from_static("/x"), &headers(&of))
        };
        assert_eq!(post(&[(ORIGIN, "http://127.0.0.1:1")]), Admission::Come);
        for of in ["http://127.0.0.1:2", "https://127.0.0.1:1", "null", "http://localhost:1"] {
            assert!(refused(&post(&[(ORIGIN, of)])), "{of}");
        }
        assert!(refused(&post(&[])));
        let twice = [(ORIGIN, "http://127.0.0.1:1"), (ORIGIN, "http://127.0.0.1:1")];
        assert!(refused(&post(&twice)));
        assert!(gate.is_token(gate.token()) && !gate.is_token("") && !gate.is_token("0"));
    }
}

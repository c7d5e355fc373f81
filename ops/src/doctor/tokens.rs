//! What comes near where nothing is signed: path tokens, headers and passwords.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::doctor::capture::Captured;
use crate::doctor::secrets::RawSecret;
use shared::provider::Definition;
use shared::provider::secrets::Method;

/// Shorter parts of a token tell nothing.
const TELLING: usize = 8;

/// How the token of the path, a header or a password comes near a secret of the
/// provider. Neither is quoted.
pub(super) fn notes(
    captured: &Captured,
    definition: &Definition,
    raw: &[RawSecret],
) -> Vec<String> {
    let mut notes = Vec::new();
    for secret in raw.iter().filter(|secret| secret.definition == definition) {
        let note = match secret.method {
            Method::Hmac => None,
            Method::PathToken => of_path(captured, secret),
            Method::Header => of_header(captured, secret),
            Method::Basic => of_basic(captured, secret),
        };
        notes.extend(note.map(|note| format!("{note} ({})", secret.place())));
    }
    notes
}

fn of_path(captured: &Captured, secret: &RawSecret) -> Option<String> {
    let key = secret.text.as_str();
    let mut segments = captured.path.split('/').map(str::trim);
    let note = segments.find_map(|sent| {
        if sent == key {
            return Some("the token is in the path, but not in its place");
        }
        if sent.eq_ignore_ascii_case(key) {
            return Some("the token in the path is right but for its capitals");
        }
        if sent.len() < TELLING {
            return None;
        }
        if key.starts_with(sent) || key.ends_with(sent) {
            return Some("the token in the path is cut off");
        }
        if sent.contains(key) {
            return Some("the token in the path has something before or behind it");
        }
        None
    });
    note.map(str::to_owned)
}

fn of_header(captured: &Captured, secret: &RawSecret) -> Option<String> {
    let mut headers = captured.headers.iter();
    headers.find_map(|(name, value)| {
        let value = value.to_str().ok()?.trim();
        if value == secret.text {
            return Some(format!("the value of the static header is right, and stands in {name}"));
        }
        let bare = value.split_once(' ').map(|(_, bare)| bare.trim());
        if bare == Some(secret.text.as_str()) {
            return Some(format!(
                "the value of the static header stands in {name} behind a word such as Bearer"
            ));
        }
        None
    })
}

fn of_basic(captured: &Captured, secret: &RawSecret) -> Option<String> {
    let sent = captured.headers.get("authorization")?.to_str().ok()?;
    let (scheme, credentials) = sent.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(credentials.trim()).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let Some((_, password)) = decoded.split_once(':') else {
        return Some("the Basic credentials have no colon".to_owned());
    };
    if password == secret.text {
        return Some("the password is right, and the user is another".to_owned());
    }
    (password.trim() == secret.text).then(|| "the password has white space around it".to_owned())
}

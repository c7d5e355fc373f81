//! The signatures that come near: what was signed, by which key and in which form,
//! if it is not what and how it should be.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use ring::hmac;
use serde::Serialize;

use crate::doctor::json_forms::{forms, reordered};

/// A way in which a request misses what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Miss {
    /// White space stands at the end of the captured body and was not signed.
    NewlineAdded,
    /// A newline at the end was signed and is not in the captured body.
    NewlineMissing,
    /// Line ends were changed.
    LineEnds,
    /// A byte order mark was added or taken away.
    ByteOrderMark,
    /// The captured body is in base64.
    Base64Body,
    /// The captured body is a JSON string with the body in it.
    QuotedBody,
    /// The JSON was written anew.
    Reserialised,
    /// The members of the JSON were put in another order.
    Reordered,
    /// The key of the sender has `whsec_` in front, ours has not.
    PrefixMissingHere,
    /// The key here has `whsec_` in front, the sender's has not.
    PrefixCutOff,
    /// The sender takes the key for hex.
    KeyFromHex,
    /// The sender takes the key for base64.
    KeyFromBase64,
    /// The sender's key has a newline at its end.
    KeyNewline,
    /// The sender's key is in other capitals.
    KeyCase,
    /// The signature is in base64.
    SignatureBase64,
    /// Something stands before the signature.
    SignaturePrefix,
    /// The signature is in another header.
    OtherHeader,
    /// The body was signed alone, without the time.
    TimeNotSigned,
    /// A time was signed in front of the body.
    TimeSigned,
    /// The secret stands in the section of another provider.
    OtherSection,
}

impl Miss {
    /// What it is, and what to do.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::NewlineAdded => {
                "the captured body has white space at its end that was not signed: a newline that \
                 an editor, a shell or a proxy added. Capture and pass on the exact bytes"
            }
            Self::NewlineMissing => {
                "a newline at the end of the body was signed and is not in the capture: something \
                 trimmed the body. Pass on the exact bytes"
            }
            Self::LineEnds => {
                "the line ends of the body were changed between CR LF and LF. Pass on the exact \
                 bytes"
            }
            Self::ByteOrderMark => "a byte order mark was added to the body, or taken from it",
            Self::Base64Body => {
                "the captured body is in base64, and what it decodes to was signed. Decode it; in \
                 an event of API Gateway set isBase64Encoded"
            }
            Self::QuotedBody => {
                "the captured body is a JSON string with the real body inside: it was encoded \
                 twice"
            }
            Self::Reserialised => {
                "the JSON was parsed and written anew after it was signed: other white space, or \
                 other escapes. Take the body before anything parses it"
            }
            Self::Reordered => {
                "the members of the JSON stand in another order than when it was signed: it was \
                 parsed and written anew. Take the body before anything parses it"
            }
            Self::PrefixMissingHere => {
                "the sender's key begins with whsec_, the one here does not: it was cut off when \
                 it was copied. Put the whole text into the secret"
            }
            Self::PrefixCutOff => {
                "the sender cuts whsec_ off the key, and the whole text is the key. Mend the sender"
            }
            Self::KeyFromHex => {
                "the sender decodes the key from hex, and the key is the text itself. Mend the \
                 sender"
            }
            Self::KeyFromBase64 => {
                "the sender decodes the key from base64, and the key is the text itself. Mend the \
                 sender"
            }
            Self::KeyNewline => {
                "the sender's key has a newline at its end, as `echo` and many editors put one. \
                 Mend the sender"
            }
            Self::KeyCase => "the sender's key is in other capitals than the one here",
            Self::SignatureBase64 => "the signature is in base64, and must be in hex",
            Self::SignaturePrefix => "something stands before the hex of the signature",
            Self::OtherHeader => "the signature is in another header than the provider's",
            Self::TimeNotSigned => {
                "the body alone was signed, without the time in front of it. Switch the provider to \
                 its form with a time, or set allow_body_only"
            }
            Self::TimeSigned => "a time and a dot were signed in front of the body",
            Self::OtherSection => {
                "the secret stands in the section of another provider: the request was sent to an \
                 address of the wrong provider, or the secret was put into the wrong section"
            }
        }
    }
}

/// Something that may be what was meant, and how far it is from what it should be.
pub(super) type Candidate<T> = (Option<Miss>, T);

/// The bodies that may have been signed, the captured one first.
pub(super) fn bodies(body: &[u8]) -> Vec<Candidate<Vec<u8>>> {
    let mut bodies = vec![(None, body.to_vec())];
    let mut add = |miss: Miss, body: Vec<u8>| {
        if bodies.iter().all(|(_, known)| *known != body) {
            bodies.push((Some(miss), body));
        }
    };
    let trimmed = body.trim_ascii_end();
    let mut shorter = body;
    while let Some((last, rest)) =
        shorter.split_last().filter(|(last, _)| last.is_ascii_whitespace())
    {
        let cr = *last == b'\n' && rest.last() == Some(&b'\r');
        shorter = rest;
        if !cr {
            add(Miss::NewlineAdded, shorter.to_vec());
        }
    }
    for end in [&b"\n"[..], b"\r\n"] {
        add(Miss::NewlineMissing, [trimmed, end].concat());
    }
    let Ok(text) = std::str::from_utf8(body) else { return bodies };
    add(Miss::LineEnds, text.replace("\r\n", "\n").into_bytes());
    add(Miss::LineEnds, text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes());
    match text.strip_prefix('\u{feff}') {
        Some(without) => add(Miss::ByteOrderMark, without.as_bytes().to_vec()),
        None => add(Miss::ByteOrderMark, [b"\xef\xbb\xbf", body].concat()),
    }
    if let Some(decoded) = from_base64(text.trim()) {
        add(Miss::Base64Body, decoded);
    }
    if let Ok(inner) = serde_json::from_str::<String>(text) {
        add(Miss::QuotedBody, inner.into_bytes());
    }
    for form in forms(text.trim_start_matches('\u{feff}')) {
        add(Miss::Reserialised, form.clone().into_bytes());
        add(Miss::Reserialised, format!("{form}\n").into_bytes());
    }
    for form in reordered(text.trim_start_matches('\u{feff}')) {
        add(Miss::Reordered, form.into_bytes());
    }
    bodies
}

const PREFIX: &str = "whsec_";

/// The keys that the sender may have used, the configured one first.
pub(super) fn keys(key: &str) -> Vec<Candidate<Vec<u8>>> {
    let bare = key.strip_prefix(PREFIX);
    let base64 = [Some(key), bare].into_iter().flatten().filter_map(from_base64);
    let mut keys = vec![(None, key.as_bytes().to_vec())];
    keys.push(match bare {
        Some(bare) => (Some(Miss::PrefixCutOff), bare.as_bytes().to_vec()),
        None => (Some(Miss::PrefixMissingHere), format!("{PREFIX}{key}").into_bytes()),
    });
    keys.extend(hex::decode(key).ok().map(|key| (Some(Miss::KeyFromHex), key)));
    keys.extend(base64.map(|key| (Some(Miss::KeyFromBase64), key)));
    for end in ["\n", "\r\n", " "] {
        keys.push((Some(Miss::KeyNewline), format!("{key}{end}").into_bytes()));
    }
    for other in [key.to_ascii_lowercase(), key.to_ascii_uppercase()] {
        if other != key {
            keys.push((Some(Miss::KeyCase), other.into_bytes()));
        }
    }
    keys
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_ascii_whitespace().collect();
    let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
    let decoded = engines.iter().find_map(|engine| engine.decode(&text).ok());
    decoded.filter(|bytes| bytes.len() >= 6)
}

/// The MACs in a header's value: hex as it should be, hex behind something, base64.
/// `allowed` may stand before the hex.
pub(super) fn macs(value: &str, allowed: &[&str]) -> Vec<Candidate<[u8; 32]>> {
    let mut macs = Vec::new();
    for part in value.split([',', ' ', ';']) {
        let part = part.trim();
        // A `=` may also end base64.
        let cut = part.find('=').map(|at| at + 1).filter(|at| *at < part.len().min(12));
        let bare = cut.and_then(|at| part.get(at..)).unwrap_or(part);
        let expected = allowed.iter().any(|prefix| part.strip_prefix(prefix) == Some(bare));
        for (text, behind) in [(part, false), (bare, !expected)] {
            let mut mac = [0; 32];
            if hex::decode_to_slice(text, &mut mac).is_ok() {
                macs.push((behind.then_some(Miss::SignaturePrefix), mac));
                break;
            }
            if let Some(decoded) = from_base64(text).and_then(|bytes| bytes.try_into().ok()) {
                macs.push((Some(Miss::SignatureBase64), decoded));
                break;
            }
        }
    }
    macs
}

/// The HMAC-SHA256 of a body, with a time and a dot in front where one was signed.
pub(super) fn mac(key: &[u8], time: Option<&str>, body: &[u8]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let mut context = hmac::Context::with_key(&key);
    if let Some(time) = time {
        context.update(time.as_bytes());
        context.update(b".");
    }
    context.update(body);
    context.sign().as_ref().try_into().unwrap_or([0; 32])
}
